"""What the pixels of a region are: mean, standard deviation, smallest and largest value. Pure; any thread.

A pixel belongs to a region when its centre lies in it. Large regions are read coarser, and that is said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Box, Geometry, Polygon, RotatedBox, bounds
from dataset.mask import Mask, Tile, TileKey
from dataset.measure import inside_of
from imaging.geometry import Plane, Region, Size
from imaging.progress import Progress

MOST_PIXELS = 4_000_000
"""So many pixels of a plane are read at full resolution; of more every second, fourth … one across and down.

*Memory bound*: some 100 bytes a pixel while one plane of a region is looked at.
"""
BRIGHTNESS, CHANNELS = "brightness", "channels"
"""What stands for a unit where a pixel has several values."""
_GREY = np.array((0.299, 0.587, 0.114), np.float32)
"""Brightness of red, green, blue (ITU-R BT.601)."""


class Reads(Protocol):
    """Reads modality values (float32), or red, green, blue (uint8) of colour, of a region at a downsample."""

    def __call__(self, region: Region, downsample: float = 1.0) -> NDArray[Any]:
        """The pixels, (rows, columns) or (rows, columns, 3)."""
        ...


@dataclass(frozen=True, slots=True)
class RegionValues:
    """The values in a region."""

    pixels: int
    """How many pixels of the scan the region holds; an estimate where it was read coarser."""
    mean: float
    deviation: float
    """Of the pixels themselves: the square root of the mean squared distance from the mean."""
    low: float
    high: float
    unit: str = ""
    """`HU`, `BRIGHTNESS` (0 … 255) of colour, `CHANNELS` of their mean; empty where the values have none."""
    downsample: int = 1
    """Read so many times coarser than the scan is; 1 is exact."""


def region_values(
    geometry: Geometry, read: Reads, size: Size, progress: Progress, unit: str = ""
) -> RegionValues | None:
    """The values in a box, polygon or mask (on all its planes); `None` where it holds no pixel's centre.

    May read the disk. Raises what reading raises, and `Cancelled`.
    """
    parts = list(_parts(geometry))
    downsample = max((_downsample_for(part, plane, size) for part, plane in parts), default=1)
    sums = _Sums()
    kinds: set[str] = set()
    for number, (part, plane) in enumerate(parts):
        progress.report(number, len(parts))
        values = _values(part, plane, read, size, downsample)
        if values is not None:
            kinds.add(unit if values.ndim == 1 else BRIGHTNESS if values.shape[1] == 3 else CHANNELS)
            sums.add(values)
    if not sums.count:
        return None
    variance = max(sums.squares / sums.count - (sums.total / sums.count) ** 2, 0.0)
    return RegionValues(
        sums.count * downsample**2,
        sums.shift + sums.total / sums.count,
        math.sqrt(variance),
        sums.low,
        sums.high,
        kinds.pop(),
        downsample,
    )


def has_area(geometry: Geometry) -> bool:
    """Whether a geometry is a region that holds pixels."""
    return isinstance(geometry, Box | RotatedBox | Polygon | Mask)


class _Sums:
    """What is known of the values so far; counted from the first one, so that few digits are lost."""

    def __init__(self) -> None:
        self.count, self.shift, self.total, self.squares = 0, 0.0, 0.0, 0.0
        self.low, self.high = math.inf, -math.inf

    def add(self, values: NDArray[Any]) -> None:
        """Take more values: (n,), (n, 3) of colour, or (n, channels)."""
        if values.ndim == 2:
            shares = _GREY if values.shape[1] == 3 else np.full(values.shape[1], 1 / values.shape[1], np.float64)
            values = values @ shares
        grey: NDArray[np.float64] = values.astype(np.float64)
        grey = grey[np.isfinite(grey)]
        if not grey.size:
            return
        if not self.count:
            self.shift = float(grey[0])
        self.count += int(grey.size)
        self.total += float((grey - self.shift).sum())
        self.squares += float(((grey - self.shift) ** 2).sum())
        self.low, self.high = min(self.low, float(grey.min())), max(self.high, float(grey.max()))


def _parts(geometry: Geometry) -> list[tuple[Geometry, Plane]]:
    """A region plane by plane."""
    if isinstance(geometry, Mask):
        tiles: dict[int, dict[TileKey, Tile]] = {}
        for key, tile in geometry.tiles.items():
            tiles.setdefault(key.plane, {})[key] = tile
        return [(Mask(geometry.axis, part), Plane(geometry.axis, plane)) for plane, part in sorted(tiles.items())]
    if isinstance(geometry, RotatedBox):
        geometry = geometry.outline()
    return [(geometry, geometry.plane)] if isinstance(geometry, Box | Polygon) else []


def _region(part: Geometry, plane: Plane, size: Size) -> Region | None:
    found = bounds(part)
    if found is None:
        return None
    x, y, width, height = found
    x0, y0 = math.floor(x), math.floor(y)
    region = Region(plane, x0, y0, math.ceil(x + width) - x0, math.ceil(y + height) - y0).clipped(size)
    return region if region.width and region.height else None


def _downsample_for(part: Geometry, plane: Plane, size: Size) -> int:
    region = _region(part, plane, size)
    downsample = 1
    while region is not None and region.width * region.height / downsample**2 > MOST_PIXELS:
        downsample *= 2
    return downsample


def _values(part: Geometry, plane: Plane, read: Reads, size: Size, downsample: int) -> NDArray[Any] | None:
    """The values in one plane of a region, (n,) or (n, 3)."""
    region = _region(part, plane, size)
    if region is None:
        return None
    if downsample > 1:
        # Whole coarse pixels only: what `read` gives for a part of one is its own affair.
        across, down = (math.ceil(side / downsample) * downsample for side in (region.width, region.height))
        region = replace(region, width=across, height=down)
    pixels = read(region, float(downsample))
    rows, columns = int(pixels.shape[0]), int(pixels.shape[1])
    x = np.arange(columns, dtype=np.float64)
    y = np.arange(rows, dtype=np.float64)
    x, y = region.x + (x + 0.5) * (region.width / columns), region.y + (y + 0.5) * (region.height / rows)
    last_x, last_y = size.on_plane(plane.axis)
    return pixels[_inside(part, x, y) & (y < last_y)[:, None] & (x < last_x)[None, :]]


def _inside(part: Geometry, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the places on a grid lie in a part, (rows, columns)."""
    if isinstance(part, Box):
        across = (x >= part.x) & (x < part.x + part.width)
        down = (y >= part.y) & (y < part.y + part.height)
        return down[:, None] & across[None, :]
    if isinstance(part, Polygon):
        return _inside_polygon(part, x, y)
    places = np.stack((np.tile(x, len(y)), np.repeat(y, len(x))), 1)
    return inside_of(part, places).reshape(len(y), len(x))


def _inside_polygon(polygon: Polygon, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Even-odd rule, row by row: each edge flips what lies right of where it crosses the row's middle."""
    flips = np.zeros((len(y), len(x) + 1), np.bool_)
    for ring in (polygon.exterior, *polygon.holes):
        for (ax, ay), (bx, by) in zip(ring, (*ring[1:], *ring[:1]), strict=True):
            first, last = (int(np.searchsorted(y, end, "left")) for end in (min(ay, by), max(ay, by)))
            if first < last:
                rows = np.arange(first, last)
                crossing = ax + (y[rows] - ay) * (bx - ax) / (by - ay)
                flips[rows, np.searchsorted(x, crossing, "left")] ^= True
    return np.logical_xor.accumulate(flips, axis=1)[:, :-1]
