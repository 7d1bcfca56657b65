"""Where slides lie that a dataset keeps by reference: remembered on this computer, and found again when moved.

Paths and file names may name people, so none is written into the dataset folder. They are kept in the user's own
state folder, by the dataset's id; losing that file costs a search. Whatever is found counts only when its content is
what the dataset says (size, then digest).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dataset.described import safe_suffix
from dataset.durable import replace_file
from dataset.errors import DatasetProblem
from dataset.record import ScanRecord, SourceFile
from imaging.errors import ScanProblem
from imaging.identity import file_digest
from imaging.progress import Progress

DEEPEST, MOST_ENTRIES, MOST_SECONDS = 4, 100_000, 10.0
LARGEST = 2**26


class SlideMissing(DatasetProblem):
    """A slide that is nowhere to be found; a person has to point to it (`Dataset.place_scan`)."""

    def __init__(self, what: str, where: object = "", advice: str = "", key: str = "") -> None:
        super().__init__(what, where, advice)
        self.key = key
        """The scan's key."""

    def __reduce__(self) -> tuple[type[SlideMissing], tuple[str, str, str, str]]:  # type: ignore[override]
        return type(self), (self.what, self.where, self.advice, self.key)


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was when it was last known to be right."""

    path: Path
    bytes: int
    changed_ns: int


class Places:
    """The remembered files of one dataset's scans. Used under the dataset's lock."""

    def __init__(self, dataset_id: str) -> None:
        from platformdirs import user_state_path

        self._file = user_state_path("overread", appauthor=False) / "places" / f"{safe_name(dataset_id)}.json"
        self._seen: dict[str, tuple[Seen, ...]] | None = None

    def of(self, key: str) -> tuple[Seen, ...]:
        """The files of a scan when it was last seen; empty where that is not known."""
        return self._load().get(key, ())

    def remember(self, key: str, paths: Iterable[Path]) -> None:
        """Remember the files of a scan. Not being able to is no harm."""
        seen = tuple(found for path in paths if (found := _seen(path)) is not None)
        if not seen or seen == self.of(key):
            return
        self._seen = {**self._load(), key: seen}
        facts = {k: [[str(s.path), s.bytes, s.changed_ns] for s in files] for k, files in self._seen.items()}
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._file, json.dumps(facts).encode("utf-8", "surrogateescape"), mode=0o600)
        except (OSError, DatasetProblem):
            return

    def folders(self) -> tuple[Path, ...]:
        """The folders where slides of this dataset were last seen."""
        return tuple(dict.fromkeys(seen.path.parent for files in self._load().values() for seen in files))

    def _load(self) -> dict[str, tuple[Seen, ...]]:
        """What is remembered; a file that cannot be read is as good as none."""
        if self._seen is None:
            self._seen = {}
            try:
                if self._file.stat().st_size <= LARGEST:
                    text = self._file.read_bytes().decode("utf-8", "surrogateescape")
                    facts = json.loads(text)
                    self._seen = {
                        str(key): tuple(Seen(Path(path), int(size), int(changed)) for path, size, changed in files)
                        for key, files in facts.items()
                    }
            except (OSError, ValueError, TypeError, AttributeError, RecursionError):
                self._seen = {}
        return self._seen


def safe_name(text: str) -> str:
    """A text as a file's name."""
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in text)[:80] or "_"


def still_there(seen: Sequence[Seen], record: ScanRecord, progress: Progress) -> bool:
    """Whether remembered files are as they were; those that were touched are compared by their content."""
    if not seen or sorted(s.bytes for s in seen) != sorted(source.bytes for source in record.sources):
        return False
    now = [_seen(s.path) for s in seen]
    if None in now:
        return False
    return all(a == b for a, b in zip(now, seen, strict=True)) or bool(
        files_of(record, [s.path for s in seen], progress)
    )


def files_of(record: ScanRecord, candidates: Iterable[Path], progress: Progress) -> tuple[Path, ...]:
    """The scan's files among candidates, in the order of its sources; empty unless all are there."""
    wanted: dict[int, list[int]] = {}
    for number, source in enumerate(record.sources):
        wanted.setdefault(source.bytes, []).append(number)
    found: dict[int, Path] = {}
    for path in dict.fromkeys(candidates):
        open_numbers = [n for n in wanted.get(_size(path), ()) if n not in found]
        if not open_numbers:
            continue
        try:
            digest = file_digest(path, progress)
        except ScanProblem:
            continue
        number = next((n for n in open_numbers if record.sources[n].sha256 == digest), None)
        if number is not None:
            found[number] = path
    is_whole = len(found) == len(record.sources) > 0
    return tuple(found[number] for number in sorted(found)) if is_whole else ()


def find_moved(
    record: ScanRecord, folders: Iterable[Path], names: Sequence[str], progress: Progress
) -> tuple[Path, ...]:
    """The scan's files in these folders or below, by size and content; empty where they are not.

    Files with one of `names` are tried first. The search ends after a bounded depth, number of entries and time.
    """
    if not record.sources:
        return ()
    first = record.sources[0]
    alike: list[Path] = []
    for path in _files_below(folders, progress):
        if safe_suffix(path.name) == first.suffix and _size(path) == first.bytes:
            alike.append(path)
            if path.name in names and (found := _around(record, path, progress)):
                return found
    for path in alike:
        if found := _around(record, path, progress):
            return found
    return ()


def pointed_at(record: ScanRecord, path: Path, progress: Progress) -> tuple[Path, ...]:
    """The scan's files at a path that a person pointed to: a file of it, or a folder that holds them."""
    if path.is_dir():
        return find_moved(record, [path], (), progress)
    if not any(source.bytes == _size(path) for source in record.sources):
        return ()
    return _around(record, path, progress)


def _around(record: ScanRecord, path: Path, progress: Progress) -> tuple[Path, ...]:
    """The scan's files, one of which may be `path`; the others lie beside it or in a folder beside it."""
    if len(record.sources) == 1:
        return files_of(record, [path], progress)
    beside = [path, *_files_below([path.parent], progress, deepest=1)]
    return files_of(record, beside, progress)


def _files_below(folders: Iterable[Path], progress: Progress, deepest: int = DEEPEST) -> Iterator[Path]:
    """Files of folders and of those below, nearest first; hidden ones and links to folders are left out."""
    until = time.monotonic() + MOST_SECONDS
    waiting = [(folder, 0) for folder in dict.fromkeys(folders)]
    entered: set[Path] = set()
    count = 0
    while waiting:
        folder, depth = waiting.pop(0)
        if folder in entered:
            continue
        entered.add(folder)
        try:
            with os.scandir(folder) as entries:
                here = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in here:
            count += 1
            if count > MOST_ENTRIES or time.monotonic() > until:
                return
            if count % 256 == 1:
                progress.report(0, 0, "Looking for the slide")
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                if depth < deepest:
                    waiting.append((Path(entry.path), depth + 1))
            else:
                yield Path(entry.path)


def _seen(path: Path) -> Seen | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return Seen(path.absolute(), stat.st_size, stat.st_mtime_ns) if path.is_file() else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else -1
    except OSError:
        return -1


def sources_of(paths: Iterable[Path], progress: Progress) -> tuple[SourceFile, ...]:
    """Ending, digest and size of each source; a file that cannot be read any more is left out."""
    known = list(paths)
    found: list[SourceFile] = []
    for number, path in enumerate(known):
        size = _size(path)
        if size >= 0:
            found.append(SourceFile(safe_suffix(path.name), file_digest(path, progress), size))
        progress.report(number + 1, len(known))
    return tuple(found)
