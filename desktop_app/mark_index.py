"""Where very many marks of a plane lie: their outlines as arrays, and which of them meet a rectangle. No Qt.

A mark keeps its row while it is there; rows come at the end, so that a few more or less cost only as much as they
are. Rows are found through blocks of `BLOCK` rows that lie close together. One that went and comes back (a threshold
moved to and fro, an edit undone, a proposal accepted) takes the row that still holds its outline.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, compress, count, repeat
from operator import is_not
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Box, Geometry, Point, Points, Polygon, Polyline, Proposal, RotatedBox, WholeScan
from dataset.mask import Mask
from desktop_app.growing_column import GrowingColumn
from desktop_app.tool import Mark
from desktop_app.tools.hitting import is_locked

Rows: TypeAlias = NDArray[np.int64]
Bounds: TypeAlias = NDArray[np.float64]
"""x0, y0, x1, y1 of each, in plane pixels."""

BLOCK = 64
CLOSED, OPEN, DOTS = 0, 1, 2
"""What the points of a row are: rings, a line, separate points."""
OWN, PROPOSED, LOCKED = 0, 1, 2
"""How a row stands: a person's, a model's proposal, or kept from accidental moves."""
FEW_BLOCKS = 40
"""Up to so many blocks are looked at mark by mark."""
MOST_LOGGED = 50
SPARE_ROWS = 50_000
FAR = 1e18
"""Pixels: what a file says to lie further out is taken to lie here, where the square of it is still a number."""
NOWHERE: tuple[Point, ...] = ((float("nan"), float("nan")),)


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """The outlines of all rows at one moment, for any thread. What is added later does not change them."""

    bounds: Bounds
    middles: NDArray[np.complex128]
    """The middle of the bounds, x + y i."""
    extents: NDArray[np.float64]
    """The larger side of the bounds."""
    kinds: NDArray[np.uint8]
    first_ring: Rows
    """The rings of row r are those from `first_ring[r]` up to `first_ring[r + 1]`."""
    first_point: Rows
    """The points of ring k are those from `first_point[k]` up to `first_point[k + 1]`."""
    points: NDArray[np.float32]
    labels: NDArray[np.int32]
    """Numbers in `MarkIndex.labels`."""
    standings: NDArray[np.uint8]
    is_there: NDArray[np.bool_]


class MarkIndex:
    """The marks of one plane by place. Used from the main thread; `shapes` may be read in others."""

    def __init__(self) -> None:
        self.serial = 0
        """Grows with every change."""
        self._log: list[tuple[int, Bounds]] = []
        self._synced: tuple[Mark, ...] = ()
        self._clear()

    def _clear(self) -> None:
        self._bounds, self._is_there = GrowingColumn((4,), np.float64), GrowingColumn((), np.bool_)
        self._middles, self._extents = GrowingColumn((), np.complex128), GrowingColumn((), np.float64)
        self._kinds, self._points = GrowingColumn((), np.uint8), GrowingColumn((2,), np.float32)
        self._first_ring, self._first_point = GrowingColumn((), np.int64), GrowingColumn((), np.int64)
        self._first_ring.add(np.zeros(1, np.int64))
        self._first_point.add(np.zeros(1, np.int64))
        self._blocks, self._block_bounds = GrowingColumn((BLOCK,), np.int64), GrowingColumn((4,), np.float64)
        self._labels, self._standings = GrowingColumn((), np.int32), GrowingColumn((), np.uint8)
        self._label_numbers: dict[str, int] = {}
        self._marks: list[Mark] = []
        self._rows: dict[int, int] = {}
        """By the identity of the mark, which the row keeps alive, there or not."""
        self._outlines: dict[int, int] = {}
        """Rows by the identity of their geometry."""
        self._synced_rows = np.zeros(0, np.int64)
        self._masks: dict[int, Mark] = {}
        self._by_id: dict[str, Mark] = {}

    def __len__(self) -> int:
        return int(np.count_nonzero(self._is_there.values))

    @property
    def marks(self) -> Sequence[Mark]:
        """The mark of every row, also of those that are not there."""
        return self._marks

    @property
    def masks(self) -> tuple[Mark, ...]:
        """The marks that have no outline; they stand in no row."""
        return tuple(self._masks.values())

    @property
    def shapes(self) -> Shapes:
        """The outlines as they are now."""
        return Shapes(
            self._bounds.values, self._middles.values, self._extents.values, self._kinds.values,
            self._first_ring.values, self._first_point.values, self._points.values,
            self._labels.values, self._standings.values, self._is_there.values,
        )  # fmt: skip

    @property
    def labels(self) -> tuple[str, ...]:
        """The label ids that the numbers of `shapes` stand for."""
        return tuple(self._label_numbers)

    def get(self, mark_id: str) -> Mark | None:
        """The mark of an id, if it is there."""
        return self._by_id.get(mark_id)

    def rows_of(self, ids: Iterable[str]) -> Rows:
        """The rows of marks; those that are not there are left out."""
        marks = [self._by_id[i] for i in ids if i in self._by_id]
        return np.array([self._rows[id(mark)] for mark in marks if id(mark) in self._rows], np.int64)

    def sync(self, marks: tuple[Mark, ...]) -> None:
        """Hold exactly these marks. Costs little for those that are the same objects as before."""
        old = self._synced
        if marks is old:
            return
        if len(self._marks) > 4 * len(marks) + SPARE_ROWS:
            self.forget()
            old = ()
        self._synced = marks
        start, end = _alike(old, marks)
        gone, come = old[start : len(old) - end], marks[start : len(marks) - end]
        before = self._synced_rows
        came = self._rows_at(come)
        self._note(self._change(gone, before[start : len(old) - end], come, came))
        is_new = np.flatnonzero(came < 0)
        came[is_new] = self._rows_at([come[k] for k in _numbers(is_new)])
        self._synced_rows = np.concatenate((before[:start], came, before[len(old) - end : len(old)]))

    def forget(self) -> None:
        """Hold nothing, nor what went: marks of another scan do not come back."""
        self._note(self._bounds.values[self._is_there.values])
        self._synced = ()
        self._clear()

    def changes_since(self, serial: int) -> Bounds | None:
        """The bounds of what came or went since a serial; `None` when that is too long ago to tell."""
        if serial == self.serial:
            return np.zeros((0, 4))
        known = [bounds for at, bounds in self._log if at > serial]
        return np.concatenate(known) if len(known) == self.serial - serial else None

    def _note(self, changed: Bounds) -> None:
        if len(changed):
            self.serial += 1
            self._log = [*self._log[1 - MOST_LOGGED :], (self.serial, changed)]

    # Finding.

    def find(self, x0: float, y0: float, x1: float, y1: float) -> Rows:
        """The rows whose bounds meet a rectangle of the plane, its rim counted in; ascending."""
        return self.find_any([(x0, y0, x1, y1)])

    def find_any(self, places: Sequence[tuple[float, float, float, float]]) -> Rows:
        """The rows whose bounds meet one of some rectangles or more, as `find`; each row once."""
        blocks = self._block_bounds.values
        is_near, is_inside = _meet(blocks, places), np.zeros(len(blocks), np.bool_)
        if np.count_nonzero(is_near) > FEW_BLOCKS:
            # Of a block that lies wholly inside, nothing has to be looked at.
            for x0, y0, x1, y1 in places:
                is_within = (blocks[:, 0] >= x0) & (blocks[:, 2] <= x1) & (blocks[:, 1] >= y0) & (blocks[:, 3] <= y1)
                is_inside |= is_within & is_near
        rows = self._blocks.values[is_near & ~is_inside].ravel()
        rows = rows[rows >= 0]
        rows = rows[_meet(self._bounds.values.take(rows, 0), places)]
        if not is_inside.any():
            rows = rows[self._is_there.values[rows]]
            rows.sort()
            return rows
        is_met = np.zeros(len(self._marks) + 1, np.bool_)
        is_met[rows] = True
        # What fills a block up is −1: the last one, which is no row.
        is_met[self._blocks.values[is_inside].ravel()] = True
        return np.flatnonzero(is_met[:-1] & self._is_there.values)

    def find_few(self, x0: float, y0: float, x1: float, y1: float, most: int) -> Rows:
        """As `find`, but nothing where there are more than `most`; quicker where there are very many."""
        if np.count_nonzero(_meet(self._block_bounds.values, [(x0, y0, x1, y1)])) > most:
            return np.zeros(0, np.int64)
        rows = self.find(x0, y0, x1, y1)
        return rows if len(rows) <= most else rows[:0]

    def near(self, x: float, y: float, across: float, down: float) -> tuple[Mark, ...]:
        """The marks whose bounds come within a distance of a point, and all masks; in drawing order of their rows."""
        rows = self.find(x - across, y - down, x + across, y + down)
        numbers: list[int] = rows.tolist()
        return (*(self._marks[row] for row in numbers), *self._masks.values())

    # Changing.

    def _change(self, gone: Sequence[Mark], went: Rows, come: Sequence[Mark], came: Rows) -> Bounds:
        """Take marks away and add others, some of which may be the same; the bounds of those that are not.

        `went` and `came` are their rows, −1 for what no row holds.
        """
        # The last one stands for −1: marks that no row holds.
        is_before, is_after = np.zeros((2, len(self._marks) + 1), np.bool_)
        is_before[went], is_after[came] = True, True
        left, back = went[~is_after[went] & (went >= 0)], came[~is_before[came] & (came >= 0)]
        odd, unknown = _numbers(np.flatnonzero(went < 0)), _numbers(np.flatnonzero(came < 0))
        lost = {id(gone[k]): gone[k] for k in odd}
        new = [come[k] for k in unknown if lost.pop(id(come[k]), None) is None]
        for mark in (*(self._marks[row] for row in _numbers(left)), *lost.values()):
            if self._by_id.get(mark.id) is mark:
                del self._by_id[mark.id]
            if self._masks:
                self._masks.pop(id(mark), None)
        self._is_there.values[left] = False
        self._is_there.values[back] = True
        self._by_id.update((mark.id, mark) for mark in (self._marks[row] for row in _numbers(back)))
        return np.concatenate((self._bounds.values[left], self._bounds.values[back], self._put(new)))

    def _rows_at(self, marks: Sequence[Mark]) -> Rows:
        """The row of each, also of those that are not there; −1 for what no row holds."""
        return np.fromiter(map(self._rows.get, map(id, marks), repeat(-1)), np.int64, len(marks))

    def _put(self, marks: Sequence[Mark]) -> Bounds:
        """Add marks that no row holds; their bounds."""
        self._by_id.update((mark.id, mark) for mark in marks)
        is_there = self._is_there.values
        rows: list[int] = []
        new: list[Mark] = []
        for mark in marks:
            geometry = mark.geometry
            row = self._outlines.get(id(geometry), -1)
            if row >= 0 and not is_there[row]:
                del self._rows[id(self._marks[row])]
                self._marks[row], self._rows[id(mark)], is_there[row] = mark, row, True
                rows.append(row)
            elif isinstance(geometry, Mask):
                self._masks[id(mark)] = mark
            elif not isinstance(geometry, WholeScan):
                new.append(mark)
        self._labels.values[rows], self._standings.values[rows] = self._looks([self._marks[row] for row in rows])
        return np.concatenate((self._bounds.values[rows], self._append(new))) if new else self._bounds.values[rows]

    def _looks(self, marks: list[Mark]) -> tuple[list[int], list[int]]:
        """The numbers of their labels, and how they stand."""
        numbers = self._label_numbers
        labels = [numbers.setdefault(mark.label, len(numbers)) for mark in marks]
        standings = [PROPOSED if type(m) is Proposal else LOCKED if is_locked(m) else OWN for m in marks]
        return labels, standings

    def _append(self, marks: list[Mark]) -> Bounds:
        """Add rows for marks with an outline that no row holds."""
        start = len(self._marks)
        rings, counts, kinds = _rings([mark.geometry for mark in marks])
        lengths = np.fromiter(map(len, rings), np.int64, len(rings))
        flat = np.fromiter(chain.from_iterable(chain.from_iterable(rings)), np.float64, 2 * int(lengths.sum()))
        points = np.clip(flat, -FAR, FAR).reshape(-1, 2)
        per_mark = np.cumsum(counts)
        firsts = np.concatenate(([0], np.cumsum(lengths)))[:-1]
        mark_firsts = firsts[np.concatenate(([0], per_mark[:-1]))]
        bounds = np.concatenate((np.minimum.reduceat(points, mark_firsts), np.maximum.reduceat(points, mark_firsts)), 1)
        last_ring, last_point = self._first_ring.values[-1], self._first_point.values[-1]
        self._first_ring.add(last_ring + per_mark)
        self._first_point.add(last_point + np.cumsum(lengths))
        self._points.add(points.astype(np.float32))
        self._bounds.add(bounds)
        self._middles.add(((bounds[:, :2] + bounds[:, 2:]) / 2).view(np.complex128).ravel())
        self._extents.add((bounds[:, 2:] - bounds[:, :2]).max(1))
        self._kinds.add(np.array(kinds, np.uint8))
        self._is_there.add(np.ones(len(marks), np.bool_))
        labels, standings = self._looks(marks)
        self._labels.add(np.array(labels, np.int32))
        self._standings.add(np.array(standings, np.uint8))
        self._marks += marks
        self._rows.update(zip(map(id, marks), count(start)))
        self._outlines.update(zip([id(mark.geometry) for mark in marks], count(start)))
        self._block(start)
        return bounds

    def _block(self, start: int) -> None:
        """Put the rows from `start` on into blocks; when many blocks are nearly empty, all rows anew."""
        total = len(self._marks)
        blocks = len(self._blocks.values)
        if start and blocks + (total - start) / BLOCK > 2 * total / BLOCK + 200:
            self._blocks, self._block_bounds, start = (
                GrowingColumn((BLOCK,), np.int64),
                GrowingColumn((4,), np.float64),
                0,
            )
        bounds = self._bounds.values[start:]
        order = _neighbours_together(bounds)
        spare = -len(order) % BLOCK
        rows = np.concatenate((order + start, np.full(spare, -1))).reshape(-1, BLOCK)
        # What fills the last block up must not widen it.
        sides = np.concatenate((bounds[order], np.full((spare, 4), np.nan))).reshape(-1, BLOCK, 4)
        with np.errstate(invalid="ignore"):
            around = np.concatenate((np.fmin.reduce(sides[..., :2], 1), np.fmax.reduce(sides[..., 2:], 1)), 1)
        is_odd = np.isnan(sides).any(2) & (rows >= 0)
        # Whatever is found in this block is looked at one by one.
        around[is_odd.any(1)] = -np.inf, -np.inf, np.inf, np.inf
        self._blocks.add(rows)
        self._block_bounds.add(around)


def _meet(bounds: Bounds, places: Sequence[tuple[float, float, float, float]]) -> NDArray[np.bool_]:
    """Which bounds meet one of some rectangles or more."""
    left, top, right, bottom = bounds.T
    met = [(left <= x1) & (right >= x0) & (top <= y1) & (bottom >= y0) for x0, y0, x1, y1 in places]
    return met[0] if len(met) == 1 else np.logical_or.reduce(met)


def difference(old: Sequence[Mark], new: Sequence[Mark]) -> tuple[Sequence[Mark], Sequence[Mark]]:
    """Which objects went and which came from one sequence to the next."""
    gone, come = between(old, new)
    if not gone or not come:
        return gone, come
    before, after = set(map(id, gone)), set(map(id, come))
    return [m for m in gone if id(m) not in after], [m for m in come if id(m) not in before]


def between(old: Sequence[Mark], new: Sequence[Mark]) -> tuple[Sequence[Mark], Sequence[Mark]]:
    """What is between the beginning and the end that two sequences have in common."""
    start, end = _alike(old, new)
    return old[start : len(old) - end], new[start : len(new) - end]


def _alike(old: Sequence[Mark], new: Sequence[Mark]) -> tuple[int, int]:
    """How many objects at the beginning and at the end are the same."""
    least = min(len(old), len(new))
    start = next(compress(count(), map(is_not, old, new)), least)
    end = next(compress(count(), map(is_not, reversed(old), reversed(new))), least)
    return start, min(end, least - start)


def _numbers(rows: Rows) -> list[int]:
    return rows.tolist()


def _rings(geometries: list[Geometry]) -> tuple[list[tuple[Point, ...]], list[int], list[int]]:
    """The rings of outlines one after the other, how many each has, and of which kind it is."""
    rings: list[tuple[Point, ...]] = []
    counts, kinds = [1] * len(geometries), [CLOSED] * len(geometries)
    for number, geometry in enumerate(geometries):
        if type(geometry) is Polygon:
            rings.append(geometry.exterior or NOWHERE)
            if geometry.holes:
                holes = [hole for hole in geometry.holes if hole]
                rings += holes
                counts[number] += len(holes)
        elif type(geometry) is Box:
            x0, y0, x1, y1 = geometry.x, geometry.y, geometry.x + geometry.width, geometry.y + geometry.height
            rings.append(((x0, y0), (x1, y0), (x1, y1), (x0, y1)))
        elif isinstance(geometry, RotatedBox):
            rings.append(geometry.corners())
        elif isinstance(geometry, Polyline | Points):
            rings.append(geometry.points or NOWHERE)
            kinds[number] = OPEN if isinstance(geometry, Polyline) else DOTS
    return rings, counts, kinds


def _neighbours_together(bounds: Bounds) -> Rows:
    """An order in which marks of a size that lie close together follow each other."""
    if len(bounds) <= BLOCK:
        return np.arange(len(bounds))
    known = np.nan_to_num(bounds, nan=0.0, posinf=1e9, neginf=-1e9)
    middle = (known[:, :2] + known[:, 2:]) / 2
    low = middle.min(0)
    span = max(float((middle.max(0) - low).max()), 1e-9)
    cells = ((middle - low) * (65535 / span)).astype(np.uint64)
    spread = _spread(cells[:, 0]) | _spread(cells[:, 1]) << np.uint64(1)
    size = (known[:, 2:] - known[:, :2]).max(1)
    # A large one would make the bounds of its whole block large.
    rank = np.floor(np.log2(np.maximum(size, 1.0)) / 2).astype(np.uint64)
    return np.argsort(spread | rank << np.uint64(32), kind="stable")


def _spread(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The 16 bits of each with a gap after every one."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        values = (values | values << np.uint64(shift)) & np.uint64(mask)
    return values
