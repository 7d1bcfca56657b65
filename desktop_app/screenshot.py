"""Screenshots: wait until the window is complete, save it, leave."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from desktop_app.canvas.scan_view import ScanView
from desktop_app.session import Session
from imaging.errors import Problem

LOOK_EVERY_MS = 50
GIVE_UP_SECONDS = 300.0


class Screenshot(QObject):
    """Takes one picture of a window when nothing is under way any more."""

    done = Signal(object)
    """`None`, or the `Problem` why there is no picture."""

    def __init__(self, window: QWidget, session: Session, file: Path, model: str = "") -> None:
        super().__init__(window)
        self._window, self._session, self._file, self._model = window, session, file, model
        self._calm, self._began = 0, time.monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Begin to wait."""
        self._timer.start()

    def _look(self) -> None:
        if time.monotonic() - self._began > GIVE_UP_SECONDS:
            self._end(Problem("was not taken: the window never came to rest", self._file))
            return
        is_drawn = all(view.is_complete for view in self._window.findChildren(ScanView) if view.isVisible())
        is_calm = is_drawn and not self._session.jobs.running and self._session.keeping.is_settled
        self._calm = self._calm + 1 if is_calm else 0
        # Two quiet looks in a row: an answer may have started the next job.
        if self._calm < 2:
            return
        if self._model and self._session.scan is not None:
            self._session.predict(self._model)
            self._model, self._calm = "", 0
            return
        self._window.repaint()
        picture = self._window.grab()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        saved = picture.save(str(self._file))
        self._end(None if saved else Problem("cannot be written", self._file, "Check the folder and the ending"))

    def _end(self, problem: Problem | None) -> None:
        self._timer.stop()
        self.done.emit(problem)
