"""The worklist: the dataset, its cases, and opening one of them. Tells the session; shows nothing itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop_app.case_index import Order, next_by_need
from desktop_app.case_table import CaseRows, CaseTable, said_of
from desktop_app.cases import Case, detail_of, rows_of
from desktop_app.jobs import Job, Jobs
from desktop_app.opening import Opened, OpenedList, open_case, open_worklist
from desktop_app.prefetch import Prefetch
from imaging.errors import Problem
from imaging.progress import Progress
from imaging.scan import ScanSource

if TYPE_CHECKING:
    from dataset.folder import Dataset
    from dataset.label import LabelSet
    from dataset.listing import Listed
    from dataset.prediction import Prediction
    from desktop_app.display import CaseRow

AHEAD_MS = 150
"""The case that was asked for is painted first; nothing competes with that."""
AROUND = (1, 2, -1)
"""Which cases are opened ahead, in steps from the open one."""


class Worklist(QObject):
    """The cases of a dataset and of the files that were opened."""

    rows_changed = Signal()
    reading_changed = Signal()
    """Somebody finished reading a case, or began, or took that back."""
    row_changed = Signal(int)
    whole = Signal()
    """All rows of the dataset are there."""
    _part_read = Signal(object, object, object)
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
        self.table = CaseTable()
        self.rows = CaseRows(self.table)
        """The rows, as they are when asked for."""
        self.order: Order | None = None
        """The rows in the order the reader sees them, where that is another one or not all of them."""
        self.prefetch = Prefetch(jobs, self)
        self._seen: set[int] = set()
        """What was shown in this sitting, so that what needs a person most is not the same again and again."""
        self.author = ""
        """Who reads."""
        self._under_way: Job[Opened] | None = None
        self._opening: Job[OpenedList] | None = None
        self._token: object = None
        """Of the dataset that was asked for last; parts of another come too late."""
        self._part_read.connect(self._on_part, Qt.ConnectionType.QueuedConnection)
        self._wanted: tuple[Path, ...] = ()
        self._ahead = QTimer(self)
        self._ahead.setSingleShot(True)
        self._ahead.setInterval(AHEAD_MS)
        self._ahead.timeout.connect(self.look_ahead)

    def open_dataset(self, folder: Path) -> None:
        """Open a dataset folder (made where there is none); its scans become the rows, as they are read."""
        if self._opening is not None:
            self._opening.cancel()
        token = self._token = object()

        def work(progress: Progress) -> OpenedList:
            def show(dataset: Dataset, part: CaseTable) -> None:
                self._part_read.emit(token, dataset, part)

            return open_worklist(folder, progress, self.author, show)

        self._opening = self._jobs.start("Opening the dataset", work, self._on_listed, self._on_unlisted)

    def _on_part(self, token: object, dataset: Dataset, part: CaseTable) -> None:
        """More of the list was read."""
        if token is not self._token or (self._opening is not None and self._opening.progress.is_cancelled):
            return
        if dataset is not self.dataset:
            self._on_dataset(dataset, part)
            return
        self.table.join(part)
        self.rows_changed.emit()

    def _on_listed(self, answer: OpenedList) -> None:
        """The whole list was read."""
        self._opening = None
        if answer.dataset is not self.dataset:
            self._on_dataset(answer.dataset, answer.table or CaseTable())
        elif answer.table is not None and self.current < 0 and len(self.table) <= len(answer.table):
            old = self.table
            self._set_table(answer.table)
            self.rows_changed.emit()
            self._jobs.start("Letting go of the rows", lambda _progress: old.let_go(), lambda _none: None, quiet=True)
        elif answer.table is not None:
            gone = frozenset(case.row.key for case in self.table if case.row.key and case.source is None) - answer.keys
            self.take_changes((), gone, answer.dataset.labels)
        self.whole.emit()

    def _on_unlisted(self, problem: Problem) -> None:
        self._opening = None
        self.problem_raised.emit(problem)

    def _on_dataset(self, dataset: Dataset, table: CaseTable) -> None:
        old, self.dataset, self.current = self.dataset, dataset, -1
        self._set_table(table)
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
            self.table.add_sources(sources)
            self.table.name_sources(self._hides_names)
            self.rows_changed.emit()
            self.open_case(self.table.at(sources[0]))

    def open_case(self, number: int) -> None:
        """Open the scan of a row; what was asked for before and has not come yet is dropped.

        One that was prefetched, and of which nothing was said since, is there before this returns.
        """
        case, dataset = self.table.get(number), self.dataset
        if dataset is None or case is None:
            return
        if self._under_way is not None:
            self._under_way.cancel()
            self._under_way = None
        ready = self.prefetch.take(case, dataset)
        old, self.current = self.current, number
        for changed in {old, number} - {-1}:
            self.row_changed.emit(changed)
        if ready is not None:
            self._on_opened(number, ready)
            return
        self.opening.emit(case.row.title)
        self.prefetch.pause()
        self._under_way = self._jobs.start(
            f"Opening {case.row.title}",
            lambda progress: open_case(case, dataset, progress),
            lambda opened: self._on_opened(number, opened),
            lambda problem: self._on_unopened(number, problem),
        )

    def open_beside(self, number: int) -> None:
        """Open the scan of a row only to look at it beside the open one."""
        case, dataset = self.table.get(number), self.dataset
        if case is None or dataset is None:
            return
        title = f"Opening {case.row.title}"
        self._jobs.start(title, lambda progress: open_case(case, dataset, progress), self.beside_opened.emit)

    def _on_opened(self, number: int, opened: Opened) -> None:
        self._under_way = None
        epoch, info = self.table.epoch, opened.scan.info
        self.current = self.table.identify(number, opened.key)
        if self.table.epoch != epoch:
            self._seen = {self.current}
        detail = detail_of(info.modality, info.size)
        self.table.change(self.current, state=opened.state, conflicts=opened.conflicts, problem="", detail=detail)
        self._seen.add(self.current)
        if self.table.epoch != epoch:
            self.rows_changed.emit()
        else:
            self.row_changed.emit(self.current)
        self.opened.emit(opened)
        self._ahead.start()

    def look_ahead(self) -> None:
        """Have the cases around the open one at hand before they are asked for."""
        if self.dataset is not None:
            around = [self.table.get(self.neighbour(step)) for step in AROUND]
            self.prefetch.want([case for case in around if case is not None], self.dataset)

    def _on_unopened(self, number: int, problem: Problem) -> None:
        from dataset.places import SlideMissing

        self._under_way = None
        self.table.change(number, problem=str(problem))
        self.emptied.emit()
        self.row_changed.emit(number)
        self.problem_raised.emit(problem)
        if isinstance(problem, SlideMissing):
            self.missing.emit(number, self.table[number].row.title)

    def place(self, number: int, path: Path) -> None:
        """Say where the scan of a row lies, and open it; another scan is refused."""
        case, dataset = self.table.get(number), self.dataset
        if dataset is None or case is None:
            return

        def work(progress: Progress) -> None:
            dataset.place_scan(case.row.key, path, progress)

        def placed(_answer: None) -> None:
            self.open_case(self.table.with_key(case.row.key))

        self._jobs.start(f"Looking at {path.name}", work, placed)

    @property
    def _hides_names(self) -> bool:
        return self.dataset is not None and self.dataset.person.blinding.names

    def list_again(self) -> None:
        """List the dataset anew, as its reader may see it by now."""
        if self.dataset is not None:
            self.table.name_sources(self._hides_names)
            for row in rows_of(self.dataset.listed(), self.dataset.labels):
                number = self.table.with_key(row.key)
                if number >= 0:
                    self.table.change(number, **said_of(row))
            self.rows_changed.emit()

    def following(self, is_wanted: Callable[[CaseRow], bool]) -> Iterator[int]:
        """The wanted rows after the open one, in the order the reader sees, then those before it."""
        order = self.order or Order(list(range(len(self.table))))
        first = order.place(self.current) + 1 if self.current >= 0 else 0
        places = (*range(first, len(order)), *range(first - 1 if first else 0))
        numbers = (order[place] for place in places)
        return (n for n in numbers if n < len(self.table) and n != self.current and is_wanted(self.table[n].row))

    def neighbour(self, step: int) -> int:
        """The row that many steps further than the open one, in the order the reader sees; -1 where there is none."""
        order: Sequence[int] = self.order if self.order is not None else range(len(self.table))
        place = 0
        if self.current >= 0:
            place = self.order.place(self.current) if self.order is not None else self.current
            if place < 0:
                order, place = range(len(self.table)), self.current
            place += step
        return order[place] if 0 <= place < len(order) and order[place] < len(self.table) else -1

    def neediest(self) -> int:
        """The open case that needs a person most and was not shown in this sitting; -1 where there is none."""
        return next_by_need(self.rows, self.current, self._seen)

    def change_row(self, key: str, **changes: object) -> None:
        """Change what the row of a scan says, if it is listed."""
        number = self.table.with_key(key)
        if number >= 0 and self.table.change(number, **changes):
            self.row_changed.emit(number)
            if changes.keys() & {"state", "readings"}:
                self.reading_changed.emit()

    def note_prediction(self, prediction: Prediction) -> None:
        """A prediction of a scan is on the disk."""
        number = self.table.with_key(prediction.scan)
        if number >= 0:
            scores = [p.score for p in prediction.proposals] or [score for _label, score in prediction.scores]
            models = tuple(sorted({*self.table[number].row.models, prediction.model.name}))
            self.change_row(prediction.scan, models=models, score=max(scores, default=None))

    def note_reading(self, key: str, state: str, author: str) -> None:
        """A revision of a scan is on the disk: its state by now, and that somebody finished reading it."""
        from dataset.record import LOOKED_AT

        number = self.table.with_key(key)
        if number >= 0:
            others = tuple(pair for pair in self.table[number].row.readings if pair[0] != author)
            mine = ((author, time.time()),) if state in LOOKED_AT else ()
            self.change_row(key, state=state, readings=(*others, *mine) if mine else self.table[number].row.readings)

    def take_changes(self, changed: Iterable[Listed], gone: frozenset[str], labels: LabelSet) -> None:
        """Show what other programs did to the dataset; the open case stays the open one."""
        before, at, listed = len(self.table), self.table.get(self.current), tuple(changed)
        numbers = {self.table.with_key(key) for key in gone} - {-1, self.current}
        if numbers:
            self.table.remove(numbers)
            self._seen = set()
            self.current = -1 if at is None else max(self.table.with_key(at.row.key), self.table.at(at.source))
        for item, row in zip(listed, rows_of(listed, labels), strict=True):
            number = self.table.with_key(item.key)
            if number < 0:
                self.table.add(Case(row))
            elif number != self.current:
                self.change_row(item.key, **said_of(row))
            else:
                self.change_row(item.key, conflicts=row.conflicts, readings=row.readings)
        if numbers or len(self.table) != before:
            self.rows_changed.emit()

    def recognise(self, case: Case, key: str) -> None:
        """A case that was listed as a file is the scan of a key."""
        number, epoch = self.table.at(case.source), self.table.epoch
        if number < 0 or self.table[number].row.key == key:
            return
        at = self.table.get(self.current)
        self.table.identify(number, key)
        if self.table.epoch != epoch:
            self._seen.clear()
            self.current = -1 if at is None else max(self.table.with_key(at.row.key), self.table.at(at.source))
            self.rows_changed.emit()

    def case_at(self, number: int) -> Case | None:
        """The case of a row, or `None`."""
        return self.table.get(number)

    def set_thumbnail(self, case: Case, png: bytes | None) -> None:
        """Give the row of a case its thumbnail (or take it away), wherever it stands by now."""
        number = max(self.table.at(case.source), self.table.with_key(case.row.key))
        if number >= 0 and self.table.change(number, thumbnail=png):
            self.row_changed.emit(number)

    def _set_cases(self, cases: Iterable[Case]) -> None:
        self._set_table(CaseTable(cases))

    def _set_table(self, table: CaseTable) -> None:
        table.epoch = self.table.epoch + 1
        self.table, self.rows = table, CaseRows(table)
        self.order = None
        self._seen.clear()
        self.prefetch.forget()
