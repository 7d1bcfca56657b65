"""The list of findings: marks as rows, and how a row is painted."""

from __future__ import annotations

from collections import Counter
from itertools import compress
from operator import attrgetter
from typing import TypeAlias

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from dataset.annotation import (
    Annotation,
    Box,
    Points,
    Polygon,
    Polyline,
    RotatedBox,
    WholeScan,
    geometry_plane,
    lies_on,
)
from dataset.label import Label
from desktop_app.mark_index import difference
from desktop_app.session import Session
from desktop_app.theme import Theme, font
from desktop_app.tool import Mark
from desktop_app.translation import tr
from desktop_app.widgets import paint_chip

Index = QModelIndex | QPersistentModelIndex
Place: TypeAlias = tuple[int, int, str]
MANY = 2000
"""From so many marks on the list is ordered as a whole."""
_LABEL, _SCORE = attrgetter("label"), attrgetter("score")
SHAPES: dict[type, str] = {
    Box: "box",
    RotatedBox: "rotated box",
    Polygon: "polygon",
    Polyline: "line",
    Points: "points",
    WholeScan: "whole scan",
}


def state_of(mark: Mark) -> str:
    """`proposed`, `accepted` (as the model said), `corrected` (a person's version of a proposal) or `drawn`."""
    if not isinstance(mark, Annotation):
        return "proposed"
    if mark.author.startswith("model:"):
        return "accepted"
    return "corrected" if mark.origin else "drawn"


def author_of(mark: Mark, session: Session) -> str:
    """Who made it: a person, or a model's name and version."""
    if isinstance(mark, Annotation):
        return session.blinds.name_of(mark.author).removeprefix("model:")
    proposed = session.findings.proposed.get(mark.id)
    return proposed.model if proposed is not None else "reading…"


def place_of(mark: Mark, session: Session) -> str:
    """What shape it has and, where the scan has several planes, on which it lies, in a few words."""
    shape = SHAPES.get(type(mark.geometry), "mask")
    if session.info is not None and session.info.size.planes == 1:
        return shape
    plane = geometry_plane(mark.geometry)
    return shape if plane is None else f"{shape} · plane {plane.index + 1}"


class _OnePlane:
    """The order that `place_in_list` says, where all marks lie on one plane; follows them at the cost of what changed.

    While a model reads, some come to very many; sorting all of them would hold the window up each time.
    """

    def __init__(self) -> None:
        self._taken: tuple[Mark, ...] = ()
        self._found: tuple[Mark, ...] = ()
        self._keys: list[str] = []

    def of(self, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
        """The marks in order."""
        gone, come = difference(self._taken, marks)
        known, keys = self._found, self._keys
        if gone:
            lost = set(map(id, gone))
            stays = [id(mark) not in lost for mark in known]
            known, keys = tuple(compress(known, stays)), list(compress(keys, stays))
        both, keys = (*known, *come), [*keys, *map(_key, come)]
        # What is sorted already is gone through once.
        rows = sorted(range(len(both)), key=keys.__getitem__)
        self._taken, self._found = marks, tuple(map(both.__getitem__, rows))
        self._keys = list(map(keys.__getitem__, rows))
        return self._found


def _key(mark: Mark) -> str:
    made_as = (mark.origin if type(mark) is Annotation else "") or mark.id
    return f"\0{made_as}" if type(mark.geometry) is WholeScan else made_as


def place_in_list(mark: Mark) -> Place:
    """Whole-scan labels first, then by plane, then in the order they were proposed or drawn."""
    plane = geometry_plane(mark.geometry)
    made_as = (mark.origin if isinstance(mark, Annotation) else "") or mark.id
    return (-1, -1, made_as) if plane is None else (plane.axis, plane.index, made_as)


class MarkModel(QAbstractListModel):
    """The marks of the session by plane; what is made of a proposal stands where the proposal stood."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.marks: tuple[Mark, ...] = ()
        self.this_plane = self.by_score = False
        self._ids: list[str] = []
        self._rows: dict[str, int] | None = None
        """Made when it is asked for: there may be very many."""
        self._places: dict[str, tuple[Mark, Place]] = {}
        self._one_plane = _OnePlane()

    def refresh(self) -> bool:
        """Take the marks as they are now; whether rows came, went or changed their places."""
        session = self._session
        marks: tuple[Mark, ...] = (*session.proposals, *session.document.annotations)
        if self.this_plane:
            marks = tuple(mark for mark in marks if lies_on(mark.geometry, session.plane))
        marks = self._in_order(marks)
        ids = [mark.id for mark in marks]
        if ids == self._ids:
            self.marks = marks
            if marks:
                self.dataChanged.emit(self.index(0), self.index(len(marks) - 1))
            return False
        self.beginResetModel()
        self.marks, self._ids, self._rows = marks, ids, None
        self.endResetModel()
        return True

    def counts(self) -> list[tuple[str, int]]:
        """How many there are of each label, the most first."""
        return Counter(map(_LABEL, self.marks)).most_common()

    def _in_order(self, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
        """By score, or by place."""
        if self.by_score:
            scores = np.fromiter((-1.0 if s is None else s for s in map(_SCORE, marks)), np.float64, len(marks))
            rows: list[int] = np.argsort(-scores, kind="stable").tolist()
            return tuple(marks[row] for row in rows)
        info = self._session.info
        if len(marks) > MANY and info is not None and info.size.planes == 1:
            return self._one_plane.of(marks)
        # Places are kept, because finding the plane of a large mask takes a while.
        places: dict[str, tuple[Mark, Place]] = {}
        for mark in marks:
            known = self._places.get(mark.id)
            places[mark.id] = known if known is not None and known[0] is mark else (mark, place_in_list(mark))
        self._places = places
        return tuple(sorted(marks, key=lambda mark: places[mark.id][1]))

    def row_of(self, mark_id: str) -> int:
        """The row of a mark, or -1."""
        if self._rows is None:
            self._rows = dict(zip(self._ids, range(len(self._ids)), strict=True))
        return self._rows.get(mark_id, -1)

    def rowCount(self, parent: Index | None = None) -> int:
        """How many marks there are."""
        return 0 if parent is not None and parent.isValid() else len(self.marks)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Label name for reading, the mark for painting, a sentence for screen readers."""
        if not index.isValid() or index.row() >= len(self.marks):
            return None
        mark = self.marks[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._session.label_of(mark.label).name
        if role == Qt.ItemDataRole.UserRole:
            return mark
        if role in {Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole}:
            score = "" if mark.score is None else f", score {mark.score:.2f}"
            name = self._session.label_of(mark.label).name
            return f"{name}{score}, {state_of(mark)}, {author_of(mark, self._session)}, {place_of(mark, self._session)}"
        return None


class MarkDelegate(QStyledItemDelegate):
    """Paints one mark: colour, label, score, author, place, state."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002
        """One height for all rows."""
        return QSize(0, self._theme.px(46))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row."""
        theme, mark = self._theme, index.data(Qt.ItemDataRole.UserRole)
        area: QRectF = QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
        flags: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
        if mark is None:
            return
        shown, state = self._session.label_of(mark.label), state_of(mark)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if flags & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(theme.accent_soft))
            painter.fillRect(QRectF(area.left(), area.top(), theme.px(3), area.height()), QColor(theme.accent))
        elif flags & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(theme.raised))
        inner = area.adjusted(theme.px(12), theme.px(5), -theme.px(12), -theme.px(5))
        self._paint_spot(painter, inner, shown, is_open=state == "proposed")
        inner.setLeft(inner.left() + theme.px(22))
        line = inner.height() / 2
        self._paint_first_line(painter, QRectF(inner.left(), inner.top(), inner.width(), line), shown.name, mark)
        self._paint_second_line(painter, QRectF(inner.left(), inner.top() + line, inner.width(), line), state, mark)
        painter.restore()

    def _paint_spot(self, painter: QPainter, area: QRectF, shown: Label, *, is_open: bool) -> None:
        side = self._theme.px(12)
        spot = QRectF(area.left(), area.top() + (area.height() / 2 - side) / 2 + 1, side, side)
        pen = QPen(QColor(shown.colour), 1.5)
        if is_open:
            pen.setDashPattern([1.6, 1.4])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush if is_open else QColor(shown.colour))
        painter.drawRoundedRect(spot, 3, 3)

    def _paint_first_line(self, painter: QPainter, area: QRectF, name: str, mark: Mark) -> None:
        theme, right = self._theme, area.right()
        align = Qt.AlignmentFlag.AlignVCenter
        if mark.score is not None:
            painter.setFont(font(theme, 12))
            painter.setPen(QColor(theme.text))
            painter.drawText(area, align | Qt.AlignmentFlag.AlignRight, f"{mark.score:.2f}")
            right -= theme.px(38)
        painter.setFont(font(theme, 13))
        painter.setPen(QColor(theme.text))
        width = right - area.left()
        text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(width))
        painter.drawText(QRectF(area.left(), area.top(), width, area.height()), align, text)

    def _paint_second_line(self, painter: QPainter, area: QRectF, state: str, mark: Mark) -> None:
        theme = self._theme
        colour = {"proposed": theme.warning, "accepted": theme.good}.get(state, theme.accent)
        painter.setFont(font(theme, 11))
        state = tr(state)
        width = painter.fontMetrics().horizontalAdvance(state) + theme.px(12)
        height = theme.px(16)
        middle = area.top() + (area.height() - height) / 2
        paint_chip(painter, QRectF(area.right() - width, middle, width, height), state, colour)
        painter.setPen(QColor(theme.muted))
        room = area.width() - width - theme.px(8)
        words = f"{place_of(mark, self._session)} · {author_of(mark, self._session)}"
        text = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(QRectF(area.left(), area.top(), room, area.height()), Qt.AlignmentFlag.AlignVCenter, text)
