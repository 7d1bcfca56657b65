"""Masks as an overlay of palette entries at picture resolution. No Qt.

The overlay of a part is one uint16 array: palette index × 256, ready to be or-ed with a grey value, so that mixing
every mask into a grey picture is one look-up. A later mask covers an earlier one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dataset.mask import TILE, Bits, Mask, Tile, TileKey
from desktop_app.canvas.source import Part
from imaging.geometry import Region

Role = Literal["fill", "edge", "proposed", "proposed edge", "selected", "selected edge"]
Rect: TypeAlias = tuple[int, int, int, int]
"""x0, y0, x1, y1 in full-resolution pixels of the plane."""
Overlay: TypeAlias = NDArray[np.uint16]

MOST_ENTRIES = 256
HATCH = 8
"""Picture pixels from one line of a hatching to the next."""


@dataclass(frozen=True, slots=True)
class MaskLook:
    """One mask as it is shown."""

    id: str
    mask: Mask
    colour: int
    """0xRRGGBB."""
    is_proposal: bool = False
    is_selected: bool = False
    pattern: int = 0
    """The number of its hatching (see `hatched`), 0 for none."""

    @property
    def roles(self) -> tuple[Role, Role]:
        """How its inside and its rim are mixed."""
        if self.is_selected:
            return "selected", "selected edge"
        return ("proposed", "proposed edge") if self.is_proposal else ("fill", "edge")


class Palette:
    """Numbers for colour and role; entry 0 is no mask. Grows, never shrinks."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, Role], int] = {}

    def number(self, colour: int, role: Role) -> int:
        """The entry for a colour in a role; beyond 255 entries the last one is shared."""
        known = self._numbers.get((colour, role))
        if known is None:
            known = min(len(self._numbers) + 1, MOST_ENTRIES - 1)
            self._numbers[colour, role] = known
        return known

    def __len__(self) -> int:
        return min(len(self._numbers) + 1, MOST_ENTRIES)

    def shares(self, opacity: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Per entry: how much of the mask's colour is mixed in (0…1), and that colour (red, green, blue)."""
        alpha, colour = np.zeros(len(self)), np.zeros((len(self), 3))
        for (rgb, role), number in self._numbers.items():
            alpha[number] = share_of(role, opacity)
            colour[number] = (rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255)
        return alpha, colour

    def grey_table(self, opacity: float) -> NDArray[np.uint32]:
        """(entry × 256 + grey) to RGB32."""
        alpha, colour = self.shares(opacity)
        grey = np.arange(256, dtype=np.float64)
        mixed = grey[None, :, None] * (1 - alpha)[:, None, None] + (colour * alpha[:, None])[:, None, :]
        red, green, blue = np.moveaxis(np.rint(mixed).astype(np.uint32), 2, 0)
        return (np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue).reshape(-1)


def share_of(role: Role, opacity: float) -> float:
    """How much of a mask's colour is mixed in for a role, at an overlay opacity; 0 hides it all."""
    factor, least = {
        "fill": (1.0, 0.0),
        "edge": (1.8, 0.0),
        "proposed": (0.6, 0.0),
        "proposed edge": (1.8, 0.0),
        "selected": (1.0, 0.15),
        "selected edge": (2.0, 0.9),
    }[role]
    return min(1.0, max(opacity * factor, least if opacity > 0 else 0.0))


def compose(looks: Sequence[MaskLook], part: Part, palette: Palette, out: Overlay, area: Rect | None = None) -> None:
    """Write the overlay of a part into `out` (the part's shape); only inside `area` where one is given.

    A mask's rim is one picture pixel wide; the rim of a proposal is broken into dashes.
    """
    region = part.region
    whole = (region.x, region.y, region.x + region.width, region.y + region.height)
    window = whole if area is None else _meet(area, whole)
    if window is None:
        return
    rows, columns = samples(part, window)
    if rows.stop <= rows.start or columns.stop <= columns.start:
        return
    out[rows, columns] = 0
    for look in looks:
        _lay(look, part, palette, out, (rows, columns))


def _lay(look: MaskLook, part: Part, palette: Palette, out: Overlay, window: tuple[slice, slice]) -> None:
    """Write one mask into the window of the overlay, with one pixel around it to find the rim."""
    bounds = mask_bounds(look.mask, part.region)
    box = None if bounds is None else samples(part, bounds)
    if box is None:
        return
    (top, left), (bottom, right) = (
        (max(w.start, b.start) for w, b in zip(window, box, strict=True)),
        (min(w.stop, b.stop) for w, b in zip(window, box, strict=True)),
    )
    if top >= bottom or left >= right:
        return
    bits = _sampled(look.mask, part, (top - 1, left - 1, bottom + 1, right + 1))
    inside, rim = bits[1:-1, 1:-1], _rim(bits)
    fill, edge = (palette.number(look.colour, role) for role in look.roles)
    if look.is_proposal and not look.is_selected:
        down, across = np.ogrid[top:bottom, left:right]
        rim &= (down + across) % 6 < 4
    target = out[top:bottom, left:right]
    np.copyto(target, np.uint16(fill << 8), where=inside)
    if look.pattern:
        np.copyto(target, np.uint16(edge << 8), where=inside & hatched(look.pattern, (top, bottom), (left, right)))
    np.copyto(target, np.uint16(edge << 8), where=rim)


def _rim(bits: Bits) -> Bits:
    """Which pixels inside (all but the outermost) have a neighbour that is not set.

    As one run through memory, past the ends of rows: what comes of those is cut off.
    """
    flat, across = np.ascontiguousarray(bits).reshape(-1), bits.shape[1]
    out = np.empty_like(flat)
    first, last = across + 1, len(flat) - across - 1
    found = out[first:last]
    np.logical_and(flat[1 : last - across], flat[first + across : -1], out=found)
    found &= flat[across : last - 1]
    found &= flat[first + 1 : last + 1]
    np.greater(flat[first:last], found, out=found)
    return out.reshape(bits.shape)[1:-1, 1:-1]


def hatched(pattern: int, rows: tuple[int, int], columns: tuple[int, int]) -> Bits:
    """Where the lines of a hatching run in a window of picture pixels: 1 /, 2 \\, 3 —, 4 |, 5 crossed."""
    down, across = np.ogrid[rows[0] : rows[1], columns[0] : columns[1]]
    rising, falling = (down + across) % HATCH == 0, (down - across) % HATCH == 0
    level, upright = down % HATCH + 0 * across == 0, across % HATCH + 0 * down == 0
    return (rising, falling, level, upright, rising | falling)[(pattern - 1) % 5]


def samples(part: Part, area: Rect) -> tuple[slice, slice]:
    """Rows and columns of a part's array that an area of the plane touches, a few more where it is shrunk."""
    region, (height, width) = part.region, part.shape
    down, across = height / region.height, width / region.width
    x0, y0, x1, y1 = area
    if part.downsample == 1.0:
        rows, columns = (y0 - region.y, y1 - region.y), (x0 - region.x, x1 - region.x)
    else:
        rows = int((y0 - region.y) * down) - 1, int((y1 - region.y) * down) + 2
        columns = int((x0 - region.x) * across) - 1, int((x1 - region.x) * across) + 2
    return (
        slice(min(max(rows[0], 0), height), min(max(rows[1], 0), height)),
        slice(min(max(columns[0], 0), width), min(max(columns[1], 0), width)),
    )


def _sampled(mask: Mask, part: Part, box: Rect) -> Bits:
    """The mask at the samples top, left, bottom, right of a part (which may reach over its rim)."""
    top, left, bottom, right = box
    region = part.region
    if part.downsample == 1.0:
        return crop(mask, Region(region.plane, region.x + left, region.y + top, right - left, bottom - top))
    height, width = part.shape
    ys = ((np.arange(top, bottom) + 0.5) * (region.height / height)).astype(np.intp)
    xs = ((np.arange(left, right) + 0.5) * (region.width / width)).astype(np.intp)
    across, down = int(xs[-1] - xs[0]) + 1, int(ys[-1] - ys[0]) + 1
    found = crop(mask, Region(region.plane, region.x + int(xs[0]), region.y + int(ys[0]), across, down))
    return found[(ys - ys[0])[:, None], (xs - xs[0])[None, :]]


def tiles_in(mask: Mask, region: Region) -> list[tuple[TileKey, Tile]]:
    """The tiles of a mask that lie in a region, as far as tiles go.

    A mask of a volume has thousands of tiles and a frame asks several times, so those of a small region are looked up.
    """
    plane, tiles = region.plane, mask.tiles
    if mask.axis != plane.axis or region.width <= 0 or region.height <= 0:
        return []
    rows = range(max(region.y, 0) // TILE, (region.y + region.height - 1) // TILE + 1)
    columns = range(max(region.x, 0) // TILE, (region.x + region.width - 1) // TILE + 1)
    if len(rows) * len(columns) < len(tiles):
        keys = [TileKey(plane.index, row, column) for row in rows for column in columns]
        return [(key, tiles[key]) for key in keys if key in tiles]
    return [
        (key, tile)
        for key, tile in tiles.items()
        if key.plane == plane.index and key.row in rows and key.column in columns
    ]


def mask_bounds(mask: Mask, region: Region) -> Rect | None:
    """The rectangle around the tiles of a mask that lie in a region; it may reach over the region's edges."""
    return union([_tile_rect(key, tile) for key, tile in tiles_in(mask, region)])


def crop(mask: Mask, region: Region) -> Bits:
    """The mask's pixels in a region; nothing is set beyond the mask."""
    x, y, width, height = region.x, region.y, region.width, region.height
    out = np.zeros((height, width), np.bool_)
    for key, tile in tiles_in(mask, region):
        left, top, right, bottom = _tile_rect(key, tile)
        x0, y0, x1, y1 = max(left, x), max(top, y), min(right, x + width), min(bottom, y + height)
        if x0 < x1 and y0 < y1:
            out[y0 - y : y1 - y, x0 - x : x1 - x] = tile.bits[y0 - top : y1 - top, x0 - left : x1 - left]
    return out


def changed_area(before: Sequence[MaskLook], after: Sequence[MaskLook], region: Region) -> Rect | None:
    """The rectangle of a region where two sets of masks may look different, or `None`.

    Masks that share tiles are compared tile by tile, so a stroke changes only what it touched (and one pixel around,
    for the rim).
    """
    old, new = {look.id: look for look in before}, {look.id: look for look in after}
    rects: list[Rect | None] = []
    if [look.id for look in before if look.id in new] != [look.id for look in after if look.id in old]:
        return _grown(union([mask_bounds(look.mask, region) for look in (*before, *after)]))
    for key in old.keys() | new.keys():
        one, other = old.get(key), new.get(key)
        if one is None or other is None:
            lone = one or other
            rects.append(mask_bounds(lone.mask, region) if lone else None)
        elif (one.colour, one.roles, one.pattern) != (other.colour, other.roles, other.pattern):
            rects += [mask_bounds(one.mask, region), mask_bounds(other.mask, region)]
        elif one.mask is not other.mask:
            rects.append(_changed_tiles(one.mask, other.mask, region))
    return _grown(union(rects))


def _changed_tiles(one: Mask, other: Mask, region: Region) -> Rect | None:
    first, second = dict(tiles_in(one, region)), dict(tiles_in(other, region))
    rects: list[Rect | None] = []
    for key in first.keys() | second.keys():
        a, b = first.get(key), second.get(key)
        if a is b:
            continue
        if a is None or b is None:
            lone = a or b
            rects.append(_tile_rect(key, lone) if lone else None)
            continue
        differs = a.full() != b.full()
        rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
        if rows.size:
            x, y = key.column * TILE, key.row * TILE
            rects.append((x + int(columns[0]), y + int(rows[0]), x + int(columns[-1]) + 1, y + int(rows[-1]) + 1))
    return union(rects)


def _tile_rect(key: TileKey, tile: Tile) -> Rect:
    x, y = key.column * TILE + tile.x, key.row * TILE + tile.y
    return x, y, x + tile.bits.shape[1], y + tile.bits.shape[0]


def union(rects: Sequence[Rect | None]) -> Rect | None:
    """The rectangle around some rectangles, or `None` around none."""
    found = [rect for rect in rects if rect is not None]
    if not found:
        return None
    return min(r[0] for r in found), min(r[1] for r in found), max(r[2] for r in found), max(r[3] for r in found)


def _meet(one: Rect, other: Rect) -> Rect | None:
    x0, y0, x1, y1 = max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def _grown(rect: Rect | None) -> Rect | None:
    return None if rect is None else (rect[0] - 1, rect[1] - 1, rect[2] + 1, rect[3] + 1)
