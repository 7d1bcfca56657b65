"""Heat maps: what a model said of a slide, cell by cell. Frozen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import Plane, Region


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """Scores on a grid of cells whose corner lies at (x, y), in full-resolution pixels of the plane."""

    plane: Plane
    x: float
    y: float
    cell: tuple[float, float]
    """Width and height of a cell in full-resolution pixels."""
    labels: tuple[str, ...]
    """Label ids, one for each map of `scores`."""
    scores: NDArray[np.uint8]
    """(labels, rows, columns), read-only; 255 stands for a score of 1."""
    read: NDArray[np.bool_]
    """(rows, columns), read-only: the cells that the model has looked at."""

    @property
    def byte_count(self) -> int:
        """Bytes it holds."""
        return self.scores.nbytes + self.read.nbytes

    def region_of(self, row: int, column: int) -> Region:
        """The pixels of a cell."""
        x0, y0 = round(self.x + column * self.cell[0]), round(self.y + row * self.cell[1])
        x1, y1 = round(self.x + (column + 1) * self.cell[0]), round(self.y + (row + 1) * self.cell[1])
        return Region(self.plane, x0, y0, x1 - x0, y1 - y0)
