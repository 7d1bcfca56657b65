"""The table of cases: found by number, by key and by place at once, however many there are. Main thread only.

A number stays the same case's until another table is opened or two rows turn out to be one scan (`epoch` tells).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import overload

from desktop_app.cases import Case, Place, case_of, place_of
from desktop_app.display import CaseRow
from imaging.scan import ScanSource

AT_ONCE = 500
"""Cases that are let go of without letting the window in."""


class CaseTable:
    """All cases and the words by which each is found. May be built in a worker thread before it is shown."""

    def __init__(self, cases: Iterable[Case] = ()) -> None:
        self.cases = list(cases)
        """By number; only to be looked at from outside."""
        self.texts = [words_of(case.row) for case in self.cases]
        """What a filter looks through, folded, by number."""
        self.epoch = 0
        """Changes when numbers do."""
        self._number: dict[str, int] = {}
        self._at: dict[Place, int] = {}
        self._find_all()

    def __len__(self) -> int:
        return len(self.cases)

    def __iter__(self) -> Iterator[Case]:
        return iter(self.cases)

    def __getitem__(self, number: int) -> Case:
        return self.cases[number]

    def get(self, number: int) -> Case | None:
        """The case of a number, or `None`."""
        return self.cases[number] if 0 <= number < len(self.cases) else None

    def with_key(self, key: str) -> int:
        """Which case has a scan key, or -1."""
        return self._number.get(key, -1) if key else -1

    def at(self, source: ScanSource | None) -> int:
        """Which case a source is, or -1."""
        return -1 if source is None else self._at.get(place_of(source), -1)

    def add_sources(self, sources: Iterable[ScanSource]) -> None:
        """Add the cases of new sources at the end; one listed already is not added again."""
        for source in sources:
            if self.at(source) < 0:
                self.add(case_of(source))

    def name_sources(self, hides_names: bool) -> None:
        """Call scans by their files, which may name people, or by a part of their keys."""
        for number, case in enumerate(self):
            if case.source is not None:
                nameless = f"Scan {case.row.key[:8]}" if case.row.key else f"Scan {number + 1}"
                self.change(number, title=nameless if hides_names else case_of(case.source).row.title)

    def add(self, case: Case) -> None:
        """Add a case at the end."""
        self.cases.append(case)
        self.texts.append(words_of(case.row))
        self._find(len(self.cases) - 1)

    def let_go(self) -> None:
        """Forget all cases of a table that nobody shows, in pieces that let the window in between."""
        from dataset.piecewise import Breather

        breather = Breather()
        self._number, self._at = {}, {}
        while self.cases:
            del self.cases[-AT_ONCE:], self.texts[-AT_ONCE:]
            breather.breathe()

    def join(self, more: CaseTable) -> None:
        """Add the cases of another table at the end; of those with a key that is here, the row is changed."""
        for case, text in zip(more.cases, more.texts, strict=True):
            number = self.with_key(case.row.key)
            if number < 0:
                self.cases.append(case)
                self.texts.append(text)
                self._find(len(self.cases) - 1)
            else:
                self.change(number, **said_of(case.row))

    def change(self, number: int, **changes: object) -> bool:
        """Change what a row says; whether it says anything else now."""
        case = self.cases[number]
        row = replace(case.row, **changes)  # type: ignore[arg-type]
        if row == case.row:
            return False
        self.cases[number] = replace(case, row=row)
        if changes.keys() != {"thumbnail"}:
            self.texts[number] = words_of(row)
        if row.key != case.row.key:
            self._find(number)
        return True

    def identify(self, number: int, key: str) -> int:
        """Say which scan a case is; its number then.

        Where another row has that scan already, the two become one: the dataset's state, the file's place.
        """
        other = self.with_key(key)
        if other in (-1, number):
            self.change(number, key=key)
            return number
        case = self.cases[number]
        self.cases[other] = Case(replace(self.cases[other].row, title=case.row.title), case.source)
        self.texts[other] = words_of(self.cases[other].row)
        self.remove({number})
        return other - (1 if number < other else 0)

    def remove(self, numbers: set[int]) -> None:
        """Take cases out; those behind them move up."""
        kept = [number for number in range(len(self.cases)) if number not in numbers]
        self.cases = [self.cases[number] for number in kept]
        self.texts = [self.texts[number] for number in kept]
        self.epoch += 1
        self._find_all()

    def _find_all(self) -> None:
        self._number = {case.row.key: number for number, case in enumerate(self.cases) if case.row.key}
        self._at = {place_of(c.source): number for number, c in enumerate(self.cases) if c.source is not None}

    def _find(self, number: int) -> None:
        case = self.cases[number]
        if case.row.key:
            self._number[case.row.key] = number
        if case.source is not None:
            self._at[place_of(case.source)] = number


class CaseRows(Sequence[CaseRow]):
    """The rows of a table, as they are when asked for; nothing is copied."""

    def __init__(self, table: CaseTable) -> None:
        self._table = table

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[CaseRow]:
        return (case.row for case in self._table)

    @overload
    def __getitem__(self, index: int) -> CaseRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[CaseRow]: ...
    def __getitem__(self, index: int | slice) -> CaseRow | Sequence[CaseRow]:
        if isinstance(index, slice):
            return [self._table[number].row for number in range(*index.indices(len(self)))]
        return self._table[index].row


def words_of(row: CaseRow) -> str:
    """All words by which a row is found, folded."""
    readers = " ".join(who for who, _when in row.readings)
    return f"{row.title} {row.detail} {row.suspect} {row.state} {row.format} {readers}".casefold()


def said_of(row: CaseRow) -> dict[str, object]:
    """What the dataset says of a row, as changes of it: not its title, which may be a file's, nor its picture."""
    names = ("state", "suspicion", "suspect", "problem", "added", "readings", "conflicts", "score", "models")
    return {name: getattr(row, name) for name in names}
