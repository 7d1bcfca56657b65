"""Pixels connected to a seed: on a plane, and through the planes of a volume. Pure.

Neighbours share an edge (4 on a plane, 6 in a volume). From plane to plane only a window around what was reached is
looked at; it is widened where the flood reaches its edge.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np

from dataset.mask import Bits

MOST_VOXELS = 5_000_000
"""A flood through planes that grows larger is given up."""
MOST_SEEN = 2**27
"""So many pixels of planes are looked at, again and again where it comes back: about a second."""
MARGIN = 16


class TooLarge(Exception):
    """A flood grew beyond its bounds."""


class Frame(NamedTuple):
    """Rows and columns of a plane: from top and left to before bottom and right."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """For an array of the whole plane."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


AlikeOn: TypeAlias = Callable[[int, Frame], Bits]
"""What is alike in a frame of a plane, as an array of its own."""


def flood(alike: Bits, row: int, column: int) -> Bits:
    """The pixels connected to the seed through those that are `alike`; the seed always is."""
    import cv2

    picture = alike.astype(np.uint8)
    picture[row, column] = 1
    cv2.floodFill(picture, None, (column, row), 2, flags=4)
    return picture == 2


@dataclass(slots=True)
class _Growth:
    """A flood under way: what has been reached, by plane, on planes of a shape."""

    alike_on: AlikeOn
    shape: tuple[int, int]
    reached: dict[int, Bits] = field(default_factory=dict[int, Bits])
    voxels: int = 0
    seen: int = 0

    def reach(self, plane: int, bits: Bits, frame: Frame) -> tuple[int, Bits, Frame]:
        """More pixels of a plane are reached; trimmed to what is set."""
        self.voxels += int(np.count_nonzero(bits))
        if self.voxels > MOST_VOXELS:
            raise TooLarge
        rows, columns = np.flatnonzero(bits.any(axis=1)), np.flatnonzero(bits.any(axis=0))
        top, left, bottom, right = (int(v) for v in (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1))
        bits = bits[top:bottom, left:right]
        frame = Frame(frame.top + top, frame.left + left, frame.top + bottom, frame.left + right)
        if plane not in self.reached:
            self.reached[plane] = np.zeros(self.shape, np.bool_)
        self.reached[plane][frame.slices] |= bits
        return plane, bits, frame

    def grow(self, plane: int, bits: Bits, inner: Frame) -> tuple[Bits, Frame] | None:
        """What becomes reached on a plane beside newly reached pixels of the next one, or `None`."""
        frame = self._widened(inner, max(MARGIN, (inner.bottom - inner.top) // 8))
        while True:
            self.seen += (frame.bottom - frame.top) * (frame.right - frame.left)
            if self.seen > MOST_SEEN:
                raise TooLarge
            alike = self.alike_on(plane, frame)
            beside = np.zeros_like(alike)
            top, left = inner.top - frame.top, inner.left - frame.left
            beside[top : top + bits.shape[0], left : left + bits.shape[1]] = bits
            beside &= alike
            if plane in self.reached:
                beside &= ~self.reached[plane][frame.slices]
            if not beside.any():
                return None
            found = _touched(alike, beside)
            wider = self._widened(frame, max(frame.bottom - frame.top, frame.right - frame.left))
            cut = (
                (found[0].any() and frame.top > wider.top)
                or (found[-1].any() and frame.bottom < wider.bottom)
                or (found[:, 0].any() and frame.left > wider.left)
                or (found[:, -1].any() and frame.right < wider.right)
            )
            if not cut:
                return found, frame
            frame = wider

    def _widened(self, frame: Frame, by: int) -> Frame:
        height, width = self.shape
        return Frame(
            max(frame.top - by, 0),
            max(frame.left - by, 0),
            min(frame.bottom + by, height),
            min(frame.right + by, width),
        )


def flood_planes(alike_on: AlikeOn, first: tuple[int, Bits], count: int) -> tuple[int, Bits]:
    """What is connected through the planes to a flood on one of `count` planes (its index, all its pixels).

    Answers with the first plane and (planes, rows, columns) of pixels; raises `TooLarge`. Memory bound: a byte for each
    pixel of the planes reached, twice.
    """
    start, bits = first
    height, width = bits.shape
    growth = _Growth(alike_on, (height, width))
    waiting = deque([growth.reach(start, bits, Frame(0, 0, height, width))])
    while waiting:
        plane, new, frame = waiting.popleft()
        for other in (plane - 1, plane + 1):
            if 0 <= other < count:
                found = growth.grow(other, new, frame)
                if found is not None:
                    waiting.append(growth.reach(other, *found))
    planes = sorted(growth.reached)
    return planes[0], np.stack([growth.reached[plane] for plane in planes])


def _touched(alike: Bits, beside: Bits) -> Bits:
    """The connected pieces of what is alike that hold any of some pixels."""
    import cv2

    number, found = cv2.connectedComponents(alike.view(np.uint8), connectivity=4)
    pieces = np.asarray(found, np.int32)
    chosen = np.zeros(number, np.bool_)
    chosen[pieces[beside]] = True
    return chosen[pieces]
