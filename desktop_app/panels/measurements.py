"""Measurements: of the selected marks and their pixels, of what was measured on the scan, and counts on slides."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TypeAlias

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from dataset.annotation import Annotation, Proposal, geometry_plane
from dataset.measurement import MEASUREMENT, measured_as
from dataset.region_values import has_area
from desktop_app.canvas.mark_words import words_of
from desktop_app.measure_text import value_facts
from desktop_app.measuring import Line, Measures, density_text, measures
from desktop_app.one_job import OneJob
from desktop_app.panel import Panel, Side
from desktop_app.panels.swatch import swatch
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.tool import Mark
from desktop_app.widgets import Elided, label, push, tidy
from imaging.errors import Problem
from imaging.progress import Progress

Fact: TypeAlias = tuple[str, str, str]
"""What it is, how much, and the id of the mark it leads to (or empty)."""
WAIT_MS = 150
"""After the last change; a selection that is being drawn is not measured with each move."""
STREAM_WAIT_MS = 2000
"""While a model reads, which changes what there is several times a second."""
MOST_LINES = 12
RULE = "A mark counts where its middle lies"
MOST_MEASURED = 8
NOTHING = "Select a mark to measure it, or draw a length (L), an angle (Shift+L) or a region (Q)."


class MeasurementsView(QWidget):
    """Facts and a table, found in the background; stays as it is until the new ones are there."""

    applies_changed = Signal(bool)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self.measures = Measures()
        self._chosen: Annotation | Proposal | None = None
        """The one selected mark that has pixels."""
        self.values = QCheckBox("Values of the pixels")
        self.values.setToolTip("Mean, deviation, smallest and largest value of the selected area")
        self.values.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.values.toggled.connect(self._show_again)
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
        self._column.addWidget(self.values)
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
        session.valuing.changed.connect(self._show_again)
        self._on_scan()

    @property
    def applies(self) -> bool:
        """Whether a scan is open."""
        return self._session.info is not None

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
        session, spacing = self._session, self._session.spacing_mm
        if session.scan is None:
            return
        scan, is_slide = session.scan, session.scan.info.kind == "slide"
        marks = session.marks_on(session.plane) if is_slide else ()
        found = (session.findings.get(mark_id) for mark_id in sorted(session.selection))
        selected: tuple[Mark, ...] = tuple(mark for mark in found if mark is not None)
        kept = () if selected or session.labels.get(MEASUREMENT.id) is None else session.document.annotations

        # The areas of what is about to be replaced by the whole are not worth the processor's time.
        counts_only = session.findings.is_streaming

        def work(progress: Progress) -> Measures:
            measured = tuple(mark for mark in kept if measured_as(mark) is not None)
            return replace(measures(selected, marks, spacing, progress, counts_only=counts_only), measured=measured)

        def then(measured: Measures) -> None:
            if session.scan is scan:
                self._chosen = selected[0] if len(selected) == 1 and has_area(selected[0].geometry) else None
                self._show(measured)

        def failed(problem: Problem) -> None:
            self.hint.setText(str(problem))
            self.hint.show()

        self._job.follow(session.jobs.start("Measuring", work, then, failed, quiet=True))

    def _show_again(self) -> None:
        self._show(self.measures)

    def _show(self, measured: Measures) -> None:
        self.measures = measured
        facts = self._facts()
        has_any = bool(facts or measured.lines)
        self.hint.setText(NOTHING)
        self.hint.setVisible(not has_any)
        head = measured.title if measured.lines else "Selected" if measured.facts else "Measured here"
        self._head.setText(head if has_any else "")
        self._head.setToolTip("" if not measured.lines else RULE if measured.facts else NOTHING)
        for part in (self._head, self.copy):
            part.setVisible(has_any)
        self.values.setVisible(self._chosen is not None and measured_as(self._chosen) is None)
        old, self._body = self._body, QWidget()
        self._fill(measured, facts)
        self._column.replaceWidget(old, self._body)
        self._body.setVisible(has_any)
        old.hide()
        old.deleteLater()

    def _facts(self) -> list[Fact]:
        """What is told above the table: of the selection, or everything that was measured on this scan."""
        facts: list[Fact] = [(name, value, "") for name, value in self.measures.facts]
        chosen, session = self._chosen, self._session
        if self.measures.facts and chosen is not None and (self.values.isChecked() or measured_as(chosen)):
            found = session.valuing.answer(chosen.id, chosen.geometry)
            if isinstance(found, Problem):
                facts.append(("Values", found.what, ""))
            elif found is not None:
                facts += [(name, value, "") for name, value in value_facts(found)]
            else:
                known = session.valuing.is_known(chosen.id, chosen.geometry)
                facts.append(("Values", "holds no pixel" if known else "…", ""))
        for mark in self.measures.measured:
            plane, kind = geometry_plane(mark.geometry), measured_as(mark)
            if kind is not None and plane is not None:
                where = f" · plane {plane.index + 1}" if session.info and session.info.size.planes > 1 else ""
                facts.append((f"{kind.capitalize()}{where}", words_of(mark, session)[0], mark.id))
        return facts

    def _fill(self, measured: Measures, facts: list[Fact]) -> None:
        grid = QGridLayout(self._body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(self._theme.px(12))
        grid.setVerticalSpacing(self._theme.px(4))
        start = self._fill_facts(grid, facts)
        grid.setColumnStretch(0, 1)
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

    def _fill_facts(self, grid: QGridLayout, facts: list[Fact]) -> int:
        """Facts row by row, those of a mark as a link to it; the next row."""
        most = MOST_MEASURED if self.measures.measured else len(facts)
        for row, (name, value, mark_id) in enumerate(facts[:most]):
            if mark_id:
                go = push(name, f"Go to this {name.split()[0].lower()}", name="link")
                go.clicked.connect(partial(self._session.go_to, mark_id))
                grid.addWidget(go, row, 0, Qt.AlignmentFlag.AlignLeft)
            else:
                grid.addWidget(label(name, "muted"), row, 0)
            grid.addWidget(label(value), row, 1, 1, 2, Qt.AlignmentFlag.AlignRight)
        rows = min(most, len(facts))
        if len(facts) > most:
            grid.addWidget(label(f"and {len(facts) - most} more, in the copy", "small"), rows, 0, 1, 3)
            rows += 1
        return rows

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
        facts = tuple((name, value) for name, value, _ in self._facts())
        QGuiApplication.clipboard().setText(replace(self.measures, facts=facts).text(names))
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
