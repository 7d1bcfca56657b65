"""Pixels for tools to read, from a plain array."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import Region


class Voxels:
    """Reads a volume (planes, rows, columns[, 3]) as `Scan.read` does."""

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = values
        self.regions: list[Region] = []

    def __call__(self, region: Region, downsample: float = 1.0) -> NDArray[Any]:
        self.regions.append(region)
        section = np.moveaxis(self.values, region.plane.axis, 0)[region.plane.index]
        part = section[region.y : region.y + region.height, region.x : region.x + region.width]
        step = int(downsample)
        return part[step // 2 :: step, step // 2 :: step] if step > 1 else part
