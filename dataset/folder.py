"""The dataset folder: label set, scans, predictions, revisions, journal, audit. See `docs/dataset-folder.md`.

Every method may be called from any thread; those that write block until the disk has it, so call them off the main
thread. Every failure is one `DatasetProblem`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from dataset.document import Edit, Snapshot
from dataset.label import Label, LabelSet
from dataset.prediction import Prediction
from dataset.record import Basis, Finding, Head, LookedAt, Revision, ScanRecord, Split, Unsaved
from imaging.loaded import LoadedScan
from imaging.progress import Progress
from imaging.scan import Scan


class Dataset:
    """An open dataset folder."""

    @staticmethod
    def create(folder: Path, labels: LabelSet | None = None, *, title: str = "") -> Dataset:
        """Make a new dataset in a folder that is absent or empty."""
        raise NotImplementedError

    @staticmethod
    def open(folder: Path) -> Dataset:
        """Open a dataset; finishes what a killed program left half-way. A read-only folder opens for reading."""
        raise NotImplementedError

    @staticmethod
    def open_or_create(folder: Path, labels: LabelSet | None = None) -> Dataset:
        """Open the dataset of a folder, or make one where there is none."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the folder's files."""
        raise NotImplementedError

    @property
    def folder(self) -> Path:
        """Where it is."""
        raise NotImplementedError

    @property
    def id(self) -> str:
        """Its id, made when it was created."""
        raise NotImplementedError

    @property
    def title(self) -> str:
        """What it is called; may be empty."""
        raise NotImplementedError

    # Labels.

    @property
    def labels(self) -> LabelSet:
        """The label set as it is now."""
        raise NotImplementedError

    def add_labels(self, labels: Iterable[Label]) -> LabelSet:
        """Add labels whose ids the set lacks; those there already stay as they are."""
        raise NotImplementedError

    def save_labels(self, labels: LabelSet) -> None:
        """Replace the label set; refuses to drop a label in use."""
        raise NotImplementedError

    # Scans.

    def add_scan(
        self, scan: Scan, key: str, progress: Progress, *, patient: str = "", keep_pixels: bool | None = None
    ) -> ScanRecord:
        """Take a scan in; one that is there already is returned as it is.

        `patient` names whose it is where the file does not. Pixels are kept unless the scan is a slide, or as
        `keep_pixels` says.
        """
        raise NotImplementedError

    def has(self, key: str) -> bool:
        """Whether a scan is in the dataset."""
        raise NotImplementedError

    def records(self) -> tuple[ScanRecord, ...]:
        """All scans, in the order they were added; from the index, so cheap."""
        raise NotImplementedError

    def record(self, key: str) -> ScanRecord:
        """One scan's record."""
        raise NotImplementedError

    def open_pixels(self, key: str) -> LoadedScan:
        """The scan from the pixels the dataset keeps; the files it came from are not needed."""
        raise NotImplementedError

    # Predictions.

    def save_prediction(self, prediction: Prediction) -> None:
        """Keep what a model proposed, for good. Its scan and its labels must be in the dataset."""
        raise NotImplementedError

    def predictions(self, key: str) -> tuple[Prediction, ...]:
        """All predictions of a scan, oldest first."""
        raise NotImplementedError

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
    ) -> Revision:
        """Keep a state of a scan's document, for good; edits kept so far of this scan are then in a revision.

        `basis` is worked out from the marks when not given (`dataset.acceptance.basis_of`); `base` is the revision id
        the state was made from.
        """
        raise NotImplementedError

    def revisions(self, key: str) -> tuple[Revision, ...]:
        """All revisions of a scan, oldest first."""
        raise NotImplementedError

    def head(self, key: str) -> Head:
        """The revision that stands for a scan, and the conflicts."""
        raise NotImplementedError

    def snapshot(self, revision: Revision) -> Snapshot:
        """The marks of a revision."""
        raise NotImplementedError

    def accept(
        self, key: str | None, author: str, *, model: str | None = None, threshold: float | None = None
    ) -> tuple[Revision, ...]:
        """Save the newest prediction of a scan (`None`: of every scan no person has finished) as its labels.

        `model` (a name, or `name@version`) says whose prediction where several models have read.
        """
        raise NotImplementedError

    def export_view(self, split: Split | None = None) -> Iterator[LookedAt]:
        """What was looked at, scan by scan; corrections win over acceptances. Unseen scans never come."""
        raise NotImplementedError

    # The journal: edits not yet in a revision.

    def keep(self, key: str, edit: Edit, *, author: str = "") -> int:
        """Put an applied edit into the journal, on the disk when this returns; its number in this session's journal."""
        raise NotImplementedError

    def unsaved(self) -> tuple[Unsaved, ...]:
        """What sessions that have ended left unsaved; those of running programs are not listed."""
        raise NotImplementedError

    def unsaved_edits(self, key: str) -> tuple[Edit, ...]:
        """Edits of ended sessions on a scan that are in no revision, oldest first.

        To be applied to the head; the next `save_revision` of the scan by this program then covers them.
        """
        raise NotImplementedError

    def discard_unsaved(self, key: str, author: str) -> None:
        """Drop the unsaved edits of ended sessions on a scan; said in the audit."""
        raise NotImplementedError

    # The folder.

    def travelling_files(self) -> tuple[str, ...]:
        """Relative paths of the files that may be synced; journal, index, locks and the group key stay here."""
        raise NotImplementedError

    def audit(self, author: str, what: str, **facts: str) -> None:
        """Add an event to the audit chain."""
        raise NotImplementedError

    def verify(self, progress: Progress) -> list[Finding]:
        """Check everything in the folder; an empty list when all is as it was written."""
        raise NotImplementedError
