"""How a case looks in the worklist: thumbnail, title, state, suspicion."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from desktop_app.case_model import Index
from desktop_app.display import CaseRow
from desktop_app.icons import pixmap
from desktop_app.theme import Theme, font
from desktop_app.translation import tr
from desktop_app.widgets import paint_chip

THUMBNAILS_HELD = 256
SUSPICIOUS, VERY_SUSPICIOUS = 0.4, 0.8
LEAST_LETTERS = 3
"""Fewer letters of a name say nothing."""


class CaseDelegate(QStyledItemDelegate):
    """Paints one case: thumbnail, title, state, suspicion."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._blank = pixmap("scan", theme.disabled, theme.px(22), 2.0)
        self._warning = pixmap("warning", theme.danger, theme.px(22), 2.0)
        self._thumbnails: OrderedDict[int, tuple[bytes, QPixmap]] = OrderedDict()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002
        """One height for all rows."""
        return QSize(0, self._theme.px(64))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row."""
        theme, row = self._theme, index.data(Qt.ItemDataRole.UserRole)
        area: QRectF = QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
        if not isinstance(row, CaseRow):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(theme.accent_soft))
            painter.fillRect(QRectF(area.left(), area.top(), theme.px(3), area.height()), QColor(theme.accent))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(theme.raised))
        inner = area.adjusted(theme.px(12), theme.px(8), -theme.px(12), -theme.px(8))
        frame = QRectF(inner.left(), inner.top(), inner.height(), inner.height())
        self._paint_thumbnail(painter, frame, row)
        self._paint_words(painter, inner.adjusted(frame.width() + theme.px(10), 0, 0, 0), row)
        painter.restore()

    def _paint_thumbnail(self, painter: QPainter, frame: QRectF, row: CaseRow) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.canvas))
        painter.drawRoundedRect(frame, 4, 4)
        picture = self._warning if row.problem else self._blank
        if row.thumbnail is not None and not row.problem:
            picture = self._thumbnail(row.thumbnail)
        size = picture.deviceIndependentSize()
        if row.thumbnail is not None and not row.problem and not size.isEmpty():
            size.scale(frame.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRectF(frame.center().x() - size.width() / 2, frame.center().y() - size.height() / 2, 0, 0)
        target.setSize(size)
        painter.drawPixmap(target, picture, QRectF(picture.rect()))

    def _paint_words(self, painter: QPainter, area: QRectF, row: CaseRow) -> None:
        theme, line = self._theme, area.height() / 2
        painter.setFont(font(theme, 13))
        painter.setPen(QColor(theme.text))
        title = QRectF(area.left(), area.top(), area.width(), line)
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        elide = Qt.TextElideMode.ElideMiddle
        painter.drawText(title, align, painter.fontMetrics().elidedText(row.title, elide, int(title.width())))
        painter.setFont(font(theme, 11))
        word, colour = said_of(theme, row)
        word = tr(word)
        width = painter.fontMetrics().horizontalAdvance(word) + theme.px(14)
        height = theme.px(18)
        chip = QRectF(area.left(), area.top() + line + (line - height) / 2, width, height)
        paint_chip(painter, chip, word, colour)
        rest = QRectF(chip.right() + theme.px(8), area.top() + line, area.right() - chip.right() - theme.px(8), line)
        painter.setPen(QColor(theme.muted))
        if row.suspicion is not None:
            painter.setFont(font(theme, 11, bold=row.suspicion >= SUSPICIOUS))
            painter.setPen(QColor(suspicion_colour(theme, row.suspicion)))
        text = words_that_fit(row, int(rest.width()), painter.fontMetrics())
        painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)

    def _thumbnail(self, png: bytes) -> QPixmap:
        known = self._thumbnails.get(id(png))
        if known is not None and known[0] is png:
            self._thumbnails.move_to_end(id(png))
            return known[1]
        picture = QPixmap()
        picture.loadFromData(png)
        self._thumbnails[id(png)] = (png, picture)
        if len(self._thumbnails) > THUMBNAILS_HELD:
            self._thumbnails.popitem(last=False)
        return picture


def suspicion_colour(theme: Theme, suspicion: float) -> str:
    """The colour of a score: the higher, the more alarming."""
    return theme.danger if suspicion >= VERY_SUSPICIOUS else theme.warning if suspicion >= SUSPICIOUS else theme.muted


def state_colour(theme: Theme, state: str) -> str:
    """The colour of a state's word."""
    return {
        "in progress": theme.warning,
        "labelled": theme.good,
        "reviewed": theme.accent,
        "confirmed empty": theme.good,
    }.get(state, theme.muted)


def said_of(theme: Theme, row: CaseRow) -> tuple[str, str]:
    """The word in a row's chip and its colour: what hinders, else what readers have to settle, else the state."""
    if row.problem:
        return "cannot be opened", theme.danger
    if row.conflicts:
        return "disagreement", theme.warning
    return row.state, state_colour(theme, row.state)


def words_that_fit(row: CaseRow, width: int, metrics: QFontMetrics) -> str:
    """What stands beside the chip in so many pixels: of a finding its score before its name; else what the scan is."""
    if row.suspicion is not None:
        score = f"{row.suspicion:.0%}"
        room = width - metrics.horizontalAdvance(f" {score}")
        name = metrics.elidedText(row.suspect, Qt.TextElideMode.ElideRight, room)
        if len(name) > LEAST_LETTERS:
            return f"{name} {score}"
        return score if metrics.horizontalAdvance(score) <= width else ""
    whole = row.detail or row.format
    found = (words for words in (whole, whole.partition(" · ")[0]) if metrics.horizontalAdvance(words) <= width)
    return next(found, "")
