"""What differs between two masks, kept small: the pixels that changed, as packed bits.

An undo history of whole tiles costs a tile of up to 64 KiB wherever a stroke passes; the pixels that a stroke changed
are a few hundred bytes.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from dataset.mask import Mask
from dataset.mask_tiles import Tile, TileKey, cropped_tile, shared_tile

WORTH_DEFLATING = 256
OVERHEAD = 250
"""Bytes that the objects of one tile take beside its pixels."""


@dataclass(frozen=True, slots=True)
class TileDelta:
    """The pixels of a tile that change: their bounding rectangle in the tile, packed row after row."""

    key: TileKey
    x: int
    y: int
    width: int
    height: int
    is_deflated: bool
    packed: bytes

    def tile(self) -> Tile:
        """The pixels that change."""
        packed = zlib.decompress(self.packed) if self.is_deflated else self.packed
        count = self.width * self.height
        flags = np.unpackbits(np.frombuffer(packed, np.uint8), count=count)
        bits = flags.reshape(self.height, self.width).view(np.bool_)
        bits.flags.writeable = False
        return shared_tile(Tile(self.x, self.y, bits))


@dataclass(frozen=True, slots=True)
class MaskDelta:
    """The pixels in which two masks of one axis differ; the same both ways."""

    tiles: tuple[TileDelta, ...]

    @property
    def byte_count(self) -> int:
        """Bytes it takes."""
        return sum(OVERHEAD + len(tile.packed) for tile in self.tiles)

    def applied(self, mask: Mask) -> Mask:
        """The other mask; the mask itself where nothing differs."""
        if not self.tiles:
            return mask
        tiles = dict(mask.tiles) if not isinstance(mask.tiles, MappingProxyType) else mask.tiles.copy()
        for delta in self.tiles:
            new = _toggled(tiles.get(delta.key), delta.tile())
            if new is None:
                tiles.pop(delta.key, None)
            else:
                tiles[delta.key] = new
        return Mask(mask.axis, MappingProxyType(tiles))


def delta_of(before: Mask, after: Mask) -> MaskDelta | None:
    """What differs between two masks; `None` where they lie on planes of different axes.

    Tiles that both share are known to be alike without a look at their pixels.
    """
    if before.axis != after.axis:
        return None
    if before is after or before.tiles is after.tiles:
        return MaskDelta(())
    old, new = before.tiles, after.tiles
    pairs = [(key, old.get(key), tile) for key, tile in new.items() if old.get(key) is not tile]
    pairs += [(key, tile, None) for key, tile in old.items() if key not in new]
    found = (_tile_delta(key, _toggled(one, other)) for key, one, other in pairs)
    return MaskDelta(tuple(delta for delta in found if delta is not None))


def _tile_delta(key: TileKey, changed: Tile | None) -> TileDelta | None:
    if changed is None:
        return None
    height, width = changed.bits.shape
    packed = np.packbits(changed.bits).tobytes()
    short = zlib.compress(packed, 1) if len(packed) > WORTH_DEFLATING else packed
    is_deflated = len(short) < len(packed)
    return TileDelta(key, changed.x, changed.y, width, height, is_deflated, short if is_deflated else packed)


def _toggled(one: Tile | None, other: Tile | None) -> Tile | None:
    """The pixels that are set in one of two tiles, but not in both."""
    if one is None or other is None:
        return one or other
    x0, y0 = min(one.x, other.x), min(one.y, other.y)
    x1 = max(one.x + one.bits.shape[1], other.x + other.bits.shape[1])
    y1 = max(one.y + one.bits.shape[0], other.y + other.bits.shape[0])
    bits = np.zeros((y1 - y0, x1 - x0), np.bool_)
    for tile in (one, other):
        height, width = tile.bits.shape
        bits[tile.y - y0 : tile.y - y0 + height, tile.x - x0 : tile.x - x0 + width] ^= tile.bits
    return cropped_tile(bits, x0, y0)
