"""Screen pixels that move with the view: what stays in sight is kept, what comes into sight is to be made. No Qt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from desktop_app.canvas.tile_mosaic import Box, Rgb32, Scaling

MANY_PIECES = 8
"""More pieces than this are made as one rectangle."""
BLOCK = (1 << 30, 256)
"""Columns and rows made at a time: what they are made from stays in the processor's cache."""
TURNED_BLOCK = (512, 256)
"""On turned views: what lies around a small block, and is not seen, is less than what lies around a large one."""
_NOWHERE = Scaling(1.0, 0.0, 0.0, 1.0, 0, 0, 0, 0)


class ScreenBuffer:
    """The pixels of one view, and which of them have to be made again."""

    def __init__(self) -> None:
        self.pixels: Rgb32 = np.empty((0, 0), np.uint32)
        """Another array after each move; its rows follow each other."""
        self._memory, self._start = np.empty(0, np.uint32), 0
        self.scaling = _NOWHERE
        self.dirty: list[Box] = []

    def follow(self, scaling: Scaling, *, fresh: bool = False) -> None:
        """Show another place; `fresh` keeps nothing of what there was."""
        old, self.scaling = self.scaling, scaling
        rows, columns = scaling.rows, scaling.columns
        if self.pixels.shape != (rows, columns):
            self._memory, fresh = np.empty(2 * rows * columns, np.uint32), True
            self._show(rows * columns // 2, rows, columns)
        dx, dy = scaling.x - old.x, scaling.y - old.y
        if fresh or not scaling.moves(old) or abs(dx) >= columns or abs(dy) >= rows:
            self.spoil_all()
        elif dx or dy:
            self._move(dy * columns + dx)
            moved = [self._cut((a - dx, b - dy, c - dx, d - dy)) for a, b, c, d in self.dirty]
            self.dirty = [box for box in moved if box is not None] + _uncovered(dx, dy, columns, rows)

    def _move(self, shift: int) -> None:
        """Begin so many pixels later: all others lie where they are to be, but for what comes in at the edges."""
        old, (rows, columns) = self.pixels.reshape(-1), self.pixels.shape
        start, spare = self._start + shift, len(self._memory) - len(old)
        if 0 <= start <= spare:
            self._show(start, rows, columns)
            return
        # At the end of the memory what stays is copied to its other end, with room for more of the same way.
        self._show(spare if shift < 0 else 0, rows, columns)
        new = self.pixels.reshape(-1)
        if shift > 0:
            new[:-shift] = old[shift:]
        else:
            new[-shift:] = old[:shift]

    def _show(self, start: int, rows: int, columns: int) -> None:
        self._start = start
        self.pixels = self._memory[start : start + rows * columns].reshape(rows, columns)

    def spoil(self, area: tuple[float, float, float, float], reach: float) -> None:
        """A rectangle of the plane, and what is blended from it up to `reach` away, has to be made again."""
        box = self._cut(self.scaling.box_of(*area, reach))
        if box is not None and self.dirty[:1] != [(0, 0, self.scaling.columns, self.scaling.rows)]:
            self.dirty.append(box)

    def spoil_all(self) -> None:
        """Everything has to be made again."""
        self.dirty = [(0, 0, self.scaling.columns, self.scaling.rows)]

    def pieces(self) -> Iterator[tuple[Box, Rgb32]]:
        """What is to be made now, block by block, and the pixels it goes to; many boxes become one."""
        boxes, self.dirty = self.dirty, []
        columns, rows = BLOCK if self.scaling.is_upright else TURNED_BLOCK
        for x0, y0, x1, y1 in [_around(boxes)] if len(boxes) > MANY_PIECES else boxes:
            for top in range(y0, y1, rows):
                for left in range(x0, x1, columns):
                    right, bottom = min(left + columns, x1), min(top + rows, y1)
                    yield (left, top, right, bottom), self.pixels[top:bottom, left:right]

    def _cut(self, box: Box) -> Box | None:
        x0, y0, x1, y1 = (
            max(box[0], 0),
            max(box[1], 0),
            min(box[2], self.scaling.columns),
            min(box[3], self.scaling.rows),
        )
        return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def _uncovered(dx: int, dy: int, columns: int, rows: int) -> list[Box]:
    """What a move by (dx, dy) brings into sight."""
    boxes: list[Box] = []
    top, bottom = (rows - dy, rows) if dy > 0 else (0, -dy)
    if dy:
        boxes.append((0, top, columns, bottom))
    y0, y1 = (0, rows - dy) if dy > 0 else (-dy, rows)
    if dx:
        boxes.append((columns - dx, y0, columns, y1) if dx > 0 else (0, y0, -dx, y1))
    return boxes


def _around(boxes: Sequence[Box]) -> Box:
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
