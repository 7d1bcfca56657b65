"""Find scans in files and folders, and open them with the format that knows them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from imaging import formats as format_package
from imaging.errors import Problem, ScanProblem, one_line
from imaging.plugins import gather
from imaging.progress import Cancelled, Progress, silent
from imaging.quiet import quiet
from imaging.scan import Scan, ScanFormat, ScanSource

_HEAD = 4096
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_DEEPEST = 16
_MOST_FILES = 200_000
_DIGITS = re.compile(r"([0-9]+)")
_UNKNOWN = "is no scan Overread knows"


@cache
def scan_formats() -> tuple[ScanFormat, ...]:
    """All formats, in name order."""
    return gather(format_package, ScanFormat)


def format_of(path: Path) -> ScanFormat | None:
    """The format that recognises a file by its first bytes; `None` when no one does. Raises `ScanProblem`."""
    try:
        descriptor = os.open(path, _READ)
        try:
            head = os.read(descriptor, _HEAD)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ScanProblem(f"cannot be read ({error.strerror or error})", path) from error
    for known in scan_formats():
        if known.recognises(path, head):
            return known
    return None


def find_scans(paths: Iterable[Path | str], progress: Progress | None = None) -> list[ScanSource]:
    """The scans in files and folders, grouped into series and stacks.

    A folder gives what it holds, at any depth, and passes over files that are no scans. A file that was named
    and is no scan gets a source without a format, so that opening it says why.
    Raises `ScanProblem` when a path does not exist or a folder holds no scan.
    """
    progress = progress or silent()
    grouped: dict[str, dict[Path, None]] = {}
    unknown: list[ScanSource] = []
    for path in map(Path, paths):
        named = path.is_file()
        if not path.exists():
            raise ScanProblem("does not exist", path)
        count = 0
        for file in (path,) if named else _files_below(path, progress):
            known = _recognised(file, named)
            if known is None:
                unknown += [ScanSource("", (file,), file.name)] if named else []
                continue
            count += 1
            grouped.setdefault(known.name, {})[file] = None
        if not count and not named:
            raise ScanProblem(
                "holds no scan Overread knows", path, "Choose a folder with DICOM, volume or picture files"
            )
    by_name = {known.name: known for known in scan_formats()}
    found: list[ScanSource] = []
    for name, files in grouped.items():
        found += by_name[name].sources(tuple(files), progress)
    return [*found, *unknown]


def open_scan(what: ScanSource | Path | str, progress: Progress | None = None) -> Scan:
    """Open one scan: headers now, pixels when read. Raises `ScanProblem` with one clear line.

    A path must hold exactly one scan; of several, find them with `find_scans` and open one.
    """
    progress = progress or silent()
    if not isinstance(what, ScanSource):
        sources = find_scans([what], progress)
        if len(sources) > 1:
            raise ScanProblem(f"holds {len(sources)} scans, not one", what, "Open one of them")
        what = sources[0]
    for known in scan_formats():
        if known.name == what.format:
            return _opened(known, what, progress)
    names = ", ".join(known.title for known in scan_formats())
    raise ScanProblem(_UNKNOWN, what.paths[0], f"It reads {names}")


def _opened(known: ScanFormat, source: ScanSource, progress: Progress) -> Scan:
    """Open with a format; whatever libraries say of a damaged file becomes one line."""
    try:
        with quiet():
            return known.open(source, progress)
    except (Problem, Cancelled):
        raise
    except OSError as error:
        raise ScanProblem(f"cannot be read ({error.strerror or error})", error.filename or source.paths[0]) from error
    except MemoryError as error:
        raise ScanProblem("needs more memory than there is", source.paths[0], "Close other scans") from error
    except Exception as error:
        raise ScanProblem(f"cannot be read ({one_line(error)})", source.paths[0], "Get the file again") from error


def _recognised(file: Path, named: bool) -> ScanFormat | None:
    """The format of a file; one in a folder that cannot be read is passed over."""
    if not named and file.name.upper() == "DICOMDIR":
        return None  # the files it lists are in the folder too
    try:
        return format_of(file)
    except ScanProblem:
        if named:
            raise
        return None


def _files_below(folder: Path, progress: Progress) -> Iterator[Path]:
    """The files of a folder in natural order; hidden ones, links to folders and what lies too deep are left out."""
    count, waiting = 0, [(os.fspath(folder), 0)]
    while waiting:
        place, depth = waiting.pop()
        entries = [entry for entry in _entries(place) if not entry.name.startswith(".")]
        below = sorted((entry.path for entry in entries if entry.is_dir(follow_symlinks=False)), reverse=True)
        if depth < _DEEPEST:
            waiting += [(path, depth + 1) for path in below]
        files = [entry for entry in entries if entry.is_file()]
        for entry in sorted(files, key=lambda entry: natural_key(entry.name)):
            count += 1
            if count > _MOST_FILES:
                raise ScanProblem(f"holds more than {_MOST_FILES:,} files", folder, "Open a folder further down")
            if count % 64 == 1:
                progress.report(count, 0, "looking for scans")
            yield Path(entry.path)


def _entries(place: str) -> list[os.DirEntry[str]]:
    """What a folder holds; nothing when it may not be read."""
    try:
        with os.scandir(place) as entries:
            return list(entries)
    except OSError:
        return []


def natural_key(name: str) -> tuple[str | int, ...]:
    """A key that sorts `slice9` before `slice10`: text and numbers in turn, text first."""
    return tuple([int(part) if index % 2 else part for index, part in enumerate(_DIGITS.split(name.lower()))])
