"""Measurements of a slide's marks: of the selected ones, in the selected region, or of all by label."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.measuring import Line, Measures, density_text, measures
from desktop_app.one_job import OneJob
from desktop_app.panel import Panel, Side
from desktop_app.panels.findings import swatch
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.tool import Mark
from desktop_app.widgets import Elided, label, push, tidy
from imaging.errors import Problem
from imaging.progress import Progress
from imaging.scan import Spacing

WAIT_MS = 150
"""After the last change; a selection that is being drawn is not measured with each move."""
STREAM_WAIT_MS = 2000
"""While a model reads, which changes what there is several times a second."""
MOST_LINES = 12
RULE = "A mark counts where its middle lies"
NOTHING = "Select a mark to measure it, or an outline to count what lies in it."


class MeasurementsView(QWidget):
    """Facts and a table, found in the background; stays as it is until the new ones are there."""

    applies_changed = Signal(bool)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self.measures = Measures()
        self.hint = label(NOTHING, "muted", wraps=True)
        self._body = QWidget()
        self.copy = push("Copy", "Copy these measurements as a table", name="link")
        self.copy.clicked.connect(self.copy_text)
        self._head = label("", "heading")
        last = QHBoxLayout()
        tidy(last, theme, gap=8)
        last.addWidget(self._head, 1)
        last.addWidget(self.copy)
        self._column = QVBoxLayout(self)
        tidy(self._column, theme, (12, 4, 12, 12), 8)
        self._column.addWidget(self.hint)
        self._column.addLayout(last)
        self._column.addWidget(self._body)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.timeout.connect(self._measure)
        self._job = OneJob(self)
        session.scan_changed.connect(self._on_scan)
        for signal in (session.selection_changed, session.document_changed):
            signal.connect(self._pend)
        for signal in (session.labels_changed, session.display_changed):
            signal.connect(self._pend)
        session.proposals_changed.connect(self._on_proposals)
        self._on_scan()

    @property
    def applies(self) -> bool:
        """Whether the open scan is a slide."""
        info = self._session.info
        return info is not None and info.kind == "slide"

    def _spacing(self) -> Spacing:
        """The spacing of the open scan, with what the reader gave where it does not say."""
        info, given = self._session.info, self._session.predicting.pixel_size_mm
        if info is None:
            return None, None, None
        return info.spacing_mm[0] or given, info.spacing_mm[1] or given, info.spacing_mm[2]

    def _on_scan(self) -> None:
        self.applies_changed.emit(self.applies)
        self._show(Measures())
        self._pend()

    def _pend(self) -> None:
        if self.applies and self.isVisible():
            self._wait.start(WAIT_MS)

    def _on_proposals(self) -> None:
        if not self._session.findings.is_streaming:
            self._pend()
        elif self.applies and self.isVisible() and not self._wait.isActive():
            self._wait.start(STREAM_WAIT_MS)

    def showEvent(self, event: object) -> None:  # noqa: ARG002
        """What changed while it was folded counts now."""
        self._pend()

    def _measure(self) -> None:
        session, spacing = self._session, self._spacing()
        if session.scan is None or not self.applies:
            return
        scan, marks = session.scan, session.marks_on(session.plane)
        found = (session.findings.get(mark_id) for mark_id in sorted(session.selection))
        selected: tuple[Mark, ...] = tuple(mark for mark in found if mark is not None)

        # The areas of what is about to be replaced by the whole are not worth the processor's time.
        counts_only = session.findings.is_streaming

        def work(progress: Progress) -> Measures:
            return measures(selected, marks, spacing, progress, counts_only=counts_only)

        def then(measured: Measures) -> None:
            if session.scan is scan:
                self._show(measured)

        def failed(problem: Problem) -> None:
            self.hint.setText(str(problem))
            self.hint.show()

        self._job.follow(session.jobs.start("Measuring", work, then, failed, quiet=True))

    def _show(self, measured: Measures) -> None:
        self.measures = measured
        has_any = bool(measured.facts or measured.lines)
        self.hint.setText(NOTHING)
        self.hint.setVisible(not has_any)
        self._head.setText(measured.title if measured.lines else "")
        self._head.setToolTip("" if not measured.lines else RULE if measured.facts else NOTHING)
        for part in (self._head, self.copy):
            part.setVisible(has_any)
        old, self._body = self._body, QWidget()
        self._fill(measured)
        self._column.replaceWidget(old, self._body)
        self._body.setVisible(has_any)
        old.hide()
        old.deleteLater()

    def _fill(self, measured: Measures) -> None:
        grid = QGridLayout(self._body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(self._theme.px(12))
        grid.setVerticalSpacing(self._theme.px(4))
        for row, (name, value) in enumerate(measured.facts):
            grid.addWidget(label(name, "muted"), row, 0)
            grid.addWidget(label(value), row, 1, 1, 2, Qt.AlignmentFlag.AlignRight)
        grid.setColumnStretch(0, 1)
        start = len(measured.facts)
        if not measured.lines:
            return
        for column, word in enumerate(measured.heads):
            grid.addWidget(label(word, "small"), start, 1 + column, Qt.AlignmentFlag.AlignRight)
        for row, line in enumerate(measured.lines[:MOST_LINES], start + 1):
            grid.addWidget(self._name(line.label), row, 0)
            for column, word in enumerate(self._words(line)):
                grid.addWidget(label(word), row, 1 + column, Qt.AlignmentFlag.AlignRight)
        more = len(measured.lines) - MOST_LINES
        if more > 0:
            grid.addWidget(label(f"and {more} labels more, in the copy", "small"), start + 1 + MOST_LINES, 0, 1, 3)

    def _name(self, label_id: str) -> QWidget:
        shown, made = self._session.label_of(label_id), QWidget()
        row = QHBoxLayout(made)
        tidy(row, self._theme, gap=4)
        spot, name = label(""), Elided("")
        size = self._theme.px(12)
        spot.setPixmap(swatch(shown.colour, size).pixmap(size, size))
        name.setText(shown.name)
        name.setToolTip(shown.name)
        row.addWidget(spot)
        row.addWidget(name, 1)
        return made

    def _words(self, line: Line) -> tuple[str, str]:
        return str(line.count), line.area if line.density is None else density_text(line.density)

    def copy_text(self) -> None:
        """Copy what is shown, and what there was no room for."""
        names = {line.label: self._session.label_of(line.label).name for line in self.measures.lines}
        QGuiApplication.clipboard().setText(self.measures.text(names))
        self._session.told.emit("Copied the measurements")


class MeasurementsPanel:
    """The measurements on the right."""

    title = "Measurements"
    side: Side = "right"
    order = 15
    stretch = 0

    def make(self, session: Session, theme: Theme) -> QWidget:
        """Build it."""
        return MeasurementsView(session, theme)


PLUGIN: Panel = MeasurementsPanel()
