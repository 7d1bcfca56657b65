"""Scans whose voxels are held in memory as one array."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from imaging.errors import Problem, ScanProblem, one_line
from imaging.geometry import Region
from imaging.progress import Cancelled, Progress, silent
from imaging.quiet import quiet
from imaging.scan import Pixels, ScanInfo


class LoadedScan:
    """A volume, sequence, radiograph or picture; its voxels are loaded at the first read, once."""

    def __init__(self, info: ScanInfo, load: Callable[[Progress], Pixels] | Pixels) -> None:
        self._info = info
        self._lock = threading.Lock()
        self._voxels: Pixels | None = None
        self._closed = False
        self._load: Callable[[Progress], Pixels] | None = None
        if callable(load):
            self._load = load
        else:
            self._voxels = _checked(load, info)

    @property
    def info(self) -> ScanInfo:
        """What the scan is."""
        return self._info

    def voxels(self, progress: Progress | None = None) -> Pixels:
        """All stored values, (planes, rows, columns[, 3]); read-only, one array for all callers."""
        with self._lock:
            if self._closed:
                raise ScanProblem("is closed", self._info.name, "Open it again")
            if self._voxels is None:
                assert self._load is not None
                try:
                    with quiet():
                        self._voxels = _checked(self._load(progress or silent()), self._info)
                except (Problem, Cancelled):
                    raise
                except MemoryError as error:
                    raise ScanProblem(
                        f"needs {self._info.bytes_in_memory / 2**30:.1f} GiB of memory, more than there is",
                        self._info.name,
                        "Close other scans or open a part of it",
                    ) from error
                except Exception as error:
                    what = f"its pixels cannot be read ({one_line(error)})"
                    raise ScanProblem(what, self._info.name, "Get the file again") from error
            return self._voxels

    def read(self, region: Region, downsample: float = 1.0) -> Pixels:
        """Stored values of a region; see `imaging.scan.Scan.read`."""
        voxels = self.voxels()
        plane, axis = region.plane, region.plane.axis
        if not 0 <= plane.index < self._info.size.count(axis):
            raise ScanProblem(f"has no plane {plane.index} on axis {axis}", self._info.name)
        section: Pixels = (
            voxels[plane.index] if axis == 0 else voxels[:, plane.index] if axis == 1 else voxels[:, :, plane.index]
        )
        inside = region.clipped(self._info.size)
        part: Pixels = section[inside.y : inside.y + inside.height, inside.x : inside.x + inside.width]
        if (inside.width, inside.height) != (region.width, region.height):
            part = _padded(part, region, inside, self._info)
        return part if downsample == 1.0 else shrunk(part, region, downsample)

    def close(self) -> None:
        """Let go of the voxels."""
        with self._lock:
            self._closed, self._voxels = True, None


def _checked(voxels: Pixels, info: ScanInfo) -> Pixels:
    """The array, made read-only, once its shape is what the header promised."""
    size = info.size
    shape = (size.planes, size.rows, size.columns) + ((info.channels,) if info.channels > 1 else ())
    if voxels.shape != shape:
        raise ScanProblem(f"holds pixels of shape {voxels.shape}, its header says {shape}", info.name)
    voxels.flags.writeable = False
    return voxels


def _padded(part: Pixels, region: Region, inside: Region, info: ScanInfo) -> Pixels:
    """The part laid into the asked-for rectangle; outside is the lowest value (0 for colour)."""
    kind = np.dtype(info.dtype)
    lowest = 0 if info.channels > 1 or kind.kind != "i" else int(part.min()) if part.size else 0
    out = np.full((region.height, region.width, *part.shape[2:]), lowest, kind)
    top, left = inside.y - region.y, inside.x - region.x
    if part.size:
        out[top : top + inside.height, left : left + inside.width] = part
    return out


def shrunk(part: Pixels, region: Region, downsample: float) -> Pixels:
    """Area means over `downsample` pixels when shrinking; nearest pixels when enlarging."""
    width = max(1, round(region.width / downsample))
    height = max(1, round(region.height / downsample))
    if downsample < 1.0:
        rows = np.minimum((np.arange(height) * downsample).astype(np.intp), part.shape[0] - 1)
        columns = np.minimum((np.arange(width) * downsample).astype(np.intp), part.shape[1] - 1)
        return part[rows[:, None], columns[None, :]]
    import cv2

    source = part.astype(np.float32) if part.dtype.name not in {"uint8", "uint16", "int16", "float32"} else part
    small = cv2.resize(np.ascontiguousarray(source), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small).astype(part.dtype, copy=False)
