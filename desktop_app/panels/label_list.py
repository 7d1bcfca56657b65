"""The labels as rows: colour, name, key, how many marks, locked, shown. Painted: a hundred of them cost little."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal, TypeAlias

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from dataset.label import Label
from desktop_app.action_series import numbered_label
from desktop_app.icons import pixmap
from desktop_app.session import Session
from desktop_app.theme import Theme, font

Index: TypeAlias = QModelIndex | QPersistentModelIndex
Part: TypeAlias = Literal["row", "lock", "eye"]
_LABEL = attrgetter("label")
ROW, ICON, CELL = 26, 15, 24
"""Height of a row, size of an icon and width of its place, in pixels at scale 1."""
MOST_ROWS = 6
OWN_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_F2)


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One label as it is listed."""

    label: Label
    key: str
    count: int
    is_locked: bool
    """Whether all its marks are locked by hand."""
    is_shown: bool
    is_current: bool
    """Whether what is drawn next gets it."""

    @property
    def said(self) -> str:
        """The row for screen readers and as a tool tip."""
        count = "1 mark" if self.count == 1 else f"{self.count:,} marks"
        words = [self.label.name, count, f"Ctrl+{self.key}" if self.key else "", "locked" if self.is_locked else ""]
        states = ["" if self.is_shown else "hidden", "current label" if self.is_current else ""]
        return ", ".join(word for word in (*words, *states) if word)


def rows_of(session: Session) -> tuple[LabelRow, ...]:
    """The labels of the session as rows."""
    annotations = session.document.annotations
    counts = Counter(map(_LABEL, annotations))
    locked = Counter(mark.label for mark in annotations if mark.locked)
    offered = Counter(map(_LABEL, session.proposals))
    keys = {found.id: str(n) for n in range(1, 10) if (found := numbered_label(session.labels, n)) is not None}
    return tuple(
        LabelRow(
            session.label_of(label.id),
            keys.get(label.id, ""),
            counts[label.id] + offered[label.id],
            0 < counts[label.id] == locked[label.id],
            session.visibility.shows_label(label.id),
            label.id == session.label,
        )
        for label in session.labels.labels
    )


class LabelModel(QAbstractListModel):
    """The rows; kept as they are while nothing about them changes."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[LabelRow, ...] = ()

    def show_rows(self, rows: tuple[LabelRow, ...]) -> None:
        """Show these rows."""
        if len(rows) != len(self.rows):
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
        elif rows != self.rows:
            self.rows = rows
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        """How many labels there are."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The name for typing ahead, the row for painting, a sentence for screen readers."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.label.name
        if role == Qt.ItemDataRole.UserRole:
            return row
        return row.said if role == Qt.ItemDataRole.AccessibleTextRole else None


class LabelDelegate(QStyledItemDelegate):
    """Paints one label."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        ratio = 2.0
        self._icons = {
            (name, colour): pixmap(name, colour, theme.px(ICON), ratio)
            for name in ("eye", "eye-off", "lock", "unlock")
            for colour in (theme.text, theme.muted, theme.disabled)
        }

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002
        """One height for all rows."""
        return QSize(0, self._theme.px(ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row."""
        theme, row = self._theme, index.data(Qt.ItemDataRole.UserRole)
        area: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
        flags: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
        if not isinstance(row, LabelRow):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_over = bool(flags & QStyle.StateFlag.State_MouseOver)
        if row.is_current:
            painter.fillRect(area, QColor(theme.accent_soft))
            painter.fillRect(QRect(area.left(), area.top(), theme.px(3), area.height()), QColor(theme.accent))
        elif is_over or flags & QStyle.StateFlag.State_HasFocus:
            painter.fillRect(area, QColor(theme.raised))
        self._paint_icons(painter, area, row, is_over=is_over)
        self._paint_words(painter, area, row)
        painter.restore()

    def _paint_icons(self, painter: QPainter, area: QRect, row: LabelRow, *, is_over: bool) -> None:
        theme = self._theme
        eye = ("eye", theme.muted) if row.is_shown else ("eye-off", theme.text)
        lock = ("lock", theme.text) if row.is_locked else ("unlock", theme.disabled)
        self._paint_icon(painter, place_of("eye", area, theme), eye)
        if row.is_locked or (is_over and row.count):
            self._paint_icon(painter, place_of("lock", area, theme), lock)

    def _paint_icon(self, painter: QPainter, place: QRect, icon: tuple[str, str]) -> None:
        half = self._theme.px(ICON) // 2
        painter.drawPixmap(place.center().x() - half, place.center().y() - half, self._icons[icon])

    def _paint_words(self, painter: QPainter, area: QRect, row: LabelRow) -> None:
        theme, middle = self._theme, Qt.AlignmentFlag.AlignVCenter
        side, left = theme.px(11), area.left() + theme.px(12)
        spot = QRectF(left, area.center().y() - side / 2 + 0.5, side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(row.label.colour))
        painter.setOpacity(1.0 if row.is_shown else 0.4)
        painter.drawEllipse(spot)
        painter.setOpacity(1.0)
        right = place_of("lock", area, theme).left() - theme.px(4)
        painter.setFont(font(theme, 12))
        painter.setPen(QColor(theme.muted))
        count = f"{row.count:,}" if row.count else ""
        width = max(painter.fontMetrics().horizontalAdvance(count), theme.px(20))
        painter.drawText(
            QRectF(right - width, area.top(), width, area.height()), middle | Qt.AlignmentFlag.AlignRight, count
        )
        right -= width + theme.px(8)
        if row.key:
            wide = painter.fontMetrics().horizontalAdvance(row.key) + theme.px(10)
            chip = QRectF(right - wide, area.center().y() - theme.px(8) + 0.5, wide, theme.px(17))
            painter.setPen(QColor(theme.edge))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(chip, theme.px(3), theme.px(3))
            painter.setPen(QColor(theme.muted))
            painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, row.key)
            right -= wide + theme.px(8)
        painter.setFont(font(theme, 13))
        painter.setPen(QColor(theme.text if row.is_shown else theme.disabled))
        start = spot.right() + theme.px(9)
        text = painter.fontMetrics().elidedText(row.label.name, Qt.TextElideMode.ElideRight, int(right - start))
        painter.drawText(QRectF(start, area.top(), right - start, area.height()), middle, text)


def place_of(part: Literal["lock", "eye"], area: QRect, theme: Theme) -> QRect:
    """Where the eye and the lock of a row are."""
    wide = theme.px(CELL)
    end = area.right() + 1 - theme.px(6) - (0 if part == "eye" else wide)
    return QRect(end - wide, area.top(), wide, area.height())


class LabelListView(QListView):
    """The list; tells which part of which row was clicked, and with Alt."""

    taken = Signal(str, str, bool)
    """Label id, part of its row, and whether Alt was held."""
    edited = Signal(str)
    """Label id that was clicked twice."""

    def __init__(self, model: LabelModel, theme: Theme) -> None:
        super().__init__()
        self._theme, self._rows = theme, model
        self.setModel(model)
        self._delegate = LabelDelegate(theme)
        self.setItemDelegate(self._delegate)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Labels")

    def fit_rows(self) -> None:
        """As high as its rows, up to `MOST_ROWS`."""
        self.setFixedHeight(min(max(len(self._rows.rows), 1), MOST_ROWS) * self._theme.px(ROW) + 2)

    def part_at(self, place: QPoint) -> tuple[str, Part] | None:
        """The label under the mouse and the part of its row."""
        index = self.indexAt(place)
        if not index.isValid():
            return None
        area, label = self.visualRect(index), self._rows.rows[index.row()].label.id
        for part in ("eye", "lock"):
            if place_of(part, area, self._theme).contains(place):
                return label, part
        return label, "row"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the part that was pressed; Alt shows the label alone."""
        found = self.part_at(event.position().toPoint())
        if found is not None and event.button() == Qt.MouseButton.LeftButton:
            self.taken.emit(*found, bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A row clicked twice is changed; on eye and lock the second click counts as one."""
        found = self.part_at(event.position().toPoint())
        if found is not None and found[1] == "row":
            self.edited.emit(found[0])
        else:
            self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say what a press here would do."""
        found = self.part_at(event.position().toPoint())
        row = next((row for row in self._rows.rows if found and row.label.id == found[0]), None)
        self.setToolTip("" if row is None or found is None else _tip(row, found[1]))
        super().mouseMoveEvent(event)

    def event(self, event: QEvent) -> bool:
        """Claim its own keys before the window's shortcuts see them."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in OWN_KEYS:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses the label, Space hides or shows it, F2 changes it."""
        index = self.currentIndex()
        if not index.isValid():
            super().keyPressEvent(event)
            return
        label, key = self._rows.rows[index.row()].label.id, event.key()
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.taken.emit(label, "row", False)
        elif key == Qt.Key.Key_Space:
            self.taken.emit(label, "eye", False)
        elif key == Qt.Key.Key_F2:
            self.edited.emit(label)
        else:
            super().keyPressEvent(event)


def _tip(row: LabelRow, part: Part) -> str:
    if part == "eye":
        return f"{'Hide' if row.is_shown else 'Show'} {row.label.name}; with Alt alone  (S)"
    if part == "lock":
        return f"{'Unlock' if row.is_locked else 'Lock'} all marks of {row.label.name} on this scan"
    key = f"  (Ctrl+{row.key})" if row.key else ""
    return f"{row.label.name}: click for new and selected marks{key}, double-click to change it"
