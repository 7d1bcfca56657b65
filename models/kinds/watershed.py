"""Tell touching pieces apart: each seed grows over the interior until it meets another's."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

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
    at = np.flatnonzero(markers)
    pieces, contested = _shared(at, markers.ravel()[at], count, components, component_count)
    if contested.size:
        certainty = 0.5 * (interior.ravel()[contested].astype(np.float32) + seeds.ravel()[contested])
        _flood(pieces, contested, np.minimum((np.clip(certainty, 0.0, 1.0) * LEVELS).astype(np.int32), LEVELS - 1))
    return _renumber(pieces, minimum_area)


def shared_out(interior: NDArray[np.uint8], seeds: NDArray[np.uint8], least_seed: int) -> tuple[LabelMap, int]:
    """As `grow_instances`, for scores as bytes (255 is 1) that are 0 outside; the pieces and their highest number.

    Made for many blocks: numbers have gaps and no order, nothing is dropped. What becomes of a component depends
    on its own pixels only.
    """
    import cv2

    inside = (interior > 0).view(np.uint8)
    marked = (seeds >= least_seed).view(np.uint8) & inside
    _, raw = cv2.connectedComponents(marked, connectivity=8)
    at = np.flatnonzero(marked.view(np.bool_))
    count, numbers = _in_reading_order(np.asarray(raw, np.int32).ravel()[at])
    found, components = cv2.connectedComponents(inside, connectivity=4)
    pieces, contested = _shared(at, numbers, count, np.asarray(components, np.int32), found - 1)
    if contested.size:
        certainty = interior.ravel()[contested].astype(np.int32) + seeds.ravel()[contested]
        _flood(pieces, contested, np.minimum(certainty * LEVELS // 510, LEVELS - 1))
    return pieces, count + found


def _in_reading_order(numbers: LabelMap) -> tuple[int, LabelMap]:
    """How many markers there are, and the numbers of marked pixels by their markers' first pixels: ties go by number.

    The pixels come in reading order.
    """
    if not numbers.size:
        return 0, numbers
    values, first = np.unique(numbers, return_index=True)
    renamed = np.zeros(int(values[-1]) + 1, np.int32)
    renamed[values[np.argsort(first)]] = np.arange(1, len(values) + 1)
    return len(values), renamed[numbers]


def _shared(
    at: NDArray[np.intp], number: LabelMap, count: int, components: LabelMap, component_count: int
) -> tuple[LabelMap, NDArray[np.intp]]:
    """The pieces of components with one marker or none, and the places of the contested pixels.

    `at` and `number` are the places and numbers of marked pixels. Contested pixels are those of components with
    several markers; in the pieces only their markers stand.
    """
    highest = np.zeros(component_count + 1, np.int32)
    lowest = np.full(component_count + 1, count + 1, np.int32)
    of = components.ravel()[at]
    np.maximum.at(highest, of, number)
    np.minimum.at(lowest, of, number)
    seedless = highest == 0
    highest[seedless] = lowest[seedless] = count + 1 + np.arange(int(seedless.sum()), dtype=np.int32)
    is_contested = lowest != highest
    highest[is_contested] = 0
    highest[0], is_contested[0] = 0, False
    pieces = highest[components]
    disputed = is_contested[of]
    pieces.ravel()[at[disputed]] = number[disputed]
    return pieces, np.flatnonzero(is_contested[components]) if is_contested.any() else np.zeros(0, np.intp)


def _flood(pieces: LabelMap, contested: NDArray[np.intp], levels: NDArray[np.int32]) -> None:
    """Grow the pieces over the contested pixels, the surest first, one pixel in every direction at a time.

    Where two meet, the higher number wins. `levels` says how sure each contested pixel is.
    """
    width = pieces.shape[1] + 2
    framed = np.zeros((pieces.shape[0] + 2, width), np.int32)
    framed[1:-1, 1:-1] = pieces
    grown = framed.ravel()
    rows, columns = np.divmod(contested, pieces.shape[1])
    places = (rows + 1) * width + columns + 1
    waiting = places[grown[places] == 0]
    sureness = levels[grown[places] == 0]
    is_open = np.zeros(grown.size, np.bool_)
    left: NDArray[np.intp] = waiting[:0]
    for level in range(int(levels.max()), int(levels.min()) - 1, -1):
        fresh = waiting[sureness == level]
        is_open[fresh] = True
        left = np.concatenate([left[is_open[left]], fresh])
        # After the first look only what lies beside a pixel just reached can be reached next.
        near = left
        while near.size:
            wider = np.maximum(
                np.maximum(grown[near - 1], grown[near + 1]), np.maximum(grown[near - width], grown[near + width])
            )
            reached = near[wider > 0]
            if not reached.size:
                break
            grown[reached] = wider[wider > 0]
            is_open[reached] = False
            beside = np.concatenate([reached - 1, reached + 1, reached - width, reached + width])
            near = np.unique(beside[is_open[beside]])
    # Only contested pixels were open; those of other components beside them were never reached.
    pieces[...] = framed[1:-1, 1:-1]


def _renumber(pieces: LabelMap, minimum_area: int) -> LabelMap:
    """Drop small pieces and number the rest 1…n in reading order of their first pixel."""
    values, first, inverse, area = np.unique(pieces, return_index=True, return_inverse=True, return_counts=True)
    kept = (values > 0) & (area >= max(minimum_area, 1))
    order = np.argsort(np.where(kept, first, pieces.size), kind="stable")
    number = np.zeros(len(values), np.int32)
    number[order[: int(kept.sum())]] = np.arange(1, int(kept.sum()) + 1, dtype=np.int32)
    return number[inverse].reshape(pieces.shape)
