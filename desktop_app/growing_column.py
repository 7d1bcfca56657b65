"""An array that rows are added to at its end, at a cost that does not grow with it. No Qt."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class GrowingColumn:
    """An array that grows at its end; what `values` gave stays as it was, except where it is written to."""

    def __init__(self, shape: tuple[int, ...], dtype: type[np.generic]) -> None:
        self._room: NDArray[Any] = np.empty((0, *shape), dtype)
        self.values = self._room

    def add(self, more: NDArray[Any]) -> None:
        """Add rows."""
        used = len(self.values)
        total = used + len(more)
        if total > len(self._room):
            room = np.empty((max(total, 2 * used), *self._room.shape[1:]), self._room.dtype)
            room[:used] = self.values
            self._room = room
        self._room[used:total] = more
        self.values = self._room[:total]
