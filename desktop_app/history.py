"""History: every saved state of the open scan; to look at, to compare with now, to go back to. No widgets here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from dataset.agreement import changes
from dataset.annotation import Annotation
from dataset.document import Edit, Snapshot
from dataset.heads import head_of
from dataset.piecewise import collector_paused
from dataset.record import Revision
from desktop_app.editing import MANY
from desktop_app.looking import Looked
from desktop_app.one_job import OneJob
from desktop_app.saving import Grounds
from desktop_app.sitting import Sitting
from imaging.progress import Progress

ADDED, REMOVED, CHANGED = "#009e73", "#d55e00", "#56b4e9"
"""Told apart by those who see few colours (Okabe and Ito); what is gone is dashed as well."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What differs between a revision and now."""

    revision: str
    added: int
    """Marks that are there now and were not then."""
    removed: int
    changed: int


class History(QObject):
    """The revisions of the open scan that the reader may see, newest first; and which of them is looked at."""

    changed = Signal()

    wanted = Signal()
    """A person asked to see the history."""

    def __init__(self, session: Sitting) -> None:
        super().__init__(session)
        self._session = session
        self.revisions: tuple[Revision, ...] = ()
        self.head = ""
        """Id of the revision that stands for the scan, among those that may be seen."""
        self.looked = ""
        """Id of the revision that is looked at, or empty."""
        self.compared: Compared | None = None
        self._job, self._reading = OneJob(self), OneJob(self)
        session.scan_changed.connect(self._on_scan)
        session.document_changed.connect(self._on_edited)
        session.saving.saved.connect(self.load)

    def load(self) -> None:
        """Look again what there is."""
        dataset, key, jobs = self._session.dataset, self._session.scan_key, self._session.jobs
        if dataset is None or not key:
            self._take(())
            return

        def work(_progress: Progress) -> tuple[Revision, ...]:
            return dataset.history(key) if dataset.has(key) else ()

        def then(found: tuple[Revision, ...]) -> None:
            if self._session.scan_key == key:
                self._take(found)

        self._job.follow(jobs.start("Looking at the history", work, then, quiet=True))

    def _take(self, found: tuple[Revision, ...]) -> None:
        head = head_of(found).revision
        self.revisions, self.head = tuple(reversed(found)), head.id if head is not None else ""
        self.changed.emit()

    def _on_scan(self) -> None:
        self.back()
        self._take(())
        self.load()

    def _on_edited(self, _touched: object) -> None:
        # What is shown is no longer how the present differs from it.
        self.back()

    def get(self, revision_id: str) -> Revision | None:
        """The revision of an id."""
        return next((revision for revision in self.revisions if revision.id == revision_id), None)

    def look(self, revision_id: str) -> None:
        """Show the marks of a revision over the scan, instead of those of now."""
        self._with_snapshot(revision_id, self._look)

    def compare_with_now(self, revision_id: str) -> None:
        """Show what was added, removed and changed since a revision."""
        self._with_snapshot(revision_id, self._compare)

    def revert(self, revision_id: str) -> None:
        """Make the document what it was in a revision, with one edit; saved at once, with the reason."""
        self._with_snapshot(revision_id, self._revert)

    def back(self) -> None:
        """Show the document as it is now."""
        if self.looked:
            self.looked, self.compared = "", None
            self._session.looking.clear(self)
            self.changed.emit()

    def _with_snapshot(self, revision_id: str, then: Callable[[Revision, Snapshot], None]) -> None:
        revision, dataset, session = self.get(revision_id), self._session.dataset, self._session
        if revision is None or dataset is None:
            return

        def work(_progress: Progress) -> Snapshot:
            return dataset.snapshot(revision)

        def answered(snapshot: Snapshot) -> None:
            if session.scan_key == revision.scan:
                then(revision, snapshot)

        self._reading.follow(session.jobs.start("Reading a revision", work, answered))

    def _look(self, revision: Revision, snapshot: Snapshot) -> None:
        self.looked, self.compared = revision.id, None
        self._session.looking.show(self, map(self._plain, snapshot.annotations), self._hidden())
        self.changed.emit()

    def _compare(self, revision: Revision, snapshot: Snapshot) -> None:
        now = self._session.document.snapshot()
        added, removed, changed = map(frozenset, changes(snapshot, now))
        self.looked = revision.id
        self.compared = Compared(revision.id, len(added), len(removed), len(changed))
        shown: list[Looked] = []
        for mark in snapshot.annotations:
            if mark.id in removed:
                shown.append(self._marked(mark, REMOVED, "removed", is_dashed=True))
            elif mark.id in changed:
                shown.append(self._marked(mark, CHANGED, "before", is_dashed=True))
        for mark in now.annotations:
            if mark.id in added:
                shown.append(self._marked(mark, ADDED, "added"))
            elif mark.id in changed:
                shown.append(self._marked(mark, CHANGED, "now"))
        self._session.looking.show(self, shown, self._hidden())
        self.changed.emit()

    def _hidden(self) -> frozenset[str]:
        """Ids of everything that is shown now."""
        session = self._session
        ids = [mark.id for mark in session.document.annotations] + [mark.id for mark in session.proposals]
        return frozenset(ids)

    def _plain(self, mark: Annotation) -> Looked:
        label = self._session.label_of(mark.label)
        return Looked(mark, label.colour, label.name)

    def _marked(self, mark: Annotation, colour: str, word: str, *, is_dashed: bool = False) -> Looked:
        return Looked(mark, colour, f"{self._session.label_of(mark.label).name} · {word}", is_dashed, is_strong=True)

    def _revert(self, revision: Revision, snapshot: Snapshot) -> None:
        session = self._session
        when = f"{revision.created.astimezone():%Y-%m-%d %H:%M}"
        edit = revert_edit(session.document.snapshot(), snapshot, f"Go back to {when}")
        self.back()
        if edit.is_empty:
            session.told.emit("Nothing has changed since")
            return
        with collector_paused(len(edit.put) + len(edit.remove) > MANY):
            session.commit(edit)
        session.save_on(Grounds(finished=False, why=f"Reverted to {when}"))
        session.told.emit(f"This is as it was on {when}; undo brings back what there was")


def revert_edit(now: Snapshot, then: Snapshot, title: str) -> Edit:
    """The one edit that makes the state of now that of then."""
    added, removed, changed = changes(then, now)
    wanted = frozenset((*removed, *changed))
    put = tuple(mark for mark in then.annotations if mark.id in wanted)
    reject, restore = then.rejected - now.rejected, now.rejected - then.rejected
    return Edit(title, put, added, tuple(sorted(reject)), tuple(sorted(restore)))
