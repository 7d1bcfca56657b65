"""Annotations: one mark on a scan with a label and an author. All values are frozen.

Coordinates are full-resolution pixels of a plane, corner convention (see `imaging.geometry`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeAlias

from dataset.mask import Mask
from imaging.geometry import Plane

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """An upright box: top-left corner, width, height (not negative; may be fractional)."""

    plane: Plane
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed outline and its holes; the last point is not repeated."""

    plane: Plane
    exterior: tuple[Point, ...]
    holes: tuple[tuple[Point, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class RotatedBox:
    """A box that is turned about its centre (x, y) by `angle` degrees, clockwise on the plane (y points down).

    0 ≤ angle < 360: the angle says where its top is, so a box turned by 180° has its top below. Width and height are
    those along its own sides, not negative.
    """

    plane: Plane
    x: float
    y: float
    width: float
    height: float
    angle: float

    def corners(self) -> tuple[Point, Point, Point, Point]:
        """Its own top left corner and the others clockwise; exact where the angle is a multiple of 90°."""
        cosine, sine = direction(self.angle)
        ax, ay = self.width / 2 * cosine, self.width / 2 * sine
        bx, by = -self.height / 2 * sine, self.height / 2 * cosine
        x, y = self.x, self.y
        return (
            (x - ax - bx, y - ay - by),
            (x + ax - bx, y + ay - by),
            (x + ax + bx, y + ay + by),
            (x - ax + bx, y - ay + by),
        )

    def outline(self) -> Polygon:
        """The polygon of its corners."""
        return Polygon(self.plane, self.corners())


def direction(angle: float) -> Point:
    """Cosine and sine of an angle in degrees; exact for multiples of 90°."""
    quarters, rest = divmod(angle, 90.0)
    if rest == 0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarters) % 4]
    return math.cos(math.radians(angle)), math.sin(math.radians(angle))


@dataclass(frozen=True, slots=True)
class Polyline:
    """An open line."""

    plane: Plane
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Points:
    """Separate points."""

    plane: Plane
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class WholeScan:
    """A label of the whole scan."""


Geometry: TypeAlias = Box | RotatedBox | Polygon | Polyline | Points | Mask | WholeScan


@dataclass(frozen=True, slots=True)
class Annotation:
    """One mark: what, where, called what, by whom.

    `author` is a person's name, or `model:name@version` for a proposal accepted as it was.
    `origin` is the id of the proposal it accepts or corrects, or empty.
    """

    id: str
    label: str
    geometry: Geometry
    author: str
    created: datetime
    score: float | None = None
    origin: str = ""
    locked: bool = False
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """One mark inside a prediction, waiting to be accepted, corrected or rejected. No annotation, on purpose."""

    id: str
    label: str
    geometry: Geometry
    score: float
    scores: tuple[tuple[str, float], ...] = ()
    """Every label's score, where the model gives them."""


def new_id() -> str:
    """A fresh, time-ordered id (ULID)."""
    from ulid import ULID

    return str(ULID())


def now() -> datetime:
    """The present time, with its zone."""
    return datetime.now(UTC)


def accepted(proposal: Proposal, model: str) -> Annotation:
    """A proposal taken as it is; `model` is `name@version`."""
    return Annotation(new_id(), proposal.label, proposal.geometry, f"model:{model}", now(), proposal.score, proposal.id)


def corrected(annotation: Annotation, author: str, **changes: object) -> Annotation:
    """An annotation changed by a person, who becomes its author."""
    return replace(annotation, author=author, created=now(), **changes)  # type: ignore[arg-type]


def geometry_plane(geometry: Geometry) -> Plane | None:
    """The plane a geometry lies on; a mask's first; `None` for the whole scan."""
    if isinstance(geometry, WholeScan):
        return None
    if isinstance(geometry, Mask):
        planes = geometry.planes
        return Plane(geometry.axis, planes[0]) if planes else None
    return geometry.plane


def lies_on(geometry: Geometry, plane: Plane) -> bool:
    """Whether a geometry is seen on a plane (whole-scan labels are not; masks are on planes of every axis)."""
    if isinstance(geometry, WholeScan):
        return False
    if isinstance(geometry, Mask):
        return geometry.is_on(plane.axis, plane.index)
    return geometry.plane == plane


def bounds(geometry: Geometry) -> tuple[float, float, float, float] | None:
    """x, y, width, height on its (first) plane; `None` for an empty mask or the whole scan."""
    if isinstance(geometry, WholeScan):
        return None
    if isinstance(geometry, Mask):
        plane = geometry_plane(geometry)
        return None if plane is None else geometry.bounds(plane.index)
    if isinstance(geometry, Box):
        return geometry.x, geometry.y, geometry.width, geometry.height
    if isinstance(geometry, RotatedBox):
        points: tuple[Point, ...] = geometry.corners()
    else:
        points = geometry.exterior if isinstance(geometry, Polygon) else geometry.points
    if not points:
        return None
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
