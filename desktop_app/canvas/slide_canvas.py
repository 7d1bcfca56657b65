"""Shows a slide in a view: asks for tiles, says when the picture changed, and paints it. GUI thread only.

A view that moves waits a moment for its tiles before it shows coarser ones: most often they come in time, and then it
is painted once. After that it is painted some thirty times a second, or as often as leaves most of the time to reading,
until it is complete.
"""

from __future__ import annotations

import time
from contextlib import suppress

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter

from desktop_app.canvas.slide_picture import SlidePicture
from desktop_app.canvas.tile_engine import TileEngine
from desktop_app.canvas.viewport import Viewport
from desktop_app.display import Display
from imaging.errors import Problem
from imaging.geometry import Plane
from imaging.scan import TiledScan

PATIENCE_MS = 24
"""So long a view shows what it showed before, if tiles are missing: most often they come in time."""
MORE_PATIENCE_MS = 50
"""If the rest will have come so soon at the rate so far, it waits that much longer, once."""
FRAME_MS = 33
PAINTING_SHARE = 0.25
"""Painting what is not complete takes at most about this share of the time."""
REST_MS = 60
"""A view that is complete and has not moved for so long reads ahead."""
RETRY_MS = 3000
"""So often tiles that could not be read are tried again."""


class SlideCanvas(QObject):
    """The picture of a slide in one view."""

    changed = Signal()
    """There is something new to paint."""
    completed = Signal()
    """Every tile of the view is painted, at its level; once after each move."""
    problem_raised = Signal(object)
    """`Problem`: why a tile could not be read; once, until all can be read again."""

    _told = Signal()

    def __init__(self, scan: TiledScan, engine: TileEngine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._told.connect(self._on_told, Qt.ConnectionType.QueuedConnection)
        self._name = scan.info.name
        self._picture = SlidePicture(scan, engine, self._tell)
        self._frames, self._rest, self._retry = QTimer(self), QTimer(self), QTimer(self)
        self._frames.setTimerType(Qt.TimerType.PreciseTimer)
        self._rest.setSingleShot(True)
        self._frames.timeout.connect(self._on_frame)
        self._rest.timeout.connect(self._picture.look_ahead)
        self._retry.timeout.connect(self._on_retry)
        self._aim: tuple[Viewport, Display, float, int] | None = None
        self._is_told = True
        self._is_changed = False
        self._is_patient = False
        self._painting_ms = 0.0
        self._has_told_problem, self._complaint = False, ""

    @property
    def is_complete(self) -> bool:
        """Whether every tile of the view is painted, at its level."""
        return self._picture.is_complete

    def aim(self, viewport: Viewport, display: Display, ratio: float, ground: int) -> None:
        """Show another part, or in another way; see `SlidePicture.aim`."""
        new = (viewport, display, ratio, ground)
        if new == self._aim:
            return
        self._aim = new
        self._rest.stop()
        self._picture.aim(*new)
        self._is_told, self._is_changed = False, True
        self._tell_problem()
        if self._picture.is_ready:
            self._show()
        elif not self._frames.isActive():
            self._is_patient = True
            self._frames.start(PATIENCE_MS)

    def paint(self, painter: QPainter) -> None:
        """Paint the picture over the whole view."""
        if self._aim is None:
            return
        self._picture.take()
        begun = time.perf_counter()
        pixels = self._picture.frame()
        self._painting_ms = (time.perf_counter() - begun) * 1000
        self._is_changed = False
        rows, columns = pixels.shape
        image = QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(self._aim[2])
        painter.drawImage(0, 0, image)

    def painted(self) -> None:
        """The view has been painted; tells whether it is complete now."""
        self._tell_problem()
        if self._picture.is_complete and not self._is_told:
            self._is_told = True
            self._frames.stop()
            self._rest.start(REST_MS)
            self.completed.emit()

    def value_at(self, plane: Plane, x: float, y: float) -> tuple[float, ...]:
        """What is stored at a point, as far as it has been read; see `SlidePicture.value_at`."""
        return self._picture.value_at(plane, x, y)

    def close(self) -> None:
        """Let go of the slide; nothing is told after this."""
        for timer in (self._frames, self._rest, self._retry):
            timer.stop()
        self._aim = None
        self._picture.close()

    def _tell(self) -> None:
        """From a reading thread; the view may be gone by now."""
        with suppress(RuntimeError):
            self._told.emit()

    def _on_told(self) -> None:
        if self._aim is None:
            return
        self._is_changed |= self._picture.take()
        if self._picture.is_ready and self._is_changed:
            self._show()

    def _on_frame(self) -> None:
        self._is_changed |= self._picture.take()
        is_first = self._is_patient
        self._is_patient = False
        if is_first and not self._picture.is_ready:
            share = self._picture.share_here
            rest = PATIENCE_MS * (1 - share) / share if share > 0 else MORE_PATIENCE_MS + 1
            if rest <= MORE_PATIENCE_MS:
                # To paint twice would only hold it up.
                self._frames.start(max(round(rest * 1.2), 1))
                return
        self._frames.start(max(FRAME_MS, round(self._painting_ms / PAINTING_SHARE)))
        if self._is_changed:
            self._show()
        if self._picture.is_ready:
            self._frames.stop()

    def _on_retry(self) -> None:
        if self._aim is None:
            return
        self._picture.aim(*self._aim)
        if not self._frames.isActive():
            self._frames.start(FRAME_MS)

    def _show(self) -> None:
        if self._picture.is_ready:
            self._frames.stop()
        self.changed.emit()

    def _tell_problem(self) -> None:
        """Say once why tiles cannot be read, and try them again now and then for as long as they are in view."""
        problem, complaint = self._picture.problem, self._picture.complaint
        if complaint and complaint != self._complaint:
            self._complaint = complaint
            self.problem_raised.emit(Problem(complaint))
        if problem and not self._has_told_problem:
            self._has_told_problem = True
            self.problem_raised.emit(Problem(problem))
        if problem and not self._retry.isActive():
            self._retry.start(RETRY_MS)
        elif not problem:
            self._retry.stop()
            self._has_told_problem &= not self._picture.is_complete
