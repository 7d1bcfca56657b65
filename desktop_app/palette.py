"""The command palette: one field that finds actions, labels, cases and panels by a few letters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from desktop_app.finding_names import found
from desktop_app.theme import Theme
from desktop_app.translation import tr
from desktop_app.widgets import Field, label, tidy

MOST = 60
"""Rows shown; a person types another letter sooner than reading more."""
ROWS_SEEN = 9
LINE = 34
"""Height of a row in pixels at scale 1."""
WIDTH = 580
NEVER = 1_000_000

_ENTRY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that can be chosen."""

    id: str
    text: str
    """As it is said in the window."""
    kind: str
    """The menu of an action, or what else it is."""
    call: Callable[[], object]
    key: str = ""
    other: str = ""
    """The English text where the window says another, so that both are found."""
    why_not: str = ""
    """Why it cannot be chosen now."""


class Palette(QFrame):
    """Lies over the upper middle of the window while it is asked; Escape, Enter and a click elsewhere put it away."""

    chosen = Signal(str)
    """The id of what was chosen, before it is done."""
    left = Signal()

    def __init__(self, window: QWidget, theme: Theme, entries: Sequence[Entry], recent: Sequence[str] = ()) -> None:
        super().__init__(window)
        self.setObjectName("palette")
        self._theme, self._entries = theme, tuple(entries)
        self._more: Callable[[str], Iterable[Entry]] = lambda _query: ()
        self._ages = {action_id: age for age, action_id in enumerate(recent)}
        self._before: QWidget | None = window.focusWidget()
        self.field = _Query(self)
        self.field.setPlaceholderText(tr("Find an action, a label, a case or a panel"))
        self.field.setAccessibleName(tr("Find"))
        self.field.setToolTip(tr("Arrows choose, Enter does it, Escape leaves"))
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName(tr("What was found"))
        self.list.setItemDelegate(_Line(theme, self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.nothing = label("Nothing is called that", "muted")
        self.nothing.setContentsMargins(theme.px(12), theme.px(6), 0, theme.px(6))
        column = QVBoxLayout(self)
        tidy(column, theme, (8, 8, 8, 8), 8)
        for part in (self.field, self.list, self.nothing):
            column.addWidget(part)
        self.field.textChanged.connect(self._fill)
        self.list.itemClicked.connect(self._choose)
        window.installEventFilter(self)
        self._fill()

    def add_finder(self, finder: Callable[[str], Iterable[Entry]]) -> None:
        """Ask for more with every query: what is too much to list beforehand."""
        self._more = finder

    def open(self) -> None:
        """Show it and take the keys."""
        self._place()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def leave(self) -> None:
        """Put it away and give the keys back."""
        if self.isHidden():
            return
        self.hide()
        window = self.parentWidget()
        if window is not None:
            window.removeEventFilter(self)
        if self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self.left.emit()
        self.deleteLater()

    @property
    def shown(self) -> list[Entry]:
        """What was found, in the order shown."""
        return [cast("Entry", self.list.item(row).data(_ENTRY)) for row in range(self.list.count())]

    def step(self, count: int) -> None:
        """Go down by some rows, or up."""
        last = self.list.count() - 1
        self.list.setCurrentRow(min(max(self.list.currentRow() + count, 0), last))

    def choose_current(self) -> None:
        """Do what is marked."""
        if self.list.count():
            self._choose(self.list.currentItem())

    def _choose(self, item: QListWidgetItem) -> None:
        entry = cast("Entry", item.data(_ENTRY))
        if entry.why_not:
            return
        self.leave()
        self.chosen.emit(entry.id)
        entry.call()

    def _fill(self) -> None:
        query = self.field.text()
        things = (*self._entries, *self._more(query))
        best = found(things, query, lambda e: (e.text, e.other) if e.other else (e.text,), self._age, MOST)
        # What cannot be done now is told, but below what can.
        best.sort(key=lambda entry: bool(entry.why_not))
        self.list.clear()
        for entry in best:
            item = QListWidgetItem(entry.text)
            item.setData(_ENTRY, entry)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, (entry.text, entry.key))))
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.setVisible(bool(best))
        self.nothing.setVisible(not best)
        rows = min(len(best), ROWS_SEEN)
        self.list.setFixedHeight(rows * self._theme.px(LINE) + 4)
        self.adjustSize()
        self._place()

    def _age(self, entry: Entry) -> int:
        return self._ages.get(entry.id, NEVER)

    def _place(self) -> None:
        window = self.parentWidget()
        if window is None:
            return
        width = min(self._theme.px(WIDTH), window.width() - 2 * self._theme.px(16))
        height = min(self.sizeHint().height(), window.height() - self._theme.px(32))
        top = min(self._theme.px(72), (window.height() - height) // 2)
        self.setGeometry(QRect((window.width() - width) // 2, top, width, height))

    def eventFilter(self, watched: object, event: QEvent) -> bool:  # noqa: ARG002
        """Stay in the middle while the window is resized."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False


class _Query(Field):
    """The field: arrows walk the list, Enter chooses, Escape leaves."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk, choose or leave; all else is typed."""
        page = ROWS_SEEN - 1
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: page, Qt.Key.Key_PageUp: -page}
        key = Qt.Key(event.key())
        if key in steps:
            self._palette.step(steps[key])
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._palette.choose_current()
        elif key == Qt.Key.Key_Escape:
            self._palette.leave()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A click elsewhere puts the palette away."""
        super().focusOutEvent(event)
        if event.reason() not in {Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason}:
            self._palette.leave()


class _Line(QStyledItemDelegate):
    """A row: what it is, where it belongs, and its key at the right."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: ARG002
        """All rows are of one height."""
        return QSize(100, self._theme.px(LINE))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw it; what cannot be chosen is faint and says why."""
        theme, entry = self._theme, cast("Entry", index.data(_ENTRY))
        area = option.rect
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.accent_soft))
            painter.drawRoundedRect(area, theme.px(4), theme.px(4))
        inner = area.adjusted(theme.px(10), 0, -theme.px(10), 0)
        inner.setRight(self._paint_key(painter, inner, entry.key))
        small = QFont(painter.font())
        small.setPixelSize(theme.px(12))
        painter.save()
        painter.setFont(small)
        painter.setPen(QColor(theme.muted))
        aside = entry.why_not or entry.kind
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, aside)
        room = inner.width() - painter.fontMetrics().horizontalAdvance(aside) - theme.px(12)
        painter.restore()
        painter.setPen(QColor(theme.disabled if entry.why_not else theme.text))
        text = painter.fontMetrics().elidedText(entry.text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()

    def _paint_key(self, painter: QPainter, area: QRect, key: str) -> int:
        """Draw the key as a cap at the right; returns where the room before it ends."""
        if not key:
            return area.right()
        theme = self._theme
        small = QFont(painter.font())
        small.setPixelSize(theme.px(12))
        painter.save()
        painter.setFont(small)
        width = painter.fontMetrics().horizontalAdvance(key) + theme.px(12)
        height = theme.px(20)
        cap = QRect(area.right() - width, area.center().y() - height // 2, width, height)
        painter.setPen(QColor(theme.edge))
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(cap, theme.px(4), theme.px(4))
        painter.setPen(QColor(theme.text))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, key)
        painter.restore()
        return cap.left() - theme.px(10)
