"""Jobs: long work off the main thread, with progress, and cancellable.

`start` runs a plain function in a worker thread. Its answer, its problem and its progress reach the main thread
through queued connections, in order; nothing is called inside `start`.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from imaging.errors import Problem
from imaging.progress import Cancelled, Progress, Step

T = TypeVar("T")

TELL_EVERY_SECONDS = 0.2
"""Each telling changes words in the window, which costs it a few milliseconds."""
NICER, HEAVY_NICER = 5, 12
"""How much later than the window the threads of jobs, and of heavy ones, come where both want a processor.

More than that would harm: the window waits for what such a thread does while it has Python's lock.
"""


@dataclass(eq=False, slots=True)
class Job(Generic[T]):
    """One piece of work under way. Read and changed in the main thread only, but for `progress`."""

    number: int
    title: str
    progress: Progress
    then: Callable[[T], None]
    failed: Callable[[Problem], None] | None
    started: float = field(default_factory=time.monotonic)
    step: Step = Step(0, 0)
    is_quiet: bool = False
    keeps_part: bool = False
    """Whether work that was stopped still answers, with the part that it has done."""

    def cancel(self) -> None:
        """Ask the work to stop; its answer will not come, unless it keeps a part."""
        self.progress.cancel()

    @property
    def fraction(self) -> float | None:
        """How much is done, 0…1, or `None` while unknown."""
        return min(self.step.done / self.step.total, 1.0) if self.step.total > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the rate so far, or `None` while unknown and where the work itself tells it."""
        fraction, spent = self.fraction, time.monotonic() - self.started
        if self.step.text.endswith(" left"):
            return None
        if fraction is None or fraction < 0.02 or spent < 0.3:
            return None
        return spent / fraction * (1 - fraction)

    @property
    def rate(self) -> float | None:
        """Units a second so far, or `None` while unknown."""
        spent = time.monotonic() - self.started
        return self.step.done / spent if spent > 0.3 and self.step.total > 1 else None


class Jobs(QObject):
    """Starts jobs and tells the window about them."""

    started = Signal(object)
    changed = Signal(object)
    ended = Signal(object)
    problem_raised = Signal(object)

    _stepped = Signal(object, object)
    _finished = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None, *, workers: int = 4) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(workers, "overread-job", _stand_back, (NICER,))
        self._heavy = ThreadPoolExecutor(workers, "overread-heavy", _stand_back, (HEAVY_NICER,))
        self._numbers = itertools.count(1)
        self._running: dict[int, Job[Any]] = {}
        self._closing = False
        self._stepped.connect(self._on_stepped, Qt.ConnectionType.QueuedConnection)
        self._finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> tuple[Job[Any], ...]:
        """The jobs under way, oldest first."""
        return tuple(self._running.values())

    def start(
        self,
        title: str,
        work: Callable[[Progress], T],
        then: Callable[[T], None],
        failed: Callable[[Problem], None] | None = None,
        *,
        quiet: bool = False,
        keeps_part: bool = False,
        heavy: bool = False,
    ) -> Job[T]:
        """Run `work` in a worker thread, then `then` (or `failed`) in the main one.

        A problem without a `failed` is told through `problem_raised`. A cancelled job calls neither, but
        for one that `keeps_part` and has an answer. Quiet jobs are not shown in the status bar. `heavy` ones would
        take all processors for long: they come after the others. After `close` nothing is begun: the job is a
        cancelled one.
        """
        told, number = [0.0], next(self._numbers)

        def listen(step: Step) -> None:
            moment = time.monotonic()
            if moment - told[0] >= TELL_EVERY_SECONDS or step.done >= step.total > 0:
                told[0] = moment
                # By its number: a job that refers to itself would wait for the collector with all that it holds.
                self._stepped.emit(number, step)

        job: Job[T] = Job(number, title, Progress(listen), then, failed, is_quiet=quiet, keeps_part=keeps_part)
        if self._closing:  # a timer of the window that is going may still ask
            job.cancel()
            return job
        self._running[job.number] = job
        self.started.emit(job)
        (self._heavy if heavy else self._pool).submit(self._run, job, work)
        return job

    def _run(self, job: Job[T], work: Callable[[Progress], T]) -> None:
        answer: T | None = None
        problem: Problem | None = None
        try:
            job.progress.check()
            answer = work(job.progress)
        except Cancelled:
            job.progress.cancel()
        except Problem as error:
            problem = error
        except MemoryError:
            problem = Problem("needs more memory than there is", job.title, "Close other scans and try again")
        except Exception as error:  # noqa: BLE001  (a job must never take the window down)
            problem = Problem(f"failed unexpectedly ({type(error).__name__}: {error})", job.title)
        self._finished.emit(job, answer, problem)

    def _on_stepped(self, number: int, step: Step) -> None:
        job = self._running.get(number)
        if job is not None:
            job.step = step
            self.changed.emit(job)

    def _on_finished(self, job: Job[Any], answer: object, problem: Problem | None) -> None:
        self._running.pop(job.number, None)
        self.ended.emit(job)
        if self._closing or (job.progress.is_cancelled and not (job.keeps_part and answer is not None)):
            return
        if problem is None:
            job.then(answer)
        elif job.failed is not None:
            job.failed(problem)
        else:
            self.problem_raised.emit(problem)

    def cancel_all(self) -> None:
        """Ask every job to stop."""
        for job in self.running:
            job.cancel()

    def close(self) -> None:
        """Cancel everything and wait for the threads; no answer comes after this. Main thread only."""
        assert threading.current_thread() is threading.main_thread()
        self._closing = True
        self.cancel_all()
        for pool in (self._pool, self._heavy):
            pool.shutdown(wait=True, cancel_futures=True)


def _stand_back(nicer: int) -> None:
    """Let the window's thread go first; threads that this one starts do the same. Only Linux has it by thread."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + nicer)
