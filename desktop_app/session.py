"""The session: what is open, and the one place that tells what changed. No widgets here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from dataset.annotation import Proposal
from dataset.document import Change, Document, Snapshot
from dataset.label import Label, LabelSet
from dataset.measurement import MEASUREMENT, is_finding, labels_of_findings, without_measurements
from dataset.piecewise import collector_paused
from desktop_app.blinding import Blinds
from desktop_app.display import CaseRow
from desktop_app.editing import MANY
from desktop_app.findings import Findings
from desktop_app.history import History
from desktop_app.keeping import Keeping
from desktop_app.limits import SHOW_ALL
from desktop_app.opening import Opened
from desktop_app.predicting import Reading
from desktop_app.read_ahead import ReadAhead
from desktop_app.readers import Readers
from desktop_app.saving import Grounds, Kept, Saved, Saving
from desktop_app.sitting import Sitting
from desktop_app.slides import Acts, Slides
from desktop_app.tool import Tool
from desktop_app.worklist import Worklist
from imaging.errors import Problem
from imaging.geometry import Plane, Region
from models.slide_choices import EVERYWHERE, SlideChoices

if TYPE_CHECKING:
    from dataset.folder import Dataset


FIRST_LABEL = Label("finding", "Finding", "#f2b134", "1")
"""What marks are called in a dataset that has no labels yet; it gives way to a model's labels."""


class Session(Sitting):
    """What is open. Requests return at once; what follows from them is told by signals."""

    cases_changed = Signal()
    case_changed = Signal(int)
    scan_opening = Signal(str)
    saved_changed = Signal()

    def __init__(self, tools: Iterable[Tool], author: str, parent: QObject | None = None) -> None:
        super().__init__(tools, author, parent)
        self._left: dict[str, Snapshot] = {}
        self._reads_early = False
        """Whether the opening under way may read the disk before what was edited is there."""
        self._asked_at = Snapshot()
        """The open document when the opening under way was asked for."""
        self.keeping = Keeping(self)
        self.worklist = Worklist(self.jobs, self)
        self.jobs.problem_raised.connect(self.problem_raised)
        self.keeping.problem_raised.connect(self.problem_raised)
        self.keeping.changed.connect(self.saved_changed)
        self.keeping.changed.connect(self._forget_left)
        self.predicting.streamed.connect(self._on_streamed)
        self.predicting.predicted.connect(self._on_predicted)
        self.predicting.ended_without.connect(self._on_unpredicted)
        self.predicting.problem_raised.connect(self.problem_raised)
        self._connect_worklist()
        self.saving = Saving(self.keeping, self)
        self.saving.saved.connect(self._on_saved)
        self.saving.due.connect(self._autosave)
        self.worklist.author = author
        self.history = History(self)
        self.blinds = Blinds(self, self.history)
        self.readers = Readers(self, self.history, self.blinds)
        self.read_ahead = ReadAhead(self)
        self.slides = Slides(self, Acts(self.predict, self.commit, self.add_labels))

    def _connect_worklist(self) -> None:
        worklist = self.worklist
        worklist.rows_changed.connect(self.cases_changed)
        worklist.row_changed.connect(self.case_changed)
        worklist.opening.connect(self.scan_opening)
        worklist.opened.connect(self._on_opened)
        worklist.emptied.connect(self._show_nothing)
        worklist.dataset_opened.connect(self._on_dataset)
        worklist.problem_raised.connect(self.problem_raised)

    # What is open.

    @property
    def title(self) -> str:
        """What to call the open scan; empty without one."""
        return self.blinds.title_of(self.info.name, self.scan_key) if self.info is not None else ""

    @property
    def saved_text(self) -> str:
        """Whether all is saved, truthfully."""
        return self.keeping.text

    # The worklist.

    @property
    def dataset(self) -> Dataset | None:
        """The dataset everything is kept in."""
        return self.worklist.dataset

    @property
    def cases(self) -> Sequence[CaseRow]:
        """The rows of the worklist."""
        return self.worklist.rows

    @property
    def case(self) -> int:
        """The row that is open, or -1."""
        return self.worklist.current

    def open_dataset(self, folder: Path) -> None:
        """Open a dataset folder (made where there is none); its scans become the worklist."""
        self.save()
        self.worklist.open_dataset(folder)

    def open_paths(self, paths: Iterable[Path]) -> None:
        """Add the scans of files and folders to the worklist and open the first; a dataset folder is opened as one."""
        chosen = tuple(paths)
        if len(chosen) == 1 and (chosen[0] / "dataset.json").is_file():
            self.open_dataset(chosen[0])
        else:
            self.worklist.add_paths(chosen)

    def open_case(self, number: int) -> None:
        """Save, and open the scan of a row; what was asked for before and has not come yet is dropped."""
        self.save()
        self._reads_early = not self.keeping.is_settled
        self._asked_at = self.document.snapshot()
        if self._reads_early and self.scan is not None:
            self._left[self.scan_key] = self._asked_at
        self.worklist.open_case(number)

    def next_case(self) -> None:
        """Open the next row, in the order the reader sees."""
        following = self.worklist.neighbour(1)
        if following >= 0:
            self.open_case(following)
        else:
            self.save()
            self.told.emit("That was the last case")

    def previous_case(self) -> None:
        """Open the row before."""
        self.open_case(self.worklist.neighbour(-1))

    def _on_dataset(self, old: Dataset | None) -> None:
        if old is not None:
            self.keeping.write("Closing the dataset", old.close)
        self.labels = LabelSet("", ())
        if self.dataset is not None:
            known = self.dataset.labels.labels
            self.add_labels(known or (FIRST_LABEL,), keep=False)

    def _on_opened(self, opened: Opened) -> None:
        # What came from the disk may be older than what was edited here: until the disk had it, and since it was asked.
        is_older = self._reads_early or (opened.key == self.scan_key and self._asked_at is not self.document.snapshot())
        self._leave()
        left = self._left.pop(opened.key, None)
        goes_on = left is not None and is_older
        if left is not None and goes_on:
            opened = replace(opened, start=left, unsaved=())
        self.scan, self.scan_key = opened.scan, opened.key
        self.start_at(opened.plane)
        self.findings = Findings(Document(opened.start), opened.predictions)
        self.selection, self.visibility = frozenset(), self.visibility.for_next_scan()
        self.first_window = opened.window
        self.display = replace(self.display, window=opened.window, inverted=False)
        for edit in opened.unsaved:
            self.document.commit(edit)
        assert self.dataset is not None
        kept = Kept(self.dataset, opened.scan, opened.key, self.author)
        self.saving.begin(kept, opened.base, dirty=bool(opened.unsaved), goes_on=goes_on)
        if opened.unsaved:
            self.told.emit(f"Restored {len(opened.unsaved)} edits that were in no revision yet")
        if opened.conflicts:
            self.told.emit(
                "1 other revision of this scan: the newest is shown"
                if opened.conflicts == 1
                else f"{opened.conflicts} other revisions of this scan: the newest is shown"
            )
        self.plane = self._plane_to_begin_with(opened.plane)
        self._offer_model()
        self._tell_everything()
        self._reads_early = False
        self._forget_left()

    def _plane_to_begin_with(self, middle: Plane) -> Plane:
        """The plane with marks that is nearest to the middle; the middle where nothing on the scan is marked."""
        count = self.scan.info.size.count(middle.axis) if self.scan is not None else 0
        marked = self.findings.planes_with_marks(middle.axis, self.display.limits)
        there = (index for index in marked if 0 <= index < count)
        return Plane(middle.axis, min(there, key=lambda index: abs(index - middle.index), default=middle.index))

    def _leave(self) -> None:
        """Save the open document; while that is not on the disk, what it held is remembered here."""
        self.save()
        if self.scan is not None and (self._reads_early or not self.keeping.is_settled):
            self._left[self.scan_key] = self.document.snapshot()

    def _forget_left(self) -> None:
        """Let go of what was remembered, once the disk has it and nothing is being read that may be older."""
        if self._left and self.keeping.is_settled and not self._reads_early:
            self._left.clear()

    def _show_nothing(self) -> None:
        self._leave()
        self.scan, self.scan_key, self.findings, self.selection = None, "", Findings(), frozenset()
        self.saving.begin(None)
        self._tell_everything()
        self._reads_early = False
        self._forget_left()

    def _tell_everything(self) -> None:
        self.scan_changed.emit()
        self.plane_changed.emit()
        self.display_changed.emit()
        self.document_changed.emit(frozenset())
        self.proposals_changed.emit()
        self.selection_changed.emit()

    # Edits.

    def _tell(self, change: Change) -> None:
        self.saving.keep(change.edit)
        if 0 <= self.case < len(self.cases) and self.cases[self.case].state == "unseen":
            self.worklist.change_row(self.scan_key, state="in progress")
        gone = frozenset(i for i in self.selection if self.findings.get(i) is None)
        if gone:
            self.select(self.selection - gone)
        self.document_changed.emit(change.touched)
        self.proposals_changed.emit()

    def save(self, *, finished: bool = True, confirmed_empty: bool = False) -> None:
        """Write the open document as a revision, if there is something to write.

        The scan counts as read when the reader is `finished` with it and no proposal that is shown is left open.
        """
        done = finished and not self.proposals and not self.readers.is_deciding
        self.save_on(Grounds(done, confirmed_empty=confirmed_empty))

    def save_on(self, grounds: Grounds) -> None:
        """Write the open document as a revision on the grounds that are given."""
        answers = self.predictions[-1].id if self.predictions else ""
        used = sorted({annotation.label for annotation in self.document.annotations})
        labels = tuple(self.given_label(label) for label in used)
        state = self.document.snapshot()
        self.saving.save(state, labels, replace(grounds, prediction=answers))

    def _autosave(self) -> None:
        self.save(finished=False)

    def _on_saved(self, saved: Saved) -> None:
        self.worklist.note_reading(saved.key, saved.state, self.author)

    def confirm_empty(self) -> None:
        """Say that there is nothing to mark on this scan: open proposals are rejected, and that is kept."""
        if any(map(is_finding, self.document.annotations)):
            advice = "Delete them first, or accept the scan as labelled"
            self.problem_raised.emit(Problem("has marks, so it is not empty", self.cases[self.case].title, advice))
            return
        self.reject([proposal.id for proposal in self.findings.open(SHOW_ALL)])
        self.save(confirmed_empty=True)

    def add_labels(self, labels: Iterable[Label], *, keep: bool = True) -> None:
        """Add labels that the label set lacks; also to the dataset unless `keep` is false."""
        new = tuple(labels)
        is_first = labels_of_findings(self.labels).labels == (FIRST_LABEL,)
        has_more = is_first and bool(labels_of_findings(LabelSet("", new)).labels)
        if has_more and not without_measurements(self.document.snapshot()).annotations:
            measured = self.labels.get(MEASUREMENT.id)
            self.labels, self.label = LabelSet("", ()), ""
            new = new if measured is None else (*new, measured)
        old, self.labels = self.labels, self.labels.with_labels(new)
        drawn = labels_of_findings(self.labels).labels
        if not self.label and drawn:
            self.set_label(drawn[0].id)
        if self.labels != old:
            self.labels_changed.emit()
        if keep and self.dataset is not None:
            dataset = self.dataset
            self.keeping.write("Keeping the labels", lambda: dataset.add_labels(new))

    def change_label(self, label: Label) -> None:
        """Give a label another name, colour, key or attributes; marks keep its id. A key has one label."""
        others = (replace(old, key="") for old in self.labels.labels if label.key and old.key == label.key)
        changed = (*(old for old in others if old.id != label.id), label)
        for one in changed:
            self.labels = self.labels.with_changed(one)
        self.labels_changed.emit()
        if self.dataset is not None:
            dataset = self.dataset
            for one in changed:
                self.keeping.write("Keeping the label", partial(dataset.change_label, one))

    # Models.

    def cancel_jobs(self) -> None:
        """Ask every job to stop that a person was told of."""
        for job in self.jobs.running:
            if not job.is_quiet:
                job.cancel()

    def predict(self, model: str, region: Region | None = None, slide: SlideChoices = EVERYWHERE) -> None:
        """Let a model read the open scan; its proposals stream in and the prediction is kept."""
        if self.scan is not None and self.dataset is not None and not self.blinds.tells_silent():
            self.predicting.start(model, self.scan, self.scan_key, region, self.dataset, slide)

    def _on_streamed(self, key: str, proposals: tuple[Proposal, ...], labels: tuple[Label, ...]) -> None:
        if key == self.scan_key and not self.blinds.hides_models:
            self.add_labels(labels, keep=False)
            self.findings.stream(proposals)
            self.proposals_changed.emit()

    def _on_predicted(self, reading: Reading) -> None:
        if self.blinds.hides_models:
            return
        self.add_labels(reading.labels, keep=False)
        prediction = reading.prediction
        if prediction.scan == self.scan_key:
            self.findings.add_prediction(prediction, reading.rows)
            if reading.labels and self.label not in {label.id for label in reading.labels}:
                self.set_label(reading.labels[0].id)
            with collector_paused(len(prediction.proposals) > MANY):
                self.proposals_changed.emit()
            self.told.emit(reading.summary)
        score, suspect = reading.suspicion or (None, "")
        name = self.label_of(suspect).name if suspect else ""
        self.worklist.change_row(prediction.scan, suspicion=score, suspect=name)
        self.worklist.note_prediction(prediction)

    def _on_unpredicted(self, key: str) -> None:
        if key == self.scan_key:
            self.findings.stop_streaming()
            # Told after the answer, if one comes: very many marks need not go and come again.
            QTimer.singleShot(0, self, self.proposals_changed.emit)

    def close(self) -> bool:
        """Save and let go of everything; whether all is on the disk."""
        self.save()
        self.worklist.prefetch.forget()
        self.jobs.close()
        settled = self.keeping.flush()
        self.keeping.close()
        if self.dataset is not None:
            self.dataset.close()
        # What is told from here on would start timers of a session that is over.
        self.jobs.blockSignals(True)
        for timer in self.findChildren(QTimer):
            timer.stop()
        return settled
