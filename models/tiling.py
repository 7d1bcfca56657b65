"""Cut a grid into tiles with context, and lay their outputs together again. Pure functions.

Along each axis the tiles are spread evenly and stay inside the grid. A tile keeps its inner part (its `halo` is
context only, except at the grid's own edge); where kept parts of neighbours overlap, weights ramp linearly and
sum to one everywhere, so a constant comes back constant and every pixel is covered.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Span:
    """One tile along one axis: where it starts, which part of it is kept, with which weights."""

    start: int
    first: int
    """The first kept pixel, counted from the start."""
    weights: Floats

    @property
    def is_alone(self) -> bool:
        """Whether no neighbour shares a pixel with it."""
        return bool((self.weights == 1).all())

    @property
    def kept(self) -> slice:
        """The kept part, inside the tile."""
        return slice(self.first, self.first + len(self.weights))

    @property
    def place(self) -> slice:
        """The kept part, on the grid."""
        return slice(self.start + self.first, self.start + self.first + len(self.weights))


Tile: TypeAlias = tuple[Span, ...]
"""One span per axis."""


def spans(length: int, tile: int, halo: int, overlap: int) -> tuple[Span, ...]:
    """The tiles along an axis of `length` pixels; one of `tile` pixels where that covers it (padded if shorter)."""
    if length <= tile:
        return (Span(0, 0, np.ones(length, np.float32)),)
    step = tile - 2 * halo - overlap
    if step < 1:
        raise ValueError("halo and overlap leave nothing of the tile")
    count = 1 + math.ceil((length - tile) / step)
    starts = [round(index * (length - tile) / (count - 1)) for index in range(count)]
    lows = [start + (halo if index else 0) for index, start in enumerate(starts)]
    highs = [start + tile - (halo if index < count - 1 else 0) for index, start in enumerate(starts)]
    weights = [np.ones(high - low, np.float64) for low, high in zip(lows, highs, strict=True)]
    total = np.zeros(length, np.float64)
    for index, weight in enumerate(weights):
        if index:
            _ramp(weight, highs[index - 1] - lows[index])
        if index < count - 1:
            _ramp(weight[::-1], highs[index] - lows[index + 1])
        total[lows[index] : highs[index]] += weight
    return tuple(
        Span(start, low - start, (weight / total[low:high]).astype(np.float32))
        for start, low, high, weight in zip(starts, lows, highs, weights, strict=True)
    )


def tiles(shape: Sequence[int], tile: Sequence[int], halo: Sequence[int], overlap: int) -> tuple[Tile, ...]:
    """The tiles of a grid, row by row."""
    axes = [spans(length, side, edge, overlap) for length, side, edge in zip(shape, tile, halo, strict=True)]
    return tuple(itertools.product(*axes))


def cut(grid: Array, tile: Tile, sides: Sequence[int]) -> Array:
    """A tile of a grid (its channels last); past the grid's end the edge is repeated."""
    part = grid[tuple(slice(span.start, span.start + side) for span, side in zip(tile, sides, strict=True))]
    missing = [side - have for side, have in zip(sides, part.shape, strict=False)]
    if any(missing):
        part = np.pad(part, [*((0, m) for m in missing), (0, 0)], mode="edge")
    return part


def lay(out: Floats, tile: Tile, values: Floats) -> None:
    """Add a tile's output (channels first) with its weights to the grid of outputs (channels first)."""
    kept = values[(slice(None), *(span.kept for span in tile))]
    weighted = kept
    for axis, span in enumerate(tile):
        if span.is_alone:
            continue
        shape = [1] * len(tile)
        shape[axis] = -1
        weighted = weighted * span.weights.reshape(shape)
    out[(slice(None), *(span.place for span in tile))] += weighted


def _ramp(weight: NDArray[np.float64], over: int) -> None:
    """Let the first `over` weights rise linearly, never to zero."""
    over = min(over, len(weight))
    if over > 0:
        weight[:over] = np.minimum(weight[:over], (np.arange(over) + 0.5) / over)
