"""Masks of slides at a fraction of their resolution, in time that follows what is seen and not the slide. No Qt."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice

import numpy as np

from dataset.mask import TILE, Bits, Mask, Tile, TileKey
from desktop_app.canvas.overlay import Rect, mask_bounds, tiles_in
from desktop_app.canvas.tile_mosaic import Box
from imaging.geometry import Plane, Region

EXACT_STEP = 4
"""Up to this step one pixel stands for its neighbours; beyond it any set pixel shows, so that nothing small is lost."""
MOST_KEPT = 20_000
"""Shrunken tiles that are kept."""
ATLAS_TILES = 2000
"""A mask of more tiles, seen from afar, is kept shrunken as a whole; a stroke changes only its tiles there."""
ATLAS_STEP = 32
"""From this step on; a slide of 100,000 pixels is some 3,000 wide there."""


@dataclass(slots=True, eq=False)
class _Atlas:
    """The whole of a mask on one plane, shrunken."""

    mask: Mask
    plane: int
    step: int
    bits: Bits


class MaskSamples:
    """Looks masks up at every `step`th pixel; keeps what it had to shrink. GUI thread only."""

    def __init__(self) -> None:
        self._shrunk: OrderedDict[tuple[int, int], tuple[Tile, Bits]] = OrderedDict()
        self._atlases: dict[str, _Atlas] = {}

    def keep_only(self, ids: set[str]) -> None:
        """Forget masks that are shown no more."""
        for gone in self._atlases.keys() - ids:
            del self._atlases[gone]

    def bounds(self, mask: Mask, region: Region, step: int) -> Rect | None:
        """A rectangle around what a mask may have in a region, or `None` when that is nothing."""
        if _is_vast(mask, step):
            return (region.x, region.y, region.x + region.width, region.y + region.height)
        return mask_bounds(mask, region)

    def bits(self, name: str, mask: Mask, plane: Plane, step: int, box: Box) -> Bits:
        """A box (in pixels of `step` plane pixels) of a mask; it may reach over the plane's edges."""
        x0, y0, x1, y1 = box
        out = np.zeros((y1 - y0, x1 - x0), np.bool_)
        if mask.axis != plane.axis:
            return out
        if _is_vast(mask, step):
            _lay(self._atlas(name, mask, plane.index, step), -x0, -y0, out)
            return out
        region = Region(plane, x0 * step, y0 * step, (x1 - x0) * step, (y1 - y0) * step)
        for key, tile in tiles_in(mask, region):
            x, y = key.column * TILE, key.row * TILE
            if step <= EXACT_STEP:
                half = step // 2
                left, top = -(-(x + tile.x - half) // step), -(-(y + tile.y - half) // step)
                piece = tile.bits[top * step + half - y - tile.y :: step, left * step + half - x - tile.x :: step]
            else:
                left, top, piece = x // step, y // step, self._small(tile, step)
            _lay(piece, left - x0, top - y0, out)
        return out

    def _atlas(self, name: str, mask: Mask, plane: int, step: int) -> Bits:
        kept = self._atlases.get(name)
        if kept is not None and (kept.plane, kept.step) == (plane, step):
            if kept.mask is mask:
                return kept.bits
            changed = differing(kept.mask, mask)
            if all((key.column + 1) * TILE // step < kept.bits.shape[1] for key in changed) and all(
                (key.row + 1) * TILE // step < kept.bits.shape[0] for key in changed
            ):
                self._redraw(kept, mask, changed)
                return kept.bits
        keys = [key for key in mask.tiles if key.plane == plane]
        rows, columns = (
            max(key.row for key in keys) + 1 if keys else 0,
            max(key.column for key in keys) + 1 if keys else 0,
        )
        # Room for strokes around it, so that it is not made anew for each.
        shape = ((rows + 8) * TILE // step + 2, (columns + 8) * TILE // step + 2)
        atlas = _Atlas(mask, plane, step, np.zeros(shape, np.bool_))
        for key in keys:
            _lay(self._small(mask.tiles[key], step), key.column * TILE // step, key.row * TILE // step, atlas.bits)
        self._atlases[name] = atlas
        return atlas.bits

    def _redraw(self, atlas: _Atlas, mask: Mask, changed: list[TileKey]) -> None:
        """Follow a stroke: clear what the changed tiles cover, then draw all tiles that lie there."""
        step, side = atlas.step, max(TILE // atlas.step, 1)
        for key in changed:
            x, y = key.column * TILE // step, key.row * TILE // step
            atlas.bits[y : y + side, x : x + side] = False
        for key in changed:
            x, y = key.column * TILE // step * step, key.row * TILE // step * step
            region = Region(Plane(mask.axis, atlas.plane), x, y, max(step, TILE), max(step, TILE))
            for near, tile in tiles_in(mask, region):
                _lay(self._small(tile, step), near.column * TILE // step, near.row * TILE // step, atlas.bits)
        atlas.mask = mask

    def _small(self, tile: Tile, step: int) -> Bits:
        """A tile shrunk by a step: a pixel is set where any of its pixels is."""
        key = (id(tile), step)
        kept = self._shrunk.get(key)
        if kept is not None:
            self._shrunk.move_to_end(key)
            return kept[1]
        side = max(TILE // step, 1)
        small: Bits = np.logical_or.reduce(tile.full().reshape(side, TILE // side, side, TILE // side), axis=(1, 3))
        self._shrunk[key] = (tile, small)
        if len(self._shrunk) > MOST_KEPT:
            self._shrunk.popitem(last=False)
        return small


def _is_vast(mask: Mask, step: int) -> bool:
    return step >= ATLAS_STEP and len(mask.tiles) > ATLAS_TILES


def differing(one: Mask, other: Mask) -> list[TileKey]:
    """The tiles that two masks do not share.

    A stroke leaves the order of the tiles: they are compared side by side, without looking any of them up.
    """
    found: list[TileKey] = []
    for (key, tile), (other_key, other_tile) in zip(one.tiles.items(), other.tiles.items(), strict=False):
        if key is not other_key and key != other_key:
            keys = one.tiles.keys() | other.tiles.keys()
            return [key for key in keys if one.tiles.get(key) is not other.tiles.get(key)]
        if tile is not other_tile:
            found.append(key)
    longer = max(one.tiles, other.tiles, key=len)
    return found + list(islice(longer, min(len(one.tiles), len(other.tiles)), None))


def _lay(piece: Bits, x: int, y: int, out: Bits) -> None:
    """Or a piece into an array, as far as it lies on it."""
    rows, columns = piece.shape
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + columns, out.shape[1]), min(y + rows, out.shape[0])
    if x0 < x1 and y0 < y1:
        out[y0:y1, x0:x1] |= piece[y0 - y : y1 - y, x0 - x : x1 - x]
