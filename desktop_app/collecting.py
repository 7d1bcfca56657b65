"""Collecting: when Python looks for garbage that refers to itself, so that it never holds the window up.

A full collection stops every thread for as long as it takes to look at every object there is: about 0.1 s once the
libraries that read scans and run models are loaded, more where there are many marks. So none comes by itself; what the
libraries made is set aside for good when a job that loaded some is over, and the rest, a small part, is looked at every
now and then. Where it is no small part it is marks, which hold no cycles: they are set aside without a look, and their
memory still comes back with the last that refers to them.
"""

from __future__ import annotations

import gc
import sys
import time

from PySide6.QtCore import QObject, QTimer

from desktop_app.jobs import Job, Jobs

EVERY_MS = 20_000
MANY_MODULES = 20
MANY_ROUNDS = 12
"""So many collections of the young since the last look have left up to 8000 objects each: 10 ms to look at."""
LONG_SECONDS = 0.02
_NEVER = 1_000_000_000
_USUAL = gc.get_threshold()


class Collecting(QObject):
    """Holds Python's own full collections off while it lives, and does them in its stead. Main thread only."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._modules = 0
        gc.set_threshold(*_USUAL[:2], _NEVER)
        self.destroyed.connect(_leave_it_to_python)
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(_collect)
        self._timer.start()
        jobs.ended.connect(self._on_ended)

    def _on_ended(self, _job: Job[object]) -> None:
        # Not while another job runs: what it refers to would be set aside too, and never be given back.
        if not self._jobs.running and len(sys.modules) - self._modules >= MANY_MODULES:
            self._modules = len(sys.modules)
            gc.collect(1)
            gc.freeze()


def _collect() -> None:
    """Look at what came since the last time, or set it aside where it is much."""
    if gc.get_count()[2] >= MANY_ROUNDS:
        gc.freeze()
        return
    started = time.perf_counter()
    gc.collect()
    if time.perf_counter() - started > LONG_SECONDS:  # the next look is to be a short one
        gc.freeze()


def _leave_it_to_python() -> None:
    gc.set_threshold(*_USUAL)
