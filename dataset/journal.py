"""The journal: edits that are in no revision yet, one JSON line each, on the disk before anyone is told they are kept.

A line is `{"c":"<crc32 of the rest>","e":{…}}`. The first line says whose journal it is; each further one is an edit.
Of a mask that the journal has written before, only the tiles that changed are written. Reading stops at the first
line that is not whole: a last line cut short by a kill was never said to be kept.
"""

from __future__ import annotations

import base64
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import cast

import numpy as np

from dataset.annotation import Annotation, now
from dataset.document import Edit
from dataset.durable import sync_created, told, write_all
from dataset.facts import Facts, Malformed, items, parse_json, read_bytes, to_json
from dataset.marks import MANY_MARKS, Json, annotation_from_json, annotation_to_json, outline_from_json
from dataset.mask import TILE, Mask, Tile, TileKey, shared_tile
from dataset.piecewise import collector_paused
from imaging.geometry import Axis

LARGEST_JOURNAL = 2**32


@dataclass(frozen=True, slots=True)
class JournalText:
    """A journal as read: whose it is, its edits with their numbers from 1, and whether a line in it is damaged."""

    scan: str
    author: str
    started: datetime
    edits: tuple[Edit, ...]
    is_damaged: bool


class Journal:
    """A journal being written. Used from one thread at a time; the caller sees to that."""

    def __init__(self, path: Path, scan: str, author: str) -> None:
        self.path = path
        self._scan, self._author = scan, author
        self._descriptor: int | None = None
        self._written = 0
        self._masks: dict[str, Mask] = {}
        self.number = 0
        self.is_broken = False

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def append(self, edit: Edit) -> int:
        """Write an edit; it is on the disk when this returns, with the number given. All or nothing."""
        with collector_paused(len(edit.put) > MANY_MARKS):
            body, masks = _edit_to_json(edit, self._masks)
            line = _line(body)
        with told(self.path.parent):
            if self._descriptor is None:
                self._descriptor = self._create(line)
            else:
                try:
                    write_all(self._descriptor, line)
                    os.fsync(self._descriptor)
                except OSError:
                    self._take_back(self._descriptor)
                    raise
                self._written += len(line)
        self._masks.update(masks)
        for annotation_id in edit.remove:
            self._masks.pop(annotation_id, None)
        self.number += 1
        return self.number

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _create(self, line: bytes) -> int:
        """Make the file with its first two lines; nothing stays where that fails."""
        head = _line({"journal": 1, "scan": self._scan, "author": self._author, "started": now().isoformat()})
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self.path, flags, 0o666)
        try:
            write_all(descriptor, head + line)
            sync_created(descriptor, self.path.parent)
        except OSError:
            os.close(descriptor)
            with suppress(OSError):
                self.path.unlink()
            raise
        self._written = len(head + line)
        return descriptor

    def _take_back(self, descriptor: int) -> None:
        """After a failed write: what is in the file beyond the last kept line goes, so the next line can follow it."""
        try:
            os.ftruncate(descriptor, self._written)
            os.lseek(descriptor, self._written, os.SEEK_SET)
        except OSError:
            # Nothing may follow a torn line, since reading stops there; the next edit goes into another file.
            self.is_broken = True


def is_cut_short(path: Path) -> bool:
    """Whether something in a journal cannot be read that its author took for kept; what it says is not looked at."""
    bodies, is_damaged = _bodies(path)
    return bool(bodies) and is_damaged


def read_journal(path: Path) -> JournalText | None:
    """What a journal holds; `None` where not even its first line is whole."""
    views, is_damaged = _bodies(path)
    if not views:
        return None
    bodies = [bytes(view) for view in views]
    head = parse_json(bodies[0], path, lambda facts: facts)
    edits = tuple(_edits(bodies[1:], path))
    return parse_json(
        bodies[0],
        path,
        lambda _: JournalText(head.text("scan"), head.text("author"), head.time("started"), edits, is_damaged),
    )


def _bodies(path: Path) -> tuple[list[memoryview], bool]:
    """What the lines say up to the first that is not as it was written, and whether any follows that one."""
    data = read_bytes(path, LARGEST_JOURNAL)
    whole = memoryview(data)  # lines may be large: a copy would keep other threads waiting
    bodies: list[memoryview] = []
    start, end = 0, data.find(b"\n")
    while end >= 0:
        body = _body(whole[start:end])
        start, end = end + 1, data.find(b"\n", end + 1)
        if body is None:
            return bodies, end >= 0
        bodies.append(body)
    return bodies, False


def _line(body: Json) -> bytes:
    data = to_json(body)
    return b'{"c":"%08x","e":%b}\n' % (zlib.crc32(data), data)


def _body(line: memoryview) -> memoryview | None:
    """The part of a line that says something, or `None` where the line is not as it was written."""
    body = line[20:-1]
    head, last = b'{"c":"%08x","e":' % zlib.crc32(body), bytes(line[-1:])
    return body if len(line) > len(head) and bytes(line[: len(head)]) == head and last == b"}" else None


def _edits(bodies: list[bytes], path: Path) -> Iterator[Edit]:
    masks: dict[str, Mask] = {}

    def annotation(value: object) -> Annotation:
        entry = Facts(value, "put")
        if "mask" not in entry:
            return annotation_from_json(entry, outline_from_json(entry))
        mask = _mask_from_json(entry.inner("mask"), masks.get(entry.text("id")))
        masks[entry.text("id")] = mask
        return annotation_from_json(entry, mask)

    def make(facts: Facts) -> Edit:
        remove = facts.texts("remove")
        for annotation_id in remove:
            masks.pop(annotation_id, None)
        put = cast("Sequence[Annotation]", facts.items("put"))
        return Edit(facts.text("title"), tuple(put), remove, facts.texts("reject"), facts.texts("restore"))

    for body in bodies:
        yield parse_json(body, path, make, {"put": annotation})


def _edit_to_json(edit: Edit, masks: Mapping[str, Mask]) -> tuple[Json, dict[str, Mask]]:
    """An edit as JSON, and the masks it wrote; masks written before are only followed up."""
    put: list[Json] = []
    written: dict[str, Mask] = {}
    for annotation in edit.put:
        entry = annotation_to_json(annotation)
        if isinstance(annotation.geometry, Mask):
            before = written.get(annotation.id) or masks.get(annotation.id)
            entry["mask"] = _mask_to_json(annotation.geometry, before)
            written[annotation.id] = annotation.geometry
        put.append(entry)
    body: Json = {"title": edit.title}
    lists: tuple[tuple[str, object], ...] = (
        ("put", put),
        ("remove", list(edit.remove)),
        ("reject", list(edit.reject)),
        ("restore", list(edit.restore)),
    )
    return body | {key: value for key, value in lists if value}, written


def _mask_to_json(mask: Mask, before: Mask | None) -> Json:
    """A mask's tiles, or the tiles that differ from `before`."""
    known: Mapping[TileKey, Tile] = before.tiles if before is not None and before.axis == mask.axis else {}
    changed = [(key, tile) for key, tile in mask.tiles.items() if known.get(key) is not tile]
    body: Json = {"axis": mask.axis, "set": [_tile_to_json(key, tile) for key, tile in changed]}
    if known:
        body["on"] = True
        gone = [[key.plane, key.row, key.column] for key in known if key not in mask.tiles]
        if gone:
            body["drop"] = gone
    return body


def _mask_from_json(facts: Facts, before: Mask | None) -> Mask:
    axis = facts.whole("axis")
    if axis not in {0, 1, 2}:
        raise Malformed(f"axis {axis} is none")
    tiles: dict[TileKey, Tile] = {}
    if facts.truth("on", False):
        if before is None:
            raise Malformed("a mask follows up another that is not there")
        tiles.update(before.tiles)
    for entry in facts.items("drop"):
        tiles.pop(_key(items(entry, "a tile")), None)
    for entry in facts.items("set"):
        values = items(entry, "a tile")
        tiles[_key(values)] = _tile_from_json(values)
    return Mask(cast("Axis", axis), MappingProxyType(tiles))


def _tile_to_json(key: TileKey, tile: Tile) -> list[object]:
    """Plane, row, column, x, y, width, height, and the bits packed row after row, deflated where that is shorter."""
    height, width = tile.bits.shape
    packed = np.packbits(tile.bits).tobytes()
    short = zlib.compress(packed, 1) if len(packed) > 64 else packed
    how, data = ("z", short) if len(short) < len(packed) else ("p", packed)
    text = base64.b64encode(data).decode()
    return [key.plane, key.row, key.column, tile.x, tile.y, width, height, how + text]


def _tile_from_json(values: Sequence[object]) -> Tile:
    x, y, width, height = (_whole(value) for value in values[3:7])
    text = values[7] if len(values) == 8 else None
    if not isinstance(text, str) or min(x, y) < 0 or min(width, height) < 1 or max(x + width, y + height) > TILE:
        raise Malformed("a tile of a mask is no tile")
    count = (width * height + 7) // 8
    try:
        data = base64.b64decode(text[1:], validate=True)
        packed = zlib.decompressobj().decompress(data, count) if text[:1] == "z" else data
    except (ValueError, zlib.error) as error:
        raise Malformed("a tile of a mask is damaged") from error
    if len(packed) != count:
        raise Malformed("a tile of a mask has too few bits")
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=width * height).reshape(height, width).astype(np.bool_)
    bits.flags.writeable = False
    return shared_tile(Tile(x, y, bits))


def _key(values: Sequence[object]) -> TileKey:
    plane, row, column = (_whole(value) for value in values[:3])
    return TileKey(plane, row, column)


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Malformed("a tile's place is no whole number")
    return value
