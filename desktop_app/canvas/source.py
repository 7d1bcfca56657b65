"""Which part of a scan to read for a viewport, and the reading of it. No Qt.

A part is a rectangle of one plane at one level. Scans in memory have virtual levels, each half the last, so that a
picture of a hundred megapixels costs no more to window than the screen has pixels. Tiled scans are read the same way,
part by part, through `Scan.read`; what is shown of them tile by tile fits behind `PartSource`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from desktop_app.canvas.slab import read_slab
from desktop_app.canvas.viewport import Viewport
from desktop_app.display import ONE_PLANE, Slab
from imaging.geometry import Orientation, Plane, Region, display_orientation, plane_spacing
from imaging.scan import Level, Pixels, Scan, ScanInfo, Spacing, Volume

SMALLEST_LEVEL = 64
FETCHED = np.dtype(np.complex128)
"""What is fetched of each place of a plane across the columns: 16 bytes, the widest that NumPy moves as one."""
MOST_FETCHED = 3
"""So many of them are kept, for steps to and fro; a few MB each."""


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of a plane at a level; `region` is in full-resolution pixels."""

    region: Region
    downsample: float = 1.0

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns that reading it gives."""
        rows, columns = round(self.region.height / self.downsample), round(self.region.width / self.downsample)
        return max(rows, 1), max(columns, 1)


class PartSource(Protocol):
    """What a picture reads from."""

    @property
    def info(self) -> ScanInfo:
        """What the scan is."""
        ...

    def pixels(self, part: Part, slab: Slab = ONE_PLANE) -> Pixels:
        """Stored values of a part, of one plane or of a slab around it."""
        ...


class NearColumns:
    """Planes across the columns of a volume, with those beside them.

    Their pixels lie far apart in memory. What is fetched of each place holds several planes: they cost as much as one.
    """

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self._kept: dict[tuple[int, int, int, int, int], Pixels] = {}

    def read(self, region: Region) -> Pixels | None:
        """Stored values of a region of a plane across the columns; `None` where there is no short cut to them."""
        info = self._volume.info
        if (
            region.plane.axis != 2
            or region.clipped(info.size) != region
            or not 0 <= region.plane.index < info.size.columns
        ):
            return None
        voxels = self._volume.voxels()
        count = FETCHED.itemsize // voxels.itemsize
        if voxels.ndim != 3 or voxels.strides[2] != voxels.itemsize or not count or voxels.shape[2] % count:
            return None
        group, number = divmod(region.plane.index, count)
        key = (group, region.x, region.y, region.width, region.height)
        kept = self._kept.get(key)
        if kept is None:
            down, across = slice(region.y, region.y + region.height), slice(region.x, region.x + region.width)
            fetched = np.ascontiguousarray(voxels.view(FETCHED)[down, across, group])
            kept = fetched.view(voxels.dtype).reshape(region.height, region.width, count)
            kept.flags.writeable = False
            if len(self._kept) >= MOST_FETCHED:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = kept
        return kept[:, :, number]


class ScanParts:
    """Reads parts of a scan and keeps the last one, so that changing the window reads nothing."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._columns = NearColumns(scan) if isinstance(scan, Volume) else None
        self._key: tuple[Part, Slab] | None = None
        self._pixels: Pixels | None = None

    @property
    def info(self) -> ScanInfo:
        """What the scan is."""
        return self._scan.info

    def pixels(self, part: Part, slab: Slab = ONE_PLANE) -> Pixels:
        """Stored values of a part, of one plane or of a slab around it."""
        if self._pixels is None or self._key != (part, slab):
            is_plain = self._columns is not None and not slab.is_on and part.downsample == 1.0
            near = self._columns.read(part.region) if self._columns is not None and is_plain else None
            self._pixels = read_slab(self._scan, part.region, part.downsample, slab) if near is None else near
            self._key = part, slab
        return self._pixels


def levels_of(info: ScanInfo, plane: Plane) -> tuple[Level, ...]:
    """The scan's own levels, or halvings of the plane down to `SMALLEST_LEVEL` pixels."""
    if info.levels:
        return info.levels
    width, height = info.size.on_plane(plane.axis)
    levels = [Level(width, height, 1.0)]
    while min(levels[-1].width, levels[-1].height) >= 2 * SMALLEST_LEVEL:
        downsample = levels[-1].downsample * 2
        levels.append(Level(round(width / downsample), round(height / downsample), downsample))
    return tuple(levels)


def part_for(viewport: Viewport, levels: tuple[Level, ...], ratio: float = 1.0) -> Part | None:
    """The part that a viewport shows, or `None` when it shows nothing of the plane.

    `ratio` is device pixels per widget pixel. One pixel more on each side keeps smooth scaling true at the rim.
    """
    seen = viewport.visible()
    if seen.width == 0 or seen.height == 0:
        return None
    downsample = levels[replace(viewport, scale=viewport.scale * ratio).level(levels)].downsample
    step = max(1, math.ceil(downsample))
    x0, y0 = max(0, (seen.x // step - 1) * step), max(0, (seen.y // step - 1) * step)
    x1 = min(viewport.plane_width, (math.ceil((seen.x + seen.width) / step) + 1) * step)
    y1 = min(viewport.plane_height, (math.ceil((seen.y + seen.height) / step) + 1) * step)
    return Part(Region(viewport.plane, x0, y0, x1 - x0, y1 - y0), downsample)


def turned(array: NDArray[Any], orientation: Orientation) -> NDArray[Any]:
    """A view of a plane's pixels as shown: transposed, then flipped."""
    if orientation.transpose:
        array = array.swapaxes(0, 1)
    if orientation.flip_x:
        array = array[:, ::-1]
    if orientation.flip_y:
        array = array[::-1]
    return array


def plane_aspect(spacing: Spacing, plane: Plane) -> tuple[float, float]:
    """Relative size of a pixel across and down, the smaller being 1; 1, 1 when either is unknown."""
    across, down = plane_spacing(spacing, plane.axis)
    if not across or not down:
        return 1.0, 1.0
    least = min(across, down)
    return across / least, down / least


def fitted_viewport(info: ScanInfo, plane: Plane, width: int, height: int) -> Viewport:
    """A whole plane as it is shown first: turned the usual way, its pixels as tall and wide as they are."""
    across, down = info.size.on_plane(plane.axis)
    aspect, turn = plane_aspect(info.spacing_mm, plane), display_orientation(info.affine, plane.axis)
    return Viewport(plane, across, down, max(width, 1), max(height, 1), (0.0, 0.0), 1.0, aspect, turn).fitted()


def value_at(scan: Scan, plane: Plane, x: float, y: float, slab: Slab = ONE_PLANE) -> tuple[float, ...]:
    """Modality value (or red, green, blue) of the pixel under a point of the plane or slab; empty outside."""
    column, row = math.floor(x), math.floor(y)
    width, height = scan.info.size.on_plane(plane.axis)
    if not (0 <= column < width and 0 <= row < height):
        return ()
    stored = np.atleast_1d(read_slab(scan, Region(plane, column, row, 1, 1), 1.0, slab)[0, 0])
    return tuple(float(v) for v in scan.info.rescale.values(stored))
