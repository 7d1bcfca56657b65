"""From raw outputs to scores. Pure functions."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.package import ModelPackage
from models.placement import resize

Floats: TypeAlias = NDArray[np.float32]
NOTHING = -1
"""No label, in a map of label indices."""


def activated(values: Floats, activation: str, axis: int = 1) -> Floats:
    """Scores of raw values: as they are, sigmoid, or softmax along the label axis."""
    if activation == "sigmoid":
        return sigmoid(values)
    if activation == "softmax":
        powers = np.exp(values - values.max(axis=axis, keepdims=True))
        return powers / powers.sum(axis=axis, keepdims=True)
    return values


def sigmoid(values: Floats) -> Floats:
    """1 / (1 + e^-x) without overflow."""
    out = np.tanh(values * np.float32(0.5))
    out *= np.float32(0.5)
    out += np.float32(0.5)
    return out


def chosen_labels(package: ModelPackage, scores: Floats, width: int, height: int) -> tuple[NDArray[np.int16], Floats]:
    """The label of each pixel of a plane of width × height, and its score, from scores on the grid.

    With a softmax the best label wins; with sigmoids the best of those from the threshold on.
    """
    best = resize(scores[0], width, height, "bilinear")
    labels = np.zeros(best.shape, np.int16)
    if len(scores) > 1:
        best = best.copy()
        for index in range(1, len(scores)):
            rival = resize(scores[index], width, height, "bilinear")
            better = rival > best
            labels[better] = index
            np.copyto(best, rival, where=better)
    for entry in package.labels:
        if entry.background:
            labels[labels == entry.index] = NOTHING
    if package.outputs[0].activation != "softmax":
        labels[best < package.thresholds.score] = NOTHING
    return labels, best
