"""What a reading of a slide has done so far, in a folder, so that the same reading goes on there.

One file per block, written whole and renamed, with its sha256 in front. A file that is damaged, or says what cannot
be, is as if it were not there: its block is read again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import shutil
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from models.slides.grid import Cell

Array: TypeAlias = NDArray[Any]
Arrays: TypeAlias = Mapping[str, Array]
MAGIC = b"overread block 1\n"
LARGEST = 256 * 2**20
"""*Memory bound*: bytes of one block's file, packed or not."""
KEPT_READINGS = 20
STALE_SECONDS = 30 * 24 * 3600.0
_TYPES = ("uint8", "int32", "int64", "float32")


class Kept:
    """The folder of one reading. One thread at a time; a disk that fails costs the memory only."""

    def __init__(self, root: Path, key: str) -> None:
        self._root, self._folder = root, root / key

    def load(self, block: Cell) -> dict[str, Array] | None:
        """What a block gave, or `None`."""
        path = self._path(block)
        try:
            if path.stat().st_size > LARGEST:
                return None
            return unpacked(path.read_bytes())
        except (OSError, ValueError):
            return None

    def blocks(self) -> list[Cell]:
        """The blocks that seem to be kept."""
        found: list[Cell] = []
        with contextlib.suppress(OSError):
            for entry in os.scandir(self._folder):
                column, _, row = entry.name.removesuffix(".block").partition("_")
                if entry.name.endswith(".block") and column.isdecimal() and row.isdecimal() and len(entry.name) < 40:
                    found.append((int(column), int(row)))
        return sorted(found)

    def save(self, block: Cell, arrays: Arrays) -> None:
        """Keep what a block gave."""
        path = self._path(block)
        part = path.with_suffix(".part")
        with contextlib.suppress(OSError):
            if not self._folder.exists():
                self._tidy()
                self._folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(packed(arrays))
            part.replace(path)

    def forget(self) -> None:
        """Remove everything: the reading is complete."""
        shutil.rmtree(self._folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._root.rmdir()

    def _path(self, block: Cell) -> Path:
        return self._folder / f"{block[0]}_{block[1]}.block"

    def _tidy(self) -> None:
        """Remove readings that nobody went on with."""
        with contextlib.suppress(OSError):
            old = sorted((entry for entry in self._root.iterdir() if entry.is_dir()), key=lambda e: -e.stat().st_mtime)
            for place, entry in enumerate(old):
                if place >= KEPT_READINGS or time.time() - entry.stat().st_mtime > STALE_SECONDS:
                    shutil.rmtree(entry, ignore_errors=True)


def packed(arrays: Arrays) -> bytes:
    """Arrays as bytes: a magic line, the sha256 of the rest, and the rest, compressed."""
    header = {name: [array.dtype.name, list(array.shape)] for name, array in arrays.items()}
    raw = json.dumps(header).encode()
    body = len(raw).to_bytes(8, "little") + raw + b"".join(array.tobytes() for array in arrays.values())
    squeezed = zlib.compress(body, 1)
    return MAGIC + hashlib.sha256(squeezed).digest() + squeezed


def unpacked(data: bytes) -> dict[str, Array]:
    """The arrays of `packed`. Raises `ValueError` for anything else, and takes no more memory than `LARGEST`."""
    start = len(MAGIC) + 32
    if not data.startswith(MAGIC) or hashlib.sha256(data[start:]).digest() != data[len(MAGIC) : start]:
        raise ValueError("damaged")
    try:
        opened = zlib.decompressobj()
        body = opened.decompress(data[start:], LARGEST)
    except zlib.error as error:
        raise ValueError("damaged") from error
    length = int.from_bytes(body[:8], "little")
    if opened.unconsumed_tail or not opened.eof or length > len(body) - 8:
        raise ValueError("too large or cut short")
    try:
        header: object = json.loads(body[8 : 8 + length])
    except RecursionError as error:
        raise ValueError("no header") from error
    if not isinstance(header, dict):
        raise ValueError("no header")
    place = 8 + length
    arrays: dict[str, Array] = {}
    for name, said in cast("dict[str, Any]", header).items():
        pair = cast("list[Any]", said) if isinstance(said, list) else []
        if len(pair) != 2 or pair[0] not in _TYPES or not isinstance(pair[1], list):
            raise ValueError("unknown array")
        kind, sides = str(pair[0]), cast("list[Any]", pair[1])
        if len(sides) > 4 or not all(isinstance(side, int) and 0 <= side <= LARGEST for side in sides):
            raise ValueError("impossible array")
        count = math.prod(sides)
        size = count * np.dtype(kind).itemsize
        if place + size > len(body):
            raise ValueError("cut short")
        arrays[name] = np.frombuffer(body, kind, count, place).reshape(sides)
        place += size
    return arrays
