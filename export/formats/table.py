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
from dataset.record import LookedAt
from export.exporter import ExportView
from export.report import Tally
from imaging.progress import Progress

SCANS = (
    "scan", "title", "kind", "modality", "split", "patient_group", "state", "columns", "rows", "planes",
    "spacing_i_mm", "spacing_j_mm", "spacing_k_mm", "revision", "reader", "saved", "basis", "annotations",
)  # fmt: skip
ANNOTATIONS = (
    "scan", "split", "patient_group", "revision", "basis", "annotation", "label", "shape", "axis", "plane",
    "x", "y", "width", "height", "pixels", "points", "author", "created", "score", "proposal",
)  # fmt: skip


class Table:
    """`scans.csv` and `annotations.csv`. Coordinates are full-resolution pixels, (0, 0) is a corner.

    Of a mask, the plane is its first one and `pixels` counts all of it.
    """

    name = "csv"
    title = "Tables (CSV)"
    description = "Every annotation of every kind as a row, and every scan, without pixels"

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
    return [*about, *where, *whose]


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
