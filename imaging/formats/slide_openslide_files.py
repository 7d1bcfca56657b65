"""Slides that lie in several files: which ones a slide needs, and what is missing."""

from __future__ import annotations

import re
from pathlib import Path, PureWindowsPath

from imaging.errors import ScanProblem

MIRAX = "Slidedat.ini"
HAMAMATSU = (b"[Virtual Microscope Specimen]", b"[Uncompressed Virtual Microscope Specimen]")
_LARGEST = 1 << 24
_LINE = re.compile(r"^\s*([^=\[;#]+?)\s*=\s*(.*?)\s*$")
_MIRAX_FILES = re.compile(r"FILE_\d+|INDEXFILE")
_HAMAMATSU_FILES = re.compile(r"ImageFile(\(.*\))?|MapFile|MacroImage")
_MOST_NAMED = 10_000


def check_companions(path: Path, head: bytes) -> None:
    """Raise `ScanProblem` when files that a slide is made of are not there, or lie outside of its folder."""
    if path.suffix.lower() == ".mrxs":
        folder = path.with_suffix("")
        if not (folder / MIRAX).is_file():
            advice = f"Put the folder {folder.name} of the same slide beside it"
            raise ScanProblem(f"needs its folder {folder.name} with {MIRAX}, which is not there", path, advice)
        _check_named(path, folder, _named(folder / MIRAX, _MIRAX_FILES))
    elif head.startswith(HAMAMATSU):
        _check_named(path, path.parent, _named(path, _HAMAMATSU_FILES))


def companions(path: Path) -> tuple[Path, ...]:
    """The files that say which slide it is: beside the path itself, for MIRAX the list of its parts."""
    listed = path.with_suffix("") / MIRAX
    return (path, listed) if path.suffix.lower() == ".mrxs" and listed.is_file() else (path,)


def owner_of(path: Path) -> Path:
    """The slide that a file belongs to: the `.mrxs` file beside the folder of its parts, else the file itself."""
    if path.name != MIRAX:
        return path
    for suffix in (".mrxs", ".MRXS"):
        slide = path.parent.with_name(path.parent.name + suffix)
        if slide.is_file():
            return slide
    return path


def _named(path: Path, wanted: re.Pattern[str]) -> list[str]:
    """The file names in a list of settings."""
    if path.stat().st_size > _LARGEST:
        raise ScanProblem("is too long for a list of files", path)
    text = path.read_bytes().decode("utf-8-sig", "replace")
    pairs = [_LINE.match(line) for line in text.splitlines()]
    names = [pair[2] for pair in pairs if pair and pair[2] and wanted.fullmatch(pair[1].strip())]
    return list(dict.fromkeys(names))[:_MOST_NAMED]


def _check_named(path: Path, folder: Path, names: list[str]) -> None:
    """See that named files are there, and in the slide's folder."""
    missing: list[str] = []
    for name in names:
        parts = PureWindowsPath(name)
        if parts.is_absolute() or parts.drive or ".." in parts.parts or "/" in name[:1]:
            raise ScanProblem("names a file outside of its folder", path, "Get the slide again")
        if not (folder / Path(*parts.parts)).is_file():
            missing.append(name)
    if missing:
        more = f" and {len(missing) - 1:,} more" if len(missing) > 1 else ""
        raise ScanProblem(f"needs {missing[0]}{more}, which is not there", path, "Copy all files of the slide")
