"""Scans as 8-bit pictures of planes, for formats of flat images.

A scan of one plane becomes one picture. Of a volume, the planes that carry marks are written and no others: a reader
who marks a volume marks where it is seen best, so the planes beside are not background. A volume that was confirmed
empty gives its middle plane. Grey values go through the window the program shows first; 8-bit pictures stay as they
are.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dataset.annotation import Annotation, Geometry, WholeScan, lies_on
from dataset.mask import Mask
from dataset.record import LookedAt
from export.exporter import ExportView
from export.raster import planes_of, section
from export.report import Tally
from imaging.errors import Problem
from imaging.geometry import Plane
from imaging.progress import Progress
from imaging.scan import Pixels, ScanInfo, Volume, Window
from imaging.windowing import apply_table, default_windows, table_for

COLUMNS = (
    "picture", "split", "scan", "axis", "plane", "patient_group", "state", "revision", "reader", "basis",
    "window_centre", "window_width", "annotation", "label", "author", "score",
)  # fmt: skip

SLIDES = "whole slides, which are too large for a picture (formats crops and geojson take them)"


@dataclass(frozen=True, slots=True)
class Picture:
    """One plane of a scan as 8-bit pixels, (rows, columns) or RGB, and the marks that lie on it."""

    name: str
    """Unique in the dataset, without ending."""
    looked: LookedAt
    plane: Plane
    pixels: Pixels
    window: Window | None
    marks: tuple[Annotation, ...]

    @property
    def split(self) -> str:
        """train, val or test."""
        return self.looked.record.split

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return int(self.pixels.shape[1]), int(self.pixels.shape[0])


def pictures(view: ExportView, tally: Tally, progress: Progress, *, whole_labels: bool = False) -> Iterator[Picture]:
    """The pictures of all scans. With `whole_labels`, scans that carry only labels of the whole scan come too."""
    for number, looked in enumerate(view.scans):
        progress.report(number, len(view.scans), looked.record.title)
        planes = planes_to_show(looked, whole_labels=whole_labels)
        if not planes:
            tally.leave_out("scans with nothing but labels of the whole scan, for which this format has no place")
            continue
        if not looked.record.pixels:
            is_slide = looked.record.info.kind == "slide"
            tally.leave_out(SLIDES if is_slide else "scans whose pixels the dataset does not keep")
            continue
        yield from _pictures_of(looked, planes, view)


def planes_to_show(looked: LookedAt, *, whole_labels: bool) -> list[Plane]:
    """The planes of a scan that become pictures."""
    marks = looked.snapshot.annotations
    size = looked.record.info.size
    marked = sorted({plane for mark in marks for plane in planes_of(mark.geometry) if _exists(plane, looked)})
    if marked:
        return marked
    only_whole = bool(marks) and all(isinstance(mark.geometry, WholeScan) for mark in marks)
    if only_whole and not whole_labels:
        return []
    return [Plane(0, size.planes // 2)]


def eight_bit(voxels: Pixels, info: ScanInfo, plane: Plane, window: Window | None) -> Pixels:
    """A plane as 8-bit pixels, through a window or as it is."""
    stored = section(voxels, plane)
    if window is None:
        return np.ascontiguousarray(stored, np.uint8)
    stored = np.ascontiguousarray(stored)
    return (apply_table(table_for(info, window), stored, np.empty(stored.shape, np.uint32)) & 255).astype(np.uint8)


def window_for(voxels: Pixels, info: ScanInfo) -> Window | None:
    """The window a whole scan is written through; `None` where its values are pictures already."""
    plain = info.dtype == "uint8" and info.rescale.is_identity and not info.inverted
    if info.is_colour or (plain and not info.windows):
        return None
    return default_windows(info, voxels)[0]


def write_png(picture: Picture, place: Path) -> None:
    """Write a picture without loss."""
    from PIL import Image

    place.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture.pixels).save(place, compress_level=1)


class Provenance:
    """`pictures.csv`: each picture with where it comes from, and who said each of its marks on what basis."""

    def __init__(self, folder: Path) -> None:
        self._place = folder / "pictures.csv"
        self._rows: list[list[object]] = []

    def add(self, file: str, picture: Picture, written: list[Annotation]) -> None:
        """One row per mark; a picture without marks has one row with empty cells."""
        record, revision = picture.looked.record, picture.looked.revision
        window: list[object] = [picture.window.centre, picture.window.width] if picture.window else ["", ""]
        about: list[object] = [file, record.split, record.key, picture.plane.axis, picture.plane.index, record.group]
        about += [record.state, revision.id, revision.author, revision.basis, *window]
        for mark in written:
            self._rows.append([*about, mark.id, mark.label, mark.author, "" if mark.score is None else mark.score])
        if not written:
            self._rows.append([*about, "", "", "", ""])

    def write(self) -> None:
        """Write the file."""
        with self._place.open("w", newline="", encoding="utf-8") as target:
            writer = csv.writer(target)
            writer.writerow(COLUMNS)
            writer.writerows(self._rows)


def _pictures_of(looked: LookedAt, planes: list[Plane], view: ExportView) -> Iterator[Picture]:
    record = looked.record
    info = record.info
    scan = view.open_pixels(record.key)
    assert isinstance(scan, Volume), "pixels that are kept are in memory"
    try:
        voxels = scan.voxels()
        window = window_for(voxels, info)
        for plane in planes:
            flat = info.size.planes == 1 and plane == Plane()
            name = record.key if flat else f"{record.key}_{'kji'[plane.axis]}{plane.index:04}"
            marks = tuple(mark for mark in looked.snapshot.annotations if _was_drawn_on(mark.geometry, plane))
            yield Picture(name, looked, plane, eight_bit(voxels, info, plane, window), window, marks)
    except MemoryError as error:
        raise Problem("does not fit in memory", record.title, "Close other programs and export again") from error
    finally:
        scan.close()


def _was_drawn_on(geometry: Geometry, plane: Plane) -> bool:
    """Whether a mark belongs to a plane; a mask that is only cut by it belongs to the planes of its own axis."""
    return lies_on(geometry, plane) and not (isinstance(geometry, Mask) and geometry.axis != plane.axis)


def _exists(plane: Plane, looked: LookedAt) -> bool:
    return 0 <= plane.index < looked.record.info.size.count(plane.axis)
