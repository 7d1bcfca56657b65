"""Opening a case, in a worker thread: its scan, its key, and what the dataset says of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dataset.document import Edit, Snapshot
from dataset.label import LabelSet
from dataset.prediction import Prediction
from desktop_app.cases import Case
from desktop_app.display import CaseRow
from desktop_app.predicting import benign_of
from imaging.errors import ScanProblem
from imaging.geometry import Plane, whole_plane
from imaging.progress import Progress
from imaging.scan import Scan, ScanInfo, Volume, Window

if TYPE_CHECKING:
    from dataset.folder import Dataset
    from dataset.record import ScanRecord


@dataclass(frozen=True, slots=True)
class Opened:
    """An open scan and what is known of it."""

    scan: Scan
    key: str
    start: Snapshot
    """The newest revision's state."""
    base: str
    """That revision's id, or empty."""
    unsaved: tuple[Edit, ...]
    """Edits of an earlier run that are in no revision yet."""
    predictions: tuple[Prediction, ...]
    state: str
    window: Window | None
    plane: Plane
    conflicts: int = 0


def open_case(case: Case, dataset: Dataset, progress: Progress) -> Opened:
    """Open a case's scan, read its pixels, and gather what the dataset holds of it."""
    from imaging.identity import scan_key
    from imaging.opening import open_scan

    if case.source is not None:
        scan = open_scan(case.source, progress.part(0.0, 0.2, "Opening"))
        key = case.row.key or scan_key(scan, progress.part(0.2, 0.2, "Recognising"))
    else:
        key = case.row.key
        scan = dataset.open_pixels(key, progress.part(0.0, 0.4, "Opening"))
    plane = middle_plane(scan)
    if isinstance(scan, Volume):
        scan.voxels(progress.part(0.4, 0.5, "Reading pixels"))
    window = first_window(scan, plane)
    known = dataset.has(key)
    head = dataset.head(key) if known else None
    revision = head.revision if head is not None else None
    return Opened(
        scan,
        key,
        dataset.snapshot(revision) if revision is not None else Snapshot(),
        revision.id if revision is not None else "",
        dataset.unsaved_edits(key),
        dataset.predictions(key) if known else (),
        dataset.record(key).state if known else "unseen",
        window,
        plane,
        len(head.conflicts) if head is not None else 0,
    )


def open_worklist(folder: Path, progress: Progress) -> tuple[Dataset, tuple[Case, ...]]:
    """Open or make a dataset folder and list its scans as cases."""
    progress.report(0, 1, folder.name)
    from dataset.folder import Dataset

    dataset = Dataset.open_or_create(folder)
    return dataset, tuple(Case(row_of(record, dataset.labels)) for record in dataset.records())


def row_of(record: ScanRecord, labels: LabelSet) -> CaseRow:
    """What the worklist says of a scan in the dataset; a label that is no finding raises no suspicion."""
    strongest = max(record.predictions, key=lambda p: p.id, default=None)
    label, score = strongest.top if strongest is not None and strongest.top else ("", None)
    if label in benign_of(labels.labels):
        label, score = "", None
    known = labels.get(label)
    label = known.name if known is not None else label
    return CaseRow(record.title, record.state, record.key, record.info.format, describe(record.info), score, label)


def describe(info: ScanInfo) -> str:
    """A scan in a few words: modality, size, planes."""
    size = info.size
    planes = f" × {size.planes}" if size.planes > 1 else ""
    return " · ".join(word for word in (info.modality, f"{size.columns} × {size.rows}{planes}") if word)


def middle_plane(scan: Scan) -> Plane:
    """The plane shown first: the middle one of a volume, the first of everything else."""
    info = scan.info
    return Plane(0, info.size.planes // 2 if info.kind == "volume" else 0)


def first_window(scan: Scan, plane: Plane) -> Window | None:
    """The window shown first: the file's own, else one from the values; `None` for colour and for channels."""
    from imaging.windowing import default_windows

    if scan.info.is_colour or scan.info.fluorescence:
        return None
    levels = scan.info.levels
    sample = scan.read(whole_plane(scan.info.size, plane), levels[-1].downsample if levels else 1.0)
    if sample.size == 0:
        raise ScanProblem("holds no pixels", scan.info.name)
    return default_windows(scan.info, sample)[0]
