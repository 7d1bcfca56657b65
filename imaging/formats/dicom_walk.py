"""Walk the bytes of a DICOM header to its pixels without building a dataset.

The fast way of `dicom_header`: explicit and implicit little endian and explicit big endian, with a preamble or
without. Anything unusual raises `Unusual`, and pydicom reads the file instead.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"

UNDEFINED = 0xFFFFFFFF
_FIRST = 1 << 13
_MORE = 1 << 8
_MOST = 1 << 22
_LONG = frozenset((b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"))
_SHORT = frozenset((b"US", b"SS"))
_TEXTS = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
_META = struct.Struct("<HH2sH").unpack_from
_META_LENGTH = struct.Struct("<I").unpack_from
_META_GROUP, _SYNTAX = 2, 0x00020010
_FIRST_GROUP = 8
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_DEEPEST = 16
_TEMPLATES = 16

Part = tuple[str, slice]
"""A value's name and where it lies; backwards for shorts of big endian, which so come out turned round."""


class Unusual(Exception):
    """Something the fast way does not read."""


class Walked(NamedTuple):
    """The wanted values of a header, by name and as stored in little endian; where the pixels start, their length."""

    syntax: str
    values: dict[str, bytes]
    pixels_at: int
    pixels_length: int
    has_preamble: bool


@dataclass(slots=True)
class _Found:
    """What a walk has come by: (start, end) of structure, and values."""

    fixed: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    parts: list[Part] = field(default_factory=list[Part])


class _Template:
    """The structure of one walked header: where its tags and lengths are, what they say, where its values are.

    A header with the same bytes at the same structural places has its values at the same offsets, so it need
    not be walked: the slices of a series are mostly alike but for their values.
    """

    def __init__(self, head: bytes, walked: Walked, found: _Found) -> None:
        start, end = found.fixed[-1]
        self.walked, self.last, self.last_at = walked, head[start:end], start
        self._mask = np.zeros(end, np.uint8)
        for span in found.fixed:
            self._mask[slice(*span)] = 0xFF
        self._structure = self._of(head)
        self._names, self._turned, layout, at = list[str](), list[str](), "<", 0
        for name, part in found.parts:
            backwards = part.step == -1
            first, length = (part.start - 1, 2) if backwards else (part.start, part.stop - part.start)
            self._names.append(name)
            self._turned += [name] if backwards else []
            layout += f"{first - at}x{length}s"
            at = first + length
        self._values: Callable[[bytes], tuple[bytes, ...]] = struct.Struct(layout).unpack_from

    def values(self, head: bytes) -> dict[str, bytes] | None:
        """The values of a header of this structure, all taken out at once; `None` for one of another."""
        if self._of(head) != self._structure:
            return None
        values = dict(zip(self._names, self._values(head), strict=True))
        for name in self._turned:
            values[name] = values[name][::-1]
        return values

    def _of(self, head: bytes) -> bytes:
        """The structure of a header as this template sees it: everything else is 0."""
        return (np.frombuffer(head, np.uint8, len(self._mask)) & self._mask).tobytes()


def _turned(tag: int) -> int:
    """A tag as its four bytes read in little endian: element in the high half."""
    return (tag >> 16) | (tag & 0xFFFF) << 16


class _Coding:
    """How elements are written: the structs that read them, and tags the way these structs give them."""

    def __init__(self, wanted: Mapping[int, str], pixel_tags: tuple[int, ...], little: bool, explicit: bool) -> None:
        order = "<" if little else ">"
        seen = _turned if little else int
        self.little, self.is_explicit = little, explicit
        self.explicit: Callable[..., tuple[Any, ...]] = struct.Struct(order + "I2sH").unpack_from
        self.implicit: Callable[..., tuple[Any, ...]] = struct.Struct(order + "II").unpack_from
        self.length: Callable[..., tuple[Any, ...]] = struct.Struct(order + "I").unpack_from
        self.wanted = {seen(tag): name for tag, name in wanted.items()}
        self.pixel_tags = frozenset(seen(tag) for tag in pixel_tags)
        self.item, self.item_end, self.sequence_end = seen(_ITEM), seen(_ITEM_END), seen(_SEQUENCE_END)


class Walker:
    """Walks headers for some tags; safe from any thread. Of two tags wanted by one name the later in a file wins."""

    def __init__(self, wanted: Mapping[int, str], pixel_tags: tuple[int, ...]) -> None:
        self._codings = {
            syntax: _Coding(wanted, pixel_tags, little=syntax != BIG_ENDIAN, explicit=syntax != IMPLICIT)
            for syntax in (EXPLICIT, IMPLICIT, BIG_ENDIAN)
        }
        self._wanted = wanted
        self._templates: tuple[_Template, ...] = ()
        self._much = _FIRST

    def walk(self, descriptor: int, size: int) -> Walked:
        """Walk an open file of `size` bytes. Raises `Unusual`."""
        much = self._much
        while True:
            head = os.pread(descriptor, much, 0) if sys.platform != "win32" else _seek_and_read(descriptor, much)
            if (known := self._by_template(head)) is not None:
                return known
            try:
                return self._walk(head)
            except struct.error:
                if much >= size or much >= _MOST:
                    raise Unusual("runs out") from None
                much *= 8

    def _by_template(self, head: bytes) -> Walked | None:
        """The header's values, when its structure is that of one walked before, byte for byte."""
        for template in self._templates:
            if head.startswith(template.last, template.last_at) and (values := template.values(head)) is not None:
                syntax, _, at, length, has_preamble = template.walked
                return Walked(syntax, values, at, length, has_preamble)
        return None

    def _walk(self, head: bytes) -> Walked:
        """The walk over the bytes at hand; `struct.error` when they run out."""
        found = _Found()
        has_preamble = head[128:132] == b"DICM"
        if has_preamble:
            found.fixed.append((128, 132))
        syntax, at = _file_meta(head, 132 if has_preamble else 0, found, self._wanted)
        if syntax == DEFLATED:
            raise Unusual(syntax)
        coding = self._codings.get(syntax, self._codings[EXPLICIT])
        at, length = _to_pixels(head, at, coding, found)
        walked = Walked(syntax, {name: head[part] for name, part in found.parts}, at, length, has_preamble)
        self._templates = (_Template(head, walked, found), *self._templates[: _TEMPLATES - 1])
        self._much = max(_FIRST, at + _MORE)  # the next file of the series is read in one go
        return walked


def _seek_and_read(descriptor: int, much: int) -> bytes:
    """What `pread` does, where there is none; the descriptor is this caller's own."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, much)


def _file_meta(head: bytes, at: int, found: _Found, wanted: Mapping[int, str]) -> tuple[str, int]:
    """The transfer syntax, and where the dataset starts; the meta group ends where another group begins.

    A file without preamble and meta group is taken for what its first element looks like, in little endian.
    """
    syntax = ""
    while True:
        start = at
        group, element, vr, length = _META(head, at)
        if group != _META_GROUP:
            break
        if not vr.isalpha():
            raise Unusual("file meta without value representations")
        at += 8
        if vr in _LONG:
            length = _META_LENGTH(head, at)[0]
            at += 4
        found.fixed.append((start, at))
        tag = group << 16 | element
        if tag == _SYNTAX:
            syntax = head[at : at + length].rstrip(b"\0 ").decode("ascii", "replace")
            found.fixed.append((at, at + length))
        elif tag in wanted:
            found.parts.append((wanted[tag], slice(at, at + length)))
        at += length
    if syntax:
        return syntax, at
    if at or group != _FIRST_GROUP:
        raise Unusual("no transfer syntax")
    return (EXPLICIT if vr in _TEXTS else IMPLICIT), at


def _to_pixels(head: bytes, at: int, coding: _Coding, found: _Found) -> tuple[int, int]:
    """Where the pixel data's value starts and its length, with what was found on the way."""
    explicit, implicit, long = coding.explicit, coding.implicit, coding.length
    wanted, pixel_tags, little, is_explicit = coding.wanted, coding.pixel_tags, coding.little, coding.is_explicit
    fixed, parts = found.fixed, found.parts
    vr = b""
    while True:
        start = at
        if is_explicit:
            tag, vr, length = explicit(head, at)
            at += 8
            if vr in _LONG:
                length = long(head, at)[0]
                at += 4
            elif not vr.isalpha():
                raise Unusual("no value representation")
        else:
            tag, length = implicit(head, at)
            at += 8
        if length == UNDEFINED and tag not in pixel_tags:
            at = _past_items(head, at, coding, 0)
        fixed.append((start, at))
        if tag in pixel_tags:
            return at, length
        if length == UNDEFINED:
            continue
        if tag in wanted:
            turn = not little and vr in _SHORT and length >= 2
            parts.append((wanted[tag], slice(at + 1, at - 1, -1) if turn else slice(at, at + length)))
        at += length


def _past_items(head: bytes, at: int, coding: _Coding, depth: int) -> int:
    """Where a sequence of undefined length ends."""
    if depth > _DEEPEST:
        raise Unusual("nested too deep")
    while True:
        tag, length = coding.implicit(head, at)
        at += 8
        if tag == coding.sequence_end:
            return at
        if tag != coding.item:
            raise Unusual("no item where one is due")
        at = _past_elements(head, at, coding, depth) if length == UNDEFINED else at + length


def _past_elements(head: bytes, at: int, coding: _Coding, depth: int) -> int:
    """Where an item of undefined length ends."""
    while True:
        tag, length = coding.implicit(head, at)
        if tag == coding.item_end:
            return at + 8
        if coding.is_explicit:
            tag, vr, length = coding.explicit(head, at)
            if vr in _LONG:
                length = coding.length(head, at + 8)[0]
                at += 4
            elif not vr.isalpha():
                raise Unusual("no value representation")
        at += 8
        at = _past_items(head, at, coding, depth + 1) if length == UNDEFINED else at + length
