"""What lies between a DICOM slide's header and its pixels: where each frame lies on the slide."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from imaging.errors import ScanProblem
from imaging.formats.dicom_walk import UNDEFINED
from imaging.formats.slide_dicom_file import SlideFile

T = TypeVar("T")

PER_FRAME = 0x52009230
_PIXELS, _OFFSETS, _LENGTHS = 0x7FE00010, 0x7FE00001, 0x7FE00002
_COLUMN, _ROW, _Z, _PATH = 0x0048021E, 0x0048021F, 0x0040074A, 0x00480106
_WANTED = frozenset((_COLUMN, _ROW, _Z, _PATH))
_HOLDERS = frozenset((0x0048021A, 0x00480207))
"""The sequences that hold what is wanted: the plane's position on the slide, and its optical path."""
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG = frozenset((b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"))
_DEEPEST = 16
_FIRST = 1 << 20
_MOST = 1 << 30
"""Bytes of the groups of all frames that are read; those of a million frames."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a frame lies: its top-left pixel in the matrix, counted from 0, its focus in µm, its optical path."""

    column: int
    row: int
    z: float
    path: str


@dataclass(frozen=True, slots=True)
class Tail:
    """What follows the header: places of frames where they are given, and where the pixels are."""

    places: tuple[Place, ...]
    pixels_at: int
    pixels_length: int
    offsets: bytes
    lengths: bytes


def read_tail(file: SlideFile, at: int, explicit: bool, wants_places: bool) -> Tail:
    """Walk from the frames' own groups, or whatever follows them, to the pixels. Raises `ScanProblem`."""
    places: tuple[Place, ...] = ()
    tables = {_OFFSETS: b"", _LENGTHS: b""}
    while True:
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


def _element(data: bytes, at: int, explicit: bool) -> tuple[int, int, int]:
    """Tag, length of the value, and bytes of the element's head; items have no value representation."""
    group, element = struct.unpack_from("<HH", data, at)
    tag = group << 16 | element
    if not explicit or group == 0xFFFE:
        return tag, struct.unpack_from("<I", data, at + 4)[0], 8
    if data[at + 4 : at + 6] in _LONG:
        return tag, struct.unpack_from("<I", data, at + 8)[0], 12
    return tag, struct.unpack_from("<H", data, at + 6)[0], 8


def _places(file: SlideFile, at: int, length: int, explicit: bool) -> tuple[tuple[Place, ...], int]:
    """The places of all frames, and where their groups end."""
    if length != UNDEFINED:
        if length > _MOST:
            raise ScanProblem(f"has {length:,} bytes of groups for its frames", file.path, "Get the file again")
        data = file.read(at, length)
        try:
            return tuple(_frames(data, explicit, length)[0]), at + length
        except (struct.error, ValueError) as error:
            raise ScanProblem("has groups for its frames that cannot be read", file.path) from error
    places, end = _as_much_as_needed(file, at, lambda data: _frames(data, explicit, None))
    return tuple(places), at + end


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


def _frames(data: bytes, explicit: bool, end: int | None) -> tuple[list[Place], int]:
    """A place for each item of the frames' groups, and where they end; `struct.error` when the bytes run out."""
    at, places = 0, list[Place]()
    while end is None or at < end:
        tag, length, size = _element(data, at, explicit)
        at += size
        if tag == _SEQUENCE_END:
            break
        if tag != _ITEM:
            raise ValueError("no item where one is due")
        found: dict[int, bytes] = {}
        at = _past_item(data, at, None if length == UNDEFINED else at + length, explicit, found, 0)
        places.append(_place(found))
    return places, at


def _place(found: dict[int, bytes]) -> Place:
    """The place that the elements of a frame's groups name; the first tile where they name none."""
    column, row = found.get(_COLUMN, b""), found.get(_ROW, b"")
    try:
        z = float(found.get(_Z, b"0").strip(b" \0") or 0)
    except ValueError:
        z = 0.0
    return Place(
        struct.unpack("<i", column)[0] - 1 if len(column) == 4 else 0,
        struct.unpack("<i", row)[0] - 1 if len(row) == 4 else 0,
        z,
        found.get(_PATH, b"").strip(b" \0").decode("ascii", "replace"),
    )


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
