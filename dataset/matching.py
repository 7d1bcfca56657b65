"""Which marks of one reader are which of another: one to one, so that the likenesses add up to the most. Pure.

The likeness of two areas (boxes, turned boxes, polygons, masks) is their intersection over union (IoU). Points and
lines have no area: theirs falls from 1 where they coincide to 0.5 at `REACH` pixels apart. Only marks of one kind on
one plane are likened; masks are likened on all their planes. Pairs under the threshold are no pairs.

IoU is exact for boxes and masks. Polygons are painted on a grid of 128 cells along their longer side, which is right to
about 1 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Annotation, Box, Geometry, Point, Points, Polygon, Polyline, RotatedBox, WholeScan
from dataset.mask import Bits, Mask, Tile, TileKey, empty_mask
from imaging.geometry import Axis

REACH = 10.0
"""Pixels: points and lines that lie farther apart are not the same."""
SAME = 0.5
"""The usual threshold."""
GRID = 128
STEPS = 16
Match: TypeAlias = tuple[int, int, float]
"""Numbers of a mark of the one and of the other reader, and their likeness (threshold … 1)."""
Numbers: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.intp]
Pairs: TypeAlias = tuple[Rows, Rows]


def matches(a: Sequence[Annotation], b: Sequence[Annotation], threshold: float = SAME) -> list[Match]:
    """The pairs of marks, whatever their labels; sorted. Identical marks are paired first."""
    found = _identical(a, b)
    taken_a, taken_b = {i for i, _, _ in found}, {j for _, j, _ in found}
    places_a, places_b = _places(a, taken_a), _places(b, taken_b)
    for place in places_a.keys() & places_b.keys():
        mine, theirs = places_a[place], places_b[place]
        likeness = _liken([a[i].geometry for i in mine], [b[j].geometry for j in theirs], threshold)
        found += [(mine[i], theirs[j], value) for i, j, value in assigned(likeness)]
    return sorted(found)


def assigned(likeness: Iterable[Match]) -> list[Match]:
    """Of possible pairs those that make the greatest sum, each mark at most once (the Hungarian method)."""
    from scipy.optimize import linear_sum_assignment
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = list(likeness)
    if not pairs:
        return []
    rows, columns = (np.array([pair[k] for pair in pairs]) for k in (0, 1))
    count = int(rows.max()) + 1
    whole = count + int(columns.max()) + 1
    graph = coo_array((np.ones(len(pairs)), (rows, columns + count)), shape=(whole, whole))
    group_of = connected_components(graph, directed=False)[1][rows]
    groups: dict[int, list[Match]] = defaultdict(list)
    for group, pair in zip(group_of.tolist(), pairs, strict=True):
        groups[group].append(pair)
    chosen: list[Match] = []
    for group in groups.values():
        if len(group) == 1:
            chosen += group
            continue
        lines, stacks = sorted({i for i, _, _ in group}), sorted({j for _, j, _ in group})
        row_of, column_of = {i: n for n, i in enumerate(lines)}, {j: n for n, j in enumerate(stacks)}
        table = np.zeros((len(lines), len(stacks)))
        for i, j, value in group:
            table[row_of[i], column_of[j]] = value
        best = zip(*linear_sum_assignment(table, maximize=True), strict=True)
        chosen += [(lines[r], stacks[c], float(table[r, c])) for r, c in best if table[r, c] > 0]
    return sorted(chosen)


def _identical(a: Sequence[Annotation], b: Sequence[Annotation]) -> list[Match]:
    """Pairs of marks with the same label and the very same geometry."""
    where: dict[tuple[str, Geometry], list[int]] = defaultdict(list)
    for number in range(len(b) - 1, -1, -1):
        where[b[number].label, b[number].geometry].append(number)
    pairs: list[Match] = []
    for number, mark in enumerate(a):
        same = where.get((mark.label, mark.geometry))
        if same:
            pairs.append((number, same.pop(), 1.0))
    return pairs


def _places(marks: Sequence[Annotation], without: set[int]) -> dict[tuple[object, ...], list[int]]:
    """Numbers of marks by kind and plane: only these are likened."""
    found: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for number, mark in enumerate(marks):
        geometry = mark.geometry
        if number in without or isinstance(geometry, WholeScan):
            continue
        kind = type(geometry) if isinstance(geometry, Mask | Points | Polyline) else Polygon
        found[(kind,) if isinstance(geometry, Mask) else (kind, geometry.plane)].append(number)
    return found


def _liken(a: Sequence[Geometry], b: Sequence[Geometry], threshold: float) -> list[Match]:
    """All pairs of geometries of one kind and plane that reach the threshold."""
    if isinstance(a[0], Mask):
        return _alike_masks([m for m in a if isinstance(m, Mask)], [m for m in b if isinstance(m, Mask)], threshold)
    bounds_a, bounds_b = _bounds(a), _bounds(b)
    first, second = overlapping(bounds_a, bounds_b)
    likeness = np.zeros(0)
    if isinstance(a[0], Points | Polyline):
        values = [_nearness(a[int(i)], b[int(j)]) for i, j in zip(first, second, strict=True)]
        likeness = np.array(values)
    else:
        sizes_a, sizes_b = _areas(a), _areas(b)
        common = _common(bounds_a[first], bounds_b[second])
        # Two areas have no more in common than their bounds have, and no smaller union than the larger of them.
        may = common >= threshold * np.maximum(np.maximum(sizes_a[first], sizes_b[second]), 1e-12)
        first, second, common = first[may], second[may], common[may]
        likeness = common / np.maximum(sizes_a[first] + sizes_b[second] - common, 1e-12)
        plain_a, plain_b = (np.array([isinstance(g, Box) for g in items]) for items in (a, b))
        shapes_a, shapes_b = _Shapes(a), _Shapes(b)
        for k in map(int, np.flatnonzero(~(plain_a[first] & plain_b[second]))):
            likeness[k] = _painted_iou(shapes_a.rings(int(first[k])), shapes_b.rings(int(second[k])))
    good = likeness >= threshold if len(likeness) else np.zeros(0, np.bool_)
    return list(zip(first[good].tolist(), second[good].tolist(), likeness[good].tolist(), strict=True))


def overlapping(a: Numbers, b: Numbers) -> Pairs:
    """Numbers of the rectangles (n, 4: left, top, right, bottom) that may touch; sizes are looked at in octaves."""
    from scipy.spatial import cKDTree

    rows: list[Rows] = [np.zeros(0, np.intp)]
    columns: list[Rows] = [np.zeros(0, np.intp)]
    centres = (a[:, :2] + a[:, 2:]) / 2
    side_a, side_b = ((r[:, 2:] - r[:, :2]).max(axis=1, initial=0.0) for r in (a, b))
    octaves = np.ceil(np.log2(np.maximum(side_b, 1.0)))
    for octave in np.unique(octaves):
        members = np.flatnonzero(octaves == octave)
        tree = cKDTree((b[members, :2] + b[members, 2:]) / 2)
        reach: Numbers = (side_a + 2.0**octave) / 2
        near = cast("list[list[int]]", tree.query_ball_point(centres, reach, p=np.inf))
        counts = np.fromiter(map(len, near), np.intp, len(near))
        rows.append(np.repeat(np.arange(len(a)), counts))
        columns.append(members[np.fromiter((j for found in near for j in found), np.intp, int(counts.sum()))])
    first, second = np.concatenate(rows), np.concatenate(columns)
    touching = (a[first, :2] <= b[second, 2:]).all(axis=1) & (b[second, :2] <= a[first, 2:]).all(axis=1)
    return first[touching], second[touching]


def _bounds(geometries: Sequence[Geometry]) -> Numbers:
    out = np.zeros((len(geometries), 4))
    for row, geometry in enumerate(geometries):
        if isinstance(geometry, Box):
            out[row] = (geometry.x, geometry.y, geometry.x + geometry.width, geometry.y + geometry.height)
            continue
        points = np.array(_points(geometry) or [(0.0, 0.0)])
        around = REACH if isinstance(geometry, Points | Polyline) else 0.0
        out[row, :2], out[row, 2:] = points.min(axis=0) - around, points.max(axis=0) + around
    return out


def _points(geometry: Geometry) -> Sequence[Point]:
    if isinstance(geometry, Points | Polyline):
        return geometry.points
    return _rings(geometry)[0]


def _rings(geometry: Geometry) -> tuple[tuple[Point, ...], ...]:
    """The outline of an area and its holes."""
    if isinstance(geometry, Box):
        x, y, right, bottom = geometry.x, geometry.y, geometry.x + geometry.width, geometry.y + geometry.height
        return (((x, y), (right, y), (right, bottom), (x, bottom)),)
    if isinstance(geometry, RotatedBox):
        return (geometry.corners(),)
    return (geometry.exterior, *geometry.holes) if isinstance(geometry, Polygon) else ((),)


def _areas(geometries: Sequence[Geometry]) -> Numbers:
    def area(ring: tuple[Point, ...]) -> float:
        if len(ring) < 3:
            return 0.0
        x, y = np.array(ring).T
        return abs(float(x[:-1] @ y[1:] - y[:-1] @ x[1:] + x[-1] * y[0] - y[-1] * x[0])) / 2

    found: list[float] = []
    for geometry in geometries:
        if isinstance(geometry, Box | RotatedBox):
            found.append(geometry.width * geometry.height)
        else:
            outer, *holes = map(area, _rings(geometry))
            found.append(max(outer - sum(holes), 0.0))
    return np.array(found)


def _common(a: Numbers, b: Numbers) -> Numbers:
    """The area that rectangles have in common."""
    sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    return np.maximum(sides, 0.0).prod(axis=1)


def iou(a: Geometry, b: Geometry) -> float:
    """Intersection over union of two outlines on one plane, to about 1 % (0 where neither has an area)."""
    return _painted_iou(_Shapes((a,)).rings(0), _Shapes((b,)).rings(0))


class _Shapes:
    """The rings of areas as arrays, each made once."""

    def __init__(self, geometries: Sequence[Geometry]) -> None:
        self._geometries = geometries
        self._made: dict[int, list[Numbers]] = {}

    def rings(self, number: int) -> list[Numbers]:
        """The outline and the holes of an area: (n, 2) each."""
        made = self._made.get(number)
        if made is None:
            made = self._made[number] = [np.array(ring) for ring in _rings(self._geometries[number]) if ring]
        return made


def _painted_iou(a: list[Numbers], b: list[Numbers]) -> float:
    import cv2

    if not a or not b:
        return 0.0
    corner = np.minimum(a[0].min(axis=0), b[0].min(axis=0))
    side = float((np.maximum(a[0].max(axis=0), b[0].max(axis=0)) - corner).max())
    if side <= 0:
        return 0.0
    grid, other = np.zeros((2, GRID, GRID), np.uint8)
    # In 1/256 of a cell; a cell counts where its centre is inside.
    scale, shift = GRID / side * 256, corner * (GRID / side * 256) + 128.0
    for rings, target in ((a, grid), (b, other)):
        cv2.fillPoly(target, [(ring * scale - shift).round().astype(np.int32) for ring in rings], (1,), shift=8)
    areas = cv2.countNonZero(grid) + cv2.countNonZero(other)
    common = cv2.countNonZero(cv2.bitwise_and(grid, other))
    return common / (areas - common) if areas > common else float(common > 0)


def _nearness(a: Geometry, b: Geometry) -> float:
    """1 where points or lines coincide, 0.5 at `REACH`, 0 at twice that; points are paired one to one."""
    if isinstance(a, Points) and isinstance(b, Points):
        if not a.points or not b.points:
            return 0.0
        table = _near(np.array(a.points), np.array(b.points))
        pairs = [(int(i), int(j), float(table[i, j])) for i, j in zip(*np.nonzero(table), strict=True)]
        return sum(value for _, _, value in assigned(pairs)) / max(len(a.points), len(b.points))
    if isinstance(a, Polyline) and isinstance(b, Polyline):
        one, other = _steps(a.points), _steps(b.points)
        apart = min(float(np.hypot(*(one - way).T).mean()) for way in (other, other[::-1]))
        return max(1.0 - apart / (2 * REACH), 0.0)
    return 0.0


def _near(a: Numbers, b: Numbers) -> Numbers:
    apart = np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1))
    return np.maximum(1.0 - apart / (2 * REACH), 0.0)


def _steps(points: Sequence[Point]) -> Numbers:
    """Points at equal steps along a line."""
    line = np.array(points or ((0.0, 0.0),))
    along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))))
    wanted: Numbers = np.linspace(0.0, float(along[-1]), STEPS)
    ways: list[Numbers] = [np.interp(wanted, along, line[:, k]) for k in (0, 1)]
    return np.stack(ways, axis=1)


def _alike_masks(a: Sequence[Mask], b: Sequence[Mask], threshold: float) -> list[Match]:
    found: list[Match] = []
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            mine, theirs, common = overlap([one], [other])
            if common and common >= threshold * (mine + theirs - common):
                found.append((i, j, common / (mine + theirs - common)))
    return found


def overlap(a: Iterable[Mask], b: Iterable[Mask]) -> tuple[int, int, int]:
    """Pixels that are set in any mask of the one, in any of the other, and in both; tile by tile."""
    mine, theirs = list(a), list(b)
    axis = mine[0].axis if mine else theirs[0].axis if theirs else 0
    one, other = (_together([_along(mask, axis) for mask in masks]) for masks in (mine, theirs))
    common = sum(_shared(tiles, other[key]) for key, tiles in one.items() if key in other)
    return _count(one), _count(other), common


def _along(mask: Mask, axis: Axis) -> Mask:
    """The same pixels on the planes of another axis."""
    if mask.axis == axis:
        return mask
    turned = empty_mask(axis)
    for index in mask.planes_along(axis):
        seen = mask.section(axis, index)
        if seen is not None:
            turned = turned.painted(index, *seen, value=True)
    return turned


def _together(masks: Sequence[Mask]) -> dict[TileKey, list[Tile]]:
    found: dict[TileKey, list[Tile]] = defaultdict(list)
    for mask in masks:
        for key, tile in mask.tiles.items():
            found[key].append(tile)
    return found


def _full(tiles: Sequence[Tile]) -> Bits:
    out = tiles[0].full()
    for tile in tiles[1:]:
        out |= tile.full()
    return out


def _count(places: Mapping[TileKey, Sequence[Tile]]) -> int:
    return sum(int(np.count_nonzero(tiles[0].bits if len(tiles) == 1 else _full(tiles))) for tiles in places.values())


def _shared(a: Sequence[Tile], b: Sequence[Tile]) -> int:
    """Pixels of one tile that both have; two whole tiles are seen at once."""
    if len(a) == len(b) == 1:
        if a[0] is b[0]:
            return int(np.count_nonzero(a[0].bits))
        x0, y0 = max(a[0].x, b[0].x), max(a[0].y, b[0].y)
        x1, y1 = (min(t.x + t.bits.shape[1] for t in (a[0], b[0])), min(t.y + t.bits.shape[0] for t in (a[0], b[0])))
        if x0 >= x1 or y0 >= y1:
            return 0
        one, other = (t.bits[y0 - t.y : y1 - t.y, x0 - t.x : x1 - t.x] for t in (a[0], b[0]))
        return int(np.count_nonzero(one & other))
    return int(np.count_nonzero(_full(a) & _full(b)))
