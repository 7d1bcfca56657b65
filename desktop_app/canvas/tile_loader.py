"""Reads tiles in a few threads: the newest view's first, nearest to its centre first. No Qt.

What a view asks for replaces what it asked for before, so nothing that no view wants any more is begun; what two
views want is read once. Each view learns of its tiles by taking them, and is told once when it has all of them.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress

from desktop_app.canvas.tile_cache import NO_TILE, Tile, TileCache, TileKey

NICER = 1
"""How much later than the window these threads come, where both want a processor; jobs come later still (5): the
reader waits for tiles and not for a model."""
FEWEST_THREADS, MOST_THREADS = 4, 6
"""More than two processors can use: some wait for a share, or for a processor that a model has. Beyond some six, what a
tile costs in Python itself is what they wait for."""
CLOSING_SECONDS = 0.04
"""How long closing waits for readings under way; a share that has gone may hold one for longer, and then it ends
by itself."""


class Asker:
    """What one view wants. All but `told` belong to the loader."""

    def __init__(self, told: Callable[[], None]) -> None:
        self.told = told
        """Called in a thread of the loader when the last tile that was asked for has arrived."""
        self.wanted: deque[TileKey] = deque()
        self.ahead: deque[TileKey] = deque()
        self.hoped: set[TileKey] = set()
        self.waiting: set[TileKey] = set()
        self.arrived: list[tuple[TileKey, Tile]] = []


class TileLoader:
    """The threads, and the queue of each view."""

    def __init__(self, cache: TileCache, read: Callable[[TileKey], Tile], threads: int = 0) -> None:
        self._cache, self._read = cache, read
        self._count = threads or min(max(os.cpu_count() or 1, FEWEST_THREADS), MOST_THREADS)
        self._changed = threading.Condition()
        self._askers: list[Asker] = []
        self._reading: set[TileKey] = set()
        self._threads: list[threading.Thread] = []
        self._generation = 0
        self._is_held = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing is read and nothing waits."""
        with self._changed:
            return not self._reading and not any(a.wanted or a.ahead for a in self._askers)

    def ask(self, asker: Asker, wanted: Iterable[TileKey], ahead: Iterable[TileKey] = ()) -> None:
        """Read what a view shows, in this order, then what it may show next; what it asked for before is forgotten."""
        with self._changed:
            if asker in self._askers:
                self._askers.remove(asker)
            self._askers.insert(0, asker)
            asker.wanted, asker.ahead = deque(wanted), deque(ahead)
            asker.waiting, asker.hoped, asker.arrived = set(asker.wanted), set(asker.ahead), []
            for key in asker.wanted:
                tile = self._cache.peek(key)
                # Another view's asking may have brought it by now; what could not be read is tried again.
                if tile is not None and not tile.problem:
                    asker.waiting.discard(key)
                    asker.arrived.append((key, tile))
            is_full = bool(asker.arrived) and not asker.waiting
            if asker.waiting or asker.ahead:
                self._start()
                self._changed.notify_all()
        if is_full:
            asker.told()

    def is_wanted(self, key: TileKey) -> bool:
        """Whether any view still wants a tile that is being read, now or ahead."""
        with self._changed:
            return any(key in asker.waiting or key in asker.hoped for asker in self._askers)

    def take(self, asker: Asker) -> list[tuple[TileKey, Tile]]:
        """The tiles that have arrived since the last time."""
        with self._changed:
            taken, asker.arrived = asker.arrived, []
            return taken

    @contextmanager
    def held(self) -> Generator[None]:
        """Begin no reading meanwhile. Painting gives up Python's lock many times and gets it back late each time while
        every processor is reading: a picture that takes 5 ms alone took 40."""
        self._is_held = bool(self._reading)
        try:
            yield
        finally:
            if self._is_held:
                with self._changed:
                    self._is_held = False
                    self._changed.notify_all()

    def leave(self, asker: Asker) -> None:
        """A view is gone."""
        with self._changed:
            if asker in self._askers:
                self._askers.remove(asker)

    def close(self) -> None:
        """End the threads; what is being read is waited for, but not for ever."""
        with self._changed:
            self._generation += 1
            threads, self._threads = self._threads, []
            self._reading.clear()
            self._changed.notify_all()
        end = time.monotonic() + CLOSING_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _start(self) -> None:
        """Make the threads, when there are none."""
        while len(self._threads) < self._count:
            # They hold no state that could be lost half-written, so a reading that hangs must not keep the program.
            thread = threading.Thread(target=self._work, args=(self._generation,), name="overread-tiles", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self, generation: int) -> None:
        _stand_back()
        while (key := self._next(generation)) is not None:
            self._done(key, self._read(key), generation)

    def _next(self, generation: int) -> TileKey | None:
        """The next tile to read; waits for one. `None` when the loader was closed."""
        with self._changed:
            while self._generation == generation:
                key = None if self._is_held else self._chosen()
                if key is not None:
                    self._reading.add(key)
                    return key
                self._changed.wait()
            return None

    def _chosen(self) -> TileKey | None:
        for asker in self._askers:
            while asker.wanted:
                key = asker.wanted.popleft()
                if key in asker.waiting and key not in self._reading:
                    return key
        for asker in self._askers:
            while asker.ahead:
                key = asker.ahead.popleft()
                if key not in self._reading and key not in self._cache:
                    return key
        return None

    def _done(self, key: TileKey, tile: Tile, generation: int) -> None:
        full: list[Asker] = []
        with self._changed:
            if self._generation != generation:
                return
            self._reading.discard(key)
            if tile is NO_TILE:
                self._again(key)
                return
            self._cache.put(key, tile)
            for asker in self._askers:
                if key in asker.waiting:
                    asker.waiting.discard(key)
                    asker.arrived.append((key, tile))
                    if not asker.waiting:
                        full.append(asker)
        for asker in full:
            asker.told()

    def _again(self, key: TileKey) -> None:
        """A tile was given up; a view that has come to want it since then gets it after all."""
        for asker in self._askers:
            if key in asker.waiting and key not in asker.wanted:
                asker.wanted.append(key)
                self._changed.notify_all()


def _stand_back() -> None:
    """Let the window's thread go first. Only Linux has it by thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICER)
