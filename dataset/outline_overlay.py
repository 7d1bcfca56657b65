"""Areas joined, cut and met as outlines: exact to 1/1024 of a pixel, holes and separate pieces kept.

All edges are put on a fine grid of whole numbers and split where they meet; each bit of an edge then knows which areas
lie on its two sides, and those with the result on one side only make its outline (Vatti, CACM 35, 1992, says the same
of sweep lines).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Polygon
from dataset.errors import DatasetProblem
from dataset.outline_pairs import Rows, expanded, is_within, pairs_near, turn
from dataset.outline_shapes import Area, points_of, rings_of
from imaging.geometry import Plane
from imaging.progress import Progress

GRID = 1024
MOST_EDGES = 200_000
MOST_SIDES = 200 * 10**6
"""Edges times areas, each a byte or two while they are put together."""
LARGEST = 2**19
"""Pixels from the corner of the plane, at most: products of distances stay whole numbers."""
_ROUNDS = 12
Sides = NDArray[np.bool_]
"""(edges, areas): whether each area lies there."""
Rule = Callable[[Sides], NDArray[np.bool_]]


def any_of(sides: Sides) -> NDArray[np.bool_]:
    """Where any area lies."""
    return np.asarray(sides.any(axis=1))


def all_of(sides: Sides) -> NDArray[np.bool_]:
    """Where every area lies."""
    return np.asarray(sides.all(axis=1))


def first_alone(sides: Sides) -> NDArray[np.bool_]:
    """Where the first area lies and no other."""
    return sides[:, 0] & ~sides[:, 1:].any(axis=1)


def overlaid(areas: Sequence[Area], rule: Rule, progress: Progress) -> tuple[Polygon, ...]:
    """The pieces of what a rule takes of areas on one plane, none of which crosses itself; an area is even-odd inside.

    Raises a `DatasetProblem` where outlines are too long for it.
    """
    a, b, owner = _edges(areas)
    a, b, owner = _split_all(a, b, owner, progress)
    edges = _merged(a, b, owner, len(areas))
    low, high = _sides(edges, progress)
    on_low, on_high = rule(low), rule(high)
    used = on_low != on_high
    start, end = edges.a[used], edges.b[used]
    # What is taken lies on the right of an edge (y down); "low" is the side of smaller x, or smaller y of level ones.
    is_level = start[:, 1] == end[:, 1]
    runs_down = np.where(is_level, end[:, 0] < start[:, 0], end[:, 1] > start[:, 1])
    flip = runs_down != on_low[used]
    start, end = np.where(flip[:, None], end, start), np.where(flip[:, None], start, end)
    given = {(int(x), int(y)) for ring in areas for part in rings_of(ring) for x, y in np.rint(part * GRID)}
    return _polygons(_traced(start, end), given, areas[0].plane)


def _edges(areas: Sequence[Area]) -> tuple[Rows, Rows, Rows]:
    starts: list[Rows] = []
    ends: list[Rows] = []
    owners: list[Rows] = []
    for number, area in enumerate(areas):
        for ring in rings_of(area):
            if np.abs(ring).max(initial=0.0) > LARGEST:
                raise DatasetProblem("lies too far outside the scan", "This outline", "Move it onto the scan")
            points = np.rint(ring * GRID).astype(np.int64)
            starts.append(points)
            ends.append(np.roll(points, -1, axis=0))
            owners.append(np.full(len(points), number))
    total = sum(map(len, starts))
    if total * len(areas) > MOST_SIDES:
        raise DatasetProblem("are too many", "These outlines", "Put fewer together at a time, or make masks of them")
    if total > MOST_EDGES:
        raise DatasetProblem(
            f"have more than {MOST_EDGES:,} points", "These outlines", "Simplify them first, or make masks of them"
        )
    return np.concatenate(starts), np.concatenate(ends), np.concatenate(owners)


def _split_all(a: Rows, b: Rows, owner: Rows, progress: Progress) -> tuple[Rows, Rows, Rows]:
    """The edges split wherever they meet. Points are rounded to the grid, so new meetings may arise; look again."""
    for _ in range(_ROUNDS):
        real = np.any(a != b, axis=1)
        a, b, owner = a[real], b[real], owner[real]
        edges: list[Rows] = []
        points: list[Rows] = []
        for one, two in pairs_near(a, b):
            progress.check()
            for edge, point in _meeting_points(a, b, one, two):
                inner = np.any(point != a[edge], axis=1) & np.any(point != b[edge], axis=1)
                edges.append(edge[inner])
                points.append(point[inner])
        edge = np.concatenate(edges) if edges else np.zeros(0, np.int64)
        if not len(edge):
            break
        a, b, owner = _cut(a, b, owner, edge, np.concatenate(points))
    return a, b, owner


def _meeting_points(a: Rows, b: Rows, one: Rows, two: Rows) -> list[tuple[Rows, Rows]]:
    """Where pairs of edges meet: which edge is to be split, and at which point."""
    a1, b1, a2, b2 = a[one], b[one], a[two], b[two]
    t1, t2 = turn(a1, b1, a2), turn(a1, b1, b2)
    t3, t4 = turn(a2, b2, a1), turn(a2, b2, b1)
    found: list[tuple[Rows, Rows]] = []
    for edge, start, end, point, t in (
        (one, a1, b1, a2, t1), (one, a1, b1, b2, t2), (two, a2, b2, a1, t3), (two, a2, b2, b1, t4),
    ):  # fmt: skip
        on = (t == 0) & np.all((point >= np.minimum(start, end)) & (point <= np.maximum(start, end)), axis=1)
        found.append((edge[on], point[on]))
    cross = (np.sign(t1) * np.sign(t2) < 0) & (np.sign(t3) * np.sign(t4) < 0)
    share = t3[cross] / (t3[cross] - t4[cross])
    at = np.rint(a1[cross] + share[:, None] * (b1[cross] - a1[cross])).astype(np.int64)
    return [*found, (one[cross], at), (two[cross], at)]


def _cut(a: Rows, b: Rows, owner: Rows, edge: Rows, point: Rows) -> tuple[Rows, Rows, Rows]:
    """Edges with points put into them, in the order along each."""
    every = np.concatenate([np.arange(len(a)), edge])
    place = np.concatenate([a, point])
    step = (b - a)[every].astype(np.float64)
    along = np.sum((place - a[every]) * step, axis=1)
    along[: len(a)] = -np.inf
    order = np.lexsort((along, every))
    every, start = every[order], place[order]
    is_last = np.append(every[1:] != every[:-1], True)
    end = np.where(is_last[:, None], b[every], np.roll(start, -1, axis=0))
    return start, end, owner[every]


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """Edges that meet only at their ends, each once, and whose outline each is part of."""

    a: Rows
    b: Rows
    toggles: Sides


def _merged(a: Rows, b: Rows, owner: Rows, count: int) -> _Edges:
    real = np.any(a != b, axis=1)
    a, b, owner = a[real], b[real], owner[real]
    swap = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
    both = np.where(swap[:, None], np.concatenate([b, a], axis=1), np.concatenate([a, b], axis=1))
    unique, where = np.unique(both, axis=0, return_inverse=True)
    place, times = np.unique(where.reshape(-1) * count + owner, return_counts=True)
    toggles = np.zeros((len(unique), count), np.bool_)
    toggles.reshape(-1)[place[times % 2 == 1]] = True
    used = toggles.any(axis=1)
    return _Edges(unique[used, :2], unique[used, 2:], toggles[used])


def _sides(edges: _Edges, progress: Progress) -> tuple[Sides, Sides]:
    """Which areas lie on the low side of each edge (smaller x; of level ones smaller y), and on the other."""
    low = np.zeros_like(edges.toggles)
    level = edges.a[:, 1] == edges.b[:, 1]
    for chosen, along in ((~level, 1), (level, 0)):
        rows = np.flatnonzero(chosen)
        if len(rows):
            low[rows] = _counted(edges, rows, along, progress)
    return low, low ^ edges.toggles


def _counted(edges: _Edges, rows: Rows, along: int, progress: Progress) -> Sides:
    """Whether rays from the middles of edges towards lower values (across `along`) leave each area odd times."""
    a, b = 2 * edges.a, 2 * edges.b
    across = 1 - along
    begins, ends = np.minimum(a, b)[:, along], np.maximum(a, b)[:, along]
    middle = (edges.a + edges.b)[rows]
    lowest = int(begins.min())
    step = max((int(ends.max()) - lowest) // min(len(begins), 4096), 1) + 1
    shelf = (begins - lowest) // step
    edge, number = expanded(shelf, (ends - lowest) // step - shelf + 1)
    order = np.argsort(number, kind="stable")
    edge, number = edge[order], number[order]
    asked = (middle[:, along] - lowest) // step
    first = np.searchsorted(number, asked, side="left")
    count = np.searchsorted(number, asked, side="right") - first
    areas = edges.toggles.shape[1]
    # Most edges are of one area only, so areas are listed by edge: a table of both would be nearly empty.
    toggler, toggled = np.nonzero(edges.toggles)
    firsts = np.searchsorted(toggler, np.arange(len(edges.a) + 1))
    found = np.zeros((len(rows), areas), np.bool_)
    for start in range(0, len(rows), 2000):
        progress.check()
        stop = start + 2000
        owner, place = expanded(first[start:stop], count[start:stop])
        owner, met = owner + start, edge[place]
        level = middle[owner, along]
        passes = (begins[met] <= level) & (ends[met] > level) & (met != rows[owner])
        owner, met, level = owner[passes], met[passes], level[passes]
        share = (level - a[met, along]) / (b[met, along] - a[met, along])
        at = a[met, across] + share * (b[met, across] - a[met, across])
        lower = at < middle[owner, across]
        ray, toggle = expanded(firsts[met[lower]], firsts[met[lower] + 1] - firsts[met[lower]])
        left = (owner[lower] - start)[ray] * areas + toggled[toggle]
        size = len(rows[start:stop])
        found[start:stop] = np.bincount(left, minlength=size * areas).reshape(size, areas) % 2 == 1
    return found


def _traced(start: Rows, end: Rows) -> list[Rows]:
    """The edges joined to rings; where several go on from a point, the one most to the right."""
    leaving: dict[tuple[int, int], list[int]] = {}
    points = _as_pairs(start)
    targets = _as_pairs(end)
    for number, point in enumerate(points):
        leaving.setdefault(point, []).append(number)
    angles = np.arctan2((end - start)[:, 1], (end - start)[:, 0])
    is_used = bytearray(len(points))
    rings: list[Rows] = []
    for first in range(len(points)):
        path: list[int] = []
        here: int | None = None if is_used[first] else first
        while here is not None:
            is_used[here] = 1
            path.append(here)
            onward = [edge for edge in leaving.get(targets[here], ()) if not is_used[edge]]
            if targets[here] == points[first] and (
                not onward or (len(path) > 1 and _closes(here, first, onward, angles))
            ):
                rings.append(start[path])
                break
            here = min(onward, key=lambda edge: _back(angles, path[-1], edge), default=None)
    return rings


def _as_pairs(points: Rows) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in points.tolist()]


def _back(angles: NDArray[np.float64], arriving: int, leaving: int) -> float:
    """How far (radians, anticlockwise on the screen) one turns from straight back to an edge: least is most right."""
    turned = (angles[arriving] + np.pi - angles[leaving]) % (2 * np.pi)
    return float(turned) or 2 * np.pi


def _closes(arriving: int, first: int, onward: list[int], angles: NDArray[np.float64]) -> bool:
    """Whether the first edge of a ring lies more to the right than all others that go on."""
    mine = _back(angles, arriving, first)
    return all(mine <= _back(angles, arriving, edge) for edge in onward)


def _polygons(rings: list[Rows], given: set[tuple[int, int]], plane: Plane) -> tuple[Polygon, ...]:
    """Rings put together: those around holes belong to the smallest piece that holds them."""
    cleaned = [ring for ring in (_without_needless(ring, given) for ring in rings) if len(ring) >= 3]
    areas = [_area(ring) for ring in cleaned]
    outer = [n for n, area in enumerate(areas) if area > 0]
    outer.sort(key=lambda n: areas[n])
    holes: dict[int, list[Rows]] = {n: [] for n in outer}
    for ring, area in zip(cleaned, areas, strict=True):
        if area < 0:
            x, y = ((ring[0] + ring[1]) / 2).tolist()
            place = next((n for n in outer if areas[n] > -area and is_within(cleaned[n], x, y)), None)
            if place is not None:
                holes[place].append(ring)
    order = sorted(outer, key=lambda n: -areas[n])
    return tuple(
        Polygon(plane, points_of(cleaned[n] / GRID), tuple(points_of(hole / GRID) for hole in holes[n])) for n in order
    )


def _without_needless(ring: Rows, given: set[tuple[int, int]]) -> Rows:
    """A ring without the points that only splitting put on its straight sides; nothing is left of slivers."""
    points = _as_pairs(ring)
    before, after = np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0)
    length = np.maximum(np.hypot(*(after - before).T.astype(np.float64)), 1.0)
    away = np.abs(turn(before, after, ring)) / length
    is_new = np.array([point not in given for point in points])
    kept = ring[~(is_new & (away <= 1.0) | (away == 0))]
    return kept if len(kept) >= 3 and abs(_area(kept)) > GRID else ring[:0]


def _area(ring: Rows) -> int:
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return int(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) // 2
