"""The folder as a store of files: one way in, `commit`, which is all or nothing and leaves a line in the audit chain.

How a commit survives: (1) every file is written beside its place and made durable; (2) one line of the audit chain
names them with their hashes and is made durable: from here on the commit holds; (3) the files are renamed into
their places. A program killed before (2) leaves nothing but stale parts; killed after it, the next one to open the
folder finishes the renaming (`finish_commits`). Other programs on the same folder wait at (2) and (3) for each other.
"""

from __future__ import annotations

import getpass
import os
import threading
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from dataset.audit import event_of, last_hash, line_of, sha256
from dataset.durable import (
    discard_parts,
    finish_parts,
    is_part,
    make_folder,
    part_of,
    problem_of,
    sync_folder,
    told,
    write_all,
    write_parts,
)
from dataset.errors import DatasetProblem
from dataset.facts import Malformed

LOCK_SECONDS = 30.0
TAIL = 256 * 1024
"""Bytes at the end of the audit that are looked at when the folder is opened; more than can be half-done."""


class Store:
    """The files of a dataset folder. Safe from any thread; several programs may use one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.chain = folder / "audit.jsonl"
        self._threads = threading.RLock()
        self._lock = FileLock(folder / ".lock", timeout=LOCK_SECONDS, thread_local=False)
        self._known: tuple[int, str] | None = None
        self._folders: set[Path] = set()

    def path(self, relative: str) -> Path:
        """Where a file of the folder is; a path that leaves the folder is refused."""
        parts = PurePosixPath(relative)
        if not relative or parts.is_absolute() or ".." in parts.parts or "\\" in relative or ":" in relative:
            raise DatasetProblem(f"names a file outside the dataset ({relative!r})", self.folder)
        return self.folder / parts

    @contextmanager
    def locked(self) -> Generator[None]:
        """Hold the folder against other programs and threads; short work only. A killed holder lets go."""
        with self._threads:
            try:
                self._lock.acquire()
            except Timeout as error:
                raise DatasetProblem("is being written by another program", self.folder, "Try again") from error
            except OSError as error:
                raise problem_of(error, self.folder) from error
            try:
                yield
            finally:
                self._lock.release()

    def commit(self, who: str, what: str, files: Mapping[str, bytes], **facts: str) -> None:
        """Put files into the folder with one line of the audit, all or nothing; durable when it returns.

        `who` is the person or model; the user of this computer where it is empty.
        """
        targets = {self.path(relative): data for relative, data in files.items()}
        hashes = {relative: sha256(data) for relative, data in files.items()}
        with told(self.folder):
            for parent in {path.parent for path in targets} - self._folders:
                make_folder(parent)
                self._folders.add(parent)
            write_parts(targets)
            try:
                with self.locked():
                    self._append(who or user_name(), what, hashes, facts)
                    finish_parts(targets)
            except DatasetProblem:
                discard_parts(targets)
                raise

    def finish_commits(self) -> int:
        """Put in place what a killed program had committed but not renamed; how many files that were."""
        with told(self.folder), self.locked():
            tail, start = self._tail()
            lines = tail.split(b"\n")[1 if start else 0 :]
            latest: dict[str, str] = {}
            for line in lines:
                with suppress(Malformed):
                    latest |= event_of(line, 0).files
            finished = 0
            for relative, digest in latest.items():
                path = self.path(relative)
                part = part_of(path)
                if part.exists() and sha256(part.read_bytes()) == digest:
                    finish_parts([path])
                    sync_folder(path.parent)
                    finished += 1
            return finished

    def files(self, folders: Iterable[str] = ("scans",)) -> list[str]:
        """Relative paths of all complete files under the given folders, sorted."""
        found: list[str] = []
        for top in folders:
            for folder, _names, names in os.walk(self.folder / top):
                inside = Path(folder).relative_to(self.folder)
                found.extend((inside / name).as_posix() for name in names if not is_part(name))
        return sorted(found)

    def _tail(self) -> tuple[bytes, int]:
        """The end of the chain's file and where it starts; empty where there is none."""
        try:
            with self.chain.open("rb") as file:
                start = max(0, file.seek(0, os.SEEK_END) - TAIL)
                file.seek(start)
                return file.read(), start
        except FileNotFoundError:
            return b"", 0

    def _append(self, who: str, what: str, hashes: Mapping[str, str], facts: Mapping[str, str]) -> None:
        """Add a line, durably, or leave the chain as it was. The caller holds the lock."""
        with told(self.chain):
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
            descriptor = os.open(self.chain, flags, 0o666)
            try:
                size = os.fstat(descriptor).st_size
                size, prev = self._end(descriptor, size)
                line, digest = line_of(who, what, hashes, prev, facts)
                try:
                    write_all(descriptor, line)
                    os.fsync(descriptor)
                except OSError:
                    os.ftruncate(descriptor, size)
                    raise
                self._known = (size + len(line), digest)
            finally:
                os.close(descriptor)

    def _end(self, descriptor: int, size: int) -> tuple[int, str]:
        """Where the next line goes and the hash it has to name; a line cut short by a kill is taken away."""
        if self._known is not None and self._known[0] == size:
            return self._known
        if size == 0:
            sync_folder(self.folder)
            return 0, ""
        tail, start = self._tail()
        if not tail.endswith(b"\n"):
            # It was never complete, so nobody was told that what it stands for is kept.
            size = start + tail.rfind(b"\n") + 1
            os.ftruncate(descriptor, size)
            tail = tail[: size - start]
        return size, last_hash(tail)


def user_name() -> str:
    """The name of the computer's user; empty where it has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
