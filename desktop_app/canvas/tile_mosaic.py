"""From pixels of a level to pixels of the screen: which go where, and the scaling itself. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from desktop_app.canvas.viewport import Viewport
from imaging.scan import Level

Rgb32: TypeAlias = NDArray[np.uint32]
Box: TypeAlias = tuple[int, int, int, int]
"""x0, y0, x1, y1: device pixels of the picture, or pixels of a level."""
_EXACT = 1e-9


class Mosaic:
    """Memory for a region of a level, used again for every painting of up to its size."""

    def __init__(self) -> None:
        self._flat = np.empty(0, np.uint32)

    def shaped(self, region: Box) -> Rgb32:
        """Room for a region; what it holds is arbitrary."""
        columns, rows = region[2] - region[0], region[3] - region[1]
        if self._flat.size < columns * rows or self._flat.size > 4 * columns * rows + 4_000_000:
            self._flat = np.empty(columns * rows, np.uint32)
        return self._flat[: columns * rows].reshape(rows, columns)


@dataclass(frozen=True, slots=True)
class Scaling:
    """Where a point of the plane lies in the picture: (a·x + b·y − x₀, c·x + d·y − y₀), in device pixels."""

    a: float
    b: float
    c: float
    d: float
    x: int
    y: int
    """Whole pixels, so that pictures of one scale share one grid."""
    columns: int
    rows: int

    @staticmethod
    def of(viewport: Viewport, ratio: float) -> Scaling:
        """The scaling of a viewport on a screen of `ratio` device pixels per widget pixel."""
        still = replace(viewport, centre=(0.0, 0.0), width=0, height=0)
        (a, c), (b, d) = still.to_screen(ratio, 0.0), still.to_screen(0.0, ratio)
        columns, rows = max(math.ceil(viewport.width * ratio), 1), max(math.ceil(viewport.height * ratio), 1)
        (cx, cy), half = viewport.centre, ratio / 2
        x = round(a * cx + b * cy - viewport.width * half)
        y = round(c * cx + d * cy - viewport.height * half)
        return Scaling(a, b, c, d, x, y, columns, rows)

    @property
    def is_upright(self) -> bool:
        """Whether rows of the plane are rows of the picture, and neither is mirrored."""
        return self.b == self.c == 0.0 and self.a > 0 and self.d > 0

    def moves(self, other: Scaling) -> bool:
        """Whether this is the other moved by whole pixels."""
        return (self.a, self.b, self.c, self.d) == (other.a, other.b, other.c, other.d)

    def box_of(self, x0: float, y0: float, x1: float, y1: float, reach: float) -> Box:
        """The device pixels that a rectangle of the plane, and what is blended from it over its edge, may touch."""
        x0, y0, x1, y1 = x0 - reach, y0 - reach, x1 + reach, y1 + reach
        across = [self.a * x + self.b * y - self.x for x in (x0, x1) for y in (y0, y1)]
        down = [self.c * x + self.d * y - self.y for x in (x0, x1) for y in (y0, y1)]
        return math.floor(min(across)), math.floor(min(down)), math.ceil(max(across)), math.ceil(max(down))

    def region(self, box: Box, level: Level) -> Box | None:
        """The pixels of a level that a box of the picture is made from; `None` where there are none."""
        m = self._inverse(level)
        across = [m[0] * x + m[1] * y + m[2] for x in (box[0], box[2]) for y in (box[1], box[3])]
        down = [m[3] * x + m[4] * y + m[5] for x in (box[0], box[2]) for y in (box[1], box[3])]
        x0, y0 = max(math.floor(min(across)) - 1, 0), max(math.floor(min(down)) - 1, 0)
        x1, y1 = min(math.ceil(max(across)) + 2, level.width), min(math.ceil(max(down)) + 2, level.height)
        return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def reaches_beyond(self, box: Box, level: Level) -> bool:
        """Whether a box of an upright picture shows more than the level."""
        left, top = -self.x, -self.y
        right = self.a * level.width * level.downsample - self.x
        bottom = self.d * level.height * level.downsample - self.y
        return box[0] < left or box[1] < top or box[2] > right or box[3] > bottom

    def whole_shift(self, box: Box, level: Level) -> tuple[int, int] | None:
        """The pixel of the level at the corner of a box, where one of them is one of the screen, upright."""
        span = level.downsample
        if abs(self.a * span - 1) + abs(self.b * span) + abs(self.c * span) + abs(self.d * span - 1) > _EXACT:
            return None
        return self.x + box[0], self.y + box[1]

    def draw(
        self, pixels: Rgb32, region: Box, level: Level, box: Box, out: Rgb32, ground: int, *, smooth: bool
    ) -> None:
        """Scale (and turn) a region of a level into a box of the picture; `ground` is 0xAARRGGBB."""
        import cv2

        m = self._inverse(level)
        x = m[0] * box[0] + m[1] * box[1] + m[2] - region[0]
        y = m[3] * box[0] + m[4] * box[1] + m[5] - region[1]
        matrix = np.array([[m[0], m[1], x], [m[3], m[4], y]], np.float64)
        is_larger = abs(self.a * self.d - self.b * self.c) * level.downsample**2 > 1
        how = cv2.INTER_LINEAR if smooth or not is_larger else cv2.INTER_NEAREST
        # Only the slide's own rim is seen blended with the ground; inside it the region is a pixel wider than needed.
        beside = (ground & 255, ground >> 8 & 255, ground >> 16 & 255, ground >> 24)
        cv2.warpAffine(
            _bytes(pixels), matrix, (out.shape[1], out.shape[0]), dst=_bytes(out), flags=how | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT, borderValue=beside,
        )  # fmt: skip

    def _inverse(self, level: Level) -> tuple[float, float, float, float, float, float]:
        """From indices of device pixels to indices of a level's pixels (centres at whole numbers)."""
        span = (self.a * self.d - self.b * self.c) * level.downsample
        a, b, c, d = self.d / span, -self.b / span, -self.c / span, self.a / span
        x, y = self.x + 0.5, self.y + 0.5
        return a, b, a * x + b * y - 0.5, c, d, c * x + d * y - 0.5

    @staticmethod
    def enlarge(pixels: Rgb32, region: Box, box: Box, share: float, out: Rgb32) -> None:
        """Scale a region of a coarser level to a box of a finer one, `share` coarse pixels for a fine one."""
        import cv2

        x = (box[0] + 0.5) * share - 0.5 - region[0]
        y = (box[1] + 0.5) * share - 0.5 - region[1]
        matrix = np.array([[share, 0.0, x], [0.0, share, y]], np.float64)
        size = (out.shape[1], out.shape[0])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        cv2.warpAffine(
            _bytes(pixels), matrix, size, dst=_bytes(out), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )  # fmt: skip


def _bytes(pixels: Rgb32) -> Any:
    """The same memory as blue, green, red and alpha."""
    return pixels.view(np.uint8).reshape(*pixels.shape, 4)
