"""Classifiers on slides: a heat map, one score per label for every cell."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dataset.annotation import Proposal
from dataset.heat_map import HeatMap
from models.decode import activated
from models.package import ModelPackage
from models.problem import ModelProblem
from models.runtime import Outputs
from models.slides.grid import Cell, SlideGrid
from models.slides.kept import Arrays
from models.slides.kind import Array

LARGEST_MAP = 512 * 2**20
"""*Memory bound*: bytes of a heat map."""


class ClassifyKind:
    """See `SlideKind`."""

    def __init__(self, package: ModelPackage, grid: SlideGrid) -> None:
        self._package, self._grid = package, grid
        self._columns, self._rows = grid.cells()
        shape = (len(package.labels), len(self._rows), len(self._columns))
        if np.prod(shape, dtype=np.float64) > LARGEST_MAP:
            raise ModelProblem(
                f"has {shape[0]} labels for {shape[1] * shape[2]} cells, too many for one heat map",
                package.ref,
                "Choose a smaller region",
            )
        self._scores = np.zeros(shape, np.uint8)
        self._read = np.zeros(shape[1:], np.bool_)

    def decode(self, outputs: Outputs) -> Array:
        """See `SlideKind.decode`: a byte for each label."""
        raw = outputs[0].reshape(1, -1)
        if raw.shape[1] != len(self._package.labels):
            raise ModelProblem(
                f"gives {raw.shape[1]} scores for {len(self._package.labels)} labels",
                self._package.ref,
                "A label was lost or added",
            )
        scores = activated(raw, self._package.outputs[0].activation)[0]
        return np.clip(np.rint(scores * 255), 0, 255).astype(np.uint8)

    def put_together(self, _block: Cell, cells: Mapping[Cell, Array]) -> Arrays:
        """See `SlideKind.put_together`."""
        labels = len(self._package.labels)
        places = np.array(list(cells), np.int32).reshape(-1, 2)
        scores = np.array(list(cells.values()), np.uint8).reshape(-1, labels)
        return {"cells": places, "scores": scores}

    def as_arrays(self, given: Arrays) -> Arrays:
        """See `SlideKind.as_arrays`."""
        return given

    def from_arrays(self, block: Cell, arrays: Arrays) -> Arrays:
        """See `SlideKind.from_arrays`."""
        places, scores = arrays.get("cells"), arrays.get("scores")
        if places is None or scores is None or places.dtype != np.int32 or scores.dtype != np.uint8:
            raise ValueError("something is missing")
        allowed = set(self._grid.cells_of(block))
        if places.shape != (len(places), 2) or scores.shape != (len(places), len(self._package.labels)):
            raise ValueError("does not fit the model")
        if not {(column, row) for column, row in places.tolist()} <= allowed:
            raise ValueError("does not fit its block")
        return {"cells": places, "scores": scores}

    def add(self, block: Cell, given: Arrays) -> list[Proposal]:  # noqa: ARG002 (the cells know their places)
        """See `SlideKind.add`: the heat map grows, nothing is proposed."""
        places, scores = given["cells"], given["scores"]
        columns, rows = places[:, 0] - self._columns.start, places[:, 1] - self._rows.start
        self._scores[:, rows, columns] = scores.T
        self._read[rows, columns] = True
        return []

    def heat(self) -> HeatMap | None:
        """See `SlideKind.heat`."""
        (wide, tall), (across, down) = self._grid.core, self._grid.scale
        scores, read = self._scores.copy(), self._read.copy()
        scores.flags.writeable = read.flags.writeable = False
        return HeatMap(
            self._grid.plane,
            self._columns.start * wide * across,
            self._rows.start * tall * down,
            (wide * across, tall * down),
            tuple(entry.label.id for entry in self._package.labels),
            scores,
            read,
        )

    def scores(self) -> tuple[tuple[str, float], ...]:
        """See `SlideKind.scores`: the mean over the cells that were read, with sigmoids the greatest."""
        if not self._read.any():
            return ()
        cells = self._scores[:, self._read]
        of_all = cells.max(axis=1) if self._is_sigmoid else cells.mean(axis=1, dtype=np.float64)
        return tuple(
            (entry.label.id, float(score) / 255)
            for entry, score in zip(self._package.labels, of_all.tolist(), strict=True)
        )

    def notes(self) -> list[str]:
        """See `SlideKind.notes`."""
        which = "the greatest" if self._is_sigmoid else "the mean"
        return [f"the scores are {which} of {int(self._read.sum())} cells"]

    def close(self) -> None:
        """See `SlideKind.close`."""

    @property
    def _is_sigmoid(self) -> bool:
        return self._package.outputs[0].activation == "sigmoid"
