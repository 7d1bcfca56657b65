"""Write a BigTIFF pyramid of JPEG tiles while it is being made: tiles of any level in any order, directories last."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
from imagecodecs import jpeg8_encode
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

QUALITY = 80
SHORT, LONG, RATIONAL, ASCII, UNDEFINED, LONG8 = 3, 4, 5, 2, 7, 16
FORMATS = {SHORT: "H", LONG: "I", ASCII: "s", UNDEFINED: "s", LONG8: "Q"}
TABLE_MARKERS = (0xDB, 0xC4)


def encode(pixels: Bytes) -> bytes:
    """A complete JPEG stream, YCbCr with chroma at half the size."""
    return bytes(
        jpeg8_encode(np.ascontiguousarray(pixels), QUALITY, colorspace="RGB", outcolorspace="YCBCR", subsampling="420")
    )


def parted(stream: bytes) -> tuple[bytes, bytes]:
    """A JPEG stream as its tables (a stream of their own) and what is left without them and without the JFIF mark.

    The tables of one quality are always the same, so that all tiles of a file can share them.
    """
    tables, rest = [b"\xff\xd8"], [b"\xff\xd8"]
    at = 2
    while stream[at + 1] != 0xDA:
        (length,) = struct.unpack(">H", stream[at + 2 : at + 4])
        piece = stream[at : at + 2 + length]
        if piece[1] in TABLE_MARKERS:
            tables.append(piece)
        elif piece[1] != 0xE0:
            rest.append(piece)
        at += 2 + length
    return b"".join([*tables, b"\xff\xd9"]), b"".join([*rest, stream[at:]])


@dataclass
class Layer:
    """One level: its size and where its tiles lie in the file."""

    width: int
    height: int
    tile: int
    columns: int = field(init=False)
    rows: int = field(init=False)
    offsets: NDArray[np.uint64] = field(init=False)
    lengths: NDArray[np.uint64] = field(init=False)

    def __post_init__(self) -> None:
        self.columns, self.rows = -(-self.width // self.tile), -(-self.height // self.tile)
        self.offsets = np.zeros(self.columns * self.rows, np.uint64)
        self.lengths = np.zeros(self.columns * self.rows, np.uint64)


Tag = tuple[int, int, int, bytes]


class SlideFile:
    """A slide being written; leaving the `with` block writes the directories and gives the file its name."""

    def __init__(self, path: Path, sizes: list[tuple[int, int]], tile: int, um: float, *, aperio: bool) -> None:
        self.layers = [Layer(width, height, tile) for width, height in sizes]
        self._path, self._partial = path, path.with_suffix(path.suffix + ".partial")
        self._file = self._partial.open("wb")
        self._um, self._aperio = um, aperio
        self._tables = parted(encode(np.zeros((16, 16, 3), np.uint8)))[0]
        self._at = 16
        self._kept: dict[bytes, int] = {}
        self.pictures = dict[str, Bytes]()
        self._file.write(b"II\x2b\x00\x08\x00\x00\x00" + bytes(8))

    def __enter__(self) -> SlideFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._write_directories()
        self._file.close()
        if kind is None:
            self._partial.replace(self._path)
        else:
            self._partial.unlink(missing_ok=True)

    def put(self, level: int, column: int, row: int, stream: bytes, *, again: bool = False) -> None:
        """Add one encoded tile; with `again`, equal tiles lie in the file once. Tiles beyond the rim are dropped."""
        layer = self.layers[level]
        if column >= layer.columns or row >= layer.rows:
            return
        index = row * layer.columns + column
        layer.lengths[index] = len(stream)
        if again and stream in self._kept:
            layer.offsets[index] = self._kept[stream]
            return
        layer.offsets[index] = self._append(stream)
        if again:
            self._kept[stream] = int(layer.offsets[index])

    def finished(self, stream: bytes) -> bytes:
        """A JPEG stream as this file keeps tiles: whole, or without the tables that all share."""
        return parted(stream)[1] if self._aperio else stream

    def _append(self, content: bytes) -> int:
        start = self._at
        self._file.write(content)
        self._at += len(content)
        return start

    def _write_directories(self) -> None:
        tags = [self._level_tags(index) for index in range(len(self.layers))]
        if self._aperio:
            pictures = dict(self.pictures)
            thumbnail = pictures.pop("thumbnail")
            tags.insert(1, self._picture_tags(thumbnail, f"{self._scale()} -> {_size(thumbnail)}", 0))
            tags += [
                self._picture_tags(p, f"{name} {_size(p)}", 1 if name == "label" else 9) for name, p in pictures.items()
            ]
        link = 8
        for entries in tags:
            packed = self._packed(sorted(entries))
            self._append(bytes(-self._at % 8))
            start = self._append(packed + bytes(8))
            self._file.seek(link)
            self._file.write(struct.pack("<Q", start))
            self._file.seek(0, 2)
            link = start + len(packed)

    def _packed(self, entries: list[Tag]) -> bytes:
        lines = [struct.pack("<Q", len(entries))]
        for code, kind, count, value in entries:
            held = value
            if len(value) > 8:
                self._append(bytes(-self._at % 8))
                held = struct.pack("<Q", self._append(value))
            lines.append(struct.pack("<HHQ", code, kind, count) + held.ljust(8, b"\x00"))
        return b"".join(lines)

    def _level_tags(self, index: int) -> list[Tag]:
        layer = self.layers[index]
        tags = [
            *_common(layer.width, layer.height),
            _number(254, LONG, 1 if index and not self._aperio else 0),
            _text(270, self._description(index)),
            _number(530, SHORT, 2, 2),
            _number(322, LONG, layer.tile),
            _number(323, LONG, layer.tile),
            (324, LONG8, len(layer.offsets), layer.offsets.tobytes()),
            (325, LONG8, len(layer.lengths), layer.lengths.tobytes()),
        ]
        if self._aperio:
            tags.append((347, UNDEFINED, len(self._tables), self._tables))
        else:
            per_cm = round(10_000 / self._um * self.layers[index].width / self.layers[0].width * 1000)
            ratio = struct.pack("<II", per_cm, 1000)
            tags += [(282, RATIONAL, 1, ratio), (283, RATIONAL, 1, ratio), _number(296, SHORT, 3)]
        return tags

    def _picture_tags(self, pixels: Bytes, description: str, kind: int) -> list[Tag]:
        stream = encode(pixels)
        height, width = pixels.shape[:2]
        return [
            *_common(width, height),
            _number(254, LONG, kind),
            _text(270, f"{MAKER}\r\n{description}"),
            _number(530, SHORT, 2, 2),
            _number(273, LONG8, self._append(stream)),
            _number(278, LONG, height),
            _number(279, LONG8, len(stream)),
        ]

    def _scale(self) -> str:
        first = self.layers[0]
        return f"{first.width}x{first.height} ({first.tile}x{first.tile})"

    def _description(self, index: int) -> str:
        if not self._aperio:
            return "Made tissue for measuring; shows nobody"
        layer = self.layers[index]
        scale = self._scale() if not index else f"{self._scale()} -> {layer.width}x{layer.height}"
        power = round(10 / self._um)
        return f"{MAKER}\r\n{scale} JPEG/YCC Q={QUALITY}|AppMag = {power}|MPP = {self._um:.4f}|Title = made tissue"


MAKER = "Aperio Image Library (made for measuring by Overread)"


def _size(pixels: Bytes) -> str:
    return f"{pixels.shape[1]}x{pixels.shape[0]}"


def _number(code: int, kind: int, *values: int) -> Tag:
    return code, kind, len(values), struct.pack(f"<{len(values)}{FORMATS[kind]}", *values)


def _text(code: int, text: str) -> Tag:
    raw = text.encode("ascii") + b"\x00"
    return code, ASCII, len(raw), raw


def _common(width: int, height: int) -> list[Tag]:
    return [
        _number(256, LONG, width),
        _number(257, LONG, height),
        _number(258, SHORT, 8, 8, 8),
        _number(259, SHORT, 7),
        _number(262, SHORT, 6),
        _number(277, SHORT, 3),
        _number(284, SHORT, 1),
    ]


def halved(pixels: Bytes) -> Bytes:
    """The pixels at half the size, by area."""
    size = (pixels.shape[1] // 2, pixels.shape[0] // 2)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
