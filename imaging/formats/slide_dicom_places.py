"""What lies between a DICOM slide's header and its pixels: where each frame lies on the slide."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem
from imaging.formats.dicom_walk import UNDEFINED
from imaging.formats.slide_dicom_file import SlideFile

T = TypeVar("T")

PER_FRAME = 0x52009230
_PIXELS, _OFFSETS, _LENGTHS = 0x7FE00010, 0x7FE00001, 0x7FE00002
_COLUMN, _ROW, _Z, _PATH = 0x0048021E, 0x0048021F, 0x0040074A, 0x00480106
_WANTED = frozenset((_COLUMN, _ROW, _Z, _PATH))
_FIRST_PIXEL = b"\1\0\0\0"
_HOLDERS = frozenset((0x0048021A, 0x00480207))
"""The sequences that hold what is wanted: the plane's position on the slide, and its optical path."""
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG = frozenset((b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"))
_IMPLICIT = struct.Struct("<HHI").unpack_from
_LENGTH = struct.Struct("<I").unpack_from
_DEEPEST = 16
_MOST_ELEMENTS = 10_000
"""Elements between the groups of the frames and the pixels; mostly there are none to three."""
_FIRST = 1 << 20
_MOST = 1 << 30
"""Bytes of the groups of all frames that are read; those of a million frames."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where frames lie, one entry each: the top-left pixel in the matrix, counted from 0, focus in µm, optical path."""

    columns: NDArray[np.int64]
    rows: NDArray[np.int64]
    depths: NDArray[np.float64]
    paths: NDArray[np.intp]
    """Which of `named` each frame went through."""
    named: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def are_all_one(self) -> bool:
        """Whether all frames lie at one place, as they do where the groups say nothing of places."""
        return bool((self.columns == self.columns[:1]).all() and (self.rows == self.rows[:1]).all())


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """What follows the header: places of frames where they are given, and where the pixels are."""

    places: Places | None
    pixels_at: int
    pixels_length: int
    offsets: bytes
    lengths: bytes


def read_tail(file: SlideFile, at: int, explicit: bool, wants_places: bool) -> Tail:
    """Walk from the frames' own groups, or whatever follows them, to the pixels. Raises `ScanProblem`."""
    places: Places | None = None
    tables = {_OFFSETS: b"", _LENGTHS: b""}
    for _ in range(_MOST_ELEMENTS):
        head = file.read(at, 12)
        if len(head) < 8:
            raise ScanProblem("holds no pixels", file.path, "Get the file again")
        tag, length, size = _element(head + bytes(12 - len(head)), 0, explicit)
        at += size
        if tag == _PIXELS:
            return Tail(places, at, length, tables[_OFFSETS], tables[_LENGTHS])
        if length != UNDEFINED and at + length > file.size:
            raise ScanProblem("is cut short: it ends before its pixels", file.path, "Get the file again")
        if tag == PER_FRAME and (wants_places or length == UNDEFINED):
            places, end = _places(file, at, length, explicit)
        elif length == UNDEFINED:
            end = at + _as_much_as_needed(file, at, lambda data: _past_sequence(data, 0, None, explicit, {}, 0))
        else:
            end = at + length
            if tag in tables and length <= _MOST:
                tables[tag] = file.read(at, length)
        at = end
    raise ScanProblem("has no pixels where they are due", file.path, "Get the file again")


def _element(data: bytes, at: int, explicit: bool) -> tuple[int, int, int]:
    """Tag, length of the value, and bytes of the element's head; items have no value representation."""
    group, element, length = _IMPLICIT(data, at)
    tag = group << 16 | element
    if not explicit or group == 0xFFFE:
        return tag, length, 8
    if data[at + 4 : at + 6] in _LONG:
        return tag, _LENGTH(data, at + 8)[0], 12
    return tag, length >> 16, 8


def _places(file: SlideFile, at: int, length: int, explicit: bool) -> tuple[Places, int]:
    """The places of all frames, and where their groups end."""
    if length != UNDEFINED:
        if length > _MOST:
            raise ScanProblem(f"has {length:,} bytes of groups for its frames", file.path, "Get the file again")
        data = file.read(at, length)
        try:
            return _frames(data, explicit, length)[0], at + length
        except (struct.error, ValueError) as error:
            raise ScanProblem("has groups for its frames that cannot be read", file.path) from error
    places, end = _as_much_as_needed(file, at, lambda data: _frames(data, explicit, None))
    return places, at + end


def _as_much_as_needed(file: SlideFile, at: int, parse: Callable[[bytes], T]) -> T:
    """What `parse` makes of the bytes from a place on, when it is not said how many they are."""
    much = _FIRST
    while True:
        data = file.read(at, much)
        try:
            return parse(data)
        except struct.error:
            if len(data) < much or much >= _MOST:
                raise ScanProblem("is cut short: it ends before its pixels", file.path, "Get the file again") from None
            much *= 8
        except ValueError as error:
            raise ScanProblem("has groups for its frames that cannot be read", file.path) from error


def _frames(data: bytes, explicit: bool, end: int | None) -> tuple[Places, int]:
    """A place for each item of the frames' groups, and where they end; `struct.error` when the bytes run out."""
    at, found = 0, dict[int, bytes]()
    columns, rows, depths, paths = list[bytes](), list[bytes](), list[bytes](), list[bytes]()
    while end is None or at < end:
        tag, length, size = _element(data, at, explicit)
        at += size
        if tag == _SEQUENCE_END:
            break
        if tag != _ITEM:
            raise ValueError("no item where one is due")
        found.clear()
        at = _past_item(data, at, None if length == UNDEFINED else at + length, explicit, found, 0)
        columns.append(found.get(_COLUMN, _FIRST_PIXEL))
        rows.append(found.get(_ROW, _FIRST_PIXEL))
        depths.append(found.get(_Z, b""))
        paths.append(found.get(_PATH, b""))
    names = {path: number for number, path in enumerate(dict.fromkeys(paths))}
    heights = {depth: _number(depth) for depth in set(depths)}
    places = Places(
        _pixels(columns),
        _pixels(rows),
        np.array([heights[depth] for depth in depths], np.float64),
        np.array([names[path] for path in paths], np.intp),
        tuple(path.strip(b" \0").decode("ascii", "replace") for path in names),
    )
    return places, at


def _pixels(values: list[bytes]) -> NDArray[np.int64]:
    """Positions counted from 1, of four bytes each, as counted from 0."""
    if any(len(value) != 4 for value in values):
        raise ValueError("a position of another length")
    return np.frombuffer(b"".join(values), "<i4").astype(np.int64) - 1


def _number(text: bytes) -> float:
    """A decimal string; 0 when it is none."""
    try:
        found = float(text.strip(b" \0") or 0)
    except ValueError:
        return 0.0
    return found if math.isfinite(found) else 0.0


def _past_sequence(data: bytes, at: int, end: int | None, explicit: bool, found: dict[int, bytes], depth: int) -> int:
    """Where a sequence ends; the wanted elements inside are put into `found`."""
    while end is None or at < end:
        tag, length, size = _element(data, at, explicit)
        at += size
        if tag == _SEQUENCE_END:
            return at
        if tag != _ITEM:
            raise ValueError("no item where one is due")
        at = _past_item(data, at, None if length == UNDEFINED else at + length, explicit, found, depth)
    return at


def _past_item(data: bytes, at: int, end: int | None, explicit: bool, found: dict[int, bytes], depth: int) -> int:
    """Where an item ends; the wanted elements inside are put into `found`."""
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    while end is None or at < end:
        tag, length, size = _element(data, at, explicit)
        at += size
        if tag == _ITEM_END:
            return at
        if length == UNDEFINED or tag in _HOLDERS:
            stop = None if length == UNDEFINED else at + length
            at = _past_sequence(data, at, stop, explicit, found, depth + 1)
            continue
        if tag in _WANTED:
            found[tag] = data[at : at + length]
        at += length
    return at
