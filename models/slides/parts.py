"""What is found in one block: objects that are whole, and pieces that go on beyond the block's border."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.slides.outline import Ring

Maps: TypeAlias = NDArray[np.uint8]
"""(2, rows, columns): first what tells objects from ground (0 is ground), then what goes with it."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One object: label index, pixels, the sum of their scores (255 stands for 1), and its outline in half pixels.

    `sum_x` and `sum_y` are sums of the pixels' columns and rows on the grid.
    """

    label: int
    area: int
    total: int
    sum_x: int
    sum_y: int
    x: int
    y: int
    rings: tuple[Ring, ...]

    @property
    def centre(self) -> tuple[float, float]:
        """The mean of its pixels' middles, in grid pixels."""
        return self.sum_x / self.area + 0.5, self.sum_y / self.area + 0.5

    @property
    def score(self) -> float:
        """The mean score of its pixels."""
        return self.total / (255 * self.area)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A connected part that touches a border: its corner on the grid, its maps (0 beside it), and its label.

    Pieces of two kinds are never joined.
    """

    x: int
    y: int
    maps: Maps
    kind: int = 0


Strips: TypeAlias = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]
"""Along the top, bottom, left and right border of a block: the piece of each pixel, counted from 1; 0 is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one block gives."""

    found: tuple[Found, ...]
    pieces: tuple[Piece, ...]
    strips: Strips


Decode: TypeAlias = Callable[[Maps, int, int], list[Found]]
"""Objects of maps whose corner lies at (x, y) of the grid; no object depends on what lies beside its component."""
Components: TypeAlias = Callable[[Maps], tuple[NDArray[np.int32], NDArray[np.int32]]]
"""Numbers the connected components of maps from 1, and the kind of each number (of 0, the ground, any)."""


def part_of(
    maps: Maps, x: int, y: int, is_open: tuple[bool, bool, bool, bool], components: Components, decode: Decode
) -> Part:
    """What a block's maps give; `is_open` says at which borders (top, bottom, left, right) the region goes on."""
    numbers, kinds = components(maps)
    strips = [numbers[0], numbers[-1], numbers[:, 0], numbers[:, -1]]
    strips = [
        strip.copy() if going_on else np.zeros_like(strip) for strip, going_on in zip(strips, is_open, strict=True)
    ]
    touching = np.unique(np.concatenate(strips))
    touching = touching[touching > 0]
    place = np.zeros(len(kinds), np.int32)
    place[touching] = np.arange(1, len(touching) + 1)
    pieces: list[Piece] = []
    if len(touching):
        placed = place[numbers]
        for kind, where in zip(kinds[touching].tolist(), places_of(placed), strict=True):
            assert where is not None
            bits = placed[where] == len(pieces) + 1
            pieces.append(Piece(x + where[1].start, y + where[0].start, maps[(slice(None), *where)] * bits, kind))
        maps = maps * (placed == 0)
    a, b, c, d = (place[strip] for strip in strips)
    return Part(tuple(decode(maps, x, y)), tuple(pieces), (a, b, c, d))


def places_of(numbers: NDArray[np.int32]) -> list[tuple[slice, slice] | None]:
    """Rows and columns of each number's rectangle, from 1 on; `None` for numbers that do not occur."""
    from scipy import ndimage

    return ndimage.find_objects(numbers)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportReturnType]
