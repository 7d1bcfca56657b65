"""How fast a reading goes, and how long it will take."""

from __future__ import annotations

import time
from collections import deque

OVER_SECONDS = 20.0
"""The rate is that of the last seconds."""


class Pace:
    """Counts cells. One thread at a time."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._before = self._ran = self._decoded = 0
        self._marks: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])

    def found_done(self, count: int) -> None:
        """Cells that an earlier reading has done."""
        self._before += count

    def ran(self, count: int) -> None:
        """Cells that the network has looked at."""
        self._ran += count
        now = time.monotonic()
        if now - self._marks[-1][0] >= 0.25:
            self._marks.append((now, self._ran))
            while len(self._marks) > 2 and now - self._marks[0][0] > OVER_SECONDS:
                self._marks.popleft()

    def decoded(self, count: int) -> None:
        """Cells whose block is decoded, too."""
        self._decoded += count

    @property
    def share(self) -> float:
        """Which share is wholly done."""
        return (self._before + self._decoded) / max(self._total, 1)

    @property
    def ran_share(self) -> float:
        """Which share the network has looked at."""
        return (self._before + self._ran) / max(self._total, 1)

    def text(self) -> str:
        """Tiles a second and the time left."""
        (start, first), now = self._marks[0], time.monotonic()
        rate = (self._ran - first) / max(now - start, 1e-3)
        done = self._before + self._ran
        if rate <= 0 or now - start < 0.5:
            return f"tile {done} of {self._total}"
        left = round((self._total - done) / rate)
        clock = (
            f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}" if left >= 3600 else f"{left // 60}:{left % 60:02}"
        )
        return f"tile {done} of {self._total}, {rate:.3g} tiles/s, {clock} left"
