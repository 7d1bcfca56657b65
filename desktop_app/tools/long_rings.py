"""Rings of very many points as arrays, kept while they are asked for again. Pure; plane pixels."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Geometry, Point, Polygon, Polyline, bounds

LONG = 256
"""From so many points on an array is quicker."""
MOST_KEPT = 32

_kept: OrderedDict[int, tuple[tuple[Point, ...], NDArray[np.float64]]] = OrderedDict()
"""By the identity of the points, which the entry keeps alive. Main thread only."""


def points_of(ring: tuple[Point, ...]) -> NDArray[np.float64]:
    """The points of a ring, (n, 2); not to be written to."""
    kept = _kept.get(id(ring))
    if kept is None:
        flat = np.fromiter((value for point in ring for value in point), np.float64, 2 * len(ring))
        kept = _kept[id(ring)] = (ring, flat.reshape(-1, 2))
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    else:
        _kept.move_to_end(id(ring))
    return kept[1]


def rings_of(geometry: Geometry) -> tuple[tuple[Point, ...], ...]:
    """The rings or the line of a geometry; nothing for one without."""
    if isinstance(geometry, Polygon):
        return (geometry.exterior, *geometry.holes)
    return (geometry.points,) if isinstance(geometry, Polyline) else ()


def is_long(geometry: Geometry) -> bool:
    """Whether a geometry has a ring of very many points."""
    return any(len(ring) >= LONG for ring in rings_of(geometry))


def bounds_of(geometry: Geometry) -> tuple[float, float, float, float] | None:
    """As `dataset.annotation.bounds`, quicker where there are very many points."""
    rings = rings_of(geometry)
    if not rings or len(rings[0]) < LONG:
        return bounds(geometry)
    points = points_of(rings[0])
    (x0, y0), (x1, y1) = points.min(0).tolist(), points.max(0).tolist()
    return x0, y0, x1 - x0, y1 - y0


def nearest_point(ring: tuple[Point, ...], x: float, y: float, across: float, down: float) -> tuple[int, float]:
    """The number of the point of a ring that is nearest, and how far in screen pixels (of the size across, down)."""
    points = points_of(ring)
    far = np.hypot((points[:, 0] - x) / across, (points[:, 1] - y) / down)
    number = int(far.argmin())
    return number, float(far[number])


def to_line(ring: tuple[Point, ...], x: float, y: float, across: float, down: float, *, is_closed: bool) -> float:
    """Screen pixels from a place to a line."""
    return nearest_edge(ring, x, y, across, down, is_closed=is_closed)[2] if len(ring) > 1 else float("inf")


def nearest_edge(
    ring: tuple[Point, ...], x: float, y: float, across: float, down: float, *, is_closed: bool
) -> tuple[int, Point, float]:
    """The place on a line of at least two points that is nearest: after which point, where, how many screen pixels."""
    points = (points_of(ring) - (x, y)) / (across, down)
    if is_closed:
        points = np.concatenate((points, points[:1]))
    starts, ways = points[:-1], np.diff(points, axis=0)
    lengths = (ways * ways).sum(1)
    share = np.clip(-(starts * ways).sum(1) / np.where(lengths > 0, lengths, 1.0), 0.0, 1.0)
    nearest = starts + share[:, None] * ways
    far = (nearest * nearest).sum(1)
    place = int(far.argmin())
    u, v = nearest[place].tolist()
    return place, (x + u * across, y + v * down), float(np.sqrt(far[place]))


def is_inside(ring: tuple[Point, ...], x: float, y: float) -> bool:
    """Whether a place lies in a closed ring (even-odd)."""
    points = points_of(ring)
    ax, ay = points[:, 0], points[:, 1]
    bx, by = np.roll(ax, -1), np.roll(ay, -1)
    crosses = (ay > y) != (by > y)
    at = (bx[crosses] - ax[crosses]) * (y - ay[crosses]) / (by[crosses] - ay[crosses]) + ax[crosses]
    return bool((x < at).sum() % 2)
