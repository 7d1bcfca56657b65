"""In which order a slide's tiles follow each other where its file does not say so: worked out from their seams."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from imaging.scan import Pixels

Order: TypeAlias = Literal["row by row", "column by column"]
"""The standard's order, or that of files whose second tile lies below the first."""
FrameReader: TypeAlias = Callable[[int, tuple[int, int]], Pixels | None]
"""A frame by its number and the (rows, columns) of it that lie on the slide; `None` where it cannot be read."""
Values: TypeAlias = NDArray[np.float64]

ROW_BY_ROW: Final = "row by row"
COLUMN_BY_COLUMN: Final = "column by column"
_DRAWN, _MOST_TRIES = 20_000, 400
"""Frames that are drawn, and those of them whose seams with their neighbours are looked at: tissue may be rare."""
_FEWEST_READ, _MOST_PIXELS = 24, 1 << 26
"""Frames that may be decoded however large they are, and pixels that may be decoded altogether beyond them."""
_ENOUGH, _FEWEST = 40, 4
"""Seams that are enough for each order, and how many it takes to say anything."""
_FLAT = 4 / 255
"""The spread of values along a seam, of those a pixel can have, that glass without tissue stays below."""
_CLEARLY, _SURELY = 0.2, 3.0
"""How much better the seams of an order have to fit, and how many standard errors that has to be."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Tiles of a level: how many columns and rows of them, and the (rows, columns) of one and of the whole level."""

    columns: int
    rows: int
    tile: tuple[int, int]
    level: tuple[int, int]

    def rim(self, column: int, row: int) -> tuple[int, int]:
        """The (rows, columns) of a tile that lie on the slide."""
        high, wide = self.tile
        return min(high, self.level[0] - row * high), min(wide, self.level[1] - column * wide)

    def number(self, order: Order, column: int, row: int) -> int:
        """Which frame a tile is."""
        return row * self.columns + column if order == ROW_BY_ROW else column * self.rows + row

    def place(self, order: Order, number: int) -> tuple[int, int]:
        """Column and row of a frame."""
        if order == ROW_BY_ROW:
            return number % self.columns, number // self.columns
        return number // self.rows, number % self.rows


def order_of(grid: Grid, read: FrameReader, weigh: Callable[[int], int], span: float) -> Order | None:
    """The order in which seams fit clearly better; `None` where they do not tell, as on a blank slide.

    `weigh` is how many bytes a frame has: of those drawn, the heaviest show most. `span` is how far apart values can
    be. Reads a bounded number of frames, the same ones each time, and holds a handful of them at once.
    """
    fits: dict[Order, list[float]] = {ROW_BY_ROW: [], COLUMN_BY_COLUMN: []}
    count, pixels, done = grid.columns * grid.rows, grid.tile[0] * grid.tile[1], 0
    drawn = random.Random(count).sample(range(count), min(count, _DRAWN))
    for number in sorted(drawn, key=weigh, reverse=True)[:_MOST_TRIES]:
        if min(map(len, fits.values())) >= _ENOUGH or (done >= _FEWEST_READ and done * pixels > _MOST_PIXELS):
            break
        around = _Around(grid, read, span)
        for order in fits:
            fits[order] += around.fits(order, number)
        done += around.reads
    return _better(fits[ROW_BY_ROW], fits[COLUMN_BY_COLUMN])


class _Around:
    """A frame and those that would be its neighbours, each read once."""

    def __init__(self, grid: Grid, read: FrameReader, span: float) -> None:
        self._grid, self._read, self._span = grid, read, span
        self._held: dict[tuple[int, tuple[int, int]], Pixels | None] = {}

    @property
    def reads(self) -> int:
        """How many frames were read."""
        return len(self._held)

    def fits(self, order: Order, number: int) -> list[float]:
        """How well the frame fits the one to its right and the one below it, where that can be told."""
        grid, found = self._grid, list[float]()
        column, row = grid.place(order, number)
        high, wide = grid.rim(column, row)
        one = self._frame(order, column, row)
        if one is None or float(np.std(one[::4, ::4])) < self._span * _FLAT:
            return found
        right = self._frame(order, column + 1, row) if column + 1 < grid.columns else None
        below = self._frame(order, column, row + 1) if row + 1 < grid.rows else None
        if right is not None:
            found += _fit(one[:high, wide - 1], right[:high, 0], self._span)
        if below is not None:
            found += _fit(one[high - 1, :wide], below[0, :wide], self._span)
        return found

    def _frame(self, order: Order, column: int, row: int) -> Pixels | None:
        asked = self._grid.number(order, column, row), self._grid.rim(column, row)
        if asked not in self._held:
            self._held[asked] = self._read(*asked)
        return self._held[asked]


def _fit(one: Pixels, two: Pixels, span: float) -> list[float]:
    """How alike two lines of pixels are: 1 for equal ones, about 0 for any two; nothing where both are blank."""
    first, second = _grey(one), _grey(two)
    spread = float(np.var(np.concatenate([first, second])))
    if len(first) != len(second) or spread < (span * _FLAT) ** 2:
        return []
    return [1 - float(np.mean((first - second) ** 2)) / (2 * spread)]


def _grey(line: Pixels) -> Values:
    values = line.astype(np.float64)
    return values.mean(axis=1) if values.ndim > 1 else values


def _better(by_row: list[float], by_column: list[float]) -> Order | None:
    """The order with the clearly better fits."""
    if min(len(by_row), len(by_column)) < _FEWEST:
        return None
    ahead = float(np.mean(by_column)) - float(np.mean(by_row))
    error = math.sqrt(sum(float(np.var(fits, ddof=1)) / len(fits) for fits in (by_row, by_column)))
    if abs(ahead) < max(_CLEARLY, _SURELY * error):
        return None
    return COLUMN_BY_COLUMN if ahead > 0 else ROW_BY_ROW
