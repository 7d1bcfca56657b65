"""Scans kept by reference: opened where they lie, found again when moved, or asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from dataset.errors import DatasetProblem
from dataset.places import Places, SlideMissing, find_moved, pointed_at, still_there
from dataset.record import ScanRecord
from imaging.errors import Problem, ScanProblem
from imaging.progress import Progress
from imaging.scan import Scan, ScanSource


class References:
    """Where the scans of one dataset lie that it keeps no pixels of. Safe from any thread."""

    def __init__(self, folder: Path, dataset_id: str) -> None:
        self._folder = folder
        self._places = Places(dataset_id)
        self._lock = threading.Lock()

    def remember(self, key: str, paths: Sequence[Path]) -> None:
        """Remember where the files of a scan lie."""
        with self._lock:
            self._places.remember(key, paths)

    def open(self, record: ScanRecord, progress: Progress) -> Scan:
        """Open a scan where it was last seen, or where it is found; `SlideMissing` where it is not."""
        paths = self._find(record, progress.part(0.0, 0.5, "Looking for the slide"))
        if not paths:
            raise SlideMissing("is not where it was", record.title, "Where is it? Point to it", record.key)
        scan = opened(record, paths, progress.part(0.5, 0.5, "Opening"))
        self.remember(record.key, paths)
        return scan

    def place(self, record: ScanRecord, path: Path, progress: Progress) -> None:
        """Remember where a person says that a scan lies; refuses what has another content."""
        if not path.exists():
            raise DatasetProblem("does not exist", path, "Point to the slide's file or its folder")
        paths = pointed_at(record, path, progress)
        if not paths:
            what = "does not hold this slide" if path.is_dir() else "is another slide, or not all of this one"
            raise DatasetProblem(what, path, f"Point to the file of {record.title}")
        self.remember(record.key, paths)

    def _find(self, record: ScanRecord, progress: Progress) -> tuple[Path, ...]:
        with self._lock:
            seen, folders = self._places.of(record.key), self._places.folders()
        if still_there(seen, record, progress):
            return tuple(s.path for s in seen)
        own = [s.path.parent for s in seen]
        around = [*own, *(folder.parent for folder in own), *folders, self._folder.parent]
        return find_moved(record, around, [s.path.name for s in seen], progress)


def opened(record: ScanRecord, paths: Sequence[Path], progress: Progress) -> Scan:
    """The scan that these files hold and that is as large as the record says."""
    from imaging.opening import open_scan

    problem: Problem | None = None
    for source in _ways_to_open(record, paths, progress):
        try:
            scan = open_scan(source, progress)
        except Problem as error:
            problem = problem or error
            continue
        if scan.info.size == record.info.size:
            return scan
        scan.close()
    raise problem or DatasetProblem("is read in another way than when it was added", paths[0], "Add it again")


def _ways_to_open(record: ScanRecord, paths: Sequence[Path], progress: Progress) -> Iterator[ScanSource]:
    """What can be opened from these files: as the format groups them, each alone, and what their folder holds."""
    from imaging.opening import find_scans, format_of

    known = list[Path]()
    for path in paths:
        with suppress(ScanProblem):
            if format_of(path) is not None:
                known.append(path)
    tried: set[tuple[str, tuple[Path, ...], str]] = set()
    for group in (known, known[:1], [paths[0].parent] if len(paths) > 1 else []):
        sources: list[ScanSource] = []
        with suppress(ScanProblem):
            sources = find_scans(group, progress) if group else []
        # The format it was read with before comes first.
        for source in sorted(sources, key=lambda s: s.format != record.info.format):
            if (place := (source.format, source.paths, source.part)) not in tried:
                tried.add(place)
                yield source
    if not known:
        yield ScanSource("", (paths[0],))
