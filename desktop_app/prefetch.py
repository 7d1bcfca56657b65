"""Prefetching: the cases around the open one are read before they are asked for, so that the next is there at once.

What was read ahead is shown only while nothing was said of the scan since: its trace (`dataset.trace`) was taken
before anything of it was read, and is compared when it is asked for. A scan with edits in a journal is never read
ahead: the session that opens it takes them over. Main thread only, but for the work of the jobs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from desktop_app.cases import Case, place_of
from desktop_app.jobs import Job, Jobs
from desktop_app.opening import Opened, gather_opened, identify_scan
from imaging.errors import Problem
from imaging.memory import whole_bytes
from imaging.progress import Progress
from imaging.scan import Scan

if TYPE_CHECKING:
    from dataset.folder import Dataset
    from dataset.trace import Trace

SHARE = 8
"""One such part of the machine's memory may hold what was read ahead."""
SLIDE_BYTES = 16 * 2**20
"""What an open slide is counted as: its tiles are read when they are seen."""
AGAIN_MS, TRIES = 400, 8
"""When and how often a scan is tried again of which something was said just now."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A scan that was read ahead, and what its files looked like before."""

    opened: Opened
    trace: Trace
    bytes: int


class Prefetch(QObject):
    """Reads cases ahead, one at a time, after everything else; holds no more than its share of memory."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.bound = whole_bytes() // SHARE
        self._held: dict[object, Ahead] = {}
        self._wanted: dict[object, Case] = {}
        self._tries: dict[object, int] = {}
        self._dataset: Dataset | None = None
        self._job: Job[Ahead | None] | None = None
        self._made: list[Ahead] = []
        """What the job under way has made; emptied by who takes it."""
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._go_on)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(AGAIN_MS)
        self._again.timeout.connect(self._next)
        jobs.ended.connect(self._on_ended)

    @property
    def held(self) -> int:
        """How many cases are at hand."""
        return len(self._held)

    def want(self, cases: Iterable[Case], dataset: Dataset) -> None:
        """Have these cases at hand, the first first; what is not among them, or is no longer true, is let go."""
        if dataset is not self._dataset:
            self.forget()
            self._dataset = dataset
        self._wanted = {_name(case): case for case in cases}
        self._tries.clear()
        for name, ahead in list(self._held.items()):
            if name not in self._wanted or not _is_true(ahead, dataset):
                self._let_go(self._held.pop(name))
        self._next()

    def take(self, case: Case, dataset: Dataset) -> Opened | None:
        """The case as it was read ahead, if that is still true; it is the caller's from now on."""
        ahead = self._held.pop(_name(case), None)
        if ahead is None:
            return None
        if dataset is self._dataset and _is_true(ahead, dataset):
            return ahead.opened
        self._let_go(ahead)
        return None

    def pause(self) -> None:
        """Stop reading ahead until cases are wanted again: a person waits for another."""
        self._again.stop()
        self._soon.stop()
        self._wanted.clear()
        if self._job is not None:
            self._job.cancel()

    def forget(self) -> None:
        """Let go of everything."""
        self.pause()
        for ahead in self._held.values():
            self._let_go(ahead)
        self._held.clear()
        self._dataset = None

    def _next(self) -> None:
        dataset = self._dataset
        if self._job is not None or dataset is None:
            return
        for name, case in self._wanted.items():
            if name not in self._held and self._tries.get(name, 0) < TRIES and not case.row.problem:
                self._tries[name] = self._tries.get(name, 0) + 1
                self._start(name, case, dataset)
                return

    def _start(self, name: object, case: Case, dataset: Dataset) -> None:
        room, made = self.bound - sum(ahead.bytes for ahead in self._held.values()), list[Ahead]()
        self._made = made

        def work(progress: Progress) -> Ahead | None:
            ahead = read_ahead(case, dataset, room, progress)
            if ahead is not None:
                made.append(ahead)
            return ahead

        def then(ahead: Ahead | None) -> None:
            if ahead is not None and dataset is self._dataset and name in self._wanted:
                made.clear()
                self._held[name] = ahead
            elif ahead is not None:
                self._let_go(ahead)

        def failed(_problem: Problem) -> None:
            # Opening the case tells what is wrong with it.
            self._tries[name] = TRIES

        title = f"Opening {case.row.title} ahead"
        self._job = self._jobs.start(title, work, then, failed, quiet=True, heavy=True)

    def _on_ended(self, job: Job[object]) -> None:
        if self._job is None or job.number != self._job.number:
            return
        made, self._made, self._job = self._made, [], None
        if job.progress.is_cancelled:
            for ahead in made:
                self._let_go(ahead)
        # After the answer; what came to nothing may succeed a little later.
        self._soon.start()

    def _go_on(self) -> None:
        untried = [name for name in self._wanted if name not in self._held and name not in self._tries]
        if untried:
            self._next()
        elif any(name not in self._held and self._tries.get(name, 0) < TRIES for name in self._wanted):
            self._again.start()

    def _let_go(self, ahead: Ahead) -> None:
        ahead.opened.scan.close()


def read_ahead(case: Case, dataset: Dataset, room: int, progress: Progress) -> Ahead | None:
    """Read a case; `None` where it takes more than `room` bytes, or something was said of it only now.

    In a worker thread.
    """
    scan, key = identify_scan(case, dataset, progress.part(0.0, 0.4))
    try:
        trace, needed = dataset.trace(key), bytes_of(scan)
        if not trace.is_settled or trace.journals or needed > room:
            scan.close()
            return None
        return Ahead(gather_opened(scan, key, dataset, progress.part(0.4, 0.6)), trace, needed)
    except BaseException:
        scan.close()
        raise


def bytes_of(scan: Scan) -> int:
    """What an open scan holds in memory."""
    return SLIDE_BYTES if scan.info.levels else scan.info.bytes_in_memory


def _is_true(ahead: Ahead, dataset: Dataset) -> bool:
    trace = dataset.trace(ahead.opened.key)
    return (trace.changed, trace.journals) == (ahead.trace.changed, ahead.trace.journals)


def _name(case: Case) -> object:
    return case.row.key if case.source is None else place_of(case.source)
