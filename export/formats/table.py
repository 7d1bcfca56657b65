"""CSV: one row per annotation of any kind, and one per scan."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

from dataset.annotation import (
    Annotation,
    Box,
    Geometry,
    Points,
    Polygon,
    Polyline,
    RotatedBox,
    WholeScan,
    bounds,
    geometry_plane,
)
from dataset.mask import Mask
from dataset.measure import measure
from dataset.measurement import angle_within, described, measured_as
from dataset.record import LookedAt
from export.exporter import ExportView
from export.report import Tally
from imaging.progress import Progress
from imaging.scan import Spacing

SCANS = (
    "scan", "title", "kind", "modality", "split", "patient_group", "state", "columns", "rows", "planes",
    "spacing_i_mm", "spacing_j_mm", "spacing_k_mm", "revision", "reader", "saved", "basis", "annotations",
)  # fmt: skip
ANNOTATIONS = (
    "scan", "split", "patient_group", "revision", "basis", "annotation", "label", "shape", "axis", "plane",
    "x", "y", "width", "height", "pixels", "points", "author", "created", "score", "proposal",
    "attributes", "measures", "measured", "unit",
)  # fmt: skip


class Table:
    """`scans.csv` and `annotations.csv`. Coordinates are full-resolution pixels, (0, 0) is a corner.

    Of a mask, the plane is its first one and `pixels` counts all of it. `attributes` are JSON. `measures` says what a
    measurement is of: a length (mm), an angle (degree) or a region (its area, mm²); pixels where their size is unknown.
    """

    name = "csv"
    title = "Tables (CSV)"
    description = "Every annotation of every kind as a row, and every scan, without pixels"
    takes_measurements = True

    def write(self, view: ExportView, folder: Path, tally: Tally, progress: Progress) -> None:
        """Write both tables."""
        _write(folder / "scans.csv", SCANS, (_scan_row(looked) for looked in view.scans))
        rows: list[list[object]] = []
        for number, looked in enumerate(view.scans):
            progress.report(number, len(view.scans))
            tally.scan(looked.record.key, looked.record.split, looked.revision.basis)
            for mark in looked.snapshot.annotations:
                rows.append(_annotation_row(looked, mark))
                tally.mark(mark.id, mark.label)
        _write(folder / "annotations.csv", ANNOTATIONS, rows)


def _write(place: Path, columns: tuple[str, ...], rows: Iterable[list[object]]) -> None:
    with place.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target)
        writer.writerow(columns)
        writer.writerows(rows)


def _scan_row(looked: LookedAt) -> list[object]:
    record, revision = looked.record, looked.revision
    info = record.info
    steps = ["" if step is None else step for step in info.spacing_mm]
    about = [record.key, record.title, info.kind, info.modality, record.split, record.group, record.state]
    saved = revision.created.isoformat(timespec="seconds")
    size = [info.size.columns, info.size.rows, info.size.planes]
    return [*about, *size, *steps, revision.id, revision.author, saved, revision.basis, revision.count]


def _annotation_row(looked: LookedAt, mark: Annotation) -> list[object]:
    record, revision = looked.record, looked.revision
    plane, extent = geometry_plane(mark.geometry), bounds(mark.geometry)
    shape, points = _SHAPES[type(mark.geometry)], _points_of(mark.geometry)
    pixels = mark.geometry.count() if isinstance(mark.geometry, Mask) else ""
    where = [shape, *((plane.axis, plane.index) if plane else ("", "")), *(extent or ("", "", "", "")), pixels, points]
    created = mark.created.isoformat(timespec="seconds")
    whose = [mark.author, created, "" if mark.score is None else mark.score, mark.origin]
    about = [record.key, record.split, record.group, revision.id, revision.basis, mark.id, mark.label]
    return [*about, *where, *whose, *_measured(mark, record.info.spacing_mm)]


def _measured(mark: Annotation, spacing: Spacing) -> list[object]:
    """The attributes; and of a measurement what it is of, how much, and the unit."""
    kind = measured_as(mark)
    rest = dict(described(mark))
    told = [json.dumps(rest, ensure_ascii=False) if rest else "", kind or ""]
    found = measure(mark.geometry, spacing)
    match kind:
        case "length":
            known = found.length_um is not None
            return [*told, (found.length_um or 0) / 1000 if known else found.length_px, "mm" if known else "px"]
        case "region":
            known = found.area_mm2 is not None
            return [*told, found.area_mm2 if known else found.area_px, "mm2" if known else "px2"]
        case "angle":
            return [*told, angle_within(mark.geometry, spacing), "degree"]
        case None:
            return [*told, "", ""]


_SHAPES: dict[type, str] = {
    Box: "box",
    RotatedBox: "rotated box",
    Polygon: "polygon",
    Polyline: "polyline",
    Points: "points",
    Mask: "mask",
    WholeScan: "whole scan",
}


def _points_of(geometry: Geometry) -> str:
    """Its points as JSON: rings of [x, y] for a polygon, one list otherwise; empty for what has none.

    Those of a rotated box are its corners, clockwise from its own top left.
    """
    match geometry:
        case Polygon():
            return json.dumps([geometry.exterior, *geometry.holes])
        case Polyline() | Points():
            return json.dumps(geometry.points)
        case RotatedBox():
            return json.dumps(geometry.corners())
        case Box() | Mask() | WholeScan():
            return ""


PLUGIN = Table()
