"""Pictures: PNG, JPEG, BMP and TIFF; pages of one TIFF and numbered files of one folder as one stack."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from imaging.errors import ScanProblem
from imaging.formats.picture_file import Picture, look_at, read_picture
from imaging.formats.picture_tiff import look_at_tiff, read_tiff
from imaging.formats.slide_tiff_layout import family
from imaging.geometry import Size
from imaging.loaded import LoadedScan
from imaging.memory import require_memory
from imaging.progress import Progress
from imaging.scan import Pixels, Scan, ScanInfo, ScanSource

_NUMBERED = re.compile(r"^(.*?)(\d+)$")
_LEAST = 3
"""A run of fewer numbered pictures is no stack."""
_LARGEST_COMPARED = 16_000_000
"""Pixels of a picture up to which its channels are compared when it is opened."""
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """Ordinary picture files."""

    name: str = "picture"
    title: str = "Pictures (PNG, JPEG, TIFF, BMP)"
    suffixes: tuple[str, ...] = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")

    def recognises(self, path: Path, head: bytes) -> bool:
        """By the first bytes; a TIFF that is a slide, and MIRAX's overview, are left to the readers of slides."""
        flavour = _flavour(head)
        return bool(flavour) and (flavour != "tiff" or family(path) == "") and path.suffix.lower() != ".mrxs"

    def sources(self, paths: tuple[Path, ...], progress: Progress) -> list[ScanSource]:
        """One source per picture, and one per run of pictures numbered in equal steps, of one size and kind."""
        runs: dict[tuple[Path, str, str, int], list[tuple[int, Path]]] = defaultdict(list)
        for path in paths:
            found = _NUMBERED.match(path.stem)
            prefix, digits = (found[1], found[2]) if found else (path.stem, "")
            width = len(digits) if digits.startswith("0") else 0
            runs[(path.parent, prefix, path.suffix.lower(), width)].append((int(digits or 0), path))
        runs = _with_wide_numbers(runs)
        beside = Counter(path.parent for path in paths)
        found_sources: list[ScanSource] = []
        for (folder, prefix, suffix, _), members in runs.items():
            run = sorted(members)
            # A few numbered files among many others are pictures of their own (patients, visits), not planes.
            if 2 * len(run) >= beside[folder] and _is_stack(run, progress):
                title = f"{prefix}…{suffix} ({len(run)})" if prefix else f"{folder.name} ({len(run)})"
                found_sources.append(ScanSource("picture", tuple(path for _, path in run), title))
            else:
                found_sources += [ScanSource("picture", (path,), path.name) for _, path in members]
        return found_sources

    def open(self, source: ScanSource, progress: Progress) -> Scan:
        """Open a picture or a stack of them: sizes now, pixels at the first read."""
        pictures = [_look(path) for path in source.paths]
        first = pictures[0]
        for path, picture in zip(source.paths, pictures, strict=True):
            progress.check()
            if picture.shape != first.shape or picture.pages != first.pages:
                raise ScanProblem("differs in size or kind from the other pictures of its stack", path)
        planes = len(pictures) * first.pages
        notes = tuple(dict.fromkeys(note for picture in pictures for note in picture.notes))
        if len(pictures) > 1:
            notes = (f"{len(pictures)} numbered pictures are read as one stack", *notes)
        grey = _grey_of(source.paths[0], first) if planes == 1 else None
        if grey is not None:
            notes = ("its three channels are equal, so it is read as grey", *notes)
        info = ScanInfo(
            name=source.title or source.paths[0].name,
            format=first.kind,
            kind="picture" if planes == 1 else "sequence",
            size=Size(first.columns, first.rows, planes),
            dtype=first.dtype,
            channels=first.channels if grey is None else 1,
            inverted=first.inverted,
            header=first.header,
            notes=notes,
            sources=source.paths,
        )
        require_memory(info.bytes_in_memory, source.paths[0])
        if grey is not None:
            return LoadedScan(info, grey)
        return LoadedScan(info, lambda progress: _load(source.paths, pictures, info, progress))


def _grey_of(path: Path, picture: Picture) -> Pixels | None:
    """The one channel of a grey picture kept as colour (radiographs as JPEG), (1, rows, columns); `None` for others."""
    if picture.channels != 3 or picture.columns * picture.rows > _LARGEST_COMPARED:
        return None
    pixels = _read(path, picture)
    grey = pixels[..., 0]
    if np.array_equal(grey, pixels[..., 1]) and np.array_equal(grey, pixels[..., 2]):
        return np.ascontiguousarray(grey)
    return None


def _load(paths: tuple[Path, ...], pictures: list[Picture], info: ScanInfo, progress: Progress) -> Pixels:
    """All pictures into one array."""
    size, pages = info.size, pictures[0].pages
    shape = (size.planes, size.rows, size.columns, *([3] if info.channels == 3 else []))
    out = np.empty(shape, np.dtype(info.dtype))

    def one(index: int) -> None:
        progress.check()
        pixels = _read(paths[index], pictures[index])
        if pixels.shape != (pages, *shape[1:]):
            raise ScanProblem(f"holds pixels of shape {pixels.shape}, its header says {shape[1:]}", paths[index])
        out[index * pages : (index + 1) * pages] = pixels

    with ThreadPoolExecutor(2) as threads:
        for done, _ in enumerate(threads.map(one, range(len(paths)))):
            progress.report(done, len(paths), "reading pictures")
    return out


def _with_wide_numbers(
    runs: dict[tuple[Path, str, str, int], list[tuple[int, Path]]],
) -> dict[tuple[Path, str, str, int], list[tuple[int, Path]]]:
    """Runs padded with zeros joined with the numbers that outgrew the padding (0999, 1000)."""
    joined: dict[tuple[Path, str, str, int], list[tuple[int, Path]]] = defaultdict(list)
    padded = {key[:3]: key for key in runs if key[3]}
    for key, members in runs.items():
        target = padded.get(key[:3], key)
        fits = target[3] and all(len(str(number)) >= target[3] for number, _ in members)
        joined[target if fits or key[3] else key] += members
    return joined


def _is_stack(run: list[tuple[int, Path]], progress: Progress) -> bool:
    """Whether numbered pictures are the planes of one stack: equal steps, one size, one kind."""
    steps = {after[0] - before[0] for before, after in pairwise(run)}
    if len(run) < _LEAST or len(steps) != 1 or steps == {0}:
        return False
    first = None
    for index, (_, path) in enumerate(run):
        progress.report(index, len(run), "comparing pictures")
        try:
            picture = _look(path)
        except (ScanProblem, OSError):
            return False
        if picture.pages > 1 or (first is not None and picture.shape != first):
            return False
        first = picture.shape
    return True


def _flavour(head: bytes) -> str:
    """Which kind of picture it is; empty when none."""
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if head[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if head[:4] in _TIFF:
        return "tiff"
    return "bmp" if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0" and len(head) > 26 else ""


def _look(path: Path) -> Picture:
    """What a picture file says of itself."""
    with path.open("rb") as stream:
        kind = _flavour(stream.read(64))
    if kind == "tiff":
        return look_at_tiff(path)
    if not kind:
        raise ScanProblem("is no picture", path)
    return replace(look_at(path, kind), kind=kind)


def _read(path: Path, picture: Picture) -> Pixels:
    """The pixels of a picture file, (pages, rows, columns[, 3])."""
    return read_tiff(path, picture) if picture.kind == "tiff" else read_picture(path, picture)[None]


PLUGIN = PictureFormat()
