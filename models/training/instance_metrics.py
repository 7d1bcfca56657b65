"""Figures for separate pieces: panoptic quality, average precision and F1 at half overlap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.training.metrics import ratio

LabelMap = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Match:
    """How one image's found pieces meet its true ones at an overlap (IoU) above one half."""

    overlaps: tuple[float, ...]
    found: int
    true: int
    scores: tuple[float, ...]
    hit: tuple[bool, ...]
    shared: int
    pixels: int


def match_pieces(truth: LabelMap, found: LabelMap, scores: Sequence[float]) -> Match:
    """Match the pieces of two label maps 0…n; above one half overlap the match is unique.

    `scores` holds one score per found piece 1…n.
    """
    true_count, found_count = int(truth.max(initial=0)), int(found.max(initial=0))
    pairs = np.bincount(
        truth.ravel().astype(np.int64) * (found_count + 1) + found.ravel(),
        minlength=(true_count + 1) * (found_count + 1),
    ).reshape(true_count + 1, found_count + 1)
    both = pairs[1:, 1:].astype(np.float64)
    union = pairs[1:].sum(1)[:, None] + pairs[:, 1:].sum(0)[None, :] - both
    overlap = both / np.maximum(union, 1)
    rows, columns = np.nonzero(overlap > 0.5)
    hit = np.zeros(found_count, dtype=bool)
    hit[columns] = True
    return Match(
        overlaps=tuple(float(value) for value in overlap[rows, columns]),
        found=found_count,
        true=true_count,
        scores=tuple(scores),
        hit=tuple(bool(value) for value in hit),
        shared=int(both.sum()),
        pixels=int((truth > 0).sum()) + int((found > 0).sum()),
    )


def instance_figures(matches: Sequence[Match]) -> dict[str, float]:
    """Return PQ, F1 and AP at an IoU of one half, and Dice, over the pieces of all images pooled."""
    hits = sum(len(match.overlaps) for match in matches)
    found, true = sum(match.found for match in matches), sum(match.true for match in matches)
    quality = sum(sum(match.overlaps) for match in matches)
    scores = np.asarray([score for match in matches for score in match.scores], dtype=np.float64)
    right = np.asarray([flag for match in matches for flag in match.hit], dtype=bool)
    return {
        "pq": ratio(2 * quality, found + true),
        "f1_at_50": ratio(2 * hits, found + true),
        "ap50": average_precision(scores, right, true),
        "dice": ratio(2.0 * sum(match.shared for match in matches), sum(match.pixels for match in matches)),
        "mean_overlap_of_hits": ratio(quality, hits),
    }


def average_precision(scores: NDArray[np.float64], hit: NDArray[np.bool_], true: int) -> float:
    """Return the area under precision over recall, precision made never to rise with recall."""
    if true == 0:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(hit[order])
    precision = hits / np.arange(1, len(order) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((envelope * hit[order]).sum() / true)
