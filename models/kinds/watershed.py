"""Tell touching pieces apart: each seed grows over the interior until it meets another's."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
LabelMap = NDArray[np.int32]
Flags = NDArray[np.bool_]
LEVELS = 12


def grow_instances(
    interior: Floats, seeds: Floats, *, threshold: float, seed_threshold: float, minimum_area: int
) -> LabelMap:
    """Return a label map, 0 outside and 1…n for the pieces, numbered in reading order of their first pixels.

    `interior` and `seeds` are probabilities (height × width). Pixels with interior ≥ `threshold` are shared out
    among the seeds by watershed, seeds being connected pixels with seed ≥ `seed_threshold`; a connected
    interior without a seed stays one piece. Pieces below `minimum_area` pixels are dropped.
    """
    from scipy import ndimage

    if interior.shape != seeds.shape or interior.ndim != 2:
        raise ValueError("interior and seeds must be two maps of the same height and width")
    inside = interior >= threshold
    if not inside.any():
        return np.zeros(interior.shape, np.int32)
    markers, count = cast(tuple[LabelMap, int], ndimage.label(inside & (seeds >= seed_threshold), np.ones((3, 3))))
    components, component_count = cast(tuple[LabelMap, int], ndimage.label(inside))
    highest = np.zeros(component_count + 1, np.int32)
    lowest = np.full(component_count + 1, count + 1, np.int32)
    marked = markers > 0
    np.maximum.at(highest, components[marked], markers[marked])
    np.minimum.at(lowest, components[marked], markers[marked])
    seedless = highest == 0
    highest[seedless] = lowest[seedless] = count + 1 + np.arange(int(seedless.sum()), dtype=np.int32)
    contested = inside & (lowest != highest)[components]
    pieces = np.where(inside & ~contested, highest[components], 0).astype(np.int32)
    pieces[contested] = markers[contested]
    if contested.any():
        pieces = _flood(pieces, contested, 0.5 * (interior.astype(np.float32) + seeds.astype(np.float32)))
    return _renumber(pieces, minimum_area)


def _flood(pieces: LabelMap, contested: Flags, certainty: NDArray[np.float32]) -> LabelMap:
    """Grow the pieces over the contested pixels, the surest first, one pixel in every direction at a time."""
    import cv2

    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
    # OpenCV dilates no 32-bit integers; single precision holds whole numbers exactly up to 16 million pieces.
    grown = pieces.astype(np.float32)
    level_of = np.minimum((np.clip(certainty, 0.0, 1.0) * LEVELS).astype(np.int32), LEVELS - 1)
    for level in range(int(level_of[contested].max()), int(level_of[contested].min()) - 1, -1):
        open_ = contested & (level_of >= level) & (grown == 0)
        while open_.any():
            reached = open_ & ((wider := cast(NDArray[np.float32], cv2.dilate(grown, cross))) > 0)
            if not reached.any():
                break
            grown[reached] = wider[reached]
            open_ &= ~reached
    return grown.astype(np.int32)


def _renumber(pieces: LabelMap, minimum_area: int) -> LabelMap:
    """Drop small pieces and number the rest 1…n in reading order of their first pixel."""
    values, first, inverse, area = np.unique(pieces, return_index=True, return_inverse=True, return_counts=True)
    kept = (values > 0) & (area >= max(minimum_area, 1))
    order = np.argsort(np.where(kept, first, pieces.size), kind="stable")
    number = np.zeros(len(values), np.int32)
    number[order[: int(kept.sum())]] = np.arange(1, int(kept.sum()) + 1, dtype=np.int32)
    return number[inverse].reshape(pieces.shape)
