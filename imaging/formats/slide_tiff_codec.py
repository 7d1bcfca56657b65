"""From the stored bytes of one TIFF tile or strip to pixels. Nothing is allocated beyond the promised size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem
from imaging.scan import Pixels

NONE, LZW, JPEG, PACKBITS = 1, 5, 7, 32773
_WITHOUT_SIZE = {8: "zlib", 32946: "zlib", LZW: "lzw", PACKBITS: "packbits", 50000: "zstd", 34926: "zstd"}
"""Codecs that unpack bytes."""
_WITH_SIZE = {
    33005: "jpeg2k",
    34712: "jpeg2k",
    50001: "webp",
    34927: "webp",
    50002: "jpegxl",
    52546: "jpegxl",
    22610: "jpegxr",
    34934: "jpegxr",
}
"""Codecs of pictures, which say their own size."""
NAMES = {
    NONE: "none",
    LZW: "LZW",
    JPEG: "JPEG",
    8: "deflate",
    32946: "deflate",
    PACKBITS: "PackBits",
    50000: "Zstandard",
    34926: "Zstandard",
    33005: "JPEG 2000",
    34712: "JPEG 2000",
    50001: "WebP",
    34927: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
    22610: "JPEG XR",
    34934: "JPEG XR",
}
"""The compressions that are read."""
_GREY, RGB, _BGRX = 1, 2, 9
"""libjpeg's numbers of colour spaces (imagecodecs takes an unknown name for "as it is")."""
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


class CodecProblem(ValueError):
    """Stored bytes that are not the promised pixels."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How the tiles of one directory are stored."""

    compression: int
    dtype: np.dtype[Any]
    """Of the stored samples, with the file's byte order."""
    samples: int
    """Samples of a pixel in one tile."""
    predictor: int = 1
    tables: bytes | None = None
    """Tables that all JPEG tiles share."""
    jpeg_colours: int | None = None
    """The colour space JPEG tiles are in, where it is not the one their markers tell."""

    def pixels(self, data: bytes, width: int, height: int) -> Pixels:
        """Pixels (height, width, samples) in the machine's byte order. Raises on bytes that are not these pixels."""
        if self.compression == JPEG:
            return _jpeg(self, data, width, height, RGB if self.samples == 3 else _GREY, self.samples)
        if self.compression in _WITH_SIZE:
            return self._picture(data, width, height)
        values = self._unpacked(data, width * height * self.samples).reshape(height, width, self.samples)
        if self.predictor == 2:
            native = np.ascontiguousarray(values.astype(self.dtype.newbyteorder("="), copy=False))
            return _delta(native)
        if self.predictor == 3:
            return _float_delta(values, self.dtype)
        return values.astype(self.dtype.newbyteorder("="), copy=False)

    def screen(self, data: bytes, width: int, height: int) -> NDArray[np.uint32] | None:
        """JPEG pixels straight to 0xFFRRGGBB; `None` for other tiles."""
        if self.compression != JPEG or self.samples != 3:
            return None
        pixels = _jpeg(self, data, width, height, _BGRX, 4)
        if pixels[0, 0, 3] != 255:
            pixels[..., 3] = 255
        return pixels.view("<u4")[..., 0]

    def _unpacked(self, data: bytes, count: int) -> NDArray[Any]:
        """`count` stored samples."""
        size = count * self.dtype.itemsize
        if self.compression == NONE:
            unpacked: Any = data
        else:
            unpacked = _decoder(_WITHOUT_SIZE[self.compression])(data, out=size)
        if len(unpacked) < size:
            raise CodecProblem(f"holds {len(unpacked):,} bytes of {size:,}")
        return np.frombuffer(unpacked, self.dtype, count)

    def _picture(self, data: bytes, width: int, height: int) -> Pixels:
        """The pixels of a tile that is a picture file of its own."""
        samples, kind = self.samples, self.dtype.newbyteorder("=")
        out = np.empty((height, width, samples) if samples > 1 else (height, width), kind)
        name = _WITH_SIZE[self.compression]
        if name == "jpeg2k":
            _check_jpeg2000(data, width, height, samples)
        extra = {"hasalpha": True} if name == "webp" and samples == 4 else {}
        return np.asarray(_decoder(name)(data, out=out, **extra)).reshape(height, width, samples)


def check_compression(compression: int, where: object) -> None:
    """Raise `ScanProblem` for a compression that is not read."""
    if compression not in NAMES:
        raise ScanProblem(f"is compressed in a way that is not readable ({compression})", where, "Save it with JPEG")


def _decoder(name: str) -> Callable[..., Any]:
    """A decoder of imagecodecs, by the name of its codec."""
    import imagecodecs

    return getattr(imagecodecs, f"{name}_decode")


def _jpeg(codec: Codec, data: bytes, width: int, height: int, colours: int, channels: int) -> NDArray[np.uint8]:
    """A JPEG tile; one cut to the slide's rim, or filled up to whole blocks, is laid into the promised size."""
    import imagecodecs

    held = jpeg_size(data)
    if held is None:
        raise CodecProblem("is no JPEG")
    held_width, held_height = held
    if held_width > width + 15 or held_height > height + 15 or held_width < 1 or held_height < 1:
        raise CodecProblem(f"is {held_width:,} × {held_height:,} pixels, not {width:,} × {height:,}")
    out = np.empty((held_height, held_width, channels) if channels > 1 else (held_height, held_width), np.uint8)
    pixels = imagecodecs.jpeg8_decode(
        data, tables=codec.tables, colorspace=codec.jpeg_colours, outcolorspace=colours, out=out
    ).reshape(held_height, held_width, channels)
    if held == (width, height):
        return pixels
    whole = np.full((height, width, channels), 255 if channels > 1 else 0, np.uint8)
    whole[:held_height, :held_width] = pixels[:height, :width]
    return whole


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height a JPEG's frame header claims; `None` where there is none."""
    if data[:2] != b"\xff\xd8":
        return None
    at, end = 2, len(data) - 9
    while at < end and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _FRAMES:
            return data[at + 7] << 8 | data[at + 8], data[at + 5] << 8 | data[at + 6]
        at += 1 if marker == 0xFF else 2 + (data[at + 2] << 8 | data[at + 3])
    return None


def _check_jpeg2000(data: bytes, width: int, height: int, samples: int) -> None:
    """Raise for a codestream that is not of the promised size; OpenJPEG allocates before it can be asked."""
    at = data.find(b"\xff\x4f\xff\x51", 0, 1024)
    header = data[at + 8 : at + 42] if at >= 0 else b""
    if len(header) < 34:
        raise CodecProblem("is no JPEG 2000")
    right, bottom, left, top = (int.from_bytes(header[i : i + 4], "big") for i in range(0, 16, 4))
    held = (right - left, bottom - top, int.from_bytes(header[32:34], "big"))
    if held != (width, height, samples):
        raise CodecProblem(f"is {held[0]:,} × {held[1]:,} pixels of {held[2]}, not {width:,} × {height:,} of {samples}")


def _delta(values: NDArray[Any]) -> NDArray[Any]:
    """Values from their differences along a row."""
    if values.dtype.kind == "f":
        raise CodecProblem("has differences of floating numbers")
    return np.asarray(_decoder("delta")(values, axis=1))


def _float_delta(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Floating numbers from differences of their bytes (TIFF predictor 3): most significant bytes of a row first."""
    height, width, samples = values.shape
    size = dtype.itemsize
    stored = np.frombuffer(values.tobytes(), np.uint8).reshape(height, width * size, samples)
    whole = np.cumsum(stored, axis=1, dtype=np.uint8).reshape(height, size, width * samples)
    swapped = np.ascontiguousarray(whole.transpose(0, 2, 1))
    return swapped.view(np.dtype(f">f{size}"))[..., 0].reshape(height, width, samples).astype(f"=f{size}")
