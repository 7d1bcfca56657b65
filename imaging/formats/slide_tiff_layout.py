"""Which directories of a TIFF file are the planes, channels and levels of a slide, and which lie beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from imaging.errors import ScanProblem
from imaging.formats import slide_tiff_directory as tags
from imaging.formats import slide_tiff_facts as facts
from imaging.formats.picture_file import LARGEST
from imaging.formats.slide_tiff_directory import Directory, Storage, Tiff
from imaging.formats.slide_tiff_facts import Facts
from imaging.formats.slide_tiff_ome import OmeImage, is_named, is_ome, ome_images, plane_order

_NDPI, _IMAGEJ, _LSM = 65420, 50839, 34412
_SUBSAMPLED = 33003
"""Aperio's JPEG 2000 whose colour differences may have fewer pixels, which OpenSlide puts together."""
_LARGE = 4096
"""A tiled picture without smaller copies is a slide when it is longer than this."""
_LOOKED_AT = 16
"""Directories looked at to tell whether a file is a slide."""
_MOST_CHANNELS = 128
_BESIDE = ("label", "macro", "thumbnail")

Family = Literal["", "tiles", "other"]


@dataclass(frozen=True, slots=True)
class Layout:
    """The directories of a slide: `levels[n]` has one for each plane and channel, the channel changing fastest."""

    facts: Facts
    levels: tuple[tuple[Directory | None, ...], ...]
    planes: int
    channels: int
    """Directories of one plane."""
    beside: dict[str, Directory]
    ratios: tuple[float, ...] = ()
    """Full-resolution pixels one pixel of each level spans, where the maker says so."""
    notes: tuple[str, ...] = ()


def family(path: Path) -> Family:
    """Whether a file is a slide: `tiles` where its tiles are read from their places, `other` where only its maker's
    own rules make a slide of them (NDPI, SCN, BIF, Trestle); empty for pictures and what is no TIFF. Cheap."""
    try:
        storage = Storage(path)
    except OSError:
        return ""
    try:
        return _family(Tiff(storage))
    except Exception:  # noqa: BLE001 - a file that cannot be told from its directories is left to the other readers
        return ""
    finally:
        storage.close()


def _family(tiff: Tiff) -> Family:  # noqa: PLR0911 - one answer for each kind of file
    """The family of an open file."""
    chain = tiff.directories(_LOOKED_AT)
    first = next(chain)
    text, software = first.text(tags.DESCRIPTION), first.text(tags.SOFTWARE)
    ours = _is_qptiff(text) or (first.is_tiled and (text.startswith("Aperio") or software.startswith("Philips")))
    if _is_other(first, text, software):
        return "other"
    if ours:
        return "tiles"
    if _LSM in first or _IMAGEJ in first or text.startswith("ImageJ="):
        return ""
    if is_ome(text) and any(len(image.samples) > 1 for image in ome_images(text, tiff.storage.path)):
        return "tiles"
    if not first.is_tiled:
        return "tiles" if first.width * first.height > LARGEST else ""
    if max(first.width, first.height) > _LARGE or any(_is_smaller(first, one) for one in tiff.below(first)):
        return "tiles"
    try:
        return "tiles" if any(_is_smaller(first, one) for one in chain) else ""
    except ScanProblem:
        return "tiles"  # cut short: what is left of a pyramid is read tile by tile


def _is_other(first: Directory, text: str, software: str) -> bool:
    """Whether a slide is of a maker whose tiles are laid by rules of its own."""
    if _NDPI in first or software.startswith("MedScan") or "leica-microsystems.com/scn" in text:
        return True
    if text.startswith("Aperio") and first.number(tags.COMPRESSION) == _SUBSAMPLED:
        return True
    return b"iScan" in first.data(tags.XMP)[: 2**20]


def layout_of(tiff: Tiff) -> Layout:
    """The layout of a slide. Raises `ScanProblem` when there is none that can be read."""
    directories, notes = _chain(tiff)
    if not directories:
        raise ScanProblem("is cut short: it holds no directory", tiff.storage.path, "Get the file again")
    first = directories[0]
    text = first.text(tags.DESCRIPTION)
    if _is_qptiff(text):
        found = _qptiff(directories)
    elif is_ome(text) and (images := ome_images(text, tiff.storage.path)):
        found = _ome(tiff, directories, images)
    else:
        found = _chained(tiff, directories, text)
    if found.channels > _MOST_CHANNELS:
        raise ScanProblem(f"has {found.channels} channels; up to {_MOST_CHANNELS} are read", tiff.storage.path)
    return replace(found, notes=(*notes, *found.notes))


def _chain(tiff: Tiff) -> tuple[list[Directory], tuple[str, ...]]:
    """The directories of the main chain, up to one that cannot be read."""
    found: list[Directory] = []
    try:
        found.extend(tiff.directories())
    except ScanProblem:
        if not found:
            raise
        return found, (f"only {len(found)} of its directories can be read",)
    return found, ()


def _is_qptiff(text: str) -> bool:
    """Whether a description is PerkinElmer's or Akoya's."""
    return "PerkinElmer-QPI-ImageDescription" in text[:400]


def _is_smaller(first: Directory, other: Directory) -> bool:
    """Whether a directory is a smaller copy of a tiled one, by its size alone."""
    width, height = other.width, other.height
    if not other.is_tiled or not 0 < width < first.width or not 0 < height <= first.height:
        return False
    return abs(first.width / width - first.height / height) * min(width, height) <= 0.05 * max(
        first.width, first.height
    )


def _alike(first: Directory, other: Directory) -> bool:
    """Whether two directories hold the same kind of pixels."""
    same = (tags.SAMPLES, tags.BITS, tags.SAMPLE_FORMAT)
    return first.is_tiled == other.is_tiled and all(first.number(tag, 1) == other.number(tag, 1) for tag in same)


def _chained(tiff: Tiff, directories: list[Directory], text: str) -> Layout:
    """Aperio, Philips and pyramids of no maker: one directory after the other, or below the first."""
    first, rest = directories[0], directories[1:]
    ratios: list[float] = []
    if text.startswith("Aperio"):
        said = facts.aperio(first)
    elif first.text(tags.SOFTWARE).startswith("Philips") and "DPUfsImport" in text:
        said, ratios = facts.philips(first)
    else:
        said = facts.plain(first)
    beside = _named(rest, aperio=said.maker == "Aperio SVS")
    left = [one for one in rest if one not in beside.values() and _alike(first, one)]
    size = (first.width, first.height)
    planes = [first, *(one for one in left if (one.width, one.height) == size)]
    smaller: dict[tuple[int, int], list[Directory | None]] = {}
    for one in left:
        if (one.width, one.height) != size:
            smaller.setdefault((one.width, one.height), []).append(one)
    for number, plane in enumerate(planes):
        for one in tiff.below(plane):
            if _alike(first, one):
                pages = smaller.setdefault((one.width, one.height), [])
                pages += [None] * (number - len(pages))
                pages.append(one)
    levels = [tuple(pages) for pages in smaller.values() if len(pages) == len(planes)]
    levels.sort(key=lambda pages: -(pages[0].width if pages[0] else 0))
    notes = (f"its {len(planes)} pages of one size are read as planes",) if len(planes) > 1 else ()
    fits = tuple(ratios) if len(ratios) == len(levels) + 1 else ()
    return Layout(said, (tuple(planes), *levels), len(planes), 1, beside, fits, notes)


def _named(directories: Sequence[Directory], aperio: bool) -> dict[str, Directory]:
    """Label, macro and thumbnail, by their descriptions; on Aperio's slides also by kind and place."""
    found: dict[str, Directory] = {}
    for place, directory in enumerate(directories):
        lines = directory.text(tags.DESCRIPTION).splitlines()
        said = " ".join(lines[:2])[:200].lower()
        name = next((word for word in _BESIDE if re.search(rf"\b{word}\b", said)), "")
        if aperio and not name and not directory.is_tiled:
            kind = directory.number(tags.SUBFILE_TYPE)
            name = "macro" if kind == 9 else "label" if kind == 1 else "thumbnail" if place == 0 else ""
        if name and (aperio or not directory.is_tiled or len(said) < 40):
            found.setdefault(name, directory)
    return found


def _qptiff(directories: list[Directory]) -> Layout:
    """QPTIFF: pages say what they show; channels of one size follow each other."""
    full: list[Directory] = []
    smaller: dict[tuple[int, int], list[Directory]] = {}
    beside: dict[str, Directory] = {}
    for directory in directories:
        kind = facts.qptiff_kind(directory)
        if kind == "FullResolution":
            full.append(directory)
        elif kind == "ReducedResolution":
            smaller.setdefault((directory.width, directory.height), []).append(directory)
        elif kind in {"Label", "Overview", "Thumbnail"}:
            beside.setdefault({"Label": "label", "Overview": "macro"}.get(kind, "thumbnail"), directory)
    if not full:
        raise ScanProblem("holds no page of full resolution", directories[0].storage.path, "Get the file again")
    levels = [tuple(pages) for pages in smaller.values() if len(pages) == len(full)]
    levels.sort(key=lambda pages: -pages[0].width)
    return Layout(facts.qptiff(full), (tuple(full), *levels), 1, len(full), beside)


def _ome(tiff: Tiff, directories: list[Directory], images: list[OmeImage]) -> Layout:
    """OME-TIFF: the largest image is the slide; smaller copies lie below each of its directories."""
    chosen = max((i for i in images if not i.beside), key=lambda i: i.width * i.height, default=images[0])
    notes: list[str] = []
    beside: dict[str, Directory] = {}
    for image in images:
        place = image.directories.get((0, 0, 0), -1)
        if image is not chosen and image.beside and 0 <= place < len(directories):
            beside.setdefault(image.beside, directories[place])
    others = sum(1 for image in images if image is not chosen and not image.beside)
    if others:
        notes.append(f"holds {others} further images; the largest is read")
    colour = any(samples > 1 for samples in chosen.samples)
    if colour and len(chosen.samples) > 1:
        notes.append(f"the first of its {len(chosen.samples)} channels is read")
    channels = 1 if colour else len(chosen.samples)
    pages: list[Directory | None] = []
    for time in range(chosen.times):
        for depth in range(chosen.depths):
            places = [chosen.directories.get((channel, depth, time), -1) for channel in range(channels)]
            pages += [directories[place] if 0 <= place < len(directories) else None for place in places]
    first = next((page for page in pages if page is not None), None)
    if first is None:
        raise ScanProblem("names no directory that it holds", tiff.storage.path, "Get the file again")
    missing = sum(1 for page in pages if page is None)
    if missing:
        notes.append(f"{missing} of its {len(pages)} planes are not in this file and are blank")
    order = plane_order(chosen.depths, chosen.times)
    notes += [order] if order else []
    levels = _below(tiff, pages, first)
    said = chosen.facts
    if colour or (channels == 1 and not is_named(chosen)):
        said = replace(said, channels=())
    return Layout(said, levels, chosen.depths * chosen.times, channels, beside, (), tuple(notes))


def _below(tiff: Tiff, pages: list[Directory | None], first: Directory) -> tuple[tuple[Directory | None, ...], ...]:
    """The full-size directories and the levels below them; levels that some of them have not are left out."""
    sizes = [(one.width, one.height) for one in tiff.below(first)]
    below = [{(one.width, one.height): one for one in tiff.below(page)} if page else {} for page in pages]
    levels = [tuple(found.get(size) for found in below) for size in sizes]
    whole = [
        level
        for level in levels
        if all(one is not None or page is None for one, page in zip(level, pages, strict=True))
    ]
    return (tuple(pages), *whole)
