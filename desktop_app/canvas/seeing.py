"""Keeps the overview true: the picture of the slide, where the views stand, and what was looked at long enough."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage

from desktop_app.canvas.overview import Overview
from desktop_app.canvas.power import Optics
from desktop_app.canvas.seen import Seen
from desktop_app.canvas.source import plane_aspect
from desktop_app.canvas.viewport import Viewport
from desktop_app.one_job import OneJob
from desktop_app.session import Session
from desktop_app.thumbnails import is_cheap, small_picture
from imaging.errors import Problem
from imaging.progress import Progress
from imaging.scan import Scan

DWELL_MS = 400
"""What was on screen for less was passed, not seen."""
PICTURE = 512
"""Longest side of the picture in pixels: sharp at twice the usual size."""
SCANS_HELD = 64
TOO_LARGE = "This slide has no small level to make a picture from"


class Seeing(QObject):
    """Serves one overview. What was seen is kept for each scan while the window is open."""

    def __init__(self, session: Session, overview: Overview) -> None:
        super().__init__(overview)
        self._session, self._overview, self._job = session, overview, OneJob(self)
        self._seen: OrderedDict[str, Seen] = OrderedDict()
        self._views: tuple[Viewport, ...] = ()
        self._dwell = QTimer(self)
        self._dwell.setSingleShot(True)
        self._dwell.setInterval(DWELL_MS)
        self._dwell.timeout.connect(self._keep)
        session.scan_changed.connect(self._on_scan)
        session.scan_opening.connect(self._on_opening)
        session.display_changed.connect(self._on_display)
        self._on_scan()

    @property
    def seen(self) -> Seen | None:
        """What was seen of the open slide."""
        return self._seen.get(self._session.scan_key)

    def show_views(self, views: tuple[Viewport, ...], active: int) -> None:
        """The views stand elsewhere."""
        info = self._session.info
        is_slide = info is not None and info.kind == "slide"
        # A scan that fits at full size has no other part to go to.
        is_small = bool(views) and views[active].fitted().scale >= 1
        self._overview.setVisible(is_slide and bool(views) and not is_small)
        if not is_slide:
            return
        if views != self._views:
            self._views = views
            self._dwell.start()
        self._overview.show_fields(views, active)

    def _keep(self) -> None:
        seen = self.seen
        if seen is None or not self._overview.window().isVisible():
            return
        for viewport in self._views:
            seen = seen.after(viewport)
        self._seen[self._session.scan_key] = seen
        self._overview.show_seen(seen)

    def _optics(self) -> Optics:
        return Optics.of(self._session.info, self._session.predicting.pixel_size_mm)

    def _on_display(self) -> None:
        self._overview.show_optics(self._optics())

    def _on_opening(self) -> None:
        self._dwell.stop()
        self._overview.hide()

    def _on_scan(self) -> None:
        scan, key = self._session.scan, self._session.scan_key
        self._dwell.stop()
        self._views = ()
        if scan is None or scan.info.kind != "slide":
            self._overview.hide()
            return
        plane = self._session.plane
        width, height = scan.info.size.on_plane(plane.axis)
        self._overview.show_plane(width, height, plane_aspect(scan.info.spacing_mm, plane), self._optics())
        self._overview.show_seen(self._seen.setdefault(key, Seen.of(width, height)))
        self._seen.move_to_end(key)
        while len(self._seen) > SCANS_HELD:
            self._seen.popitem(last=False)
        if is_cheap(scan.info):
            self._start(scan)
        else:
            self._overview.show_picture(None, TOO_LARGE)

    def _start(self, scan: Scan) -> None:
        plane = self._session.plane

        def work(_progress: Progress) -> QImage:
            return small_picture(scan, plane, PICTURE)

        def then(image: QImage) -> None:
            if self._session.scan is scan:
                self._overview.show_picture(image)

        def failed(problem: Problem) -> None:
            if self._session.scan is scan:
                self._overview.show_picture(None, str(problem))

        self._job.follow(self._session.jobs.start(f"Overview of {scan.info.name}", work, then, failed, quiet=True))
