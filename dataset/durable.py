"""Writing so that it survives: complete file, fsync of file and folder, then rename.

A file is first written beside its place as `.<name>.part`; no reader takes such a file for the real one.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from dataset.errors import DatasetProblem

STALE_SECONDS = 3600.0
"""A part older than this was left by a program that ended; a younger one may still be written."""

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}


def problem_of(error: OSError, where: object) -> DatasetProblem:
    """The one line for a failure of the disk."""
    if error.errno in _FULL:
        return DatasetProblem(
            "has no room left, nothing was changed", where, "Make room on the disk; saving then works again"
        )
    if error.errno in _FORBIDDEN:
        return DatasetProblem(
            "cannot be written, it is read-only or belongs to someone else", where, "Check its permissions"
        )
    if error.errno == errno.ENOENT:
        return DatasetProblem("is not there any more", where, "Check that the disk is still connected")
    return DatasetProblem(f"cannot be read or written ({error.strerror or error})", where, "Check the disk")


@contextmanager
def told(where: object) -> Generator[None]:
    """Turn failures of the disk into a `DatasetProblem` about `where`."""
    try:
        yield
    except OSError as error:
        raise problem_of(error, where) from error


def part_of(path: Path) -> Path:
    """Where a file is written before it is complete."""
    return path.with_name(f".{path.name}.part")


def is_part(name: str) -> bool:
    """Whether a name is that of a file not yet complete."""
    return name.startswith(".") and name.endswith(".part")


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write every byte; the disk may take fewer at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_parts(files: Mapping[Path, bytes], *, mode: int = 0o666) -> None:
    """Write the parts of files and make them, and their folders' entries, durable; all of them or none.

    They are synced together (`sync_all`), so that a journalling file system needs one commit for all of them.
    """
    descriptors: list[int] = []
    try:
        for path, data in files.items():
            descriptor = os.open(part_of(path), os.O_CREAT | os.O_WRONLY | os.O_TRUNC | _BINARY, mode)
            descriptors.append(descriptor)
            write_all(descriptor, data)
        folders = [_open_folder(folder) for folder in dict.fromkeys(path.parent for path in files)]
        descriptors.extend(folder for folder in folders if folder is not None)
        sync_all(descriptors)
    except BaseException:
        _close_all(descriptors)
        discard_parts(files)
        raise
    _close_all(descriptors)


def discard_parts(paths: Sequence[Path] | Mapping[Path, bytes]) -> None:
    """Remove parts that will not be finished."""
    for path in paths:
        with suppress(OSError):
            part_of(path).unlink()


def finish_parts(paths: Sequence[Path] | Mapping[Path, bytes]) -> None:
    """Put complete parts in their places."""
    for path in paths:
        part_of(path).replace(path)


def replace_file(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Write a whole file durably: as a part, then renamed, its folder synced."""
    write_parts({path: data}, mode=mode)
    finish_parts([path])
    sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder and those above it that are missing, durably."""
    missing = [path]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        sync_folder(folder.parent)


def sync_all(descriptors: Sequence[int]) -> None:
    """Wait until the disk has all of them; files before the folders that name them.

    The writing of all is begun before the first is waited for. A journalling file system then has one commit that
    holds them all, and finds nothing left to do for the others; waited for side by side, each would begin its own.
    """
    if len(descriptors) > 1 and hasattr(os, "posix_fadvise"):
        for descriptor in descriptors:
            with suppress(OSError):
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    for descriptor in descriptors:
        os.fsync(descriptor)


def sync_created(descriptor: int, folder: Path) -> None:
    """Make a new file and its entry in its folder durable."""
    parent = _open_folder(folder)
    try:
        sync_all([descriptor] if parent is None else [descriptor, parent])
    finally:
        if parent is not None:
            os.close(parent)


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable; Windows keeps them without being asked."""
    descriptor = _open_folder(folder)
    if descriptor is None:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_stale_parts(folder: Path) -> None:
    """Remove parts that a program which ended left behind."""
    with suppress(OSError):
        for entry in os.scandir(folder):
            if is_part(entry.name) and time.time() - entry.stat().st_mtime > STALE_SECONDS:
                Path(entry.path).unlink()


def _open_folder(folder: Path) -> int | None:
    return None if os.name == "nt" else os.open(folder, os.O_RDONLY)


def _close_all(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        with suppress(OSError):
            os.close(descriptor)


_BINARY = getattr(os, "O_BINARY", 0)
