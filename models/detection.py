"""Run a detector over a region: fitted whole, or tile by tile, with one suppression over all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import Region
from models.boxes import Boxes, boxes_of, joined, suppressed
from models.placement import Fitted, fit
from models.preprocess import as_input, finish, late_steps
from models.problem import ModelProblem
from models.reading import Grid, Reading, blocks, read_grid
from models.runtime import OutOfMemory, Outputs
from models.tiling import Tile, cut, tiles

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[np.float32]
MOST_BOXES = 5000
BLOCK = 4096
"""Plane pixels on a side that are looked at as one; boxes over a border are joined by the suppression."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One box on a plane: x, y, width, height in plane pixels, label index, score, and its pixels where it has any."""

    x: float
    y: float
    width: float
    height: float
    label: int
    score: float
    bits: NDArray[np.bool_] | None = None
    """The object's pixels, their corner at (floor x, floor y)."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One input as the network saw it, with what turns its boxes into plane pixels, and the prototypes it gave."""

    grid: Grid
    fitted: Fitted
    left: int
    top: int
    """Where its grid pixels start on the grid."""
    boxes: Boxes
    prototypes: Floats | None

    def on_plane(self) -> Floats:
        """The boxes' corners in plane pixels."""
        x, y = self.fitted.to_grid(self.boxes.corners[:, 0::2], self.boxes.corners[:, 1::2])
        region = self.grid.region
        xs = region.x + (x + self.left) * self.grid.pixel_width
        ys = region.y + (y + self.top) * self.grid.pixel_height
        xs = np.clip(xs, region.x, region.x + region.width)
        ys = np.clip(ys, region.y, region.y + region.height)
        return np.stack([xs[:, 0], ys[:, 0], xs[:, 1], ys[:, 1]], axis=1).astype(np.float32)


def find_boxes(reading: Reading, region: Region, *, with_masks: bool) -> list[Found]:
    """The boxes of a region, best first."""
    package = reading.package
    shown = [one for grid in _grids(reading, region) for one in _shown(reading, grid)]
    corners = [one.on_plane() for one in shown]
    every = joined(
        [
            Boxes(place, one.boxes.scores, one.boxes.labels, one.boxes.masks)
            for place, one in zip(corners, shown, strict=True)
        ]
    )
    source = np.concatenate([np.full(len(one.boxes.scores), index) for index, one in enumerate(shown)])
    kept = suppressed(every, package.thresholds.iou)
    sides = every.corners[kept, 2:] - every.corners[kept, :2]
    kept = kept[(sides > 0).all(axis=1) & (sides.prod(axis=1) >= package.thresholds.minimum_area)]
    if len(kept) > MOST_BOXES:
        reading.runner.note(f"found {len(kept)} boxes; the best {MOST_BOXES} are kept")
        kept = kept[:MOST_BOXES]
    found: list[Found] = []
    for index in kept.tolist():
        x0, y0, x1, y1 = (float(value) for value in every.corners[index])
        label, score = int(every.labels[index]), float(every.scores[index])
        bits: NDArray[np.bool_] | None = None
        if with_masks:
            bits = mask_bits(shown[int(source[index])], every.masks[index], (x0, y0, x1, y1))
        found.append(Found(x0, y0, x1 - x0, y1 - y0, label, score, bits))
    return found


def mask_bits(shown: Shown, coefficients: Floats, corners: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    """An object's pixels in its box: prototypes weighted, brought to the plane, cut at the box."""
    import cv2

    assert shown.prototypes is not None
    depth, rows, columns = shown.prototypes.shape
    logits = (coefficients @ shown.prototypes.reshape(depth, -1)).reshape(rows, columns).astype(np.float32)
    fitted, grid = shown.fitted, shown.grid
    x0, y0 = int(np.floor(corners[0])), int(np.floor(corners[1]))
    width, height = int(np.ceil(corners[2])) - x0, int(np.ceil(corners[3])) - y0
    # Plane pixel centre → grid → input → prototype pixel index.
    ratio_x, ratio_y = columns / fitted.values.shape[1], rows / fitted.values.shape[0]
    a = fitted.scale_x / grid.pixel_width * ratio_x
    d = fitted.scale_y / grid.pixel_height * ratio_y
    from_x = (x0 + 0.5 - grid.region.x) / grid.pixel_width - shown.left
    from_y = (y0 + 0.5 - grid.region.y) / grid.pixel_height - shown.top
    b = (from_x * fitted.scale_x + fitted.offset_x) * ratio_x - 0.5
    e = (from_y * fitted.scale_y + fitted.offset_y) * ratio_y - 0.5
    matrix = np.array([[a, 0, b], [0, d, e]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    plane = cv2.warpAffine(logits, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    across, down = np.arange(width) + x0 + 0.5, np.arange(height) + y0 + 0.5
    inside = ((down >= corners[1]) & (down <= corners[3]))[:, None] & ((across >= corners[0]) & (across <= corners[2]))
    return (np.asarray(plane) > 0) & inside


def _grids(reading: Reading, region: Region) -> Iterator[Grid]:
    """The region as grids: at once where it is fitted, in blocks with an overlap where it is cut in tiles."""
    size = reading.package.input.size
    if size.policy != "tiles":
        yield read_grid(reading, region)
        return
    pieces = list(blocks(region, BLOCK, max(size.width, size.height) // 2))
    for outer, _ in pieces:
        yield read_grid(reading, outer)


def _shown(reading: Reading, grid: Grid) -> list[Shown]:
    """Every input of a grid, run."""
    package, size = reading.package, reading.package.input.size
    steps = late_steps(package)
    if size.policy == "tiles":
        sides = (size.height, size.width)
        # Boxes at a tile's edge are cut; half a tile of overlap shows each whole in some tile.
        plan = tiles(grid.values.shape[:2], sides, (0, 0), size.overlap or min(sides) // 4)
    else:
        sides, plan = (0, 0), ()
    shown: list[Shown] = []

    def fitted_of(index: int) -> Fitted:
        return fit(grid.values, size) if not plan else Fitted(cut(grid.values, plan[index], sides))

    def make(index: int) -> Array:
        return as_input(finish(fitted_of(index).values, steps), package.input)

    def take(index: int, outputs: Outputs) -> None:
        shown.append(_decoded(reading, grid, fitted_of(index), plan[index] if plan else None, outputs))

    while True:
        try:
            if plan:
                reading.runner.each(len(plan), make, take, None, reading.progress)
            else:
                take(0, reading.runner.run(make(0)))
            return shown
        except OutOfMemory:
            shown.clear()
            reading.runner.fall_back()


def _decoded(reading: Reading, grid: Grid, fitted: Fitted, tile: Tile | None, outputs: Outputs) -> Shown:
    package = reading.package
    height, width = fitted.values.shape[:2]
    boxes = boxes_of(package, outputs[0][0], (width, height))
    prototypes = outputs[1][0] if len(outputs) > 1 else None
    if prototypes is not None and prototypes.shape[0] != boxes.masks.shape[1]:
        raise ModelProblem(
            f"gives {prototypes.shape[0]} prototypes for {boxes.masks.shape[1]} coefficients", package.ref
        )
    kept = boxes.take(suppressed(boxes, package.thresholds.iou))
    top, left = (0, 0) if tile is None else (tile[0].start, tile[1].start)
    # Only the shape of the fitted values is needed from here on; the pixels are let go.
    ghost = Fitted(
        np.empty((height, width, 0), np.uint8), fitted.scale_x, fitted.scale_y, fitted.offset_x, fitted.offset_y
    )
    return Shown(grid, ghost, left, top, kept, prototypes)
