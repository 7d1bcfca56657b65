"""Scans made of known voxels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import Affine, Size
from imaging.loaded import LoadedScan
from imaging.scan import Level, ScanInfo, Spacing, Window

FULL = Window(127.5, 255)
SAGITTAL = Affine(((0.0, 0.0, -1.0, 0.0), (1.0, 0.0, 0.0, 0.0), (0.0, -1.0, 0.0, 0.0)))


def scan_of(
    voxels: NDArray[Any],
    *,
    affine: Affine | None = None,
    spacing: Spacing = (None, None, None),
    levels: tuple[Level, ...] = (),
) -> LoadedScan:
    """A scan of (planes, rows, columns[, 3]) voxels."""
    planes, rows, columns = voxels.shape[:3]
    info = ScanInfo(
        "known",
        "made",
        "volume" if planes > 1 else "picture",
        Size(columns, rows, planes),
        str(voxels.dtype),
        channels=3 if voxels.ndim == 4 else 1,
        spacing_mm=spacing,
        affine=affine,
        levels=levels,
    )
    return LoadedScan(info, voxels.copy())


def ramp(planes: int = 3, rows: int = 40, columns: int = 60) -> NDArray[np.uint8]:
    """Every voxel its own value, as far as 8 bits go: planes differ, rows and columns too."""
    k, j, i = np.mgrid[0:planes, 0:rows, 0:columns]
    return ((i * 3 + j * 5 + k * 40) % 256).astype(np.uint8)
