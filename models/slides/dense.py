"""Segmentation and instances on slides: polygons with holes, whole across every border."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Point, Polygon, Proposal
from dataset.heat_map import HeatMap
from dataset.piecewise import Breather
from models.dense import dense_output, sized
from models.package import ModelPackage
from models.problem import ModelProblem
from models.runtime import Outputs
from models.slides.cover import Cover
from models.slides.decoding import labelled_maps, rules_of, seeded_maps
from models.slides.grid import Cell, SlideGrid
from models.slides.kept import Arrays
from models.slides.kind import Array
from models.slides.naming import found_id
from models.slides.outline import Ring
from models.slides.parts import Found, Part, Piece, part_of
from models.slides.stitching import Stitcher

MOST_LABELS = 254
SIDES = ("top", "bottom", "left", "right")


class DenseKind:
    """See `SlideKind`."""

    def __init__(self, package: ModelPackage, grid: SlideGrid, cover: Cover, planned: Sequence[Cell]) -> None:
        if len(package.labels) > MOST_LABELS:
            raise ModelProblem(f"has more than {MOST_LABELS} labels, too many on slides", package.ref)
        self._package, self._grid, self._cover = package, grid, cover
        self._names = {entry.index: entry.label.id for entry in package.foreground}
        self._components, self._decode = rules_of(package)
        self._stitcher = Stitcher(grid, planned, self._decode)
        # Every half pixel's place once: points of outlines share their numbers, which halves what they take.
        _, _, right, bottom = grid.bounds
        self._x: list[float] = (np.arange(2 * right + 1) * (grid.scale[0] / 2)).tolist()
        self._y: list[float] = (np.arange(2 * bottom + 1) * (grid.scale[1] / 2)).tolist()
        self._maps = seeded_maps if package.outputs[0].decode == "distance-map" else labelled_maps

    def decode(self, outputs: Outputs) -> Array:
        """See `SlideKind.decode`: two bytes for each pixel of the core."""
        (wide, tall), (across, down) = self._grid.side, self._grid.halo
        # The halo is dropped before the activation is computed, where the output is as large as the input.
        if outputs[0].ndim == 4 and self._package.input.axes == "NCHW" and outputs[0].shape[2:] == (tall, wide):
            core = (outputs[0][:, :, down : tall - down, across : wide - across], *outputs[1:])
            return self._maps(self._package, dense_output(self._package, core)[0])
        scores = sized(dense_output(self._package, outputs)[0], wide, tall)
        return self._maps(self._package, scores[:, down : tall - down, across : wide - across])

    def put_together(self, block: Cell, cells: Mapping[Cell, Array]) -> Part:
        """See `SlideKind.put_together`."""
        x0, y0, x1, y1 = self._grid.rectangle(block)
        wide, tall = self._grid.core
        maps = np.zeros((2, y1 - y0, x1 - x0), np.uint8)
        for (column, row), core in cells.items():
            a, b = max(column * wide, x0), max(row * tall, y0)
            c, d = min((column + 1) * wide, x1), min((row + 1) * tall, y1)
            part = core[:, b - row * tall : d - row * tall, a - column * wide : c - column * wide]
            maps[:, b - y0 : d - y0, a - x0 : c - x0] = part
        left, top, right, bottom = self._grid.bounds
        is_open = (y0 > top, y1 < bottom, x0 > left, x1 < right)
        return part_of(maps, x0, y0, is_open, self._components, self._decode)

    def as_arrays(self, given: Part) -> Arrays:
        """See `SlideKind.as_arrays`."""
        return arrays_of(given)

    def from_arrays(self, block: Cell, arrays: Arrays) -> Part:
        """See `SlideKind.from_arrays`."""
        return part_from(arrays, self._grid.rectangle(block), len(self._package.labels))

    def add(self, block: Cell, given: Part) -> list[Proposal]:
        """See `SlideKind.add`."""
        breather, proposals = Breather(), list[Proposal]()
        for one in self._stitcher.add(block, given):
            if one.label in self._names and self._is_wanted(one):
                proposals.append(self._proposal(one))
                breather.breathe()
        return proposals

    def heat(self) -> HeatMap | None:
        """See `SlideKind.heat`: none."""
        return None

    def scores(self) -> tuple[tuple[str, float], ...]:
        """See `SlideKind.scores`: none."""
        return ()

    def notes(self) -> list[str]:
        """See `SlideKind.notes`."""
        return []

    def close(self) -> None:
        """See `SlideKind.close`."""
        self._stitcher.close()

    def _is_wanted(self, one: Found) -> bool:
        """Whether its middle lies where the person wants to know."""
        x, y = one.centre
        return self._cover.holds(x * self._grid.scale[0], y * self._grid.scale[1])

    def _proposal(self, one: Found) -> Proposal:
        rings = [self._points(ring) for ring in one.rings]
        outline = Polygon(self._grid.plane, rings[0], tuple(rings[1:]))
        label = self._names[one.label]
        return Proposal(found_id(self._package.ref, self._grid.plane, label, one.rings), label, outline, one.score)

    def _points(self, ring: Ring) -> tuple[Point, ...]:
        """A ring in full-resolution pixels."""
        across, down = cast("list[list[int]]", ring.T.tolist())
        return tuple(zip(map(self._x.__getitem__, across), map(self._y.__getitem__, down), strict=True))


def arrays_of(part: Part) -> Arrays:
    """A part as arrays."""
    rows = [(f.label, f.area, f.total, f.sum_x, f.sum_y, f.x, f.y, len(f.rings)) for f in part.found]
    rings = [ring for found in part.found for ring in found.rings]
    places = [(piece.x, piece.y, piece.maps.shape[2], piece.maps.shape[1], piece.kind) for piece in part.pieces]
    return {
        "found": np.array(rows, np.int64).reshape(-1, 8),
        "lengths": np.array([len(ring) for ring in rings], np.int32),
        "points": np.concatenate(rings) if rings else np.zeros((0, 2), np.int32),
        "pieces": np.array(places, np.int32).reshape(-1, 5),
        "maps": np.concatenate([piece.maps.ravel() for piece in part.pieces] or [np.zeros(0, np.uint8)]),
        **dict(zip(SIDES, part.strips, strict=True)),
    }


def part_from(arrays: Arrays, rectangle: tuple[int, int, int, int], labels: int) -> Part:
    """A part from its arrays. Raises `ValueError` where they cannot be those of a block at `rectangle`."""
    x0, y0, x1, y1 = rectangle
    try:
        table, lengths, points, places, maps = (
            arrays[name] for name in ("found", "lengths", "points", "pieces", "maps")
        )
        strips = tuple(arrays[name] for name in SIDES)
    except KeyError as error:
        raise ValueError("something is missing") from error
    kinds = [one.dtype.name for one in (table, lengths, points, places, maps, *strips)]
    sound = (
        kinds == ["int64", "int32", "int32", "int32", "uint8", *["int32"] * 4]
        and table.ndim == places.ndim == points.ndim == 2
        and (table.shape[1], points.shape[1], places.shape[1]) == (8, 2, 5)
        and [one.shape for one in strips] == [(x1 - x0,), (x1 - x0,), (y1 - y0,), (y1 - y0,)]
        and _all_within(points, (2 * x0, 2 * y0), (2 * x1, 2 * y1))
        and _all_within(places[:, :2], (x0, y0), (x1 - 1, y1 - 1))
        and bool((places[:, 2:4] >= 1).all() and (places[:, :2] + places[:, 2:4] <= (x1, y1)).all())
        and all(bool(((strip >= 0) & (strip <= len(places))).all()) for strip in strips)
        and bool((lengths >= 3).all() and lengths.sum(dtype=np.int64) == len(points))
        and bool((table[:, 7] >= 1).all() and table[:, 7].sum() == len(lengths))
        and bool(((table[:, 0] >= 0) & (table[:, 0] < labels) & (table[:, 1] >= 1)).all())
        and bool(((table[:, 2] >= 0) & (table[:, 2] <= 255 * table[:, 1])).all())
        and int((2 * places[:, 2].astype(np.int64) * places[:, 3]).sum()) == maps.size
    )
    if not sound:
        raise ValueError("does not fit its block")
    return Part(_found(table, lengths, points), _pieces(places, maps), (strips[0], strips[1], strips[2], strips[3]))


def _all_within(values: NDArray[np.int32], low: tuple[int, int], high: tuple[int, int]) -> bool:
    return bool(((values >= low) & (values <= high)).all())


def _found(table: Array, lengths: Array, points: Array) -> tuple[Found, ...]:
    rings: list[Ring] = np.split(points, np.cumsum(lengths)[:-1]) if len(lengths) else []
    found: list[Found] = []
    place = 0
    for row in table.tolist():
        label, area, total, sum_x, sum_y, x, y, count = row
        found.append(Found(label, area, total, sum_x, sum_y, x, y, tuple(rings[place : place + count])))
        place += count
    return tuple(found)


def _pieces(places: Array, maps: Array) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    start = 0
    for x, y, width, height, kind in places.tolist():
        size = 2 * width * height
        pieces.append(Piece(x, y, maps[start : start + size].reshape(2, height, width), kind))
        start += size
    return tuple(pieces)
