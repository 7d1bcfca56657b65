"""Masks on planes of another axis than their own: what is seen there, and what is painted there.

A plane of another axis meets every plane of the mask in one line: its row or its column number `index`. The lines lie
one below the other on that plane, or side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from dataset.mask_tiles import TILE, Bits, Tile, TileKey, paint_plane
from imaging.geometry import Axis

_LETTERS: dict[Axis, str] = {0: "ijk", 1: "ikj", 2: "jki"}
"""What x, y and the index of a plane of an axis are; see `imaging.geometry.Plane`."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """How planes of one axis cut a mask of another."""

    cuts_rows: bool
    """Plane `index` is row `index` of each of the mask's planes; else column `index`."""
    goes_down: bool
    """The mask's planes are the rows of that plane; else its columns."""


def _crossing(own: Axis, other: Axis) -> Crossing:
    return Crossing(_LETTERS[other][2] == _LETTERS[own][1], _LETTERS[own][2] == _LETTERS[other][1])


CROSSINGS: dict[tuple[Axis, Axis], Crossing] = {
    (own, other): _crossing(own, other) for own in _LETTERS for other in _LETTERS if own != other
}
"""By the mask's own axis and the other."""


Place = tuple[int, int, int]
"""Plane, row, column."""


def on_axis(place: Place, axis: Axis, own: Axis) -> Place:
    """Where a voxel on a plane of one axis lies on the planes of another."""
    by_letter = dict(zip(reversed(_LETTERS[axis]), place, strict=True))
    plane, row, column = (by_letter[letter] for letter in reversed(_LETTERS[own]))
    return plane, row, column


def stack_on_axis(bits: Bits, axis: Axis, own: Axis) -> Bits:
    """A (planes, height, width) stack of one axis as one of another; a view."""
    order = [_LETTERS[axis][::-1].index(letter) for letter in reversed(_LETTERS[own])]
    return bits.transpose(order)


def section_across(tiles: Mapping[TileKey, Tile], crossing: Crossing, index: int) -> tuple[int, int, Bits] | None:
    """The pixels on a plane of another axis: x, y of the plane and a rectangle of bits; `None` where none is set."""
    number, offset = divmod(index, TILE)
    lines: list[tuple[int, int, Bits]] = []
    if crossing.cuts_rows:
        for key, tile in tiles.items():
            if key.row == number and 0 <= (at := offset - tile.y) < tile.bits.shape[0]:
                lines.append((key.plane, key.column * TILE + tile.x, tile.bits[at]))
    else:
        for key, tile in tiles.items():
            if key.column == number and 0 <= (at := offset - tile.x) < tile.bits.shape[1]:
                lines.append((key.plane, key.row * TILE + tile.y, tile.bits[:, at]))
    if not lines:
        return None
    first, start = min(line[0] for line in lines), min(line[1] for line in lines)
    last, end = max(line[0] for line in lines), max(line[1] + len(line[2]) for line in lines)
    out = np.zeros((last - first + 1, end - start), np.bool_)
    for plane, at, bits in lines:
        out[plane - first, at - start : at - start + len(bits)] = bits
    if not out.any():
        return None
    return (start, first, out) if crossing.goes_down else (first, start, out.T)


def is_seen_across(tiles: Mapping[TileKey, Tile], crossing: Crossing, index: int) -> bool:
    """Whether a pixel is set on a plane of another axis."""
    number, offset = divmod(index, TILE)
    if crossing.cuts_rows:
        return any(
            key.row == number and 0 <= (at := offset - tile.y) < tile.bits.shape[0] and tile.bits[at].any()
            for key, tile in tiles.items()
        )
    return any(
        key.column == number and 0 <= (at := offset - tile.x) < tile.bits.shape[1] and tile.bits[:, at].any()
        for key, tile in tiles.items()
    )


def planes_across(tiles: Mapping[TileKey, Tile], crossing: Crossing) -> tuple[int, ...]:
    """The planes of another axis on which a pixel is set, ascending."""
    seen: dict[int, int] = {}
    # The tallest first: most others then lie where something is known to be, and need no look at their pixels.
    for number, start, tile in sorted(_spans(tiles, crossing), key=lambda span: -span[2].bits.size):
        count = tile.bits.shape[0 if crossing.cuts_rows else 1]
        known = seen.get(number, 0)
        if not ~known & (((1 << count) - 1) << start):
            continue
        lines = tile.bits.any(axis=1 if crossing.cuts_rows else 0)
        packed = int.from_bytes(np.packbits(lines, bitorder="little").tobytes(), "little")
        seen[number] = known | packed << start
    found: list[int] = []
    for number in sorted(seen):
        flags = np.frombuffer(seen[number].to_bytes(TILE // 8, "little"), np.uint8)
        found += (np.flatnonzero(np.unpackbits(flags, bitorder="little")) + number * TILE).tolist()
    return tuple(found)


def _spans(tiles: Mapping[TileKey, Tile], crossing: Crossing) -> Iterable[tuple[int, int, Tile]]:
    """Of each tile its number and its first line among the planes of another axis."""
    if crossing.cuts_rows:
        return ((key.row, tile.y, tile) for key, tile in tiles.items())
    return ((key.column, tile.x, tile) for key, tile in tiles.items())


def paint_across(
    tiles: dict[TileKey, Tile], crossing: Crossing, index: int, corner: tuple[int, int], bits: Bits, *, value: bool
) -> None:
    """Set or clear what a stamp covers on a plane of another axis, its corner at x, y there."""
    x, y = corner
    if index < 0:
        return
    lines, first, start = (bits, y, x) if crossing.goes_down else (bits.T, x, y)
    for number in np.flatnonzero(lines.any(axis=1)).tolist():
        if first + number < 0:
            continue
        if crossing.cuts_rows:
            paint_plane(tiles, first + number, start, index, lines[number][None, :], value=value)
        else:
            paint_plane(tiles, first + number, index, start, lines[number][:, None], value=value)
