"""Saving: the edits of the open document go to the journal at once, and into a revision soon after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from dataset.document import Edit, Snapshot
from dataset.label import Label
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

    def begin(self, kept: Kept | None, base: str = "", *, dirty: bool = False) -> None:
        """Keep another document from now on (or none); `base` is the revision it started from."""
        self._timer.stop()
        self._kept, self._is_dirty, self._is_unfinished = kept, dirty, dirty
        if kept is not None and kept.key not in self._bases:
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

    def save(
        self,
        state: Snapshot,
        labels: tuple[Label, ...],
        *,
        finished: bool,
        prediction: str = "",
        confirmed_empty: bool = False,
    ) -> None:
        """Write a state as a revision, if anything was edited since the last one or the reader is done only now.

        `labels` are those the marks use; the dataset gets the ones it lacks.
        """
        self._timer.stop()
        kept = self._kept
        is_due = self._is_dirty or confirmed_empty or (finished and self._is_unfinished)
        if kept is None or not is_due:
            return
        self._is_dirty, self._is_unfinished = False, not finished

        def write() -> Saved:
            base = self._bases.get(kept.key, "")
            kept.dataset.add_labels(labels)
            return write_revision(kept, state, base, prediction, finished=finished, confirmed_empty=confirmed_empty)

        self._keeping.write("Saving", write, self._on_saved)

    def _on_saved(self, saved: object) -> None:
        assert isinstance(saved, Saved)
        self._bases[saved.key] = saved.revision
        self.saved.emit(saved)


def write_revision(
    kept: Kept, state: Snapshot, base: str, prediction: str, *, finished: bool, confirmed_empty: bool
) -> Saved:
    """Put a state into the dataset as a revision (and the scan, when it is not there). In a worker thread."""
    if not kept.dataset.has(kept.key):
        kept.dataset.add_scan(kept.scan, kept.key, silent())
    revision = kept.dataset.save_revision(
        kept.key,
        state,
        author=kept.author,
        basis="confirmed empty" if confirmed_empty else None,
        base=base,
        prediction=prediction,
        finished=finished,
    )
    return Saved(kept.key, revision.id, kept.dataset.record(kept.key).state)
