"""Slides: scans that are read tile by tile, and regions put together from tiles in bounded memory."""

from __future__ import annotations

import math
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem, one_line
from imaging.geometry import Plane, Region
from imaging.memory import require_memory
from imaging.progress import Cancelled
from imaging.resampling import area_mean, nearest
from imaging.scan import Level, Pixels, ScanInfo

_LARGEST_ANSWER = 2**33
"""Bytes of the largest region that is read at once, whatever the memory."""
_BAND = 2**26
"""Bytes of stored pixels that are held to make one block of a shrunken region."""


class TileReader(Protocol):
    """What a slide format supplies. Every method may be called from any thread, by many at once.

    `close` is called once, when no other call is under way. Errors of any kind become a `ScanProblem`
    in `TiledSlide`, so a reader raises its own only where it knows better what to say.
    """

    def tile(self, plane: Plane, level: int, column: int, row: int) -> Pixels:
        """Stored values of a tile, whole or cut to the level; white or 0 (`blank`) where never scanned."""
        ...

    def screen_tile(self, plane: Plane, level: int, column: int, row: int) -> NDArray[np.uint32] | None:
        """The tile as 0xFFRRGGBB; `None` where it is to be made from `tile`."""
        ...

    def associated_image(self, name: str) -> Pixels:
        """One of `info.associated`, (rows, columns, 3)."""
        ...

    def icc_profile(self) -> bytes | None:
        """The colour profile, if there is one."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


class TiledSlide:
    """A slide over a `TileReader`; is an `imaging.scan.TiledScan`."""

    def __init__(self, info: ScanInfo, reader: TileReader) -> None:
        self._info = info
        self._reader = reader
        self._levels = info.levels
        self._lock = threading.Lock()
        self._reading = 0
        self._closed = False
        if not info.levels or any(level.tile is None for level in info.levels):
            raise ValueError("a tiled scan has levels, and each of them tiles")

    @property
    def info(self) -> ScanInfo:
        """What the scan is."""
        return self._info

    def tile(self, plane: Plane, level: int, column: int, row: int) -> Pixels:
        """Stored values of a tile; see `imaging.scan.TiledScan.tile`."""
        width, height = self._tile_size(plane, level, column, row)
        with self._reads(f"tile ({column}, {row}) of level {level}"):
            pixels = self._reader.tile(plane, level, column, row)
        return self._cut(pixels, width, height, self._info.channels)

    def screen_tile(self, plane: Plane, level: int, column: int, row: int) -> NDArray[np.uint32]:
        """The tile of a colour slide as 0xFFRRGGBB, C-contiguous."""
        width, height = self._tile_size(plane, level, column, row)
        with self._reads(f"tile ({column}, {row}) of level {level}"):
            screen = self._reader.screen_tile(plane, level, column, row)
        if screen is not None:
            return np.ascontiguousarray(self._cut(screen, width, height, 1))
        if not self._info.is_colour:
            raise ScanProblem("has no colours of its own to show", self._info.name)
        return screen_pixels(self.tile(plane, level, column, row))

    def read(self, region: Region, downsample: float = 1.0) -> Pixels:
        """Stored values of a region; see `imaging.scan.Scan.read`. Raises `ScanProblem` for what is too large."""
        info, plane = self._info, region.plane
        self._check_plane(plane)
        if not (math.isfinite(downsample) and downsample > 0) or region.width < 0 or region.height < 0:
            raise ScanProblem(f"cannot be read at a downsample of {downsample:g}", info.name)
        if downsample == 1.0:
            height, width = region.height, region.width
        else:
            height = max(1, round(region.height / downsample))
            width = max(1, round(region.width / downsample))
        needed = height * width * info.channels * np.dtype(info.dtype).itemsize
        if needed > _LARGEST_ANSWER:
            raise ScanProblem(
                f"cannot be read as {width:,} × {height:,} pixels at once", info.name, "Ask for a smaller region"
            )
        if needed > _BAND:
            require_memory(needed, info.name, f"{width:,} × {height:,} pixels")
        if downsample == 1.0:
            return self._stored(plane, 0, region.x, region.y, width, height)
        if downsample < 1.0:
            return self._enlarged(region, downsample, width, height)
        return self._shrunk(region, downsample, width, height)

    def associated_image(self, name: str) -> Pixels:
        """A picture of `info.associated`, (rows, columns, 3). Raises `ScanProblem`."""
        if name not in self._info.associated:
            raise ScanProblem(f"has no picture called {name!r}", self._info.name)
        with self._reads(f"its {name} picture"):
            return self._reader.associated_image(name)

    def icc_profile(self) -> bytes | None:
        """The colour profile of a colour slide, if the file has one."""
        with self._reads("its colour profile"):
            return self._reader.icc_profile()

    def close(self) -> None:
        """Let go of files, as soon as the reads under way are done; later ones raise `ScanProblem`."""
        with self._lock:
            last = not self._closed and not self._reading
            self._closed = True
        if last:
            self._reader.close()

    @contextmanager
    def _reads(self, what: str) -> Generator[None]:
        """Keep the files open while inside, and turn every error into one line."""
        with self._lock:
            if self._closed:
                raise ScanProblem("is closed", self._info.name, "Open it again")
            self._reading += 1
        try:
            yield
        except (ScanProblem, Cancelled):
            raise
        except OSError as error:
            said = f"{what} cannot be read ({error.strerror or one_line(error)})"
            raise ScanProblem(said, self._info.name, "Check that the file is still there") from error
        except MemoryError as error:
            raise ScanProblem(f"{what} needs more memory than there is", self._info.name) from error
        except Exception as error:
            raise ScanProblem(f"{what} cannot be read ({one_line(error)})", self._info.name) from error
        finally:
            with self._lock:
                self._reading -= 1
                last = self._closed and not self._reading
            if last:
                self._reader.close()

    def _check_plane(self, plane: Plane) -> None:
        """Raise `ScanProblem` for a plane the slide has not."""
        if plane.axis != 0 or not 0 <= plane.index < self._info.size.planes:
            raise ScanProblem(f"has no plane {plane.index} on axis {plane.axis}", self._info.name)

    def _tile_size(self, plane: Plane, level: int, column: int, row: int) -> tuple[int, int]:
        """Width and height of a tile, cut to its level. Raises `ScanProblem` for one that is not there."""
        self._check_plane(plane)
        if 0 <= level < len(self._levels):
            width, height = cut_size(self._levels[level], column, row)
            if width > 0 and height > 0:
                return width, height
        raise ScanProblem(f"has no tile ({column}, {row}) on level {level}", self._info.name)

    def _cut(self, pixels: Pixels, width: int, height: int, channels: int) -> Pixels:
        """A tile without what reaches over the level's rim. Raises `ScanProblem` for one of another shape."""
        shape = pixels.shape
        if len(shape) != (2 if channels == 1 else 3) or shape[0] < height or shape[1] < width:
            raise ScanProblem(f"a tile holds pixels of shape {shape}, not {(height, width)}", self._info.name)
        if channels > 1 and shape[2] != channels:
            raise ScanProblem(f"a tile holds {shape[2]} channels, not {channels}", self._info.name)
        return pixels if shape[:2] == (height, width) else pixels[:height, :width]

    def _stored(self, plane: Plane, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """A rectangle of a level, pixel by pixel; blank where it reaches over the rim."""
        info, chosen = self._info, self._levels[level]
        out = blank(info, width, height)
        across, down = chosen.tile or (1, 1)
        left, right = max(x, 0), min(x + width, chosen.width)
        top, bottom = max(y, 0), min(y + height, chosen.height)
        if left >= right or top >= bottom:
            return out
        for row in range(top // down, (bottom - 1) // down + 1):
            for column in range(left // across, (right - 1) // across + 1):
                pixels = self.tile(plane, level, column, row)
                x0, y0 = max(left, column * across), max(top, row * down)
                x1 = min(right, column * across + pixels.shape[1])
                y1 = min(bottom, row * down + pixels.shape[0])
                source = pixels[y0 - row * down : y1 - row * down, x0 - column * across : x1 - column * across]
                out[y0 - y : y1 - y, x0 - x : x1 - x] = source
        return out

    def _enlarged(self, region: Region, downsample: float, width: int, height: int) -> Pixels:
        """Nearest pixels of the finest level."""
        if region.width < 1 or region.height < 1:
            return blank(self._info, width, height)
        stored = self._stored(region.plane, 0, region.x, region.y, region.width, region.height)
        return nearest(stored, downsample, width, height)

    def _shrunk(self, region: Region, downsample: float, width: int, height: int) -> Pixels:
        """Area means of the coarsest level that is not coarser than asked, block by block."""
        number = self._level_for(downsample)
        scale = self._levels[number].downsample
        step_x, step_y = max(region.width, 1) / width / scale, max(region.height, 1) / height / scale
        start_x, start_y = region.x / scale, region.y / scale
        pixel = self._info.channels * np.dtype(self._info.dtype).itemsize
        across, down = _block(width, height, step_x, step_y, _BAND // pixel)
        if not across:
            advice = "Save it as a pyramid, or ask for a smaller region"
            raise ScanProblem(f"has no level coarse enough for a downsample of {downsample:g}", self._info.name, advice)
        out = blank(self._info, width, height)
        for top in range(0, height, down):
            rows = min(down, height - top)
            for left in range(0, width, across):
                columns = min(across, width - left)
                x0, x1 = start_x + left * step_x, start_x + (left + columns) * step_x
                y0, y1 = start_y + top * step_y, start_y + (top + rows) * step_y
                x, y = math.floor(x0 + 1e-6), math.floor(y0 + 1e-6)
                far_x, far_y = math.ceil(x1 - 1e-6), math.ceil(y1 - 1e-6)
                stored = self._stored(region.plane, number, x, y, max(far_x - x, 1), max(far_y - y, 1))
                span = (x0 - x, x1 - x, y0 - y, y1 - y)
                out[top : top + rows, left : left + columns] = area_mean(stored, span, columns, rows)
        return out

    def _level_for(self, downsample: float) -> int:
        """The coarsest level that is not coarser than asked (sizes are rounded, hence the tolerance)."""
        fitting = [n for n, level in enumerate(self._levels) if level.downsample <= downsample * 1.001]
        return max(fitting, key=lambda n: self._levels[n].downsample, default=0)


def _block(width: int, height: int, step_x: float, step_y: float, budget: int) -> tuple[int, int]:
    """Columns and rows of the answer whose stored pixels fit a budget; (0, 0) when not even one pixel's do."""
    across = min(width, int(budget / ((step_y + 2) * step_x)))
    if across < 1:
        return 0, 0
    return across, max(1, min(height, int(budget / (across * step_x + 2) / step_y) - 1))


def cut_size(level: Level, column: int, row: int) -> tuple[int, int]:
    """Width and height of a tile, cut to its level; (0, 0) or less where there is none."""
    across, down = level.tile or (level.width, level.height)
    if column < 0 or row < 0:
        return 0, 0
    return min(across, level.width - column * across), min(down, level.height - row * down)


def blank(info: ScanInfo, width: int, height: int) -> Pixels:
    """What was never scanned: white on colour slides, 0 on others."""
    shape = (height, width) if info.channels == 1 else (height, width, info.channels)
    return np.full(shape, 255 if info.is_colour else 0, np.dtype(info.dtype))


def screen_pixels(colour: Pixels) -> NDArray[np.uint32]:
    """Pixels (rows, columns, 3) of 8 bits as 0xFFRRGGBB."""
    import cv2

    return np.asarray(cv2.cvtColor(np.ascontiguousarray(colour), cv2.COLOR_RGB2BGRA)).view("<u4")[..., 0]
