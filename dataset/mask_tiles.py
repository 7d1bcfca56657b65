"""Tiles of masks: immutable, trimmed to what is set in them, copied on write.

Tile (plane, row, column) covers 256 × 256 pixels from (column × 256, row × 256) of a plane; only the bounding
rectangle of its set pixels is stored. All tiles that are wholly set are one and the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

TILE = 256
Bits = NDArray[np.bool_]


class TileKey(NamedTuple):
    """Which tile: plane index, tile row, tile column. A tuple, since a stroke on a volume looks up thousands."""

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
    def is_all(self) -> bool:
        """Whether it is the one tile that is wholly set."""
        return self.bits is _ALL.bits

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
    return cropped_tile(full, 0, 0)


def cropped_tile(bits: Bits, x: int, y: int) -> Tile | None:
    """The trimmed tile of an array whose corner is at (x, y) in the tile, or `None`; copies it."""
    if bits.shape == (TILE, TILE) and bits.all():
        return _ALL
    box = _set_box(bits)
    if box is None:
        return None
    left, top, right, bottom = box
    kept = bits[top:bottom, left:right].copy()
    kept.flags.writeable = False
    return Tile(x + left, y + top, kept)


def _set_box(bits: Bits) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom around the set pixels, or `None`."""
    rows = np.flatnonzero(bits.any(axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(bits.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def paint_plane(tiles: dict[TileKey, Tile], plane: int, x: int, y: int, bits: Bits, *, value: bool) -> None:
    """Set or clear the pixels under `bits` (its corner at x, y of the plane); negative positions are dropped."""
    if x < 0 or y < 0:
        bits = bits[max(-y, 0) :, max(-x, 0) :]
        x, y = max(x, 0), max(y, 0)
    height, width = bits.shape
    if height == 0 or width == 0:
        return
    for row in range(y // TILE, (y + height - 1) // TILE + 1):
        for column in range(x // TILE, (x + width - 1) // TILE + 1):
            _paint_tile(tiles, TileKey(plane, row, column), (x, y), bits, value=value)


def _paint_tile(tiles: dict[TileKey, Tile], key: TileKey, corner: tuple[int, int], bits: Bits, *, value: bool) -> None:
    """Set or clear in one tile the pixels that a stamp covers."""
    old = tiles.get(key)
    if value if old is _ALL else (old is None and not value):
        return
    left, top = key.column * TILE, key.row * TILE
    x, y = corner
    x0, y0 = max(x, left), max(y, top)
    part = bits[y0 - y : top + TILE - y, x0 - x : left + TILE - x]
    if part.shape == (TILE, TILE) and part.all():
        new = _ALL if value else None
    elif value:
        new = _with(old, x0 - left, y0 - top, part)
    else:
        assert old is not None
        new = _without(old, x0 - left, y0 - top, part)
    if new is None:
        tiles.pop(key, None)
    elif new is not old:  # where nothing changes, the tile stays shared
        tiles[key] = new


def _with(old: Tile | None, x: int, y: int, part: Bits) -> Tile | None:
    """A tile with more pixels set; the tile itself where they are set already."""
    if old is None:
        return cropped_tile(part, x, y)
    right, bottom = old.x + old.bits.shape[1], old.y + old.bits.shape[0]
    x0, y0, x1, y1 = old.x, old.y, right, bottom
    if x < x0 or y < y0 or x + part.shape[1] > x1 or y + part.shape[0] > y1:
        box = _set_box(part)
        if box is None:
            return old
        part = part[box[1] : box[3], box[0] : box[2]]
        x, y = x + box[0], y + box[1]
        x0, y0 = min(x0, x), min(y0, y)
        x1, y1 = max(x1, x + part.shape[1]), max(y1, y + part.shape[0])
    if (x0, y0, x1, y1) == (old.x, old.y, right, bottom):
        seen = old.bits[y - y0 : y - y0 + part.shape[0], x - x0 : x - x0 + part.shape[1]]
        if not (part & ~seen).any():
            return old
        bits = old.bits.copy()
    else:
        bits = np.zeros((y1 - y0, x1 - x0), np.bool_)
        bits[old.y - y0 : bottom - y0, old.x - x0 : right - x0] = old.bits
    bits[y - y0 : y - y0 + part.shape[0], x - x0 : x - x0 + part.shape[1]] |= part
    bits.flags.writeable = False
    return shared_tile(Tile(x0, y0, bits))


def _without(old: Tile, x: int, y: int, part: Bits) -> Tile | None:
    """A tile with pixels cleared; the tile itself where none of them is set."""
    right, bottom = old.x + old.bits.shape[1], old.y + old.bits.shape[0]
    x0, y0 = max(x, old.x), max(y, old.y)
    x1, y1 = min(x + part.shape[1], right), min(y + part.shape[0], bottom)
    if x0 >= x1 or y0 >= y1:
        return old
    part = part[y0 - y : y1 - y, x0 - x : x1 - x]
    place = slice(y0 - old.y, y1 - old.y), slice(x0 - old.x, x1 - old.x)
    if not (part & old.bits[place]).any():
        return old
    bits = old.bits.copy()
    bits[place] &= ~part
    # Only where the stamp reached an edge may the edge be free now.
    if (
        (y0 == old.y and not bits[0].any())
        or (y1 == bottom and not bits[-1].any())
        or (x0 == old.x and not bits[:, 0].any())
        or (x1 == right and not bits[:, -1].any())
    ):
        return cropped_tile(bits, old.x, old.y)
    bits.flags.writeable = False
    return Tile(old.x, old.y, bits)
