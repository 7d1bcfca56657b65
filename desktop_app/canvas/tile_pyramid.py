"""The levels a slide is shown from: its own, and between them halves that are made while reading. No Qt.

Painting shrinks a level at most about twofold, so what one view costs has a bound whatever steps the file's levels
take, and the coarsest level is small enough to be kept for as long as the slide is open.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from desktop_app.canvas.viewport import TileRef
from imaging.scan import Level

COARSEST = 640
"""The coarsest level is at most this wide and high."""
LARGEST_STEP = 2.6
"""From one level to the next; files with levels in steps of 4 get one more in between."""
SMALLEST_TILE = 256
"""Smaller tiles cost more to handle than to read: four make one of a half level instead."""


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Levels, finest first, and where each comes from."""

    levels: tuple[Level, ...]
    stored: tuple[int | None, ...]
    """The number of the scan's own level; `None` for the half of the next finer one."""

    @property
    def coarsest(self) -> int:
        """The number of the coarsest level."""
        return len(self.levels) - 1

    def tile_size(self, tile: TileRef) -> tuple[int, int]:
        """Columns and rows of a tile; those at the right and lower rim are cut."""
        level = self.levels[tile.level]
        across, down = tile_of(level)
        return min(across, level.width - tile.column * across), min(down, level.height - tile.row * down)

    def tiles(self, number: int) -> tuple[TileRef, ...]:
        """All tiles of a level."""
        columns, rows = self._grid(number)
        return tuple(TileRef(number, column, row) for row in range(rows) for column in range(columns))

    def count(self, number: int) -> int:
        """How many tiles a level has."""
        columns, rows = self._grid(number)
        return columns * rows

    def cost(self, number: int) -> int:
        """How many tiles of the file all tiles of a level are made from."""
        while self.stored[number] is None:
            number -= 1
        return self.count(number)

    def _grid(self, number: int) -> tuple[int, int]:
        level = self.levels[number]
        across, down = tile_of(level)
        return math.ceil(level.width / across), math.ceil(level.height / down)

    def parts(self, tile: TileRef) -> tuple[TileRef, ...]:
        """The tiles of the next finer level that a tile of a half level is made from."""
        finer, level = self.levels[tile.level - 1], self.levels[tile.level]
        (across, down), (fine_across, fine_down) = tile_of(level), tile_of(finer)
        width, height = self.tile_size(tile)
        x0, y0 = 2 * tile.column * across, 2 * tile.row * down
        x1, y1 = min(x0 + 2 * width, finer.width), min(y0 + 2 * height, finer.height)
        return tuple(
            TileRef(tile.level - 1, column, row)
            for row in range(y0 // fine_down, (y1 - 1) // fine_down + 1)
            for column in range(x0 // fine_across, (x1 - 1) // fine_across + 1)
        )


def tile_of(level: Level) -> tuple[int, int]:
    """Width and height of a level's tiles."""
    return level.tile or (level.width, level.height)


def pyramid_of(levels: tuple[Level, ...]) -> Pyramid:
    """The levels of a slide and the halves that are missing between and after them.

    Levels that are no coarser than one before them are left out.
    """
    found: list[Level] = []
    stored: list[int | None] = []
    for number, level in sorted(enumerate(levels), key=lambda pair: pair[1].downsample):
        if found and level.downsample < found[-1].downsample * 1.2:
            continue
        while found and level.downsample / found[-1].downsample > LARGEST_STEP:
            found.append(_half(found[-1]))
            stored.append(None)
            if level.downsample / found[-1].downsample < 1.2:
                found.pop()
                stored.pop()
                break
        found.append(level)
        stored.append(number)
    while max(found[-1].width, found[-1].height) > COARSEST:
        found.append(_half(found[-1]))
        stored.append(None)
    return Pyramid(tuple(found), tuple(stored))


def _half(level: Level) -> Level:
    """Half a level: each of its tiles shrunk, or four together where they are small."""
    across, down = tile_of(level)
    if across % 2 == down % 2 == 0 and min(across, down) >= 2 * SMALLEST_TILE:
        across, down = across // 2, down // 2
    width, height = math.ceil(level.width / 2), math.ceil(level.height / 2)
    return Level(width, height, level.downsample * 2, (across, down))
