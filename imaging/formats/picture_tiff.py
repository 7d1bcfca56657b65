# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""TIFF by tifffile: 1 to 64 bits, float, colour, palette and pages. Slides have readers of their own."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np

from imaging.errors import ScanProblem, one_line
from imaging.formats.picture_file import Picture, check_pixels, turn_notes, turned, turned_size
from imaging.formats.slide_tiff_ome import is_ome, ome_images, plane_order
from imaging.quiet import quiet
from imaging.scan import Pixels

_MINISWHITE, _RGB, _PALETTE, _YCBCR = 0, 2, 3, 6
_PLAIN = frozenset((_MINISWHITE, 1, _RGB, _PALETTE, _YCBCR, 32844))
_MOST_PAGES = 20_000


def look_at_tiff(path: Path) -> Picture:
    """What a TIFF file is, from its directories. Raises `ScanProblem`."""
    with quiet(), _opened(path) as tiff:
        return _described(tiff, path)


def _opened(path: Path) -> Any:
    """tifffile's reader."""
    import tifffile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    try:
        return tifffile.TiffFile(path)
    except Exception as error:
        raise ScanProblem(f"cannot be read as TIFF ({one_line(error)})", path, "Get the file again") from error


def _described(tiff: Any, path: Path) -> Picture:
    """The picture a TIFF file holds."""
    try:
        if len(tiff.pages) == 0:
            raise ScanProblem("is cut short: it holds no page", path, "Get the file again")
        page = tiff.pages[0]
        columns, rows = int(page.imagewidth), int(page.imagelength)
        pyramid = bool(page.subifds) or bool(tiff.series and tiff.series[0].is_pyramidal)
        check_pixels(columns, rows, path)
        dtype, channels, notes = _kind(page, path)
        pages = 1 if pyramid else _like_pages(tiff, page)
        total = len(tiff.pages)
    except ScanProblem:
        raise
    except Exception as error:
        raise ScanProblem(f"cannot be read as TIFF ({one_line(error)})", path, "Get the file again") from error
    if total > pages:
        notes.append(
            f"holds {total} pages; the first {pages} of one size are read" if pages > 1 else "the first page is read"
        )
    notes += _plane_order(str(page.description or ""), pages)
    tag = page.tags.get("Orientation")
    orientation = int(tag.value) if tag is not None and tag.value in range(1, 9) else 1
    notes += turn_notes(orientation)
    columns, rows = turned_size(columns, rows, orientation)
    inverted = int(page.photometric) == _MINISWHITE and channels == 1
    header = (("Compression", str(page.compression.name)), ("Photometric", str(page.photometric.name)))
    return Picture("tiff", columns, rows, pages, dtype, channels, inverted, orientation, tuple(notes), header)


def _kind(page: Any, path: Path) -> tuple[str, int, list[str]]:
    """Type and channels of the scan's pixels, and notes."""
    photometric, samples = int(page.photometric), int(page.samplesperpixel)
    stored = page.dtype
    if stored is None or page.imagedepth != 1:
        raise ScanProblem("stores its pixels in a way that is not readable", path, "Save it as a plain TIFF")
    if photometric not in _PLAIN:
        raise ScanProblem(f"has {page.photometric.name} colours, which are not readable", path, "Save it as RGB")
    notes: list[str] = []
    coloured = photometric in {_RGB, _PALETTE, _YCBCR}
    if coloured:
        if stored.kind != "u" or stored.itemsize > 4:
            raise ScanProblem(f"has colours of type {stored.name}, which are not readable", path, "Save it as RGB")
        if photometric == _PALETTE:
            notes.append("its palette was turned into RGB")
        elif stored.itemsize > 1:
            notes.append(f"colours of {stored.itemsize * 8} bits were cut to 8")
        if samples > 3:
            notes.append("its transparency is left out")
        return "uint8", 3, notes
    if samples == 2:
        notes.append("its transparency is left out")
    elif samples != 1:
        raise ScanProblem(f"holds {samples} grey channels, which are not readable", path, "Save each as its own file")
    name = "uint8" if stored.kind == "b" else "float32" if stored.name == "float16" else stored.newbyteorder("=").name
    if name not in {f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)} | {"float32", "float64"}:
        raise ScanProblem(f"holds values of type {name}, which is not readable", path)
    return name, 1, notes


def _like_pages(tiff: Any, first: Any) -> int:
    """How many pages from the first on are of its size and kind."""
    total = min(len(tiff.pages), _MOST_PAGES)
    for index in range(1, total):
        page = tiff.pages[index]
        if page.keyframe is not first and (page.shape != first.shape or page.dtype != first.dtype):
            return index
    return total


def _plane_order(description: str, pages: int) -> list[str]:
    """A note on how the depths and times of an OME-TIFF follow each other, where its pages are in that order."""
    if pages < 2 or not is_ome(description):
        return []
    try:
        image = next(iter(ome_images(description, "")), None)
    except (ScanProblem, ValueError):
        return []
    if image is None or len(image.samples) != 1 or image.depths * image.times != pages:
        return []
    in_order = all(image.directories.get((0, i % image.depths, i // image.depths)) == i for i in range(pages))
    note = plane_order(image.depths, image.times) if in_order else ""
    return [note] if note else []


def read_tiff(path: Path, picture: Picture) -> Pixels:
    """The pages of a TIFF file, upright, (pages, rows, columns[, 3]). Raises `ScanProblem`."""
    shape = (picture.pages, picture.rows, picture.columns, *([3] if picture.channels == 3 else []))
    out = np.empty(shape, np.dtype(picture.dtype))
    with quiet(), _opened(path) as tiff:
        for index in range(picture.pages):
            try:
                page = tiff.pages[index]
                pixels = _page(page, picture)
            except ScanProblem:
                raise
            except Exception as error:
                raise ScanProblem(
                    f"its pixels cannot be read ({one_line(error)})", path, "Get the file again"
                ) from error
            out[index] = turned(pixels, picture.orientation)
    return out


def _page(page: Any, picture: Picture) -> Pixels:
    """One page's pixels in the promised type."""
    key = page.keyframe
    pixels = np.asarray(page.asarray(maxworkers=1))
    if picture.channels == 3:
        if int(key.photometric) == _PALETTE:
            colours = np.asarray(key.colormap)
            return (colours[:, pixels] >> 8).astype(np.uint8).transpose(1, 2, 0)
        if pixels.ndim == 3 and int(key.planarconfig) == 2:
            pixels = np.moveaxis(pixels, 0, -1)
        return (pixels[..., :3] >> 8 * (pixels.dtype.itemsize - 1)).astype(np.uint8)
    if pixels.ndim == 3:
        pixels = pixels[0] if int(key.planarconfig) == 2 else pixels[..., 0]
    if pixels.dtype.kind == "b":
        return pixels.astype(np.uint8) * np.uint8(255)
    return pixels.astype(picture.dtype, copy=False)
