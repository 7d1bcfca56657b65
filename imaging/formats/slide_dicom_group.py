"""Which files belong to one DICOM slide: those of a series that are levels of one pyramid, and its pictures."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from imaging.errors import ScanProblem
from imaging.formats.dicom_facts import SLIDE_CLASS
from imaging.formats.slide_dicom_instance import Instance, read_instance
from imaging.progress import Progress
from imaging.scan import ScanSource

_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_HEAD = 1 << 14
"""Bytes in which a file says that it is a slide, and of which series."""
_ENDS = 1 << 16
_CLASS_ELEMENT = b"\x02\0\x02\0UI" + len(SLIDE_CLASS).to_bytes(2, "little") + SLIDE_CLASS.encode()
"""The element of a file's meta group that names its class; of even length, so without padding."""
_MOST_BESIDE = 2_000
"""Files of a folder that are looked at for the other levels of a slide."""


def is_slide_head(head: bytes) -> bool:
    """Whether the first bytes of a DICOM file say that it holds a whole slide."""
    return head[128:132] == b"DICM" and _CLASS_ELEMENT in head[132:]


def slide_sources(paths: Iterable[Path], progress: Progress) -> list[ScanSource]:
    """A source for each slide that a path belongs to, with the other files of it that lie beside the path.

    A file whose header cannot be read gets a source of its own, so that opening it says why.
    """
    sources: list[ScanSource] = []
    named: dict[Path, Instance] = {}
    for index, path in enumerate(dict.fromkeys(paths)):
        progress.report(index, 0, "reading headers of slides")
        try:
            named[path] = read_instance(path)
        except (ScanProblem, OSError):
            sources.append(ScanSource("slide_dicom", (path,), path.name))
    series: dict[str, list[Instance]] = defaultdict(list)
    for path, instance in named.items():
        series[instance.text("SeriesInstanceUID") or str(path)].append(instance)
    for uid, instances in _with_those_beside(series, progress).items():
        for group in _slides(instances):
            if any(instance.path in named for instance in group):
                sources.append(_source(uid, group))
    return sources


def _with_those_beside(series: dict[str, list[Instance]], progress: Progress) -> dict[str, list[Instance]]:
    """The series with the files of the same series in the same folders: a level alone is no slide to read at."""
    folders: dict[Path, set[str]] = defaultdict(set)
    known = {instance.path for instances in series.values() for instance in instances}
    for uid, instances in series.items():
        for instance in instances:
            folders[instance.path.parent].add(uid)
    found = {uid: list(instances) for uid, instances in series.items()}
    for folder, uids in folders.items():
        endings = {path.suffix.lower() for path in known if path.parent == folder}
        for path in _files(folder):
            progress.check()
            if path in known or not _is_named_like(path, endings):
                continue
            head = _head(path)
            if not is_slide_head(head) or not any(uid.encode() in head for uid in uids):
                continue
            try:
                instance = read_instance(path)
            except (ScanProblem, OSError):
                continue
            uid = instance.text("SeriesInstanceUID")
            if uid in uids:
                found[uid].append(instance)
    return found


def _is_named_like(path: Path, endings: set[str]) -> bool:
    """Whether a file could be of the same slide by its ending; names that are UIDs end with a number."""
    ending = path.suffix.lower()
    return ending in endings or ending in {"", ".dcm"} or ending[1:].isdigit()


def _files(folder: Path) -> list[Path]:
    """The files of a folder by name, up to a bound."""
    try:
        with os.scandir(folder) as entries:
            files = [entry.path for entry, _ in zip(entries, range(_MOST_BESIDE), strict=False) if entry.is_file()]
    except OSError:
        return []
    return [Path(file) for file in sorted(files)]


def _head(path: Path) -> bytes:
    """The first bytes of a file; none when it cannot be read."""
    try:
        descriptor = os.open(path, _READ)
        try:
            return os.read(descriptor, _HEAD)
        finally:
            os.close(descriptor)
    except OSError:
        return b""


def _slides(instances: Sequence[Instance]) -> list[list[Instance]]:
    """The files of one series as slides: by pyramid, or each matrix for itself where two are of one size."""
    distinct = _distinct(instances)
    volumes = [instance for instance in distinct if instance.flavour == "VOLUME"]
    pictures = [instance for instance in distinct if instance.flavour != "VOLUME"]
    if not volumes:
        return [pictures]
    pyramids: dict[str, list[Instance]] = defaultdict(list)
    for instance in volumes:
        pyramids[instance.text("PyramidUID")].append(instance)
    found: list[list[Instance]] = []
    for members in pyramids.values():
        matrices: dict[str, list[Instance]] = defaultdict(list)
        for instance in members:
            matrices[instance.text("ConcatenationUID") or str(instance.path)].append(instance)
        shapes = [(parts[0].matrix, _lit(parts[0])) for parts in matrices.values()]
        clear = len(set(shapes)) == len(shapes)
        found += [[*members, *pictures]] if clear else [[*parts, *pictures] for parts in matrices.values()]
    return found


def _lit(instance: Instance) -> tuple[str, ...]:
    """What tells two files of one size apart as channels; colour has no channels."""
    if instance.layout.is_colour:
        return ()
    return tuple(path.identifier for path in instance.optical_paths)


def _distinct(instances: Sequence[Instance]) -> list[Instance]:
    """The files without copies of one under another name, and without those cut short."""
    alike: dict[str, list[Instance]] = defaultdict(list)
    for instance in instances:
        alike[instance.text("SOPInstanceUID") or str(instance.path)].append(instance)
    found: list[Instance] = []
    for members in alike.values():
        largest = max(_bytes_of(instance.path) for instance in members)
        whole = [instance for instance in members if _bytes_of(instance.path) == largest]
        found += {_ends_of(instance.path): instance for instance in reversed(whole)}.values()
    return found


def _bytes_of(path: Path) -> int:
    """The length of a file; 0 when it is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _ends_of(path: Path) -> str:
    """A digest of a file's length, beginning and end: enough to know a copy of one DICOM object."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            digest = hashlib.sha256(str(size).encode() + stream.read(_ENDS))
            stream.seek(max(0, size - _ENDS))
            digest.update(stream.read(_ENDS))
    except OSError:
        return str(path)
    return digest.hexdigest()


def _source(uid: str, group: list[Instance]) -> ScanSource:
    """The source of one slide: its largest matrix first, which also names it."""
    ordered = sorted(group, key=lambda one: (one.flavour != "VOLUME", -one.matrix[0] * one.matrix[1], one.path.name))
    first = ordered[0]
    said = first.text("SeriesDescription")
    place = first.path.parent.name if len(ordered) > 1 else first.path.name
    return ScanSource("slide_dicom", tuple(one.path for one in ordered), said or place, uid)
