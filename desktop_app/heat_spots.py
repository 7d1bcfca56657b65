"""The places of a heat map that are worth a visit. Pure; no Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Point
from dataset.heat_map import HeatMap

APART = 0.02
"""How far spots lie apart at least: this share of the longer side of what was read…"""
LEAST_APART = 2.0
"""…and at least this many cells."""


def hot_spots(heat: HeatMap, label: str, count: int = 20, minimum_score: float = 0.5) -> tuple[Point, ...]:
    """Where a label scores highest: middles of cells in plane pixels, apart from each other, the highest first.

    A spot is a cell that no cell beside it outscores; of a plateau its middle. Cells that were not read are none.
    """
    if label not in heat.labels or count <= 0 or not heat.read.any():
        return ()
    scores = np.where(heat.read, heat.scores[heat.labels.index(label)], 0).astype(np.int16)
    rows, columns = np.nonzero(_tops(scores) & heat.read & (scores >= max(minimum_score * 255, 1)))
    if not len(rows):
        return ()
    # Of equal ones that with the higher neighbourhood, then the upper left: the same on every machine.
    around = _around(scores)[rows, columns]
    order = np.lexsort((columns, rows, -around, -scores[rows, columns]))
    found = _apart(np.stack((columns, rows), 1)[order].astype(np.float64), _distance(heat), count)
    return tuple(
        (heat.x + (column + 0.5) * heat.cell[0], heat.y + (row + 0.5) * heat.cell[1]) for column, row in found.tolist()
    )


def _tops(scores: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Cells that none of the eight beside them outscores."""
    rows, columns = scores.shape
    wide = np.pad(scores, 1, constant_values=-1)
    is_top = np.ones(scores.shape, np.bool_)
    for down in range(3):
        for across in range(3):
            is_top &= scores >= wide[down : down + rows, across : across + columns]
    return is_top


def _around(scores: NDArray[np.int16]) -> NDArray[np.int32]:
    """The sum over each cell and the two cells on every side of it."""
    rows, columns = scores.shape
    wide = np.pad(scores.astype(np.int32), 2)
    total = np.zeros(scores.shape, np.int32)
    for down in range(5):
        for across in range(5):
            total += wide[down : down + rows, across : across + columns]
    return total


def _distance(heat: HeatMap) -> float:
    """How many cells spots lie apart."""
    rows, columns = np.nonzero(heat.read)
    longest = max(int(np.ptp(rows)), int(np.ptp(columns))) + 1
    return max(LEAST_APART, APART * longest)


def _apart(places: NDArray[np.float64], distance: float, count: int) -> NDArray[np.float64]:
    """The first places in order that keep their distance from those before them."""
    found: list[NDArray[np.float64]] = []
    left = places
    while len(left) and len(found) < count:
        place = left[0]
        found.append(place)
        left = left[((left - place) ** 2).sum(1) >= distance**2]
    return np.array(found)
