"""The picture of a plane: stored values through one table to RGB32, masks mixed in before scaling. No Qt.

Each step is kept by what it came from: the values by part, the greys by part and window, the overlay by part and
masks. A change recomputes only what follows from it; a brush stroke only its rectangle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop_app.canvas.overlay import (
    MaskLook,
    Overlay,
    Palette,
    Rect,
    changed_area,
    compose,
    mask_bounds,
    samples,
    union,
)
from desktop_app.canvas.source import Part, PartSource, levels_of, part_for, turned
from desktop_app.canvas.viewport import Viewport
from desktop_app.display import ONE_PLANE, Display, Slab
from imaging.colour_maps import coloured
from imaging.geometry import Orientation
from imaging.scan import Level, Pixels, Window
from imaging.windowing import GreyTable, apply_table, automatic_window, grey_table, look_up, pack_rgb

Rgb32 = NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """RGB32 pixels of a part, turned as shown, C-contiguous; valid until the next patch is made."""

    part: Part
    pixels: Rgb32


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a picture without masks is made from."""

    part: Part
    turn: Orientation
    window: Window | None
    inverted: bool
    slab: Slab
    colours: str
    """The colour map; empty is grey."""

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self.part.shape
        return (columns, rows) if self.turn.transpose else (rows, columns)


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
        self._buffer, self._overlay, self._index = _Buffer(np.uint32), _Buffer(np.uint16), _Buffer(np.uint16)
        self._palette = Palette()
        self._looks: tuple[MaskLook, ...] = ()
        self._composed: Rect | None = None
        self._base_key: object = None
        self._overlay_key: object = None
        self._table: tuple[object, GreyTable] | None = None
        self._mix: tuple[object, NDArray[np.uint32]] | None = None
        self._automatic: Window | None = None
        self._levels: dict[int, tuple[Level, ...]] = {}

    def patch(
        self, viewport: Viewport, display: Display, looks: tuple[MaskLook, ...] = (), ratio: float = 1.0
    ) -> Patch | None:
        """What the viewport shows, at most a level finer than the screen; `None` when the plane is out of sight."""
        axis = viewport.plane.axis
        if axis not in self._levels:
            self._levels[axis] = levels_of(self._source.info, viewport.plane)
        part = part_for(viewport, self._levels[axis], ratio)
        if part is None:
            return None
        if display.overlay_opacity <= 0:
            looks = ()
        slab = display.slab if display.slab.is_on else ONE_PLANE
        frame = _Frame(
            part, viewport.orientation, self._window(part, display), display.inverted, slab, display.colour_map
        )
        pixels = self._buffer.shaped(frame.shape)
        overlay_key = (part, display.overlay_opacity)
        if frame != self._base_key or (self._overlay_key != overlay_key and (looks or self._looks)):
            self._base(frame, turned(self._source.pixels(part, slab), frame.turn), pixels)
            if looks:
                self._lay_all(frame, looks, display.overlay_opacity, pixels)
        elif looks is not self._looks:
            area = changed_area(self._looks, looks, part.region)
            if area is not None:
                self._lay_again(frame, looks, display.overlay_opacity, area, pixels)
        self._base_key, self._overlay_key, self._looks = frame, overlay_key, looks
        return Patch(part, pixels)

    def _window(self, part: Part, display: Display) -> Window | None:
        """The window to use: none on colour, an automatic one where none was chosen."""
        if self._source.info.is_colour:
            return None
        if display.window is not None:
            return display.window
        if self._automatic is None:
            self._automatic = automatic_window(self._source.info, self._source.pixels(part))
        return self._automatic

    def _base(self, frame: _Frame, values: Pixels, out: Rgb32) -> None:
        """Write values as RGB32, without masks."""
        if frame.window is None:
            pack_rgb(np.ascontiguousarray(values), out)
            if frame.inverted:
                np.bitwise_xor(out, np.uint32(0x00FFFFFF), out=out)
            return
        key = (frame.window.centre, frame.window.width, frame.inverted, frame.colours)
        if self._table is None or self._table[0] != key:
            info = self._source.info
            table = grey_table(info.rescale, frame.window, info.dtype, info.inverted != frame.inverted)
            self._table = (key, coloured(table, frame.colours))
        apply_table(self._table[1], values, out)

    def _lay_all(self, frame: _Frame, looks: tuple[MaskLook, ...], opacity: float, pixels: Rgb32) -> None:
        """Mix all masks into the whole part; only their common rectangle is touched."""
        part = frame.part
        area = union([mask_bounds(look.mask, part.region) for look in looks])
        if area is None:
            return
        overlay: Overlay = self._overlay.shaped(part.shape)
        # The overlay holds nothing true outside the area it was composed for.
        if self._overlay_key != (part, opacity) or self._looks is not looks or self._composed != area:
            compose(looks, part, self._palette, overlay, area)
            self._composed = area
        rows, columns = samples(part, area)
        self._mix_into(frame, _unturned(pixels, frame.turn)[rows, columns], overlay[rows, columns], opacity)

    def _lay_again(self, frame: _Frame, looks: tuple[MaskLook, ...], opacity: float, area: Rect, pixels: Rgb32) -> None:
        """Window and mix an area again; what follows a brush stamp, so it costs only that area."""
        part = frame.part
        overlay: Overlay = self._overlay.shaped(part.shape)
        compose(looks, part, self._palette, overlay, area)
        rows, columns = samples(part, area)
        values = self._source.pixels(part, frame.slab)[rows, columns]
        fresh = np.empty(values.shape[:2], np.uint32)
        if fresh.size:
            self._base(frame, values, fresh)
            self._mix_into(frame, fresh, overlay[rows, columns], opacity)
            _unturned(pixels, frame.turn)[rows, columns] = fresh

    def _mix_into(self, frame: _Frame, base: Rgb32, overlay: Overlay, opacity: float) -> None:
        """Mix an overlay into a base without masks."""
        if self._source.info.is_colour or frame.colours:
            base[...] = mix_colour(np.ascontiguousarray(base), overlay, *self._palette.shares(opacity))
            return
        key = (opacity, len(self._palette))
        if self._mix is None or self._mix[0] != key:
            table = np.zeros(1 << 16, np.uint32)
            mixed = self._palette.grey_table(opacity)
            table[: len(mixed)] = mixed
            self._mix = (key, table)
        index: Overlay = self._index.shaped(base.shape)
        np.bitwise_and(base, np.uint32(255), out=index, casting="unsafe")
        np.bitwise_or(index, overlay, out=index)
        look_up(self._mix[1], index, base)


def mix_colour(base: Rgb32, overlay: Overlay, alpha: NDArray[np.float64], colour: NDArray[np.float64]) -> Rgb32:
    """Blend in 1/256 steps, two channels at a time, only where a mask is; `alpha` and `colour` are the palette's."""
    mixed = base.copy()
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
    return mixed


def _unturned(array: Pixels, orientation: Orientation) -> Pixels:
    """The stored order as a view of an array that is turned as shown."""
    if orientation.flip_y:
        array = array[::-1]
    if orientation.flip_x:
        array = array[:, ::-1]
    return array.swapaxes(0, 1) if orientation.transpose else array
