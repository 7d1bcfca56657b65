"""Outlines of masks: polygons along the pixels' edges, with holes and separate pieces kept. Exact, and its own inverse.

Only where a format asks for them: masks stay masks. Memory and time follow the length of the outline, not the area.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Point, Polygon
from dataset.mask import TILE, Mask, TileKey
from imaging.geometry import Plane

Edges = NDArray[np.int64]
"""Rows of x0, y0, x1, y1: unit steps with what is set on their right."""


def polygons_of(mask: Mask, plane: int) -> tuple[Polygon, ...]:
    """The pieces of a mask on one plane; pixels that touch only at a corner are pieces of their own."""
    edges = [_edges_of(mask, key) for key in mask.tiles if key.plane == plane]
    if not edges:
        return ()
    rings = _rings(np.concatenate(edges))
    outer = [ring for ring in rings if _area(ring) > 0]
    holes: list[list[tuple[Point, ...]]] = [[] for _ in outer]
    order = sorted(range(len(outer)), key=lambda number: _area(outer[number]))
    boxes = [(ring.min(axis=0), ring.max(axis=0)) for ring in outer]
    for ring in rings:
        if _area(ring) < 0:
            place = next((n for n in order if _holds(outer[n], boxes[n], ring)), None)
            if place is not None:
                holes[place].append(_points(ring))
    where = Plane(mask.axis, plane)
    return tuple(Polygon(where, _points(ring), tuple(inside)) for ring, inside in zip(outer, holes, strict=True))


def _edges_of(mask: Mask, key: TileKey) -> Edges:
    """The edges around the set pixels of a tile, seen with the rim of its neighbours."""
    left, top = key.column * TILE, key.row * TILE
    bits = mask.crop(key.plane, left - 1, top - 1, TILE + 2, TILE + 2)
    inside = bits[1:-1, 1:-1]
    found: list[Edges] = []
    # Clockwise as seen on the screen: along the top to the right, down the right side, back, and up.
    sides = (
        (bits[:-2, 1:-1], (0, 0, 1, 0)),
        (bits[1:-1, 2:], (1, 0, 1, 1)),
        (bits[2:, 1:-1], (1, 1, 0, 1)),
        (bits[1:-1, :-2], (0, 1, 0, 0)),
    )
    for neighbour, step in sides:
        rows, columns = np.nonzero(inside & ~neighbour)
        x, y = columns + left, rows + top
        found.append(np.stack([x + step[0], y + step[1], x + step[2], y + step[3]], axis=1).astype(np.int64))
    return np.concatenate(found)


def _rings(edges: Edges) -> list[Edges]:
    """The edges joined to closed rings, of their corners only."""
    width = int(edges[:, [0, 2]].max()) + 1
    starts, ends = edges[:, 1] * width + edges[:, 0], edges[:, 3] * width + edges[:, 2]
    order = np.argsort(starts, kind="stable")
    starts, ends, edges = starts[order], ends[order], edges[order]
    follow = np.searchsorted(starts, ends)
    second = np.minimum(follow + 1, len(starts) - 1)
    is_crossing = (starts[second] == ends) & (second != follow)
    # Where two pixels touch at a corner, turning right keeps them apart.
    step = edges[:, 2:] - edges[:, :2]
    turn = step[:, 0] * step[follow, 1] - step[:, 1] * step[follow, 0]
    follow = np.where(is_crossing & (turn < 0), second, follow)
    links, is_done = follow.tolist(), bytearray(len(follow))
    rings: list[Edges] = []
    for begin in range(len(links)):
        if is_done[begin]:
            continue
        path: list[int] = []
        here = begin
        while not is_done[here]:
            is_done[here] = 1
            path.append(here)
            here = links[here]
        taken, steps = edges[path, :2], step[path]
        is_corner = np.any(steps != np.roll(steps, 1, axis=0), axis=1)
        rings.append(taken[is_corner])
    return rings


def _area(ring: Edges) -> int:
    x, y = ring[:, 0], ring[:, 1]
    return int(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) // 2


def _holds(ring: Edges, box: tuple[Edges, Edges], hole: Edges) -> bool:
    """Whether a hole lies in a ring: a point just beside its first corner does."""
    if np.any(hole.min(axis=0) < box[0]) or np.any(hole.max(axis=0) > box[1]):
        return False
    x, y = hole[0, 0] + 0.25, hole[0, 1] + 0.5
    ax, ay = ring[:, 0], ring[:, 1]
    bx, by = np.roll(ax, -1), np.roll(ay, -1)
    crosses = (ax == bx) & (np.minimum(ay, by) < y) & (np.maximum(ay, by) > y) & (ax > x)
    return bool(np.count_nonzero(crosses) % 2)


def _points(ring: Edges) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in ring.tolist())
