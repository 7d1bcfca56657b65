"""What a dataset knows: records of scans, revisions, heads, and what was looked at. All values are frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from dataset.document import Snapshot
from imaging.scan import ScanInfo

State = Literal["unseen", "in progress", "confirmed empty", "labelled", "reviewed"]
Basis = Literal["accepted", "corrected", "confirmed empty"]
"""Why a revision's marks hold: the initial predictions are right (`accepted`), these are a person's own labels
(`corrected`), or a person looked and found nothing (`confirmed empty`)."""
Split = Literal["train", "val", "test"]

LOOKED_AT: tuple[State, ...] = ("confirmed empty", "labelled", "reviewed")
"""The states of scans that a person has finished looking at; only those are exported."""

SAMPLED = "sampled-"
"""Begins the digest of a file that is too large to be read whole."""

SENT_BACK = "Sent back: "
"""Begins the reason of a revision by which somebody gave a scan back to its reader."""

Marks: TypeAlias = tuple[tuple[str, int], ...]
"""Journals a revision covers: the name of each, and the number of its last edit that is in the revision."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file a scan was read from: its ending and what was in it. Names and folders are not kept: they name people."""

    suffix: str
    sha256: str
    """Of the whole file; with `sampled-` before it, of evenly spread samples (`imaging.identity.file_digest`)."""
    bytes: int


@dataclass(frozen=True, slots=True)
class Revision:
    """One saved state of a scan's document. The marks themselves: `Dataset.snapshot`."""

    id: str
    scan: str
    author: str
    created: datetime
    basis: Basis
    base: str = ""
    """The revision it was made from, or empty."""
    prediction: str = ""
    """The prediction it answers, or empty."""
    is_finished: bool = True
    """Whether the reader was done; false for what autosave keeps along the way."""
    is_reviewed: bool = False
    """Whether a second look confirmed it."""
    count: int = 0
    """How many annotations it holds, measurements not counted."""
    labels: tuple[str, ...] = ()
    """Ids of the labels in use, sorted."""
    covers: Marks = ()
    settles: tuple[str, ...] = ()
    """Ids of other readers' revisions that were compared and decided on in this one; counts where it is reviewed."""
    why: str = ""
    """A short reason for whoever reads the history, or empty."""

    @property
    def is_sent_back(self) -> bool:
        """Whether it gives the scan back to its reader, with a reason."""
        return not self.is_finished and self.why.startswith(SENT_BACK)

    @property
    def state(self) -> State:
        """The state of a scan whose head this is."""
        # That nothing is there has to be said; a document from which all marks were deleted does not say it.
        if not self.is_finished or (self.count == 0 and self.basis == "corrected"):
            return "in progress"
        if self.is_reviewed:
            return "reviewed"
        return "labelled" if self.count else "confirmed empty"


@dataclass(frozen=True, slots=True)
class Head:
    """The revision that stands for a scan, and others that nobody built on or resolved."""

    revision: Revision | None = None
    conflicts: tuple[Revision, ...] = ()


@dataclass(frozen=True, slots=True)
class PredictionSummary:
    """A prediction without its marks. The whole of it: `Dataset.predictions`."""

    id: str
    model: str
    """`name@version`."""
    created: datetime
    count: int
    """How many proposals it holds."""
    top: tuple[str, float] | None = None
    """The label and score of the most certain proposal, or of the whole scan where there are none."""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanRecord:
    """One scan of a dataset: what it is, whose, and how far it has been read. Names nobody."""

    key: str
    title: str
    """A name made from what the scan is and its key; file names are not kept."""
    info: ScanInfo
    """As read from the source, without name, paths and examination."""
    sources: tuple[SourceFile, ...]
    group: str
    """The patient group: a keyed hash, the same for all scans of one patient."""
    group_from: str
    """What the group was made from: `patient`, `study`, `file name` or `content`."""
    split: Split
    added: datetime
    pixels: str = ""
    """The kept pixels' file, relative to the dataset folder; empty when kept by reference."""
    state: State = "unseen"
    head: Head = Head()
    predictions: tuple[PredictionSummary, ...] = ()
    """Oldest first."""
    problem: str = ""
    """Why the scan cannot be opened, in one line, when a file of it is damaged."""


@dataclass(frozen=True, slots=True)
class LookedAt:
    """One scan for exporters: its record, the revision chosen and that revision's marks."""

    record: ScanRecord
    revision: Revision
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Unsaved:
    """Edits of a session that ended before they were in a revision."""

    scan: str
    author: str
    started: datetime
    count: int
    journals: tuple[str, ...]
    is_damaged: bool = False
    """Whether a line before the end could not be read; what came before it is kept."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something `verify` found: where, and what. A `notice` is harmless (left by a killed program)."""

    where: str
    what: str
    is_notice: bool = field(default=False)

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"
