"""Small slides of every TIFF layout, written by tifffile, and ways to damage them."""

import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

APERIO = (
    "Aperio Image Library v12.0.0 \n{width}x{height} (64x64) JPEG/RGB Q=70"
    "|AppMag = 20|ScanScope ID = SECRET-SCANNER|User = SECRET-USER|MPP = 0.5000|Filename = SECRET-FILE"
)
QPI = (
    '<?xml version="1.0" encoding="utf-16"?><PerkinElmer-QPI-ImageDescription><ImageType>{kind}</ImageType>'
    "<SlideID>SECRET-SLIDE</SlideID><Name>{name}</Name><Color>{colour}</Color><Objective>20x</Objective>"
    "</PerkinElmer-QPI-ImageDescription>"
)


def tissue(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Smooth colours with some grain, (height, width, 3) of 8 bits; no two places are alike."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [np.sin(x / (9 + 4 * c) + c) + np.cos(y / (11 + 3 * c) - c) for c in range(3)]
    base = np.stack([170 + 30 * wave for wave in waves], axis=-1) + random.normal(0, 4, (height, width, 1))
    return np.clip(base, 0, 255).astype(np.uint8)


def halved(pixels: np.ndarray) -> np.ndarray:
    """The mean of each 2 × 2 pixels; an odd last row or column is left out."""
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    even = pixels[: height * 2, : width * 2].astype(np.float32)
    return (
        np.rint(even.reshape(height, 2, width, 2, -1).mean((1, 3)))
        .astype(pixels.dtype)
        .reshape(height, width, *pixels.shape[2:])
    )


def levels_of(pixels: np.ndarray, count: int) -> list[np.ndarray]:
    """A picture and its smaller copies."""
    found = [pixels]
    for _ in range(count - 1):
        found.append(halved(found[-1]))
    return found


def pyramid(
    path: Path,
    pixels: np.ndarray,
    levels: int = 3,
    tile: tuple[int, int] = (64, 64),
    below: bool = False,
    micrometres: float | None = 0.5,
    **options: Any,
) -> Path:
    """A tiled pyramid of no maker: one directory after the other, or all `below` the first. Deflate unless told."""
    stored: dict[str, Any] = {
        "photometric": "rgb" if pixels.ndim == 3 else "minisblack",
        "compression": "zlib",
        **options,
    }
    if micrometres is not None:
        stored |= {"resolution": (1e4 / micrometres,) * 2, "resolutionunit": "CENTIMETER"}
    with tifffile.TiffWriter(path, bigtiff=stored.pop("bigtiff", False), byteorder=stored.pop("byteorder", "<")) as out:
        for number, level in enumerate(levels_of(pixels, levels)):
            more: dict[str, Any] = {"subifds": levels - 1} if below and number == 0 else {}
            out.write(level, tile=tile, subfiletype=1 if number else 0, metadata=None, **more, **stored)
    return path


def svs(path: Path, pixels: np.ndarray, levels: int = 2, description: str = APERIO, **options: Any) -> Path:
    """An Aperio slide: base, thumbnail, levels, label, macro."""
    stored: dict[str, Any] = {
        "photometric": "rgb",
        "compression": "jpeg",
        "compressionargs": {"level": 90},
        "metadata": None,
        **options,
    }
    height, width = pixels.shape[:2]
    beside: dict[str, Any] = {"metadata": None, "photometric": "rgb", "compression": "lzw", "rowsperstrip": 16}
    first, *smaller = levels_of(pixels, levels)
    with tifffile.TiffWriter(path) as out:
        out.write(first, tile=(64, 64), description=description.format(width=width, height=height), **stored)
        out.write(pixels[::4, ::4], **beside)
        for level in smaller:
            out.write(level, tile=(64, 64), **stored)
        label = np.full((30, 40, 3), 200, np.uint8)
        out.write(label, subfiletype=1, description="Aperio Image Library\nlabel 40x30", **beside)
        macro = np.full((30, 90, 3), 220, np.uint8)
        out.write(macro, subfiletype=9, description="Aperio Image Library\nmacro 90x30", **beside)
    return path


def ome(path: Path, pixels: np.ndarray, axes: str, levels: int = 2, **metadata: Any) -> Path:
    """An OME-TIFF with levels below each directory; `pixels` along `axes` (…YX or …YXS)."""
    colour = axes.endswith("S")
    stored: dict[str, Any] = {"tile": (64, 64), "compression": "zlib", "photometric": "rgb" if colour else "minisblack"}
    down = -3 if colour else -2
    with tifffile.TiffWriter(path, ome=True) as out:
        out.write(pixels, subifds=levels - 1, metadata={"axes": axes, **metadata}, **stored)
        for number in range(1, levels):
            step: list[slice] = [slice(None)] * pixels.ndim
            step[down] = step[down + 1] = slice(None, None, 2**number)
            out.write(pixels[tuple(step)], subfiletype=1, **stored)
    return path


def qptiff(path: Path, channels: Sequence[tuple[str, str]], width: int = 300, height: int = 200) -> list[np.ndarray]:
    """A QPTIFF of channels (name, colour as `r,g,b`) in two levels, and a label; gives the channels' pixels."""
    random = np.random.default_rng(4)
    planes = [random.integers(0, 255, (height, width)).astype(np.uint8) for _ in channels]
    stored: dict[str, Any] = {"compression": "lzw", "metadata": None, "photometric": "minisblack"}
    size: dict[str, Any] = {"resolution": (2e4, 2e4), "resolutionunit": "CENTIMETER"}
    with tifffile.TiffWriter(path) as out:
        for kind, step in (("FullResolution", 1), ("ReducedResolution", 2)):
            for (name, colour), plane in zip(channels, planes, strict=True):
                said = QPI.format(kind=kind, name=name, colour=colour)
                out.write(plane[::step, ::step], tile=(64, 64), description=said, **size, **stored)
        label = np.full((20, 30, 3), 90, np.uint8)
        said = QPI.format(kind="Label", name="", colour="")
        out.write(label, description=said, metadata=None, photometric="rgb", rowsperstrip=20)
    return planes


def philips(path: Path, pixels: np.ndarray, levels: int = 3) -> Path:
    """A Philips slide: every level filled up to whole tiles, its true size told by pixel sizes alone."""

    def one(number: int) -> str:
        size = 0.00025 * 2**number
        return (
            '<DataObject ObjectType="PixelDataRepresentation">'
            f'<Attribute Name="DICOM_PIXEL_SPACING">"{size}" "{size}"</Attribute>'
            f'<Attribute Name="PIIM_PIXEL_DATA_REPRESENTATION_NUMBER">{number}</Attribute></DataObject>'
        )

    image = (
        '<DataObject ObjectType="DPScannedImage"><Attribute Name="PIM_DP_IMAGE_TYPE">WSI</Attribute>'
        '<Attribute Name="DICOM_PIXEL_SPACING">"0.00025" "0.00025"</Attribute>'
        '<Attribute Name="PIIM_PIXEL_DATA_REPRESENTATION_SEQUENCE">'
        f"<Array>{''.join(map(one, range(levels)))}</Array></Attribute></DataObject>"
    )
    said = (
        '<?xml version="1.0" encoding="UTF-8" ?><DataObject ObjectType="DPUfsImport">'
        f'<Attribute Name="PIM_DP_SCANNED_IMAGES"><Array>{image}</Array></Attribute></DataObject>'
    )
    with tifffile.TiffWriter(path, bigtiff=True) as out:
        for number, level in enumerate(levels_of(pixels, levels)):
            more = ((0, -level.shape[0] % 64), (0, -level.shape[1] % 64), (0, 0))
            text: dict[str, Any] = {"description": said} if number == 0 else {}
            stored: dict[str, Any] = {
                "photometric": "ycbcr",
                "compression": "jpeg",
                "software": "Philips DP v1.0",
                "metadata": None,
            }
            padded = np.pad(level, more, constant_values=255)
            out.write(padded, tile=(64, 64), subfiletype=1 if number else 0, **text, **stored)
        macro = np.full((30, 90, 3), 220, np.uint8)
        out.write(macro, description="Macro", photometric="rgb", rowsperstrip=30, metadata=None)
    return path


def tag_places(path: Path, directory: int = 0) -> dict[int, tuple[int, int]]:
    """Where the values of the tags of a directory lie: offset and count."""
    with tifffile.TiffFile(path) as tiff:
        page: Any = tiff.pages[directory]
        return {tag.code: (tag.valueoffset, tag.count) for tag in page.tags.values()}


def overwritten(path: Path, offset: int, data: bytes) -> Path:
    """The file with some bytes replaced."""
    with path.open("r+b") as stream:
        stream.seek(offset)
        stream.write(data)
    return path


def with_number(path: Path, tag: int, value: int, directory: int = 0, index: int = 0, kind: str = "<I") -> Path:
    """The file with one value of a tag replaced (`kind` as `struct` has it)."""
    offset, _ = tag_places(path, directory)[tag]
    return overwritten(path, offset + index * struct.calcsize(kind), struct.pack(kind, value))


def with_bad_tile(
    path: Path, index: int, directory: int = 0, fill: Callable[[int], bytes] = lambda n: b"\x55" * n
) -> Path:
    """The file with the bytes of one tile replaced."""
    with tifffile.TiffFile(path) as tiff:
        page: Any = tiff.pages[directory]
        offset, count = page.dataoffsets[index], page.databytecounts[index]
    return overwritten(path, offset, fill(count))
