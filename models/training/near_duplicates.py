"""Find pictures that show the same tissue, turned, mirrored, shifted or scaled: they must not straddle a split."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

SHARED_POINTS = 10
"""So many salient points that agree make two pictures one. In LC25000 pairs with 6 or fewer are many, with 10 to 14 a
handful, and true copies mostly share more than 20."""
MOST_POINTS = 600
LIKER = 0.8
"""How much nearer the best match of a point must be than the second."""
REACH = 3.0
"""Pixels within which points agree."""


@dataclass(frozen=True, slots=True)
class Points:
    """Salient points of a picture: places and descriptors, which compare by their product."""

    places: NDArray[np.float32]
    values: NDArray[np.float32]


def near_duplicates(pictures: Sequence[NDArray[np.uint8]]) -> Iterator[tuple[int, int]]:
    """Yield the positions of each two RGB pictures that show the same thing, the lower one first."""
    described = [describe(pixels) for pixels in pictures]
    mirrored = [describe(np.ascontiguousarray(pixels[:, ::-1])) for pixels in pictures]
    for first, second in itertools.combinations(range(len(pictures)), 2):
        if max(shared_points(described[first], other[second]) for other in (described, mirrored)) >= SHARED_POINTS:
            yield first, second


def describe(pixels: NDArray[np.uint8]) -> Points:
    """Return the salient points of an RGB picture (SIFT, with descriptors as square roots of shares)."""
    import cv2

    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    found, values = cv2.SIFT_create(MOST_POINTS).detectAndCompute(grey, None)  # type: ignore[attr-defined]
    if len(found) < 2:
        return Points(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
    shares = values / np.maximum(values.sum(axis=1, keepdims=True), 1e-6)
    return Points(np.array([point.pt for point in found], np.float32), np.sqrt(shares).astype(np.float32))


def shared_points(first: Points, second: Points) -> int:
    """Return how many points of two pictures agree on one turn, scale and shift."""
    import cv2

    if len(first.values) < 2 or len(second.values) < 2:
        return 0
    likeness = first.values @ second.values.T
    lines = np.arange(len(likeness))
    best = likeness.argmax(axis=1)
    top = likeness[lines, best]
    likeness[lines, best] = -1
    distinct = (1 - top) < LIKER**2 * (1 - likeness.max(axis=1))
    if int(distinct.sum()) < 6:
        return 0
    here, there = first.places[distinct], second.places[best[distinct]]
    found = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=REACH, maxIters=300)
    agree = cast(NDArray[np.uint8] | None, found[1])
    return 0 if agree is None else int(agree.sum())
