"""Boxes from the outputs of detectors, and the suppression of those that say the same. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.package import ModelPackage, Output
from models.problem import ModelProblem

Floats: TypeAlias = NDArray[np.float32]
Indices: TypeAlias = NDArray[np.intp]
MOST_CANDIDATES = 8192
"""*Memory bound*: of one input's boxes above the threshold the best this many are looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Boxes of one input: corners (x0, y0, x1, y1), score, label index, mask coefficients (none: no columns)."""

    corners: Floats
    scores: Floats
    labels: Indices
    masks: Floats

    def take(self, at: Indices | NDArray[np.bool_]) -> Boxes:
        """Some of the boxes."""
        return Boxes(self.corners[at], self.scores[at], self.labels[at], self.masks[at])


DECODES = ("yolo", "yolo-objectness", "boxes", "yolox")


def boxes_of(package: ModelPackage, raw: Floats, size: tuple[int, int]) -> Boxes:
    """The boxes of one input's raw output whose score reaches the threshold; `size` is its width and height."""
    output = package.outputs[0]
    least = package.thresholds.score
    if output.decode == "boxes":
        return _listed(package, raw, least)
    rows = _rows(package, output, raw)
    start = 4 if output.decode == "yolo" else 5
    classes = len(package.labels)
    scores = rows[:, start : start + classes]
    if output.activation == "sigmoid":
        scores = 1 / (1 + np.exp(-scores))
    labels = scores.argmax(axis=1)
    best = scores[np.arange(len(scores)), labels]
    if start == 5:
        best = best * rows[:, 4]
    chosen = np.flatnonzero(best >= least)
    if len(chosen) > MOST_CANDIDATES:
        chosen = chosen[np.argsort(-best[chosen], kind="stable")[:MOST_CANDIDATES]]
    places = rows[:, :4]
    if output.decode == "yolox":
        places = _from_grids(places, output.settings["strides"], size, package)
    corners = _corners(places[chosen], str(output.settings.get("boxes", "xywh")))
    return Boxes(corners, best[chosen].astype(np.float32), labels[chosen], rows[chosen, start + classes :])


def suppressed(boxes: Boxes, iou: float) -> Indices:
    """Which boxes stay, best first: of two of one label that overlap by more than `iou`, the better."""
    order = np.argsort(-boxes.scores, kind="stable")
    corners, labels = boxes.corners[order], boxes.labels[order]
    areas = np.maximum(corners[:, 2] - corners[:, 0], 0) * np.maximum(corners[:, 3] - corners[:, 1], 0)
    alive = np.ones(len(order), np.bool_)
    kept: list[int] = []
    for index in range(len(order)):
        if not alive[index]:
            continue
        kept.append(index)
        rest = np.flatnonzero(alive[index + 1 :]) + index + 1
        if rest.size == 0:
            break
        low = np.maximum(corners[rest, :2], corners[index, :2])
        high = np.minimum(corners[rest, 2:], corners[index, 2:])
        shared = np.prod(np.maximum(high - low, 0), axis=1)
        union = areas[rest] + areas[index] - shared
        same = (shared > iou * np.maximum(union, 1e-9)) & (labels[rest] == labels[index])
        alive[rest[same]] = False
    return order[np.asarray(kept, np.intp)]


def joined(parts: Sequence[Boxes]) -> Boxes:
    """Several inputs' boxes as one."""
    return Boxes(
        np.concatenate([part.corners for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.masks for part in parts]),
    )


def check_boxes(package: ModelPackage) -> None:
    """Refuse a detector whose output does not go with its labels."""
    output = package.outputs[0]
    if output.decode not in DECODES:
        raise ModelProblem(f"finds boxes, but its output is decoded as {output.decode!r}", package.ref)
    classes = output.settings.get("classes", len(package.labels))
    if classes != len(package.labels):
        raise ModelProblem(f"gives {classes} classes for {len(package.labels)} labels", package.ref, "A label was lost")
    if output.decode == "yolox" and not output.settings.get("strides"):
        raise ModelProblem("is decoded as 'yolox' without strides", package.ref)
    if package.input.axes == "NCDHW":
        raise ModelProblem("finds boxes in volumes, which this version does not", package.ref)


def _rows(package: ModelPackage, output: Output, raw: Floats) -> Floats:
    """One row per anchor."""
    start = 4 if output.decode == "yolo" else 5
    wanted = start + len(package.labels) + int(output.settings.get("masks", 0))
    rows = raw.T if output.decode == "yolo" else raw
    if raw.ndim != 2 or rows.shape[1] != wanted:
        raise ModelProblem(
            f"gives {rows.shape[-1]} values per box where {len(package.labels)} labels need {wanted}",
            package.ref,
            "A label was lost or added",
        )
    return rows


def _listed(package: ModelPackage, raw: Floats, least: float) -> Boxes:
    """Boxes that the network suppressed itself: x0, y0, x1, y1, score, class and mask coefficients per row."""
    masks = int(package.outputs[0].settings.get("masks", 0))
    if raw.ndim != 2 or raw.shape[1] != 6 + masks:
        raise ModelProblem(f"gives {raw.shape[-1]} values per box where {6 + masks} were promised", package.ref)
    rows = raw[raw[:, 4] >= least]
    labels = rows[:, 5].astype(np.intp)
    if labels.size and not (labels.min() >= 0 and labels.max() < len(package.labels)):
        raise ModelProblem(f"gives the class {labels.max()}, which has no label", package.ref, "A label was lost")
    return Boxes(rows[:, :4], rows[:, 4], labels, rows[:, 6:])


def _from_grids(places: Floats, strides: Sequence[int], size: tuple[int, int], package: ModelPackage) -> Floats:
    """YOLOX's raw centres and log sizes as pixels of the input."""
    width, height = size
    centres: list[Floats] = []
    steps: list[Floats] = []
    for stride in strides:
        across, down = np.meshgrid(np.arange(width // stride), np.arange(height // stride))
        centres.append(np.stack([across.ravel(), down.ravel()], axis=1).astype(np.float32))
        steps.append(np.full((across.size, 1), stride, np.float32))
    grid, step = np.concatenate(centres), np.concatenate(steps)
    if len(grid) != len(places):
        raise ModelProblem(f"gives {len(places)} anchors where its strides make {len(grid)}", package.ref)
    sides = np.exp(np.minimum(places[:, 2:], 20)) * step
    return np.concatenate([(places[:, :2] + grid) * step, sides], axis=1).astype(np.float32)


def _corners(places: Floats, layout: str) -> Floats:
    if layout == "xyxy":
        return places
    half = places[:, 2:] / 2
    return np.concatenate([places[:, :2] - half, places[:, :2] + half], axis=1).astype(np.float32)
