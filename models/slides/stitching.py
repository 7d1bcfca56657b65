"""Pieces that touch a block's border, put together across blocks exactly once.

A component is complete when every block it touches is done; then it is decoded as a whole, so that neither the
blocks nor their order show. A component larger than `GIANT` is cut along absolute lines, `CUT` apart: what it gives
then depends on the slide and the model only, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.slides.grid import Cell, SlideGrid
from models.slides.parts import Decode, Found, Maps, Part, Strips
from models.slides.spill import Spill

GIANT = 4096
"""*Memory bound*: a component of more grid pixels across or down is cut. It takes two bytes a pixel while decoded."""
CUT = 2048
"""Grid pixels between the lines along which giants are cut."""
NEIGHBOURS = tuple((across, down) for down in (-1, 0, 1) for across in (-1, 0, 1) if (across, down) != (0, 0))
Window: TypeAlias = tuple[int, int]
"""Column and row of a square between the lines along which giants are cut."""


@dataclass(slots=True)
class _Held:
    """A piece that waits: where its maps are kept, its rectangle, and the windows it was not yet decoded in."""

    token: int
    x: int
    y: int
    width: int
    height: int
    windows: set[Window]


@dataclass(slots=True)
class _Group:
    """Pieces known to belong together, the blocks they wait for, and their common rectangle."""

    pieces: list[_Held]
    members: list[int]
    waits: set[Cell]
    box: tuple[int, int, int, int]
    kind: int
    """The label of its pixels; parts of two labels never belong together."""

    @property
    def is_giant(self) -> bool:
        """Whether it is too large to be decoded as one."""
        return self.box[2] - self.box[0] > GIANT or self.box[3] - self.box[1] > GIANT


@dataclass(slots=True)
class _Border:
    """The strips of a block that has neighbours still to come, its pieces by number, and those neighbours."""

    strips: Strips
    ids: list[int]
    left: set[Cell] = field(default_factory=set[Cell])


class Stitcher:
    """Takes what blocks give, in any order, and gives objects as they become final. One thread at a time."""

    def __init__(self, grid: SlideGrid, planned: Iterable[Cell], decode: Decode) -> None:
        self._grid, self._decode = grid, decode
        self._open = set(planned)
        self._borders: dict[Cell, _Border] = {}
        self._groups: dict[int, _Group] = {}
        self._parents: dict[int, int] = {}
        self._waiting: dict[Cell, set[int]] = {}
        self._giants: set[int] = set()
        self._spill = Spill()
        self._next = 0

    def add(self, block: Cell, part: Part) -> list[Found]:
        """Take in a block; the objects that are final now, those of the block first."""
        self._open.discard(block)
        border = _Border(part.strips, [self._hold(block, part, index) for index in range(len(part.pieces))])
        touched = set(border.ids)
        for across, down in NEIGHBOURS:
            other = (block[0] + across, block[1] + down)
            if other in self._open:
                border.left.add(other)
                continue
            beside = self._borders.get(other)
            if beside is not None:
                touched |= self._join(border, beside, across, down)
                beside.left.discard(block)
                if not beside.left:
                    del self._borders[other]
        if border.left:
            self._borders[block] = border
        touched |= self._waiting.pop(block, set())
        found = list(part.found)
        for number in {self._root(one) for one in touched}:
            group = self._groups.get(number)
            if group is not None:
                group.waits.discard(block)
                found += self._settle(number, group)
        found += self._cut_giants()
        return found

    def close(self) -> None:
        """Let go of what waits."""
        self._spill.close()

    def _hold(self, block: Cell, part: Part, index: int) -> int:
        """Keep a piece as a group of its own."""
        piece = part.pieces[index]
        height, width = piece.maps.shape[1:]
        windows = {
            (column, row)
            for row in range(piece.y // CUT, (piece.y + height - 1) // CUT + 1)
            for column in range(piece.x // CUT, (piece.x + width - 1) // CUT + 1)
        }
        held = _Held(self._spill.put(piece.maps), piece.x, piece.y, width, height, windows)
        x0, y0, x1, y1 = self._grid.rectangle(block)
        # Which borders its rectangle reaches; to wait for a block too many costs time, not truth.
        columns = [0, *([-1] if piece.x == x0 else []), *([1] if piece.x + width == x1 else [])]
        rows = [0, *([-1] if piece.y == y0 else []), *([1] if piece.y + height == y1 else [])]
        around = {(block[0] + across, block[1] + down) for across in columns for down in rows}
        number, self._next = self._next, self._next + 1
        waits = around & self._open
        box = (piece.x, piece.y, piece.x + width, piece.y + height)
        self._groups[number] = _Group([held], [number], waits, box, piece.kind)
        self._parents[number] = number
        for other in waits:
            self._waiting.setdefault(other, set()).add(number)
        return number

    def _join(self, here: _Border, there: _Border, across: int, down: int) -> set[int]:
        """Unite pieces of two blocks that touch; (across, down) leads from here to there. The groups that grew."""
        top, bottom, left, right = here.strips
        their_top, their_bottom, their_left, their_right = there.strips
        if across and down:
            mine = (bottom if down > 0 else top)[-1 if across > 0 else 0 :][:1]
            theirs = (their_top if down > 0 else their_bottom)[0 if across > 0 else -1 :][:1]
            pairs = _pairs(mine, theirs)
        elif down:
            pairs = _pairs(bottom if down > 0 else top, their_top if down > 0 else their_bottom)
        else:
            pairs = _pairs(right if across > 0 else left, their_left if across > 0 else their_right)
        joined: set[int] = set()
        for one, other in pairs:
            if one and other:
                first, second = self._root(here.ids[one - 1]), self._root(there.ids[other - 1])
                a, b = self._groups.get(first), self._groups.get(second)
                if a is not None and b is not None and a.kind == b.kind:
                    joined.add(self._unite(first, second))
        return joined

    def _root(self, number: int) -> int:
        parent = self._parents.get(number, number)
        while parent != number:
            number, parent = parent, self._parents.get(parent, parent)
        return number

    def _unite(self, one: int, other: int) -> int:
        """Make two groups one; its number."""
        first, second = min(one, other), max(one, other)
        if first != second:
            a, b = self._groups[first], self._groups.pop(second)
            self._giants.discard(second)
            for member in b.members:
                self._parents[member] = first
            a.pieces += b.pieces
            a.members += b.members
            a.waits |= b.waits
            p, q = a.box, b.box
            a.box = (min(p[0], q[0]), min(p[1], q[1]), max(p[2], q[2]), max(p[3], q[3]))
        return first

    def _settle(self, number: int, group: _Group) -> list[Found]:
        """The objects of a group that is complete; a giant is only remembered as one."""
        if group.is_giant:
            self._giants.add(number)
            return []
        if group.waits:
            return []
        x0, y0, x1, y1 = group.box
        maps = self._together(group.pieces, x0, y0, x1, y1)
        for held in group.pieces:
            self._spill.drop(held.token)
        self._forget(number, group)
        return self._decode(maps, x0, y0)

    def _cut_giants(self) -> list[Found]:
        """The objects of giants in the windows that no open block meets."""
        found: list[Found] = []
        for number in sorted(self._giants):
            group = self._groups[number]
            windows = {window for held in group.pieces for window in held.windows}
            for window in sorted(window for window in windows if self._is_done(window)):
                x, y = window[0] * CUT, window[1] * CUT
                held_here = [held for held in group.pieces if window in held.windows]
                found += self._decode(self._together(held_here, x, y, x + CUT, y + CUT), x, y)
                for held in held_here:
                    held.windows.discard(window)
                    if not held.windows:
                        self._spill.drop(held.token)
            group.pieces = [held for held in group.pieces if held.windows]
            if not group.pieces and not group.waits:
                self._giants.discard(number)
                self._forget(number, group)
        return found

    def _forget(self, number: int, group: _Group) -> None:
        del self._groups[number]
        for member in group.members:
            self._parents.pop(member, None)

    def _is_done(self, window: Window) -> bool:
        """Whether every block that meets a window is done."""
        wide, tall = self._grid.core[0] * self._grid.group[0], self._grid.core[1] * self._grid.group[1]
        columns = range(window[0] * CUT // wide, ((window[0] + 1) * CUT - 1) // wide + 1)
        rows = range(window[1] * CUT // tall, ((window[1] + 1) * CUT - 1) // tall + 1)
        return not any((column, row) in self._open for column in columns for row in rows)

    def _together(self, pieces: list[_Held], x0: int, y0: int, x1: int, y1: int) -> Maps:
        """The maps of some pieces in a rectangle, 0 beside them."""
        out = np.zeros((2, y1 - y0, x1 - x0), np.uint8)
        for held in pieces:
            a, b = max(held.x, x0), max(held.y, y0)
            c, d = min(held.x + held.width, x1), min(held.y + held.height, y1)
            if a < c and b < d:
                part = self._spill.get(held.token)[:, b - held.y : d - held.y, a - held.x : c - held.x]
                there = out[:, b - y0 : d - y0, a - x0 : c - x0]
                np.maximum(there, part, out=there)
        return out


def _pairs(mine: NDArray[np.int32], theirs: NDArray[np.int32]) -> set[tuple[int, int]]:
    """Which pieces lie side by side or corner to corner along a border."""
    found: set[tuple[int, int]] = set()
    for one, other in ((mine, theirs), (mine[1:], theirs[:-1]), (mine[:-1], theirs[1:])):
        both = (one > 0) & (other > 0)
        found.update(zip(one[both].tolist(), other[both].tolist(), strict=True))
    return found
