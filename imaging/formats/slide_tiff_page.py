"""One directory of a TIFF slide as a grid of tiles: where each is stored, and how it becomes pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem, one_line
from imaging.formats import slide_tiff_directory as tags
from imaging.formats.slide_tiff_codec import JPEG, NAMES, RGB, Codec, check_compression
from imaging.formats.slide_tiff_directory import Directory
from imaging.pyramid import check_size, check_tile
from imaging.scan import Pixels

_MINISWHITE, _MINISBLACK, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_COLOURS = frozenset((_RGB, _PALETTE, _YCBCR))
_MOST_TILES = 2**24
_STRIP_ROWS = 256
"""Strips are read in bands of about so many rows."""
_LARGEST_BAND = 2**24
"""Bytes of a band of strips, at most (unless one strip is larger)."""
_MOST_SAMPLES = 64


@dataclass(frozen=True, slots=True)
class Shape:
    """What directories of one scan share."""

    dtype: str
    channels: int
    colour: bool
    inverted: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """The tiles of one directory. `tile` is what is read at once: a stored tile, or a band of strips."""

    directory: Directory
    width: int
    height: int
    tile: tuple[int, int]
    shape: Shape
    codec: Codec
    strip: int
    """Rows of a stored strip; 0 where pixels are kept in tiles."""
    across: int
    """Stored tiles in a row."""
    per_sample: int
    """Stored tiles of one sample where each sample has its own; 0 where pixels are kept together."""
    offsets: NDArray[np.uint64]
    lengths: NDArray[np.uint64]
    palette: NDArray[np.uint8] | None = None

    def pixels(self, column: int, row: int) -> Pixels:
        """A whole tile (at the rim: with what lies beyond), (rows, columns[, channels])."""
        planes = self.shape.channels if self.per_sample else 1
        parts = [self._part(column, row, sample) for sample in range(planes)]
        pixels = parts[0] if planes == 1 else np.concatenate(parts, axis=2)
        if self.palette is not None:
            return self.palette[np.minimum(pixels[..., 0], len(self.palette) - 1)]
        if self.shape.colour and pixels.dtype.itemsize > 1:
            pixels = (pixels[..., :3] >> (8 * (pixels.dtype.itemsize - 1))).astype(np.uint8)
        channels = self.shape.channels
        return pixels[..., 0] if channels == 1 else pixels[..., :channels]

    def screen(self, column: int, row: int) -> NDArray[np.uint32] | None:
        """A whole JPEG tile as 0xFFRRGGBB; `None` for what is stored otherwise."""
        if self.codec.compression != JPEG or self.strip or self.per_sample or not self.shape.colour:
            return None
        data = self._data(row * self.across + column)
        width, height = self.tile
        if data is None:
            return np.full((height, width), 0xFFFFFFFF, np.uint32)
        try:
            return self.codec.screen(data, width, height)
        except Exception as error:
            raise self._unreadable(column, row, error) from error

    def whole(self) -> Pixels:
        """All pixels, for pictures beside a slide."""
        across, down = self.tile
        rows = [
            np.concatenate([self.pixels(c, r) for c in range(-(-self.width // across))], axis=1)
            for r in range(-(-self.height // down))
        ]
        return np.concatenate(rows)[: self.height, : self.width]

    def beyond(self) -> int:
        """How many tiles lie behind the end of the file."""
        ends = self.offsets + self.lengths
        return int(np.count_nonzero((ends > self.directory.storage.size) | (ends < self.offsets)))

    def _part(self, column: int, row: int, sample: int) -> Pixels:
        """The stored samples of a tile, (rows, columns, samples)."""
        width, height = self.tile
        first = sample * self.per_sample
        try:
            if not self.strip:
                return self._stored(first + row * self.across + column, width, height)
            top, bottom = row * height, min((row + 1) * height, self.height)
            bands = [
                self._stored(first + at // self.strip, width, min(self.strip, self.height - at))
                for at in range(top, bottom, self.strip)
            ]
            return bands[0] if len(bands) == 1 else np.concatenate(bands)
        except ScanProblem:
            raise
        except Exception as error:
            raise self._unreadable(column, row, error) from error

    def _stored(self, index: int, width: int, height: int) -> Pixels:
        """A stored tile or strip; blank where it was left out."""
        data = self._data(index)
        if data is None:
            blank = 255 if self.shape.colour and self.palette is None else 0
            return np.full((height, width, self.codec.samples), blank, self.codec.dtype.newbyteorder("="))
        return self.codec.pixels(data, width, height)

    def _data(self, index: int) -> bytes | None:
        """The stored bytes of a tile; `None` where it was left out."""
        length = int(self.lengths[index])
        if not length:
            return None
        storage = self.directory.storage
        offset = int(self.offsets[index])
        if offset + length > storage.size:
            raise ScanProblem("a tile lies behind the end of the file", storage.path, "Get the file again")
        return storage.read(offset, length)

    def _unreadable(self, column: int, row: int, error: Exception) -> ScanProblem:
        """What to say of a tile that cannot be decoded."""
        if isinstance(error, ScanProblem):
            return error
        said = error.strerror or one_line(error) if isinstance(error, OSError) else one_line(error)
        advice = "Check that the file is still there" if isinstance(error, OSError) else "Get the file again"
        path = self.directory.storage.path
        return ScanProblem(
            f"tile ({column}, {row}) of {self.width:,} × {self.height:,} cannot be read ({said})", path, advice
        )


def shape_of(directory: Directory) -> Shape:
    """What kind of pixels a directory holds. Raises `ScanProblem` for kinds that are not read."""
    path = directory.storage.path
    samples = directory.number(tags.SAMPLES, 1)
    photometric = directory.number(tags.PHOTOMETRIC, _MINISBLACK)
    dtype = _dtype(directory)
    if not 1 <= samples <= _MOST_SAMPLES or directory.number(tags.DEPTH, 1) != 1:
        raise ScanProblem("stores its pixels in a way that is not readable", path, "Save it as a plain TIFF")
    compression = directory.number(tags.COMPRESSION, 1)
    check_compression(compression, path)
    if NAMES[compression] in {"JPEG 2000", "JPEG XL", "WebP"} and samples >= 3 and photometric > _RGB:
        photometric = _RGB  # these bring colours of their own
    notes: list[str] = []
    if photometric in _COLOURS:
        if dtype.kind != "u" or dtype.itemsize > 2 or (samples < 3 and photometric != _PALETTE):
            raise ScanProblem(f"has colours of type {dtype.name}, which are not readable", path, "Save it as RGB")
        if photometric == _YCBCR and NAMES[compression] != "JPEG":
            raise ScanProblem("keeps brightness and colour apart without JPEG, which is not readable", path)
        if dtype.itemsize > 1 and photometric != _PALETTE:
            notes.append(f"colours of {dtype.itemsize * 8} bits were cut to 8")
        if samples > 3:
            notes.append("its transparency is left out")
        return Shape("uint8", 3, True, notes=tuple(notes))
    if photometric not in {_MINISWHITE, _MINISBLACK}:
        raise ScanProblem(f"has colours of kind {photometric}, which are not readable", path, "Save it as RGB")
    if NAMES[compression] == "JPEG" and samples != 1 and directory.number(tags.PLANAR, 1) == 1:
        raise ScanProblem(f"holds {samples} channels in one JPEG, which is not readable", path)
    extra = directory.array(tags.EXTRA_SAMPLES, _MOST_SAMPLES)
    alpha = int(np.count_nonzero((extra == 1) | (extra == 2))) if samples > 1 else 0
    if alpha and samples > alpha:
        notes.append("its transparency is left out")
        samples -= alpha
    return Shape(
        dtype.newbyteorder("=").name, samples, False, photometric == _MINISWHITE and samples == 1, tuple(notes)
    )


def _dtype(directory: Directory) -> np.dtype[np.generic]:
    """The type of a stored sample."""
    path = directory.storage.path
    bits = {int(b) for b in directory.array(tags.BITS, _MOST_SAMPLES)} or {1}
    kinds = {int(k) for k in directory.array(tags.SAMPLE_FORMAT, _MOST_SAMPLES)} or {1}
    kind = {1: "u", 2: "i", 3: "f", 4: "u"}.get(min(kinds), "")
    size = max(bits)
    if len(bits) != 1 or len(kinds) != 1 or not kind or size not in ({8, 16, 32} if kind != "f" else {32, 64}):
        said = ", ".join(str(b) for b in sorted(bits))
        raise ScanProblem(f"holds samples of {said} bits, which are not readable on slides", path)
    return np.dtype(f"{directory.order}{kind}{size // 8}")


def page_of(directory: Directory) -> Page:
    """The grid of a directory. Raises `ScanProblem` when it cannot be read."""
    path = directory.storage.path
    shape = shape_of(directory)
    width, height = directory.width, directory.height
    check_size(width, height, path)
    if directory.number(tags.FILL_ORDER, 1) != 1:
        raise ScanProblem("stores its bits in reverse order, which is not readable", path)
    dtype = _dtype(directory)
    stored = directory.number(tags.SAMPLES, 1)
    apart = directory.number(tags.PLANAR, 1) == 2 and stored > 1
    strip = 0
    if directory.is_tiled:
        across, down = directory.number(tags.TILE_WIDTH), directory.number(tags.TILE_HEIGHT)
        check_tile(across, down, path, stored * dtype.itemsize)
    else:
        strip = min(directory.number(tags.ROWS_PER_STRIP, height) or height, height)
        check_tile(width, strip, path, stored * dtype.itemsize)
        across = width
        bytes_of_strip = max(1, width * strip * stored * dtype.itemsize)
        down = strip * max(1, min(_STRIP_ROWS // strip, _LARGEST_BAND // bytes_of_strip))
    columns = -(-width // across)
    count = columns * -(-height // (strip or down))
    offsets, lengths = _places(directory, count * (stored if apart else 1))
    codec = _codec(directory, dtype, 1 if apart else stored)
    page = Page(
        directory, width, height, (across, down), shape, codec, strip, columns, count if apart else 0, offsets, lengths
    )
    return replace(page, palette=_palette(directory), codec=_with_colours(page))


def _places(directory: Directory, count: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Offsets and lengths of stored tiles or strips."""
    path = directory.storage.path
    if count > _MOST_TILES:
        raise ScanProblem(f"claims to have {count:,} tiles; up to {_MOST_TILES:,} are read", path)
    at, sizes = (
        (tags.TILE_OFFSETS, tags.TILE_BYTES)
        if tags.TILE_OFFSETS in directory
        else (tags.STRIP_OFFSETS, tags.STRIP_BYTES)
    )
    offsets, lengths = directory.array(at, count), directory.array(sizes, count)
    if len(offsets) < count or len(lengths) < count:
        raise ScanProblem(f"names {min(len(offsets), len(lengths)):,} of {count:,} tiles", path, "Get the file again")
    return offsets.astype(np.uint64), lengths.astype(np.uint64)


def _codec(directory: Directory, dtype: np.dtype[np.generic], samples: int) -> Codec:
    """How the tiles of a directory are stored."""
    path = directory.storage.path
    compression, predictor = directory.number(tags.COMPRESSION, 1), directory.number(tags.PREDICTOR, 1)
    if predictor not in {1, 2, 3} or (predictor == 3) != (predictor != 1 and dtype.kind == "f"):
        raise ScanProblem(f"has predictor {predictor}, which is not readable", path)
    if NAMES[compression] == "JPEG":
        if dtype != np.dtype("u1") or samples not in {1, 3}:
            raise ScanProblem(f"holds JPEG of {samples} × {dtype.itemsize * 8} bits, which is not readable", path)
        predictor = 1
    tables = directory.data(tags.JPEG_TABLES) if compression == JPEG else b""
    return Codec(compression, dtype, samples, predictor, tables or None)


def _with_colours(page: Page) -> Codec:
    """The codec of a page; JPEG tiles of RGB colours that do not say they are YCbCr (no JFIF marker) are RGB."""
    codec = page.codec
    if codec.compression != JPEG or codec.samples != 3 or page.directory.number(tags.PHOTOMETRIC) != _RGB:
        return codec
    stored = np.flatnonzero(page.lengths > 10)
    if stored.size and page.directory.storage.size > int(page.offsets[stored[0]]) + 10:
        start = page.directory.storage.read(int(page.offsets[stored[0]]), 10)
        if start[6:10] == b"JFIF":
            return codec
    return replace(codec, jpeg_colours=RGB)


def _palette(directory: Directory) -> NDArray[np.uint8] | None:
    """The colours of a palette, (values, 3)."""
    if directory.number(tags.PHOTOMETRIC, _MINISBLACK) != _PALETTE:
        return None
    values = directory.array(tags.COLOUR_MAP, 3 * 2**16).astype(np.uint16)
    if values.size < 3 or values.size % 3:
        raise ScanProblem("has a damaged palette", directory.storage.path, "Get the file again")
    return np.ascontiguousarray((values.reshape(3, -1) >> 8).astype(np.uint8).T)
