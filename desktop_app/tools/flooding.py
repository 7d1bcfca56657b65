"""Pixels connected to a seed: on a plane, and through the planes of a volume. Pure.

Neighbours share an edge (4 on a plane, 6 in a volume).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dataset.mask import Bits

MOST_VOXELS = 5_000_000
"""A flood through planes that grows larger is given up."""
MOST_SEEN = 2**26
"""So many pixels of planes are looked at; each is held as two bytes."""


class TooLarge(Exception):
    """A flood grew beyond its bounds."""


def flood(alike: Bits, row: int, column: int) -> Bits:
    """The pixels connected to the seed through those that are `alike`; the seed always is."""
    import cv2

    picture = alike.astype(np.uint8)
    picture[row, column] = 1
    cv2.floodFill(picture, None, (column, row), 2, flags=4)
    return picture == 2


@dataclass(slots=True)
class _Growth:
    """A flood under way: what is alike and what has been reached, by plane."""

    alike_on: Callable[[int], Bits]
    alike: dict[int, Bits]
    reached: dict[int, Bits]
    voxels: int = 0
    seen: int = 0

    def look(self, plane: int) -> Bits:
        """What is alike on a plane, asked once."""
        known = self.alike.get(plane)
        if known is None:
            known = self.alike[plane] = self.alike_on(plane)
            self.seen += known.size
            if self.seen > MOST_SEEN:
                raise TooLarge
        return known

    def reach(self, plane: int, new: Bits) -> None:
        """More pixels of a plane are reached."""
        self.voxels += int(np.count_nonzero(new))
        if self.voxels > MOST_VOXELS:
            raise TooLarge
        known = self.reached.get(plane)
        self.reached[plane] = new if known is None else known | new


def flood_planes(alike_on: Callable[[int], Bits], seed: tuple[int, int, int], count: int) -> tuple[int, Bits]:
    """The voxels connected to the seed (plane, row, column): the first plane, and (planes, rows, columns).

    `alike_on` gives what is alike on one of `count` planes, all of the same shape. Raises `TooLarge`. Memory bound: two
    bytes for each of `MOST_SEEN` pixels, and the answer.
    """
    start, row, column = seed
    growth = _Growth(alike_on, {}, {})
    first = flood(growth.look(start), row, column)
    growth.reach(start, first)
    waiting = deque([(start, first)])
    while waiting:
        plane, new = waiting.popleft()
        for other in (plane - 1, plane + 1):
            if 0 <= other < count:
                found = _touched(growth.look(other), new, growth.reached.get(other))
                if found is not None:
                    growth.reach(other, found)
                    waiting.append((other, found))
    planes = sorted(growth.reached)
    return planes[0], np.stack([growth.reached[plane] for plane in planes])


def _touched(alike: Bits, new: Bits, reached: Bits | None) -> Bits | None:
    """The pieces of what is alike that lie beside newly reached pixels of the next plane, or `None`."""
    import cv2

    beside = new & alike
    if reached is not None:
        beside &= ~reached
    if not beside.any():
        return None
    number, found = cv2.connectedComponents(alike.view(np.uint8), connectivity=4)
    pieces = np.asarray(found, np.int32)
    chosen = np.zeros(number, np.bool_)
    chosen[pieces[beside]] = True
    return chosen[pieces]
