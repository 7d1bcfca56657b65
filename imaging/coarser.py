"""Coarser levels for slides that have none: each of their tiles is the mean of four below, made when asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem
from imaging.geometry import Plane
from imaging.resampling import area_mean
from imaging.scan import Level, Pixels, ScanInfo
from imaging.tiled import TileReader, blank, cut_size

_LARGEST_COARSEST = 4096
"""Pixels of the longer side above which the coarsest level is too large to show the whole slide."""
_SMALL = 2048
"""Levels are added until the longer side is at most this."""
_HELD = 64 * 2**20
"""Bytes of made tiles that are kept; the finest go first, being the quickest to make again."""


def with_coarser(info: ScanInfo, reader: TileReader) -> tuple[ScanInfo, TileReader]:
    """The slide with levels added where its coarsest is too large for an overview, and a note on that."""
    levels = list(info.levels)
    if max(levels[-1].width, levels[-1].height) <= _LARGEST_COARSEST:
        return info, reader
    stored = len(levels)
    while max(levels[-1].width, levels[-1].height) > _SMALL:
        finer = levels[-1]
        width, height = -(-finer.width // 2), -(-finer.height // 2)
        across, down = finer.tile or (256, 256)
        levels.append(Level(width, height, finer.downsample * 2, (min(across, width), down)))
    note = f"has no level below {levels[stored - 1].width:,} × {levels[stored - 1].height:,}; coarser ones are made"
    full = replace(info, levels=tuple(levels), notes=(*info.notes, f"{note} as they are looked at"))
    return full, _Coarser(full, reader, stored)


class _Coarser:
    """A tile reader with levels of its own above those of another. Tiles that cannot be read count as blank."""

    def __init__(self, info: ScanInfo, reader: TileReader, stored: int) -> None:
        self._info = info
        self._reader = reader
        self._stored = stored
        self._lock = threading.Lock()
        self._held: dict[int, OrderedDict[tuple[int, int, int], Pixels]] = {}
        self._bytes = 0

    def tile(self, plane: Plane, level: int, column: int, row: int) -> Pixels:
        """A stored tile, or a made one."""
        if level < self._stored:
            return self._reader.tile(plane, level, column, row)
        key = (plane.index, column, row)
        with self._lock:
            held = self._held.setdefault(level, OrderedDict())
            found = held.get(key)
            if found is not None:
                held.move_to_end(key)
                return found
        made = self._made(plane, level, column, row)
        made.flags.writeable = False
        self._keep(level, key, made)
        return made

    def screen_tile(self, plane: Plane, level: int, column: int, row: int) -> NDArray[np.uint32] | None:
        """A stored tile as the screen wants it; made ones come from `tile`."""
        return self._reader.screen_tile(plane, level, column, row) if level < self._stored else None

    def associated_image(self, name: str) -> Pixels:
        """As the reader below has it."""
        return self._reader.associated_image(name)

    def icc_profile(self) -> bytes | None:
        """As the reader below has it."""
        return self._reader.icc_profile()

    def close(self) -> None:
        """Let go of the reader below and of what was made."""
        with self._lock:
            self._held.clear()
            self._bytes = 0
        self._reader.close()

    def _made(self, plane: Plane, level: int, column: int, row: int) -> Pixels:
        """The mean of the pixels below; the last row and column count twice where their number is odd."""
        info, finer = self._info, self._info.levels[level - 1]
        across, down = info.levels[level].tile or (1, 1)
        width, height = cut_size(info.levels[level], column, row)
        left, top = 2 * column * across, 2 * row * down
        inside = min(2 * width, finer.width - left), min(2 * height, finer.height - top)
        source = blank(info, *inside)
        tile_width, tile_height = finer.tile or (1, 1)
        for r in range(top // tile_height, (top + inside[1] - 1) // tile_height + 1):
            for c in range(left // tile_width, (left + inside[0] - 1) // tile_width + 1):
                pixels = self._below(plane, level - 1, c, r)
                if pixels is None:
                    continue
                x0, y0 = max(left, c * tile_width), max(top, r * tile_height)
                x1 = min(left + inside[0], c * tile_width + pixels.shape[1])
                y1 = min(top + inside[1], r * tile_height + pixels.shape[0])
                part = pixels[y0 - r * tile_height : y1 - r * tile_height, x0 - c * tile_width : x1 - c * tile_width]
                source[y0 - top : y1 - top, x0 - left : x1 - left] = part
        if inside != (2 * width, 2 * height):
            more = ((0, 2 * height - inside[1]), (0, 2 * width - inside[0]), (0, 0))[: source.ndim]
            source = np.pad(source, more, mode="edge")
        return area_mean(source, (0, 2 * width, 0, 2 * height), width, height)

    def _below(self, plane: Plane, level: int, column: int, row: int) -> Pixels | None:
        """A tile of the level below, cut to it; `None` for one that cannot be read (its own place says so)."""
        try:
            pixels = self.tile(plane, level, column, row)
        except (ScanProblem, OSError, ValueError):
            return None
        width, height = cut_size(self._info.levels[level], column, row)
        return pixels[:height, :width]

    def _keep(self, level: int, key: tuple[int, int, int], made: Pixels) -> None:
        """Keep a made tile within the bound."""
        with self._lock:
            held = self._held.setdefault(level, OrderedDict())
            if key not in held:
                held[key] = made
                self._bytes += made.nbytes
            for finest in sorted(self._held):
                while self._bytes > _HELD and self._held[finest]:
                    self._bytes -= self._held[finest].popitem(last=False)[1].nbytes
