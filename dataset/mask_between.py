"""Masks between painted planes: shape-based interpolation (Raya and Udupa, IEEE Trans. Med. Imaging 9, 1990).

Each painted plane becomes a map of distances to its rim, positive inside; between two planes the maps are blended and
cut at nought. Shapes that do not overlap are laid over each other by their centres first.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dataset.errors import DatasetProblem
from dataset.mask import Bits, Mask
from imaging.progress import Progress

LARGEST = 16 * 2**20
"""Pixels around two planes' shapes, at most; each takes some 40 bytes while it is worked on."""
Distances: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    """The set pixels of a plane, in their bounding rectangle."""

    plane: int
    x: int
    y: int
    bits: Bits

    @property
    def right(self) -> int:
        return self.x + self.bits.shape[1]

    @property
    def bottom(self) -> int:
        return self.y + self.bits.shape[0]

    @property
    def centre(self) -> tuple[float, float]:
        rows, columns = np.nonzero(self.bits)
        return self.x + float(columns.mean()), self.y + float(rows.mean())


def interpolated(mask: Mask, pixel: tuple[float, float], extent: tuple[int, int], progress: Progress) -> Mask:
    """A mask with the planes between its painted ones filled; painted planes stay as they are.

    `pixel` is the size of a pixel across and down (only their ratio counts), `extent` width and height of a plane.
    Raises a `DatasetProblem` where shapes are too large for it.
    """
    gaps = [(low, high) for low, high in pairwise(mask.planes) if high - low > 1]
    for number, (low, high) in enumerate(gaps):
        progress.report(number, len(gaps))
        mask = _bridged(mask, _shape(mask, low), _shape(mask, high), pixel, extent, progress)
    return mask


def _shape(mask: Mask, plane: int) -> _Shape:
    box = mask.bounds(plane)
    assert box is not None
    _refuse(box[2], box[3])
    return _Shape(plane, box[0], box[1], mask.crop(plane, *box))


def _refuse(width: int, height: int) -> None:
    if width * height > LARGEST:
        raise DatasetProblem("is too large to fill the planes between", "This mask", "Paint those planes by hand")


def _bridged(
    mask: Mask, one: _Shape, other: _Shape, pixel: tuple[float, float], extent: tuple[int, int], progress: Progress
) -> Mask:
    """The planes between two painted ones."""
    dx, dy = (0, 0) if _overlap(one, other) else _shift(one, other)
    # The frame in which both lie over each other, as the first one does on its plane; one pixel more on every side.
    left, top = min(one.x, other.x - dx) - 1, min(one.y, other.y - dy) - 1
    right, bottom = max(one.right, other.right - dx) + 1, max(one.bottom, other.bottom - dy) + 1
    width, height = right - left, bottom - top
    _refuse(width, height)
    first = _distances(_laid(one, one.x - left, one.y - top, width, height), pixel)
    last = _distances(_laid(other, other.x - dx - left, other.y - dy - top, width, height), pixel)
    for plane in range(one.plane + 1, other.plane):
        progress.check()
        share = (plane - one.plane) / (other.plane - one.plane)
        bits = first + np.float32(share) * (last - first) > 0
        mask = _painted(mask, plane, left + round(share * dx), top + round(share * dy), bits, extent)
    return mask


def _overlap(one: _Shape, other: _Shape) -> bool:
    """Whether a pixel is set on both planes."""
    x0, y0 = max(one.x, other.x), max(one.y, other.y)
    x1, y1 = min(one.right, other.right), min(one.bottom, other.bottom)
    if x1 <= x0 or y1 <= y0:
        return False
    mine = one.bits[y0 - one.y : y1 - one.y, x0 - one.x : x1 - one.x]
    return bool(np.any(mine & other.bits[y0 - other.y : y1 - other.y, x0 - other.x : x1 - other.x]))


def _shift(one: _Shape, other: _Shape) -> tuple[int, int]:
    """Pixels from the centre of one shape to that of another."""
    (x0, y0), (x1, y1) = one.centre, other.centre
    return round(x1 - x0), round(y1 - y0)


def _laid(shape: _Shape, x: int, y: int, width: int, height: int) -> Bits:
    out = np.zeros((height, width), np.bool_)
    out[y : y + shape.bits.shape[0], x : x + shape.bits.shape[1]] = shape.bits
    return out


def _distances(bits: Bits, pixel: tuple[float, float]) -> Distances:
    """How far each pixel lies inside (positive) or outside (negative)."""
    from scipy.ndimage import distance_transform_edt

    step = (pixel[1], pixel[0])
    inside = np.asarray(distance_transform_edt(bits, sampling=step), np.float32)
    inside -= np.asarray(distance_transform_edt(~bits, sampling=step), np.float32)
    return inside


def _painted(mask: Mask, plane: int, x: int, y: int, bits: Bits, extent: tuple[int, int]) -> Mask:
    """The mask with a shape on a plane, cut at the plane's edge."""
    bits = bits[: max(extent[1] - y, 0), : max(extent[0] - x, 0)]
    return mask.painted(plane, x, y, bits, value=True)
