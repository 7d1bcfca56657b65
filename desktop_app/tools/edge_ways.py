"""The cheapest ways along edges of the picture: live-wire (Mortensen and Barrett, SIGGRAPH 1995). Pure; plane pixels.

From one point the costs to all around are found once, in a window of bounded size; every way from there is then only
followed back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Point
from dataset.measure import pixel_size
from desktop_app.tool import Bench
from imaging.geometry import Region
from imaging.scan import Window

CELLS = 224
"""The window is so many cells wide and high: its costs are found within a click's time."""
RIM = 8
"""Cells at the rim of the window to which ways are not trusted."""
LEAST_COST = 0.03
"""What a step along the strongest edge costs, where one through plain ground costs 1."""


@dataclass(frozen=True, slots=True, eq=False)
class EdgeWays:
    """The ways from one point to all cells of a window; each cell spans `across` × `down` pixels of the plane."""

    start: Point
    x: float
    y: float
    across: float
    down: float
    shape: tuple[int, int]
    _found: Any

    @property
    def step(self) -> float:
        """Pixels of the plane per cell."""
        return max(self.across, self.down)

    def to(self, end: Point) -> tuple[Point, ...]:
        """The way to a point, both ends as they are given; the nearest place of the window where it lies outside."""
        row, column = self.cell(end)
        cells = cast("list[tuple[int, int]]", self._found.traceback((row, column)))
        inner = [(self.x + (c + 0.5) * self.across, self.y + (r + 0.5) * self.down) for r, c in cells[1:-1]]
        return (self.start, *inner, end)

    def cell(self, point: Point) -> tuple[int, int]:
        """Row and column of the cell at a point, or of the nearest one."""
        row = math.floor((point[1] - self.y) / self.down)
        column = math.floor((point[0] - self.x) / self.across)
        return min(max(row, 0), self.shape[0] - 1), min(max(column, 0), self.shape[1] - 1)


def step_for(start: Point, end: Point, pixel: float) -> int:
    """Pixels per cell (1, 2, 4, …) so that a window around one point holds another; never finer than the screen."""
    away = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    needed = max(away / (CELLS / 2 - RIM), pixel / 1.5, 1.0)
    return 2 ** math.ceil(math.log2(needed))


def edge_ways(start: Point, step: int, bench: Bench) -> EdgeWays | None:
    """The ways from a point at so many pixels per cell; `None` where there are no pixels to go by."""
    from skimage.graph import MCP_Geometric  # pyright: ignore[reportUnknownVariableType]

    if bench.read is None:
        return None
    side = CELLS * step
    region = Region(bench.plane, math.floor(start[0]) - side // 2, math.floor(start[1]) - side // 2, side, side)
    region = region.clipped(bench.size)
    if region.width < 2 or region.height < 2:
        return None
    costs = costs_of(bench.read(region, float(step)), bench.window)
    rows, columns = costs.shape
    across, down = region.width / columns, region.height / rows
    pixel = pixel_size(bench.spacing_mm, bench.plane.axis) or (1.0, 1.0)
    wide, high = pixel[0] * across, pixel[1] * down
    least = min(wide, high)
    found: Any = cast("Any", MCP_Geometric)(costs, sampling=(high / least, wide / least))
    made = EdgeWays(start, region.x, region.y, across, down, (rows, columns), found)
    found.find_costs([made.cell(start)])
    return made


def costs_of(pixels: NDArray[Any], window: Window | None) -> NDArray[np.float64]:
    """What a step on each pixel costs: little where what is shown changes most, 1 where it does not change."""
    import cv2

    shown = np.nan_to_num(pixels.astype(np.float32))
    if shown.ndim == 3:
        shown = shown / 255.0
    else:
        low, high = (window.low, window.high) if window is not None else (float(shown.min()), float(shown.max()))
        shown = np.clip((shown - low) / max(high - low, 1e-6), 0.0, 1.0)
    soft = np.asarray(cv2.GaussianBlur(shown, (5, 5), 1.0))
    steep = np.hypot(np.asarray(cv2.Sobel(soft, cv2.CV_32F, 1, 0)), np.asarray(cv2.Sobel(soft, cv2.CV_32F, 0, 1)))
    if steep.ndim == 3:
        steep = steep.max(axis=2)
    # The strongest hundredth counts as edge; noise in plain ground must not become one.
    most = max(float(np.percentile(steep, 99)), 0.05)
    plain = 1.0 - np.minimum(steep / most, 1.0)
    return np.asarray(LEAST_COST + (1.0 - LEAST_COST) * plain * plain, np.float64)
