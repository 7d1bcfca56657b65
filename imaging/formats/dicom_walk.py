"""Walk the bytes of a DICOM header to its pixels without building a dataset.

The fast way of `dicom_header`: explicit and implicit little endian and explicit big endian with a preamble.
Anything unusual raises `Unusual`, and pydicom reads the file instead.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"

UNDEFINED = 0xFFFFFFFF
_FIRST = 1 << 13
_MOST = 1 << 22
_LONG = frozenset((b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"))
_EXPLICIT = struct.Struct("<I2sH").unpack_from
_IMPLICIT = struct.Struct("<II").unpack_from
_LENGTH = struct.Struct("<I").unpack_from
_ITEM, _ITEM_END, _SEQUENCE_END = 0xE000FFFE, 0xE00DFFFE, 0xE0DDFFFE
_DEEPEST = 16
_TEMPLATES = 16


class Unusual(Exception):
    """Something the fast way does not read."""


@dataclass(frozen=True, slots=True)
class Walked:
    """The wanted values of a header, as stored, by tag; and where the pixels start and end."""

    syntax: str
    values: dict[int, bytes]
    pixels_at: int
    pixels_length: int


@dataclass(frozen=True, slots=True)
class _Template:
    """The structure of one walked header: where its tags and lengths are, what they say, where its values are.

    A header with the same bytes at the same structural places has its values at the same offsets, so it need
    not be walked: the slices of a series are mostly alike but for their values.
    """

    places: NDArray[np.intp]
    structure: bytes
    values: tuple[tuple[int, int, int], ...]
    last: bytes
    walked: Walked


_templates: list[_Template] = []


def walk_file(descriptor: int, size: int, wanted: frozenset[int], pixel_tags: frozenset[int]) -> Walked:
    """Walk an open file of `size` bytes; tags are in `swapped` form. Raises `Unusual`."""
    much = _FIRST
    while True:
        head = os.pread(descriptor, much, 0) if sys.platform != "win32" else _seek_and_read(descriptor, much)
        if (known := _by_template(head)) is not None:
            return known
        try:
            return _walk(head, wanted, pixel_tags)
        except struct.error:
            if much >= size or much >= _MOST:
                raise Unusual("runs out") from None
            much *= 8


def swapped(tag: int) -> int:
    """A tag as its four little-endian bytes read: element in the high half."""
    return (tag >> 16) | (tag & 0xFFFF) << 16


def _seek_and_read(descriptor: int, much: int) -> bytes:
    """What `pread` does, where there is none; the descriptor is this caller's own."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, much)


def _by_template(head: bytes) -> Walked | None:
    """The header's values, when its structure is that of one walked before, byte for byte."""
    for template in _templates:
        walked = template.walked
        end = walked.pixels_at
        if head[end - len(template.last) : end] == template.last:
            raw = np.frombuffer(head, np.uint8, end)
            if raw[template.places].tobytes() == template.structure:
                values = {tag: head[start:end] for tag, start, end in template.values}
                return Walked(walked.syntax, values, walked.pixels_at, walked.pixels_length)
    return None


def _walk(head: bytes, wanted: frozenset[int], pixel_tags: frozenset[int]) -> Walked:
    """The walk over the bytes at hand; `struct.error` when they run out."""
    if head[128:132] != b"DICM":
        raise Unusual("no preamble")
    syntax, at, fixed = _file_meta(head)
    if syntax == DEFLATED:
        raise Unusual(syntax)
    if syntax == BIG_ENDIAN:
        return _walk_big_endian(head, at, wanted, pixel_tags)
    explicit = syntax != IMPLICIT
    found: list[tuple[int, int, int]] = []
    while True:
        start = at
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
        if length == UNDEFINED and tag not in pixel_tags:
            at = _past_items(head, at, explicit, 0)
        fixed.append((start, at))
        if tag in pixel_tags:
            break
        if length != UNDEFINED:
            if tag in wanted:
                found.append((tag, at, at + length))
            at += length
    walked = Walked(syntax, {tag: head[start:end] for tag, start, end in found}, at, length)
    _remember(head, walked, fixed, found)
    return walked


def _remember(head: bytes, walked: Walked, fixed: list[tuple[int, int]], found: list[tuple[int, int, int]]) -> None:
    """Keep the structure of a header for the next ones; the newest few stay."""
    places = np.concatenate([np.arange(start, end) for start, end in fixed])
    structure = np.frombuffer(head, np.uint8)[places].tobytes()
    last = head[fixed[-1][0] : fixed[-1][1]]
    _templates.insert(0, _Template(places, structure, tuple(found), last, walked))
    del _templates[_TEMPLATES:]


def _file_meta(head: bytes) -> tuple[str, int, list[tuple[int, int]]]:
    """The transfer syntax, where the dataset starts, and which bytes before it are structure.

    The meta group ends where another group begins.
    """
    at, syntax, fixed = 132, "", [(128, 132)]
    while True:
        start = at
        tag, vr, length = _EXPLICIT(head, at)
        if tag & 0xFFFF != 2:
            break
        if not vr.isalpha():
            raise Unusual("file meta without value representations")
        at += 8
        if vr in _LONG:
            length = _LENGTH(head, at)[0]
            at += 4
        fixed.append((start, at))
        if tag == 0x00100002:
            syntax = head[at : at + length].rstrip(b"\0 ").decode("ascii", "replace")
            fixed.append((at, at + length))
        at += length
    if not syntax:
        raise Unusual("no transfer syntax")
    return syntax, at, fixed


def _walk_big_endian(head: bytes, at: int, wanted: frozenset[int], pixel_tags: frozenset[int]) -> Walked:
    """The same for explicit big endian without sequences of undefined length; shorts are turned round."""
    unpack: Callable[..., tuple[Any, ...]] = struct.Struct(">HH2sH").unpack_from
    values: dict[int, bytes] = {}
    while True:
        group, element, vr, length = unpack(head, at)
        tag = element << 16 | group
        at += 8
        if vr in _LONG:
            length = int.from_bytes(head[at : at + 4], "big")
            at += 4
        elif not vr.isalpha():
            raise Unusual("no value representation")
        if tag in pixel_tags:
            return Walked(BIG_ENDIAN, values, at, length)
        if length == UNDEFINED:
            raise Unusual("undefined length in big endian")
        if tag in wanted:
            value = head[at : at + length]
            values[tag] = value[1::-1] if vr in {b"US", b"SS"} else value
        at += length


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
