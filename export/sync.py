"""Send a dataset upstream: only what changed, checked, safe to cut off and repeat. Nothing is deleted there."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from export.destination import Destination, Stored, SyncProblem, Upload
from export.manifest import MOST_BYTES, NAME, Entry, manifest_bytes, read_manifest
from export.synced import Remembered, SyncMemory
from imaging.progress import Cancelled, Progress

if TYPE_CHECKING:
    from dataset.folder import Dataset

BLOCK = 2**20
LARGE = 8 * 2**20
AT_ONCE = 16
LARGE_AT_ONCE = 4
"""Fewer, because each holds several parts in memory."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of the dataset as it lies on the disk."""

    place: str
    size: int
    changed_ns: int


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did."""

    transferred: int
    bytes: int
    unchanged: int
    seconds: float


def sync_dataset(
    dataset: Dataset, destination: Destination, progress: Progress, *, memory: SyncMemory | None = None
) -> SyncReport:
    """Make a place upstream hold everything of a dataset that may travel."""
    files = local_files(dataset.folder, dataset.travelling_files())
    return sync(dataset.id, files, destination, progress, memory=memory)


def sync(
    dataset: str,
    local: Mapping[str, LocalFile],
    destination: Destination,
    progress: Progress,
    *,
    memory: SyncMemory | None = None,
) -> SyncReport:
    """Make a place upstream hold the files of the dataset with this id; returns what was sent.

    Every object is complete or absent there, and the manifest names it only after it has arrived. An object that is
    known to be the same (size, SHA-256 and the tag it got when it was sent) does not travel.
    """
    start = time.monotonic()
    memory = memory or SyncMemory(None)
    progress.report(0, 0, "Comparing")
    upstream = destination.listing()
    manifest = upstream.get(NAME)
    # The manifest is read only when it is not the one this computer wrote, or when it must be added to.
    entries: dict[str, Entry] | None = None
    if manifest is not None and memory.manifest_tag != manifest.tag:
        entries = _fetch_manifest(destination, manifest, dataset)
    current = _unchanged(local, _known(upstream, entries or {}, memory.files), memory.files, progress)
    try:
        sent = _send({path: file for path, file in local.items() if path not in current}, destination, memory, progress)
    finally:
        memory.close()
    everything = {**current, **sent}
    tag = memory.manifest_tag
    if sent or entries is not None or manifest is None:
        if entries is None and manifest is not None:
            entries = _fetch_manifest(destination, manifest, dataset)
        tag = _put_manifest(destination, dataset, entries or {}, everything, manifest.tag if manifest else "")
    memory.finish(everything, tag)
    return SyncReport(len(sent), sum(f.size for f in sent.values()), len(current), time.monotonic() - start)


def check_upstream(dataset: str, destination: Destination, progress: Progress) -> int:
    """Read all that the manifest names back from upstream and compare digests; returns how many objects are right."""
    upstream = destination.listing()
    if NAME not in upstream:
        raise SyncProblem(f"holds no {NAME}", destination.where, "Sync the dataset first")
    entries = _fetch_manifest(destination, upstream[NAME], dataset)
    total = sum(entry.size for entry in entries.values())
    done = 0
    for path, entry in entries.items():
        progress.report(done, total, path)
        digest = hashlib.sha256()
        for block in destination.blocks(path) if path in upstream else ():
            digest.update(block)
        if digest.hexdigest() != entry.sha256:
            what = "differs from what was sent" if path in upstream else "is missing upstream"
            raise SyncProblem(what, f"{destination.where}: {path}", "Delete it there and sync again")
        done += entry.size
    return len(entries)


def local_files(folder: Path, paths: Iterable[str]) -> dict[str, LocalFile]:
    """Files of a folder as they are now, by their path with `/`; links are left out, they may lead anywhere."""
    found: dict[str, LocalFile] = {}
    for path in paths:
        place = os.path.join(folder, path)  # thousands of Path objects would take longer than asking the disk
        try:
            facts = os.lstat(place)
        except OSError as error:
            raise SyncProblem(f"cannot be read ({error.strerror})", place, "Run overread verify") from error
        if stat.S_ISREG(facts.st_mode) and path != NAME:
            found[path] = LocalFile(place, facts.st_size, facts.st_mtime_ns)
    return found


def _known(
    upstream: Mapping[str, Stored], entries: Mapping[str, Entry], files: Mapping[str, Remembered]
) -> dict[str, Entry]:
    """What each object upstream holds, where its tag is still the one it got when it was sent."""
    known: dict[str, Entry] = {}
    for path, stored in upstream.items():
        for was in (files.get(path), entries.get(path)):
            if was is not None and (was.size, was.tag) == (stored.size, stored.tag) and stored.tag:
                known[path] = Entry(was.size, was.sha256, was.tag)
                break
    return known


def _unchanged(
    local: Mapping[str, LocalFile], known: Mapping[str, Entry], files: Mapping[str, Remembered], progress: Progress
) -> dict[str, Remembered]:
    """The local files that upstream holds already; reads only those whose size or time of change is new."""
    same: dict[str, Remembered] = {}
    unread: list[str] = []
    for path, file in local.items():
        there, was = known.get(path), files.get(path)
        if there is None or there.size != file.size:
            continue
        if was is None or (was.size, was.changed_ns) != (file.size, file.changed_ns):
            unread.append(path)
        elif was.sha256 == there.sha256:
            same[path] = Remembered(file.size, file.changed_ns, was.sha256, there.tag)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        digests = pool.map(_Source.digest, [_Source(local[path], progress) for path in unread])
        for path, digest in zip(unread, digests, strict=True):
            if digest == known[path].sha256:
                same[path] = Remembered(local[path].size, local[path].changed_ns, digest, known[path].tag)
    return same


class _Source:
    """A local file being read: its digest, how much was read, and what went wrong."""

    def __init__(self, file: LocalFile, progress: Progress) -> None:
        self._file, self._progress = file, progress
        self.count = 0
        self.sha256 = ""
        self.error: BaseException | None = None

    def blocks(self) -> Iterator[bytes]:
        """The bytes, from the start each time; the digest is of what was really read."""
        digest = hashlib.sha256()
        self.count = 0
        try:
            with open(self._file.place, "rb") as source:
                while block := source.read(BLOCK):
                    self._progress.check()
                    digest.update(block)
                    self.count += len(block)
                    yield block
        except OSError as error:
            advice = "Check the disk and sync again"
            self.error = SyncProblem(f"cannot be read ({error.strerror})", self._file.place, advice)
            raise self.error from error
        except Cancelled as stopped:
            self.error = stopped
            raise
        self.sha256 = digest.hexdigest()

    def digest(self) -> str:
        """Read all of it."""
        for _ in self.blocks():
            pass
        return self.sha256

    def send(self, path: str, destination: Destination) -> Remembered:
        """Put it upstream; what failed here is said rather than what the destination made of it."""
        try:
            tag = destination.put(Upload(path, self._file.size, self.blocks))
        except Exception:
            if self.error is not None:
                raise self.error from None
            raise
        # A file that grew meanwhile is remembered as it was before, so the next sync looks at it again.
        return Remembered(self.count, self._file.changed_ns, self.sha256, tag)


def _send(
    files: Mapping[str, LocalFile], destination: Destination, memory: SyncMemory, progress: Progress
) -> dict[str, Remembered]:
    """Send files, many at once; the first failure stops those not begun and is raised."""
    sources = {path: _Source(file, progress) for path, file in files.items()}
    total = sum(file.size for file in files.values())
    sent: dict[str, Remembered] = {}

    by_size = sorted(files, key=lambda path: -files[path].size)
    large = deque(path for path in by_size if files[path].size > LARGE)
    small = deque(path for path in by_size if files[path].size <= LARGE)

    def drain(waiting: deque[str]) -> None:
        with suppress(IndexError):
            while True:
                progress.check()
                path = waiting.popleft()
                sent[path] = sources[path].send(path, destination)
                memory.add(path, sent[path])

    with ThreadPoolExecutor(AT_ONCE + LARGE_AT_ONCE, "sync") as pool:
        jobs = {pool.submit(drain, large) for _ in range(LARGE_AT_ONCE)}
        jobs |= {pool.submit(drain, small) for _ in range(AT_ONCE)}
        try:
            while jobs:
                done, jobs = wait(jobs, timeout=0.2, return_when=FIRST_EXCEPTION)
                for job in done:
                    job.result()
                progress.report(sum(source.count for source in sources.values()), total, f"{len(sent)} sent")
        finally:
            large.clear()
            small.clear()
    return sent


def _fetch_manifest(destination: Destination, stored: Stored, dataset: str) -> dict[str, Entry]:
    if stored.size > MOST_BYTES:
        raise SyncProblem(f"holds a {NAME} of {stored.size / 2**30:.1f} GiB, which cannot be one", destination.where)
    return read_manifest(b"".join(destination.blocks(NAME)), destination.where, dataset)


def _put_manifest(
    destination: Destination, dataset: str, entries: Mapping[str, Entry], files: Mapping[str, Remembered], old: str
) -> str:
    """Write the manifest unless it says the same already; what others sent stays in it. Returns its tag."""
    new = {**entries, **{path: Entry(file.size, file.sha256, file.tag) for path, file in files.items()}}
    if old and new == dict(entries):
        return old
    data = manifest_bytes(dataset, new)
    return destination.put(Upload(NAME, len(data), lambda: iter([data])))
