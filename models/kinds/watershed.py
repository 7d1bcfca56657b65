"""Tell touching pieces apart: each seed grows over the interior until it meets another's."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
LabelMap = NDArray[np.int32]
OUTSIDE = -1


def grow_instances(
    interior: Floats, seeds: Floats, *, threshold: float, seed_threshold: float, minimum_area: int
) -> LabelMap:
    """Return a label map, 0 outside and 1…n for the pieces, numbered from the top row down.

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
    components, _ = cast(tuple[LabelMap, int], ndimage.label(inside))
    markers = _mark_seedless(markers.astype(np.int32), components, count)
    markers[~inside] = OUTSIDE
    slope = np.clip(1.0 - 0.5 * (interior.astype(np.float32) + seeds.astype(np.float32)), 0.0, 1.0)
    height = np.rint(slope * 254).astype(np.uint8)
    height[~inside] = 255
    grown = cast(LabelMap, ndimage.watershed_ift(height, markers, np.ones((3, 3), np.int8)))
    return _renumber(np.where(inside, np.maximum(grown, 0), 0).astype(np.int32), minimum_area)


def _mark_seedless(markers: LabelMap, components: LabelMap, count: int) -> LabelMap:
    """Give every connected interior that holds no seed a marker of its own."""
    size = int(components.max()) + 1
    seeded = np.zeros(size, dtype=bool)
    seeded[components[markers > 0]] = True
    seeded[0] = True
    new = np.zeros(size, np.int32)
    new[~seeded] = count + 1 + np.arange(int((~seeded).sum()), dtype=np.int32)
    return np.where(markers > 0, markers, new[components]).astype(np.int32)


def _renumber(pieces: LabelMap, minimum_area: int) -> LabelMap:
    """Drop small pieces and number the rest 1…n in reading order of their first pixel."""
    values, first, inverse, area = np.unique(pieces, return_index=True, return_inverse=True, return_counts=True)
    kept = (values > 0) & (area >= max(minimum_area, 1))
    order = np.argsort(np.where(kept, first, pieces.size), kind="stable")
    number = np.zeros(len(values), np.int32)
    number[order[: int(kept.sum())]] = np.arange(1, int(kept.sum()) + 1, dtype=np.int32)
    return number[inverse].reshape(pieces.shape)
