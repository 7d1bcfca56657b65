"""The connected pieces of a mask, and the holes in it. Pure; tile by tile, so that memory does not follow the area.

Pixels are connected by their sides (four on a plane, six through planes), as in `dataset.outline`: what touches only
at a corner is a piece of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dataset.mask import TILE, Bits, Mask, Tile, TileKey, tile_of
from dataset.mask_shapes import WHOLE, mask_of_tiles, told
from imaging.progress import Progress

Labels = NDArray[np.int32]
"""256 × 256: 0 where nothing is set, else the number of the piece within the tile, from 1."""
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Which pieces a mask has; `sizes` are their pixels, the largest first."""

    mask: Mask
    sizes: Numbers
    _first: dict[TileKey, int]
    """What is added to a tile's own numbers."""
    _piece: Numbers
    """The piece of each number of a tile."""

    def kept(self, wanted: NDArray[np.bool_], progress: Progress) -> Mask:
        """The mask with only the pieces that are wanted (one answer for each of `sizes`)."""
        if wanted.all():
            return self.mask
        tiles: dict[TileKey, Tile] = {}
        for key, tile in told(self.mask.tiles.items(), progress):
            labels, count = _labels(tile)
            mine = self._of_tile(key, count)
            if wanted[mine].all():
                tiles[key] = tile
            elif wanted[mine].any():
                kept = tile_of(np.concatenate([[False], wanted[mine]])[labels])
                assert kept is not None
                tiles[key] = kept
        return mask_of_tiles(self.mask, tiles)

    def each(self, progress: Progress) -> tuple[Mask, ...]:
        """Every piece as a mask, the largest first."""
        found: list[dict[TileKey, Tile]] = [{} for _ in self.sizes]
        for key, tile in told(self.mask.tiles.items(), progress):
            labels, count = _labels(tile)
            mine = self._of_tile(key, count)
            different = np.unique(mine)
            for piece in different.tolist():
                if len(different) == 1:
                    found[piece][key] = tile
                    continue
                part = tile_of(np.concatenate([[False], mine == piece])[labels])
                assert part is not None
                found[piece][key] = part
        return tuple(mask_of_tiles(self.mask, tiles) for tiles in found)

    def _of_tile(self, key: TileKey, count: int) -> Numbers:
        """The pieces that a tile's own numbers (from 1) are."""
        first = self._first[key]
        return self._piece[first : first + count]


def pieces_of(mask: Mask, progress: Progress) -> Pieces:
    """The connected pieces of a mask, through its planes."""
    made = _joined(mask.tiles, lambda key: _labels(mask.tiles[key]), progress, through=True)
    order = np.argsort(-made.sizes, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return Pieces(mask, made.sizes[order], made.first, rank[made.piece])


def filled(mask: Mask, progress: Progress) -> Mask:
    """A mask with the holes on each of its planes filled: what is not set and cannot be left by the sides."""
    tiles = dict(mask.tiles)
    planes = mask.planes
    by_plane: dict[int, list[TileKey]] = {plane: [] for plane in planes}
    for key in mask.tiles:
        by_plane[key.plane].append(key)
    for number, plane in enumerate(planes):
        part = progress.part(number / len(planes), 1 / len(planes))
        _fill_plane(tiles, mask, by_plane[plane], part)
    return mask_of_tiles(mask, tiles)


def _fill_plane(tiles: dict[TileKey, Tile], mask: Mask, keys: list[TileKey], progress: Progress) -> None:
    plane = keys[0].plane
    rows, columns = [key.row for key in keys], [key.column for key in keys]
    top, bottom, left, right = min(rows), max(rows), min(columns), max(columns)
    grid = [TileKey(plane, row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]

    def unset(key: TileKey) -> tuple[Labels, int]:
        tile = mask.tiles.get(key)
        return (_ONE, 1) if tile is None else (_NONE, 0) if tile is WHOLE else _labelled(~tile.full())

    made = _joined(grid, unset, progress, through=False)
    is_open = np.zeros(len(made.sizes), np.bool_)
    rim = [key for key in grid if key.row in {top, bottom} or key.column in {left, right}]
    for key in rim:
        labels, count = unset(key)
        edges = [(key.row == top, labels[0]), (key.row == bottom, labels[-1])]
        edges += [(key.column == left, labels[:, 0]), (key.column == right, labels[:, -1])]
        for is_rim, edge in edges:
            if is_rim and count:
                is_open[made.piece[made.first[key] + edge[edge > 0] - 1]] = True
    for key in told(grid, progress):
        first = made.first[key]
        tile = mask.tiles.get(key)
        if tile is WHOLE or (tile is None and is_open[made.piece[first]]):
            continue
        labels, count = unset(key)
        holes = ~is_open[made.piece[first : first + count]]
        if holes.any():
            full = WHOLE if tile is None else tile_of(np.concatenate([[True], holes])[labels])
            assert full is not None
            tiles[key] = full


@dataclass(frozen=True, slots=True, eq=False)
class _Joined:
    first: dict[TileKey, int]
    piece: Numbers
    sizes: Numbers


def _joined(
    keys: Collection[TileKey],  # looked up, so a mapping where there are planes
    labels_of: Callable[[TileKey], tuple[Labels, int]],
    progress: Progress,
    *,
    through: bool,
) -> _Joined:
    """The numbers within tiles joined where tiles meet; `through` also from plane to plane."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first: dict[TileKey, int] = {}
    counts: list[Numbers] = []
    pairs: list[Numbers] = []
    # Only what the next ones meet is kept: the last tile's right side, a row's lower sides, a plane's tiles.
    side: tuple[TileKey, Numbers] | None = None
    lower: dict[TileKey, Numbers] = {}
    above: dict[TileKey, tuple[Labels, int]] = {}
    total = 0
    for key in told(sorted(keys), progress):
        labels, count = labels_of(key)
        first[key] = total
        counts.append(_sizes(labels, count))
        if side is not None and side[0] == TileKey(key.plane, key.row, key.column - 1):
            _meet(pairs, side[1], _wide(labels, total, np.s_[:, 0]))
        side = key, _wide(labels, total, np.s_[:, -1])
        _meet(pairs, lower.pop(TileKey(key.plane, key.row - 1, key.column), None), _wide(labels, total, np.s_[0]))
        lower[key] = _wide(labels, total, np.s_[-1])
        if through:
            met = above.pop(TileKey(key.plane - 1, key.row, key.column), None)
            if met is not None:
                _meet(pairs, _wide(*met, np.s_[:]), _wide(labels, total, np.s_[:]))
            if TileKey(key.plane + 1, key.row, key.column) in keys:
                above[key] = labels, total
        total += count
    if not total:
        return _Joined(first, np.zeros(0, np.int64), np.zeros(0, np.int64))
    linked = np.concatenate([np.zeros((2, 0), np.int64), *pairs], axis=1)
    ones = np.ones(linked.shape[1], np.bool_)
    graph: Any = coo_array(cast("Any", (ones, (linked[0], linked[1]))), shape=(total, total))
    number, piece = cast("tuple[int, Any]", connected_components(graph, directed=False))
    sizes = np.bincount(piece, weights=np.concatenate(counts), minlength=number).astype(np.int64)
    return _Joined(first, np.asarray(piece, np.int64), sizes)


def _sizes(labels: Labels, count: int) -> Numbers:
    """How many pixels each number of a tile has."""
    if labels is _ONE or labels is _NONE:
        return np.full(count, TILE * TILE, np.int64)
    return np.bincount(labels.ravel(), minlength=count + 1)[1:].astype(np.int64)


def _wide(labels: Labels, first: int, where: Any) -> Numbers:
    """A part of a tile in numbers that count through all tiles; -1 where nothing is set.

    Of a tile that is all one piece, or nothing, a single number stands for all.
    """
    if labels is _ONE or labels is _NONE:
        return np.array([first if labels is _ONE else -1], np.int64)
    part = labels[where]
    return np.where(part > 0, part.astype(np.int64) + (first - 1), -1)


def _meet(pairs: list[Numbers], one: Numbers | None, other: Numbers) -> None:
    """Note which numbers lie side by side."""
    if one is None:
        return
    if one.size == 1 and other.size == 1:
        if one[0] >= 0 and other[0] >= 0:
            pairs.append(np.stack([one, other]))
        return
    one, other = np.broadcast_arrays(one, other)
    both = (one >= 0) & (other >= 0)
    if both.any():
        # As single numbers, since telling pairs apart is slow.
        found = np.unique(one[both] << 32 | other[both])
        pairs.append(np.stack([found >> 32, found & 0xFFFFFFFF]))


def _labels(tile: Tile) -> tuple[Labels, int]:
    return (_ONE, 1) if tile is WHOLE else _labelled(tile.full())


def _labelled(bits: Bits) -> tuple[Labels, int]:
    import cv2

    count, labels = cv2.connectedComponents(bits.astype(np.uint8), connectivity=4)
    return np.asarray(labels, np.int32), int(count) - 1


_ONE: Labels = np.ones((TILE, TILE), np.int32)
_NONE: Labels = np.zeros((TILE, TILE), np.int32)
