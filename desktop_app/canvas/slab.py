"""Several planes of a scan as one: their mean, their brightest or their darkest values. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop_app.display import Slab
from imaging.geometry import Axis, Region, step_spacing
from imaging.loaded import shrunk
from imaging.scan import Pixels, Scan, ScanInfo, Volume


def slab_count(slab: Slab, info: ScanInfo, axis: Axis) -> int:
    """How many planes of an axis a slab is on a scan; 1 where it shows the plane alone."""
    if info.kind != "volume" or info.is_colour:
        return 1
    return min(slab.count(step_spacing(info.spacing_mm, axis)), info.size.count(axis))


def slab_range(index: int, count: int, total: int) -> range:
    """The planes of a slab around one: as many as there are at the ends of the scan."""
    first = index - (count - 1) // 2
    return range(max(first, 0), min(first + count, total))


def read_slab(scan: Scan, region: Region, downsample: float, slab: Slab) -> Pixels:
    """Stored values of a region of a slab around the region's plane, as `Scan.read` gives them of one plane.

    Falling scales (a negative slope) take the lowest stored value for the brightest.
    """
    axis, info = region.plane.axis, scan.info
    count = slab_count(slab, info, axis)
    if count == 1:
        return scan.read(region, downsample)
    planes = slab_range(region.plane.index, count, info.size.count(axis))
    inside = region.clipped(info.size)
    if isinstance(scan, Volume) and inside == region and region.width and region.height:
        found = _joined(_sections(scan.voxels(), region, planes), slab, info)
        return found if downsample == 1.0 else shrunk(found, region, downsample)
    where = (Region(type(region.plane)(axis, k), region.x, region.y, region.width, region.height) for k in planes)
    return _joined((scan.read(place, downsample) for place in where), slab, info)


def _sections(voxels: Pixels, region: Region, planes: range) -> Iterator[Pixels]:
    """The region on each plane."""
    down, across = slice(region.y, region.y + region.height), slice(region.x, region.x + region.width)
    between = slice(planes.start, planes.stop)
    if region.plane.axis == 0:
        stack = voxels[between, down, across]
        return (stack[number] for number in range(len(planes)))
    if region.plane.axis == 1:
        stack = voxels[down, between, across]
        return (stack[:, number] for number in range(len(planes)))
    # Columns lie far apart in memory: fetched together they cost hardly more than one.
    stack = np.ascontiguousarray(voxels[down, across, between])
    return (stack[:, :, number] for number in range(len(planes)))


def _joined(sections: Iterator[Pixels], slab: Slab, info: ScanInfo) -> Pixels:
    first = next(sections)
    if slab.mode == "mean":
        return _mean(first, sections)
    wants_high = (slab.mode == "max") == (info.rescale.slope >= 0)
    join: Callable[..., NDArray[Any]] = np.maximum if wants_high else np.minimum
    out = first.copy(order="C")
    for section in sections:
        join(out, section, out=out)
    return out


def _mean(first: Pixels, sections: Iterator[Pixels]) -> Pixels:
    """The mean, rounded where values are whole."""
    kind = first.dtype
    wide = np.dtype(
        np.float64 if kind.kind == "f" and kind.itemsize > 4 else np.float32 if kind.kind == "f" else np.int64
    )
    if kind.kind in "iub" and kind.itemsize <= 2:
        wide = np.dtype(np.int32)
    total, count = first.astype(wide, order="C"), 1
    for section in sections:
        np.add(total, section, out=total, casting="unsafe")
        count += 1
    if wide.kind == "f":
        total /= wide.type(count)
    else:
        total += count // 2
        total //= count
    return total.astype(kind, copy=False)
