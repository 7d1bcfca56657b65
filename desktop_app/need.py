"""Need: which proposals want a person's eye first. Pure.

A model is least certain of what scores close to the limit of its label: that comes first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from desktop_app.findings import Rows
from desktop_app.limits import Limits


class Need(NamedTuple):
    """Where a proposal stands among the others: the smaller, the earlier."""

    distance: float
    """From its score to the limit of its label."""
    row: int
    """Its place among the proposals of the scan; of two as uncertain the first one comes first."""


def needs_of(scan: Rows, rows: NDArray[np.int64], limits: Limits) -> NDArray[np.float64]:
    """How far the scores of some rows of the scan's proposals are from their limits, shape (n,)."""
    return np.abs(scan.scores[rows] - limits.each(scan.label_numbers[rows], scan.labels))


def following(needs: NDArray[np.float64], rows: NDArray[np.int64], at: Need | None, direction: int) -> int:
    """The number of the one that comes next (1) or before (-1) in the order of need; -1 where there is none.

    `rows` are their places among the proposals of the scan. Without `at` it is the first, or the last.
    """
    if at is None:
        ahead = np.ones(len(needs), np.bool_)
    elif direction > 0:
        ahead = (needs > at.distance) | ((needs == at.distance) & (rows > at.row))
    else:
        ahead = (needs < at.distance) | ((needs == at.distance) & (rows < at.row))
    chosen = np.flatnonzero(ahead)
    if not len(chosen):
        return -1
    nearest = needs[chosen].min() if direction > 0 else needs[chosen].max()
    alike = chosen[needs[chosen] == nearest]
    places = rows[alike]
    return int(alike[places.argmin() if direction > 0 else places.argmax()])
