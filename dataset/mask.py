"""Masks: sets of pixels kept as small immutable tiles, copied on write.

A mask lies on the planes of one axis. Tile (plane, row, column) covers 256 × 256 pixels from
(column × 256, row × 256); only the bounding rectangle of its set pixels is stored. Two masks share the
tiles they have in common, so an undo history of brush strokes costs only the tiles that were touched. All tiles that
are wholly set are one and the same, so the inside of a large area costs no memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import Axis

TILE = 256
Bits = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, order=True)
class TileKey:
    """Which tile: plane index, tile row, tile column."""

    plane: int
    row: int
    column: int


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """The set pixels of a tile: `bits` is their bounding rectangle, its corner at (x, y) in the tile."""

    x: int
    y: int
    bits: Bits

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tile):
            return NotImplemented
        return (self.x, self.y) == (other.x, other.y) and np.array_equal(self.bits, other.bits)

    def __hash__(self) -> int:
        return hash((self.x, self.y, self.bits.shape, self.bits.tobytes()))

    @property
    def byte_count(self) -> int:
        """Bytes of its own; a tile that is wholly set has none."""
        return 0 if self.bits is _ALL.bits else self.bits.nbytes

    def full(self) -> Bits:
        """A fresh, writable 256 × 256 array."""
        out = np.zeros((TILE, TILE), np.bool_)
        height, width = self.bits.shape
        out[self.y : self.y + height, self.x : self.x + width] = self.bits
        return out


def _all_set() -> Tile:
    """The one tile that is wholly set."""
    bits = np.ones((TILE, TILE), np.bool_)
    bits.flags.writeable = False
    return Tile(0, 0, bits)


_ALL = _all_set()


def shared_tile(tile: Tile) -> Tile:
    """The tile itself, or the one that all wholly set tiles are."""
    return _ALL if tile.bits.shape == (TILE, TILE) and tile.bits.all() else tile


def tile_of(full: Bits) -> Tile | None:
    """The trimmed tile of a 256 × 256 array, or `None` when nothing is set."""
    if full.all():
        return _ALL
    rows = np.flatnonzero(full.any(axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(full.any(axis=0))
    bits = full[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()
    bits.flags.writeable = False
    return Tile(int(columns[0]), int(rows[0]), bits)


@dataclass(frozen=True, slots=True)
class Mask:
    """A set of pixels on the planes of one axis."""

    axis: Axis
    tiles: Mapping[TileKey, Tile]

    def __hash__(self) -> int:
        return hash((self.axis, frozenset(self.tiles)))

    @property
    def is_empty(self) -> bool:
        """Whether no pixel is set."""
        return not self.tiles

    @property
    def planes(self) -> tuple[int, ...]:
        """The plane indices with set pixels, ascending."""
        return tuple(sorted({key.plane for key in self.tiles}))

    @property
    def byte_count(self) -> int:
        """Bytes of the stored tiles."""
        return sum(tile.byte_count for tile in self.tiles.values())

    def count(self) -> int:
        """How many pixels are set."""
        whole = sum(tile is _ALL for tile in self.tiles.values())
        rest = sum(int(np.count_nonzero(tile.bits)) for tile in self.tiles.values() if tile is not _ALL)
        return whole * TILE * TILE + rest

    def on_plane(self, plane: int) -> Iterator[tuple[int, int, Bits]]:
        """The set rectangles of a plane: x, y in plane pixels, and bits."""
        for key, tile in self.tiles.items():
            if key.plane == plane:
                yield key.column * TILE + tile.x, key.row * TILE + tile.y, tile.bits

    def pieces(self) -> Iterator[tuple[int, int, int, Bits]]:
        """All set rectangles: plane, x, y in plane pixels, and bits."""
        for key, tile in self.tiles.items():
            yield key.plane, key.column * TILE + tile.x, key.row * TILE + tile.y, tile.bits

    def bounds(self, plane: int) -> tuple[int, int, int, int] | None:
        """x, y, width, height of the set pixels of a plane, or `None`."""
        pieces = [(x, y, x + b.shape[1], y + b.shape[0]) for x, y, b in self.on_plane(plane)]
        if not pieces:
            return None
        x0, y0 = min(p[0] for p in pieces), min(p[1] for p in pieces)
        x1, y1 = max(p[2] for p in pieces), max(p[3] for p in pieces)
        return x0, y0, x1 - x0, y1 - y0

    def crop(self, plane: int, x: int, y: int, width: int, height: int) -> Bits:
        """The pixels of a rectangle of a plane, as a fresh (height, width) array."""
        out = np.zeros((height, width), np.bool_)
        for left, top, bits in self._near(plane, x, y, width, height):
            x0, y0 = max(left, x), max(top, y)
            x1, y1 = min(left + bits.shape[1], x + width), min(top + bits.shape[0], y + height)
            if x0 < x1 and y0 < y1:
                out[y0 - y : y1 - y, x0 - x : x1 - x] |= bits[y0 - top : y1 - top, x0 - left : x1 - left]
        return out

    def _near(self, plane: int, x: int, y: int, width: int, height: int) -> Iterator[tuple[int, int, Bits]]:
        """The set rectangles of a plane that may lie in a rectangle: x, y in plane pixels, and bits."""
        rows = range(max(y, 0) // TILE, (y + height - 1) // TILE + 1)
        columns = range(max(x, 0) // TILE, (x + width - 1) // TILE + 1)
        if len(rows) * len(columns) > len(self.tiles):
            yield from self.on_plane(plane)
            return
        for row in rows:
            for column in columns:
                tile = self.tiles.get(TileKey(plane, row, column))
                if tile is not None:
                    yield column * TILE + tile.x, row * TILE + tile.y, tile.bits

    def painted(self, plane: int, x: int, y: int, bits: Bits, *, value: bool) -> Mask:
        """This mask with the pixels under `bits` (its corner at x, y of the plane) set or cleared.

        Pixels at negative positions are dropped; the caller clips to the scan's size.
        """
        if x < 0 or y < 0:
            bits = bits[max(-y, 0) :, max(-x, 0) :]
            x, y = max(x, 0), max(y, 0)
        height, width = bits.shape
        if height == 0 or width == 0:
            return self
        bits = np.asarray(bits, np.bool_)
        # A proxy copies its dictionary as it is; `dict` would hash thousands of keys anew for every brush stamp.
        tiles = self.tiles.copy() if isinstance(self.tiles, MappingProxyType) else dict(self.tiles)
        for row in range(y // TILE, (y + height - 1) // TILE + 1):
            for column in range(x // TILE, (x + width - 1) // TILE + 1):
                _paint_tile(tiles, TileKey(plane, row, column), (x, y), bits, value=value)
        return Mask(self.axis, MappingProxyType(tiles))


def _paint_tile(tiles: dict[TileKey, Tile], key: TileKey, corner: tuple[int, int], bits: Bits, *, value: bool) -> None:
    """Set or clear in one tile the pixels that a stamp covers."""
    old = tiles.get(key)
    if old is None and not value:
        return
    left, top = key.column * TILE, key.row * TILE
    x, y = corner
    x0, y0 = max(x, left), max(y, top)
    x1, y1 = min(x + bits.shape[1], left + TILE), min(y + bits.shape[0], top + TILE)
    part = bits[y0 - y : y1 - y, x0 - x : x1 - x]
    if part.shape == (TILE, TILE) and part.all():
        if value:
            tiles[key] = _ALL
        else:
            del tiles[key]
        return
    full = old.full() if old is not None else np.zeros((TILE, TILE), np.bool_)
    target = full[y0 - top : y1 - top, x0 - left : x1 - left]
    if np.all(target[part]) if value else not np.any(target[part]):
        return  # nothing changes, so the tile stays shared
    if value:
        target |= part
    else:
        target &= ~part
    new = tile_of(full)
    if new is None:
        tiles.pop(key, None)
    else:
        tiles[key] = new


def empty_mask(axis: Axis = 0) -> Mask:
    """A mask with nothing set."""
    return Mask(axis, MappingProxyType({}))


def mask_of_plane(bits: Bits, plane: int, *, axis: Axis = 0, x: int = 0, y: int = 0) -> Mask:
    """The mask of a boolean array laid at (x, y) of one plane."""
    return empty_mask(axis).painted(plane, x, y, bits, value=True)


def mask_of_volume(bits: Bits) -> Mask:
    """The mask of a boolean (planes, rows, columns) array, on axis 0."""
    return mask_of_stack(bits)


def mask_of_stack(bits: Bits, *, axis: Axis = 0, plane: int = 0, x: int = 0, y: int = 0) -> Mask:
    """The mask of a boolean (planes of the axis, height, width) array laid from `plane` on at (x, y)."""
    nothing = empty_mask(axis)
    tiles: dict[TileKey, Tile] = {}
    for index in np.flatnonzero(bits.any(axis=(1, 2))):
        tiles.update(nothing.painted(plane + int(index), x, y, bits[index], value=True).tiles)
    return Mask(axis, MappingProxyType(tiles))
