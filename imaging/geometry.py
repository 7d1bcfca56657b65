"""Coordinates, said once.

Annotation coordinates are full-resolution pixels of a plane: x right, y down, (0, 0) is the top-left
corner of the top-left pixel, so that pixel's centre is (0.5, 0.5). World coordinates are millimetres in
DICOM's patient system (LPS: x to the left, y to the back, z to the head). An affine maps voxel *centres*
(i, j, k) = (column, row, plane) to world.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Axis = Literal[0, 1, 2]
"""The axis a plane is fixed on: 0 the stored planes (k), 1 the rows (j), 2 the columns (i)."""


@dataclass(frozen=True, slots=True, order=True)
class Plane:
    """One 2-D section of a scan. Axis 0 shows (i, j), axis 1 shows (i, k), axis 2 shows (j, k) as (x, y)."""

    axis: Axis = 0
    index: int = 0


@dataclass(frozen=True, slots=True)
class Size:
    """The voxels of a scan along i, j, k."""

    columns: int
    rows: int
    planes: int = 1

    def on_plane(self, axis: Axis) -> tuple[int, int]:
        """Width and height in pixels of the planes of an axis."""
        return {
            0: (self.columns, self.rows),
            1: (self.columns, self.planes),
            2: (self.rows, self.planes),
        }[axis]

    def count(self, axis: Axis) -> int:
        """How many planes an axis has."""
        return {0: self.planes, 1: self.rows, 2: self.columns}[axis]


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of a plane, in full-resolution pixels; may reach over the scan's edge."""

    plane: Plane
    x: int
    y: int
    width: int
    height: int

    def clipped(self, size: Size) -> Region:
        """The part that lies on the scan (width or height 0 when none does)."""
        across, down = size.on_plane(self.plane.axis)
        x0, y0 = min(max(self.x, 0), across), min(max(self.y, 0), down)
        x1, y1 = min(max(self.x + self.width, x0), across), min(max(self.y + self.height, y0), down)
        return Region(self.plane, x0, y0, x1 - x0, y1 - y0)


def whole_plane(size: Size, plane: Plane) -> Region:
    """The region that covers a plane."""
    width, height = size.on_plane(plane.axis)
    return Region(plane, 0, 0, width, height)


@dataclass(frozen=True, slots=True)
class Affine:
    """Voxel centres to world millimetres (LPS): rows of a 3 × 4 matrix."""

    rows: tuple[tuple[float, float, float, float], ...]

    @staticmethod
    def of(matrix: NDArray[np.floating]) -> Affine:
        """From a 3 × 4 or 4 × 4 matrix."""
        a, b, c = (tuple(float(v) for v in matrix[r, :4]) for r in range(3))
        return Affine((a, b, c))  # type: ignore[arg-type]

    @staticmethod
    def from_directions(
        origin: tuple[float, float, float],
        along_i: tuple[float, float, float],
        along_j: tuple[float, float, float],
        along_k: tuple[float, float, float],
    ) -> Affine:
        """From the centre of voxel (0, 0, 0) and the step in mm of one voxel along each index."""
        matrix = np.column_stack([along_i, along_j, along_k, origin]).astype(np.float64)
        return Affine.of(matrix)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The 4 × 4 matrix."""
        return np.vstack([np.array(self.rows, np.float64), [0.0, 0.0, 0.0, 1.0]])

    def spacing(self) -> tuple[float, float, float]:
        """Millimetres between voxel centres along i, j, k."""
        steps = np.linalg.norm(self.matrix[:3, :3], axis=0)
        return float(steps[0]), float(steps[1]), float(steps[2])

    def to_world(self, voxels: NDArray[np.floating]) -> NDArray[np.float64]:
        """World millimetres of an (n, 3) array of voxel indices (i, j, k)."""
        m = self.matrix
        return np.asarray(voxels @ m[:3, :3].T + m[:3, 3], np.float64)

    def to_voxel(self, world: NDArray[np.floating]) -> NDArray[np.float64]:
        """Voxel indices (i, j, k) of an (n, 3) array of world millimetres."""
        m = np.linalg.inv(self.matrix)
        return np.asarray(world @ m[:3, :3].T + m[:3, 3], np.float64)


def point_to_voxel(plane: Plane, x: float, y: float) -> tuple[float, float, float]:
    """Voxel indices (i, j, k; centres at whole numbers) of a point of a plane (corner convention)."""
    u, v, fixed = x - 0.5, y - 0.5, float(plane.index)
    return {0: (u, v, fixed), 1: (u, fixed, v), 2: (fixed, u, v)}[plane.axis]


def voxel_to_point(axis: Axis, i: float, j: float, k: float) -> tuple[Plane, float, float]:
    """The plane of an axis nearest to a voxel position, and the point on it."""
    u, v, fixed = {0: (i, j, k), 1: (i, k, j), 2: (j, k, i)}[axis]
    return Plane(axis, math.floor(fixed + 0.5)), u + 0.5, v + 0.5


def plane_spacing(
    spacing: tuple[float | None, float | None, float | None], axis: Axis
) -> tuple[float | None, float | None]:
    """Millimetres per pixel across and down the planes of an axis; `None` where unknown."""
    i, j, k = spacing
    return {0: (i, j), 1: (i, k), 2: (j, k)}[axis]


def step_spacing(spacing: tuple[float | None, float | None, float | None], axis: Axis) -> float | None:
    """Millimetres from one plane of an axis to the next; `None` where unknown."""
    return spacing[2 - axis]


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a plane is turned to be shown the usual way: transposed first, then flipped."""

    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False
    left: str = ""
    right: str = ""
    top: str = ""
    bottom: str = ""


_LETTERS = (("R", "L"), ("A", "P"), ("F", "H"))
OBLIQUE = 0.34
"""The share of a direction's length (20°) from which on a second letter tells of it."""


def _dominant(direction: NDArray[np.float64]) -> tuple[int, bool]:
    """The world axis a direction mostly follows, and whether it runs towards positive LPS."""
    axis = int(np.argmax(np.abs(direction)))
    return axis, bool(direction[axis] >= 0)


def plane_name(affine: Affine | None, axis: Axis) -> str:
    """`axial`, `coronal` or `sagittal` by the nearest patient plane; empty where unknown."""
    if affine is None:
        return ""
    m = affine.matrix[:3, :3]
    normal = m[:, {0: 2, 1: 1, 2: 0}[axis]]
    return ("sagittal", "coronal", "axial")[_dominant(normal)[0]]


def display_orientation(affine: Affine | None, axis: Axis) -> Orientation:
    """The turn that shows a plane the radiological way.

    Patient's right on the screen's left, front at the top of axial planes, head at the top of coronal and
    sagittal ones, front at the left of sagittal ones. Stored planes of scans without an affine stay as they are.
    """
    if affine is None:
        return Orientation()
    m = affine.matrix[:3, :3]
    across, down = {0: (0, 1), 1: (0, 2), 2: (1, 2)}[axis]
    (ax, apos), (dx, dpos) = _dominant(m[:, across]), _dominant(m[:, down])
    if ax == dx:  # so oblique that no turn is the usual one: as stored, and the letters tell
        right, below = m[:, across], m[:, down]
        return Orientation(False, False, False, *map(_letters, (-right, right, -below, below)))
    # Horizontal is left-right where it can be, else front-back; vertical is the rest.
    transpose = (ax, dx) in {(1, 0), (2, 0), (2, 1)}
    (_, hpos), (vx, vpos) = ((dx, dpos), (ax, apos)) if transpose else ((ax, apos), (dx, dpos))
    flip_x = not hpos  # positive L (x) and positive P (y) both run to the screen's right
    flip_y = vpos if vx == 2 else not vpos  # the head is at the top; otherwise the front is
    along_x, along_y = (m[:, down], m[:, across]) if transpose else (m[:, across], m[:, down])
    right, below = -along_x if flip_x else along_x, -along_y if flip_y else along_y
    return Orientation(transpose, flip_x, flip_y, _letters(-right), _letters(right), _letters(-below), _letters(below))


def _letters(direction: NDArray[np.float64]) -> str:
    """Where a direction leads in the patient: one letter, or two (the stronger first) where it is oblique."""
    length = float(np.linalg.norm(direction))
    order = np.argsort(-np.abs(direction), kind="stable")
    strong = [int(axis) for axis in order[:2] if abs(direction[axis]) >= OBLIQUE * length > 0]
    return "".join(_LETTERS[axis][1 if direction[axis] > 0 else 0] for axis in strong)
