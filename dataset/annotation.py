"""Annotations: one mark on a scan with a label and an author. All values are frozen.

Coordinates are full-resolution pixels of a plane, corner convention (see `imaging.geometry`).
"""

from __future__ import annotations

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


Geometry: TypeAlias = Box | Polygon | Polyline | Points | Mask | WholeScan


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
    """Whether a geometry is seen on a plane (whole-scan labels are not)."""
    if isinstance(geometry, WholeScan):
        return False
    if isinstance(geometry, Mask):
        return geometry.axis == plane.axis and any(key.plane == plane.index for key in geometry.tiles)
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
    points = geometry.exterior if isinstance(geometry, Polygon) else geometry.points
    if not points:
        return None
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
