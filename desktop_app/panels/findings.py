"""Findings: annotations and open proposals as one list; accept, reject, relabel, go there. Virtual."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import islice

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QListView,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from desktop_app.limits import SHOW_ALL
from desktop_app.panel import Panel, Side
from desktop_app.panels.finding_list import MarkDelegate, MarkModel
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.widgets import Chooser, Empty, dress, label, push, slider, tidy

SUMMED = 100
"""From so many marks on the list says how many there are of each label."""
QUICK_MS, RESTS = 10.0, 30.0
"""A refresh that takes longer waits so many times what the last took, so that the list costs little while a model
reads."""
LAID_OUT = 2000
"""So many rows are laid out at once: Qt asks the model about each, and all of very many would hold the window up."""
MOST_ASKED = 1000
"""So many of the selected marks are asked for their label."""


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


class FindingsView(QWidget):
    """The list, its threshold, its label chooser and its buttons."""

    note_changed = Signal(str)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme, self._is_showing = session, theme, False
        self._took_ms = 0.0
        self.model = MarkModel(session)
        self.list = QListView()
        self.list.setModel(self.model)
        self._delegate = MarkDelegate(session, theme)
        self.list.setItemDelegate(self._delegate)
        self.list.setUniformItemSizes(True)
        self.list.setLayoutMode(QListView.LayoutMode.Batched)
        self.list.setBatchSize(LAID_OUT)
        self._wanted_row = -1
        """A row to scroll to that is not laid out yet."""
        self._wanted_at = -1
        self.list.setMouseTracking(True)
        self.list.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list.setAccessibleName("Findings")
        self.list.setMinimumHeight(theme.px(92))
        self.empty = Empty(theme, "findings", "No findings", "Run a model, or draw a box (R).", size=28)
        tip = "Label of new marks; with a selection, relabels it  (Ctrl+1 … 9; a new one Ctrl+L)"
        self.labels = Chooser("Label of new and selected marks", tip)
        self.threshold = slider(0, 100, "Hide proposals that score less")
        self._threshold_text = label("", "number")
        self.this_plane = QCheckBox("This plane only")
        self.this_plane.setToolTip("List only what is seen on this plane")
        self.this_plane.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.summary = label("", "muted")
        self.by_score = QCheckBox("Highest score first")
        self.by_score.setToolTip("Order the list by score instead of by place")
        self.by_score.setFocusPolicy(Qt.FocusPolicy.TabFocus)
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
        top.addWidget(self.this_plane, 2, 0, 1, 3)
        top.addWidget(self.summary, 3, 0, 1, 3)
        top.addWidget(self.by_score, 4, 0, 1, 3)
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
        self.list.verticalScrollBar().rangeChanged.connect(self._on_laid_out)
        self.list.verticalScrollBar().actionTriggered.connect(self._forget_place)
        self.labels.activated.connect(self._choose_label)
        self.threshold.valueChanged.connect(self._set_threshold)
        self.this_plane.toggled.connect(self._set_this_plane)
        self.by_score.toggled.connect(self._set_by_score)
        self.accept_all.clicked.connect(session.accept_all)
        self.accept.clicked.connect(self._accept)
        self.reject.clicked.connect(session.delete_selection)
        self.none.clicked.connect(session.confirm_empty)
        session.document_changed.connect(self._pend)
        session.proposals_changed.connect(self._pend)
        session.scan_changed.connect(self._pend)
        session.plane_changed.connect(self._on_plane)
        session.selection_changed.connect(self._show_selection)
        session.labels_changed.connect(self._show_labels)
        session.label_changed.connect(self._show_labels)
        session.display_changed.connect(self._show_threshold)

    def _set_this_plane(self, only: bool) -> None:
        self.model.this_plane = only
        self._pend()

    def _set_by_score(self, is_first: bool) -> None:
        self.model.by_score = is_first
        self._pend()

    def _on_plane(self) -> None:
        if self.model.this_plane:
            self._pend()

    def _pend(self) -> None:
        """Many signals of one turn of the event loop become one refresh; while a model reads, those of a while."""
        if not self._pending.isActive():
            rests = self._session.findings.is_streaming and self._took_ms > QUICK_MS
            self._pending.start(round(RESTS * self._took_ms) if rests else 0)

    def _refresh(self) -> None:
        began = time.perf_counter()
        self._refresh_now()
        self._took_ms = (time.perf_counter() - began) * 1000

    def _refresh_now(self) -> None:
        bar = self.list.verticalScrollBar()
        at = max(bar.value(), self._wanted_at)
        if self.model.refresh():
            self._wanted_at, self._wanted_row = at, -1
            self._on_laid_out()
            self._show_selection()
        self._show_labels()
        total = self.model.rowCount()
        info = self._session.info
        self.this_plane.setVisible(info is not None and info.size.planes > 1)
        self._pages.setCurrentIndex(0 if total else 1)
        self.note_changed.emit(f"{total:,}" if total else "")
        self._show_summary(total)
        hidden = 0 if total else len(self._session.findings.open(SHOW_ALL)) - len(self._session.proposals)
        if self._session.scan is None:
            self.empty.say("No scan is open", "Findings of the open scan stand here.")
        elif self.model.this_plane and (self._session.proposals or self._session.document.annotations):
            self.empty.say("No findings on this plane", "Ctrl+PageUp and Ctrl+PageDown go to the next that has some.")
        elif hidden:
            self.empty.say("No findings shown", f"{hidden} score less than the limit above.")
        else:
            self.empty.say("No findings", "Run a model (M), draw a box (R), or confirm that there is nothing (N).")
        self._show_buttons()

    def _show_summary(self, total: int) -> None:
        """How many of which label, where there are too many to count them."""
        is_long = total >= SUMMED
        self.summary.setVisible(is_long)
        self.by_score.setVisible(is_long or self.by_score.isChecked())
        if is_long:
            counts = self.model.counts()
            words = [f"{count:,} {self._session.label_of(name).name}" for name, count in counts[:3]]
            self.summary.setText(" · ".join((*words, "…") if len(counts) > 3 else words))

    def _show_buttons(self) -> None:
        session = self._session
        has_open = bool(session.proposals)
        is_open = any(session.findings.is_settleable(mark_id) for mark_id in session.selection)
        self.accept_all.setVisible(has_open)
        self.accept.setVisible(has_open)
        self.accept.setEnabled(is_open)
        self.reject.setEnabled(bool(session.selection))
        self.reject.setText("Reject" if is_open or has_open else "Delete")
        self.reject.setVisible(has_open or bool(session.document.annotations))
        self.none.setVisible(not has_open and not session.document.annotations)
        self.none.setEnabled(session.scan is not None)

    def _on_picked(self) -> None:
        if self._is_showing:
            return
        picked = frozenset(self.model.marks[row].id for row in self._picked_rows())
        if picked != self._session.selection:
            self._session.select(picked)

    def _picked_rows(self) -> list[int]:
        """The selected rows, ascending."""
        ranges = self.list.selectionModel().selection().toList()
        return sorted(row for part in ranges for row in range(part.top(), part.bottom() + 1))

    def _show_selection(self) -> None:
        rows = sorted(row for row in map(self.model.row_of, self._session.selection) if row >= 0)
        if rows != self._picked_rows():
            chosen = QItemSelection()
            for first, last in _runs(rows):
                chosen.select(self.model.index(first), self.model.index(last))
            # What the session says must not come back as picked here: a new mark may not be listed yet.
            self._is_showing = True
            self.list.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self._is_showing = False
            if rows:
                self._wanted_at, self._wanted_row = -1, rows[0]
                self._on_laid_out()
        self._show_buttons()
        self._show_labels()

    def _on_laid_out(self) -> None:
        """Scroll to where it is wanted, as soon as so much of the list is laid out."""
        bar = self.list.verticalScrollBar()
        if self._wanted_at >= 0:
            bar.setValue(self._wanted_at)
            last = self.model.index(self.model.rowCount() - 1)
            if bar.value() == self._wanted_at or self.list.visualRect(last).isValid():
                self._wanted_at = -1
        index = self.model.index(self._wanted_row)
        if index.isValid() and self.list.visualRect(index).isValid():
            self._wanted_row = -1
            self.list.scrollTo(index)

    def _forget_place(self, _action: int) -> None:
        """The reader scrolls to another place."""
        self._wanted_at = self._wanted_row = -1

    def _go(self, index: QModelIndex) -> None:
        self._session.go_to(self.model.marks[index.row()].id)

    def _accept(self) -> None:
        self._session.accept(tuple(self._session.selection))

    def _show_labels(self) -> None:
        session = self._session
        wanted = [(item.id, item.name, session.label_of(item.id).colour) for item in session.labels.labels]
        if wanted != [self.labels.itemData(row, Qt.ItemDataRole.UserRole + 1) for row in range(self.labels.count())]:
            self.labels.clear()
            for number, item in enumerate(wanted, 1):
                text = f"{item[1]}    Ctrl+{number}" if number <= 9 else item[1]
                self.labels.addItem(swatch(item[2], self._theme.px(12)), text, item[0])
                self.labels.setItemData(number - 1, item, Qt.ItemDataRole.UserRole + 1)
        few = islice(session.selection, MOST_ASKED)
        picked = {mark.label for mark in map(session.findings.get, few) if mark is not None}
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


def _runs(rows: list[int]) -> list[tuple[int, int]]:
    """Ascending rows as runs: first and last of each."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs


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
