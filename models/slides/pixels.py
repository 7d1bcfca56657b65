"""The network's inputs of a block: stored tiles put together once, cells cut from them on the model's grid."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem
from imaging.progress import Progress
from imaging.scan import TiledScan
from models.package import ModelPackage
from models.preprocess import RangeOver, as_input, finish, late_steps, prepare
from models.slides.grid import Cell, SlideGrid

Array: TypeAlias = NDArray[Any]
Rectangle: TypeAlias = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels of the stored level."""
TILE = 512
"""Side of what is read at once of a level that names no tiles."""


@dataclass(frozen=True, slots=True, eq=False)
class BlockPixels:
    """Stored pixels around the cells of a block; `lost` are the tiles that could not be read, and why."""

    values: Array
    corner: tuple[int, int]
    lost: tuple[tuple[Rectangle, str], ...] = ()

    def complaint(self, wanted: Rectangle) -> str:
        """Why a part cannot be read, or nothing."""
        x0, y0, x1, y1 = wanted
        for (left, top, right, bottom), why in self.lost:
            if left < x1 and x0 < right and top < y1 and y0 < bottom:
                return why
        return ""

    def cut(self, wanted: Rectangle) -> Array:
        """A part; beyond the slide its edge is repeated."""
        x0, y0 = wanted[0] - self.corner[0], wanted[1] - self.corner[1]
        x1, y1 = wanted[2] - self.corner[0], wanted[3] - self.corner[1]
        height, width = self.values.shape[:2]
        part = self.values[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
        missing = [(max(-y0, 0), max(y1 - height, 0)), (max(-x0, 0), max(x1 - width, 0))]
        if any(before or after for before, after in missing):
            part = np.pad(part, [*missing, *([(0, 0)] * (part.ndim - 2))], mode="edge")
        return part


def footprint(grid: SlideGrid, cell: Cell) -> Rectangle:
    """The stored pixels that a cell's input is made of."""
    x, y = grid.input_of(cell)
    if grid.is_stored:
        return x, y, x + grid.side[0], y + grid.side[1]
    low, high = [], []
    for start, side, ratio in zip((x, y), grid.side, grid.ratio, strict=True):
        # Whole groups of `step` pixels, which are averaged first, with one to interpolate from on each side.
        step = max(1, math.floor(ratio))
        first = math.floor(start * ratio) - step
        count = math.ceil(((start + side) * ratio - first) / step) + 1
        low.append(first)
        high.append(first + count * step)
    return low[0], low[1], high[0], high[1]


def read_block(scan: TiledScan, grid: SlideGrid, cells: Sequence[Cell], progress: Progress) -> BlockPixels:
    """The stored pixels of some cells. Tiles that cannot be read are told, not raised."""
    level = scan.info.levels[grid.level]
    parts = [footprint(grid, cell) for cell in cells]
    x0, y0 = max(min(part[0] for part in parts), 0), max(min(part[1] for part in parts), 0)
    x1, y1 = min(max(part[2] for part in parts), level.width), min(max(part[3] for part in parts), level.height)
    wide, tall = level.tile or (TILE, TILE)
    values: Array | None = None
    lost: list[tuple[Rectangle, str]] = []
    for row in range(y0 // tall, (y1 - 1) // tall + 1):
        for column in range(x0 // wide, (x1 - 1) // wide + 1):
            left, top = column * wide, row * tall
            place = (left, top, min(left + wide, level.width), min(top + tall, level.height))
            if not any(_meet(place, part) for part in parts):
                continue
            progress.check()
            try:
                tile = scan.tile(grid.plane, grid.level, column, row)
            except ScanProblem as problem:
                lost.append((place, str(problem)))
                continue
            if values is None:
                values = np.zeros((y1 - y0, x1 - x0, *tile.shape[2:]), tile.dtype)
            a, b, c, d = max(place[0], x0), max(place[1], y0), min(place[2], x1), min(place[3], y1)
            values[b - y0 : d - y0, a - x0 : c - x0] = tile[b - top : d - top, a - left : c - left]
    if values is None:
        values = np.zeros((y1 - y0, x1 - x0), np.uint8)
    return BlockPixels(values, (x0, y0), tuple(lost))


class InputMaker:
    """Makes the network's inputs from stored pixels. Safe from any thread."""

    def __init__(self, package: ModelPackage, scan: TiledScan, grid: SlideGrid, over: RangeOver) -> None:
        self._package, self._info, self._grid, self._over = package, scan.info, grid, over
        self._steps = late_steps(package)
        self._table = self._quick_table()

    def make(self, pixels: BlockPixels, cell: Cell, lost: Callable[[Cell, str], None]) -> Array | None:
        """The input of a cell with a batch axis; `None`, and `lost` is told, where a tile of it cannot be read."""
        wanted = footprint(self._grid, cell)
        complaint = pixels.complaint(wanted)
        if complaint:
            lost(cell, complaint)
            return None
        values = pixels.cut(wanted)
        if values.ndim == 3 and not self._info.is_colour:
            values = values[..., 0]
        values = prepare(np.ascontiguousarray(values), self._package, self._info, self._over)
        if not self._grid.is_stored:
            values = self._resampled(values, cell, wanted)
        if self._table is not None and values.dtype == np.uint8:
            out = np.empty((1, values.shape[2], *values.shape[:2]), np.float32)
            for channel in range(values.shape[2]):
                np.take(self._table[channel], values[..., channel], out=out[0, channel], mode="clip")
            return out
        return as_input(finish(values, self._steps), self._package.input)

    def _resampled(self, values: Array, cell: Cell, wanted: Rectangle) -> Array:
        """Stored pixels on the grid: averaged over whole groups, then interpolated to the grid's pixel middles."""
        import cv2

        grid = self._grid
        steps = [max(1, math.floor(ratio)) for ratio in grid.ratio]
        source = np.ascontiguousarray(values)
        if steps != [1, 1]:
            size = (values.shape[1] // steps[0], values.shape[0] // steps[1])
            source = np.asarray(cv2.resize(source, size, interpolation=cv2.INTER_AREA))
        matrix = np.zeros((2, 3), np.float64)
        for axis, start in enumerate(grid.input_of(cell)):
            # Grid pixel index → stored position → index among the averaged pixels.
            ratio, step = grid.ratio[axis], steps[axis]
            matrix[axis, axis] = ratio / step
            matrix[axis, 2] = ((start + 0.5) * ratio - wanted[axis]) / step - 0.5
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        warped = cv2.warpAffine(source, matrix, grid.side, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped).reshape(grid.side[1], grid.side[0], values.shape[2])

    def _quick_table(self) -> Array | None:
        """What every 8-bit value becomes in each channel, where the steps look at one value at a time."""
        described = self._package.input
        is_plain = all(step.name in ("divide", "normalise") for step in self._steps)
        if not is_plain or described.axes != "NCHW" or described.type != "float32":
            return None
        ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, None], described.channel_count, axis=1)
        return np.ascontiguousarray(finish(ramp, self._steps).astype(np.float32).T)


def _meet(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
