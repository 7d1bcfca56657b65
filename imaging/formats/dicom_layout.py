"""How the pixels of a DICOM file are stored, and whether the file can hold what it promises."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from imaging.errors import ScanProblem
from imaging.formats.dicom_codecs import JPEG_2000, is_signed_jpeg_2000
from imaging.formats.dicom_header import DOUBLE_PIXELS, FLOAT_PIXELS, Header


@dataclass(frozen=True, slots=True)
class Layout:
    """How the samples of a frame are stored."""

    rows: int
    columns: int
    samples: int
    frames: int
    allocated: int
    stored: int
    high: int
    signed: bool
    photometric: str
    planar: bool
    floating: bool

    @property
    def stored_dtype(self) -> np.dtype[Any]:
        """The type of a sample before colours are made."""
        if self.floating:
            return np.dtype(f"f{self.allocated // 8}")
        return np.dtype(f"{'i' if self.signed else 'u'}{max(1, self.allocated // 8)}")

    @property
    def is_colour(self) -> bool:
        """Whether the scan's pixels become RGB."""
        return self.samples == 3 or self.photometric == "PALETTE COLOR"

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of a pixel of the scan."""
        return np.dtype(np.uint8) if self.is_colour else self.stored_dtype

    @property
    def frame_bytes(self) -> int:
        """Bytes of one stored frame without compression (rounded up for single bits)."""
        bits = self.rows * self.columns * self.samples * self.allocated
        if self.photometric == "YBR_FULL_422" and self.samples == 3:
            bits = bits * 2 // 3
        return (bits + 7) // 8

    @property
    def pixel_bytes(self) -> int:
        """Bytes of all frames without compression; single bits are packed across frames."""
        bits = self.rows * self.columns * self.samples * self.allocated * self.frames
        if self.photometric == "YBR_FULL_422" and self.samples == 3:
            bits = bits * 2 // 3
        return (bits + 7) // 8

    @property
    def frame_shape(self) -> tuple[int, ...]:
        """The shape of one frame of the scan."""
        return (self.rows, self.columns, 3) if self.is_colour else (self.rows, self.columns)


def layout_of(header: Header) -> Layout:
    """How the pixels of a file are stored. Raises `ScanProblem` for what makes no sense."""
    allocated = header.whole("BitsAllocated", 0)
    floating = "BitsAllocated" in header.values and allocated in {32, 64} and _is_float(header)
    samples = header.whole("SamplesPerPixel", 1)
    if allocated not in {1, 8, 16, 32, 64}:
        raise ScanProblem(f"stores {allocated} bits per sample, which is not readable", header.path)
    if samples not in {1, 3}:
        raise ScanProblem(f"stores {samples} samples per pixel, which is not readable", header.path)
    stored = min(header.whole("BitsStored", allocated) or allocated, allocated)
    return Layout(
        rows=header.whole("Rows"),
        columns=header.whole("Columns"),
        samples=samples,
        frames=header.frames,
        allocated=allocated,
        stored=stored,
        high=header.whole("HighBit", stored - 1),
        signed=(header.whole("PixelRepresentation") == 1 and not floating) or _is_signed_stream(header),
        photometric=header.text("PhotometricInterpretation"),
        planar=header.whole("PlanarConfiguration") == 1,
        floating=floating,
    )


def _is_float(header: Header) -> bool:
    """Whether the pixels are floating-point numbers, by the tag right before their value."""
    if not header.pixels_at:
        return False
    with header.path.open("rb") as stream:
        for before in (12, 8):
            stream.seek(max(0, header.pixels_at - before))
            group, element = struct.unpack("<HH", stream.read(4))
            if (group << 16 | element) in {FLOAT_PIXELS, DOUBLE_PIXELS}:
                return True
    return False


def _is_signed_stream(header: Header) -> bool:
    """Whether the pixels are a JPEG 2000 stream that says its samples are signed; it knows better than the header."""
    if header.syntax not in JPEG_2000 or not header.is_encapsulated or header.whole("SamplesPerPixel", 1) != 1:
        return False
    with header.path.open("rb") as stream:
        stream.seek(header.pixels_at)
        return is_signed_jpeg_2000(stream.read(1 << 14))


def check_length(header: Header, layout: Layout) -> None:
    """Raise `ScanProblem` when a file without compression is shorter than its header promises."""
    if header.is_encapsulated or header.pixels_at <= 0:
        return
    needed = layout.pixel_bytes
    held = min(header.pixels_length, header.file_bytes - header.pixels_at)
    if held < needed and header.pixels_length <= header.file_bytes:
        raise ScanProblem(
            f"is cut short: its header promises {needed:,} bytes of pixels, it holds {held:,}",
            header.path,
            "Get the file again",
        )
