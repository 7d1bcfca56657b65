"""The underlay of very many marks: pictures of them that are kept from step to step, made better while the view rests.

The turned and scaled plane is divided into squares. What of them comes into view is drawn at once, quickly where it is
a lot; a worker then draws it with smooth edges. Squares that changed stay as they were until the worker has them anew,
so that marks that stream in do not flicker.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter

from desktop_app.canvas.crowd import Picture, Scene, Turn, draw
from desktop_app.canvas.viewport import Viewport
from desktop_app.mark_index import MarkIndex

SQUARE = 256
"""Side of a square in device pixels."""
MOST_SQUARES = 300
"""So many are kept: 75 MB."""
SQUARE_COST, MARK_COST, FINE_AT_ONCE = 25, 8, 1500
"""What a square and a mark cost with smooth edges, in microseconds, and how much of that is done at once."""
REST_MS = 120
"""The worker begins when the view has rested so long."""
MARGIN = 6
"""How far beyond its outline a mark is drawn, in device pixels."""
Square: TypeAlias = tuple[int, int]
Area: TypeAlias = tuple[int, int, int, int]
"""Columns and rows of squares: left, top, right, bottom; the last two are no longer in it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A square in a picture; `None` where nothing is in it."""

    picture: _Drawn | None
    is_fine: bool
    serial: int


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """A picture of an area of squares; it keeps its pixels alive."""

    image: QImage
    pixels: Picture
    area: Area


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
        self._turn: tuple[Turn, float] | None = None
        self._serial = -1
        self._stamp = 0
        """Grows when what is drawn changes; what was drawn for an earlier one is out of date."""
        self._squares: OrderedDict[Square, _Part] = OrderedDict()
        self._seen: Area = (0, 0, 0, 0)
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
        return not self._wanting()

    def _drop(self) -> None:
        """Forget all that was drawn."""
        self._stamp += 1
        self._squares.clear()
        self._scene = None
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
        if self._turn is not None and self._squares and len(bounds):
            touched = _squares_of(bounds, self._turn[0])
            for square, part in self._squares.items():
                if touched is None or square in touched:
                    self._squares[square] = _Part(part.picture, part.is_fine, -1)
        self._rest.start(0)
        self.changed.emit()

    # Painting.

    def paint(self, painter: QPainter, viewport: Viewport, ratio: float) -> None:
        """Paint what the viewport shows."""
        if self._index is None or not self._is_shown or not len(self._index):
            return
        self._follow()
        turn = _turn_of(viewport, ratio)
        if self._turn != (turn, ratio):
            self._turn, self._scene = (turn, ratio), None
            self._squares.clear()
            self._stamp += 1
        left, top = (round(place * ratio) for place in viewport.to_screen(0.0, 0.0))
        width, height = round(viewport.width * ratio), round(viewport.height * ratio)
        seen = (
            math.floor(-left / SQUARE), math.floor(-top / SQUARE),
            math.ceil((width - left) / SQUARE), math.ceil((height - top) / SQUARE),
        )  # fmt: skip
        self._seen = seen
        squares = _all(seen)
        missing = {square for square in squares if square not in self._squares}
        for area in [seen] if len(missing) == len(squares) else _joined(missing):
            self._put(area, self._draw_at_once(area), self._stamp)
        self._blit(painter, seen, left, top, ratio)
        self._forget()
        if self._wanting():
            self._rest.start(REST_MS)

    def _blit(self, painter: QPainter, seen: Area, left: int, top: int, ratio: float) -> None:
        """Paint what is drawn; of each picture as large pieces as can be."""
        by_picture: dict[int, tuple[_Drawn, set[Square]]] = {}
        squares = _all(seen)
        for square in squares:
            part = self._squares[square]
            self._squares.move_to_end(square)
            if part.picture is not None:
                by_picture.setdefault(id(part.picture), (part.picture, set()))[1].add(square)
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        for drawn, shown in by_picture.values():
            for x0, y0, x1, y1 in [seen] if len(shown) == len(squares) else _joined(shown):
                across, down = (x0 - drawn.area[0]) * SQUARE, (y0 - drawn.area[1]) * SQUARE
                source = QRect(across, down, (x1 - x0) * SQUARE, (y1 - y0) * SQUARE)
                painter.drawImage(x0 * SQUARE + left, y0 * SQUARE + top, drawn.image, source.x(), source.y(),
                                  source.width(), source.height())  # fmt: skip
        painter.restore()

    def _draw_at_once(self, area: Area) -> tuple[Picture | None, bool]:
        """A picture of an area, and whether it is as good as it gets."""
        scene, rows = self._scene_now(), self._rows(area)
        squares = (area[2] - area[0]) * (area[3] - area[1])
        is_fine = squares * SQUARE_COST + len(rows) * MARK_COST <= FINE_AT_ONCE
        return _draw(scene, rows, area, is_fine=is_fine), is_fine or scene.is_dots(rows)

    def _rows(self, area: Area) -> NDArray[np.int64]:
        assert self._index is not None
        assert self._turn is not None
        x0, y0, x1, y1 = (place * SQUARE for place in area)
        return self._index.find(*self._turn[0].around(x0 - MARGIN, y0 - MARGIN, x1 + MARGIN, y1 + MARGIN))

    def _scene_now(self) -> Scene:
        """What is to be drawn; for any thread."""
        if self._scene is None:
            index = self._index
            assert index is not None
            assert self._turn is not None
            shapes = index.shapes
            tones = [QColor(self._colours.get(label, "#9aa4b2")) for label in index.labels]
            colours = np.array([(c.blue(), c.green(), c.red()) for c in tones], np.uint8).reshape(-1, 3)
            turn, ratio = self._turn
            chosen, hidden = (_flags(index, ids) for ids in (self._chosen, self._hidden))
            self._scene = Scene(shapes, colours, turn, ratio, chosen, hidden)
        return self._scene

    def _put(self, area: Area, made: tuple[Picture | None, bool], stamp: int) -> None:
        pixels, is_fine = made
        drawn = None
        if pixels is not None:
            rows, columns = pixels.shape[:2]
            kind = QImage.Format.Format_ARGB32_Premultiplied
            drawn = _Drawn(QImage(pixels.data, columns, rows, columns * 4, kind), pixels, area)
        for square in _all(area):
            self._squares[square] = _Part(drawn, is_fine, stamp)
            self._squares.move_to_end(square)

    def _forget(self) -> None:
        while len(self._squares) > MOST_SQUARES:
            self._squares.popitem(last=False)

    # Making it better.

    def _wanting(self) -> set[Square]:
        """The squares in view that are quickly drawn or out of date."""
        parts = ((square, self._squares.get(square)) for square in _all(self._seen))
        return {square for square, part in parts if part is not None and (part.serial < 0 or not part.is_fine)}

    def _refine(self) -> None:
        """Let the worker draw a piece of what is in view."""
        if self._is_busy or self._index is None or self._turn is None:
            return
        areas = _joined(self._wanting())
        if not areas:
            return
        # A few squares at a time: what comes next may have moved on.
        x0, y0, x1, y1 = areas[0]
        area = (x0, y0, min(x1, x0 + 8), min(y1, y0 + 3))
        scene, rows, stamp = self._scene_now(), self._rows(area), self._stamp
        self._is_busy = True

        def work() -> None:
            picture = _draw(scene, rows, area, is_fine=True)
            with suppress(RuntimeError):  # the view went meanwhile
                self._made.emit(area, picture, stamp)

        Thread(target=work, name="overread-marks").start()

    def _on_made(self, area: Area, picture: Picture | None, stamp: int) -> None:
        """Take what the worker drew, unless it is out of date by now."""
        self._is_busy = False
        if stamp == self._stamp:
            self._put(area, (picture, True), stamp)
            self.changed.emit()
        if self._wanting():
            self._rest.start(0)


def _flags(index: MarkIndex, ids: frozenset[str]) -> NDArray[np.bool_] | None:
    """Which rows are those of some marks; `None` for none."""
    rows = index.rows_of(ids)
    if not len(rows):
        return None
    flags = np.zeros(len(index.shapes.kinds), np.bool_)
    flags[rows] = True
    return flags


def _draw(scene: Scene, rows: NDArray[np.int64], area: Area, *, is_fine: bool) -> Picture | None:
    x0, y0, x1, y1 = (place * SQUARE for place in area)
    return draw(scene, rows, x0, y0, x1 - x0, y1 - y0, is_fine=is_fine)


def _turn_of(viewport: Viewport, ratio: float) -> Turn:
    (ox, oy), (ax, ay), (bx, by) = (viewport.to_screen(x, y) for x, y in ((0.0, 0.0), (4096.0, 0.0), (0.0, 4096.0)))
    # Rounded, so that a pan leaves it the very same.
    across, down = ((ax - ox), (bx - ox)), ((ay - oy), (by - oy))
    return Turn(*(round(value * ratio / 4096, 10) for value in (*across, *down)))


def _all(area: Area) -> list[Square]:
    return [(column, row) for row in range(area[1], area[3]) for column in range(area[0], area[2])]


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


def _squares_of(bounds: NDArray[np.float64], turn: Turn) -> set[Square] | None:
    """The squares that bounds on the plane reach into; `None` for all of them."""
    if len(bounds) > 20_000 or not np.isfinite(bounds).all():
        return None
    corners = [turn.applied(bounds[:, [x, y]]) for x in (0, 2) for y in (1, 3)]
    low = np.floor((np.minimum.reduce(corners) - MARGIN) / SQUARE)
    high = np.floor((np.maximum.reduce(corners) + MARGIN) / SQUARE)
    spans = np.unique(np.concatenate((low, high), 1).astype(np.int64), axis=0)
    if ((spans[:, 2] - spans[:, 0] + 1) * (spans[:, 3] - spans[:, 1] + 1)).sum() > 20_000:
        return None
    return {(x, y) for x0, y0, x1, y1 in spans.tolist() for x in range(x0, x1 + 1) for y in range(y0, y1 + 1)}
