"""Masks over a slide: palette entries at about screen resolution, scaled like the slide itself and laid over it.

What is made is kept in a buffer that moves with the view; a stroke makes only its own rectangle again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPainter

from dataset.mask import TILE
from desktop_app.canvas.mask_samples import MaskSamples, differing
from desktop_app.canvas.overlay import MaskLook, Palette, Rect, changed_area, hatched, union
from desktop_app.canvas.tile_mosaic import Box, Rgb32, Scaling
from desktop_app.canvas.tile_screen import ScreenBuffer
from desktop_app.canvas.viewport import Viewport
from imaging.geometry import Plane, Region
from imaging.scan import Level


class SlideMasks:
    """Paints masks over a slide in one view. GUI thread only."""

    def __init__(self) -> None:
        self._screen = ScreenBuffer()
        self._palette = Palette()
        self._samples = MaskSamples()
        self._looks: tuple[MaskLook, ...] = ()
        self._key: object = None
        self._table: tuple[object, NDArray[np.uint32]] | None = None

    def paint(
        self, painter: QPainter, looks: tuple[MaskLook, ...], viewport: Viewport, opacity: float, ratio: float
    ) -> None:
        """Paint what the viewport shows of the masks; `ratio` is device pixels per widget pixel."""
        level = _level_for(viewport, ratio)
        key = (viewport.plane, level, opacity)
        self._screen.follow(Scaling.of(viewport, ratio), fresh=key != self._key)
        if looks is not self._looks:
            area = changed_on_slide(self._looks, looks, viewport.visible())
            if area is not None:
                self._screen.spoil(area, 2 * level.downsample)
            self._samples.keep_only({look.id for look in looks})
        self._key, self._looks = key, looks
        for box, target in self._screen.pieces():
            self._make(box, target, level, opacity, viewport.plane)
        pixels = self._screen.pixels
        rows, columns = pixels.shape
        image = QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(ratio)
        painter.drawImage(0, 0, image)

    def _make(self, box: Box, target: Rgb32, level: Level, opacity: float, plane: Plane) -> None:
        """Make a rectangle of the screen."""
        scaling = self._screen.scaling
        region = scaling.region(box, level)
        if region is None:
            target[...] = 0
            return
        entries = self._entries(region, level, plane)
        if entries is None:
            target[...] = 0
            return
        colours = np.take(self._colours(opacity), entries)
        scaling.draw(colours, region, level, box, target, 0, smooth=True)

    def _entries(self, region: Box, level: Level, plane: Plane) -> NDArray[np.uint8] | None:
        """The palette entry of each pixel of a region of the level; `None` where there is no mask at all."""
        step = round(level.downsample)
        x0, y0, x1, y1 = region
        whole = Region(plane, x0 * step, y0 * step, (x1 - x0) * step, (y1 - y0) * step)
        out: NDArray[np.uint8] | None = None
        for look in self._looks:
            bounds = self._samples.bounds(look.mask, whole, step)
            if bounds is None:
                continue
            left, top = max(bounds[0] // step - 1, x0), max(bounds[1] // step - 1, y0)
            right, bottom = min(-(-bounds[2] // step) + 1, x1), min(-(-bounds[3] // step) + 1, y1)
            if left >= right or top >= bottom:
                continue
            if out is None:
                out = np.zeros((y1 - y0, x1 - x0), np.uint8)
            # One more on each side shows where the rim is.
            bits = self._samples.bits(look.id, look.mask, plane, step, (left - 1, top - 1, right + 1, bottom + 1))
            self._lay(look, bits, out[top - y0 : bottom - y0, left - x0 : right - x0], left + top)
        return out

    def _lay(self, look: MaskLook, bits: NDArray[np.bool_], target: NDArray[Any], start: int) -> None:
        """Write one mask, whose bits reach one pixel further on every side; dashes begin at `start`."""
        inside = bits[1:-1, 1:-1]
        rim = bits[:-2, 1:-1] & bits[2:, 1:-1]
        rim &= bits[1:-1, :-2]
        rim &= bits[1:-1, 2:]
        np.logical_not(rim, out=rim)
        rim &= inside
        fill, edge = (self._palette.number(look.colour, role) for role in look.roles)
        if look.is_proposal and not look.is_selected:
            down, across = np.ogrid[0 : rim.shape[0], 0 : rim.shape[1]]
            rim &= (down + across + start) % 6 < 4
        np.copyto(target, np.uint8(fill), where=inside)
        if look.pattern:
            height, width = inside.shape
            lines = hatched(look.pattern, (start, start + height), (0, width))
            np.copyto(target, np.uint8(edge), where=inside & lines)
        np.copyto(target, np.uint8(edge), where=rim)

    def _colours(self, opacity: float) -> NDArray[np.uint32]:
        """Per palette entry: the colour to lay over, its alpha multiplied in."""
        key = (opacity, len(self._palette))
        if self._table is None or self._table[0] != key:
            alpha, colour = self._palette.shares(opacity)
            mixed = np.rint(colour * alpha[:, None]).astype(np.uint32)
            table = np.zeros(256, np.uint32)
            packed = np.rint(alpha * 255).astype(np.uint32) << np.uint32(24)
            table[: len(alpha)] = packed | mixed[:, 0] << np.uint32(16) | mixed[:, 1] << np.uint32(8) | mixed[:, 2]
            self._table = (key, table)
        return self._table[1]


def _level_for(viewport: Viewport, ratio: float) -> Level:
    """The grid of powers of two that comes nearest to the screen's pixels."""
    step = 2 ** max(0, round(math.log2(1 / max(viewport.scale * ratio, 1e-9))))
    return Level(-(-viewport.plane_width // step), -(-viewport.plane_height // step), float(step))


def changed_on_slide(before: Sequence[MaskLook], after: Sequence[MaskLook], region: Region) -> Rect | None:
    """The rectangle of a region where two sets of masks may look different, or `None`.

    A mask of a slide has many thousand tiles: those that two masks share are told apart before anything is compared.
    """
    if [look.id for look in before] != [look.id for look in after]:
        return changed_area(before, after, region)
    rects: list[Rect | None] = []
    for one, other in zip(before, after, strict=True):
        if (one.colour, one.roles, one.pattern) != (other.colour, other.roles, other.pattern):
            rects.append(changed_area([one], [other], region))
        elif one.mask is not other.mask:
            keys = differing(one.mask, other.mask)
            around = union([(k.column * TILE, k.row * TILE, (k.column + 1) * TILE, (k.row + 1) * TILE) for k in keys])
            if around is not None:
                rects.append(changed_area([one], [other], _within(region, around)))
    return union(rects)


def _within(region: Region, rect: Rect) -> Region:
    """The part of a region that lies in a rectangle."""
    x0, y0 = max(region.x, rect[0]), max(region.y, rect[1])
    x1, y1 = min(region.x + region.width, rect[2]), min(region.y + region.height, rect[3])
    return Region(region.plane, x0, y0, max(x1 - x0, 0), max(y1 - y0, 0))
