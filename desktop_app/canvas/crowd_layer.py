"""The underlay of very many marks: a picture of them that moves with the view, made better while the view rests.

What comes into view is drawn at once, quickly where it is a lot; a worker then draws it with smooth edges, by squares
of the turned and scaled plane. What changed stays as it was until the worker has it anew, so that marks that stream
in do not flicker.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from threading import Thread
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter

from desktop_app.canvas.crowd import draw, draw_in
from desktop_app.canvas.crowd_scene import Picture, Scene, Turn
from desktop_app.canvas.tile_mosaic import Box, Scaling
from desktop_app.canvas.tile_screen import ScreenBuffer
from desktop_app.canvas.viewport import Viewport
from desktop_app.mark_index import MarkIndex

SQUARE = 256
"""Side of a square in device pixels."""
SQUARE_COST, MARK_COST, FINE_AT_ONCE = 25, 8, 200
"""What a square and a mark cost with smooth edges, in microseconds, and how much of that is done at once."""
REST_MS = 120
"""The worker begins when the view has rested so long."""
MOST_OVER = 100
"""Where none is larger, in widget pixels, the marks of two strips that came into view are drawn in one go."""
RIM = 3
"""How far a line darkens its surroundings at most, in device pixels."""
MARGIN = 6
"""How far beyond its outline a mark is drawn, in device pixels."""
Square: TypeAlias = tuple[int, int]
Area: TypeAlias = tuple[int, int, int, int]
"""Columns and rows of squares: left, top, right, bottom; the last two are no longer in it."""


class CrowdLayer(QObject):
    """Paints the marks of an index. GUI thread only."""

    changed = Signal()
    """Something can be painted better now."""
    _made = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._index: MarkIndex | None = None
        self._colours: dict[str, str] = {}
        self._chosen: frozenset[str] = frozenset()
        self._hidden: frozenset[str] = frozenset()
        self._scene: Scene | None = None
        self._ratio = 1.0
        self._serial = -1
        self._stamp = 0
        """Grows when what is drawn changes; what was drawn for an earlier one is out of date."""
        self._screen = ScreenBuffer()
        self._is_fresh, self._is_empty = True, True
        self._wanting: set[Square] = set()
        """The squares in view that are quickly drawn or out of date."""
        self._is_busy, self._is_shown = False, True
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._refine)
        self._made.connect(self._on_made, Qt.ConnectionType.QueuedConnection)

    # What is shown.

    def show_marks(self, index: MarkIndex | None, colours: dict[str, str]) -> None:
        """Show the marks of an index, or none; `colours` are those of the labels by their ids (#rrggbb)."""
        if index is not self._index or colours != self._colours:
            self._index, self._colours = index, dict(colours)
            self._drop()
        self._follow()

    def choose(self, ids: frozenset[str]) -> None:
        """Show marks as selected."""
        if ids != self._chosen:
            different, self._chosen = ids ^ self._chosen, ids
            self._touch(different)

    def hide(self, ids: frozenset[str]) -> None:
        """Leave marks out."""
        if ids != self._hidden:
            different, self._hidden = ids ^ self._hidden, ids
            self._touch(different)

    def set_shown(self, is_shown: bool) -> None:
        """Show or hide all of it."""
        if is_shown != self._is_shown:
            self._is_shown = is_shown
            self.changed.emit()

    @property
    def is_settled(self) -> bool:
        """Whether what was painted last is as good as it gets."""
        return not self._wanting

    def _drop(self) -> None:
        """Forget all that was drawn."""
        self._stamp += 1
        self._is_fresh, self._scene = True, None
        self._wanting.clear()
        self._serial = self._index.serial if self._index is not None else -1
        self.changed.emit()

    def _touch(self, ids: Iterable[str]) -> None:
        if self._index is None:
            return
        rows = self._index.rows_of(ids)
        if len(rows):
            self._age(self._index.shapes.bounds[rows])

    def _follow(self) -> None:
        """Find out what changed in the index."""
        index = self._index
        if index is None or index.serial == self._serial:
            return
        bounds = index.changes_since(self._serial)
        self._serial = index.serial
        if bounds is None:
            self._age(np.array([[-math.inf, -math.inf, math.inf, math.inf]]))
        else:
            self._age(bounds)

    def _age(self, bounds: NDArray[np.float64]) -> None:
        """What was drawn over some bounds is out of date; it stays until there is something better."""
        self._stamp += 1
        self._scene = None
        if not self._is_fresh and len(bounds):
            self._wanting.update(_squares_of(bounds, _turn_of(self._screen.scaling), self._seen()))
        self._rest.start(0)
        self.changed.emit()

    # Painting.

    def paint(self, painter: QPainter, viewport: Viewport, ratio: float) -> None:
        """Paint what the viewport shows."""
        if self._index is None or not self._is_shown or not len(self._index):
            return
        self._follow()
        screen, scaling = self._screen, Scaling.of(viewport, ratio)
        if self._is_fresh or ratio != self._ratio or not scaling.moves(screen.scaling):
            self._ratio, self._scene = ratio, None
            self._is_fresh, self._is_empty = False, True
            self._wanting.clear()
            self._stamp += 1
            screen.follow(scaling, fresh=True)
        elif scaling != screen.scaling:
            screen.follow(scaling)
            self._wanting.intersection_update(_all(self._seen()))
        boxes, screen.dirty = screen.dirty, []
        self._draw_at_once(boxes)
        if not self._is_empty:
            rows, columns = screen.pixels.shape
            kind = QImage.Format.Format_ARGB32_Premultiplied
            painter.save()
            painter.scale(1 / ratio, 1 / ratio)
            painter.drawImage(0, 0, QImage(screen.pixels.data, columns, rows, columns * 4, kind))
            painter.restore()
        if self._wanting:
            self._rest.start(REST_MS)

    def _seen(self) -> Area:
        """The squares in view."""
        scaling = self._screen.scaling
        return _squares_around(self._place((0, 0, scaling.columns, scaling.rows)))

    def _draw_at_once(self, boxes: list[Box]) -> None:
        """Draw rectangles of the view; in a fraction of the time where there is much in them."""
        if not boxes:
            return
        for box in boxes:
            self._screen.pixels[box[1] : box[3], box[0] : box[2]] = 0
        rows = self._rows(*map(self._place, boxes))
        if not len(rows):
            return
        if len(boxes) == 1:
            self._draw_box(boxes[0], rows, None)
        elif self._scene_now().sizes(rows).max() < MOST_OVER:
            # Together: what reaches into what is there already is drawn over that again.
            columns, lines = self._screen.scaling.columns, self._screen.scaling.rows
            self._draw_box((0, 0, columns, lines), rows, [_grown(box, MOST_OVER) for box in boxes])
        else:
            for box in boxes:
                self._draw_box(box, self._rows(self._place(box)), None)

    def _draw_box(self, box: Box, rows: NDArray[np.int64], touched: list[Box] | None) -> None:
        """Draw rows in a rectangle of the view, well where that is quick, unless much was drawn in it before."""
        screen, scene, (x0, y0, x1, y1) = self._screen, self._scene_now(), box
        left, top, right, bottom = self._place(box)
        cost = (x1 - x0) * (y1 - y0) / SQUARE**2 * SQUARE_COST + len(rows) * MARK_COST
        is_fine = touched is None and cost <= FINE_AT_ONCE
        pixels = screen.pixels.view(np.uint8).reshape(*screen.pixels.shape, 4)
        self._is_empty &= not draw_in(scene, rows, pixels[y0:y1, x0:x1], left, top, is_fine=is_fine)
        if not is_fine and not scene.is_dots(rows):
            seen = _all(self._seen())
            for place in [(left, top, right, bottom)] if touched is None else map(self._place, touched):
                self._wanting.update(seen.intersection(_all(_squares_around(place))))

    def _place(self, box: Box) -> Box:
        """A rectangle of the view on the turned and scaled plane."""
        x, y = self._screen.scaling.x, self._screen.scaling.y
        return box[0] + x, box[1] + y, box[2] + x, box[3] + y

    def _rows(self, *places: Box) -> NDArray[np.int64]:
        """The marks that may be seen in rectangles of the turned and scaled plane."""
        assert self._index is not None
        turn = _turn_of(self._screen.scaling)
        grown = [_grown(place, MARGIN) for place in places]
        return self._index.find_any([turn.around(*place) for place in grown])

    def _scene_now(self) -> Scene:
        """What is to be drawn; for any thread."""
        if self._scene is None:
            index = self._index
            assert index is not None
            shapes = index.shapes
            tones = [QColor(self._colours.get(label, "#9aa4b2")) for label in index.labels]
            colours = np.array([(c.blue(), c.green(), c.red()) for c in tones], np.uint8).reshape(-1, 3)
            chosen, hidden = (_flags(index, ids) for ids in (self._chosen, self._hidden))
            self._scene = Scene(shapes, colours, _turn_of(self._screen.scaling), self._ratio, chosen, hidden)
        return self._scene

    # Making it better.

    def _refine(self) -> None:
        """Let the worker draw a piece of what is in view."""
        if self._is_busy or self._index is None or self._is_fresh:
            return
        areas = _joined(self._wanting)
        if not areas:
            return
        # A few squares at a time: what comes next may have moved on.
        x0, y0, x1, y1 = areas[0]
        area = (x0, y0, min(x1, x0 + 8), min(y1, y0 + 3))
        left, top, right, bottom = (place * SQUARE for place in area)
        scene, rows, stamp = self._scene_now(), self._rows((left, top, right, bottom)), self._stamp
        self._is_busy = True

        def work() -> None:
            # A little more than is taken: a rim at its edge may belong to a line beyond.
            columns, lines = right - left + 2 * RIM, bottom - top + 2 * RIM
            whole = draw(scene, rows, left - RIM, top - RIM, columns, lines, is_fine=True)
            picture = whole[RIM:-RIM, RIM:-RIM] if whole is not None else None
            with suppress(RuntimeError):  # the view went meanwhile
                self._made.emit(area, picture, stamp)

        Thread(target=work, name="overread-marks").start()

    def _on_made(self, area: Area, picture: Picture | None, stamp: int) -> None:
        """Take what the worker drew, unless it is out of date by now."""
        self._is_busy = False
        if stamp == self._stamp:
            self._put(area, picture)
            self.changed.emit()
        if self._wanting:
            self._rest.start(0)

    def _put(self, area: Area, picture: Picture | None) -> None:
        """Show what the worker drew, as far as it is in view."""
        self._wanting.difference_update(_all(area))
        scaling = self._screen.scaling
        left, top = area[0] * SQUARE - scaling.x, area[1] * SQUARE - scaling.y
        right, bottom = area[2] * SQUARE - scaling.x, area[3] * SQUARE - scaling.y
        x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, scaling.columns), min(bottom, scaling.rows)
        if x0 >= x1 or y0 >= y1:
            return
        target = self._screen.pixels[y0:y1, x0:x1]
        if picture is None:
            target[...] = 0
        else:
            target[...] = picture.view(np.uint32)[y0 - top : y1 - top, x0 - left : x1 - left, 0]
            self._is_empty = False


def _flags(index: MarkIndex, ids: frozenset[str]) -> NDArray[np.bool_] | None:
    """Which rows are those of some marks; `None` for none."""
    rows = index.rows_of(ids)
    if not len(rows):
        return None
    flags = np.zeros(len(index.shapes.kinds), np.bool_)
    flags[rows] = True
    return flags


def _turn_of(scaling: Scaling) -> Turn:
    return Turn(scaling.a, scaling.b, scaling.c, scaling.d)


def _squares_around(place: Box) -> Area:
    """The squares that a rectangle of the turned and scaled plane meets."""
    return place[0] // SQUARE, place[1] // SQUARE, -(-place[2] // SQUARE), -(-place[3] // SQUARE)


def _grown(box: Box, reach: int) -> Box:
    return box[0] - reach, box[1] - reach, box[2] + reach, box[3] + reach


def _all(area: Area) -> set[Square]:
    return {(column, row) for row in range(area[1], area[3]) for column in range(area[0], area[2])}


def _joined(squares: set[Square]) -> list[Area]:
    """Some squares as few areas, from the top: runs of a row, and alike runs of rows below each other as one."""
    runs: dict[tuple[int, int], list[int]] = {}
    for column, row in sorted(squares, key=lambda square: (square[1], square[0])):
        if (column - 1, row) not in squares:
            end = column + 1
            while (end, row) in squares:
                end += 1
            runs.setdefault((column, end), []).append(row)
    areas: list[Area] = []
    for (start, end), rows in runs.items():
        first = last = rows[0]
        for row in rows[1:]:
            if row != last + 1:
                areas.append((start, first, end, last + 1))
                first = row
            last = row
        areas.append((start, first, end, last + 1))
    return areas


def _squares_of(bounds: NDArray[np.float64], turn: Turn, seen: Area) -> set[Square]:
    """The squares in view that bounds on the plane reach into."""
    if not np.isfinite(bounds).all():
        return _all(seen)
    corners = [turn.applied(bounds[:, [x, y]]) for x in (0, 2) for y in (1, 3)]
    low = np.floor((np.minimum.reduce(corners) - MARGIN) / SQUARE) - seen[:2]
    high = np.floor((np.maximum.reduce(corners) + MARGIN) / SQUARE) - seen[:2] + 1
    columns, rows = seen[2] - seen[0], seen[3] - seen[1]
    is_seen = (low[:, 0] < columns) & (low[:, 1] < rows) & (high[:, 0] > 0) & (high[:, 1] > 0)
    low, high = (np.clip(ends[is_seen], 0, (columns, rows)).astype(np.int64) for ends in (low, high))
    # How many begin and end at each square, both ways: summed up, how many lie on it.
    steps = np.zeros((rows + 1, columns + 1), np.int64)
    for x, y, sign in ((low, low, 1), (high, low, -1), (low, high, -1), (high, high, 1)):
        at = y[:, 1] * (columns + 1) + x[:, 0]
        steps += sign * np.bincount(at, minlength=steps.size).reshape(steps.shape)
    down, across = np.nonzero(steps.cumsum(0).cumsum(1)[:-1, :-1])
    return set(zip((across + seen[0]).tolist(), (down + seen[1]).tolist(), strict=True))
