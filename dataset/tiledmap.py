"""Masks of slides as tiled TIFF label maps: only tiles that hold anything are stored (BigTIFF where needed).

A page for each plane, tiles of 1024 × 1024, deflate. What is held in memory at a time is one such tile, whatever the
slide's size.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dataset.facts import Malformed
from dataset.mask import TILE, Bits, Mask, Tile, TileKey, tile_of
from imaging.scan import ScanInfo

SIDE = 4 * TILE
MOST_VALUES = 65535
MOST_PAGES = 4096
LARGEST_SIDE = 2**24
_CLASSIC = 2**32 - 2**25
"""Bytes that the offsets of a TIFF reach over, less room for its tables; above it is a BigTIFF."""

Voxels = NDArray[Any]
Shape = tuple[int, int, int]
"""Planes, rows, columns."""


@dataclass(slots=True)
class TiledLayer:
    """Masks that do not overlap, by their value, and what is taken of each tile."""

    masks: dict[int, Mask] = field(default_factory=dict[int, Mask])
    _taken: dict[TileKey, Tile | Bits] = field(default_factory=dict[TileKey, Tile | Bits])

    def has_room(self, mask: Mask) -> bool:
        """Whether a mask overlaps none that is here."""
        if len(self.masks) >= MOST_VALUES:
            return False
        return all(key not in self._taken or not self._overlaps(key, tile) for key, tile in mask.tiles.items())

    def add(self, mask: Mask) -> int:
        """Take a mask in; its value."""
        value = len(self.masks) + 1
        self.masks[value] = mask
        for key, tile in mask.tiles.items():
            taken = self._taken.get(key)
            if taken is None:
                self._taken[key] = tile
            else:
                bits = taken.full() if isinstance(taken, Tile) else taken
                _part(bits, tile)[...] |= tile.bits
                self._taken[key] = bits
        return value

    def _overlaps(self, key: TileKey, tile: Tile) -> bool:
        taken = self._taken[key]
        bits = taken.full() if isinstance(taken, Tile) else taken
        return bool((_part(bits, tile) & tile.bits).any())


def write_tiled(layer: TiledLayer, shape: Shape, first: int, info: ScanInfo) -> bytes:
    """A layer as a TIFF of as many pages as planes from `first` on."""
    import tifffile

    dtype = np.uint8 if len(layer.masks) < 256 else np.uint16
    held: dict[tuple[int, int, int], list[tuple[int, TileKey, Tile]]] = {}
    for value, mask in layer.masks.items():
        for key, tile in mask.tiles.items():
            place = key.plane - first, key.row * TILE // SIDE, key.column * TILE // SIDE
            held.setdefault(place, []).append((value, key, tile))
    is_big = len(held) * SIDE * SIDE * np.dtype(dtype).itemsize > _CLASSIC
    file = io.BytesIO()
    spacing = info.spacing_mm[:2]
    known: dict[str, Any] = {}
    if all(spacing):
        known = {"resolution": (10 / cast("float", spacing[0]), 10 / cast("float", spacing[1])), "resolutionunit": 3}
    with tifffile.TiffWriter(file, bigtiff=is_big) as writer:
        for page in range(shape[0]):
            writer.write(
                _tiles(held, page, shape, dtype),
                shape=shape[1:],
                dtype=dtype,
                tile=(SIDE, SIDE),
                photometric="minisblack",
                compression="deflate",
                compressionargs={"level": 2},
                metadata=None,
                contiguous=False,
                software="Overread",
                **known,
            )
    return file.getvalue()


def read_tiled(name: str, data: bytes, shape: Shape, first: int) -> dict[int, Mask]:
    """The masks of a layer by their value; `Malformed` where it is not what its revision says."""
    import tifffile

    planes, rows, columns = shape
    if not 1 <= planes <= MOST_PAGES or not (1 <= rows <= LARGEST_SIDE and 1 <= columns <= LARGEST_SIDE):
        raise Malformed(f"{name} says it is {shape} pixels large")
    found: dict[int, dict[TileKey, Tile]] = {}
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            for number in range(planes):
                page = cast("Any", file.pages[number])
                if (
                    page.shape != (rows, columns)
                    or page.tile != (SIDE, SIDE)
                    or page.dtype not in (np.uint8, np.uint16)
                ):
                    raise Malformed(f"{name} is not as large as its revision says")
                if int(page.compression) not in {8, 32946} or int(page.predictor) != 1 or page.samplesperpixel != 1:
                    raise Malformed(f"{name} is stored in another way than label maps are")
                _read_page(name, data, page, first + number, found)
    except Malformed:
        raise
    except Exception as error:  # tifffile raises whatever a damaged table leads it into
        raise Malformed(f"{name} is damaged") from error
    return {value: Mask(0, MappingProxyType(tiles)) for value, tiles in found.items()}


def _part(bits: Bits, tile: Tile) -> Bits:
    return bits[tile.y : tile.y + tile.bits.shape[0], tile.x : tile.x + tile.bits.shape[1]]


def _tiles(
    held: Mapping[tuple[int, int, int], Sequence[tuple[int, TileKey, Tile]]],
    page: int,
    shape: Shape,
    dtype: type[np.unsignedinteger[Any]],
) -> Iterator[Voxels | None]:
    """The tiles of a page, row after row; `None` for those that hold nothing, which are not stored."""
    for row in range(-(-shape[1] // SIDE)):
        for column in range(-(-shape[2] // SIDE)):
            members = held.get((page, row, column))
            if members is None and (row or column):
                yield None
                continue
            out: Voxels = np.zeros((SIDE, SIDE), dtype)  # tifffile wants a first tile in any case
            for value, key, tile in members or ():
                x, y = key.column * TILE + tile.x - column * SIDE, key.row * TILE + tile.y - row * SIDE
                out[y : y + tile.bits.shape[0], x : x + tile.bits.shape[1]][tile.bits] = value
            yield out


def _read_page(name: str, data: bytes, page: Any, plane: int, found: dict[int, dict[TileKey, Tile]]) -> None:
    rows, columns = page.shape
    across = -(-columns // SIDE)
    offsets, counts = page.dataoffsets, page.databytecounts
    if len(offsets) != across * -(-rows // SIDE) or len(counts) != len(offsets):
        raise Malformed(f"{name} has {len(offsets)} tiles, not as many as its size needs")
    size = SIDE * SIDE * page.dtype.itemsize
    kind = page.dtype.newbyteorder(page.parent.byteorder)
    for number, (offset, count) in enumerate(zip(offsets, counts, strict=True)):
        if not offset or not count:
            continue
        packed = data[offset : offset + count]
        values = zlib.decompressobj().decompress(packed, size)
        if len(values) != size:
            raise Malformed(f"a tile of {name} is damaged")
        row, column = divmod(number, across)
        tile = np.frombuffer(values, kind).reshape(SIDE, SIDE)
        _take(tile[: rows - row * SIDE, : columns - column * SIDE], plane, row * SIDE, column * SIDE, found)


def _take(stored: Voxels, plane: int, top: int, left: int, found: dict[int, dict[TileKey, Tile]]) -> None:
    """The masks' tiles in a stored tile, whose corner lies at (left, top)."""
    for y in range(0, stored.shape[0], TILE):
        for x in range(0, stored.shape[1], TILE):
            part = stored[y : y + TILE, x : x + TILE]
            if not part.any():
                continue
            low, high = int(part.min()), int(part.max())
            values = [low] if low == high else np.flatnonzero(np.bincount(part.ravel())).tolist()
            for value in values:
                if value:
                    full = np.zeros((TILE, TILE), np.bool_)
                    full[: part.shape[0], : part.shape[1]] = part == value
                    tile = tile_of(full)
                    assert tile is not None
                    key = TileKey(plane, (top + y) // TILE, (left + x) // TILE)
                    found.setdefault(value, {})[key] = tile
