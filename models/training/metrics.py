"""Figures on a held-back part, with bootstrap intervals."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
Figure = dict[str, float | list[float]]


def area_under_curve(truth: Array, score: Array) -> float:
    """Return the probability that a positive scores above a negative, ties counting half."""
    ranks = rank_averaged(score)
    positives = truth > 0.5
    count, other = int(positives.sum()), int((~positives).sum())
    if count == 0 or other == 0:
        return float("nan")
    return float((ranks[positives].sum() - count * (count + 1) / 2) / (count * other))


def rank_averaged(values: Array) -> Array:
    """Return ranks from 1, equal values sharing their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts).astype(np.float64)
    return (last - (counts - 1) / 2)[inverse]


def calibration_error(truth: Array, score: Array, bins: int = 10) -> float:
    """Return the expected calibration error of the positive probability over equal-width bins."""
    place = np.minimum((score * bins).astype(np.intp), bins - 1)
    error = 0.0
    for index in range(bins):
        inside = place == index
        if inside.any():
            error += float(inside.mean()) * abs(float(truth[inside].mean()) - float(score[inside].mean()))
    return error


def binary_figures(truth: Array, score: Array, threshold: float = 0.5) -> dict[str, float]:
    """Return accuracy, F1, AUROC, sensitivity, specificity and calibration error."""
    called, positive = score >= threshold, truth > 0.5
    hits, misses = float((called & positive).sum()), float((~called & positive).sum())
    alarms, rejects = float((called & ~positive).sum()), float((~called & ~positive).sum())
    return {
        "accuracy": (hits + rejects) / max(len(truth), 1),
        "f1": ratio(2 * hits, 2 * hits + alarms + misses),
        "auroc": area_under_curve(truth, score),
        "sensitivity": ratio(hits, hits + misses),
        "specificity": ratio(rejects, rejects + alarms),
        "calibration_error": calibration_error(truth, score),
    }


def ratio(part: float, whole: float) -> float:
    """Return part / whole, not-a-number where there is no whole."""
    return part / whole if whole else float("nan")


def bootstrap(
    groups: Sequence[str], figures_of: Callable[[Indices], dict[str, float]], rounds: int = 1000, seed: int = 0
) -> dict[str, Figure]:
    """Return each figure with its 95 % interval; whole groups are drawn with replacement.

    Drawing groups, not items, keeps images of one patient together, so the interval is not too narrow.
    """
    names = sorted(set(groups))
    place = {name: index for index, name in enumerate(names)}
    members: list[list[int]] = [[] for _ in names]
    for index, group in enumerate(groups):
        members[place[group]].append(index)
    arrays = [np.asarray(part, dtype=np.intp) for part in members]
    generator = np.random.default_rng(seed)
    value = figures_of(np.arange(len(groups), dtype=np.intp))
    drawn: dict[str, list[float]] = {name: [] for name in value}
    for _ in range(rounds):
        chosen = generator.integers(len(arrays), size=len(arrays))
        for name, number in figures_of(np.concatenate([arrays[int(index)] for index in chosen])).items():
            drawn[name].append(number)
    return {name: {"value": value[name], "interval95": _interval(drawn[name])} for name in value}


def _interval(numbers: list[float]) -> list[float]:
    known = np.asarray([number for number in numbers if np.isfinite(number)], dtype=np.float64)
    return [float(bound) for bound in np.percentile(known, [2.5, 97.5])]


def dice(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Return 2 |A∩B| / (|A| + |B|), 1 where both are empty."""
    total = int(first.sum()) + int(second.sum())
    return 1.0 if total == 0 else 2.0 * int((first & second).sum()) / total
