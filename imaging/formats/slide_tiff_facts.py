"""What makers of TIFF slides write beside the pixels: pixel size, objective, channels. Nothing that names anybody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imaging.errors import ScanProblem
from imaging.formats import slide_tiff_directory as tags
from imaging.formats.slide_tiff_directory import Directory
from imaging.pyramid import pixel_size
from imaging.scan import Channel

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MM_PER_UNIT = {2: 25.4, 3: 10.0}
_COARSEST_MM = 0.015
"""A TIFF resolution coarser than this (1,700 dpi) is one for printing, not the size of a pixel."""
_NAMED = (
    *(("dapi", 0x0000FF), ("hoechst", 0x0000FF), ("fitc", 0x00FF00), ("gfp", 0x00FF00), ("cy5", 0xFF00FF)),
    *(("tritc", 0xFF0000), ("cy3", 0xFF0000), ("texas", 0xFF0000), ("rhod", 0xFF0000), ("autofl", 0x808080)),
)
_TURN = (0xFF0000, 0x00FF00, 0x0000FF, 0xFFFF00, 0x00FFFF, 0xFF00FF, 0xFF8000, 0xFFFFFF)
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Facts:
    """What a maker says of a slide; what it does not say is `None` or empty."""

    maker: str
    spacing: tuple[float, float] | None = None
    spacing_from: str = ""
    depth_mm: float | None = None
    objective: float | None = None
    objective_from: str = ""
    channels: tuple[Channel, ...] = ()
    notes: tuple[str, ...] = ()


def parsed(text: str, where: object) -> Element:
    """The root of an XML text. Raises `ScanProblem` for damaged or declared ones (their entities may explode)."""
    from xml.etree import ElementTree

    if "<!DOCTYPE" in text[:4096] or "<!ENTITY" in text:
        raise ScanProblem("has a description that is not trusted (it declares entities)", where)
    try:
        return ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except ElementTree.ParseError as error:
        raise ScanProblem("has a damaged description", where, "Get the file again") from error


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rsplit("}", 1)[-1]


def resolution(directory: Directory) -> tuple[tuple[float, float] | None, str, tuple[str, ...]]:
    """Pixel size by the resolution tags, where from, and notes."""
    unit = _MM_PER_UNIT.get(directory.number(tags.RESOLUTION_UNIT, 2))
    x, y = directory.ratio(tags.X_RESOLUTION), directory.ratio(tags.Y_RESOLUTION)
    if unit is None or (not x and not y):
        return None, "", ()
    sizes = [unit / value if value else None for value in (x, y)]
    if any(size is not None and size > _COARSEST_MM for size in sizes):
        return None, "", (f"its resolution of {25.4 / unit * (x or y or 0):.0f} dpi is no pixel size",)
    spacing, notes = pixel_size(sizes[0], sizes[1])
    return spacing, "TIFF resolution" if spacing else "", notes


def plain(directory: Directory) -> Facts:
    """A tiled pyramid of no maker in particular."""
    spacing, source, notes = resolution(directory)
    return Facts("tiled TIFF", spacing, source, notes=notes)


def aperio(directory: Directory) -> Facts:
    """Aperio: `… |AppMag = 20|MPP = 0.4990|…`."""
    pairs = (part.split("=", 1) for part in directory.text(tags.DESCRIPTION).split("|") if "=" in part)
    said = {key.strip(): value.strip() for key, value in pairs}
    mpp = number(said.get("MPP"))
    spacing, notes = pixel_size(mpp / 1000, mpp / 1000) if mpp is not None else (None, ())
    power = positive(said.get("AppMag"))
    return Facts(
        "Aperio SVS",
        spacing,
        "aperio.MPP" if spacing else "",
        objective=power,
        objective_from="aperio.AppMag" if power else "",
        notes=notes,
    )


def philips(directory: Directory) -> tuple[Facts, list[float]]:
    """Philips: the facts, and how many full-resolution pixels one of each level spans.

    Its directories are filled up to whole tiles, so only these ratios tell the size of a level.
    """
    root = parsed(directory.text(tags.DESCRIPTION), directory.storage.path)
    levels: list[tuple[int, float, float]] = []
    for found in root.iter("DataObject"):
        if found.get("ObjectType") != "PixelDataRepresentation":
            continue
        said = {a.get("Name", ""): (a.text or "") for a in found.findall("Attribute")}
        sizes = [float(v) for v in re.findall(r"[0-9.eE+-]+", said.get("DICOM_PIXEL_SPACING", "")) if number(v)]
        level = number(said.get("PIIM_PIXEL_DATA_REPRESENTATION_NUMBER"))
        if len(sizes) == 2 and level is not None:
            levels.append((int(level), sizes[1], sizes[0]))
    levels.sort()
    if not levels or levels[0][1] <= 0 or levels[0][2] <= 0:
        return plain(directory), []
    _, x, y = levels[0]
    spacing, notes = pixel_size(x, y)
    ratios = [float(max(1, round((level[1] / x + level[2] / y) / 2))) for level in levels]
    return Facts("Philips TIFF", spacing, "philips.DICOM_PIXEL_SPACING" if spacing else "", notes=notes), ratios


def qptiff_kind(directory: Directory) -> str:
    """What a page of a QPTIFF shows (`FullResolution`, `Label`, …); empty where it does not say."""
    found = re.search(r"<ImageType>\s*(\w+)\s*</ImageType>", directory.text(tags.DESCRIPTION)[:16384])
    return found[1] if found else ""


def qptiff(pages: Sequence[Directory]) -> Facts:
    """QPTIFF (Vectra, PhenoImager): from the full-resolution pages, one for each channel."""
    channels: list[Channel] = []
    power: float | None = None
    for index, page in enumerate(pages):
        root = parsed(page.text(tags.DESCRIPTION), page.storage.path)
        name = root.findtext("Biomarker") or root.findtext("Name") or f"Channel {index + 1}"
        parts = [int(v) for v in re.findall(r"\d+", root.findtext("Color") or "")]
        known = len(parts) == 3 and max(parts) < 256
        colour = parts[0] << 16 | parts[1] << 8 | parts[2] if known else colour_of(name, index)
        channels.append(Channel(name.strip()[:_LONGEST_NAME], colour))
        power = power or positive(re.sub(r"[xX\s]+$", "", root.findtext("Objective") or ""))
    spacing, source, notes = resolution(pages[0])
    source = "QPTIFF resolution" if source else ""
    named = "QPTIFF Objective" if power else ""
    return Facts("QPTIFF", spacing, source, None, power, named, tuple(channels), notes)


def colour_of(name: str, index: int) -> int:
    """The colour a channel is usually shown in, by its name, else by its place."""
    lower = name.lower()
    return next((colour for part, colour in _NAMED if part in lower), _TURN[index % len(_TURN)])


def number(text: str | None) -> float | None:
    """A number in a text; `None` where it is none."""
    try:
        return float((text or "").strip())
    except ValueError:
        return None


def positive(text: str | None) -> float | None:
    """A sensible power of an objective; `None` otherwise."""
    value = number(text)
    return value if value is not None and 0 < value <= 1000 else None
