"""Saving: the edits of the open document go to the journal at once, and into a revision soon after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from dataset.document import Edit, Snapshot
from dataset.label import Label
from dataset.measurement import without_measurements
from dataset.record import Basis
from desktop_app.keeping import Keeping
from imaging.progress import silent
from imaging.scan import Scan

if TYPE_CHECKING:
    from dataset.folder import Dataset

AUTOSAVE_MS = 20_000
"""A revision is written this long after the last edit; the journal has every edit at once."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The scan whose document is being kept, and by whom."""

    dataset: Dataset
    scan: Scan
    key: str
    author: str


@dataclass(frozen=True, slots=True)
class Grounds:
    """On what grounds a state is kept."""

    finished: bool = True
    """Whether the reader is done with the scan."""
    prediction: str = ""
    """The prediction it answers, or empty."""
    confirmed_empty: bool = False
    reviewed: bool = False
    """Whether this is a second look, at what somebody else or several people said."""
    settles: tuple[str, ...] = ()
    """Other readers' revisions that were decided on."""
    why: str = ""
    """A short reason, for the history."""
    stays_open: bool = False
    """Not finished on purpose: going to the next case does not finish it either."""

    @property
    def must_write(self) -> bool:
        """Whether it is said of a state that may be saved already."""
        return self.confirmed_empty or self.reviewed or bool(self.why)


@dataclass(frozen=True, slots=True)
class Saved:
    """A revision that is on the disk, and the scan's state since."""

    key: str
    revision: str
    state: str


class Saving(QObject):
    """Keeps one document at a time; what was asked to be written is written in order, whatever is opened next."""

    saved = Signal(object)
    due = Signal()
    """Time to call `save` with the present state."""

    def __init__(self, keeping: Keeping, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._keeping = keeping
        self._kept: Kept | None = None
        self._bases: dict[str, str] = {}
        self._is_dirty = self._is_unfinished = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(AUTOSAVE_MS)
        self._timer.timeout.connect(self.due)

    def begin(self, kept: Kept | None, base: str = "", *, dirty: bool = False, goes_on: bool = False) -> None:
        """Keep another document from now on (or none); `base` is the revision it started from.

        It `goes_on` where it started from what was edited here and may still be on its way to the disk: then its base
        is what was saved here last.
        """
        self._timer.stop()
        self._kept, self._is_dirty, self._is_unfinished = kept, dirty, dirty
        if kept is not None and not (goes_on and kept.key in self._bases):
            self._bases[kept.key] = base
        if dirty:
            self._timer.start()

    def keep(self, edit: Edit) -> None:
        """Write an edit to the journal."""
        if self._kept is None:
            return
        self._is_dirty = self._is_unfinished = True
        dataset, key, author = self._kept.dataset, self._kept.key, self._kept.author
        self._keeping.write("Keeping the edit", lambda: dataset.keep(key, edit, author=author))
        self._timer.start()

    def save(self, state: Snapshot, labels: tuple[Label, ...], grounds: Grounds) -> None:
        """Write a state as a revision, if anything was edited since the last one or the grounds say something new.

        `labels` are those the marks use; the dataset gets the ones it lacks.
        """
        self._timer.stop()
        kept = self._kept
        is_due = self._is_dirty or grounds.must_write or (grounds.finished and self._is_unfinished)
        if kept is None or not is_due:
            return
        self._is_dirty, self._is_unfinished = False, not (grounds.finished or grounds.stays_open)

        def write() -> Saved:
            kept.dataset.add_labels(labels)
            return write_revision(kept, state, self._bases.get(kept.key, ""), grounds)

        self._keeping.write("Saving", write, self._on_saved)

    def _on_saved(self, saved: object) -> None:
        assert isinstance(saved, Saved)
        self._bases[saved.key] = saved.revision
        self.saved.emit(saved)


def write_revision(kept: Kept, state: Snapshot, base: str, grounds: Grounds) -> Saved:
    """Put a state into the dataset as a revision (and the scan, when it is not there). In a worker thread."""
    if not kept.dataset.has(kept.key):
        kept.dataset.add_scan(kept.scan, kept.key, silent())
    revision = kept.dataset.save_revision(
        kept.key,
        state,
        author=kept.author,
        basis=_basis_of(state, grounds),
        base=base,
        prediction=grounds.prediction,
        finished=grounds.finished,
        reviewed=grounds.reviewed,
        settles=grounds.settles,
        why=grounds.why,
    )
    return Saved(kept.key, revision.id, kept.dataset.start(kept.key).state)


def _basis_of(state: Snapshot, grounds: Grounds) -> Basis | None:
    """The basis that was said; `None` lets it follow from the marks."""
    if grounds.confirmed_empty or (grounds.reviewed and not without_measurements(state).annotations):
        return "confirmed empty"
    # Who decided between readers stands behind every mark, also behind those that are a model's.
    return "corrected" if grounds.settles else None
