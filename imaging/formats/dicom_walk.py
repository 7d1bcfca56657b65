"""Walk the bytes of a little-endian DICOM header to its pixels without building a dataset.

The fast way of `dicom_header`: anything unusual raises `Unusual`, and pydicom reads the file instead.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"

UNDEFINED = 0xFFFFFFFF
_FIRST = 1 << 14
_MOST = 1 << 22
_LONG = frozenset((b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"))
_EXPLICIT = struct.Struct("<I2sH").unpack_from
_IMPLICIT = struct.Struct("<II").unpack_from
_LENGTH = struct.Struct("<I").unpack_from
_ITEM, _ITEM_END, _SEQUENCE_END = 0xE000FFFE, 0xE00DFFFE, 0xE0DDFFFE
_DEEPEST = 16


class Unusual(Exception):
    """Something the fast way does not read."""


@dataclass(frozen=True, slots=True)
class Walked:
    """The wanted values of a header, as stored, by tag; and where the pixels start and end."""

    syntax: str
    values: dict[int, bytes]
    pixels_at: int
    pixels_length: int


def swapped(tag: int) -> int:
    """A tag as its four little-endian bytes read: element in the high half."""
    return (tag >> 16) | (tag & 0xFFFF) << 16


def walk_file(descriptor: int, wanted: frozenset[int], pixel_tags: frozenset[int]) -> Walked:
    """Walk an open file; tags are in `swapped` form. Raises `Unusual` for all that is not plain little endian."""
    much = _FIRST
    size = os.fstat(descriptor).st_size
    while True:
        head = os.pread(descriptor, much, 0) if hasattr(os, "pread") else _seek_and_read(descriptor, much)
        try:
            return _walk(head, wanted, pixel_tags)
        except struct.error:
            if much >= size or much >= _MOST:
                raise Unusual("runs out") from None
            much *= 8


def _seek_and_read(descriptor: int, much: int) -> bytes:
    """What `pread` does, where there is none; the descriptor is this caller's own."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, much)


def _walk(head: bytes, wanted: frozenset[int], pixel_tags: frozenset[int]) -> Walked:
    """The walk over the bytes at hand; `struct.error` when they run out."""
    if head[128:132] != b"DICM":
        raise Unusual("no preamble")
    syntax, at = _file_meta(head)
    if syntax in {BIG_ENDIAN, DEFLATED}:
        raise Unusual(syntax)
    explicit = syntax != IMPLICIT
    values: dict[int, bytes] = {}
    while True:
        if explicit:
            tag, vr, length = _EXPLICIT(head, at)
            if vr in _LONG:
                length = _LENGTH(head, at + 8)[0]
                at += 12
            else:
                at += 8
        else:
            tag, length = _IMPLICIT(head, at)
            at += 8
        if tag in pixel_tags:
            return Walked(syntax, values, at, length)
        if length == UNDEFINED:
            at = _past_items(head, at, explicit, 0)
        else:
            if tag in wanted:
                values[tag] = head[at : at + length]
            at += length


def _file_meta(head: bytes) -> tuple[str, int]:
    """The transfer syntax and where the dataset starts."""
    tag, vr, length = _EXPLICIT(head, 132)
    if tag != 0x00000002 or vr != b"UL" or length != 4:
        raise Unusual("no file meta group length")
    end = 144 + _LENGTH(head, 140)[0]
    at, syntax = 144, ""
    while at < end:
        tag, vr, length = _EXPLICIT(head, at)
        if tag & 0xFFFF != 2:
            raise Unusual("file meta length is wrong")
        at += 8
        if vr in _LONG:
            length = _LENGTH(head, at)[0]
            at += 4
        if tag == 0x00100002:
            syntax = head[at : at + length].rstrip(b"\0 ").decode("ascii", "replace")
        at += length
    if at != end or not syntax:
        raise Unusual("file meta does not add up")
    return syntax, end


def _past_items(head: bytes, at: int, explicit: bool, depth: int) -> int:
    """Where a sequence of undefined length ends."""
    if depth > _DEEPEST:
        raise Unusual("nested too deep")
    while True:
        tag, length = _IMPLICIT(head, at)
        at += 8
        if tag == _SEQUENCE_END:
            return at
        if tag != _ITEM:
            raise Unusual("no item where one is due")
        at = _past_elements(head, at, explicit, depth) if length == UNDEFINED else at + length


def _past_elements(head: bytes, at: int, explicit: bool, depth: int) -> int:
    """Where an item of undefined length ends."""
    while True:
        tag, length = _IMPLICIT(head, at)
        if tag == _ITEM_END:
            return at + 8
        if explicit:
            tag, vr, length = _EXPLICIT(head, at)
            if vr in _LONG:
                length = _LENGTH(head, at + 8)[0]
                at += 4
            elif not vr.isalpha():
                raise Unusual("no value representation")
        at += 8
        at = _past_items(head, at, explicit, depth + 1) if length == UNDEFINED else at + length
