"""What a mark measures: area, length, count; and how many marks lie in a region. Pure; numbers are exact.

Lengths in µm and areas in mm² need the spacing; where it is unknown they are `None`, never guessed. Pixels need not be
square: lengths are taken along each axis with its own spacing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import (
    Annotation,
    Box,
    Geometry,
    Point,
    Points,
    Polygon,
    Polyline,
    Proposal,
    RotatedBox,
    WholeScan,
    bounds,
    geometry_plane,
)
from dataset.mask import TILE, Mask, TileKey
from imaging.geometry import Axis
from imaging.scan import Spacing

Pixel = tuple[float, float]
"""Millimetres across and down of one pixel."""
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a mark measures. `None`: it has no such measure, or the spacing is unknown."""

    area_px: float | None = None
    area_mm2: float | None = None
    perimeter_px: float | None = None
    """Length of all its rims, those of holes too."""
    perimeter_um: float | None = None
    length_px: float | None = None
    length_um: float | None = None
    count: int = 1
    """How many points it has; 1 for other marks."""
    volume_mm3: float | None = None
    """Of a mask on several planes."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Marks whose centre lies in a region."""

    area_mm2: float | None
    """The region's."""
    counts: Mapping[str, int]
    """By label id."""
    per_mm2: Mapping[str, float]
    """Density by label id; empty where the spacing is unknown."""


def measure(geometry: Geometry, spacing_mm: Spacing) -> Measured:
    """What a mark measures on a scan of this spacing (along i, j, k)."""
    if isinstance(geometry, WholeScan):
        return Measured(count=0)
    if isinstance(geometry, Mask):
        return _of_mask(geometry, spacing_mm)
    pixel = pixel_size(spacing_mm, geometry.plane.axis)
    if isinstance(geometry, Points):
        return Measured(count=len(geometry.points))
    if isinstance(geometry, Polyline):
        return Measured(
            length_px=_length(geometry.points, (1.0, 1.0), is_closed=False),
            length_um=None if pixel is None else 1000 * _length(geometry.points, pixel, is_closed=False),
        )
    if isinstance(geometry, Box):
        x, y, width, height = geometry.x, geometry.y, geometry.width, geometry.height
        rings: Sequence[Sequence[Point]] = [[(x, y), (x + width, y), (x + width, y + height), (x, y + height)]]
        area = width * height
    elif isinstance(geometry, RotatedBox):
        rings, area = [geometry.corners()], geometry.width * geometry.height
    else:
        rings = [geometry.exterior, *geometry.holes]
        area = max(_area(rings[0]) - sum(map(_area, rings[1:])), 0.0)
    return _closed(area, rings, pixel)


def pixel_size(spacing_mm: Spacing, axis: Axis) -> Pixel | None:
    """Millimetres across and down of a pixel of the planes of an axis; `None` where either is unknown."""
    i, j, k = spacing_mm
    across, down = {0: (i, j), 1: (i, k), 2: (j, k)}[axis]
    return None if not across or not down else (across, down)


@dataclass(frozen=True, slots=True)
class Centres:
    """Where marks count, made once for many questions (`centres_of`)."""

    labels: tuple[str, ...]
    geometries: tuple[Geometry, ...]
    planes: NDArray[np.int64]
    """(n, 2): axis and index."""
    points: Numbers
    """(n, 2): x and y."""


def centres_of(marks: Iterable[Annotation | Proposal]) -> Centres:
    """The centre of each mark's box, on each of its planes; of a mark of points each point by itself."""
    labels: list[str] = []
    geometries: list[Geometry] = []
    planes: list[tuple[int, int]] = []
    points: list[Point] = []
    for mark in marks:
        geometry = mark.geometry
        for plane, place in _centres(geometry):
            labels.append(mark.label)
            geometries.append(geometry)
            planes.append(plane)
            points.append(place)
    where = np.array(planes, np.int64).reshape(-1, 2)
    return Centres(tuple(labels), tuple(geometries), where, np.array(points, np.float64).reshape(-1, 2))


def count_within(marks: Iterable[Annotation | Proposal] | Centres, region: Geometry, spacing_mm: Spacing) -> Counted:
    """How many marks of each label have their centre in a region (polygon, box, or the first plane of a mask).

    The mark whose geometry the region is does not count. Of very many marks, hand over `centres_of` them.
    """
    centres = marks if isinstance(marks, Centres) else centres_of(marks)
    plane = geometry_plane(region)
    chosen = np.zeros(len(centres.labels), np.bool_)
    if plane is not None and len(chosen):
        on_plane = np.flatnonzero(np.all(centres.planes == (plane.axis, plane.index), axis=1))
        chosen[on_plane[inside_of(region, centres.points[on_plane])]] = True
    rows = [row for row in np.flatnonzero(chosen).tolist() if centres.geometries[row] is not region]
    counts = dict(sorted(Counter(centres.labels[row] for row in rows).items()))
    area = measure(region, spacing_mm).area_mm2
    return Counted(area, counts, {name: number / area for name, number in counts.items()} if area else {})


def inside_of(region: Geometry, points: Numbers) -> NDArray[np.bool_]:
    """Which of (n, 2) points lie in a region: a polygon without its holes, a box of either kind, or a mask's pixels."""
    if isinstance(region, Box):
        low, high = (region.x, region.y), (region.x + region.width, region.y + region.height)
        return np.all((points >= low) & (points < high), axis=1)
    if isinstance(region, Mask):
        return _inside_mask(region, points)
    if isinstance(region, RotatedBox):
        return _inside_ring(region.corners(), points)
    if not isinstance(region, Polygon):
        return np.zeros(len(points), np.bool_)
    inside = _inside_ring(region.exterior, points)
    for hole in region.holes:
        inside &= ~_inside_ring(hole, points)
    return inside


def _closed(area: float, rings: Sequence[Sequence[Point]], pixel: Pixel | None) -> Measured:
    rim = sum(_length(ring, (1.0, 1.0), is_closed=True) for ring in rings)
    if pixel is None:
        return Measured(area, None, rim)
    rim_mm = sum(_length(ring, pixel, is_closed=True) for ring in rings)
    return Measured(area, area * pixel[0] * pixel[1], rim, 1000 * rim_mm)


def _area(ring: Sequence[Point]) -> float:
    if len(ring) < 3:
        return 0.0
    at = np.array(ring, np.float64)
    # Far from the origin the products would lose the last digits.
    x, y = (at - at[0]).T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(np.roll(x, -1), y))) / 2


def _length(points: Sequence[Point], pixel: Pixel, *, is_closed: bool) -> float:
    if len(points) < 2:
        return 0.0
    at = np.array(points, np.float64) * pixel
    steps = np.roll(at, -1, axis=0) - at if is_closed else np.diff(at, axis=0)
    return float(np.hypot(steps[:, 0], steps[:, 1]).sum())


def _of_mask(mask: Mask, spacing_mm: Spacing) -> Measured:
    """A mask's pixels, and the length of the edges around them."""
    pixel, area = pixel_size(spacing_mm, mask.axis), float(mask.count())
    across, down = _rim(mask)
    step = spacing_mm[{0: 2, 1: 1, 2: 0}[mask.axis]]
    if pixel is None:
        return Measured(area, None, float(across + down))
    flat = area * pixel[0] * pixel[1]
    volume = flat * step if step and len(mask.planes) > 1 else None
    return Measured(area, flat, float(across + down), 1000 * (across * pixel[0] + down * pixel[1]), volume_mm3=volume)


def _rim(mask: Mask) -> tuple[int, int]:
    """How many pixel edges of a mask's rim run across and down."""
    across = down = 0
    for key, tile in mask.tiles.items():
        bits = np.pad(tile.full(), 1)
        below = mask.tiles.get(TileKey(key.plane, key.row + 1, key.column))
        above = mask.tiles.get(TileKey(key.plane, key.row - 1, key.column))
        right = mask.tiles.get(TileKey(key.plane, key.row, key.column + 1))
        left = mask.tiles.get(TileKey(key.plane, key.row, key.column - 1))
        bits[-1, 1:-1] = below.full()[0] if below else False
        bits[0, 1:-1] = above.full()[-1] if above else False
        bits[1:-1, -1] = right.full()[:, 0] if right else False
        bits[1:-1, 0] = left.full()[:, -1] if left else False
        inside = bits[1:-1, 1:-1]
        across += int(np.count_nonzero(inside & ~bits[:-2, 1:-1])) + int(np.count_nonzero(inside & ~bits[2:, 1:-1]))
        down += int(np.count_nonzero(inside & ~bits[1:-1, :-2])) + int(np.count_nonzero(inside & ~bits[1:-1, 2:]))
    return across, down


def _centres(geometry: Geometry) -> Iterable[tuple[tuple[int, int], Point]]:
    """Plane (axis, index) and place of each thing that a mark counts for."""
    if isinstance(geometry, WholeScan):
        return ()
    if isinstance(geometry, Mask):
        boxes = ((plane, geometry.bounds(plane)) for plane in geometry.planes)
        return [((geometry.axis, plane), _middle(*box)) for plane, box in boxes if box is not None]
    plane = geometry.plane.axis, geometry.plane.index
    if isinstance(geometry, Points):
        return [(plane, point) for point in geometry.points]
    box = bounds(geometry)
    return () if box is None else ((plane, _middle(*box)),)


def _middle(x: float, y: float, width: float, height: float) -> Point:
    return x + width / 2, y + height / 2


def _inside_ring(ring: Sequence[Point], points: Numbers) -> NDArray[np.bool_]:
    """Even-odd rule. Points are sorted by y once, so that each edge looks only at those between its ends."""
    inside = np.zeros(len(points), np.bool_)
    if len(ring) < 3 or not len(points):
        return inside
    order = np.argsort(points[:, 1], kind="stable")
    x, y = points[order, 0], points[order, 1]
    at = np.array(ring, np.float64)
    to = np.roll(at, -1, axis=0)
    low, high = np.minimum(at[:, 1], to[:, 1]), np.maximum(at[:, 1], to[:, 1])
    first, last = np.searchsorted(y, low, "left"), np.searchsorted(y, high, "left")
    flips = np.zeros(len(points), np.bool_)
    for edge in np.flatnonzero(last > first).tolist():
        part = slice(first[edge], last[edge])
        (ax, ay), (bx, by) = at[edge], to[edge]
        flips[part] ^= x[part] < ax + (y[part] - ay) * (bx - ax) / (by - ay)
    inside[order] = flips
    return inside


def _inside_mask(mask: Mask, points: Numbers) -> NDArray[np.bool_]:
    pixels = np.floor(points).astype(np.int64)
    inside = np.zeros(len(points), np.bool_)
    planes = mask.planes
    if not planes or not len(points):
        return inside
    tiles = pixels // TILE
    places, back = np.unique(tiles, axis=0, return_inverse=True)
    order = np.argsort(back.ravel(), kind="stable")
    starts = np.searchsorted(back.ravel()[order], np.arange(len(places) + 1))
    for number, (column, row) in enumerate(places.tolist()):
        tile = mask.tiles.get(TileKey(planes[0], row, column))
        if tile is not None:
            here = order[starts[number] : starts[number + 1]]
            x, y = pixels[here].T - np.array([[column * TILE], [row * TILE]])
            inside[here] = tile.full()[y, x]
    return inside
