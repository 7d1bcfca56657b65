"""Single points of outlines, lines and points: found by one number through all rings, moved, put in, taken out. Pure.

The points of a polygon are numbered through its outline and then its holes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dataset.annotation import Geometry, Point, Points, Polygon, Polyline
from desktop_app.tools.long_rings import nearest_edge

Jointed = Polygon | Polyline | Points
"""What is made of single points."""
LEAST_POINTS: dict[type, int] = {Polygon: 3, Polyline: 2, Points: 1}
"""No ring of a polygon, no line and no mark of points is left with fewer."""
Ring = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """The place on an outline that is nearest to the hand: the number a new point there has, and how far it is."""

    number: int
    point: Point
    distance: float
    """Screen pixels."""


def rings_with_points(geometry: Geometry) -> tuple[Ring, ...]:
    """The rings of a polygon, or the one line or list of points; nothing for what has no points."""
    if isinstance(geometry, Polygon):
        return (geometry.exterior, *geometry.holes)
    return (geometry.points,) if isinstance(geometry, Polyline | Points) else ()


def point_moved(geometry: Jointed, number: int, dx: float, dy: float) -> Jointed:
    """A geometry with one point moved by (dx, dy)."""
    which, place = _found(geometry, number)
    ring = rings_with_points(geometry)[which]
    x, y = ring[place]
    return _with_ring(geometry, which, (*ring[:place], (x + dx, y + dy), *ring[place + 1 :]))


def point_put_in(geometry: Jointed, edge: Edge) -> Jointed:
    """A geometry with one point more, where `nearest_on_edge` found it."""
    which, place = _found(geometry, edge.number - 1)
    ring = rings_with_points(geometry)[which]
    return _with_ring(geometry, which, (*ring[: place + 1], edge.point, *ring[place + 1 :]))


def point_taken_out(geometry: Jointed, number: int) -> Jointed | None:
    """A geometry with one point less; `None` where too few would be left."""
    which, place = _found(geometry, number)
    ring = rings_with_points(geometry)[which]
    if len(ring) <= LEAST_POINTS[type(geometry)]:
        return None
    return _with_ring(geometry, which, (*ring[:place], *ring[place + 1 :]))


def nearest_on_edge(geometry: Geometry, x: float, y: float, across: float, down: float) -> Edge | None:
    """The nearest place on the edges of a polygon or a line; `None` for what has none.

    `across` and `down` are the size of a screen pixel.
    """
    found: Edge | None = None
    first = 0
    for ring in rings_with_points(geometry) if isinstance(geometry, Polygon | Polyline) else ():
        if len(ring) > 1:
            place, point, distance = nearest_edge(ring, x, y, across, down, is_closed=isinstance(geometry, Polygon))
            if found is None or distance < found.distance:
                found = Edge(first + place + 1, point, distance)
        first += len(ring)
    return found


def _found(geometry: Jointed, number: int) -> tuple[int, int]:
    """Which ring a point is in, and its place there."""
    for which, ring in enumerate(rings_with_points(geometry)):
        if number < len(ring):
            return which, number
        number -= len(ring)
    raise IndexError(number)


def _with_ring(geometry: Jointed, which: int, ring: Ring) -> Jointed:
    if not isinstance(geometry, Polygon):
        return replace(geometry, points=ring)
    if which == 0:
        return replace(geometry, exterior=ring)
    return replace(geometry, holes=(*geometry.holes[: which - 1], ring, *geometry.holes[which:]))
