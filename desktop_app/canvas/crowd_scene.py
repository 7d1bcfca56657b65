"""What is drawn of very many marks, and where it lies. No Qt.

Positions are device pixels of the turned and scaled plane: `Turn` times the point of the plane.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from desktop_app.mark_index import DOTS, Rows, Shapes

Picture: TypeAlias = NDArray[np.uint8]
"""(rows, columns, 4): blue, green, red and alpha, premultiplied."""

OUTLINED = 5.0
"""From this size on screen, in pixels, a mark is an outline; below it is a dot."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The way from the plane to the turned and scaled plane: right = a x + b y, down = c x + d y."""

    a: float
    b: float
    c: float
    d: float

    @property
    def scale(self) -> float:
        """Device pixels per pixel of the plane, the larger way."""
        return max(abs(self.a) + abs(self.b), abs(self.c) + abs(self.d)) if self.b and self.a else self._plain

    @property
    def _plain(self) -> float:
        return max(abs(self.a), abs(self.b), abs(self.c), abs(self.d))

    def applied(self, points: NDArray[np.floating], left: float = 0.0, top: float = 0.0) -> NDArray[np.float64]:
        """The positions of points of the plane, (n, 2), counted from (left, top)."""
        x, y = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
        out = np.empty((len(points), 2))
        out[:, 0] = x * self.a + (y * self.b - left if self.b else -left)
        out[:, 1] = y * self.d + (x * self.c - top if self.c else -top)
        return out

    def around(self, left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
        """The upright rectangle of the plane around a rectangle of positions: x0, y0, x1, y1."""
        share = 1 / (self.a * self.d - self.b * self.c)
        xs = [(self.d * u - self.b * v) * share for u in (left, right) for v in (top, bottom)]
        ys = [(self.a * v - self.c * u) * share for u in (left, right) for v in (top, bottom)]
        return min(xs), min(ys), max(xs), max(ys)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What is drawn, and how."""

    shapes: Shapes
    colours: NDArray[np.uint8]
    """Blue, green, red of each label number."""
    turn: Turn
    ratio: float = 1.0
    """Device pixels per widget pixel."""
    chosen: NDArray[np.bool_] | None = None
    """Rows drawn as selected."""
    hidden: NDArray[np.bool_] | None = None
    """Rows not drawn."""
    long_rings: dict[int, NDArray[np.float64]] = field(default_factory=dict[int, NDArray[np.float64]])
    """Rings of many points as they are on screen; filled while drawing, in any thread."""

    def is_dots(self, rows: Rows) -> bool:
        """Whether rows are all drawn as dots, which are as fine as they get at once."""
        return bool((self.sizes(rows) < OUTLINED).all() and (self.shapes.kinds[rows] != DOTS).all())

    def sizes(self, rows: Rows) -> NDArray[np.float64]:
        """The larger side of marks on screen, in widget pixels."""
        return self.shapes.extents[rows] * (self.turn.scale / self.ratio)


def pieces_near(places: NDArray[np.float64], width: int, height: int) -> list[NDArray[np.float64]]:
    """The pieces of a line that may be seen in a picture of a size."""
    x, y = places[:, 0], places[:, 1]
    # A line is far when both its ends are beyond the same side.
    sides = (x < -4) | (x > width + 4).astype(np.uint8) << 1
    sides |= (y < -4).astype(np.uint8) << 2 | (y > height + 4).astype(np.uint8) << 3
    is_near = (sides[:-1] & sides[1:]) == 0
    edges = np.diff(np.concatenate(([0], is_near, [0])).astype(np.int8))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [places[start : end + 1] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def spans(starts: Rows, counts: Rows) -> Rows:
    """The numbers from each start on, so many of each, one after the other."""
    if len(starts) == 1:
        return np.arange(int(counts[0])) + starts[0]
    total = np.cumsum(counts)
    return np.repeat(starts - (total - counts), counts) + np.arange(int(total[-1]) if len(total) else 0)


def thinned(places: NDArray[np.float64], cell: float) -> NDArray[np.bool_]:
    """Which points of a ring to keep so that none falls in the same cell as the one before it."""
    x, y = np.floor(places[:, 0] * (1 / cell)), np.floor(places[:, 1] * (1 / cell))
    kept = np.ones(len(places), np.bool_)
    kept[1:] = (x[1:] != x[:-1]) | (y[1:] != y[:-1])
    return kept
