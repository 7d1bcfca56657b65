"""Findings: annotations and open proposals as one list; accept, reject, relabel, go there. Virtual."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QListView,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from desktop_app.finding_order import Filter
from desktop_app.flow import Flow
from desktop_app.limits import SHOW_ALL
from desktop_app.panel import Panel, Side
from desktop_app.panels.finding_bar import FindingBar
from desktop_app.panels.finding_delegate import ROW, MarkDelegate
from desktop_app.panels.finding_detail import FindingDetail
from desktop_app.panels.finding_list import MarkModel
from desktop_app.panels.finding_menu import menu_of
from desktop_app.panels.label_chooser import LabelChooser
from desktop_app.panels.label_limits import LabelLimits
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.translation import tr
from desktop_app.widgets import Empty, dress, label, push, slider, tidy, tool_button

SUMMED = 100
"""From so many marks on the list says how many there are of each label."""
QUICK_MS, RESTS = 10.0, 30.0
"""A refresh that takes longer waits so many times what the last took, so that the list costs little while a model
reads."""
LAID_OUT = 2000
"""So many rows are laid out at once: Qt asks the model about each, and all of very many would hold the window up."""


class FindingsView(QWidget):
    """The list, what is listed and how, its limits, its label chooser and its buttons."""

    note_changed = Signal(str)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme, self._is_showing = session, theme, False
        self._took_ms = 0.0
        self._wanted_row = self._wanted_at = -1
        """A row, and a place of the scroll bar, to scroll to as soon as so much is laid out."""
        self._scrolled_to: frozenset[str] = frozenset()
        """The selection that was scrolled to last."""
        self._make_list(theme)
        self.empty = Empty(theme, "findings", "No findings", "Run a model, or draw a box (R).", size=28)
        self.labels = LabelChooser(session, theme)
        self.threshold = slider(0, 100, "Hide proposals that score less")
        self._threshold_text = label("", "number")
        self.per_label = tool_button(theme, "tag", "A limit for each label")
        self.per_label.setCheckable(True)
        self.limits = LabelLimits(session, theme)
        self.bar = FindingBar(session, theme)
        self.this_plane = QCheckBox("This plane only")
        self.this_plane.setToolTip("List only what is seen on this plane")
        self.this_plane.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.summary = label("", "muted")
        self.detail = FindingDetail(session, theme)
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
        self.labels.refresh()
        self._show_threshold()
        self._refresh()

    def _make_list(self, theme: Theme) -> None:
        self.model = MarkModel(self._session)
        self.list = QListView()
        self.list.setModel(self.model)
        self._delegate = MarkDelegate(self._session, theme)
        self.list.setItemDelegate(self._delegate)
        self.list.setUniformItemSizes(True)
        self.list.setLayoutMode(QListView.LayoutMode.Batched)
        self.list.setBatchSize(LAID_OUT)
        self.list.setMouseTracking(True)
        self.list.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.setAccessibleName("Findings")
        self.list.setMinimumHeight(theme.px(92))

    def _lay_out(self, theme: Theme) -> None:
        top = QGridLayout()
        top.setContentsMargins(theme.px(12), theme.px(4), theme.px(12), theme.px(8))
        top.setHorizontalSpacing(theme.px(12))
        top.setVerticalSpacing(theme.px(8))
        top.addWidget(label("Label", "muted"), 0, 0)
        top.addWidget(self.labels, 0, 1, 1, 3)
        top.addWidget(label("Score ≥", "muted"), 1, 0)
        top.addWidget(self.threshold, 1, 1)
        self._threshold_text.setMinimumWidth(theme.px(30))
        self._threshold_text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        top.addWidget(self._threshold_text, 1, 2)
        top.addWidget(self.per_label, 1, 3)
        top.addWidget(self.limits, 2, 0, 1, 4)
        top.addWidget(self.bar, 3, 0, 1, 4)
        top.addWidget(self.this_plane, 4, 0, 1, 4)
        top.addWidget(self.summary, 5, 0, 1, 4)
        top.setColumnStretch(1, 1)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.list)
        self._pages.addWidget(self.empty)
        buttons = Flow(theme.px(8))
        buttons.setContentsMargins(theme.px(12), theme.px(4), theme.px(12), theme.px(12))
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
        column.addWidget(self.detail)
        column.addLayout(buttons)

    def _connect(self) -> None:
        session = self._session
        self.list.selectionModel().selectionChanged.connect(self._on_picked)
        self.list.doubleClicked.connect(self._go)
        self.list.verticalScrollBar().rangeChanged.connect(self._on_laid_out)
        self.list.verticalScrollBar().actionTriggered.connect(self._forget_place)
        self.threshold.valueChanged.connect(self._set_threshold)
        self.this_plane.toggled.connect(self._set_this_plane)
        self.per_label.toggled.connect(self._show_limits)
        self.bar.filter_changed.connect(self._on_bar)
        self.bar.sort_changed.connect(self._on_bar)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.accept_all.clicked.connect(session.accept_all)
        self.accept.clicked.connect(self._accept)
        self.reject.clicked.connect(session.delete_selection)
        self.none.clicked.connect(session.confirm_empty)
        session.document_changed.connect(self._pend)
        session.proposals_changed.connect(self._pend)
        session.scan_changed.connect(self._pend)
        session.plane_changed.connect(self._on_plane)
        session.selection_changed.connect(self._show_selection)
        session.labels_changed.connect(self._on_labels)
        session.blinds.changed.connect(self._on_labels)
        session.label_changed.connect(self.labels.refresh)
        session.display_changed.connect(self._show_threshold)

    def _set_this_plane(self, only: bool) -> None:
        self.model.this_plane = only
        self._pend()

    def _on_bar(self) -> None:
        """Something else is listed, or in another order: from the top, or where the selection is."""
        self.model.filter, self.model.sorting = self.bar.filter, self.bar.sort
        self._wanted_at, self._wanted_row, self._scrolled_to = 0, -1, frozenset()
        self._pend()

    def _on_labels(self) -> None:
        self.model.forget()
        self.labels.refresh()
        self._pend()

    def _show_limits(self, shown: bool) -> None:
        self.limits.setVisible(shown)
        self.limits.refresh()

    def _on_plane(self) -> None:
        if self.model.this_plane:
            self._pend()

    def _pend(self) -> None:
        """Many signals of one turn of the event loop become one refresh; while a model reads, those of a while."""
        rests = self._session.findings.is_streaming and self._took_ms > QUICK_MS
        if not self._pending.isActive() or (not rests and self._pending.interval() > 0):
            self._pending.start(round(RESTS * self._took_ms) if rests else 0)

    def _refresh(self) -> None:
        began = time.perf_counter()
        self._refresh_now()
        self._took_ms = (time.perf_counter() - began) * 1000

    def _refresh_now(self) -> None:
        seen, top = self._seen()
        if self.model.refresh():
            if self._wanted_at < 0:
                self._wanted_at = self._place_of(seen, top)
            self._on_laid_out()
            self._show_selection()
        self.detail.refresh()
        self.detail.setVisible(self.model.rowCount() > 0)
        self.limits.refresh()
        self.labels.refresh()
        total = self.model.rowCount()
        info = self._session.info
        self.this_plane.setVisible(info is not None and info.size.planes > 1)
        self._pages.setCurrentIndex(0 if total else 1)
        every = self.model.total
        part = tr("{} of {}").format(f"{total:,}", f"{every:,}")
        self.note_changed.emit(part if total < every else f"{total:,}" if total else "")
        self._show_summary(total)
        if not total:
            self._say_why()
        self._show_buttons()

    def _say_why(self) -> None:
        """Why nothing is listed, and what to do."""
        session = self._session
        hidden = len(session.findings.open(SHOW_ALL)) - len(session.proposals)
        if session.scan is None:
            self.empty.say("No scan is open", "Findings of the open scan stand here.")
        elif self.model.total:
            self.empty.say("No finding matches", "Change the words or the choice above.")
        elif self.model.this_plane and (session.proposals or session.document.annotations):
            self.empty.say("No findings on this plane", "Ctrl+PageUp and Ctrl+PageDown go to the next that has some.")
        elif hidden:
            self.empty.say("No findings shown", f"{hidden} score less than the limit above.")
        else:
            self.empty.say("No findings", "Run a model (M), draw a box (R), or confirm that there is nothing (N).")

    def _seen(self) -> tuple[list[str], int]:
        """The ids of the rows that are seen, and where the first begins, in pixels of the list."""
        first = self.list.indexAt(QPoint(1, 1))
        if not first.isValid():
            return [], 0
        last = first.row() + self.list.viewport().height() // max(self._theme.px(ROW), 1) + 2
        return [mark.id for mark in self.model.marks[first.row() : last]], self.list.visualRect(first).top()

    def _place_of(self, seen: list[str], top: int) -> int:
        """Where the scroll bar must stand for what was seen to stay where it was."""
        for number, mark_id in enumerate(seen):
            row = self.model.row_of(mark_id)
            if row >= 0:
                return max((row - number) * self._theme.px(ROW) - top, 0)
        return self.list.verticalScrollBar().value()

    def _show_summary(self, total: int) -> None:
        """How many of which label, where there are too many to count them."""
        is_long = total >= SUMMED
        self.summary.setVisible(is_long)
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
        if rows and self._session.selection != self._scrolled_to:
            self._scrolled_to = self._session.selection
            self._wanted_row = rows[0]
            self._on_laid_out()
        self.detail.refresh()
        self._show_buttons()
        self.labels.refresh()

    def _on_laid_out(self) -> None:
        """Scroll to where it is wanted, as soon as so much of the list is laid out."""
        # Asked first: only now Qt lays out what it has put off. That may come back here, and change what is wanted.
        is_whole = self.list.visualRect(self.model.index(self.model.rowCount() - 1)).isValid()
        bar, wanted = self.list.verticalScrollBar(), self._wanted_at
        if wanted >= 0:
            bar.setValue(wanted)
            if bar.value() == wanted or is_whole:
                self._wanted_at = -1
        index = self.model.index(self._wanted_row)
        if index.isValid() and self.list.visualRect(index).isValid():
            self._wanted_row = -1
            self.list.scrollTo(index)

    def _show_menu(self, place: QPoint) -> None:
        index = self.list.indexAt(place)
        if index.isValid():
            menu = menu_of(self, self._session, self.model.marks[index.row()], self._list_only)
            menu.exec(self.list.viewport().mapToGlobal(place))
            menu.deleteLater()

    def _list_only(self, label_id: str) -> None:
        self.bar.set_filter(Filter(labels=frozenset({label_id})))

    def _forget_place(self, _action: int) -> None:
        """The reader scrolls to another place."""
        self._wanted_at = self._wanted_row = -1

    def _go(self, index: QModelIndex) -> None:
        self._session.go_to(self.model.marks[index.row()].id)

    def _accept(self) -> None:
        self._session.accept(tuple(self._session.selection))

    def _show_threshold(self) -> None:
        share = self._session.display.threshold
        self._threshold_text.setText(f"{share:.2f}")
        if self.threshold.value() != round(share * 100):
            self.threshold.setValue(round(share * 100))
        self.limits.refresh()

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
