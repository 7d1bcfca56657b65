"""Labels: their colour and key, how many marks of this scan have them, and whether they are shown and locked."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from dataset.label import Label
from desktop_app.label_dialog import LabelSheet
from desktop_app.mark_edits import lock_edit
from desktop_app.panel import Panel, Side
from desktop_app.panels.label_list import LabelListView, LabelModel, rows_of
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.visibility import EVERYTHING
from desktop_app.widgets import label, push, tidy

WAIT_MS, STREAM_WAIT_MS = 60, 1000
"""From the first change to the refresh; while a model reads, marks come several times a second."""


class LabelsView(QWidget):
    """The list of labels, and the way back when some are hidden."""

    note_changed = Signal(str)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self.model = LabelModel()
        self.list = LabelListView(self.model, theme)
        self.list.taken.connect(self._on_taken)
        self.list.edited.connect(self.ask_change)
        self.hidden = label("", "muted")
        self.show_all = push("Show all", "Show every mark and every label again", name="link", key="Ctrl+Shift+H")
        self.show_all.clicked.connect(lambda: session.set_visibility(EVERYTHING))
        self._last = QWidget()
        row = QHBoxLayout(self._last)
        tidy(row, theme, (12, 4, 8, 0), 8)
        row.addWidget(self.hidden, 1)
        row.addWidget(self.show_all)
        column = QVBoxLayout(self)
        tidy(column, theme, (0, 0, 0, 8), 0)
        column.addWidget(self.list)
        column.addWidget(self._last)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.timeout.connect(self._refresh)
        for signal in (session.scan_changed, session.document_changed, session.proposals_changed):
            signal.connect(self._pend)
        for signal in (session.labels_changed, session.label_changed, session.visibility_changed):
            signal.connect(self._refresh)
        self._refresh()

    def _pend(self) -> None:
        if self.isVisible() and not self._wait.isActive():
            self._wait.start(STREAM_WAIT_MS if self._session.findings.is_streaming else WAIT_MS)

    def showEvent(self, event: object) -> None:  # noqa: ARG002
        """What changed while it was folded counts now."""
        self._refresh()

    def _refresh(self) -> None:
        session, seen = self._session, self._session.visibility
        self.model.show_rows(rows_of(session))
        self.list.fit_rows()
        parts = ["labels shown alone" if seen.solo else "labels hidden" if seen.labels else ""]
        parts += [f"{len(seen.marks):,} marks hidden" if len(seen.marks) > 1 else "1 mark hidden"] if seen.marks else []
        words = ", ".join(part for part in parts if part)
        self.hidden.setText(words[:1].upper() + words[1:])
        self._last.setVisible(not seen.is_all)
        self.note_changed.emit("some hidden" if not seen.is_all else "")

    def _on_taken(self, label_id: str, part: str, with_alt: bool) -> None:
        session = self._session
        if with_alt:
            session.set_visibility(session.visibility.toggling_solo([label_id]))
        elif part == "eye":
            session.set_visibility(session.visibility.toggling_label(label_id))
        elif part == "lock":
            marks = tuple(mark for mark in session.document.annotations if mark.label == label_id)
            session.commit(lock_edit(marks, not all(mark.locked for mark in marks)))
        else:
            session.choose_label(label_id)

    def ask_change(self, label_id: str) -> None:
        """Ask for another name, colour, key or attributes of a label."""
        known: Label | None = self._session.labels.get(label_id)
        if known is None:
            return
        sheet = LabelSheet(self.window(), self._theme, known, self._session.labels)
        if sheet.exec():
            self._session.change_label(sheet.chosen)
        sheet.deleteLater()


class LabelsPanel:
    """The labels on the right."""

    title = "Labels"
    side: Side = "right"
    order = 13
    stretch = 0

    def make(self, session: Session, theme: Theme) -> QWidget:
        """Build it."""
        return LabelsView(session, theme)


PLUGIN: Panel = LabelsPanel()
