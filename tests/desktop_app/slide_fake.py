"""A slide made of arithmetic: tiled, with levels, of any size, and nothing in memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem
from imaging.geometry import Plane, Region, Size
from imaging.scan import Channel, Level, Pixels, ScanInfo

TILE = 256
MM = 0.00025


def slide_info(width: int = 40_000, height: int = 30_000, *, mm: float | None = MM) -> ScanInfo:
    """A colour slide with halving levels."""
    levels = [Level(width, height, 1.0, (TILE, TILE))]
    while max(levels[-1].width, levels[-1].height) > 1024:
        down = levels[-1].downsample * 2
        levels.append(Level(max(1, round(width / down)), max(1, round(height / down)), down, (TILE, TILE)))
    return ScanInfo(
        "slide test", "test", "slide", Size(width, height), "uint8", 3, (mm, mm, None), levels=tuple(levels),
        objective=40.0 if mm else None, spacing_from="test.MPP" if mm else "", objective_from="test" if mm else "",
        associated=("label", "macro"),
    )  # fmt: skip


def lit_info() -> ScanInfo:
    """A slide of three fluorescence channels."""
    channels = (Channel("DAPI", 0x0000FF), Channel("CD8", 0x00FF00), Channel("PanCK", 0xFF0000))
    return replace(slide_info(4000, 3000), dtype="uint16", fluorescence=channels, objective=20.0, associated=())


class DrawnSlide:
    """Bright rings of tissue around the middle, darker towards the right."""

    def __init__(self, info: ScanInfo | None = None, profile: bytes | None = None) -> None:
        self._info, self._profile = info or slide_info(), profile
        self.asked: list[str] = []

    @property
    def info(self) -> ScanInfo:
        """What the scan is."""
        return self._info

    def read(self, region: Region, downsample: float = 1.0) -> Pixels:
        """Stored values of a region."""
        rows, columns = max(1, round(region.height / downsample)), max(1, round(region.width / downsample))
        return self._values(region.x, region.y, columns, rows, downsample)

    def tile(self, plane: Plane, level: int, column: int, row: int) -> Pixels:  # noqa: ARG002
        """Stored values of a tile."""
        known = self._info.levels[level]
        width, height = min(TILE, known.width - column * TILE), min(TILE, known.height - row * TILE)
        down = known.downsample
        return self._values(column * TILE * down, row * TILE * down, width, height, down)

    def screen_tile(self, plane: Plane, level: int, column: int, row: int) -> NDArray[np.uint32]:
        """The same as 0xFFRRGGBB."""
        red, green, blue = np.moveaxis(self.tile(plane, level, column, row).astype(np.uint32), 2, 0)
        return np.ascontiguousarray(0xFF000000 | red << 16 | green << 8 | blue)

    def associated_image(self, name: str) -> Pixels:
        """A picture beside the slide; the macro cannot be read."""
        self.asked.append(name)
        if name == "macro":
            raise ScanProblem("its macro picture is cut short", self._info.name, "Get the file again")
        return np.full((60, 90, 3), 200, np.uint8)

    def icc_profile(self) -> bytes | None:
        """The colour profile."""
        return self._profile

    def close(self) -> None:
        """Nothing to let go of."""

    def _values(self, x: float, y: float, columns: int, rows: int, step: float) -> Pixels:
        width, height = self._info.size.on_plane(0)
        xs = x + (np.arange(columns, dtype=np.float64)[None, :] + 0.5) * step
        ys = y + (np.arange(rows, dtype=np.float64)[:, None] + 0.5) * step
        far = np.hypot(xs / width - 0.5, ys / height - 0.5)
        ring = (np.sin(far * 60) * 40).astype(np.int16)
        if self._info.fluorescence:
            parts = [np.clip(400 + ring * (number + 1) * 8, 0, 4000) for number in range(self._info.channels)]
            return np.stack(parts, axis=2).astype(np.uint16)
        tissue = far < 0.38
        parts = [np.where(tissue, np.clip(base + ring, 0, 255), 245) for base in (205, 130, 180)]
        return np.stack(parts, axis=2).astype(np.uint8)
