"""Pixel values for tools, read in blocks and kept for as long as a gesture lasts."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from desktop_app.tool import Bench, Reader
from imaging.geometry import Plane, Region

BLOCK = 256
LARGE = 2**25
"""A plane with more pixels is looked at as coarsely as it is shown."""

Values = NDArray[np.float32]
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def coarseness(bench: Bench, pixel: float) -> int:
    """Full-resolution pixels per pixel looked at, a power of 2; 1 but for very large planes that are shown smaller."""
    across, down = bench.size.on_plane(bench.plane.axis)
    if across * down <= LARGE or pixel < 2:
        return 1
    return int(2 ** min(math.floor(math.log2(pixel)), 10))


def brightness(stored: NDArray[np.generic]) -> Values:
    """Modality values as they are; of colour the luma (ITU-R BT.601), 0…255."""
    if stored.ndim == 2:
        return stored.astype(np.float32, copy=False)
    return stored[..., :3].astype(np.float32) @ _LUMA


class Samples:
    """Values of the planes of a scan, each block of which is read once."""

    def __init__(self, read: Reader, bench: Bench, step: int = 1) -> None:
        self._read, self._size, self._step = read, bench.size, step
        self._blocks: dict[tuple[Plane, int, int], Values] = {}

    def values(self, region: Region) -> Values:
        """The values of a region within its plane, one for each full-resolution pixel; raises `Problem`."""
        out = np.zeros((region.height, region.width), np.float32)
        side = BLOCK * self._step
        for row in range(region.y // side, (region.y + region.height - 1) // side + 1):
            for column in range(region.x // side, (region.x + region.width - 1) // side + 1):
                block = self._block(region.plane, row, column)
                y0, x0 = max(region.y, row * side), max(region.x, column * side)
                y1 = min(region.y + region.height, (row + 1) * side)
                x1 = min(region.x + region.width, (column + 1) * side)
                rows = self._places(y0, y1, row * side, block.shape[0])
                columns = self._places(x0, x1, column * side, block.shape[1])
                part = block[rows][:, columns]
                out[y0 - region.y : y1 - region.y, x0 - region.x : x1 - region.x] = part
        return out

    def _places(self, start: int, end: int, origin: int, count: int) -> slice | NDArray[np.intp]:
        """Where the pixels from `start` to `end` are in a block that begins at `origin`."""
        if self._step == 1:
            return slice(start - origin, end - origin)
        return np.minimum((np.arange(start, end) - origin) // self._step, count - 1)

    def _block(self, plane: Plane, row: int, column: int) -> Values:
        known = self._blocks.get((plane, row, column))
        if known is None:
            side = BLOCK * self._step
            region = Region(plane, column * side, row * side, side, side).clipped(self._size)
            known = brightness(self._read(region, float(self._step)))
            self._blocks[plane, row, column] = known
        return known
