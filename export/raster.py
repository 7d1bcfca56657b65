"""Marks as pixels and as upright boxes of one plane, in the coordinates of `imaging.geometry`: (0, 0) is a corner."""

# pyright: reportUnknownVariableType=false

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Box, Geometry, Point, Polygon, Polyline, RotatedBox, bounds
from dataset.mask import Bits, Mask
from imaging.geometry import Plane

Extent = tuple[float, float, float, float]
"""x, y, width, height."""


def extent_on(geometry: Geometry, plane: Plane, width: int, height: int) -> Extent | None:
    """The box around a mark on a plane, cut to the plane; `None` for points, labels of the whole scan, and nothing."""
    if isinstance(geometry, Mask):
        found = geometry.bounds(plane.index) if geometry.axis == plane.axis else None
    elif isinstance(geometry, (Box, RotatedBox, Polygon, Polyline)):
        found = bounds(geometry) if geometry.plane == plane else None
    else:
        found = None
    return None if found is None else clipped(found, width, height)


def clipped(extent: Extent, width: int, height: int) -> Extent | None:
    """The part of a box on a plane of this size; `None` when nothing of it is."""
    x, y, across, down = extent
    x0, y0 = min(max(x, 0.0), width), min(max(y, 0.0), height)
    x1, y1 = min(max(x + across, 0.0), width), min(max(y + down, 0.0), height)
    return (x0, y0, x1 - x0, y1 - y0) if x1 > x0 and y1 > y0 else None


def touched_pixels(extent: Extent) -> tuple[int, int, int, int]:
    """The whole pixels that a box touches: x, y, width, height."""
    x, y, across, down = extent
    left, top = math.floor(x), math.floor(y)
    return left, top, math.ceil(x + across) - left, math.ceil(y + down) - top


def bits_on(geometry: Geometry, plane: Plane, width: int, height: int) -> Bits | None:
    """The pixels a mask, polygon or rotated box covers on a plane; `None` for other marks and where it covers none.

    An outline covers the pixels whose centres lie inside it and in none of its holes.
    """
    bits: Bits | None = None
    if isinstance(geometry, RotatedBox):
        geometry = geometry.outline()
    if isinstance(geometry, Mask) and geometry.axis == plane.axis:
        bits = geometry.crop(plane.index, 0, 0, width, height)
    elif isinstance(geometry, Polygon) and geometry.plane == plane:
        bits = _inside(geometry.exterior, width, height)
        for hole in geometry.holes:
            bits &= ~_inside(hole, width, height)
    return bits if bits is not None and bits.any() else None


def planes_of(geometry: Geometry) -> list[Plane]:
    """The planes a mark lies on; none for a label of the whole scan."""
    if isinstance(geometry, Mask):
        return [Plane(geometry.axis, index) for index in geometry.planes]
    plane = getattr(geometry, "plane", None)
    return [plane] if isinstance(plane, Plane) else []


def section(voxels: NDArray[Any], plane: Plane) -> NDArray[Any]:
    """A plane of a (planes, rows, columns[, 3]) array, as a view: (down, across[, 3])."""
    return cast("NDArray[Any]", np.moveaxis(voxels, plane.axis, 0)[plane.index])


def _inside(points: tuple[Point, ...], width: int, height: int) -> Bits:
    from skimage.draw import polygon

    bits = np.zeros((height, width), np.bool_)
    # Pixel centres are at whole numbers there, and half a pixel further here.
    down, across = polygon([y - 0.5 for _, y in points], [x - 0.5 for x, _ in points], (height, width))
    bits[down, across] = True
    return bits
