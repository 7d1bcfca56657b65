"""One job at a time for one owner: a newer one stops the older, and the owner's end stops both."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from desktop_app.jobs import Job


class OneJob:
    """Keeps an answer from coming to a widget that is gone, or that has asked something else by now."""

    def __init__(self, owner: QObject) -> None:
        self._job: Job[Any] | None = None
        owner.destroyed.connect(self.stop)

    def follow(self, job: Job[Any]) -> None:
        """This job from now on."""
        self.stop()
        self._job = job

    def stop(self) -> None:
        """No answer any more."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
