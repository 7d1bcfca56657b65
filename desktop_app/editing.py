"""Editing: everything a reader does to the open document, as edits; a part of the session. No widgets here."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject

from dataset.document import Change, Edit
from dataset.label import Label
from dataset.measurement import MEASUREMENT
from dataset.piecewise import collector_paused
from desktop_app import review
from desktop_app.choosing import Choosing
from desktop_app.clipping import Clipping
from desktop_app.operating import Operating
from desktop_app.stepping import Stepping
from desktop_app.tool import Outcome, Tool
from desktop_app.tools.hitting import is_locked
from desktop_app.valuing import Valuing

MANY = 5000
"""With so many marks at once the collector of cycles would look at them a dozen times."""


class Editing(Choosing):
    """The open scan, the models that may read it, and the one way to change what is said of it."""

    def __init__(self, tools: Iterable[Tool], author: str, parent: QObject | None = None) -> None:
        super().__init__(tools, author, parent)
        self.operating = Operating(self, self.handle)
        self.clipping = Clipping(self, self.handle, self.add_labels)
        self.valuing, self.stepping = Valuing(self), Stepping(self)

    def commit(self, edit: Edit) -> None:
        """Apply an edit to the document and keep it."""
        if self.scan is not None and not edit.is_empty:
            self._tell(self.document.commit(edit))

    def undo(self) -> None:
        """Take the last edit back."""
        change = self.document.undo()
        if change is not None:
            self._tell(change)
            self.told.emit(f"Undone: {change.edit.title}")

    def redo(self) -> None:
        """Do again what was undone."""
        change = self.document.redo()
        if change is not None:
            self._tell(change)
            self.told.emit(f"Done again: {change.edit.title}")

    def _tell(self, change: Change) -> None:
        """Keep what was changed and tell it."""
        raise NotImplementedError

    def handle(self, outcome: Outcome) -> None:
        """Take what a tool's gesture led to."""
        if outcome.edit is not None:
            self._make_ready(outcome.edit)
            self.commit(outcome.edit)
        if outcome.select is not None:
            self.select(outcome.select)
        if outcome.told:
            self.told.emit(outcome.told)

    def _make_ready(self, edit: Edit) -> None:
        """Measurements get their label, and what is drawn with a hidden label is seen."""
        labels = {annotation.label for annotation in edit.put}
        if MEASUREMENT.id in labels and self.labels.get(MEASUREMENT.id) is None:
            self.add_labels([MEASUREMENT])
        self.set_visibility(self.visibility.showing_labels(labels))

    def add_labels(self, labels: Iterable[Label], *, keep: bool = True) -> None:
        """Add labels that the label set lacks."""
        raise NotImplementedError

    def next_case(self) -> None:
        """Open the next row, in the order the reader sees."""
        raise NotImplementedError

    # The reader's hands.

    def accept(self, ids: Iterable[str]) -> None:
        """Take proposals as they are."""
        chosen = [i for i in ids if self.findings.is_settleable(i)]
        if chosen:
            with collector_paused(len(chosen) > MANY):
                self.commit(review.accept_edit(self.findings.proposed[i] for i in chosen))

    def accept_all(self) -> None:
        """Take every proposal that is shown."""
        self.accept(proposal.id for proposal in self.shown_proposals)

    def accept_or_next(self) -> None:
        """Accept the selected proposals, else all shown; when nothing is left to accept, go to the next case."""
        chosen = [i for i in self.selection if self.findings.is_settleable(i)]
        chosen = chosen or [p.id for p in self.shown_proposals if self.findings.is_settleable(p.id)]
        if chosen:
            self.accept(chosen)
        else:
            self.next_case()

    def reject(self, ids: Iterable[str]) -> None:
        """Say that proposals are wrong."""
        chosen = [i for i in ids if self.findings.is_settleable(i)]
        if chosen:
            self.commit(review.reject_edit(chosen))

    def delete_selection(self) -> None:
        """Delete the selected marks and reject the selected proposals; what is locked by hand stays.

        Where nothing is selected it is the mark under the hand, if it is free to move.
        """
        wanted = self.selection or frozenset(filter(None, (self.under_hand,)))
        marks = [mark for mark in map(self.document.get, wanted) if mark is not None]
        locked = {mark.id for mark in marks if mark.locked or (not self.selection and is_locked(mark))}
        chosen = sorted(wanted - locked)
        if chosen:
            self.commit(review.delete_edit(self.document, self.findings.proposed, chosen))
        if locked:
            self.told.emit(f"{len(locked)} locked: unlock (Ctrl+Shift+L) to delete")

    def relabel(self, ids: Iterable[str], label_id: str) -> None:
        """Give marks another label; a relabelled proposal becomes the reader's own."""
        edit = review.relabel_edit(self.document, self.findings.proposed, tuple(ids), label_id, self.author)
        self.commit(edit)
        if edit.put:
            self.select(annotation.id for annotation in edit.put)

    def choose_label(self, label_id: str) -> None:
        """A label was chosen: what is selected gets it, and what is drawn next."""
        self.set_label(label_id)
        if self.selection:
            self.relabel(sorted(self.selection), label_id)
