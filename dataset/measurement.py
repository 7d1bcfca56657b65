"""Measurements that a reader drew: lengths, angles and regions, kept as annotations that say so.

They are journalled, undone, saved and shown like every mark, but they are no findings: what trainers get leaves
them out (`export.writing`). What they measure is always worked out from where they are, never stored.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal, TypeAlias

from dataset.annotation import Annotation, Geometry, Point, Polyline, Proposal, new_id, now
from dataset.document import Snapshot
from dataset.label import RESERVED, Label, LabelSet
from dataset.measure import Pixel, pixel_size
from imaging.scan import Spacing

MeasureKind: TypeAlias = Literal["length", "angle", "region"]

ATTRIBUTE = "measures"
"""The attribute that makes an annotation a measurement; its value is a `MeasureKind`."""
MEASUREMENT = Label("measurement", "Measurement", "#ffe066", assigned_by="reader", is_finding=False)
"""What measurements are called; added to a label set with the first of them."""
_KINDS = ("length", "angle", "region")


def measured_as(mark: Annotation | Proposal) -> MeasureKind | None:
    """What a mark measures; `None` for one that is no measurement."""
    if type(mark) is not Annotation or not mark.attributes:
        return None
    kind = dict(mark.attributes).get(ATTRIBUTE)
    return kind if kind in _KINDS else None


def is_finding(mark: Annotation | Proposal) -> bool:
    """Whether a mark says something of the scan, and is no measurement."""
    return measured_as(mark) is None


def described(mark: Annotation) -> tuple[tuple[str, str], ...]:
    """What a reader said of a mark: its attributes, without those the program keeps for itself."""
    return tuple((name, value) for name, value in mark.attributes if name not in RESERVED)


def measurement(kind: MeasureKind, geometry: Geometry, author: str) -> Annotation:
    """A new measurement."""
    return Annotation(new_id(), MEASUREMENT.id, geometry, author, now(), attributes=((ATTRIBUTE, kind),))


def without_measurements(state: Snapshot) -> Snapshot:
    """A state with its findings only."""
    found = tuple(filter(is_finding, state.annotations))
    return state if len(found) == len(state.annotations) else replace(state, annotations=found)


def labels_of_findings(labels: LabelSet) -> LabelSet:
    """A label set without the label of measurements."""
    return replace(labels, labels=tuple(label for label in labels.labels if label.id != MEASUREMENT.id))


def angle_of(points: tuple[Point, ...], pixel: Pixel | None) -> float | None:
    """Degrees (0 … 180) at the second of three points, in millimetres; of square pixels where `pixel` is unknown.

    `None` without three points, or where two of them coincide.
    """
    if len(points) != 3:
        return None
    across, down = pixel or (1.0, 1.0)
    (ax, ay), (bx, by), (cx, cy) = points
    ux, uy, vx, vy = (ax - bx) * across, (ay - by) * down, (cx - bx) * across, (cy - by) * down
    if (ux, uy) == (0, 0) or (vx, vy) == (0, 0):
        return None
    return math.degrees(math.atan2(abs(ux * vy - uy * vx), ux * vx + uy * vy))


def angle_within(geometry: Geometry, spacing_mm: Spacing) -> float | None:
    """The angle of a line of three points on a scan of this spacing; see `angle_of`."""
    if not isinstance(geometry, Polyline):
        return None
    return angle_of(geometry.points, pixel_size(spacing_mm, geometry.plane.axis))
