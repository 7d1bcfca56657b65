"""Opening a case, in a worker thread: its scan, its key, and what the dataset says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dataset.document import Edit, Snapshot
from dataset.listing import Listed
from dataset.prediction import Prediction
from dataset.readings import Person, Start
from desktop_app.case_table import CaseTable
from desktop_app.cases import Case, rows_of
from imaging.errors import ScanProblem
from imaging.geometry import Plane, whole_plane
from imaging.progress import Progress
from imaging.scan import Scan, Volume, Window

if TYPE_CHECKING:
    from dataset.folder import Dataset

AT_ONCE = 200
"""Rows that are made without letting the window in."""
MOST_ROWS = 8000
"""Rows that are handed to the window at once; it takes about 10 ms for them."""


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
    scan, key = identify_scan(case, dataset, progress.part(0.0, 0.4))
    return gather_opened(scan, key, dataset, progress.part(0.4, 0.6))


def identify_scan(case: Case, dataset: Dataset, progress: Progress) -> tuple[Scan, str]:
    """Open a case's scan; no more of it is read than its key takes."""
    from imaging.identity import scan_key
    from imaging.opening import open_scan

    if case.source is None:
        return dataset.open_pixels(case.row.key, progress.part(0.0, 1.0, "Opening")), case.row.key
    scan = open_scan(case.source, progress.part(0.0, 0.5, "Opening"))
    return scan, case.row.key or scan_key(scan, progress.part(0.5, 0.5, "Recognising"))


def gather_opened(scan: Scan, key: str, dataset: Dataset, progress: Progress) -> Opened:
    """Read a scan's pixels and what the dataset holds of it."""
    from imaging.windowing import load_opencv

    if not scan.info.levels:
        load_opencv()  # here, in the worker: it would hold the window up
    plane = middle_plane(scan)
    if isinstance(scan, Volume):
        scan.voxels(progress.part(0.0, 0.85, "Reading pixels"))
    window = first_window(scan, plane)
    known = dataset.has(key)
    start = dataset.start(key) if known else Start(None, "unseen")
    revision, is_silent = start.revision, dataset.person.blinding.proposals
    return Opened(
        scan,
        key,
        dataset.snapshot(revision) if revision is not None else Snapshot(),
        revision.id if revision is not None else "",
        dataset.unsaved_edits(key),
        dataset.predictions(key) if known and not is_silent else (),
        start.state,
        window,
        plane,
        start.conflicts,
    )


@dataclass(frozen=True, slots=True)
class OpenedList:
    """A dataset that was opened, and its cases where they are others than those shown so far, or in another order."""

    dataset: Dataset
    table: CaseTable | None
    keys: frozenset[str]


def open_worklist(
    folder: Path, progress: Progress, author: str = "", show: Callable[[Dataset, CaseTable], None] | None = None
) -> OpenedList:
    """Open or make a dataset folder and list its scans as cases, as its reader may see them.

    `show` gets the dataset, which may be used from then on, and the cases as they are read, in this thread.
    """
    progress.report(0, 1, folder.name)
    from dataset.blindings import blinding_of
    from dataset.folder import Dataset

    keys, waiting = dict[str, None](), list[Listed]()

    def told(dataset: Dataset, items: tuple[Listed, ...]) -> None:
        progress.check()
        if not keys:
            dataset.person = Person(author, blinding_of(dataset.id, author))
        # The window lays out all it has for each part: the more it has, the larger the next part is.
        is_due = len(waiting) + len(items) >= min(len(keys) // 4, MOST_ROWS)
        keys.update(dict.fromkeys(item.key for item in items))
        waiting.extend(items)
        if is_due:
            hand_over(dataset)

    def hand_over(dataset: Dataset) -> None:
        if show is not None and waiting:
            show(dataset, _table_of(dataset, dataset.as_seen(tuple(waiting))))
        waiting.clear()

    dataset = Dataset.open_or_create(folder, progress=progress, show=told)
    dataset.person = Person(author, blinding_of(dataset.id, author))
    hand_over(dataset)
    said = dataset.listed()
    there = [item.key for item in said]
    is_shown = show is not None and list(keys) == there
    return OpenedList(dataset, None if is_shown else _table_of(dataset, said), frozenset(there))


def _table_of(dataset: Dataset, listed: tuple[Listed, ...]) -> CaseTable:
    """The cases of scans, in pieces that let the window in between."""
    from dataset.piecewise import Breather, collector_paused

    breather, cases = Breather(), list[Case]()
    with collector_paused(len(listed) > AT_ONCE):
        for start in range(0, len(listed), AT_ONCE):
            cases += map(Case, rows_of(listed[start : start + AT_ONCE], dataset.labels))
            breather.breathe()
        return CaseTable(cases)


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
