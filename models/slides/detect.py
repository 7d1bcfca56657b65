"""Detectors on slides: boxes, each from the cell that its middle lies in; doubles across borders suppressed.

Of two boxes of one label from different cells that overlap by more than the package's `iou`, the one with the
greater score stays, whatever becomes of that one elsewhere: a rule that knows no order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Box, Proposal
from dataset.heat_map import HeatMap
from models.boxes import boxes_of, suppressed
from models.package import ModelPackage
from models.runtime import Outputs
from models.slides.cover import Cover
from models.slides.grid import Cell, SlideGrid
from models.slides.kept import Arrays
from models.slides.kind import Array
from models.slides.naming import found_id

COLUMNS = 6


class DetectKind:
    """See `SlideKind`. Boxes are rows of x0, y0, x1, y1 (grid pixels), score, label index."""

    def __init__(self, package: ModelPackage, grid: SlideGrid, cover: Cover, planned: Sequence[Cell]) -> None:
        self._package, self._grid, self._cover = package, grid, cover
        self._names = {entry.index: entry.label.id for entry in package.foreground}
        self._planned, self._open = frozenset(planned), set(planned)
        self._final: set[Cell] = set()
        self._boxes: dict[Cell, Array] = {}
        step = [core * count for core, count in zip(grid.core, grid.group, strict=True)]
        # Boxes with their middles in their cells, each at most an input wide, meet no further than this many blocks.
        self._reach = [math.ceil(side / length) for side, length in zip(grid.side, step, strict=True)]

    def decode(self, outputs: Outputs) -> Array:
        """See `SlideKind.decode`: the boxes of the core, in pixels of the input."""
        boxes = boxes_of(self._package, outputs[0][0], self._grid.side)
        kept = boxes.take(suppressed(boxes, self._package.thresholds.iou))
        (wide, tall), (across, down) = self._grid.side, self._grid.halo
        corners = np.clip(kept.corners, 0, (wide, tall, wide, tall))
        x, y = (corners[:, 0] + corners[:, 2]) / 2, (corners[:, 1] + corners[:, 3]) / 2
        sides = corners[:, 2:] - corners[:, :2]
        own = (x >= across) & (x < wide - across) & (y >= down) & (y < tall - down)
        own &= (sides > 0).all(axis=1) & (sides.prod(axis=1) >= self._package.thresholds.minimum_area)
        return np.column_stack([corners, kept.scores, kept.labels])[own].astype(np.float32)

    def put_together(self, _block: Cell, cells: Mapping[Cell, Array]) -> Arrays:
        """See `SlideKind.put_together`."""
        boxes = [np.zeros((0, COLUMNS), np.float32), *cells.values()]
        places = [np.tile(np.array(cell, np.int32), (len(rows), 1)) for cell, rows in cells.items()]
        return {
            "boxes": np.concatenate(boxes),
            "cells": np.concatenate([np.zeros((0, 2), np.int32), *places]),
        }

    def as_arrays(self, given: Arrays) -> Arrays:
        """See `SlideKind.as_arrays`."""
        return given

    def add(self, block: Cell, given: Arrays) -> list[Proposal]:
        """See `SlideKind.add`."""
        self._boxes[block] = self._on_grid(given["boxes"], given["cells"])
        self._open.discard(block)
        ready = [other for other in self._around(block) if other in self._boxes]
        proposals: list[Proposal] = []
        for other in ready:
            if other not in self._final and not any(one in self._open for one in self._around(other)):
                proposals += self._settled(other)
                self._final.add(other)
        for other in ready:
            if all(one in self._final or one not in self._planned for one in self._around(other)):
                self._boxes.pop(other)
        return proposals

    def heat(self) -> HeatMap | None:
        """See `SlideKind.heat`: none."""
        return None

    def scores(self) -> tuple[tuple[str, float], ...]:
        """See `SlideKind.scores`: none."""
        return ()

    def notes(self) -> list[str]:
        """See `SlideKind.notes`."""
        return []

    def close(self) -> None:
        """See `SlideKind.close`."""
        self._boxes.clear()

    def from_arrays(self, block: Cell, arrays: Arrays) -> Arrays:
        """See `SlideKind.from_arrays`."""
        boxes, cells = arrays.get("boxes"), arrays.get("cells")
        if boxes is None or cells is None or boxes.dtype != np.float32 or cells.dtype != np.int32:
            raise ValueError("something is missing")
        if boxes.shape != (len(boxes), COLUMNS) or cells.shape != (len(boxes), 2) or not np.isfinite(boxes).all():
            raise ValueError("is no list of boxes")
        allowed = set(self._grid.cells_of(block))
        labels = boxes[:, 5]
        is_sound = bool(((labels >= 0) & (labels < len(self._package.labels)) & (labels == np.floor(labels))).all())
        if not is_sound or not {(column, row) for column, row in cells.tolist()} <= allowed:
            raise ValueError("does not fit its block")
        return {"boxes": boxes, "cells": cells}

    def _on_grid(self, boxes: Array, cells: Array) -> Array:
        """Rows of x0, y0, x1, y1 on the grid, score, label, column, row: 64-bit floats."""
        rows = np.column_stack([boxes, cells]).astype(np.float64)
        start = cells * np.asarray(self._grid.core) - np.asarray(self._grid.halo)
        rows[:, 0:4] += np.column_stack([start, start])
        return rows

    def _around(self, block: Cell) -> list[Cell]:
        across, down = self._reach
        return [
            (block[0] + column, block[1] + row)
            for row in range(-down, down + 1)
            for column in range(-across, across + 1)
        ]

    def _settled(self, block: Cell) -> list[Proposal]:
        """The boxes of a block that no better one beside them suppresses."""
        mine = self._boxes[block]
        if not len(mine):
            return []
        others = np.concatenate([self._boxes[one] for one in self._around(block) if one in self._boxes])
        proposals: list[Proposal] = []
        for row in mine[np.lexsort((mine[:, 0], mine[:, 1]))]:
            if int(row[5]) in self._names and not self._is_beaten(row, others):
                proposal = self._proposal(row)
                if proposal is not None:
                    proposals.append(proposal)
        return proposals

    def _is_beaten(self, row: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
        rivals = others[(others[:, 5] == row[5]) & (others[:, 6:] != row[6:]).any(axis=1)]
        rivals = rivals[(rivals[:, 0] < row[2]) & (rivals[:, 2] > row[0])]
        rivals = rivals[(rivals[:, 1] < row[3]) & (rivals[:, 3] > row[1])]
        if not len(rivals):
            return False
        shared = np.prod(np.minimum(rivals[:, 2:4], row[2:4]) - np.maximum(rivals[:, :2], row[:2]), axis=1)
        areas = np.prod(rivals[:, 2:4] - rivals[:, :2], axis=1) + np.prod(row[2:4] - row[:2])
        same = rivals[shared > self._package.thresholds.iou * (areas - shared)]
        # Equal scores: the one further up, then further left, stays.
        return any(tuple(_rank(rival)) < tuple(_rank(row)) for rival in same)

    def _proposal(self, row: NDArray[np.float64]) -> Proposal | None:
        """The box in full-resolution pixels, clipped to the region; `None` where its middle is not wanted."""
        left, top, right, bottom = self._grid.bounds
        x, y = (row[0] + row[2]) / 2, (row[1] + row[3]) / 2
        across, down = self._grid.scale
        if not (left <= x < right and top <= y < bottom and self._cover.holds(x * across, y * down)):
            return None
        x0, y0 = max(row[0], left) * across, max(row[1], top) * down
        x1, y1 = min(row[2], right) * across, min(row[3], bottom) * down
        box = Box(self._grid.plane, float(x0), float(y0), float(x1 - x0), float(y1 - y0))
        label = self._names[int(row[5])]
        return Proposal(found_id(self._package.ref, self._grid.plane, label, (row[:4],)), label, box, float(row[4]))


def _rank(row: NDArray[np.float64]) -> list[float]:
    return [-row[4], *row[[1, 0, 3, 2, 7, 6]].tolist()]
