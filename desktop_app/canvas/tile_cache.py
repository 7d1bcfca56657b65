"""Tiles that were read, as many as fit in a stated number of bytes. No Qt.

**Memory bound**: the tiles kept never weigh more than `most_bytes`; the ones used longest ago go first. What a view
shows at the moment it holds itself, so a bound smaller than a view slows it down but cannot starve it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imaging.memory import usual_slide_memory

CACHE_BYTES = usual_slide_memory() * 2**20
"""What reading slides may take altogether: the tiles kept, and what the views hold on top of them. It follows the
machine, and a person can choose another in the preferences."""
VIEW_BYTES = 80 * 2**20
"""The part of it that is left to the views: the tiles they show, and the pixels of the screen they are made into."""
STORED = 0
"""The `look` of tiles as they are stored, before they are made into colours of the screen."""
ENTRY_BYTES = 400
"""What an entry weighs besides its pixels."""


class TileKey(NamedTuple):
    """Which tile of which slide, made for the screen in which way."""

    scan: int
    look: int
    plane: int
    level: int
    column: int
    row: int


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """Pixels of a tile: 0xFFRRGGBB, or stored values; a stand-in where it could not be read."""

    pixels: NDArray[Any]
    problem: str = ""
    """Why it (or a part of it) could not be read."""
    read_at: float = 0.0
    """`time.monotonic` of the reading that failed."""

    @property
    def weight(self) -> int:
        """Bytes in memory."""
        return self.pixels.nbytes + ENTRY_BYTES


NO_TILE = Tile(np.empty((0, 0), np.uint32))


class TileCache:
    """Keeps tiles by use, weighed in bytes. Safe from any thread."""

    def __init__(self, most_bytes: int = CACHE_BYTES) -> None:
        self._tiles: OrderedDict[TileKey, Tile] = OrderedDict()
        self._lock = threading.Lock()
        self._most, self._bytes = most_bytes, 0

    @property
    def byte_count(self) -> int:
        """What the tiles weigh now."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._tiles)

    def __contains__(self, key: TileKey) -> bool:
        return key in self._tiles

    def get(self, key: TileKey) -> Tile | None:
        """A tile, from now on the last to go."""
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
            return tile

    def get_all(self, keys: Iterable[TileKey]) -> list[Tile | None]:
        """Several tiles at once, as `get`."""
        with self._lock:
            found = [(key, self._tiles.get(key)) for key in keys]
            for key, tile in found:
                if tile is not None:
                    self._tiles.move_to_end(key)
        return [tile for _, tile in found]

    def peek(self, key: TileKey) -> Tile | None:
        """A tile, without counting it as used."""
        return self._tiles.get(key)

    def put(self, key: TileKey, tile: Tile) -> None:
        """Keep a tile, and let go of others as far as the bound asks it."""
        with self._lock:
            old = self._tiles.pop(key, None)
            self._tiles[key] = tile
            self._bytes += tile.weight - (old.weight if old is not None else 0)
            self._shrink()

    def set_bound(self, most_bytes: int) -> None:
        """Change what the tiles may weigh together."""
        with self._lock:
            self._most = most_bytes
            self._shrink()

    def drop_scan(self, scan: int) -> None:
        """Let go of all tiles of a slide."""
        with self._lock:
            for key in [key for key in self._tiles if key.scan == scan]:
                self._bytes -= self._tiles.pop(key).weight

    def clear(self) -> None:
        """Let go of everything (a cold start, for measuring)."""
        with self._lock:
            self._tiles.clear()
            self._bytes = 0

    def _shrink(self) -> None:
        while self._bytes > self._most and self._tiles:
            _, gone = self._tiles.popitem(last=False)
            self._bytes -= gone.weight
