"""Where the crosshair of a volume stands, and the planes through it. Pure.

A position is (x, y, z) in voxels along columns, rows and planes, corner convention as on planes: (0, 0, 0) is the
outer corner of the first voxel, whose middle is (0.5, 0.5, 0.5).
"""

from __future__ import annotations

import math
from typing import TypeAlias

from imaging.geometry import Axis, Plane, Size

Position: TypeAlias = tuple[float, float, float]

AXES: tuple[Axis, Axis, Axis] = (0, 1, 2)
FIRST: Position = (0.5, 0.5, 0.5)


def across(position: Position, axis: Axis) -> float:
    """The coordinate of a position that the planes of an axis are counted along."""
    return position[2 - axis]


def plane_at(position: Position, axis: Axis) -> Plane:
    """The plane of an axis that a position lies in."""
    return Plane(axis, math.floor(position[2 - axis]))


def point_at(position: Position, axis: Axis) -> tuple[float, float]:
    """Where a position is seen on the planes of an axis (corner convention)."""
    x, y, z = position
    return (x, y) if axis == 0 else (x, z) if axis == 1 else (y, z)


def on_plane(position: Position, plane: Plane) -> Position:
    """The position moved straight to a plane: to the middle of its voxels, unless it lies in it already."""
    if plane_at(position, plane.axis) == plane:
        return position
    middle = plane.index + 0.5
    x, y, z = position
    return (x, y, middle) if plane.axis == 0 else (x, middle, z) if plane.axis == 1 else (middle, y, z)


def at_point(position: Position, plane: Plane, x: float, y: float) -> Position:
    """The position of a point of a plane; as deep in the plane as the one before where that lay in it."""
    deep = on_plane(position, plane)[2 - plane.axis]
    return (x, y, deep) if plane.axis == 0 else (x, deep, y) if plane.axis == 1 else (deep, x, y)


def inside(position: Position, size: Size) -> Position:
    """The nearest position in a voxel of the scan."""
    x, y, z = (
        min(max(value, 0.0), math.nextafter(float(count), 0.0)) if count else 0.0
        for value, count in zip(position, (size.columns, size.rows, size.planes), strict=True)
    )
    return x, y, z


def middle_of(size: Size) -> Position:
    """The position in the middle of a scan: in the middle of a voxel."""
    return size.columns // 2 + 0.5, size.rows // 2 + 0.5, size.planes // 2 + 0.5
