"""Pieces of a plane: connected parts of a segmentation, their boxes, crops and order. Pure functions."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.connected import connected
from models.kinds.ordering import Place, assign_in_order

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A connected part: its rectangle in plane pixels, its pixels in it, its label index and mean score."""

    x: int
    y: int
    bits: NDArray[np.bool_]
    label: int
    score: float

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.bits.shape[1]

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.bits.shape[0]

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of its rectangle."""
        return self.x + self.width / 2, self.y + self.height / 2


def pieces_of(
    labels: NDArray[np.int16], scores: Floats, corner: tuple[int, int], least: float, at_most: int
) -> tuple[Piece, ...]:
    """The 8-connected pieces of at least `least` pixels, the largest `at_most`, from the top down."""
    found: list[tuple[int, Piece]] = []
    for label in np.unique(labels[labels >= 0]).tolist():
        numbers, figures = connected(labels == label)
        for number, (x, y, width, height, area) in enumerate(figures.tolist()):
            if number == 0 or area < least:
                continue
            part = (slice(y, y + height), slice(x, x + width))
            bits = numbers[part] == number
            score = float(scores[part][bits].mean(dtype=np.float64))
            found.append((area, Piece(corner[0] + x, corner[1] + y, bits, label, score)))
    found.sort(key=lambda pair: -pair[0])
    return tuple(sorted((piece for _, piece in found[:at_most]), key=lambda piece: piece.centre[1]))


def crop_rectangle(
    piece: Piece, crop: Mapping[str, Any], pixel_mm: tuple[float, float] | None, scale: tuple[float, float]
) -> tuple[int, int, int, int]:
    """x, y, width, height of a piece's crop on a grid with `scale` plane pixels per grid pixel.

    `pixel_mm` is the grid's pixel; it is needed for crops in millimetres only.
    """
    centre_x, centre_y = piece.centre[0] / scale[0], piece.centre[1] / scale[1]
    if "side_mm" in crop:
        assert pixel_mm is not None
        width, height = crop["side_mm"] / pixel_mm[0], crop["side_mm"] / pixel_mm[1]
    else:
        grown = 1 + 2 * float(crop.get("margin", 0.0))
        width, height = piece.width / scale[0] * grown, piece.height / scale[1] * grown
        if crop.get("square", False):
            width = height = max(width, height)
    across, down = max(1, round(width)), max(1, round(height))
    return round(centre_x - across / 2), round(centre_y - down / 2), across, down


def cut_out(grid: Array, rectangle: tuple[int, int, int, int]) -> Array:
    """A rectangle of a grid (rows, columns, channels), 0 where it leaves the grid."""
    x, y, width, height = rectangle
    out = np.zeros((height, width, grid.shape[2]), grid.dtype)
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + width, grid.shape[1]), min(y + height, grid.shape[0])
    if x0 < x1 and y0 < y1:
        out[y0 - y : y1 - y, x0 - x : x1 - x] = grid[y0:y1, x0:x1]
    return out


def ordered_columns(
    pieces: Sequence[Piece], scores: Floats, names: Sequence[str], settings: Mapping[str, Any]
) -> tuple[int, ...]:
    """The column of `scores` (one per name) that each piece gets by the step `order`; -1 for none."""
    across = settings["along"] == "across"
    rank = sorted(range(len(pieces)), key=lambda index: pieces[index].centre[0 if across else 1])
    repeats = set(settings.get("repeats", ()))
    sequence = [Place(names.index(name), name in repeats) for name in settings["sequence"]]
    given = assign_in_order(scores[rank], sequence, skip_cost=float(settings["skip_cost"]))
    columns = [-1] * len(pieces)
    for place, column in zip(rank, given, strict=True):
        columns[place] = column
    return tuple(columns)
