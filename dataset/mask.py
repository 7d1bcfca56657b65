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

from dataset.mask_axes import (
    CROSSINGS,
    is_seen_across,
    on_axis,
    paint_across,
    planes_across,
    section_across,
    stack_on_axis,
)
from dataset.mask_tiles import TILE, Bits, Tile, TileKey, paint_plane, shared_tile, tile_of
from imaging.geometry import Axis

__all__ = (
    "TILE",
    "Bits",
    "Mask",
    "Tile",
    "TileKey",
    "empty_mask",
    "mask_of_plane",
    "mask_of_stack",
    "mask_of_volume",
    "shared_tile",
    "tile_of",
)


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
        whole = sum(tile.is_all for tile in self.tiles.values())
        rest = sum(int(np.count_nonzero(tile.bits)) for tile in self.tiles.values() if not tile.is_all)
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
        tiles = self._copied()
        paint_plane(tiles, plane, x, y, np.asarray(bits, np.bool_), value=value)
        return Mask(self.axis, MappingProxyType(tiles))

    def painted_stack(self, plane: int, x: int, y: int, bits: Bits, *, value: bool, axis: Axis | None = None) -> Mask:
        """This mask with what a (planes, height, width) stamp covers set or cleared; it keeps its own axis.

        The stamp's corner is at (x, y) of `plane`, on planes of `axis` (the mask's own where not given); what lies at
        negative positions is dropped.
        """
        bits = np.asarray(bits, np.bool_)
        if axis is not None and axis != self.axis:
            bits = stack_on_axis(bits, axis, self.axis)
            plane, y, x = on_axis((plane, y, x), axis, self.axis)
        tiles = self._copied()
        for number in range(max(-plane, 0), len(bits)):
            paint_plane(tiles, plane + number, x, y, bits[number], value=value)
        return Mask(self.axis, MappingProxyType(tiles))

    def painted_across(self, axis: Axis, index: int, x: int, y: int, bits: Bits, *, value: bool) -> Mask:
        """This mask with what a stamp covers on a plane of any axis set or cleared; it keeps its own axis.

        The stamp's corner is at (x, y) of that plane; what lies at negative positions is dropped.
        """
        if axis == self.axis:
            return self if index < 0 else self.painted(index, x, y, bits, value=value)
        tiles = self._copied()
        paint_across(tiles, CROSSINGS[self.axis, axis], index, (x, y), np.asarray(bits, np.bool_), value=value)
        return Mask(self.axis, MappingProxyType(tiles))

    def _copied(self) -> dict[TileKey, Tile]:
        # A proxy copies its dictionary as it is; `dict` would hash thousands of keys anew for every brush stamp.
        return self.tiles.copy() if isinstance(self.tiles, MappingProxyType) else dict(self.tiles)

    # On planes of any axis.

    def section(self, axis: Axis, index: int) -> tuple[int, int, Bits] | None:
        """The mask on a plane of any axis: x, y of that plane and a rectangle of bits; `None` where none is set.

        Linear in the number of tiles. The bits may be shared with the mask: look, do not write.
        """
        if axis != self.axis:
            return section_across(self.tiles, CROSSINGS[self.axis, axis], index)
        found = self.bounds(index)
        return None if found is None else (found[0], found[1], self.crop(index, *found))

    def planes_along(self, axis: Axis) -> tuple[int, ...]:
        """The planes of any axis on which a pixel is set, ascending; worth keeping for as long as the mask is."""
        return self.planes if axis == self.axis else planes_across(self.tiles, CROSSINGS[self.axis, axis])

    def has(self, axis: Axis, index: int, column: int, row: int) -> bool:
        """Whether one pixel of a plane of any axis is set."""
        plane, y, x = on_axis((index, row, column), axis, self.axis)
        tile = self.tiles.get(TileKey(plane, y // TILE, x // TILE))
        if tile is None:
            return False
        down, across = y % TILE - tile.y, x % TILE - tile.x
        height, width = tile.bits.shape
        return 0 <= down < height and 0 <= across < width and bool(tile.bits[down, across])

    def is_on(self, axis: Axis, index: int) -> bool:
        """Whether a pixel is set on a plane of any axis."""
        if axis == self.axis:
            return any(key.plane == index for key in self.tiles)
        return is_seen_across(self.tiles, CROSSINGS[self.axis, axis], index)


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
