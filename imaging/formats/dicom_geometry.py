"""Place frames in space: sort them along their normal, measure the gaps, and say what was found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import Affine
from imaging.scan import Spacing

_EVEN = 0.02
"""Gaps that differ by less than this share of the usual gap are called even; scanners round positions."""
_TILT = 0.1
"""Degrees between the stacking direction and the planes' normal from which a stack is called sheared."""

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one frame lies: centre of its first pixel, directions of its rows and columns, mm across and down."""

    position: Triple | None = None
    orientation: tuple[float, ...] | None = None
    across: float | None = None
    down: float | None = None

    @property
    def is_known(self) -> bool:
        """Whether position and orientation are there and make sense."""
        return self.position is not None and self.orientation is not None and normal_of(self.orientation) is not None


@dataclass(frozen=True, slots=True)
class Stack:
    """Frames in order, and the grid they make."""

    order: tuple[int, ...]
    spacing_mm: Spacing
    affine: Affine | None
    notes: tuple[str, ...]
    same_place: bool = False
    """Whether several frames lie at one position, so that they make no volume."""


@lru_cache(maxsize=4096)
def normal_of(orientation: tuple[float, ...]) -> Triple | None:
    """The unit normal of a plane (rows × columns); `None` when the directions are no right pair."""
    if len(orientation) != 6:
        return None
    a, b, c, d, e, f = orientation
    lengths = math.hypot(a, b, c), math.hypot(d, e, f)
    if min(lengths) < 0.9 or max(lengths) > 1.1 or abs(a * d + b * e + c * f) > 0.05:
        return None
    normal = (b * f - c * e, c * d - a * f, a * e - b * d)
    length = math.hypot(*normal)
    return normal[0] / length, normal[1] / length, normal[2] / length


def depths(placements: Sequence[Placement]) -> NDArray[np.float64] | None:
    """How far each frame lies along the first one's normal; `None` when any is unplaced."""
    if not placements or not all(placement.is_known for placement in placements):
        return None
    normal = normal_of(placements[0].orientation or ())
    if normal is None:
        return None
    return np.array([placement.position for placement in placements], np.float64) @ np.array(normal)


def same_direction(one: Sequence[float] | None, other: Sequence[float] | None) -> bool:
    """Whether two orientations are the same within the rounding of their digits."""
    if one == other or one is None or other is None:
        return one == other
    return len(one) == len(other) and max(abs(a - b) for a, b in zip(one, other, strict=True)) < 1e-3


def stack(placements: Sequence[Placement], thickness: float | None = None) -> Stack:
    """Order frames along their normal and measure the grid; unplaced frames keep the order given."""
    first: Placement = placements[0]
    along = depths(placements)
    if along is None:
        note = ("positions are not known; planes are in the order of the file",) if len(placements) > 1 else ()
        return Stack(tuple(range(len(placements))), (first.across, first.down, None), None, note)
    if not all(same_direction(first.orientation, other.orientation) for other in placements):
        text = "planes lie in different directions; they are in the order of the file"
        return Stack(tuple(range(len(placements))), (first.across, first.down, None), None, (text,))
    order = tuple(int(index) for index in np.argsort(along, kind="stable"))
    notes: list[str] = []
    if len(order) > 1 and order == tuple(reversed(range(len(order)))):
        notes.append("stored from the far end; planes were turned round to run along their normal")
    elif order != tuple(range(len(order))):
        notes.append("planes were sorted by their position")
    step, gap, more = _step([placements[index] for index in order], along[list(order)])
    notes += more
    affine = _affine(placements[int(np.argmin(along))], step, thickness)
    spacing = (first.across, first.down, gap)
    return Stack(order, spacing, affine, tuple(notes), same_place=len(order) > 1 and step is None)


def _step(
    placements: list[Placement], along: NDArray[np.float64]
) -> tuple[NDArray[np.float64] | None, float | None, list[str]]:
    """The mean step between planes as a vector, its length where it is the same everywhere, and notes."""
    if len(placements) < 2:
        return None, None, []
    points: NDArray[np.float64] = np.array([placement.position for placement in placements], np.float64)
    step: NDArray[np.float64] = (points[-1] - points[0]) / (len(placements) - 1)
    gaps = np.diff(along)
    usual = float(np.median(gaps))
    length = float(np.linalg.norm(step))
    notes: list[str] = []
    if usual <= 1e-6 or float(gaps.min()) <= 1e-6:
        return None, None, ["several planes lie at the same position; the distance between planes is unknown"]
    normal = normal_of(placements[0].orientation or ())
    if normal is not None:
        tilt = float(np.degrees(np.arccos(np.clip(abs(step @ np.array(normal)) / length, -1, 1))))
        if tilt > _TILT:
            notes.append(f"planes are sheared by {tilt:.1f}° (gantry tilt); positions in the patient allow for it")
    if float(np.abs(gaps - usual).max()) <= max(_EVEN * usual, 0.011):
        return step, length, notes
    multiples = gaps / usual
    if float(np.abs(multiples - np.rint(multiples)).max()) < 0.05:
        missing = int(np.rint(multiples).sum()) - len(gaps)
        where = ", ".join(str(index + 1) for index in np.flatnonzero(np.rint(multiples) > 1)[:5])
        notes.append(f"{missing} planes are missing (after plane {where}); the distance between planes varies")
    else:
        notes.append(f"distances between planes vary from {gaps.min():.3g} to {gaps.max():.3g} mm")
    return step, None, [*notes, "positions between the first and the last plane are approximate"]


def _affine(first: Placement, step: NDArray[np.float64] | None, thickness: float | None) -> Affine | None:
    """The grid's affine; a single plane steps along its normal by its thickness, or by 1 mm where that is unknown."""
    if first.position is None or first.orientation is None or first.across is None or first.down is None:
        return None
    normal = normal_of(first.orientation)
    if normal is None:
        return None
    along_k = step if step is not None else np.array(normal) * (thickness or 1.0)
    along_i = np.array(first.orientation[:3], np.float64) * first.across
    along_j = np.array(first.orientation[3:], np.float64) * first.down
    return Affine.of(np.column_stack([along_i, along_j, along_k, np.array(first.position, np.float64)]))
