"""Which segments of outlines come near each other, and whether they meet. Pure arrays; nothing quadratic is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]
"""(n, 2): points, float64 or int64."""
Rows = NDArray[np.int64]
_BLOCK = 2_000_000


def expanded(first: Rows, count: Rows) -> tuple[Rows, Rows]:
    """For each row `count` numbers from `first` on: the row of each, and the numbers."""
    owner = np.repeat(np.arange(len(count)), count)
    start = np.repeat(np.cumsum(count) - count, count)
    return owner, np.arange(len(owner)) - start + np.repeat(first, count)


def pairs_near(a: Numbers, b: Numbers) -> Iterator[tuple[Rows, Rows]]:
    """Pairs of segments a–b whose boxes meet, some at a time; each pair once."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    along = int(np.argmax(high.max(axis=0) - low.min(axis=0))) if len(a) else 0
    other = 1 - along
    order = np.argsort(low[:, along], kind="stable")
    begins, ends = low[order, along], high[order, along]
    first = np.arange(1, len(order) + 1)
    count: Rows = np.asarray(np.searchsorted(begins, ends, side="right"), np.int64) - first
    upto = np.cumsum(count)
    start = 0
    while start < len(order):
        done = upto[start - 1] if start else 0
        stop = max(int(np.searchsorted(upto, done + _BLOCK, side="right")), start + 1)
        owner, met = expanded(first[start:stop], count[start:stop])
        one, two = order[owner + start], order[met]
        near = (low[one, other] <= high[two, other]) & (low[two, other] <= high[one, other])
        yield one[near], two[near]
        start = stop


def turn(a: Numbers, b: Numbers, c: Numbers) -> NDArray[Any]:
    """Twice the area of the triangles a, b, c: positive where they turn right on the screen (y down)."""
    return (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])


def meetings(rings: list[Numbers], *, closed: bool = True) -> int:
    """How often outlines meet themselves or each other, neighbours in a ring aside."""
    starts: list[Numbers] = []
    ends: list[Numbers] = []
    number: list[Rows] = []
    sizes: list[Rows] = []
    for ring in rings:
        begin = ring if closed else ring[:-1]
        starts.append(begin)
        ends.append(np.roll(ring, -1, axis=0) if closed else ring[1:])
        number.append(np.arange(len(begin)))
        sizes.append(np.full(len(begin), len(begin)))
    if not starts:
        return 0
    a, b = np.concatenate(starts), np.concatenate(ends)
    place, size = np.concatenate(number), np.concatenate(sizes)
    ring_of = np.repeat(np.arange(len(starts)), [len(start) for start in starts])
    found = 0
    for one, two in pairs_near(a, b):
        apart = np.abs(place[one] - place[two])
        is_neighbour = (ring_of[one] == ring_of[two]) & ((apart == 1) | (closed & (apart == size[one] - 1)))
        one, two = one[~is_neighbour], two[~is_neighbour]  # noqa: PLW2901
        across = np.sign(turn(a[one], b[one], a[two])) * np.sign(turn(a[one], b[one], b[two]))
        back = np.sign(turn(a[two], b[two], a[one])) * np.sign(turn(a[two], b[two], b[one]))
        found += int(np.count_nonzero((across <= 0) & (back <= 0)))
    return found


def is_within(ring: Numbers, x: float, y: float) -> bool:
    """Whether a point lies in a closed ring (even-odd)."""
    following = np.roll(ring, -1, axis=0)
    over = (ring[:, 1] > y) != (following[:, 1] > y)
    one, two = ring[over], following[over]
    at = one[:, 0] + (y - one[:, 1]) / (two[:, 1] - one[:, 1]) * (two[:, 0] - one[:, 0])
    return bool(np.count_nonzero(at > x) % 2)
