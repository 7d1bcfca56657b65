"""From maps of scores to objects: pieces grown from seeds, or connected pixels of one label. Pure functions.

The maps are bytes. Every rule looks at one connected component only, so that a component gives the same objects in
whichever block or crop it is decoded.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dataset.piecewise import Breather
from models.connected import connected
from models.decode import NOTHING
from models.kinds.watershed import shared_out
from models.package import ModelPackage
from models.slides.outline import rings_of
from models.slides.parts import Components, Decode, Found, Maps, places_of

Floats: TypeAlias = NDArray[np.float32]
Labels: TypeAlias = NDArray[np.int32]


def bytes_of(scores: Floats) -> NDArray[np.uint8]:
    """Scores as bytes, rounded down, so that 255 × a threshold is reached exactly where the threshold is."""
    return np.clip(scores * np.float32(255) + np.float32(1e-3), 0, 255).astype(np.uint8)


def byte_threshold(share: float) -> int:
    """The least byte that reaches a threshold."""
    return min(max(math.ceil(share * 255 - 1e-6), 0), 255)


def seeded_maps(package: ModelPackage, scores: Floats) -> Maps:
    """Interior (0 below its threshold, else at least 1) and seeds of a distance map."""
    maps = bytes_of(scores[:2])
    interior = maps[0]
    below = interior < byte_threshold(package.thresholds.score)
    np.maximum(interior, 1, out=interior)
    interior[below] = 0
    return maps


def labelled_maps(package: ModelPackage, scores: Floats) -> Maps:
    """The label index of each pixel plus 1 (0: none of the labels), and its score."""
    labels = scores.argmax(axis=0)
    best = np.take_along_axis(scores, labels[None], axis=0)[0]
    out = np.empty((2, *best.shape), np.uint8)
    out[0] = labels + 1
    out[1] = bytes_of(best)
    for entry in package.labels:
        if entry.background:
            out[0][labels == entry.index] = NOTHING + 1
    if package.outputs[0].activation != "softmax":
        out[0][out[1] < byte_threshold(package.thresholds.score)] = NOTHING + 1
    return out


def seeded_components(maps: Maps) -> tuple[Labels, Labels]:
    """8-connected interiors, all of one kind."""
    numbers, figures = connected(maps[0] > 0)
    return numbers, np.zeros(len(figures), np.int32)


def labelled_components(maps: Maps) -> tuple[Labels, Labels]:
    """8-connected pixels of one label; their kind is the label's index."""
    numbers = np.zeros(maps.shape[1:], np.int32)
    kinds = [0]
    present = np.flatnonzero(np.bincount(maps[0].ravel()))
    for label in present[present > 0].tolist():
        own, figures = connected(maps[0] == label)
        numbers += np.where(own > 0, own + np.int32(len(kinds) - 1), np.int32(0))
        kinds += [label - 1] * (len(figures) - 1)
    return numbers, np.asarray(kinds, np.int32)


def seeded_objects(package: ModelPackage) -> Decode:
    """Objects of a distance map: each seed grows over its interior until it meets another's."""
    limits = package.thresholds
    seed, least = byte_threshold(limits.seed), max(1, round(limits.minimum_area))

    def decode(maps: Maps, x: int, y: int) -> list[Found]:
        if not maps[0].any():
            return []
        pieces, count = shared_out(maps[0], maps[1], seed)
        return _cut_apart(pieces, count, maps[0], np.zeros(count + 1, np.int32), least, x, y)

    return decode


def labelled_objects(package: ModelPackage) -> Decode:
    """Objects of a map of labels: each component is one."""
    least = max(1, round(package.thresholds.minimum_area))

    def decode(maps: Maps, x: int, y: int) -> list[Found]:
        if not maps[0].any():
            return []
        numbers, labels = labelled_components(maps)
        return _cut_apart(numbers, len(labels) - 1, maps[1], labels, least, x, y)

    return decode


def rules_of(package: ModelPackage) -> tuple[Components, Decode]:
    """How the maps of a package fall into components, and those into objects."""
    if package.outputs[0].decode == "distance-map":
        return seeded_components, seeded_objects(package)
    return labelled_components, labelled_objects(package)


def _cut_apart(
    pieces: Labels, count: int, scores: NDArray[np.uint8], labels: Labels, least: int, x: int, y: int
) -> list[Found]:
    """Each of the numbered pieces that is large enough, from the top down."""
    flat = np.flatnonzero(pieces > 0)
    numbers = pieces.ravel()[flat]
    rows = flat // pieces.shape[1]
    columns = flat - rows * pieces.shape[1]
    areas = np.bincount(numbers, minlength=count + 1)
    # Sums of whole numbers far below 2**53 are exact in double precision.
    totals = np.bincount(numbers, weights=scores.ravel()[flat], minlength=count + 1)
    across = np.bincount(numbers, weights=columns, minlength=count + 1)
    down = np.bincount(numbers, weights=rows, minlength=count + 1)
    objects: list[Found] = []
    breather = Breather()
    for number, place in enumerate(places_of(pieces), start=1):
        breather.breathe()
        area = int(areas[number])
        if place is None or area < least:
            continue
        top, left = y + place[0].start, x + place[1].start
        rings = rings_of(pieces[place] == number, left, top)
        sums = int(across[number]) + area * x, int(down[number]) + area * y
        objects.append(Found(int(labels[number]), area, int(totals[number]), *sums, left, top, rings))
    return objects
