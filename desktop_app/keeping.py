"""Keeping: every edit goes to the journal at once, in order, off the main thread; revisions follow.

Nothing that was edited is forgotten before it is on the disk: while the disk is full or read-only the edits wait in
memory, the window says so, and writing is tried again every few seconds and with every new edit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QObject, QTimer, Signal

from dataset.annotation import now
from desktop_app.jobs import Jobs
from imaging.errors import Problem
from imaging.progress import Progress

RETRY_MS = 3000


@dataclass(frozen=True, slots=True)
class Writing:
    """One thing to write: `work` runs in the keeping thread, `then` in the main one when it is on the disk."""

    title: str
    work: Callable[[], object]
    then: Callable[[object], None] | None = None


class Keeping(QObject):
    """Writes in order, one at a time, and tells whether all is saved."""

    changed = Signal()
    problem_raised = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = Jobs(self, workers=1)
        self._waiting: deque[Writing] = deque()
        self._is_writing = False
        self._problem: Problem | None = None
        self._saved_at: datetime | None = None
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.setInterval(RETRY_MS)
        self._retry.timeout.connect(self._next)

    def write(self, title: str, work: Callable[[], object], then: Callable[[object], None] | None = None) -> None:
        """Write something after all that waits already."""
        self._waiting.append(Writing(title, work, then))
        self._next()
        self.changed.emit()

    @property
    def is_settled(self) -> bool:
        """Whether everything is on the disk."""
        return not self._waiting and not self._is_writing

    @property
    def problem(self) -> Problem | None:
        """Why writing does not succeed at present."""
        return self._problem

    @property
    def text(self) -> str:
        """What the status line says, and it is true."""
        if self._problem is not None:
            return f"not saved: {self._problem.what}"
        if not self.is_settled:
            return "saving…"
        if self._saved_at is None:
            return ""
        return f"all saved {self._saved_at.astimezone():%H:%M}"

    def flush(self, seconds: float = 30.0) -> bool:
        """Wait until everything is on the disk (at the end of a session); whether it is.

        What could not be written before is tried once more: there may be room by now.
        """
        from PySide6.QtCore import QDeadlineTimer, QEventLoop

        deadline = QDeadlineTimer(int(seconds * 1000))
        loop = QEventLoop()
        self.changed.connect(loop.quit)
        self._next()
        while not self.is_settled and (self._is_writing or self._problem is None) and not deadline.hasExpired():
            QTimer.singleShot(50, loop.quit)
            loop.exec()
        self.changed.disconnect(loop.quit)
        return self.is_settled

    def close(self) -> None:
        """Stop the keeping thread; `flush` first."""
        self._retry.stop()
        self._jobs.close()

    def _next(self) -> None:
        if self._is_writing or not self._waiting:
            return
        self._retry.stop()
        self._is_writing = True
        writing = self._waiting[0]

        def work(_progress: Progress) -> object:
            return writing.work()

        self._jobs.start(writing.title, work, self._written, self._failed, quiet=True)

    def _written(self, answer: object) -> None:
        writing = self._waiting.popleft()
        self._is_writing, self._problem, self._saved_at = False, None, now()
        try:
            if writing.then is not None:
                writing.then(answer)
        finally:
            # Whatever the answer led to: what waits behind it has to be written.
            self._next()
            self.changed.emit()

    def _failed(self, problem: Problem) -> None:
        is_new = self._problem is None or self._problem.what != problem.what
        self._is_writing, self._problem = False, problem
        self._retry.start()
        if is_new:
            self.problem_raised.emit(problem)
        self.changed.emit()
