"""Which blocks of a slide are read, and which next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Point
from models.slides.cover import Cover
from models.slides.grid import Cell, SlideGrid

Centre: TypeAlias = Callable[[], Point | None]


class Plan:
    """The blocks still to be read, the nearest to where the reader looks first. One thread at a time."""

    def __init__(self, grid: SlideGrid, cover: Cover, centre: Centre | None, order: Literal["nearest", "rows"]) -> None:
        self._grid, self._cover = grid, cover
        self._centre = centre if order == "nearest" else None
        columns, rows = grid.blocks()
        blocks = [(column, row) for row in rows for column in columns if any(self._cells((column, row)))]
        self.blocks: tuple[Cell, ...] = tuple(blocks)
        self.cell_count = sum(1 for block in blocks for _ in self._cells(block))
        middles = [grid.middle(block) for block in blocks]
        self._middles: NDArray[np.float64] = np.array(middles, np.float64).reshape(-1, 2)
        self._left = np.ones(len(blocks), np.bool_)
        self._place = {block: place for place, block in enumerate(blocks)}

    def cells_of(self, block: Cell) -> tuple[Cell, ...]:
        """The cells of a block that are read."""
        return tuple(self._cells(block))

    def drop(self, block: Cell) -> None:
        """Take a block off the plan: it was done before."""
        self._left[self._place[block]] = False

    def next(self) -> Cell | None:
        """The next block, taken off the plan; `None` when none is left."""
        left = np.flatnonzero(self._left)
        if not left.size:
            return None
        centre = None if self._centre is None else self._centre()
        place = int(left[0])
        if centre is not None:
            far = ((self._middles[left] - np.asarray(centre, np.float64)) ** 2).sum(axis=1)
            place = int(left[int(far.argmin())])
        self._left[place] = False
        return self.blocks[place]

    def _cells(self, block: Cell) -> Iterator[Cell]:
        return (cell for cell in self._grid.cells_of(block) if self._cover.meets(cell))
