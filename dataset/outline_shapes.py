"""Outlines made simpler or smoother, and filled to masks. Pure; pixels of a plane, holes kept."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Box, Point, Polygon, Polyline, RotatedBox
from dataset.mask import TILE, Bits, Mask, Tile, TileKey, tile_of
from dataset.outline_pairs import expanded, is_within, meetings
from imaging.progress import Progress

Ring = NDArray[np.float64]
Area: TypeAlias = Polygon | Box | RotatedBox
Line = TypeVar("Line", Polygon, Polyline)
TRIES = 8
ROUNDS = 2
SMOOTH_TO = 0.02
"""After smoothing, points that carry less than so many pixels are dropped."""


def rings_of(area: Area) -> tuple[Ring, ...]:
    """The outline of an area and its holes, as (n, 2) arrays."""
    if isinstance(area, Box):
        x, y, right, bottom = area.x, area.y, area.x + area.width, area.y + area.height
        return (np.array([(x, y), (right, y), (right, bottom), (x, bottom)], np.float64),)
    rings = (area.corners(),) if isinstance(area, RotatedBox) else (area.exterior, *area.holes)
    return tuple(np.array(ring, np.float64).reshape(-1, 2) for ring in rings)


def simplified(line: Line, tolerance: float) -> Line:
    """A line or outline with fewer points: none that is left out lies further than `tolerance` from what is left.

    Douglas and Peucker (Cartographica 10, 1973). Outlines keep three points and their holes; where outlines would meet
    themselves or each other more often than before, less is left out.
    """
    rings, closed = _rings(line), isinstance(line, Polygon)
    before = meetings(rings, closed=closed)
    for attempt in range(TRIES):
        made = [ring[_needed(ring, tolerance / 2**attempt, closed=closed)] for ring in rings]
        if _is_no_worse(rings, made, before, closed=closed):
            return _with(line, made)
    return line


def smoothed(polygon: Polygon) -> Polygon:
    """An outline whose corners are cut twice (Chaikin, 1974); as it was where it would meet itself more often."""
    rings = _rings(polygon)
    made: list[Ring] = []
    for old in rings:
        ring = old
        for _ in range(ROUNDS if len(ring) > 2 else 0):
            following = np.roll(ring, -1, axis=0)
            ring = np.stack([0.75 * ring + 0.25 * following, 0.25 * ring + 0.75 * following], axis=1).reshape(-1, 2)
        made.append(ring[_needed(ring, SMOOTH_TO, closed=True)])
    is_fine = _is_no_worse(rings, made, meetings(rings), closed=True)
    return _with(polygon, made) if is_fine else polygon


def _rings(line: Polygon | Polyline) -> list[Ring]:
    if isinstance(line, Polygon):
        return list(rings_of(line))
    return [np.array(line.points, np.float64).reshape(-1, 2)]


def _with(line: Line, rings: Sequence[Ring]) -> Line:
    made = [points_of(ring) for ring in rings]
    if isinstance(line, Polygon):
        return replace(line, exterior=made[0], holes=tuple(made[1:]))
    return replace(line, points=made[0])


def points_of(ring: Ring) -> tuple[Point, ...]:
    """The points of an (n, 2) array."""
    return tuple((float(x), float(y)) for x, y in ring.tolist())


def _is_no_worse(old: list[Ring], new: list[Ring], before: int, *, closed: bool) -> bool:
    """Whether outlines meet no more often than before, and holes that were within are so still."""
    for was, hole in zip(old[1:], new[1:], strict=True):
        if len(was) and is_within(old[0], *was[0]) and not is_within(new[0], *hole[0]):
            return False
    return meetings(new, closed=closed) <= before


def _needed(points: Ring, tolerance: float, *, closed: bool) -> NDArray[np.bool_]:
    """Which points stay."""
    count = len(points)
    keep = np.zeros(count, np.bool_)
    if count <= (3 if closed else 2):
        keep[:] = True
        return keep
    if not closed:
        _split(points, 0, count - 1, tolerance, keep)
        return keep
    # A ring is cut at the point farthest from its middle, which is a corner, and at the one farthest from that.
    begin = int(np.argmax(np.sum((points - points.mean(axis=0)) ** 2, axis=1)))
    round_ = np.concatenate([np.roll(points, -begin, axis=0), points[begin : begin + 1]])
    far = int(np.argmax(np.sum((round_ - round_[0]) ** 2, axis=1)))
    kept = np.zeros(count + 1, np.bool_)
    if far == 0:
        kept[:3] = True  # all in one place
    else:
        _split(round_, 0, far, tolerance, kept)
        _split(round_, far, count, tolerance, kept)
        kept[count] = False
        if np.count_nonzero(kept) < 3:
            away = _away(round_[:count], round_[0], round_[far])
            away[kept[:count]] = -1.0
            kept[int(np.argmax(away))] = True
    keep[(np.flatnonzero(kept[:count]) + begin) % count] = True
    return keep


def _split(points: Ring, first: int, last: int, tolerance: float, keep: NDArray[np.bool_]) -> None:
    """Mark the points of an open line that are needed."""
    keep[[first, last]] = True
    waiting = [(first, last)]
    while waiting:
        start, end = waiting.pop()
        if end - start < 2:
            continue
        away = _away(points[start + 1 : end], points[start], points[end])
        worst = int(np.argmax(away))
        if away[worst] > tolerance * tolerance:
            middle = start + 1 + worst
            keep[middle] = True
            waiting += [(start, middle), (middle, end)]


def _away(points: Ring, a: Ring, b: Ring) -> Ring:
    """Squared distances of points to the segment from a to b."""
    step = b - a
    length = float(step @ step)
    if length == 0:
        return np.asarray(np.sum((points - a) ** 2, axis=1))
    share = np.clip((points - a) @ step / length, 0.0, 1.0)[:, None]
    return np.asarray(np.sum((points - a - share * step) ** 2, axis=1))


def mask_of_area(area: Area, extent: tuple[int, int], progress: Progress) -> Mask:
    """The pixels of a plane (`extent` wide and high) whose centres lie in an area (even-odd).

    Goes tile by tile where its outline passes; what lies between costs no memory.
    """
    rings = rings_of(area)
    a = np.concatenate(rings)
    b = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    tiles: dict[TileKey, Tile] = {}
    plane = area.plane
    if not len(a):
        return Mask(plane.axis, MappingProxyType(tiles))
    left, top = np.maximum(a.min(axis=0), 0.0)
    right, bottom = np.minimum(a.max(axis=0), extent)
    if right > left and bottom > top:
        columns = range(math.floor(left / TILE), math.ceil(right / TILE))
        rows = range(math.floor(top / TILE), math.ceil(bottom / TILE))
        for number, row in enumerate(rows):
            progress.report(number, len(rows))
            for column, bits in _band(a, b, row, columns):
                tile = tile_of(_on_plane(bits, column, row, extent))
                if tile is not None:
                    tiles[TileKey(plane.index, row, column)] = tile
    return Mask(plane.axis, MappingProxyType(tiles))


def _band(a: Ring, b: Ring, row: int, columns: range) -> Iterator[tuple[int, Bits]]:
    """The tiles of a row whose pixels have their centres within edges a–b (even-odd), from left to right."""
    at, turns = _turns(a, b, row * TILE)
    first, count = columns.start * TILE, len(columns)
    x = np.clip(turns - first, 0, count * TILE)
    order = np.argsort(x, kind="stable")
    at, x = at[order], x[order]
    starts = np.searchsorted(x, np.arange(count + 1) * TILE).tolist()
    inside = np.zeros(TILE, np.bool_)
    for number, column in enumerate(columns):
        part = slice(starts[number], starts[number + 1])
        if part.start < part.stop:
            turned = np.bincount(at[part] * TILE + x[part] % TILE, minlength=TILE * TILE).reshape(TILE, TILE) % 2 == 1
            bits = np.bitwise_xor.accumulate(turned, axis=1) ^ inside[:, None]
            inside = bits[:, -1].copy()
            yield column, bits
        elif inside.any():
            yield column, np.broadcast_to(inside[:, None], (TILE, TILE))


def _turns(a: Ring, b: Ring, top: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where edges pass the middles of a tile's rows: the row, and the first pixel whose centre lies further right."""
    low, high = np.minimum(a[:, 1], b[:, 1]), np.maximum(a[:, 1], b[:, 1])
    near = (low < top + TILE) & (high > top) & (high > low)
    a, b, low, high = a[near], b[near], low[near], high[near]
    # The rows whose centres an edge passes, its lower end not counted, so that a corner counts once.
    first = np.clip(np.ceil(low - top - 0.5), 0, TILE).astype(np.int64)
    count = np.maximum(np.clip(np.ceil(high - top - 0.5), 0, TILE).astype(np.int64) - first, 0)
    edge, row = expanded(first, count)
    share = (row + (top + 0.5) - a[edge, 1]) / (b[edge, 1] - a[edge, 1])
    x = a[edge, 0] + share * (b[edge, 0] - a[edge, 0])
    return row, np.ceil(x - 0.5).astype(np.int64)


def _on_plane(bits: Bits, column: int, row: int, extent: tuple[int, int]) -> Bits:
    """The pixels of a tile that lie on the plane."""
    across, down = extent[0] - column * TILE, extent[1] - row * TILE
    if across >= TILE and down >= TILE:
        return bits
    kept = bits.copy()
    kept[:, max(across, 0) :] = False
    kept[max(down, 0) :] = False
    return kept
