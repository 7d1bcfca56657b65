"""Give pieces in a row the labels of a sequence, each once and in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOOR = 1e-6


@dataclass(frozen=True, slots=True)
class Place:
    """One place of the sequence: a column of the scores, and whether any number of pieces may take it."""

    column: int
    repeats: bool = False


def assign_in_order(
    scores: NDArray[np.floating[Any]], sequence: Sequence[Place], *, skip_cost: float
) -> tuple[int, ...]:
    """Return the column given to each piece, so that the summed log scores less the skips are greatest.

    `scores` holds one row of probabilities per piece, the pieces in their order along the row. Places are taken
    in order; one is taken twice only where it repeats. Passing over a place between two pieces costs `skip_cost`
    (natural log units), none for places that repeat or lie before the first or after the last piece. Where
    there are more pieces than places, the ones that cost most are given -1. Exact, by dynamic programming.
    """
    count = len(scores)
    if count == 0:
        return ()
    if not sequence:
        return (-1,) * count
    gains = np.log(np.maximum(np.asarray(scores, dtype=np.float64), FLOOR))
    leave_out = float(np.log(FLOOR)) * 2
    steps = _steps(sequence, skip_cost)
    # best[p]: the greatest sum so far with place p taken last; `start` while none is taken.
    best = np.full(len(sequence), -np.inf)
    start = 0.0
    came_from = list[tuple[NDArray[np.intp], NDArray[np.bool_]]]()
    for row in gains:
        through = best[:, None] + steps
        source = through.argmax(axis=0)
        entered = start >= through.max(axis=0)
        taken = np.where(entered, start, through.max(axis=0)) + row[[place.column for place in sequence]]
        left_out = best + leave_out
        skipped = left_out > taken
        origin = np.where(entered, -1, source)
        came_from.append((np.where(skipped, np.arange(len(sequence)), origin), skipped))
        best = np.where(skipped, left_out, taken)
        start += leave_out
    if start > best.max():
        return (-1,) * count
    return _trace(int(best.argmax()), came_from, sequence)


def _steps(sequence: Sequence[Place], skip_cost: float) -> NDArray[np.float64]:
    """Return what going from one place to another costs (0 or less), -inf where it may not be."""
    size = len(sequence)
    costs = np.full((size, size), -np.inf)
    for first in range(size):
        if sequence[first].repeats:
            costs[first, first] = 0.0
        passed = 0
        for second in range(first + 1, size):
            costs[first, second] = -skip_cost * passed
            passed += not sequence[second].repeats
    return costs


def _trace(
    last: int, came_from: list[tuple[NDArray[np.intp], NDArray[np.bool_]]], sequence: Sequence[Place]
) -> tuple[int, ...]:
    """Follow the best way back from the last place taken."""
    columns = list[int]()
    place = last
    for origins, skipped in reversed(came_from):
        if place < 0 or skipped[place]:
            columns.append(-1)
            continue
        columns.append(sequence[place].column)
        place = int(origins[place])
    return tuple(reversed(columns))
