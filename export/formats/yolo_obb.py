"""YOLO with oriented boxes: a picture and a text file of four corners a box for each plane, and `data.yaml`."""

# pyright: reportUnknownMemberType=false
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dataset.annotation import Annotation, Geometry, Point, Polygon, Polyline, RotatedBox
from dataset.mask import Bits, Mask
from export.exporter import ExportView
from export.pictures import Picture
from export.raster import Extent, bits_on, extent_on
from export.report import Tally
from export.yolo_files import write_yolo
from imaging.progress import Progress


class YoloObb:
    """`images/<split>/*.png`, `labels/<split>/*.txt`: a class number and x1 y1 x2 y2 x3 y3 x4 y4 per line.

    Numbers are shares of the picture's size; a corner beyond the picture is moved to its edge, for trainers refuse it
    otherwise. Polygons, masks and lines give the smallest rectangle around them.
    """

    name = "yolo-obb"
    title = "YOLO oriented boxes"
    description = "Pictures, one text file of four corners a box each, and data.yaml (Ultralytics OBB)"
    takes_measurements = False

    def write(self, view: ExportView, folder: Path, tally: Tally, progress: Progress) -> None:
        """Write pictures, corners, `data.yaml` and `pictures.csv`."""
        write_yolo(view, folder, tally, progress, _shares)


def _shares(mark: Annotation, picture: Picture) -> tuple[float, ...] | None:
    width, height = picture.size
    extent = extent_on(mark.geometry, picture.plane, width, height)
    if extent is None:
        return None
    corners = np.array(_corners(mark.geometry, extent, picture), np.float64)
    shares: list[float] = (np.clip(corners, 0, (width, height)) / (width, height)).ravel().tolist()
    return tuple(shares)


def _corners(geometry: Geometry, extent: Extent, picture: Picture) -> Sequence[Point]:
    """Four corners around a mark."""
    if isinstance(geometry, RotatedBox):
        return geometry.corners()
    around: Sequence[Point] = ()
    if isinstance(geometry, Polygon):
        around = smallest_rectangle(geometry.exterior)
    elif isinstance(geometry, Polyline):
        around = smallest_rectangle(geometry.points)
    elif isinstance(geometry, Mask):
        bits = bits_on(geometry, picture.plane, *picture.size)
        around = smallest_rectangle(_ends_of_rows(bits)) if bits is not None else ()
    x, y, across, down = extent
    return around or ((x, y), (x + across, y), (x + across, y + down), (x, y + down))


def smallest_rectangle(points: Sequence[Point]) -> Sequence[Point]:
    """The corners of the rectangle of the smallest area around points; none where it has no area."""
    import cv2

    first = points[0]
    # OpenCV's numbers have seven digits: they are of use near the origin.
    at = np.array([(x - first[0], y - first[1]) for x, y in points], np.float32)
    rectangle = cv2.minAreaRect(at)
    if min(rectangle[1]) <= 0:
        return ()
    return [(float(x) + first[0], float(y) + first[1]) for x, y in cv2.boxPoints(rectangle)]


def _ends_of_rows(bits: Bits) -> list[Point]:
    """The corners of the first and the last pixel of every row of a mask: nothing of it lies outside them."""
    rows = np.flatnonzero(bits.any(1))
    first, last = bits[rows].argmax(1), bits.shape[1] - bits[rows][:, ::-1].argmax(1)
    sides = np.concatenate((first, last)), np.concatenate((rows, rows))
    return [(float(x), float(y + step)) for x, y in zip(*sides, strict=True) for step in (0, 1)]


PLUGIN = YoloObb()
