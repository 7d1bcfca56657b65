"""Masks put together, cut, grown, shrunk and smoothed. Pure: masks in, a new mask out.

All of it goes tile by tile, so memory does not follow the area; tiles that do not change stay shared.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dataset.mask import TILE, Bits, Mask, Tile, TileKey, tile_of
from imaging.progress import Progress

T = TypeVar("T")
WHOLE = tile_of(np.ones((TILE, TILE), np.bool_))
"""The tile that is wholly set."""
_TOLD_EVERY = 64


def mask_of_tiles(like: Mask, tiles: Mapping[TileKey, Tile]) -> Mask:
    """A mask on the planes of the same axis."""
    return Mask(like.axis, MappingProxyType(dict(tiles)))


def union(masks: Sequence[Mask], progress: Progress) -> Mask:
    """What is set in any of these masks of one axis."""
    tiles = dict(masks[0].tiles)
    for mask in masks[1:]:
        for key, tile in told(mask.tiles.items(), progress):
            mine = tiles.get(key)
            if mine is None or tile is WHOLE:
                tiles[key] = tile
            elif mine is not WHOLE and mine != tile:
                _put(tiles, key, mine.full() | tile.full())
    return mask_of_tiles(masks[0], tiles)


def intersection(masks: Sequence[Mask], progress: Progress) -> Mask:
    """What is set in every one of these masks of one axis."""
    tiles = dict(masks[0].tiles)
    for mask in masks[1:]:
        for key, mine in told(list(tiles.items()), progress):
            tile = mask.tiles.get(key)
            if tile is None:
                del tiles[key]
            elif mine is WHOLE:
                tiles[key] = tile
            elif tile is not WHOLE and tile != mine:
                _put(tiles, key, mine.full() & tile.full())
    return mask_of_tiles(masks[0], tiles)


def difference(mask: Mask, others: Iterable[Mask], progress: Progress) -> Mask:
    """What is set in a mask and in none of the others of its axis."""
    tiles = dict(mask.tiles)
    for other in others:
        for key, tile in told(other.tiles.items(), progress):
            mine = tiles.get(key)
            if mine is None:
                continue
            if tile is WHOLE:
                del tiles[key]
                continue
            full, cut = mine.full(), tile.full()
            if np.any(full & cut):
                _put(tiles, key, full & ~cut)
    return mask_of_tiles(mask, tiles)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a mask grows: for each step from plane to plane the pixels around one that it reaches (odd sides)."""

    layers: Mapping[int, NDArray[np.uint8]]

    @property
    def margin(self) -> int:
        """Pixels it reaches on a plane at most."""
        return max(max(layer.shape) // 2 for layer in self.layers.values())


PIXEL = Reach({0: np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)})
"""One pixel across or down on the same plane."""


def reach_of(distance: float, across: float, down: float, through: float | None) -> Reach:
    """What lies within a distance of a pixel's centre, in the unit of the sizes given; `None`: only on its plane."""
    layers: dict[int, NDArray[np.uint8]] = {}
    most = math.floor(distance / through) if through else 0
    for step in range(-most, most + 1):
        left = distance**2 - (step * (through or 0.0)) ** 2
        x = np.arange(-math.floor(distance / across), math.floor(distance / across) + 1) * across
        y = np.arange(-math.floor(distance / down), math.floor(distance / down) + 1)[:, None] * down
        layers[step] = (x * x + y * y <= left + 1e-9).astype(np.uint8)
    return Reach(layers)


Extent = tuple[int, int, int]
"""Width and height of the planes of a mask's axis, and how many there are."""


def grown(mask: Mask, reach: Reach, extent: Extent, progress: Progress) -> Mask:
    """A mask with what it reaches, within the scan."""
    across, down, count = extent
    around: dict[TileKey, None] = {}
    for key in mask.tiles:
        for step in reach.layers:
            if 0 <= key.plane + step < count:
                around.update(dict.fromkeys(_neighbours(key, key.plane + step, across, down)))
    tiles: dict[TileKey, Tile] = {}
    for key in told(around, progress):
        if mask.tiles.get(key) is WHOLE:
            tiles[key] = mask.tiles[key]
        else:
            _put(tiles, key, _spread(mask, key, reach) & _inside(key, across, down))
    return mask_of_tiles(mask, tiles)


def shrunk(mask: Mask, reach: Reach, extent: Extent, progress: Progress) -> Mask:
    """A mask without what reaches out of it; what lies outside the scan counts as set."""
    across, down, count = extent
    tiles: dict[TileKey, Tile] = {}
    for key, tile in told(mask.tiles.items(), progress):
        gap = np.zeros((TILE, TILE), np.bool_)
        for step, layer in reach.layers.items():
            plane = key.plane + step
            if 0 <= plane < count and not _is_solid(mask, key, plane, across, down):
                gap |= _dilated(~_cropped(mask, key, plane, reach.margin, extent), layer, reach.margin)
        if gap.any():
            _put(tiles, key, tile.full() & ~gap)
        else:
            tiles[key] = tile
    return mask_of_tiles(mask, tiles)


def smoothed(mask: Mask, sigma: float, extent: Extent, progress: Progress) -> Mask:
    """A mask whose rims on each plane are rounded: blurred by a Gaussian of `sigma` pixels and cut at one half."""
    import cv2

    across, down, _ = extent
    margin = math.ceil(3 * sigma)
    around: dict[TileKey, None] = {}
    for key in mask.tiles:
        around.update(dict.fromkeys(_neighbours(key, key.plane, across, down)))
    tiles: dict[TileKey, Tile] = {}
    for key in told(around, progress):
        if _is_solid(mask, key, key.plane, across, down):
            tiles[key] = mask.tiles[key]
            continue
        bits = _cropped(mask, key, key.plane, margin, extent)
        blurred = cv2.GaussianBlur(bits.astype(np.float32), (2 * margin + 1, 2 * margin + 1), sigma)
        kept = np.asarray(blurred)[margin : margin + TILE, margin : margin + TILE] > 0.5
        _put(tiles, key, kept & _inside(key, across, down))
    return mask_of_tiles(mask, tiles)


def _spread(mask: Mask, key: TileKey, reach: Reach) -> Bits:
    """What is reached from everywhere, in one tile."""
    found = np.zeros((TILE, TILE), np.bool_)
    margin = reach.margin
    left, top, side = key.column * TILE - margin, key.row * TILE - margin, TILE + 2 * margin
    for step, layer in reach.layers.items():
        bits = mask.crop(key.plane - step, left, top, side, side)
        if bits.any():
            found |= _dilated(bits, layer, margin)
    return found


def _dilated(bits: Bits, layer: NDArray[np.uint8], margin: int) -> Bits:
    import cv2

    made = np.asarray(cv2.dilate(bits.astype(np.uint8), layer, borderType=cv2.BORDER_CONSTANT, borderValue=0))
    return made[margin : margin + TILE, margin : margin + TILE] > 0


def _cropped(mask: Mask, key: TileKey, plane: int, margin: int, extent: Extent) -> Bits:
    """The pixels of a tile and around it; those outside the scan are as the nearest inside (for rims at its edge)."""
    across, down, _ = extent
    left, top, side = key.column * TILE - margin, key.row * TILE - margin, TILE + 2 * margin
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + side, across), min(top + side, down)
    bits = mask.crop(plane, x0, y0, x1 - x0, y1 - y0)
    return np.pad(bits, ((y0 - top, top + side - y1), (x0 - left, left + side - x1)), mode="edge")


def _is_solid(mask: Mask, key: TileKey, plane: int, across: int, down: int) -> bool:
    """Whether a tile of a plane and all around it are wholly set; further than its neighbours nothing is looked at."""
    return all(mask.tiles.get(near) is WHOLE for near in _neighbours(key, plane, across, down))


def _neighbours(key: TileKey, plane: int, across: int, down: int) -> list[TileKey]:
    """A tile of a plane and those around it on the scan."""
    rows = range(max(key.row - 1, 0), min(key.row + 2, -(-down // TILE)))
    columns = range(max(key.column - 1, 0), min(key.column + 2, -(-across // TILE)))
    return [TileKey(plane, row, column) for row in rows for column in columns]


def _inside(key: TileKey, across: int, down: int) -> Bits:
    """Which pixels of a tile lie on the scan."""
    x, y = np.arange(TILE) + key.column * TILE, np.arange(TILE) + key.row * TILE
    return (x < across)[None, :] & (y < down)[:, None]


def _put(tiles: dict[TileKey, Tile], key: TileKey, full: Bits) -> None:
    tile = tile_of(full)
    if tile is None:
        tiles.pop(key, None)
    else:
        tiles[key] = tile


def told(items: Collection[T], progress: Progress) -> Iterator[T]:
    """The items of a collection one after the other; progress is told, and heeded, every few of them."""
    total = float(len(items))
    for number, item in enumerate(items):
        if number % _TOLD_EVERY == 0:
            progress.report(number, total)
        yield item
