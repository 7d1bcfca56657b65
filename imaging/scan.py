"""A scan: pixels on a grid that knows where it lies."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import Affine, Plane, Region, Size
from imaging.progress import Progress

Pixels: TypeAlias = NDArray[Any]
"""Stored values: (rows, columns) or (rows, columns, 3) for a plane; a leading axis of planes for a volume."""

ScanKind = Literal["radiograph", "volume", "sequence", "picture", "slide"]
Spacing: TypeAlias = tuple[float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class Rescale:
    """Modality value = stored value × slope + intercept, in `unit` (HU, SUV… or empty)."""

    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""

    @property
    def is_identity(self) -> bool:
        """Whether stored values are the modality values."""
        return self.slope == 1.0 and self.intercept == 0.0

    def values(self, stored: Pixels) -> NDArray[np.float32]:
        """Modality values as float32."""
        if self.is_identity:
            return stored.astype(np.float32, copy=False)
        return stored.astype(np.float32) * np.float32(self.slope) + np.float32(self.intercept)


@dataclass(frozen=True, slots=True)
class Window:
    """A grey-level window in modality values: `centre` ± `width`/2 spans black to white."""

    centre: float
    width: float
    name: str = ""

    @property
    def low(self) -> float:
        """The modality value shown black."""
        return self.centre - self.width / 2

    @property
    def high(self) -> float:
        """The modality value shown white."""
        return self.centre + self.width / 2


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a pyramid: its size and how many full-resolution pixels one of its pixels spans."""

    width: int
    height: int
    downsample: float
    tile: tuple[int, int] | None = None
    """Width and height of its tiles; `None` where it has none."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of a scan that was lit channel by channel (fluorescence)."""

    name: str
    colour: int
    """0xRRGGBB: what its brightest value is shown as."""
    window: Window | None = None
    """The range to begin with, in stored values; `None` where it has to be found from the values."""


@dataclass(frozen=True, slots=True)
class Examination:
    """Which patient and examination a scan belongs to, as the file says; never written to a dataset as is."""

    patient: str = ""
    study: str = ""
    series: str = ""
    title: str = ""
    frame: str = ""
    """The frame of reference: scans that share it have the same patient coordinates."""


@dataclass(frozen=True, slots=True)
class ScanInfo:
    """What a scan is. What the file does not say stays `None` or empty; `notes` tell what the reader did."""

    name: str
    format: str
    kind: ScanKind
    size: Size
    dtype: str
    channels: int = 1
    spacing_mm: Spacing = (None, None, None)
    affine: Affine | None = None
    rescale: Rescale = Rescale()
    inverted: bool = False
    """MONOCHROME1: the lowest stored value is shown white."""
    windows: tuple[Window, ...] = ()
    modality: str = ""
    levels: tuple[Level, ...] = ()
    """Finest first; empty means one level of the full size."""
    fluorescence: tuple[Channel, ...] = ()
    """The channels of a scan whose channels are no red, green and blue; one for each of `channels`."""
    objective: float | None = None
    """Power of the objective a slide was scanned with."""
    spacing_from: str = ""
    """What the pixel size of a slide was read from (`aperio.MPP`, `TIFF resolution`…); empty where unknown."""
    objective_from: str = ""
    """What the objective power was read from."""
    associated: tuple[str, ...] = ()
    """Pictures beside a slide (`label`, `macro`, `thumbnail`); the first two may carry names."""
    examination: Examination = Examination()
    header: tuple[tuple[str, str], ...] = ()
    """Technical header values that name nobody."""
    notes: tuple[str, ...] = ()
    sources: tuple[Path, ...] = field(default=())

    @property
    def is_colour(self) -> bool:
        """Whether a pixel is red, green and blue."""
        return self.channels == 3 and not self.fluorescence

    @property
    def bytes_in_memory(self) -> int:
        """Bytes of all full-resolution pixels."""
        voxels = self.size.columns * self.size.rows * self.size.planes
        return voxels * self.channels * np.dtype(self.dtype).itemsize


@runtime_checkable
class Scan(Protocol):
    """An open scan. Every method may be called from any thread."""

    @property
    def info(self) -> ScanInfo:
        """What the scan is."""
        ...

    def read(self, region: Region, downsample: float = 1.0) -> Pixels:
        """Stored values of a region, one pixel per `downsample` full-resolution pixels.

        The answer has round(height / downsample) rows (at least 1) and is never larger than what was asked;
        parts outside the scan are filled with the lowest value (white on slides). Colour is RGB uint8.
        """
        ...

    def close(self) -> None:
        """Let go of files; later reads raise `ScanProblem`."""
        ...


@runtime_checkable
class Volume(Scan, Protocol):
    """A scan whose voxels fit in memory as one array."""

    def voxels(self, progress: Progress | None = None) -> Pixels:
        """All stored values, (planes, rows, columns[, 3]); read-only, one array for all callers."""
        ...


@runtime_checkable
class TiledScan(Scan, Protocol):
    """A scan that is read tile by tile: a slide. Every method may be called from any thread, by many at once.

    `info.levels` has at least one level, and each has a `tile`. The tile at (column, row) of a level begins at
    (column × tile width, row × tile height) of that level; tiles at the right and lower rim are cut to the level.
    """

    def tile(self, plane: Plane, level: int, column: int, row: int) -> Pixels:
        """Stored values, (rows, columns) or (rows, columns, channels). Raises `ScanProblem` when it cannot be read.

        Parts that were never scanned are white (colour) or 0.
        """
        ...

    def screen_tile(self, plane: Plane, level: int, column: int, row: int) -> NDArray[np.uint32]:
        """The same tile of a colour scan as 0xFFRRGGBB, C-contiguous, as fast as the format can."""
        ...

    def associated_image(self, name: str) -> Pixels:
        """A picture of `info.associated`, (rows, columns, 3). Raises `ScanProblem`."""
        ...

    def icc_profile(self) -> bytes | None:
        """The colour profile of a colour slide, if the file has one."""
        ...


@dataclass(frozen=True, slots=True)
class ScanSource:
    """Where a scan can be opened from: the files and the format that recognised them."""

    format: str
    paths: tuple[Path, ...]
    title: str = ""
    part: str = ""
    """Which scan, when one file or folder holds several (a series UID, an image index)."""


@runtime_checkable
class ScanFormat(Protocol):
    """A family of files that can be opened as scans."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    """Lower-case endings, with the dot, for the file dialog and as a hint."""

    def recognises(self, path: Path, head: bytes) -> bool:
        """Whether a file is of this format, by its first bytes (up to 4 KiB) and its name; cheap."""
        ...

    def sources(self, paths: tuple[Path, ...], progress: Progress) -> list[ScanSource]:
        """Group recognised files into scans (a series, a numbered sequence, one file each)."""
        ...

    def open(self, source: ScanSource, progress: Progress) -> Scan:
        """Open one scan: headers now, pixels when read. Raises `ScanProblem` with one clear line."""
        ...
