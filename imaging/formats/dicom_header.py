# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""What must be known of each DICOM file to group, sort and place it; the few tags, as stored."""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from imaging.errors import ScanProblem, one_line
from imaging.formats.dicom_walk import BIG_ENDIAN, DEFLATED, IMPLICIT, UNDEFINED, Unusual, Walked, Walker
from imaging.quiet import quiet

PIXEL_DATA, FLOAT_PIXELS, DOUBLE_PIXELS = 0x7FE00010, 0x7FE00008, 0x7FE00009
PIXEL_TAGS = (PIXEL_DATA, FLOAT_PIXELS, DOUBLE_PIXELS)

TAGS = {
    "ImageType": 0x00080008,
    "SOPClassUID": 0x00080016,
    "SOPInstanceUID": 0x00080018,
    "Modality": 0x00080060,
    "SeriesDescription": 0x0008103E,
    "TriggerTime": 0x00181060,
    "EchoTime": 0x00180081,
    "EchoNumbers": 0x00180086,
    "StudyInstanceUID": 0x0020000D,
    "SeriesInstanceUID": 0x0020000E,
    "AcquisitionNumber": 0x00200012,
    "InstanceNumber": 0x00200013,
    "ImagePositionPatient": 0x00200032,
    "ImageOrientationPatient": 0x00200037,
    "TemporalPositionIdentifier": 0x00200100,
    "SamplesPerPixel": 0x00280002,
    "PhotometricInterpretation": 0x00280004,
    "PlanarConfiguration": 0x00280006,
    "NumberOfFrames": 0x00280008,
    "Rows": 0x00280010,
    "Columns": 0x00280011,
    "PixelSpacing": 0x00280030,
    "BitsAllocated": 0x00280100,
    "BitsStored": 0x00280101,
    "HighBit": 0x00280102,
    "PixelRepresentation": 0x00280103,
    "RescaleIntercept": 0x00281052,
    "RescaleSlope": 0x00281053,
}
# The class in the file meta stands in where the dataset does not give its own.
_WALKER = Walker({0x00020002: "SOPClassUID"} | {tag: name for name, tag in TAGS.items()}, PIXEL_TAGS)
_TAG_LIST = list(TAGS.values())
_SHAPE = (
    "SeriesInstanceUID",
    "SOPClassUID",
    "Modality",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PhotometricInterpretation",
    "PlanarConfiguration",
)
_INFLATED_MOST = 1 << 31
_REMEMBERED = 20_000
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)


@lru_cache(maxsize=1 << 16)
def _parsed(value: bytes) -> tuple[float, ...] | None:
    """The numbers of a decimal string; the slices of a series share most of theirs."""
    try:
        parts = tuple(map(float, value.strip(b" \0").split(b"\\")))
    except ValueError:
        return None
    return parts if all(abs(part) < 1e30 for part in parts) else None


@dataclass(frozen=True)
class Header:
    """The few facts of one DICOM file, as stored; numbers are parsed when asked for."""

    path: Path
    syntax: str
    values: Mapping[str, bytes]
    pixels_at: int
    """Offset of the pixel data's value in the file; 0 without pixels or when the file is deflated."""
    pixels_length: int
    """Bytes of it as the file says; `UNDEFINED` when encapsulated."""
    file_bytes: int
    little: bool = True
    has_preamble: bool = True

    def text(self, name: str) -> str:
        """A value as text, without padding; empty when absent."""
        return self.values.get(name, b"").strip(b" \0").decode("ascii", "replace")

    def numbers(self, name: str) -> tuple[float, ...] | None:
        """The numbers of a decimal string; `None` when absent or not numbers."""
        value = self.values.get(name)
        return _parsed(value) if value is not None else None

    def number(self, name: str) -> float | None:
        """The first number of a decimal string."""
        found = self.numbers(name)
        return found[0] if found else None

    def whole(self, name: str, otherwise: int = 0) -> int:
        """An unsigned short, or a whole number written as text."""
        value = self.values.get(name, b"")
        if name in _SHORTS:
            return int(struct.unpack_from("<H", value)[0]) if len(value) >= 2 else otherwise
        try:
            return int(float(value.strip(b" \0").split(b"\\")[0]))
        except (ValueError, OverflowError):
            return otherwise

    @cached_property
    def frames(self) -> int:
        """The number of frames, at least 1."""
        return max(1, self.whole("NumberOfFrames", 1))

    @cached_property
    def shape(self) -> tuple[bytes, ...]:
        """What the files of a stack share, as stored."""
        values = self.values
        return tuple([values.get(name, b"") for name in _SHAPE])

    @property
    def is_encapsulated(self) -> bool:
        """Whether the pixels are in fragments."""
        return self.pixels_length == UNDEFINED

    @property
    def is_directory(self) -> bool:
        """Whether the file is a DICOMDIR."""
        return self.text("SOPClassUID") == "1.2.840.10008.1.3.10"

    @property
    def has_pixels(self) -> bool:
        """Whether there is pixel data and the facts that shape it."""
        return bool(self.pixels_length) and self.whole("Rows") > 0 and self.whole("Columns") > 0


_SHORTS = frozenset(
    (
        "SamplesPerPixel",
        "PlanarConfiguration",
        "Rows",
        "Columns",
        "BitsAllocated",
        "BitsStored",
        "HighBit",
        "PixelRepresentation",
    )
)

_memory: OrderedDict[str, tuple[int, int, Header]] = OrderedDict()
"""By path: when the file was changed and its bytes, as they were when its header was read."""
_memory_lock = threading.Lock()


def read_header(path: Path) -> Header:
    """The header of a file; remembered while the file does not change. Raises `ScanProblem`."""
    name = os.fspath(path)
    try:
        known = _memory.get(name)
        if known is not None:
            stat = os.stat(name)
            if known[:2] == (stat.st_mtime_ns, stat.st_size):
                return known[2]
        descriptor = os.open(name, _READ)
        stat = os.fstat(descriptor)
    except OSError as error:
        raise ScanProblem(f"cannot be read ({error.strerror})", path) from error
    try:
        header = _of_walk(path, _WALKER.walk(descriptor, stat.st_size), stat.st_size)
    except (Unusual, RecursionError):
        header = general_header(path)
    except OSError as error:
        raise ScanProblem(f"cannot be read ({error.strerror})", path) from error
    finally:
        os.close(descriptor)
    with _memory_lock:
        _memory[name] = stat.st_mtime_ns, stat.st_size, header
        if len(_memory) > _REMEMBERED:
            _memory.popitem(last=False)
    return header


def _of_walk(path: Path, walked: Walked, size: int) -> Header:
    """The header a walk found."""
    at, length, little = walked.pixels_at, walked.pixels_length, walked.syntax != BIG_ENDIAN
    return Header(path, walked.syntax, walked.values, at, length, size, little, walked.has_preamble)


def forget_headers() -> None:
    """Forget all remembered headers (for measuring, and for files changed within the clock's step)."""
    with _memory_lock:
        _memory.clear()


def general_header(path: Path) -> Header:
    """The header read by pydicom: any transfer syntax, no preamble, no file meta. Raises `ScanProblem`."""
    from pydicom import dcmread

    size = path.stat().st_size
    try:
        with path.open("rb") as stream:
            head = stream.read(512)
            _check_inflated(path, head)
            stream.seek(0)
            with quiet():
                dataset: Any = dcmread(stream, stop_before_pixels=True, force=True, specific_tags=_TAG_LIST)
            at = stream.tell()
            syntax = str(getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", "") or "")
            little = bool(dataset.original_encoding[1])
            implicit = bool(dataset.original_encoding[0])
            syntax = syntax or (IMPLICIT if implicit else "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2")
            stream.seek(at)
            start, length = _pixel_element(stream.read(12), at, implicit, little) if syntax != DEFLATED else (0, -1)
        with quiet():
            values = {name: encoded for name in TAGS if (encoded := _encoded(dataset, name)) is not None}
        stored_class = str(getattr(getattr(dataset, "file_meta", None), "MediaStorageSOPClassUID", "") or "")
        values.setdefault("SOPClassUID", stored_class.encode())
    except ScanProblem:
        raise
    except Exception as error:
        raise ScanProblem(f"cannot be read as DICOM ({one_line(error)})", path) from error
    return Header(path, syntax, values, start, length, size, little, head[128:132] == b"DICM")


def _check_inflated(path: Path, head: bytes) -> None:
    """Refuse a deflated file that would unpack to more than 2 GiB, before anything unpacks it whole."""
    if DEFLATED.encode() not in head:
        return
    at = head.find(b"UL\4\0", 132)
    start = at + 8 + struct.unpack_from("<I", head, at + 4)[0] if at > 0 else 0
    if not start or b"\2\0\x10\0UI" not in head:
        return
    inflater, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
    with path.open("rb") as stream:
        stream.seek(start)
        data = stream.read(1 << 20)
        while data and not inflater.eof:
            total += len(inflater.decompress(data, 1 << 24))
            if total > _INFLATED_MOST:
                raise ScanProblem("unpacks to more than 2 GiB", path, "Save it without deflating")
            data = inflater.unconsumed_tail or stream.read(1 << 20)


def _pixel_element(raw: bytes, at: int, implicit: bool, little: bool) -> tuple[int, int]:
    """Offset and length of the pixel data whose element starts at `at`; (0, 0) when there is none."""
    end = "<" if little else ">"
    if len(raw) < 8:
        return 0, 0
    group, element = struct.unpack_from(end + "HH", raw)
    if (group << 16 | element) not in PIXEL_TAGS:
        return 0, 0
    if implicit:
        return at + 8, int(struct.unpack_from(end + "I", raw, 4)[0])
    return (at + 12, int(struct.unpack_from(end + "I", raw, 8)[0])) if len(raw) == 12 else (0, 0)


def _encoded(dataset: Any, name: str) -> bytes | None:
    """A value the way the fast way finds it in a little-endian file: as stored, shorts turned round if need be."""
    element: Any = dataset.get_item(TAGS[name])
    value: Any = getattr(element, "value", None)
    if isinstance(value, bytes):
        return value[1::-1] if name in _SHORTS and not element.is_little_endian else value
    if value is None or value == "":
        return None
    if name in _SHORTS:
        number: Any = value[0] if isinstance(value, list) else value
        return struct.pack("<H", int(number) & 0xFFFF)
    parts: list[Any] = [value] if isinstance(value, str | int | float) else list(value)
    return "\\".join(str(getattr(part, "original_string", part)) for part in parts).encode("utf-8", "replace")
