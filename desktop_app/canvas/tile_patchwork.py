"""A region of a level put together from the tiles that are here; coarser ones stand in for the others. No Qt."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from desktop_app.canvas.tile_cache import Tile
from desktop_app.canvas.tile_mosaic import Box, Rgb32, Scaling
from desktop_app.canvas.tile_pyramid import Pyramid, tile_of
from desktop_app.canvas.viewport import TileRef
from imaging.scan import Level


@dataclass(frozen=True, slots=True, eq=False)
class Patchwork:
    """Where tiles come from; `ground` (0xFFRRGGBB) stands where there is none at all.

    For one painting: what was looked up once is not looked up again.
    """

    pyramid: Pyramid
    find: Callable[[TileRef], Tile | None]
    ground: int
    _seen: dict[TileRef, Tile | None] = field(default_factory=dict[TileRef, Tile | None])

    def fill(self, out: Rgb32, region: Box, number: int) -> None:
        """Copy a region of a level from its tiles; what is missing is the finest coarser level, scaled up."""
        across, down = tile_of(self.pyramid.levels[number])
        x0, y0, x1, y1 = region
        missing: list[tuple[Box, int]] = []
        for row in range(y0 // down, (y1 - 1) // down + 1):
            top, bottom = max(y0, row * down), min(y1, (row + 1) * down)
            first, last = top - row * down, bottom - row * down
            start, pieces = x0, list[Rgb32]()
            for column in range(x0 // across, (x1 - 1) // across + 1):
                left, right = max(x0, column * across), min(x1, (column + 1) * across)
                found = self._tile(TileRef(number, column, row))
                if found is not None:
                    pieces.append(found.pixels[first:last, left - column * across : right - column * across])
                    continue
                _join(pieces, out[top - y0 : bottom - y0, start - x0 : left - x0])
                start, pieces = right, []
                box = (left, top, right, bottom)
                missing.append((box, self._best_coarser(box, number)))
            _join(pieces, out[top - y0 : bottom - y0, start - x0 :])
        for box, coarser in rows_of_boxes(missing):
            part = out[box[1] - y0 : box[3] - y0, box[0] - x0 : box[2] - x0]
            self._enlarge(part, box, number, coarser)

    def _tile(self, tile: TileRef) -> Tile | None:
        """A tile, if it is here."""
        try:
            return self._seen[tile]
        except KeyError:
            found = self._seen[tile] = self.find(tile)
            return found

    def _cover(self, region: Box, number: int) -> Iterable[tuple[TileRef, Box]]:
        """The tiles of a level that a region of it touches, and the part of each that lies in the region."""
        across, down = tile_of(self.pyramid.levels[number])
        x0, y0, x1, y1 = region
        for row in range(y0 // down, (y1 - 1) // down + 1):
            top, bottom = max(y0, row * down), min(y1, (row + 1) * down)
            for column in range(x0 // across, (x1 - 1) // across + 1):
                left, right = max(x0, column * across), min(x1, (column + 1) * across)
                yield TileRef(number, column, row), (left, top, right, bottom)

    def _copy(self, found: Tile, tile: TileRef, box: Box, out: Rgb32, region: Box) -> None:
        """Copy a box of a tile to its place in a region of the level."""
        across, down = tile_of(self.pyramid.levels[tile.level])
        x, y = tile.column * across, tile.row * down
        place = out[box[1] - region[1] : box[3] - region[1], box[0] - region[0] : box[2] - region[0]]
        place[...] = found.pixels[box[1] - y : box[3] - y, box[0] - x : box[2] - x]

    def _best_coarser(self, box: Box, number: int) -> int:
        """The finest coarser level that is here for all of a box of a level; the coarsest when none is."""
        levels = self.pyramid.levels
        for coarser in range(number + 1, len(levels)):
            region = _coarser_region(box, levels[number], levels[coarser], margin=0)
            if all(self._tile(tile) is not None for tile, _ in self._cover(region, coarser)):
                return coarser
        return self.pyramid.coarsest

    def _enlarge(self, out: Rgb32, box: Box, number: int, coarser: int) -> None:
        """Show a box of a level by a coarser one."""
        levels = self.pyramid.levels
        if coarser == number:
            out[...] = self.ground
            return
        region = _coarser_region(box, levels[number], levels[coarser], margin=1)
        pixels = np.full((region[3] - region[1], region[2] - region[0]), self.ground, np.uint32)
        for tile, piece in self._cover(region, coarser):
            found = self._tile(tile)
            if found is not None:
                self._copy(found, tile, piece, pixels, region)
        share = levels[number].downsample / levels[coarser].downsample
        Scaling.enlarge(pixels, region, box, share, out)


def _join(pieces: list[Rgb32], place: Rgb32) -> None:
    """Copy pieces side by side to their place. One call: each gives up Python's lock, and many threads want it."""
    if len(pieces) < 2:
        if pieces:
            place[...] = pieces[0]
        return
    import cv2

    sources: list[Any] = [piece.view(np.int32) for piece in pieces]
    cv2.hconcat(sources, place.view(np.int32))


def rows_of_boxes(boxes: Sequence[tuple[Box, int]]) -> list[tuple[Box, int]]:
    """Neighbours in a row that come from the same level, joined: scaling one long piece is quicker."""
    joined: list[tuple[Box, int]] = []
    for box, level in boxes:
        if joined:
            (x0, y0, x1, y1), last = joined[-1]
            if last == level and (x1, y0, y1) == (box[0], box[1], box[3]):
                joined[-1] = ((x0, y0, box[2], y1), level)
                continue
        joined.append((box, level))
    return joined


def _coarser_region(box: Box, level: Level, coarser: Level, margin: int) -> Box:
    """The pixels of a coarser level that a box of a finer one lies on."""
    share = level.downsample / coarser.downsample
    x0, y0 = math.floor(box[0] * share) - margin, math.floor(box[1] * share) - margin
    x1, y1 = math.ceil(box[2] * share) + margin, math.ceil(box[3] * share) + margin
    x0, y0 = min(max(x0, 0), coarser.width - 1), min(max(y0, 0), coarser.height - 1)
    return x0, y0, min(max(x1, x0 + 1), coarser.width), min(max(y1, y0 + 1), coarser.height)
