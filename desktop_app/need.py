"""Need: which proposals want a person's eye first. Pure.

A model is least certain of what scores close to the limit of its label: that comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Proposal
from desktop_app.findings import numbered
from desktop_app.limits import Limits

_LABEL, _SCORE = attrgetter("label"), attrgetter("score")


class Need(NamedTuple):
    """Where a proposal stands among the others: the smaller, the earlier."""

    distance: float
    """From its score to the limit of its label."""
    row: int
    """Its place among the proposals of the scan; of two as uncertain the first one comes first."""


def needs_of(proposals: Sequence[Proposal], limits: Limits) -> NDArray[np.float64]:
    """How far the score of each is from its limit, shape (n,)."""
    scores = np.fromiter(map(_SCORE, proposals), np.float64, len(proposals))
    return np.abs(scores - limits.each(*numbered(map(_LABEL, proposals))))


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
