"""PNG, JPEG and BMP by Pillow: what they are before they are unpacked, and their pixels as RGB or grey."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from imaging.errors import ScanProblem, one_line
from imaging.quiet import quiet
from imaging.scan import Pixels

LARGEST = 178_956_970
"""Pixels of the largest picture that is read whole; larger ones are slides, or bombs."""
_EXIF_ORIENTATION = 274
_GREY = {
    "1": "uint8",
    "L": "uint8",
    "I;16": "uint16",
    "I;16B": "uint16",
    "I;16L": "uint16",
    "I": "int32",
    "F": "float32",
}
_TURNS = {
    2: "mirrored left to right",
    3: "turned by 180°",
    4: "mirrored top to bottom",
    5: "mirrored at its diagonal",
    6: "turned right by 90°",
    7: "mirrored at its other diagonal",
    8: "turned left by 90°",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture file says of itself; sizes are those after turning."""

    kind: str
    columns: int
    rows: int
    pages: int
    dtype: str
    channels: int
    inverted: bool = False
    orientation: int = 1
    notes: tuple[str, ...] = ()
    header: tuple[tuple[str, str], ...] = ()

    @property
    def shape(self) -> tuple[int, int, str, int, bool]:
        """What pictures of one stack share."""
        return self.columns, self.rows, self.dtype, self.channels, self.inverted


def turned_size(columns: int, rows: int, orientation: int) -> tuple[int, int]:
    """Columns and rows after the turn that an EXIF orientation asks for."""
    return (rows, columns) if orientation in {5, 6, 7, 8} else (columns, rows)


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """Pixels (rows, columns, …) upright, by their EXIF orientation (1 to 8)."""
    if orientation in {5, 6, 7, 8}:
        pixels = pixels.swapaxes(0, 1)
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    return pixels


def turn_notes(orientation: int) -> tuple[str, ...]:
    """What was done for an EXIF orientation."""
    return (f"{_TURNS[orientation]}, as its EXIF orientation asks",) if orientation in _TURNS else ()


def check_pixels(columns: int, rows: int, path: Path) -> None:
    """Raise `ScanProblem` for a picture too large to be read whole."""
    if columns * rows > LARGEST:
        raise ScanProblem(
            f"is {columns:,} × {rows:,} pixels; pictures are read whole up to {LARGEST // 10**6} megapixels",
            path,
            "Save it as a tiled TIFF pyramid, or a part of it",
        )


def look_at(path: Path, kind: str) -> Picture:
    """What a PNG, JPEG or BMP file is, from its header. Raises `ScanProblem`."""
    with quiet():
        image = _opened(path)
        with image:
            columns, rows = image.size
            mode, bits = str(image.mode), str(image.info.get("dpi", ""))
            orientation = _orientation(image)
    check_pixels(columns, rows, path)
    notes = list(turn_notes(orientation))
    if mode in _GREY or mode == "LA":
        dtype, channels = _GREY.get(mode, "uint8"), 1
    else:
        dtype, channels = "uint8", 3
    if mode in {"LA", "RGBA", "PA"}:
        notes.append("its transparency is left out")
    elif mode == "P":
        notes.append("its palette was turned into RGB")
    elif mode not in _GREY and mode != "RGB":
        notes.append(f"{mode} colours were turned into RGB")
    if kind == "png" and _png_depth(path) == (16, True):
        notes.append("colours of 16 bits were cut to 8")
    columns, rows = turned_size(columns, rows, orientation)
    header = (("Mode", mode), *((("Resolution", bits),) if bits else ()))
    return Picture(kind, columns, rows, 1, dtype, channels, False, orientation, tuple(notes), header)


def read_picture(path: Path, picture: Picture) -> Pixels:
    """The pixels of a PNG, JPEG or BMP file, upright. Raises `ScanProblem`."""
    with quiet():
        image = _opened(path)
        with image:
            try:
                image.load()
                pixels = _pixels(image, picture)
            except (OSError, ValueError, SyntaxError, EOFError) as error:
                raise ScanProblem(
                    f"its pixels cannot be read ({one_line(error)})", path, "Get the file again"
                ) from error
    return turned(pixels, picture.orientation)


def _opened(path: Path) -> Any:
    """Pillow's lazily opened image."""
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(path)
    except UnidentifiedImageError as error:
        raise ScanProblem("cannot be read as a picture", path, "Get the file again") from error
    except Image.DecompressionBombError as error:
        size = _claimed_size(path)
        what = f"is {size[0]:,} × {size[1]:,} pixels" if size else "has too many pixels"
        limit = f"pictures are read whole up to {LARGEST // 10**6} megapixels"
        raise ScanProblem(f"{what}; {limit}", path, "Save it as a tiled TIFF pyramid, or a part of it") from error
    except (ValueError, SyntaxError, EOFError) as error:
        raise ScanProblem(f"cannot be read as a picture ({one_line(error)})", path, "Get the file again") from error


def _claimed_size(path: Path) -> tuple[int, int] | None:
    """Columns and rows a PNG or BMP header claims."""
    with path.open("rb") as stream:
        head = stream.read(32)
    if head[:4] == b"\x89PNG":
        return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    if head[:2] == b"BM":
        return int.from_bytes(head[18:22], "little"), int.from_bytes(head[22:26], "little")
    return None


def _orientation(image: Any) -> int:
    """The EXIF orientation; 1 where there is none or it makes no sense."""
    try:
        found = image.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - damaged EXIF data is no reason to refuse the picture
        return 1
    return int(found) if found in _TURNS else 1


def _pixels(image: Any, picture: Picture) -> Pixels:
    """An image's pixels in the promised type."""
    mode = str(image.mode)
    if picture.channels == 3:
        return np.asarray(image if mode == "RGB" else image.convert("RGB"))
    grey = image.convert("L") if mode in {"1", "LA"} else image
    return np.asarray(grey).astype(picture.dtype, copy=False)


def _png_depth(path: Path) -> tuple[int, bool]:
    """Bits per sample of a PNG, and whether it is coloured."""
    with path.open("rb") as stream:
        head = stream.read(26)
    return (head[24], bool(head[25] & 2)) if len(head) == 26 else (8, False)
