"""Two masks as one."""

from __future__ import annotations

from types import MappingProxyType

from dataset.mask import Mask, tile_of


def united(first: Mask, second: Mask) -> Mask:
    """The pixels of either mask; tiles that only one has are shared, not copied."""
    if first.is_empty or second.is_empty:
        return second if first.is_empty else first
    tiles = dict(first.tiles)
    for key, tile in second.tiles.items():
        here = tiles.get(key)
        both = tile if here is None else tile_of(here.full() | tile.full())
        if both is not None:
            tiles[key] = both
    return Mask(first.axis, MappingProxyType(tiles))
