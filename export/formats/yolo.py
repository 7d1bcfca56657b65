"""YOLO: a picture and a text file of boxes for each plane, and `data.yaml`."""

from __future__ import annotations

from pathlib import Path

from dataset.annotation import Annotation
from export.exporter import ExportView
from export.pictures import Picture
from export.raster import Extent, extent_on
from export.report import Tally
from export.yolo_files import write_yolo
from imaging.progress import Progress


class Yolo:
    """`images/<split>/*.png`, `labels/<split>/*.txt`: a class number and centre x, centre y, width, height per line.

    Numbers are shares of the picture's size. Rotated boxes, masks, polygons and lines give the box around them.
    """

    name = "yolo"
    title = "YOLO boxes"
    description = "Pictures, one text file of boxes each, and data.yaml (Ultralytics, Darknet)"
    takes_measurements = False

    def write(self, view: ExportView, folder: Path, tally: Tally, progress: Progress) -> None:
        """Write pictures, boxes, `data.yaml` and `pictures.csv`."""
        write_yolo(view, folder, tally, progress, _box)


def box_shares(extent: Extent, width: int, height: int) -> tuple[float, float, float, float]:
    """A box as shares of the picture: centre x, centre y, width, height."""
    x, y, across, down = extent
    return (x + across / 2) / width, (y + down / 2) / height, across / width, down / height


def _box(mark: Annotation, picture: Picture) -> tuple[float, ...] | None:
    extent = extent_on(mark.geometry, picture.plane, *picture.size)
    return None if extent is None else box_shares(extent, *picture.size)


PLUGIN = Yolo()
