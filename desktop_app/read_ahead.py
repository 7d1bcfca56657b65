"""Reading ahead: while a person reads, the chosen model reads the next cases, so that its proposals are there.

Off until a person asks for it. One case at a time, only unseen ones that the model has not read, never a whole slide,
and nothing is begun while something runs that a person waits for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app.cases import Case, place_of
from desktop_app.jobs import Job
from desktop_app.opening import identify_scan
from desktop_app.predicting import Reading, read_scan
from imaging.errors import Problem
from imaging.progress import Progress
from models.slide_choices import EVERYWHERE

if TYPE_CHECKING:
    from dataset.folder import Dataset
    from desktop_app.sitting import Sitting
    from models.catalogue import Entry

AHEAD = 5
"""How many cases further than the open one."""


class ReadAhead(QObject):
    """Lets the chosen model read the next cases in the background. Main thread only."""

    changed = Signal()

    def __init__(self, session: Sitting) -> None:
        super().__init__(session)
        self._session = session
        self._job: Job[Reading | None] | None = None
        self._tried: set[tuple[str, object]] = set()
        self.is_on = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._next)
        session.jobs.ended.connect(self._on_ended)
        session.scan_changed.connect(self._next)
        session.models_changed.connect(self._next)
        session.worklist.dataset_opened.connect(self._on_dataset)

    def toggle(self) -> None:
        """Begin, or stop."""
        self.is_on = not self.is_on
        self._tried.clear()
        if not self.is_on and self._job is not None:
            self._job.cancel()
        told = "The chosen model reads the next cases while you read" if self.is_on else "Models read no case ahead"
        self._session.told.emit(told)
        self.changed.emit()
        self._next()

    def _next(self) -> None:
        session, dataset = self._session, self._session.dataset
        entry = next((one for one in session.models if one.name == session.model and not one.problem), None)
        if not self.is_on or self._job is not None or dataset is None or entry is None:
            return
        if any(not job.is_quiet for job in session.jobs.running):
            return
        for step in range(1, AHEAD + 1):
            case = session.worklist.case_at(session.worklist.neighbour(step))
            if case is not None and self._is_waiting(case, entry.name):
                self._start(case, entry, dataset)
                return

    def _is_waiting(self, case: Case, model: str) -> bool:
        row = case.row
        is_open = row.state == "unseen" and not row.problem and model not in row.models
        return is_open and (model, _name(case)) not in self._tried

    def _start(self, case: Case, entry: Entry, dataset: Dataset) -> None:
        self._tried.add((entry.name, _name(case)))
        device = self._session.predicting.device

        def work(progress: Progress) -> Reading | None:
            return read_case(case, entry, dataset, device, progress)

        title = f"Reading {case.row.title} ahead"

        def then(reading: Reading | None) -> None:
            self._on_read(case, reading)

        self._job = self._session.jobs.start(title, work, then, self._on_failed, quiet=True, heavy=True)

    def _on_read(self, case: Case, reading: Reading | None) -> None:
        if reading is not None:
            self._session.worklist.recognise(case, reading.prediction.scan)
            self._session.predicting.predicted.emit(reading)
            self._session.worklist.look_ahead()

    def _on_failed(self, problem: Problem) -> None:
        """One model that cannot read would fail on every case."""
        self.is_on = False
        self.changed.emit()
        advice = problem.advice or "Reading ahead was stopped"
        self._session.problem_raised.emit(Problem(problem.what, problem.where, advice))

    def _on_dataset(self) -> None:
        self._tried.clear()
        if self._job is not None:
            self._job.cancel()

    def _on_ended(self, job: Job[object]) -> None:
        if self._job is not None and job.number == self._job.number:
            self._job = None
        # After the answer, which may end it.
        self._soon.start()


def read_case(case: Case, entry: Entry, dataset: Dataset, device: str, progress: Progress) -> Reading | None:
    """Let a model read a case and keep what it says; `None` where it is not for it. In a worker thread."""
    scan, key = identify_scan(case, dataset, progress.part(0.0, 0.1))
    try:
        if scan.info.kind == "slide" or entry.fitness(scan.info) <= 0:
            return None
        wanted = device, None, EVERYWHERE
        return read_scan(entry.name, scan, key, None, dataset, progress.part(0.1, 0.9), _tell_nobody, wanted)
    finally:
        scan.close()


def _tell_nobody(_proposals: object, _labels: object) -> None:
    """Nobody looks at the case yet."""


def _name(case: Case) -> object:
    return case.row.key if case.source is None else place_of(case.source)
