"""Memory for the pixels of tiles: taken from the system in large pieces, and used again as soon as a tile goes.

A tile is a quarter of a megabyte. Taken from the system one by one, each is new to the process, and bringing in new
memory page by page cost about half as much again as decoding what goes there. Large pieces come in large pages.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from functools import cache as once
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

_Room: TypeAlias = tuple[NDArray[np.uint8], int]
"""A piece, which lives as long as this, and an address in it."""
LEAST, MOST = 2**16, 2**22
"""Bytes of what is given out; smaller and larger arrays come from the system."""
PIECE = 2**23
"""Bytes that are taken from the system at a time."""
_LINE = 64
"""Sizes that are no multiple of it would leave the next place askew."""


class _Place:
    """Room for one array; NumPy keeps it for as long as any view of the array lives, then it can be given out again."""

    __slots__ = ("__array_interface__", "_free", "_room")

    def __init__(self, room: _Room, size: int, free: deque[_Room]) -> None:
        self.__array_interface__ = {"shape": (size,), "typestr": "|u1", "data": (room[1], False), "version": 3}
        self._room, self._free = room, free

    def __del__(self) -> None:
        # A queue, and no lock: this may run in any thread, in the midst of anything.
        self._free.append(self._room)


class TileMemory:
    """Gives out arrays. Safe from any thread.

    **Memory**: what was in use at once, rounded up to whole pieces; `trim` gives back those that nothing lies in.
    """

    def __init__(self) -> None:
        self._free: dict[int, deque[_Room]] = {}
        self._lock = threading.Lock()

    def room(self, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """An array of bytes; what it holds is arbitrary."""
        size = math.prod(shape)
        if not LEAST <= size <= MOST or size % _LINE:
            return np.empty(shape, np.uint8)
        with self._lock:
            free = self._free.setdefault(size, deque())
            if not free:
                self._trim()
                free.extend(_piece(size))
            place = _Place(free.pop(), size, free)
        return np.asarray(place).reshape(shape)

    def trim(self) -> None:
        """Give back what nothing lies in, but for a piece of each size: the next slide begins in it."""
        with self._lock:
            self._trim()

    def _trim(self) -> None:
        for free in self._free.values():
            places: list[_Room] = []
            while free:  # others come meanwhile, but none goes
                places.append(free.popleft())
            free.extend(place for place in places if place[0] is places[-1][0])


def _piece(size: int) -> list[_Room]:
    """A piece from the system, cut into places; the first comes last."""
    count = PIECE // size
    whole = np.empty(count * size, np.uint8)
    return [(whole, whole.ctypes.data + number * size) for number in range(count - 1, -1, -1)]


@once
def tile_memory() -> TileMemory:
    """The one of the process."""
    return TileMemory()
