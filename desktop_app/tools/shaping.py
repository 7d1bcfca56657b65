"""How marks change their shape: eight handles of a box, vertices, moves. Pure; plane pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

from dataset.annotation import Box, Geometry, Point, Points, Polygon, Polyline, WholeScan, bounds
from dataset.mask import Mask

BoxHandle = Literal["nw", "n", "ne", "e", "se", "s", "sw", "w"]
Handle: TypeAlias = BoxHandle | int
"""A handle of a box, or the number of a vertex."""

BOX_HANDLES: tuple[BoxHandle, ...] = ("nw", "n", "ne", "e", "se", "s", "sw", "w")
LEAST = 1.0
"""A box is not resized below this many pixels."""


def box_of(one: Point, other: Point, box: Box) -> Box:
    """The box of a plane between two corners in any order."""
    x0, x1 = sorted((one[0], other[0]))
    y0, y1 = sorted((one[1], other[1]))
    return replace(box, x=x0, y=y0, width=x1 - x0, height=y1 - y0)


def handle_points(geometry: Geometry) -> tuple[tuple[Handle, Point], ...]:
    """Where a selected mark can be taken: eight points of a box, the vertices of the rest."""
    if isinstance(geometry, Box):
        x0, y0, x1, y1 = geometry.x, geometry.y, geometry.x + geometry.width, geometry.y + geometry.height
        xm, ym = (x0 + x1) / 2, (y0 + y1) / 2
        places = ((x0, y0), (xm, y0), (x1, y0), (x1, ym), (x1, y1), (xm, y1), (x0, y1), (x0, ym))
        return tuple(zip(BOX_HANDLES, places, strict=True))
    if isinstance(geometry, Polygon):
        return tuple(enumerate(geometry.exterior))
    return tuple(enumerate(geometry.points)) if isinstance(geometry, Polyline | Points) else ()


def resized(box: Box, handle: BoxHandle, dx: float, dy: float) -> Box:
    """A box with one handle moved by (dx, dy). Moved past the other side it turns over; its sizes stay positive."""
    x, width = _stretched(box.x, box.width, dx, low="w" in handle, high="e" in handle)
    y, height = _stretched(box.y, box.height, dy, low="n" in handle, high="s" in handle)
    return replace(box, x=x, y=y, width=width, height=height)


def _stretched(start: float, length: float, by: float, *, low: bool, high: bool) -> tuple[float, float]:
    """Start and length after moving the low or the high end."""
    if not (low or high):
        return start, length
    fixed, moved = (start + length, start + by) if low else (start, start + length + by)
    first, last = min(fixed, moved), max(fixed, moved)
    if last - first < LEAST:
        first, last = (fixed, fixed + LEAST) if moved >= fixed else (fixed - LEAST, fixed)
    return first, last - first


def moved(geometry: Geometry, dx: float, dy: float) -> Geometry:
    """A mark moved by (dx, dy); masks and whole-scan labels stay where they are."""
    if isinstance(geometry, Mask | WholeScan):
        return geometry
    if isinstance(geometry, Box):
        return replace(geometry, x=geometry.x + dx, y=geometry.y + dy)
    if isinstance(geometry, Polygon):
        holes = tuple(_shifted(hole, dx, dy) for hole in geometry.holes)
        return replace(geometry, exterior=_shifted(geometry.exterior, dx, dy), holes=holes)
    return replace(geometry, points=_shifted(geometry.points, dx, dy))


def reshaped(geometry: Geometry, handle: Handle, dx: float, dy: float) -> Geometry:
    """A mark with one handle moved by (dx, dy)."""
    if isinstance(geometry, Box) and isinstance(handle, str):
        return resized(geometry, handle, dx, dy)
    if isinstance(handle, str) or isinstance(geometry, Box | Mask | WholeScan):
        return geometry
    ring = geometry.exterior if isinstance(geometry, Polygon) else geometry.points
    x, y = ring[handle]
    changed = (*ring[:handle], (x + dx, y + dy), *ring[handle + 1 :])
    return replace(geometry, exterior=changed) if isinstance(geometry, Polygon) else replace(geometry, points=changed)


def _shifted(points: tuple[Point, ...], dx: float, dy: float) -> tuple[Point, ...]:
    return tuple((x + dx, y + dy) for x, y in points)


def kept_on(geometry: Geometry, dx: float, dy: float, across: int, down: int) -> tuple[float, float]:
    """The part of a move that leaves the middle of a mark on a plane of that size."""
    found = bounds(geometry)
    if found is None:
        return dx, dy
    x, y = found[0] + found[2] / 2, found[1] + found[3] / 2
    # A mark that already lies outside may be moved in, never further out.
    dx = min(max(dx, min(-x, 0.0)), max(across - x, 0.0))
    return dx, min(max(dy, min(-y, 0.0)), max(down - y, 0.0))


def clamped(x: float, y: float, across: int, down: int) -> Point:
    """The nearest point of a plane."""
    return min(max(x, 0.0), float(across)), min(max(y, 0.0), float(down))
