"""The dataset folder: label set, scans, predictions, revisions, journal, audit. See `docs/dataset-folder.md`.

Every method may be called from any thread; those that write block until the disk has it, so call them off the main
thread. Every failure is one `DatasetProblem`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from dataset import labelfile
from dataset.acceptance import accepted_snapshot, prediction_to_accept
from dataset.annotation import new_id, now
from dataset.document import Edit, Snapshot
from dataset.durable import told
from dataset.errors import DatasetProblem
from dataset.facts import read_json
from dataset.files import labels_of, prediction_files, read_prediction, read_snapshot, revision_files
from dataset.heads import basis_of, exported, head_of
from dataset.label import LabelSet
from dataset.listing import Listed
from dataset.manifest import FILE, create_folder, is_dataset, manifest_from_json
from dataset.measurement import without_measurements
from dataset.piecewise import collector_paused
from dataset.prediction import Prediction
from dataset.readings import Person, Reading, Start, readings_of, start_for, state_for, visible_to
from dataset.record import Basis, Finding, Head, LookedAt, PredictionSummary, Revision, ScanRecord, Split, Unsaved
from dataset.scan_folder import KEY, ScanFolder
from dataset.store import Store
from imaging.progress import Progress

Show: TypeAlias = Callable[["Dataset", tuple[Listed, ...]], None]
"""Is told of scans as they are read, while a dataset is being opened; in the thread that opens it."""


class Dataset(ScanFolder):
    """An open dataset folder."""

    person = Person()
    """Who reads it now, and what is hidden from them; set by the program, kept nowhere here."""

    @staticmethod
    def create(folder: Path, labels: LabelSet | None = None, *, title: str = "") -> Dataset:
        """Make a new dataset in a folder that is absent or empty."""
        create_folder(folder.absolute(), labels or LabelSet(new_id(), ()), title)
        return Dataset.open(folder)

    @staticmethod
    def open(folder: Path, progress: Progress | None = None, show: Show | None = None) -> Dataset:
        """Open a dataset; finishes what a killed program left half-way. A read-only folder opens for reading.

        `show` gets the dataset, which may be used from then on, and what a list says of scans as they are read.
        """
        folder = folder.absolute()
        if not is_dataset(folder):
            raise DatasetProblem("is no dataset folder", folder, f"A dataset folder has a {FILE}")
        if os.access(folder, os.W_OK):
            Store(folder).finish_commits()
        dataset = Dataset(folder, read_json(folder / FILE, manifest_from_json))
        dataset._begin(progress, show)
        return dataset

    @staticmethod
    def open_or_create(
        folder: Path, labels: LabelSet | None = None, progress: Progress | None = None, show: Show | None = None
    ) -> Dataset:
        """Open the dataset of a folder, or make one where there is none; `labels` that it lacks are added."""
        if not is_dataset(folder):
            return Dataset.create(folder, labels)
        dataset = Dataset.open(folder, progress, show)
        if labels is not None:
            dataset.add_labels(labels.labels)
        return dataset

    def close(self) -> None:
        """Let go of the folder's files."""
        with self._mutex:
            self._journals.close()
            self._catalogue.keep_index()

    # Predictions.

    def save_prediction(self, prediction: Prediction) -> None:
        """Keep what a model proposed, for good. Its scan and its labels must be in the dataset."""
        with self._mutex:
            entry = self._entry(prediction.scan)
            self._catalogue.require_labels(labels_of(prediction), str(prediction.model))
            files = prediction_files(prediction, entry.check().info, self.labels)
            placed = {f"scans/{prediction.scan}/predictions/{name}": data for name, data in files.items()}
            author = f"model:{prediction.model}"
            self._store.commit(author, "prediction saved", placed, scan=prediction.scan, prediction=prediction.id)

    def predictions(self, key: str) -> tuple[Prediction, ...]:
        """All predictions of a scan, oldest first."""
        with self._mutex:
            record = self.record(key)
        folder = self.folder / "scans" / key / "predictions"
        return tuple(read_prediction(folder / f"{summary.id}.json") for summary in record.predictions)

    # Revisions.

    def save_revision(
        self,
        key: str,
        snapshot: Snapshot,
        *,
        author: str,
        basis: Basis | None = None,
        base: str = "",
        prediction: str = "",
        finished: bool = True,
        reviewed: bool = False,
        settles: tuple[str, ...] = (),
        why: str = "",
    ) -> Revision:
        """Keep a state of a scan's document, for good; edits kept so far of this scan are then in a revision.

        `basis` is worked out from the marks when not given (`dataset.heads.basis_of`); `base` is the revision id
        the state was made from, `prediction` the prediction it answers, `settles` the other readers' revisions that
        a reviewed one decides on.
        """
        with self._mutex:
            entry = self._entry(key)
            record = entry.check()
            stands_on = ((base, entry.revisions), (prediction, entry.predictions))
            for identity, known in (*stands_on, *((settled, entry.revisions) for settled in settles)):
                if identity and identity not in known:
                    raise DatasetProblem(f"has no revision or prediction {identity!r}", record.title)
            used = {annotation.label for annotation in snapshot.annotations}
            self._catalogue.require_labels(used, record.title)
            found = without_measurements(snapshot)
            basis = basis or basis_of(found, entry.revisions.get(base))
            revision = Revision(
                new_id(), key, author, now(), basis, base, prediction, finished, reviewed,
                len(found.annotations), tuple(sorted(used)), self._journals.marks(key, self._only_author),
                settles, why,
            )  # fmt: skip
            files = revision_files(revision, snapshot, record.info, self.labels)
            placed = {f"scans/{key}/revisions/{name}": data for name, data in files.items()}
            facts = {"scan": key, "revision": revision.id, "basis": revision.basis}
            self._store.commit(author, "revision saved", placed, **facts)
            entry.add(revision)
            self._catalogue.relist(key)
            self._journals.drop(name for name, _number in revision.covers)
            return revision

    def revisions(self, key: str) -> tuple[Revision, ...]:
        """All revisions of a scan, oldest first."""
        with self._mutex:
            return self._entry(key).sorted_revisions()

    def head(self, key: str) -> Head:
        """The revision that stands for a scan, and the conflicts."""
        return head_of(self.revisions(key))

    def start(self, key: str) -> Start:
        """Where the dataset's `person` begins on a scan, and what may be told of it."""
        record, revisions = self.record(key), self.revisions(key)
        blinding, name = self.person.blinding, self.person.name
        revision = start_for(revisions, name, blinding)
        if not (blinding.others or blinding.proposals):
            return Start(revision, record.state, len(record.head.conflicts))
        state = state_for(revisions, name, blinding)
        return Start(revision, state, 0 if blinding.others else len(record.head.conflicts))

    def readings(self, key: str) -> tuple[Reading, ...]:
        """What each person last said of a scan, kept apart; oldest first."""
        return readings_of(self.revisions(key))

    def history(self, key: str) -> tuple[Revision, ...]:
        """The revisions of a scan that the dataset's `person` may see, oldest first."""
        return visible_to(self.revisions(key), self.person.name, self.person.blinding)

    def read_by(self, *authors: str) -> Iterator[tuple[Reading, ...]]:
        """The readings of these people, in their order, of each scan that all of them finished; no marks are read."""
        for record in self.records():
            found = {reading.author: reading for reading in self.readings(record.key) if reading.is_done}
            if found.keys() >= set(authors):
                yield tuple(found[author] for author in authors)

    def snapshot(self, revision: Revision) -> Snapshot:
        """The marks of a revision."""
        return read_snapshot(self._store.path(f"scans/{revision.scan}/revisions/{revision.id}.json"))

    def accept(
        self, key: str | None, author: str, *, model: str | None = None, threshold: float | None = None
    ) -> tuple[Revision, ...]:
        """Save the newest prediction of a scan as its labels; `None`: of every scan that no person has begun.

        `model` (a name, or `name@version`) says whose prediction, where several models have read. A prediction that
        was accepted before is not accepted again.
        """
        if key is None:
            chosen = [(r, prediction_to_accept(r, model)) for r in self.records() if self._is_waiting(r)]
        else:
            record = self.record(key)
            chosen = [(record, prediction_to_accept(record, model))]
            if chosen[0][1] is None:
                wanted = f" of {model}" if model else ""
                raise DatasetProblem(f"has no prediction{wanted}", record.title, "Run the model on it first")
        saved = [self._accept(record.key, p, author, threshold) for record, p in chosen if p is not None]
        return tuple(revision for revision in saved if revision is not None)

    def export_view(self, split: Split | None = None) -> Iterator[LookedAt]:
        """What was looked at, scan by scan; corrections win over acceptances. Unseen scans never come."""
        for record in self.records():
            if split is not None and record.split != split:
                continue
            revision = exported(self.revisions(record.key))
            if revision is not None:
                yield LookedAt(record, revision, self.snapshot(revision))

    # The journal: edits not yet in a revision.

    def keep(self, key: str, edit: Edit, *, author: str = "") -> int:
        """Put an applied edit into the journal, on the disk when this returns; its number in that journal."""
        if not KEY.fullmatch(key):
            raise DatasetProblem(f"scan key {key!r} cannot be a file's name", self.folder)
        with self._mutex:
            return self._journals.keep(key, edit, author)

    def unsaved(self) -> tuple[Unsaved, ...]:
        """Edits that are in no revision, by scan: this program's, and what sessions that have ended left."""
        with self._mutex:
            return self._journals.unsaved() if self.is_writable else ()

    def unsaved_edits(self, key: str) -> tuple[Edit, ...]:
        """Edits of a scan that are in no revision, of this and of ended sessions, oldest first.

        To be applied to where `start` begins; the next `save_revision` of the scan by this program then covers them.
        A person who does not see the others gets the own ones only; theirs wait for them.
        """
        with self._mutex:
            if not self.is_writable:
                return ()
            known = self._entry(key).revisions.values() if self.has(key) else ()
            covered = dict(mark for revision in known for mark in revision.covers)
            texts = self._journals.ended(key)
            only = self._only_author
            mine = [(path, text) for path, text in texts if only is None or text.author == only]
            return tuple(edit for path, text in mine for edit in text.edits[covered.get(path.name, 0) :])

    def discard_unsaved(self, key: str, author: str) -> None:
        """Drop the edits of a scan that are in no revision; said in the audit."""
        with self._mutex:
            names = [path.name for path, _text in self._journals.ended(key)]
            if names:
                self.audit(author, "unsaved edits dropped", scan=key)
                self._journals.drop(names)

    # The folder.

    def travelling_files(self) -> tuple[str, ...]:
        """Relative paths of the files that may be synced; journal, index, locks and the group key stay here."""
        with told(self.folder):
            scans = self._store.files()
            top = [name for name in (FILE, labelfile.NAME, "audit.jsonl") if (self.folder / name).exists()]
        return (*scans, *top)

    def audit(self, author: str, what: str, **facts: str) -> None:
        """Add an event to the audit chain."""
        self._store.commit(author, what, {}, **facts)

    def verify(self, progress: Progress) -> list[Finding]:
        """Check everything in the folder; an empty list when all is as it was written."""
        from dataset.verify import verify_folder

        return verify_folder(self.folder, progress)

    def listed(self) -> tuple[Listed, ...]:
        """All scans as a list shows them to the dataset's `person`, in the order they were added."""
        return self.as_seen(super().listed())

    def as_seen(self, items: tuple[Listed, ...]) -> tuple[Listed, ...]:
        """What a list may say of scans to the dataset's `person`."""
        return items if not self.person.blinding.is_on else tuple(map(self._as_seen, items))

    # Within.

    def _as_seen(self, item: Listed) -> Listed:
        """What a list may say of a scan to a person from whom something is hidden."""
        name, blinding = self.person.name, self.person.blinding
        if item.state != "unseen" and (blinding.others or blinding.proposals):
            item = replace(item, state=state_for(self.revisions(item.key), name, blinding))
        if blinding.proposals:
            item = replace(item, top=None, models=())
        if blinding.others:
            item = replace(item, conflicts=0, readings=tuple(pair for pair in item.readings if pair[0] == name))
        if blinding.names:
            item = replace(item, readings=tuple((w if w == name else "a reader", when) for w, when in item.readings))
        return item

    @property
    def _only_author(self) -> str | None:
        """Whose edits the person may take over; `None`: everybody's."""
        return self.person.name if self.person.blinding.others else None

    def _begin(self, progress: Progress | None, show: Show | None) -> None:
        """Bring what is known up to date, once, when the folder is opened.

        The index is kept as it grows: an opening that was stopped goes on where it was.
        """
        catalogue = self._catalogue
        catalogue.read_labels()

        def told(items: tuple[Listed, ...]) -> None:
            lost = catalogue.lost_labels(catalogue.labels, items)
            if lost:
                where = self.folder / labelfile.NAME
                raise DatasetProblem(f"has lost label {lost[0]!r}, which marks use", where, "Put it back")
            if show is not None:
                show(self, items)

        try:
            with collector_paused(True):
                while page := self._next_page():
                    told(page)
                    if progress is not None:
                        progress.report(0, 1, "Reading the list")
                self._take_in(*catalogue.touched(progress), progress, told)
        finally:
            catalogue.is_whole = True
        with self._mutex:
            known = {item.key: item for item in catalogue.said_of(self._journals.edited())}
            edited = self._edited(known) if show is not None else {}
            self._drop_covered()
        if edited:
            told(tuple(edited.values()))

    def _next_page(self) -> tuple[Listed, ...]:
        with self._mutex:
            return self._catalogue.load_page()

    def _drop_covered(self) -> None:
        """Forget what journals hold of edits that are in a revision by now."""
        if self.is_writable:
            for key in self._journals.edited():
                entry = self._catalogue.looked_at(key)
                if entry is not None:
                    self._journals.drop_covered(entry.revisions.values())

    def _is_waiting(self, record: ScanRecord) -> bool:
        """Whether a scan may be accepted without being named: a model has read it and no person has begun on it."""
        if record.problem or not record.predictions or record.state == "in progress":
            return False
        return {revision.basis for revision in self.revisions(record.key)} <= {"accepted"}

    def _accept(self, key: str, summary: PredictionSummary, author: str, threshold: float | None) -> Revision | None:
        """Save one prediction as the labels of its scan, unless that was done before."""
        with self._mutex:
            known = [revision for revision in self.revisions(key) if revision.basis == "accepted"]
            if any(revision.prediction == summary.id for revision in known):
                return None
            path = self._store.path(f"scans/{key}/predictions/{summary.id}.json")
            snapshot = accepted_snapshot(read_prediction(path), threshold)
            base = head_of(known).revision
            return self.save_revision(
                key,
                snapshot,
                author=author,
                basis="accepted",
                base=base.id if base else "",
                prediction=summary.id,
            )
