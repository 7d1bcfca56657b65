"""Masks of a scan as one label map on its voxels, for formats of volumes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Annotation, Polygon, WholeScan
from dataset.mask import Mask
from dataset.record import LookedAt
from export.exporter import ExportView
from export.raster import bits_on, section
from export.report import Tally
from imaging.geometry import Plane
from imaging.progress import Progress
from imaging.scan import Pixels, Rescale, Volume

Voxels = NDArray[Any]


@dataclass(frozen=True, slots=True)
class LabelledScan:
    """A scan's label map, (planes, rows, columns); a voxel's value is its label's place in the label set plus one."""

    looked: LookedAt
    labels: Voxels
    values: Pixels | None
    """Modality values, same shape; `None` for colour, and where the dataset does not keep the pixels."""


def labelled_scans(view: ExportView, tally: Tally, progress: Progress) -> Iterator[LabelledScan]:
    """The scans that carry masks or polygons, and those confirmed empty, whose label map is all zero."""
    for number, looked in enumerate(view.scans):
        progress.report(number, len(view.scans), looked.record.title)
        marks = looked.snapshot.annotations
        shapes = [mark for mark in marks if isinstance(mark.geometry, (Mask, Polygon))]
        rest = sum(not isinstance(mark.geometry, WholeScan) for mark in marks) - len(shapes)
        if rest:
            tally.leave_out("boxes, lines and points, which are no masks", rest)
        if marks and not shapes:
            # All zero would say that nothing is there, which nobody said.
            tally.leave_out("scans with marks but no masks")
            continue
        if looked.record.info.kind == "slide":
            tally.leave_out("whole slides, which are too large for a label map")
            continue
        labels = _label_map(looked, shapes, view, tally)
        yield LabelledScan(looked, labels, _values(looked, view, tally))
        tally.scan(looked.record.key, looked.record.split, looked.revision.basis)


def modality_values(stored: Pixels, rescale: Rescale) -> Voxels:
    """Modality values in the smallest usual type that holds them exactly; float32 where they are no whole numbers."""
    if stored.dtype == np.bool_:
        return stored.astype(np.uint8)
    if rescale.is_identity:
        return stored.astype(np.float32) if stored.dtype == np.float16 else stored
    whole = float(rescale.slope).is_integer() and float(rescale.intercept).is_integer()
    if not whole or stored.dtype.kind == "f":
        return rescale.values(stored)
    exact = stored.astype(np.int64) * int(rescale.slope) + int(rescale.intercept)
    low, high = (int(exact.min()), int(exact.max())) if exact.size else (0, 0)
    kind = next(k for k in (np.int16, np.int32, np.int64) if np.iinfo(k).min <= low and high <= np.iinfo(k).max)
    return exact.astype(kind)


def _label_map(looked: LookedAt, shapes: list[Annotation], view: ExportView, tally: Tally) -> Voxels:
    size = looked.record.info.size
    kind = np.uint8 if len(view.labels.labels) < 255 else np.uint16
    labels = np.zeros((size.planes, size.rows, size.columns), kind)
    covered = 0
    for mark in shapes:
        number = view.label_number(mark.label)
        if number is None:
            continue
        for part, bits in _parts(mark, labels):
            below = part[bits]
            covered += int(np.count_nonzero((below != 0) & (below != number + 1)))
            part[bits] = number + 1
        tally.mark(mark.id, mark.label)
    if covered:
        tally.leave_out("voxels under two masks, which keep the later one's label", covered)
    return labels


def _parts(mark: Annotation, labels: Voxels) -> Iterator[tuple[Voxels, NDArray[np.bool_]]]:
    """Parts of the label map under a mark, as views, and which of their voxels it covers."""
    geometry = mark.geometry
    if isinstance(geometry, Mask):
        for index in geometry.planes:
            if index < np.moveaxis(labels, geometry.axis, 0).shape[0]:
                plane = section(labels, Plane(geometry.axis, index))
                for x, y, bits in geometry.on_plane(index):
                    part = plane[y : y + bits.shape[0], x : x + bits.shape[1]]
                    yield part, bits[: part.shape[0], : part.shape[1]]
    elif isinstance(geometry, Polygon):
        plane = section(labels, geometry.plane)
        bits = bits_on(geometry, geometry.plane, plane.shape[1], plane.shape[0])
        if bits is not None:
            yield plane, bits


def _values(looked: LookedAt, view: ExportView, tally: Tally) -> Voxels | None:
    info = looked.record.info
    if info.is_colour or not looked.record.pixels:
        tally.note("Colour scans, and scans whose pixels the dataset does not keep, have label maps only")
        return None
    scan = view.open_pixels(looked.record.key)
    assert isinstance(scan, Volume), "pixels that are kept are in memory"
    try:
        return modality_values(scan.voxels(), info.rescale)
    finally:
        scan.close()
