"""How large a brush is, and which pixels it covers on its way. Pure; plane pixels.

A brush is round in pixels, or in millimetres where the reader measures it so and the spacing is known, or on screen.
A ball reaches as far through the planes as along them, in millimetres where the spacing is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Point
from dataset.mask import Bits
from desktop_app.tool import Bench, Gesture
from imaging.geometry import plane_spacing
from imaging.scan import Spacing

MOST_PIXELS = 3000.0
"""No brush is wider, so that a step stays short; zoomed far out on a slide a brush constant on screen would be."""
FINE_MM = 0.02
"""Where pixels are smaller, as on slides, a brush in real units is measured in micrometres."""


@dataclass(frozen=True, slots=True)
class BrushSize:
    """Diameters in pixels across and down the plane, and in planes through it (0: a disc)."""

    across: float
    down: float
    through: float = 0.0


def real_unit(spacing: Spacing) -> tuple[str, float]:
    """The unit of a brush in real units, and how many millimetres it is; empty where the pixel size is unknown."""
    if spacing[0] is None or spacing[1] is None:
        return "", 1.0
    return ("µm", 0.001) if min(spacing[0], spacing[1]) < FINE_MM else ("mm", 1.0)


def brush_size(bench: Bench, gesture: Gesture) -> BrushSize:
    """How large the brush is at a place; what is painted and what is shown agree by asking here."""
    mm_across, mm_down = plane_spacing(bench.spacing_mm, bench.plane.axis)
    mm_through = bench.spacing_mm[{0: 2, 1: 1, 2: 0}[bench.plane.axis]]
    unit = bench.options.brush_unit
    across = down = bench.brush
    ratio = mm_across / mm_down if mm_across and mm_down else 1.0
    is_ball = bench.options.ball and bench.size.count(bench.plane.axis) > 1
    if unit == "screen":
        across = bench.brush * gesture.pixel
        down = across * gesture.stretch
    elif unit == "mm" and mm_across and mm_down:
        across = bench.brush * real_unit(bench.spacing_mm)[1] / mm_across
        down = across * ratio
    elif is_ball and mm_through:
        down = across * ratio
    shrink = min(1.0, MOST_PIXELS / max(across, down))
    across, down = across * shrink, down * shrink
    through = 0.0
    if is_ball:
        through = across * mm_across / mm_through if mm_across and mm_down and mm_through else across
    return BrushSize(across, down, through)


def brush_diameter(bench: Bench, gesture: Gesture) -> tuple[float, float]:
    """Diameters in pixels across and down the plane, as the pane draws the brush."""
    size = brush_size(bench, gesture)
    return size.across, size.down


def swept(
    start: Point, end: Point, diameter: float | tuple[float, float], across: int, down: int
) -> tuple[int, int, Bits]:
    """The pixels of a plane that a round brush covers on its straight way from one point to another: x, y, bits.

    A pixel is covered when its centre is within half the diameter of the way; the pixel under the end always is. Of two
    diameters the second is that down the plane.
    """
    wide, high = (diameter, diameter) if isinstance(diameter, float | int) else diameter
    x, y, away = _away(start, end, wide, high, (across, down))
    bits = away <= wide * wide / 4
    _set_end(bits, end, x, y)
    return x, y, bits


def swept_ball(
    start: Point, end: Point, size: BrushSize, index: int, extent: tuple[int, int, int]
) -> tuple[int, int, int, Bits]:
    """The voxels that a ball covers on its way within plane `index`: first plane, x, y, and (planes, rows, columns).

    `extent` is how many pixels across and down and how many planes there are.
    """
    x, y, away = _away(start, end, size.across, size.down, extent[:2])
    radius = size.through / 2
    first, last = max(math.ceil(index - radius), 0), min(math.floor(index + radius), extent[2] - 1)
    if away.size == 0:
        return 0, 0, 0, np.zeros((0, 0, 0), np.bool_)
    first, last = min(first, index), max(last, index)
    # Of the square of its radius each plane has left what its distance leaves.
    share = 1 - ((np.arange(first, last + 1) - index) / max(radius, 0.5)) ** 2
    bits = away[None] <= (share * (size.across * size.across / 4))[:, None, None]
    _set_end(bits[index - first], end, x, y)
    return first, x, y, bits


def _away(
    start: Point, end: Point, wide: float, high: float, size: tuple[int, int]
) -> tuple[int, int, NDArray[np.float64]]:
    """Squares of the distances of pixel centres from a way, in pixels across, near it: x, y, and an array."""
    rx, ry = wide / 2, high / 2
    x0 = max(math.floor(min(start[0], end[0]) - rx), 0)
    y0 = max(math.floor(min(start[1], end[1]) - ry), 0)
    x1 = min(math.ceil(max(start[0], end[0]) + rx) + 1, size[0])
    y1 = min(math.ceil(max(start[1], end[1]) + ry) + 1, size[1])
    if x1 <= x0 or y1 <= y0:
        return 0, 0, np.zeros((0, 0))
    flat = wide / high
    px = np.arange(x0, x1) + (0.5 - start[0])
    py = (np.arange(y0, y1) + (0.5 - start[1]))[:, None] * flat
    dx, dy = end[0] - start[0], (end[1] - start[1]) * flat
    length = dx * dx + dy * dy
    if length > 0:
        share = np.clip((px * dx + py * dy) / length, 0.0, 1.0)
        return x0, y0, (px - share * dx) ** 2 + (py - share * dy) ** 2
    return x0, y0, px * px + py * py


def _set_end(bits: Bits, end: Point, x: int, y: int) -> None:
    """Set the pixel under the end of a way."""
    column, row = math.floor(end[0]) - x, math.floor(end[1]) - y
    if 0 <= row < bits.shape[0] and 0 <= column < bits.shape[1]:
        bits[row, column] = True
