"""What was already seen of a plane, and how close. No Qt.

A frozen grid over the plane holds for each cell the greatest scale at which its middle was on screen. Scales are kept
in steps of a quarter of a doubling, in one byte a cell.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from desktop_app.canvas.viewport import Viewport

LONGEST = 384
"""Cells along the longer side."""
STEPS = 4
"""Steps for each doubling of the scale."""
LEAST = -40
"""The step of byte 1; a scale below 2^(LEAST / STEPS) counts as that."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The greatest scale (screen pixels per scan pixel) at which each cell of a plane was on screen."""

    width: int
    height: int
    cells: NDArray[np.uint8]
    """(rows, columns); 0 was never on screen. Not to be written to."""

    @staticmethod
    def of(width: int, height: int) -> Seen:
        """Nothing of a plane of this size was seen."""
        cell = max(width, height, 1) / LONGEST
        rows, columns = max(1, math.ceil(height / cell)), max(1, math.ceil(width / cell))
        return Seen(width, height, np.zeros((rows, columns), np.uint8))

    @property
    def cell(self) -> tuple[float, float]:
        """Width and height of a cell in pixels of the plane."""
        rows, columns = self.cells.shape
        return self.width / columns, self.height / rows

    def after(self, viewport: Viewport) -> Seen:
        """With what a viewport shows; the same object where that adds nothing."""
        region, (across, down) = viewport.visible(), self.cell
        if not region.width or not region.height or not across or not down:
            return self
        rows, columns = self.cells.shape
        x0, y0 = int(region.x // across), int(region.y // down)
        x1 = min(columns, math.ceil((region.x + region.width) / across))
        y1 = min(rows, math.ceil((region.y + region.height) / down))
        xs = (np.arange(x0, x1, dtype=np.float64) + 0.5) * across
        ys = (np.arange(y0, y1, dtype=np.float64) + 0.5) * down
        sx, sy = _on_screen(viewport.to_screen, xs[None, :], ys[:, None])
        shown = (sx >= 0) & (sx <= viewport.width) & (sy >= 0) & (sy <= viewport.height)
        step = _step(viewport.scale)
        more = shown & (self.cells[y0:y1, x0:x1] < step)
        if not more.any():
            return self
        cells = self.cells.copy()
        cells[y0:y1, x0:x1][more] = step
        return replace(self, cells=cells)

    def scale_at(self, x: float, y: float) -> float:
        """The greatest scale at which a point of the plane was seen; 0 for never."""
        (across, down), (rows, columns) = self.cell, self.cells.shape
        if not (0 <= x < self.width and 0 <= y < self.height):
            return 0.0
        step = int(self.cells[min(int(y / down), rows - 1), min(int(x / across), columns - 1)])
        return 2.0 ** ((step - 1 + LEAST) / STEPS) if step else 0.0

    def at_least(self, scale: float) -> NDArray[np.bool_]:
        """The cells that were seen at a scale or closer."""
        return self.cells >= _step(scale)

    def share(self, scale: float) -> float:
        """The share of the plane that was seen at a scale or closer, 0…1."""
        return float(self.at_least(scale).mean())


def _step(scale: float) -> int:
    """The byte of a scale, to the nearest step."""
    return min(max(round(math.log2(max(scale, 1e-9)) * STEPS) - LEAST + 1, 1), 255)


def _on_screen(
    to_screen: Callable[[float, float], tuple[float, float]], xs: NDArray[np.float64], ys: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Many points at once: the way to the screen is affine, so three points tell all of it."""
    (ox, oy), (ax, ay), (bx, by) = to_screen(0.0, 0.0), to_screen(1000.0, 0.0), to_screen(0.0, 1000.0)
    across, down = xs / 1000, ys / 1000
    return ox + (ax - ox) * across + (bx - ox) * down, oy + (ay - oy) * across + (by - oy) * down
