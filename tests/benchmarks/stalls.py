"""What runs while a thread is held up: a watchdog for benchmarks.

While the watched thread's beats are late, every other moment the stacks of all threads are looked at. A watchdog that
comes late itself was kept from Python's lock, or from a processor; then the stacks show who had it just before.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
import traceback
from collections import Counter
from types import FrameType

LOOK_SECONDS = 0.005
IDLE = ("wait", "_wait_for_tstate_lock", "_worker", "get", "select", "_watch", "result", "sleep")
"""Functions at whose bottom a thread does nothing."""


class Watchdog:
    """Counts what is at work while `beat` is not called for longer than `late` seconds."""

    def __init__(self, late: float = 0.04, depth: int = 7) -> None:
        self._late, self._depth = late, depth
        self._watched = threading.main_thread().ident
        self._last = time.perf_counter()
        self._on = True
        self._named: dict[int, str] = {}
        self.seen: Counter[str] = Counter()
        self.collections: list[tuple[float, int]] = []
        self._collecting = 0.0
        gc.callbacks.append(self._on_collection)
        self._thread = threading.Thread(target=self._watch, daemon=True, name="watchdog")
        self._thread.start()

    def beat(self) -> None:
        """The watched thread lives."""
        self._last = time.perf_counter()

    def stop(self) -> None:
        """Look no more."""
        self._on = False
        self._thread.join()
        gc.callbacks.remove(self._on_collection)

    def told(self, most: int = 12) -> list[str]:
        """What was seen most often since the last time, and the longest collections of garbage."""
        lines = [f"{count:5} × {what}" for what, count in self.seen.most_common(most)]
        long = sorted((one for one in self.collections if one[0] > 10), reverse=True)[:5]
        lines += [f"collection of generation {generation}: {spent:.0f} ms" for spent, generation in long]
        self.seen.clear()
        self.collections.clear()
        return lines

    def _on_collection(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._collecting = time.thread_time()
        else:
            self.collections.append(((time.thread_time() - self._collecting) * 1000, info["generation"]))

    def _watch(self) -> None:
        while self._on:
            before = time.perf_counter()
            time.sleep(LOOK_SECONDS)
            now = time.perf_counter()
            if now - self._last > self._late:
                held = " [watchdog late too]" if now - before > 4 * LOOK_SECONDS else ""
                weight = max(1, round((now - before) / LOOK_SECONDS))
                self._named = {one.ident or 0: one.name for one in threading.enumerate()}
                for ident, frame in sys._current_frames().items():
                    if ident != threading.get_ident():
                        self._look_at(ident, frame, held, weight)

    def _look_at(self, ident: int, frame: FrameType, held: str, weight: int) -> None:
        stack = traceback.extract_stack(frame)[-self._depth :]
        if ident != self._watched and stack and stack[-1].name in IDLE:
            return
        where = " < ".join(f"{one.name} {one.filename.rpartition('/')[2]}:{one.lineno}" for one in reversed(stack))
        name = "GUI" if ident == self._watched else self._named.get(ident, "?").rstrip("0123456789_-")
        self.seen[f"{name}{held}: {where}"] += weight
