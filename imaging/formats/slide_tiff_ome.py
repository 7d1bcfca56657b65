"""OME-TIFF: which directory holds which channel, depth and time, and what the XML says of the pixels."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imaging.errors import ScanProblem
from imaging.formats.slide_tiff_facts import Facts, colour_of, local, parsed, positive
from imaging.pyramid import pixel_size
from imaging.scan import Channel

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MM = {
    "m": 1000.0,
    "dm": 100.0,
    "cm": 10.0,
    "mm": 1.0,
    "µm": 1e-3,
    "μm": 1e-3,
    "um": 1e-3,
    "nm": 1e-6,
    "pm": 1e-9,
    "Å": 1e-7,
    "in": 25.4,
    "inch": 25.4,
    "thou": 0.0254,
    "pt": 25.4 / 72,
}
_MOST_PLANES = 100_000
_LONGEST_NAME = 80
_BESIDE = {"label": "label", "macro": "macro", "overview": "macro", "thumbnail": "thumbnail"}


@dataclass(frozen=True, slots=True)
class OmeImage:
    """One image of an OME-TIFF. `directories[(c, z, t)]` is the number of the directory that holds it."""

    name: str
    width: int
    height: int
    depths: int
    times: int
    samples: tuple[int, ...]
    """Samples a pixel of each channel has in its directory: 1, or 3 for colour."""
    directories: dict[tuple[int, int, int], int]
    elsewhere: int
    """Planes that lie in other files."""
    facts: Facts

    @property
    def beside(self) -> str:
        """The name of a picture beside the slide; empty for a scan."""
        return next((kind for word, kind in _BESIDE.items() if word in self.name.lower()), "")


def ome_images(text: str, where: object) -> list[OmeImage]:
    """The images an OME description names. Raises `ScanProblem` for a damaged one."""
    root = parsed(text, where)
    if local(root) != "OME":
        return []
    powers = {
        element.get("ID", ""): positive(element.get("NominalMagnification"))
        for element in root.iter()
        if local(element) == "Objective"
    }
    return [
        _image(image, pixels, powers, root.get("UUID", ""), where)
        for image in _children(root, "Image")
        for pixels in list(_children(image, "Pixels"))[:1]
    ]


def is_ome(description: str) -> bool:
    """Whether a description is OME's."""
    return description.rstrip().endswith("</OME>") or bool(re.search(r"<(\w+:)?OME\s", description[:4096]))


def _children(element: Element, name: str) -> Iterator[Element]:
    """The children of a name, whatever the namespace."""
    return (child for child in element if local(child) == name)


def _image(image: Element, pixels: Element, powers: dict[str, float | None], own: str, where: object) -> OmeImage:
    """One image element."""
    width, height, channels, depths, times = (_whole(pixels, f"Size{axis}", where) for axis in "XYCZT")
    if channels * depths * times > _MOST_PLANES:
        raise ScanProblem(f"claims to have {channels * depths * times:,} planes", where, "Get the file again")
    elements = list(_children(pixels, "Channel"))
    samples = tuple(max(1, int(e.get("SamplesPerPixel") or 1)) for e in elements) or (1,) * channels
    if sum(samples) != channels:
        samples = (
            (1,) * channels if len(elements) == channels else (channels,) if channels in {3, 4} else (1,) * channels
        )
    order = pixels.get("DimensionOrder", "XYCZT")
    directories, elsewhere = _directories(pixels, order, (len(samples), depths, times), own, where)
    settings = next(_children(image, "ObjectiveSettings"), None)
    power = powers.get(settings.get("ID", "") if settings is not None else "")
    if power is None and len(powers) == 1:
        power = next(iter(powers.values()))
    x, y = _millimetres(pixels, "X"), _millimetres(pixels, "Y")
    spacing, notes = pixel_size(x, y)
    depth = _millimetres(pixels, "Z") if depths > 1 else None
    facts = Facts(
        "OME-TIFF",
        spacing,
        "OME PhysicalSizeX" if spacing else "",
        depth if depth and 0 < depth < 1 else None,
        power,
        "OME Objective" if power else "",
        _channels(elements, len(samples)),
        notes,
    )
    name = image.get("Name", "")
    return OmeImage(name, width, height, depths, times, samples, directories, elsewhere, facts)


def _whole(pixels: Element, name: str, where: object) -> int:
    """A positive whole number of the description."""
    text = pixels.get(name, "1")
    if not text.isdecimal() or not 0 < int(text[:12]) < 2**31:
        raise ScanProblem(f"has a description with {name} {text[:20]!r}", where, "Get the file again")
    return int(text)


def _millimetres(pixels: Element, axis: str) -> float | None:
    """A physical size in mm; `None` where it is not said or in no unit of length."""
    text, unit = pixels.get(f"PhysicalSize{axis}"), pixels.get(f"PhysicalSize{axis}Unit", "µm")
    if text is None or unit not in _MM:
        return None
    try:
        return float(text) * _MM[unit]
    except ValueError:
        return None


def _directories(
    pixels: Element, order: str, counts: tuple[int, int, int], own: str, where: object
) -> tuple[dict[tuple[int, int, int], int], int]:
    """The directory of each (channel, depth, time), and how many lie in other files."""
    if len(order) != 5 or set(order[2:]) != set("CZT"):
        raise ScanProblem(f"has a description with planes in order {order[:20]!r}", where, "Get the file again")
    axes = [(axis, counts["CZT".index(axis)]) for axis in order[2:]]
    total = math.prod(counts)
    parts = list(_children(pixels, "TiffData"))
    files = {name for part in parts if (name := _file_of(part))}
    if len(files) < 2:
        own = ""  # all in one file, whatever it is called now
    elif own not in files:
        own = _file_of(parts[0])
    found: dict[tuple[int, int, int], int] = {}
    elsewhere = 0
    for part in parts:
        said = {axis: int(part.get(f"First{axis}") or 0) for axis in "CZT"}
        first, scale = 0, 1
        for axis, size in axes:
            first, scale = first + said[axis] * scale, scale * size
        number = part.get("IFD")
        count = int(part.get("PlaneCount") or (1 if number is not None else total))
        for step in range(min(count, max(0, total - first))):
            if own and _file_of(part) != own:
                elsewhere += 1
                continue
            found[_place(first + step, axes)] = int(number or 0) + step
    if not parts:
        found = {_place(index, axes): index for index in range(total)}
    return found, elsewhere


def _place(index: int, axes: list[tuple[str, int]]) -> tuple[int, int, int]:
    """Channel, depth and time of the plane at a place in the order of the axes, the first one fastest."""
    at: dict[str, int] = {}
    for axis, size in axes:
        index, at[axis] = divmod(index, size)
    return at["C"], at["Z"], at["T"]


def _file_of(part: Element) -> str:
    """The file a part of the planes lies in, by its identity; empty where it is not said."""
    element = next(_children(part, "UUID"), None)
    return "" if element is None else (element.text or "").strip()


def _channels(elements: list[Element], count: int) -> tuple[Channel, ...]:
    """Names and colours of the channels; colours by name where all are left white."""
    colours: list[int | None] = []
    names: list[str] = []
    for index in range(count):
        element = elements[index] if index < len(elements) else None
        name = (element.get("Name") or element.get("Fluor") or "") if element is not None else ""
        names.append(name.strip()[:_LONGEST_NAME] or f"Channel {index + 1}")
        text = element.get("Color") if element is not None else None
        try:
            colours.append(None if text is None else (int(text) & 0xFFFFFFFF) >> 8)
        except ValueError:
            colours.append(None)
    if all(colour in {None, 0xFFFFFF, 0} for colour in colours):
        colours = [None] * count
    return tuple(
        Channel(name, colour_of(name, index) if colour is None else colour)
        for index, (name, colour) in enumerate(zip(names, colours, strict=True))
    )


def is_named(image: OmeImage) -> bool:
    """Whether a scan of one grey channel is fluorescence: its channel has a name of its own."""
    return any(not channel.name.startswith("Channel ") for channel in image.facts.channels)


def plane_order(depths: int, times: int) -> str:
    """A note on how depths and times follow each other as planes; empty where there is one plane."""
    if depths > 1 and times > 1:
        return f"its planes are {times} times of {depths} depths, the depth changing fastest"
    return f"its planes are {times} times" if times > 1 else f"its planes are {depths} depths" if depths > 1 else ""
