"""How a row of the list of findings is painted."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from dataset.label import Label
from desktop_app.finding_words import author_of, place_of, state_of
from desktop_app.session import Session
from desktop_app.theme import Theme, font
from desktop_app.tool import Mark
from desktop_app.translation import tr
from desktop_app.widgets import paint_chip

Index = QModelIndex | QPersistentModelIndex
ROW = 46
"""Pixels of a row at scale 1."""


class MarkDelegate(QStyledItemDelegate):
    """Paints one mark: colour, label, score, author, place, state."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002
        """One height for all rows."""
        return QSize(0, self._theme.px(ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row."""
        theme, mark = self._theme, index.data(Qt.ItemDataRole.UserRole)
        area: QRectF = QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
        flags: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
        if mark is None:
            return
        shown, state = self._session.label_of(mark.label), state_of(mark, self._session.document.rejected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if flags & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(theme.accent_soft))
            painter.fillRect(QRectF(area.left(), area.top(), theme.px(3), area.height()), QColor(theme.accent))
        elif flags & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(theme.raised))
        inner = area.adjusted(theme.px(12), theme.px(5), -theme.px(12), -theme.px(5))
        self._paint_spot(painter, inner, shown, is_open=state in {"proposed", "rejected"})
        inner.setLeft(inner.left() + theme.px(22))
        line = inner.height() / 2
        self._paint_first_line(painter, QRectF(inner.left(), inner.top(), inner.width(), line), shown.name, state, mark)
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

    def _paint_first_line(self, painter: QPainter, area: QRectF, name: str, state: str, mark: Mark) -> None:
        theme, right = self._theme, area.right()
        align = Qt.AlignmentFlag.AlignVCenter
        if mark.score is not None:
            painter.setFont(font(theme, 12))
            painter.setPen(QColor(theme.muted if state == "rejected" else theme.text))
            painter.drawText(area, align | Qt.AlignmentFlag.AlignRight, f"{mark.score:.2f}")
            right -= theme.px(38)
        written = font(theme, 13)
        written.setStrikeOut(state == "rejected")
        painter.setFont(written)
        painter.setPen(QColor(theme.muted if state == "rejected" else theme.text))
        width = right - area.left()
        text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(width))
        painter.drawText(QRectF(area.left(), area.top(), width, area.height()), align, text)

    def _paint_second_line(self, painter: QPainter, area: QRectF, state: str, mark: Mark) -> None:
        theme = self._theme
        colour = {"proposed": theme.warning, "accepted": theme.good, "rejected": theme.muted}.get(state, theme.accent)
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
