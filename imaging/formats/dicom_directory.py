# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""DICOMDIR: the files it lists, in its own folder and below."""

from __future__ import annotations

from pathlib import Path

from imaging.errors import ScanProblem
from imaging.formats.dicom_facts import items, quiet, read_dataset

_MOST_PARTS = 16


def listed_files(path: Path) -> tuple[Path, ...]:
    """The files a DICOMDIR lists that are there; empty when none is there.

    Names are looked for without regard to case, as discs are copied to systems that change it.
    A name that leads out of the folder is left out.
    """
    try:
        dataset = read_dataset(path)
    except ScanProblem:
        return ()
    folder, names = path.parent.resolve(), dict[Path, dict[str, Path]]()
    found: dict[Path, None] = {}
    for record in items(dataset, "DirectoryRecordSequence"):
        parts = quiet(record, "ReferencedFileID")
        if not parts:
            continue
        listed = [parts] if isinstance(parts, str) else [str(part) for part in parts]
        if file := _look_up(folder, listed[:_MOST_PARTS], names):
            found[file] = None
    return tuple(found)


def _look_up(folder: Path, parts: list[str], names: dict[Path, dict[str, Path]]) -> Path | None:
    """The file of a list of name parts under a folder."""
    at = folder
    for part in parts:
        if at not in names:
            names[at] = {entry.name.upper(): entry for entry in at.iterdir()} if at.is_dir() else {}
        entry = names[at].get(part.strip().upper())
        if entry is None:
            return None
        at = entry
    return at if at.is_file() and at.resolve().is_relative_to(folder) else None
