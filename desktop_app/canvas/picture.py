"""The picture of a plane: stored values through one table to RGB32, masks mixed in before scaling. No Qt.

Each step is kept by what it came from: the values by part, the greys by part and window, the overlay by part and
masks. A change recomputes only what follows from it; a brush stroke only its rectangle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop_app.canvas.overlay import MaskLook, Overlay, Palette, Rect, changed_area, compose, samples
from desktop_app.canvas.source import Part, PartSource, levels_of, part_for, turned
from desktop_app.canvas.viewport import Viewport
from desktop_app.display import Display
from imaging.geometry import Orientation
from imaging.scan import Pixels, Window
from imaging.windowing import GreyTable, apply_table, automatic_window, grey_table, pack_rgb

Rgb32 = NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """RGB32 pixels of a part, turned as shown, C-contiguous; valid until the next patch is made."""

    part: Part
    pixels: Rgb32


class _Buffer:
    """Memory that is used again for every frame of up to its size."""

    def __init__(self, kind: type[np.uint32] | type[np.uint16]) -> None:
        self._flat: NDArray[Any] = np.empty(0, kind)

    def shaped(self, shape: tuple[int, int]) -> NDArray[Any]:
        count = shape[0] * shape[1]
        if self._flat.size < count:
            self._flat = np.empty(count, self._flat.dtype)
        return self._flat[:count].reshape(shape)


class Picture:
    """Makes the patch that a viewport shows. Used from the GUI thread only."""

    def __init__(self, source: PartSource) -> None:
        self._source = source
        self._base, self._mixed, self._index = _Buffer(np.uint32), _Buffer(np.uint32), _Buffer(np.uint16)
        self._overlay = _Buffer(np.uint16)
        self._palette = Palette()
        self._table: GreyTable | None = None
        self._table_key: object = None
        self._base_key: object = None
        self._mask_key: object = None
        self._mixed_key: object = None
        self._looks: tuple[MaskLook, ...] = ()
        self._grey_mix: NDArray[np.uint32] = np.empty(0, np.uint32)
        self._grey_mix_key: object = None
        self._automatic: Window | None = None

    def patch(
        self, viewport: Viewport, display: Display, looks: tuple[MaskLook, ...] = (), ratio: float = 1.0
    ) -> Patch | None:
        """What the viewport shows, at most a level finer than the screen; `None` when the plane is out of sight."""
        part = part_for(viewport, levels_of(self._source.info, viewport.plane), ratio)
        if part is None:
            return None
        is_new = self._make_base(part, display, viewport.orientation)
        shape = _turned_shape(part, viewport.orientation)
        base = self._base.shaped(shape)
        if not looks or display.overlay_opacity <= 0:
            return Patch(part, base)
        area = self._make_overlay(part, looks)
        opacity_key = (display.overlay_opacity, len(self._palette))
        if is_new or self._mixed_key != (part, viewport.orientation, opacity_key):
            area = _whole(part)
        if area is not None:
            self._mix(part, viewport.orientation, display.overlay_opacity, area)
        self._mixed_key = (part, viewport.orientation, opacity_key)
        return Patch(part, self._mixed.shaped(shape))

    def _make_base(self, part: Part, display: Display, orientation: Orientation) -> bool:
        """Window the part into the base buffer; whether anything was done."""
        info = self._source.info
        window = None if info.is_colour else display.window or self._default_window(part)
        key = (part, orientation, window, display.inverted)
        if key == self._base_key:
            return False
        values = turned(self._source.pixels(part), orientation)
        out = self._base.shaped(_turned_shape(part, orientation))
        if window is None:
            pack_rgb(np.ascontiguousarray(values), out)
            if display.inverted:
                np.bitwise_xor(out, np.uint32(0x00FFFFFF), out=out)
        else:
            apply_table(self._table_for(window, display.inverted), values, out)
        self._base_key = key
        self._mixed_key = None
        return True

    def _default_window(self, part: Part) -> Window:
        if self._automatic is None:
            self._automatic = automatic_window(self._source.info, self._source.pixels(part))
        return self._automatic

    def _table_for(self, window: Window, inverted: bool) -> GreyTable:
        key = (window.centre, window.width, inverted)
        if self._table is None or key != self._table_key:
            info = self._source.info
            self._table = grey_table(info.rescale, window, info.dtype, info.inverted != inverted)
            self._table_key = key
        return self._table

    def _make_overlay(self, part: Part, looks: tuple[MaskLook, ...]) -> Rect | None:
        """Bring the overlay up to date; the area of the plane that changed."""
        overlay: Overlay = self._overlay.shaped(part.shape)
        if self._mask_key != part:
            compose(looks, part, self._palette, overlay)
            self._mask_key, self._looks = part, looks
            return _whole(part)
        if looks is self._looks:
            return None
        area = changed_area(self._looks, looks, part.region.plane)
        if area is not None:
            compose(looks, part, self._palette, overlay, area)
        self._looks = looks
        return area

    def _mix(self, part: Part, orientation: Orientation, opacity: float, area: Rect) -> None:
        """Mix overlay and base inside an area of the plane."""
        rows, columns = samples(part, area)
        shape = _turned_shape(part, orientation)
        # Both buffers are seen as the stored plane here; the flips are views.
        base = _unturned(self._base.shaped(shape), orientation)[rows, columns]
        mixed = _unturned(self._mixed.shaped(shape), orientation)[rows, columns]
        overlay = self._overlay.shaped(part.shape)[rows, columns]
        if overlay.size == 0:
            return
        if self._source.info.is_colour:
            self._mix_colour(base, mixed, overlay, opacity)
            return
        key = (opacity, len(self._palette))
        if key != self._grey_mix_key:
            self._grey_mix, self._grey_mix_key = self._palette.grey_table(opacity), key
        if overlay.shape == part.shape:
            # The whole part: in the order of the screen, straight into the buffer.
            index = self._index.shaped(shape)
            grey = self._base.shaped(shape).view(np.uint8)[:, _LOW_BYTE::4]
            np.bitwise_or(turned(overlay, orientation), grey, out=index)
            np.take(self._grey_mix, index, out=self._mixed.shaped(shape), mode="wrap")
            return
        index = np.bitwise_or(overlay, (base & np.uint32(255)).astype(np.uint16))
        mixed[...] = self._grey_mix[index]

    def _mix_colour(self, base: Rgb32, mixed: Rgb32, overlay: Overlay, opacity: float) -> None:
        """Blend in 1/256 steps, two channels at a time, only where a mask is."""
        mixed[...] = base
        alpha, colour = self._palette.shares(opacity)
        where = np.nonzero(overlay)
        entry = overlay[where] >> 8
        share = np.rint(alpha * 256).astype(np.uint32)[entry]
        rgb = np.rint(colour).astype(np.uint32)
        packed = (rgb[:, 0] << np.uint32(16) | rgb[:, 1] << np.uint32(8) | rgb[:, 2])[entry]
        below = base[where]
        even, odd, rest = np.uint32(0x00FF00FF), np.uint32(0x0000FF00), np.uint32(256) - share
        red_blue = ((below & even) * rest + (packed & even) * share) >> np.uint32(8) & even
        green = ((below & odd) * rest + (packed & odd) * share) >> np.uint32(8) & odd
        mixed[where] = red_blue | green | np.uint32(0xFF000000)


_LOW_BYTE = 0 if np.little_endian else 3


def _whole(part: Part) -> Rect:
    region = part.region
    return region.x, region.y, region.x + region.width, region.y + region.height


def _turned_shape(part: Part, orientation: Orientation) -> tuple[int, int]:
    rows, columns = part.shape
    return (columns, rows) if orientation.transpose else (rows, columns)


def _unturned(array: Pixels, orientation: Orientation) -> Pixels:
    """The stored order as a view of an array that is turned as shown."""
    if orientation.flip_y:
        array = array[::-1]
    if orientation.flip_x:
        array = array[:, ::-1]
    return array.swapaxes(0, 1) if orientation.transpose else array
