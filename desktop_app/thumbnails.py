"""Thumbnails of cases, made in the background, one at a time, for the rows that are seen."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QImage, QTransform

from desktop_app.cases import Case
from desktop_app.jobs import Job
from desktop_app.session import Session
from imaging.errors import Problem
from imaging.geometry import Plane, display_orientation, plane_spacing, whole_plane
from imaging.progress import Progress
from imaging.scan import Pixels, Scan, ScanInfo

if TYPE_CHECKING:
    from dataset.folder import Dataset

KEPT = 2000
"""About 20 MB."""
SIDE = 96
"""Longest side in pixels."""
LARGEST_BYTES = 256 * 2**20
"""Scans without a pyramid that need more memory than this are not read only for a thumbnail."""


class Thumbnails(QObject):
    """Makes thumbnails while nothing more important runs. A case that cannot be read is tried once.

    Memory bound: `KEPT` thumbnails; those seen longest ago go first, and are made again when they are seen.
    """

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._wanted: tuple[int, ...] = ()
        self._failed: set[object] = set()
        self._made: OrderedDict[object, Case] = OrderedDict()
        self._under_way: tuple[Job[bytes | None], object] | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._next)
        session.jobs.ended.connect(self._on_ended)

    def want(self, numbers: Iterable[int]) -> None:
        """Make those of these cases that have none; what was wanted before is forgotten, and stopped."""
        self._wanted = tuple(numbers)
        cases = [self._session.worklist.case_at(number) for number in self._wanted]
        places = {_place(case) for case in cases if case is not None}
        if self._under_way is not None and self._under_way[1] not in places:
            self._under_way[0].cancel()
        for place in places & self._made.keys():
            self._made.move_to_end(place)
        self._next()

    def _next(self) -> None:
        session = self._session
        if self._under_way is not None or session.dataset is None or any(not j.is_quiet for j in session.jobs.running):
            return
        for number in self._wanted:
            case = session.worklist.case_at(number)
            if case is None or case.row.thumbnail is not None or case.row.problem or _place(case) in self._failed:
                continue
            self._start(case, session.dataset)
            return

    def _start(self, case: Case, dataset: Dataset) -> None:
        place = _place(case)

        def work(progress: Progress) -> bytes | None:
            return thumbnail_of(case, dataset, progress)

        def then(png: bytes | None) -> None:
            if png is None:
                self._failed.add(place)
            else:
                self._keep(place, case, png)

        def failed(_problem: Problem) -> None:
            # Opening the case tells what is wrong with it.
            self._failed.add(place)

        job = self._session.jobs.start(f"Thumbnail of {case.row.title}", work, then, failed, quiet=True)
        self._under_way = job, place

    def _keep(self, place: object, case: Case, png: bytes) -> None:
        self._session.worklist.set_thumbnail(case, png)
        self._made[place] = case
        if len(self._made) > KEPT:
            self._session.worklist.set_thumbnail(self._made.popitem(last=False)[1], None)

    def _on_ended(self, job: Job[object]) -> None:
        if self._under_way is not None and self._under_way[0].number == job.number:
            self._under_way = None
        # After the answer, if one comes: it says what is left to be made.
        self._soon.start()


def _place(case: Case) -> object:
    return (case.source.paths, case.source.part) if case.source is not None else case.row.key


def thumbnail_of(case: Case, dataset: Dataset, progress: Progress) -> bytes | None:
    """Open a case only for its thumbnail; `None` where that costs too much. In a worker thread."""
    from imaging.opening import open_scan

    scan = open_scan(case.source, progress) if case.source is not None else dataset.open_pixels(case.row.key)
    try:
        return thumbnail(scan) if is_cheap(scan.info) else None
    finally:
        scan.close()


def is_cheap(info: ScanInfo) -> bool:
    """Whether a small picture of a scan takes little memory: it has a small level, or is small itself."""
    if not info.levels:
        return info.bytes_in_memory <= LARGEST_BYTES
    coarsest, voxel = info.levels[-1], info.channels * np.dtype(info.dtype).itemsize
    return coarsest.width * coarsest.height * voxel <= LARGEST_BYTES


def thumbnail(scan: Scan) -> bytes:
    """PNG of the middle plane, turned and shaped the way it is shown, at most `SIDE` pixels wide and high."""
    info = scan.info
    image = small_picture(scan, Plane(0, info.size.planes // 2), 2 * SIDE)
    width, height = info.size.on_plane(0)
    across, down = plane_spacing(info.spacing_mm, 0)
    shape = QSize(width, round(height * (down / across)) if across and down else height)
    smooth = Qt.TransformationMode.SmoothTransformation
    image = image.scaled(
        shape.scaled(SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1)), mode=smooth
    )
    turn = display_orientation(info.affine, 0)
    if turn.transpose:
        image = image.transformed(QTransform(0, 1, 1, 0, 0, 0))
    ways = Qt.Orientation(0)
    if turn.flip_x:
        ways |= Qt.Orientation.Horizontal
    if turn.flip_y:
        ways |= Qt.Orientation.Vertical
    if ways:
        image = image.flipped(ways)
    return _png(image)


def small_picture(scan: Scan, plane: Plane, longest: int) -> QImage:
    """A plane as it lies in the scan, about `longest` pixels wide or high. In a worker thread.

    Of a slide this is its tissue, never the picture of its label.
    """
    info = scan.info
    width, height = info.size.on_plane(plane.axis)
    pixels = scan.read(whole_plane(info.size, plane), max(1.0, max(width, height) / longest))
    if info.is_colour:
        return _colour(pixels)
    return _lit(info, pixels) if info.fluorescence else _grey(info, pixels)


def _colour(pixels: Pixels) -> QImage:
    rows, columns = pixels.shape[:2]
    return QImage(pixels.tobytes(), columns, rows, 3 * columns, QImage.Format.Format_RGB888).copy()


def _grey(info: ScanInfo, pixels: Pixels) -> QImage:
    from imaging.windowing import apply_table, default_windows, table_for

    rows, columns = pixels.shape[:2]
    shown = np.empty((rows, columns), np.uint32)
    apply_table(table_for(info, default_windows(info, pixels)[0]), np.ascontiguousarray(pixels), shown)
    return QImage(shown.tobytes(), columns, rows, 4 * columns, QImage.Format.Format_RGB32).copy()


def _lit(info: ScanInfo, pixels: Pixels) -> QImage:
    """Channels in their colours, one over the other, each from its darkest to its brightest hundredth."""
    rows, columns = pixels.shape[:2]
    stored = pixels.reshape(rows, columns, -1)
    light = np.zeros((rows, columns, 3), np.float32)
    for number, channel in enumerate(info.fluorescence[: stored.shape[2]]):
        values = stored[..., number].astype(np.float32)
        low, high = (float(v) for v in np.percentile(values, (1, 99.5)))
        share = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
        light += share[..., None] * np.array([channel.colour >> shift & 255 for shift in (16, 8, 0)], np.float32)
    return _colour(np.clip(light, 0, 255).astype(np.uint8))


def _png(image: QImage) -> bytes:
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # pyright: ignore[reportCallIssue, reportArgumentType]
    return bytes(content.data())
