"""TIFF directories, read with few bytes and no trust: what slides need of TIFF and BigTIFF, and nothing else.

tifffile reads far more, and takes a fifth of a second to be imported; the window opens a slide in less.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
DESCRIPTION, STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_BYTES = 270, 273, 274, 277, 278, 279
X_RESOLUTION, Y_RESOLUTION, PLANAR, RESOLUTION_UNIT, SOFTWARE, PREDICTOR, COLOUR_MAP = 282, 283, 284, 296, 305, 317, 320
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES, SUB_DIRECTORIES, EXTRA_SAMPLES = 322, 323, 324, 325, 330, 338
SAMPLE_FORMAT, JPEG_TABLES, SUBSAMPLING, SUBFILE_TYPE, XMP, DEPTH, ICC_PROFILE = 339, 347, 530, 254, 700, 32997, 34675

_KINDS = {
    1: "u1",
    2: "u1",
    3: "u2",
    4: "u4",
    5: "u4",
    6: "i1",
    7: "u1",
    8: "i2",
    9: "i4",
    10: "i4",
    11: "f4",
    12: "f8",
    13: "u4",
    16: "u8",
    17: "i8",
    18: "u8",
}
"""The types of values by their numbers; 5 and 10 are pairs."""
_PAIRS = frozenset((5, 10))
_MOST_ENTRIES = 4096
_MOST_DIRECTORIES = 20_000
_LONGEST_TEXT = 64 * 2**20
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class Storage:
    """A file that is read at positions, from any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, _READ)
        self._lock = threading.Lock()
        self.size = os.fstat(self._descriptor).st_size

    def read(self, offset: int, count: int) -> bytes:
        """`count` bytes. Raises `ScanProblem` when the file ends before."""
        if offset < 0 or count < 0 or offset + count > self.size:
            raise ScanProblem("is cut short", self.path, "Get the file again")
        data = self._read(offset, count)
        if len(data) != count:
            raise ScanProblem("has become shorter since it was opened", self.path, "Open it again")
        return data

    def _read(self, offset: int, count: int) -> bytes:
        """What there is at a position, at most `count` bytes."""
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, count, offset)
        with self._lock:  # Windows has no reads at a position
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.read(self._descriptor, count)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of a directory; its values lie at `offset`."""

    kind: int
    count: int
    offset: int


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory of a TIFF file; values are read when asked for."""

    storage: Storage
    order: str
    """`<` or `>`."""
    entries: Mapping[int, _Entry]

    def __contains__(self, tag: int) -> bool:
        return tag in self.entries

    def array(self, tag: int, most: int = 2**16) -> NDArray[np.generic]:
        """The values of a tag, at most `most`; empty where there is none."""
        entry = self.entries.get(tag)
        if entry is None or entry.kind not in _KINDS:
            return np.empty(0, np.uint8)
        kind = np.dtype(self.order + _KINDS[entry.kind])
        count = min(entry.count, most) * (2 if entry.kind in _PAIRS else 1)
        return np.frombuffer(self.storage.read(entry.offset, count * kind.itemsize), kind)

    def count(self, tag: int) -> int:
        """How many values a tag has."""
        entry = self.entries.get(tag)
        return entry.count if entry else 0

    def number(self, tag: int, default: int = 0) -> int:
        """The first value of a tag as a whole number."""
        values = self.array(tag, 1)
        return int(values[0]) if values.size else default

    def ratio(self, tag: int) -> float | None:
        """The value of a tag that is a fraction or a number; `None` where there is none, or it divides by zero."""
        values = self.array(tag, 1).astype(np.float64)
        if values.size == 2:
            return float(values[0] / values[1]) if values[1] else None
        return float(values[0]) if values.size else None

    def data(self, tag: int) -> bytes:
        """The bytes of a tag."""
        return self.array(tag, _LONGEST_TEXT).tobytes()

    def text(self, tag: int) -> str:
        """The text of a tag."""
        return self.data(tag).split(b"\0", 1)[0].decode("utf-8", "replace").strip()

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return self.number(WIDTH)

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return self.number(HEIGHT)

    @property
    def is_tiled(self) -> bool:
        """Whether its pixels are kept in tiles, not in strips."""
        return TILE_WIDTH in self.entries and TILE_HEIGHT in self.entries


class Tiff:
    """The directories of a TIFF file."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        head = storage.read(0, min(16, storage.size))
        self._order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        version = struct.unpack(self._order + "H", head[2:4])[0] if self._order and len(head) >= 8 else 0
        if version not in {42, 43} or (version == 43 and head[4:8] not in {b"\x08\0\0\0", b"\0\x08\0\0"}):
            raise ScanProblem("is no TIFF", storage.path)
        self._big = version == 43
        if self._big and len(head) < 16:
            raise ScanProblem("is cut short", storage.path, "Get the file again")
        self._first: int = struct.unpack(
            self._order + ("Q" if self._big else "I"), head[8:16] if self._big else head[4:8]
        )[0]

    def directories(self, most: int = _MOST_DIRECTORIES) -> Iterator[Directory]:
        """The directories of the main chain, at most `most`. A chain that bites its tail ends there."""
        seen: set[int] = set()
        offset = self._first
        while offset and offset not in seen and len(seen) < most:
            seen.add(offset)
            directory, offset = self._directory(offset)
            yield directory

    def below(self, directory: Directory) -> list[Directory]:
        """The sub-directories of a directory that can be read."""
        found: list[Directory] = []
        for offset in directory.array(SUB_DIRECTORIES, 64).astype(np.uint64).tolist():
            try:
                found.append(self._directory(int(offset))[0])
            except ScanProblem:
                continue
        return found

    def _directory(self, offset: int) -> tuple[Directory, int]:
        """A directory and where the next one is; 0 when there is none."""
        read, big, order = self.storage.read, self._big, self._order
        head, size, inline = (8, 20, 8) if big else (2, 12, 4)
        count: int = struct.unpack(order + ("Q" if big else "H"), read(offset, head))[0]
        if count > _MOST_ENTRIES:
            raise ScanProblem("has a damaged directory", self.storage.path, "Get the file again")
        block = read(offset + head, count * size + inline)
        entries: dict[int, _Entry] = {}
        for at in range(0, count * size, size):
            tag, kind, length = struct.unpack_from(order + ("HHQ" if big else "HHI"), block, at)
            item = np.dtype(_KINDS.get(kind, "u1")).itemsize * (2 if kind in _PAIRS else 1)
            place = offset + head + at + size - inline
            if length * item > inline:
                place = struct.unpack_from(order + ("Q" if big else "I"), block, at + size - inline)[0]
            entries.setdefault(tag, _Entry(kind, length, place))
        following: int = struct.unpack_from(order + ("Q" if big else "I"), block, count * size)[0]
        return Directory(self.storage, order, entries), following
