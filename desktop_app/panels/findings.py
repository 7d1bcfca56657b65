"""Findings: annotations and open proposals as one list; accept, reject, relabel, go there. Virtual."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QListView,
    QSizePolicy,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from dataset.annotation import Annotation, Box, Points, Polygon, Polyline, WholeScan, geometry_plane
from dataset.label import Label
from desktop_app.panel import Panel, Side
from desktop_app.session import Session
from desktop_app.theme import Theme, font
from desktop_app.tool import Mark
from desktop_app.widgets import Empty, dress, label, paint_chip, push, slider, tidy

Index = QModelIndex | QPersistentModelIndex
SHAPES: dict[type, str] = {Box: "box", Polygon: "polygon", Polyline: "line", Points: "points", WholeScan: "whole scan"}


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
        return mark.author.removeprefix("model:")
    proposed = session.findings.proposed.get(mark.id)
    return proposed.model if proposed is not None else "reading…"


def place_of(mark: Mark) -> str:
    """What shape it has and where it lies, in a few words."""
    shape = SHAPES.get(type(mark.geometry), "mask")
    plane = geometry_plane(mark.geometry)
    return shape if plane is None else f"{shape} · plane {plane.index + 1}"


def swatch(colour: str, size: int) -> QIcon:
    """A round spot in a label's colour."""
    picture = QPixmap(size * 2, size * 2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(colour))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(2, 2, size * 2 - 4, size * 2 - 4)
    painter.end()
    picture.setDevicePixelRatio(2.0)
    return QIcon(picture)


class MarkModel(QAbstractListModel):
    """The marks of the session: proposals first (they wait), then annotations."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.marks: tuple[Mark, ...] = ()
        self._rows: dict[str, int] = {}

    def refresh(self) -> bool:
        """Take the marks as they are now; whether rows came or went."""
        marks: tuple[Mark, ...] = (*self._session.proposals, *self._session.document.annotations)
        rows = {mark.id: number for number, mark in enumerate(marks)}
        if rows == self._rows:
            self.marks = marks
            if marks:
                self.dataChanged.emit(self.index(0), self.index(len(marks) - 1))
            return False
        self.beginResetModel()
        self.marks, self._rows = marks, rows
        self.endResetModel()
        return True

    def row_of(self, mark_id: str) -> int:
        """The row of a mark, or -1."""
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
            return f"{name}{score}, {state_of(mark)}, {author_of(mark, self._session)}, {place_of(mark)}"
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
        width = painter.fontMetrics().horizontalAdvance(state) + theme.px(12)
        height = theme.px(16)
        middle = area.top() + (area.height() - height) / 2
        paint_chip(painter, QRectF(area.right() - width, middle, width, height), state, colour)
        painter.setPen(QColor(theme.muted))
        room = area.width() - width - theme.px(8)
        words = f"{place_of(mark)} · {author_of(mark, self._session)}"
        text = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(QRectF(area.left(), area.top(), room, area.height()), Qt.AlignmentFlag.AlignVCenter, text)


class FindingsView(QWidget):
    """The list, its threshold, its label chooser and its buttons."""

    note_changed = Signal(str)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self.model = MarkModel(session)
        self.list = QListView()
        self.list.setModel(self.model)
        self._delegate = MarkDelegate(session, theme)
        self.list.setItemDelegate(self._delegate)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list.setAccessibleName("Findings")
        self.list.setMinimumHeight(theme.px(92))
        self.empty = Empty(theme, "findings", "No findings", "Run a model, or draw a box (R).", size=28)
        self.labels = QComboBox()
        self.labels.setAccessibleName("Label of new and selected marks")
        self.labels.setToolTip("Label of new marks; with a selection, relabels it  (Ctrl+1 … 9)")
        self.labels.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.threshold = slider(0, 100, "Hide proposals that score less")
        self._threshold_text = label("", "number")
        self.accept_all = push("Accept all", "Accept every proposal shown", name="chief", key="Enter")
        self.accept = push("Accept", "Accept the selected proposals", key="Enter")
        self.reject = push("Reject", "Reject or delete what is selected", key="Del")
        self.none = push("Nothing to mark", "Confirm that this scan has no findings", key="N")
        self._pending = QTimer(self)
        self._pending.setSingleShot(True)
        self._pending.setInterval(0)
        self._pending.timeout.connect(self._refresh)
        self._lay_out(theme)
        self._connect()
        self._show_labels()
        self._show_threshold()
        self._refresh()

    def _lay_out(self, theme: Theme) -> None:
        top = QGridLayout()
        top.setContentsMargins(theme.px(12), theme.px(4), theme.px(12), theme.px(8))
        top.setHorizontalSpacing(theme.px(12))
        top.setVerticalSpacing(theme.px(8))
        top.addWidget(label("Label", "muted"), 0, 0)
        top.addWidget(self.labels, 0, 1, 1, 2)
        top.addWidget(label("Score ≥", "muted"), 1, 0)
        top.addWidget(self.threshold, 1, 1)
        self._threshold_text.setMinimumWidth(theme.px(30))
        self._threshold_text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        top.addWidget(self._threshold_text, 1, 2)
        top.setColumnStretch(1, 1)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.list)
        self._pages.addWidget(self.empty)
        buttons = QHBoxLayout()
        tidy(buttons, theme, (12, 8, 12, 12), 8)
        for button, name in ((self.accept_all, "check-all"), (self.accept, "check"), (self.reject, "close")):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            buttons.addWidget(button)
            if button is not self.accept_all:
                dress(button, theme, name, 16)
        buttons.addWidget(self.none)
        self.none.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        tidy(column, theme, gap=0)
        column.addLayout(top)
        column.addLayout(self._pages, 1)
        column.addLayout(buttons)

    def _connect(self) -> None:
        session = self._session
        self.list.selectionModel().selectionChanged.connect(self._on_picked)
        self.list.doubleClicked.connect(self._go)
        self.labels.activated.connect(self._choose_label)
        self.threshold.valueChanged.connect(self._set_threshold)
        self.accept_all.clicked.connect(session.accept_all)
        self.accept.clicked.connect(self._accept)
        self.reject.clicked.connect(session.delete_selection)
        self.none.clicked.connect(session.confirm_empty)
        session.document_changed.connect(self._pend)
        session.proposals_changed.connect(self._pend)
        session.scan_changed.connect(self._pend)
        session.selection_changed.connect(self._show_selection)
        session.labels_changed.connect(self._show_labels)
        session.label_changed.connect(self._show_labels)
        session.display_changed.connect(self._show_threshold)

    def _pend(self) -> None:
        """Many signals of one turn of the event loop become one refresh."""
        if not self._pending.isActive():
            self._pending.start()

    def _refresh(self) -> None:
        at = self.list.verticalScrollBar().value()
        if self.model.refresh():
            self._show_selection()
            self.list.verticalScrollBar().setValue(at)
        total = self.model.rowCount()
        self._pages.setCurrentIndex(0 if total else 1)
        self.note_changed.emit(str(total) if total else "")
        hidden = len(self._session.findings.open(0.0)) - len(self._session.proposals)
        if self._session.scan is None:
            self.empty.say("No scan is open", "Findings of the open scan stand here.")
        elif hidden:
            self.empty.say("No findings shown", f"{hidden} score less than the limit above.")
        else:
            self.empty.say("No findings", "Run a model (M), draw a box (R), or confirm that there is nothing (N).")
        self._show_buttons()

    def _show_buttons(self) -> None:
        session = self._session
        open_ids = {proposal.id for proposal in session.proposals}
        has_open = bool(open_ids)
        self.accept_all.setVisible(has_open)
        self.accept.setVisible(has_open)
        self.accept.setEnabled(bool(open_ids & session.selection))
        self.reject.setEnabled(bool(session.selection))
        self.reject.setText("Reject" if open_ids & session.selection or has_open else "Delete")
        self.reject.setVisible(has_open or bool(session.document.annotations))
        self.none.setVisible(not has_open and not session.document.annotations)
        self.none.setEnabled(session.scan is not None)

    def _on_picked(self) -> None:
        picked = frozenset(self.model.marks[index.row()].id for index in self.list.selectionModel().selectedIndexes())
        if picked != self._session.selection:
            self._session.select(picked)

    def _show_selection(self) -> None:
        rows = sorted(row for row in map(self.model.row_of, self._session.selection) if row >= 0)
        shown = sorted(index.row() for index in self.list.selectionModel().selectedIndexes())
        if rows != shown:
            chosen = QItemSelection()
            for row in rows:
                chosen.select(self.model.index(row), self.model.index(row))
            self.list.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            if rows:
                self.list.scrollTo(self.model.index(rows[0]))
        self._show_buttons()
        self._show_labels()

    def _go(self, index: QModelIndex) -> None:
        self._session.go_to(self.model.marks[index.row()].id)

    def _accept(self) -> None:
        self._session.accept(tuple(self._session.selection))

    def _show_labels(self) -> None:
        session = self._session
        wanted = [(item.id, item.name, item.colour) for item in session.labels.labels]
        if wanted != [self.labels.itemData(row, Qt.ItemDataRole.UserRole + 1) for row in range(self.labels.count())]:
            self.labels.clear()
            for number, item in enumerate(wanted, 1):
                text = f"{item[1]}    Ctrl+{number}" if number <= 9 else item[1]
                self.labels.addItem(swatch(item[2], self._theme.px(12)), text, item[0])
                self.labels.setItemData(number - 1, item, Qt.ItemDataRole.UserRole + 1)
        picked = {mark.label for mark in map(session.findings.get, session.selection) if mark is not None}
        shown = picked.pop() if len(picked) == 1 else session.label
        self.labels.setCurrentIndex(self.labels.findData(shown))
        self.labels.setEnabled(bool(wanted))
        self.labels.setPlaceholderText("No labels yet: run a model")

    def _choose_label(self, row: int) -> None:
        self._session.choose_label(str(self.labels.itemData(row)))

    def _show_threshold(self) -> None:
        share = self._session.display.threshold
        self._threshold_text.setText(f"{share:.2f}")
        if self.threshold.value() != round(share * 100):
            self.threshold.setValue(round(share * 100))

    def _set_threshold(self, hundredths: int) -> None:
        if hundredths != round(self._session.display.threshold * 100):
            self._session.set_display(replace(self._session.display, threshold=hundredths / 100))


class FindingsPanel:
    """The findings on the right."""

    title = "Findings"
    side: Side = "right"
    order = 10
    stretch = 1

    def make(self, session: Session, theme: Theme) -> QWidget:
        """Build it."""
        return FindingsView(session, theme)


PLUGIN: Panel = FindingsPanel()
