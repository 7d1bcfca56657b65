"""This scan: labels that are true of all of it, beside what a classifier says; one click, or accepting, says so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QMenu, QVBoxLayout, QWidget

from dataset.annotation import WholeScan
from dataset.label import Label
from dataset.measurement import labels_of_findings
from desktop_app.mark_edits import whole_scan_edit, whole_scan_marks
from desktop_app.panel import Panel, Side
from desktop_app.panels.swatch import swatch
from desktop_app.review import newest_by_model
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.widgets import Spinner, label, push, tidy

WAIT_MS, STREAM_WAIT_MS = 60, 1000
"""From the first change to the refresh; while a model reads, proposals come several times a second."""
MOST_LOOKED_AT = 5000
"""Models that propose more find objects, and do not classify."""
MOST = 24
"""So many labels are listed; the others are in the menu."""


@dataclass(frozen=True, slots=True)
class ScanLabel:
    """A label as it stands to the whole scan."""

    label: Label
    is_said: bool
    """Whether an annotation says that it is true."""
    score: float | None
    """What the newest classifier gave it."""
    is_offered: bool
    """Whether it is proposed and nobody has settled that."""


def scan_labels(session: Session) -> tuple[ScanLabel, ...]:
    """The labels that were said, scored or proposed of the whole scan; highest score first, then in their order."""
    said = whole_scan_marks(session.document)
    scores: dict[str, float] = {}
    for prediction in newest_by_model(session.predictions):
        scores.update(prediction.scores)
    offered: set[str] = set()
    for item in session.findings.proposed.values() if len(session.findings.proposed) <= MOST_LOOKED_AT else ():
        if type(item.proposal.geometry) is WholeScan and not session.document.is_settled(item.proposal.id):
            # What the list of findings hides is not offered here either; its score is still told.
            if session.display.limits.passes(item.proposal.label, item.proposal.score):
                offered.add(item.proposal.label)
            scores.setdefault(item.proposal.label, item.proposal.score)
    ids = dict.fromkeys((*sorted(scores, key=lambda one: -scores[one]), *said, *sorted(offered)))
    return tuple(ScanLabel(session.label_of(one), one in said, scores.get(one), one in offered) for one in ids)


class ThisScanView(QWidget):
    """A box to tick for each label, the score beside it, and a menu with the other labels."""

    note_changed = Signal(str)
    applies_changed = Signal(bool)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self._shown: tuple[ScanLabel, ...] = ()
        self.boxes: dict[str, QCheckBox] = {}
        self._body = QWidget()
        self.more = push("Label the whole scan…", "Say that a label is true of the whole scan", name="link")
        self.more.clicked.connect(self._ask)
        self._column = QVBoxLayout(self)
        tidy(self._column, theme, (12, 4, 12, 8), 4)
        self._column.addWidget(self._body)
        self._column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.timeout.connect(self._refresh)
        for signal in (session.document_changed, session.proposals_changed, session.labels_changed):
            signal.connect(self._pend)
        session.scan_changed.connect(self._on_scan)
        self._on_scan()

    @property
    def applies(self) -> bool:
        """Whether a scan is open."""
        return self._session.scan is not None

    def _on_scan(self) -> None:
        self.applies_changed.emit(self.applies)
        self._refresh()

    def _pend(self) -> None:
        if not self._wait.isActive():
            self._wait.start(STREAM_WAIT_MS if self._session.findings.is_streaming else WAIT_MS)

    def _refresh(self) -> None:
        found = scan_labels(self._session)[:MOST] if self.applies else ()
        said = sum(one.is_said for one in found)
        self.note_changed.emit(f"{said}" if said else "")
        self.more.setVisible(bool(self._others(found)))
        if found == self._shown:
            return
        if [one.label for one in found] == [one.label for one in self._shown] and self.boxes:
            self._shown = found
            for one in found:
                self._show(self.boxes[one.label.id], one)
            return
        self._shown = found
        old, self._body = self._body, QWidget()
        self._fill(found)
        self._column.replaceWidget(old, self._body)
        self._body.setVisible(bool(found))
        old.hide()
        old.deleteLater()

    def _fill(self, found: tuple[ScanLabel, ...]) -> None:
        theme, grid = self._theme, QGridLayout(self._body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.px(8))
        grid.setVerticalSpacing(theme.px(6))
        grid.setColumnStretch(0, 1)
        self.boxes = {}
        for row, one in enumerate(found):
            box = QCheckBox(one.label.name)
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            box.setAccessibleName(f"{one.label.name} is true of the whole scan")
            self._show(box, one)
            box.clicked.connect(partial(self._on_box, one.label.id, box))
            self.boxes[one.label.id] = box
            grid.addWidget(box, row, 0)
            if one.score is not None:
                bar = Spinner(f"Score of {one.label.name}")
                bar.show_fraction(min(max(one.score, 0.0), 1.0))
                bar.setFixedWidth(theme.px(64))
                grid.addWidget(bar, row, 1, Qt.AlignmentFlag.AlignVCenter)
                number = label(f"{one.score:.2f}", "number")
                grid.addWidget(number, row, 2, Qt.AlignmentFlag.AlignRight)

    def _show(self, box: QCheckBox, one: ScanLabel) -> None:
        box.setChecked(one.is_said)
        box.setText(f"{one.label.name} · proposed" if one.is_offered and not one.is_said else one.label.name)
        box.setToolTip(
            f"{one.label.name} is proposed: tick to accept it  (Enter accepts all that is proposed)"
            if one.is_offered and not one.is_said
            else f"Whether {one.label.name} is true of the whole scan"
        )

    def _on_box(self, label_id: str, box: QCheckBox) -> None:
        self.say(label_id, box.isChecked())

    def say(self, label_id: str, is_on: bool) -> None:
        """Say that a label is true of the whole scan, or that it is not."""
        session = self._session
        name = session.label_of(label_id).name
        session.commit(
            whole_scan_edit(session.document, session.findings.proposed, label_id, is_on, session.author, name)
        )

    def _others(self, found: tuple[ScanLabel, ...]) -> tuple[Label, ...]:
        """The labels that are not listed yet."""
        listed = {one.label.id for one in found}
        return tuple(one for one in labels_of_findings(self._session.labels).labels if one.id not in listed)

    def _ask(self) -> None:
        menu = self.menu()
        menu.exec(self.more.mapToGlobal(self.more.rect().bottomLeft()))
        menu.deleteLater()

    def menu(self) -> QMenu:
        """The labels that can be said beside those listed."""
        menu = QMenu(self)
        for one in self._others(self._shown):
            shown = self._session.label_of(one.id)
            menu.addAction(swatch(shown.colour, self._theme.px(12)), shown.name, partial(self.say, one.id, True))
        return menu


class ThisScanPanel:
    """Labels of the whole scan, on the right."""

    title = "This scan"
    side: Side = "right"
    order = 12
    stretch = 0

    def make(self, session: Session, theme: Theme) -> QWidget:
        """Build it."""
        return ThisScanView(session, theme)


PLUGIN: Panel = ThisScanPanel()
