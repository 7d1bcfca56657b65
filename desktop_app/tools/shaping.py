"""How marks change their shape: handles of boxes, single points, moves. Pure; plane pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

from dataset.annotation import Box, Geometry, Point, Points, Polygon, Polyline, RotatedBox, WholeScan, bounds
from dataset.mask import Mask
from desktop_app.tools.box_handles import BoxHandle, box_points, resized, resized_turned, turned_points
from desktop_app.tools.vertices import point_moved, rings_with_points

Handle: TypeAlias = BoxHandle | Literal["turn"] | int
"""A handle of a box, the one that turns it, or the number of a point (see `vertices`)."""


def box_of(one: Point, other: Point, box: Box) -> Box:
    """The box of a plane between two corners in any order."""
    x0, x1 = sorted((one[0], other[0]))
    y0, y1 = sorted((one[1], other[1]))
    return replace(box, x=x0, y=y0, width=x1 - x0, height=y1 - y0)


def handle_points(geometry: Geometry) -> tuple[tuple[Handle, Point], ...]:
    """Where a selected mark can be taken: eight points of a box, the points of the rest.

    Where a rotated box is turned depends on the zoom: see `box_handles.turn_handle`.
    """
    if isinstance(geometry, Box):
        return box_points(geometry)
    if isinstance(geometry, RotatedBox):
        return turned_points(geometry)
    return tuple(enumerate(point for ring in rings_with_points(geometry) for point in ring))


def moved(geometry: Geometry, dx: float, dy: float) -> Geometry:
    """A mark moved by (dx, dy); masks and whole-scan labels stay where they are."""
    if isinstance(geometry, Mask | WholeScan):
        return geometry
    if isinstance(geometry, Box | RotatedBox):
        return replace(geometry, x=geometry.x + dx, y=geometry.y + dy)
    if isinstance(geometry, Polygon):
        holes = tuple(_shifted(hole, dx, dy) for hole in geometry.holes)
        return replace(geometry, exterior=_shifted(geometry.exterior, dx, dy), holes=holes)
    return replace(geometry, points=_shifted(geometry.points, dx, dy))


def reshaped(geometry: Geometry, handle: Handle, dx: float, dy: float) -> Geometry:
    """A mark with one handle moved by (dx, dy)."""
    if isinstance(geometry, Polygon | Polyline | Points):
        return point_moved(geometry, handle, dx, dy) if isinstance(handle, int) else geometry
    if isinstance(handle, int) or handle == "turn":
        return geometry
    if isinstance(geometry, Box):
        return resized(geometry, handle, dx, dy)
    return resized_turned(geometry, handle, dx, dy) if isinstance(geometry, RotatedBox) else geometry


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
