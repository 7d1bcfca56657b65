"""Which cells of a grid some polygons meet, and which points lie in them."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Point, Polygon
from models.slides.grid import Cell, SlideGrid

Flags: TypeAlias = NDArray[np.bool_]
FINE = 4
"""Steps of a cell along each side in which it is looked at."""


class Cover:
    """Polygons over the cells of a grid; without polygons everything is covered."""

    def __init__(self, polygons: Sequence[Polygon], grid: SlideGrid) -> None:
        self._grid = grid
        self._columns, self._rows = grid.cells()
        self._polygons = [one for one in polygons if one.plane == grid.plane and len(one.exterior) >= 3]
        self._all = not polygons
        self._rings: list[tuple[Any, list[Any], tuple[float, float, float, float]]] = []
        for polygon in self._polygons:
            outer = np.asarray(polygon.exterior, np.float64)
            box = (*outer.min(axis=0).tolist(), *outer.max(axis=0).tolist())
            holes = [_contour(hole) for hole in polygon.holes if len(hole) >= 3]
            self._rings.append((_contour(polygon.exterior), holes, box))
        self._met, self._inner = (None, None) if self._all else self._looked_at()

    def meets(self, cell: Cell) -> bool:
        """Whether a cell may share a point with the polygons."""
        return self._met is None or bool(self._met[cell[1] - self._rows.start, cell[0] - self._columns.start])

    def holds(self, x: float, y: float) -> bool:
        """Whether a point, in full-resolution pixels, lies in a polygon."""
        if self._all:
            return True
        core, scale = self._grid.core, self._grid.scale
        column, row = math.floor(x / scale[0] / core[0]), math.floor(y / scale[1] / core[1])
        if self._inner is not None and column in self._columns and row in self._rows:
            at = (row - self._rows.start, column - self._columns.start)
            if self._inner[at]:
                return True
        return any(_within(x, y, *rings) for rings in self._rings)

    def _looked_at(self) -> tuple[Flags, Flags]:
        """Cells that the polygons meet, and those that lie in one of them wholly."""
        import cv2

        shape = (len(self._rows) * FINE + 2, len(self._columns) * FINE + 2)
        met, inner = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
        step = np.array([core * scale / FINE for core, scale in zip(self._grid.core, self._grid.scale, strict=True)])
        start = np.array([self._columns.start * FINE - 1, self._rows.start * FINE - 1])
        for polygon in self._polygons:
            rings = [
                np.floor(np.clip(np.asarray(ring, np.float64) / step - start, -(2**20), 2**20)).astype(np.int32)[
                    :, None
                ]
                for ring in (polygon.exterior, *polygon.holes)
                if len(ring) >= 3
            ]
            own = np.zeros(shape, np.uint8)
            cv2.fillPoly(own, rings, 1)
            line = np.zeros(shape, np.uint8)
            cv2.polylines(line, rings, True, 1, thickness=3)
            met |= own | line
            inner |= own & ~line & 1
        cells = (len(self._rows), FINE, len(self._columns), FINE)
        any_met = np.asarray(met[1:-1, 1:-1].reshape(cells).any(axis=(1, 3)))
        return any_met, np.asarray(inner[1:-1, 1:-1].reshape(cells).all(axis=(1, 3)))


def _contour(points: Sequence[Point]) -> Any:
    return np.asarray(points, np.float32)[:, None]


def _within(x: float, y: float, outer: Any, holes: list[Any], box: tuple[float, float, float, float]) -> bool:
    import cv2

    if not (box[0] <= x <= box[2] and box[1] <= y <= box[3]) or cv2.pointPolygonTest(outer, (x, y), False) < 0:
        return False
    return not any(cv2.pointPolygonTest(hole, (x, y), False) > 0 for hole in holes)
