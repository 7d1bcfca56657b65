"""One cache and one set of reading threads for all views of all slides. No Qt.

`shared_engine()` is the one the window uses; `set_bound` changes what reading slides may take (`CACHE_BYTES` at first),
`cache.clear()` makes every view cold again. The threads live while any slide is shown.
"""

from __future__ import annotations

import itertools
from functools import cache as once

from desktop_app.canvas.tile_cache import CACHE_BYTES, NO_TILE, VIEW_BYTES, Tile, TileCache, TileKey
from desktop_app.canvas.tile_loader import TileLoader
from desktop_app.canvas.tile_source import TileSource
from imaging.scan import TiledScan


class TileEngine:
    """Opens slides for views; used from the window's thread, but for `read`."""

    def __init__(self, most_bytes: int = CACHE_BYTES, threads: int = 0) -> None:
        self.most_bytes = most_bytes
        """What reading slides may take altogether."""
        self.cache = TileCache(_for_tiles(most_bytes))
        self.loader = TileLoader(self.cache, self._read, threads)
        self._numbers = itertools.count(1)
        self._sources: dict[int, TileSource] = {}
        self._holders: dict[int, int] = {}

    def set_bound(self, most_bytes: int) -> None:
        """Change what reading slides may take altogether."""
        self.most_bytes = most_bytes
        self.cache.set_bound(_for_tiles(most_bytes))

    def open(self, scan: TiledScan) -> TileSource:
        """The tiles of a slide; views of the same slide share them."""
        source = next((found for found in self._sources.values() if found.scan is scan), None)
        if source is None:
            source = TileSource(scan, next(self._numbers), self.cache, self.loader.is_wanted)
            self._sources[source.number] = source
        self._holders[source.number] = self._holders.get(source.number, 0) + 1
        return source

    def let_go(self, source: TileSource) -> None:
        """A view shows the slide no longer; after the last one its tiles go, after the last slide the threads."""
        number = source.number
        if number not in self._holders:
            return
        self._holders[number] -= 1
        if self._holders[number] > 0:
            return
        del self._holders[number], self._sources[number]
        self.cache.drop_scan(number)
        if not self._sources:
            self.loader.close()

    def _read(self, key: TileKey) -> Tile:
        source = self._sources.get(key.scan)
        return source.read(key) if source is not None else NO_TILE


@once
def shared_engine() -> TileEngine:
    """The engine of the window: what its views read, they read once."""
    return TileEngine()


def _for_tiles(most_bytes: int) -> int:
    """The part of a bound that tiles get; at least half of a small one."""
    return max(most_bytes - VIEW_BYTES, most_bytes // 2)
