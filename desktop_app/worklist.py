"""The worklist: the dataset, its cases, and opening one of them. Tells the session; shows nothing itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app.cases import Case, identified, index_of_key, index_of_source, with_row, with_sources
from desktop_app.display import CaseRow
from desktop_app.jobs import Job, Jobs
from desktop_app.opening import Opened, describe, open_case, open_worklist
from imaging.errors import Problem
from imaging.progress import Progress
from imaging.scan import ScanSource

if TYPE_CHECKING:
    from dataset.folder import Dataset


class Worklist(QObject):
    """The cases of a dataset and of the files that were opened."""

    rows_changed = Signal()
    row_changed = Signal(int)
    opening = Signal(str)
    opened = Signal(object)
    emptied = Signal()
    dataset_opened = Signal(object)
    """With the dataset that was open before, or `None`."""
    missing = Signal(int, str)
    """Row and title of a scan that is not where it was: a person has to point to it (`place`)."""
    problem_raised = Signal(object)
    beside_opened = Signal(object)
    """`Opened`: a scan to look at beside the open one."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.dataset: Dataset | None = None
        self.current = -1
        self.order: tuple[int, ...] = ()
        """The rows in the order the reader sees them, where that is another one or not all of them."""
        self._cases: tuple[Case, ...] = ()
        self._rows: tuple[CaseRow, ...] | None = None
        self._under_way: Job[Opened] | None = None
        self._wanted: tuple[Path, ...] = ()

    @property
    def rows(self) -> tuple[CaseRow, ...]:
        """The rows, in order."""
        if self._rows is None:
            self._rows = tuple(case.row for case in self._cases)
        return self._rows

    def open_dataset(self, folder: Path) -> None:
        """Open a dataset folder (made where there is none); its scans become the rows."""

        def work(progress: Progress) -> tuple[Dataset, tuple[Case, ...]]:
            return open_worklist(folder, progress)

        self._jobs.start("Opening the dataset", work, self._on_dataset)

    def _on_dataset(self, answer: tuple[Dataset, tuple[Case, ...]]) -> None:
        old, self.dataset = self.dataset, answer[0]
        self.current = -1
        self._set_cases(answer[1])
        self.dataset_opened.emit(old)
        self.emptied.emit()
        self.rows_changed.emit()
        if self._wanted:
            wanted, self._wanted = self._wanted, ()
            self.add_paths(wanted)

    def add_paths(self, paths: tuple[Path, ...]) -> None:
        """Add the scans of files and folders and open the first; waits for the dataset when that is being opened."""
        if self.dataset is None:
            self._wanted += paths
            return

        def work(progress: Progress) -> list[ScanSource]:
            from imaging.opening import find_scans

            return find_scans(paths, progress)

        self._jobs.start("Looking for scans", work, self._on_found)

    def _on_found(self, sources: list[ScanSource]) -> None:
        if sources:
            self._set_cases(with_sources(self._cases, sources))
            self.rows_changed.emit()
            self.open_case(index_of_source(self._cases, sources[0]))

    def open_case(self, number: int) -> None:
        """Open the scan of a row; what was asked for before and has not come yet is dropped."""
        if self.dataset is None or not 0 <= number < len(self._cases):
            return
        if self._under_way is not None:
            self._under_way.cancel()
        case, dataset = self._cases[number], self.dataset
        old, self.current = self.current, number
        for changed in {old, number} - {-1}:
            self.row_changed.emit(changed)
        self.opening.emit(case.row.title)
        self._under_way = self._jobs.start(
            f"Opening {case.row.title}",
            lambda progress: open_case(case, dataset, progress),
            lambda opened: self._on_opened(number, opened),
            lambda problem: self._on_unopened(number, problem),
        )

    def open_beside(self, number: int) -> None:
        """Open the scan of a row only to look at it beside the open one."""
        case, dataset = self.case_at(number), self.dataset
        if case is None or dataset is None:
            return
        title = f"Opening {case.row.title}"
        self._jobs.start(title, lambda progress: open_case(case, dataset, progress), self.beside_opened.emit)

    def _on_opened(self, number: int, opened: Opened) -> None:
        self._under_way = None
        cases, self.current = identified(self._cases, number, opened.key)
        self._set_cases(
            with_row(cases, self.current, state=opened.state, problem="", detail=describe(opened.scan.info))
        )
        self.rows_changed.emit()
        self.opened.emit(opened)

    def _on_unopened(self, number: int, problem: Problem) -> None:
        from dataset.places import SlideMissing

        self._under_way = None
        self._set_cases(with_row(self._cases, number, problem=str(problem)))
        self.emptied.emit()
        self.row_changed.emit(number)
        self.problem_raised.emit(problem)
        if isinstance(problem, SlideMissing):
            self.missing.emit(number, self._cases[number].row.title)

    def place(self, number: int, path: Path) -> None:
        """Say where the scan of a row lies, and open it; another scan is refused."""
        if self.dataset is None or not 0 <= number < len(self._cases):
            return
        dataset, case = self.dataset, self._cases[number]

        def work(progress: Progress) -> None:
            dataset.place_scan(case.row.key, path, progress)

        def placed(_answer: None) -> None:
            self.open_case(index_of_key(self._cases, case.row.key))

        self._jobs.start(f"Looking at {path.name}", work, placed)

    def neighbour(self, step: int) -> int:
        """The row that many steps further than the open one, in the order the reader sees; -1 where there is none."""
        order = self.order if self.current in self.order else tuple(range(len(self._cases)))
        place = order.index(self.current) + step if self.current in order else 0
        return order[place] if 0 <= place < len(order) and order[place] < len(self._cases) else -1

    def change_row(self, key: str, **changes: object) -> None:
        """Change what the row of a scan says, if it is listed."""
        number = index_of_key(self._cases, key)
        if number >= 0:
            self._set_cases(with_row(self._cases, number, **changes))
            self.row_changed.emit(number)

    def case_at(self, number: int) -> Case | None:
        """The case of a row, or `None`."""
        return self._cases[number] if 0 <= number < len(self._cases) else None

    def set_thumbnail(self, case: Case, png: bytes) -> None:
        """Give the row of a case its thumbnail, wherever it stands by now."""
        number = index_of_source(self._cases, case.source) if case.source is not None else -1
        number = number if number >= 0 else index_of_key(self._cases, case.row.key)
        if number >= 0:
            self._set_cases(with_row(self._cases, number, thumbnail=png))
            self.row_changed.emit(number)

    def _set_cases(self, cases: tuple[Case, ...]) -> None:
        self._cases, self._rows = cases, None
