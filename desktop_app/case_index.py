"""Which cases are shown and in what order: words looked for, sorts, and the order that results. Pure.

Filtering looks at one folded text per case with Python's own search, about 50 ns each, so that 100,000 cases take a
few milliseconds for each word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, overload

import numpy as np

from dataset.record import LOOKED_AT
from desktop_app.case_table import CaseTable
from desktop_app.display import CaseRow

Sort = Literal["listed", "need", "suspicious", "uncertain", "disagreement", "newest", "oldest"]
SORTS: tuple[tuple[Sort, str, str], ...] = (
    ("listed", "As listed", "In the order they came"),
    ("need", "By need", "Open cases first: those readers disagree on, then the most suspicious or uncertain"),
    ("suspicious", "Most suspicious", "The highest score of a finding first"),
    ("uncertain", "Most uncertain", "Where the model could not decide first"),
    ("disagreement", "Readers disagree", "Cases that readers marked differently first"),
    ("newest", "Newest", "What came last first"),
    ("oldest", "Oldest", "What came first first"),
)
"""Every sort: its name, what it is called, and what it does."""
NAMED = ("state", "label", "reader")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What cases have to have to be shown; empty fields ask for nothing."""

    words: tuple[str, ...] = ()
    state: str = ""
    label: str = ""
    reader: str = ""


def wanted_of(text: str, state: str = "") -> Wanted:
    """What a person typed: words, and `state:…`, `label:…`, `reader:…`; `state` is one chosen beside."""
    words, named = list[str](), {"state": state.casefold()}
    for token in text.casefold().split():
        name, colon, value = token.partition(":")
        if colon and name in NAMED:
            named[name] = value if value or name != "state" else named[name]
        else:
            words.append(token)
    return Wanted(tuple(words), named["state"], named.get("label", ""), named.get("reader", ""))


def narrowed(table: CaseTable, order: Iterable[int], wanted: Wanted) -> list[int]:
    """Those of the numbers whose cases are wanted, in the same order."""
    found, texts, cases = list(order), table.texts, table.cases
    for word in wanted.words:
        found = [number for number in found if word in texts[number]]
    # The text has these words too, so it spares most of the rows the closer look.
    for word in filter(None, (wanted.state, wanted.label, wanted.reader)):
        found = [number for number in found if word in texts[number]]
    if wanted.state:
        found = [number for number in found if wanted.state in cases[number].row.state]
    if wanted.label:
        found = [number for number in found if wanted.label in cases[number].row.suspect.casefold()]
    if wanted.reader:
        found = [number for number in found if _is_read_by(cases[number].row, wanted.reader)]
    return found


def _is_read_by(row: CaseRow, reader: str) -> bool:
    return any(reader in who.casefold() for who, _when in row.readings)


def sorted_numbers(rows: Sequence[CaseRow], sort: Sort) -> list[int]:
    """All rows by a sort; those that are equal stay as they are listed."""
    if sort == "listed":
        return list(range(len(rows)))
    keys = np.fromiter(map(_KEYS[sort], rows), np.float64, len(rows))
    return np.argsort(keys, kind="stable").tolist()


def need_of(row: CaseRow) -> float:
    """How much a case needs a person: 0 and more where it is open, less where it is done or cannot be opened.

    What readers disagree on comes first; then what a model cannot decide; then what it is sure to be a finding, which
    is mostly right; then what no model has read; then what a model is sure is nothing.
    """
    if row.problem:
        return -2.0
    if row.conflicts:
        return 3.0
    if row.state in LOOKED_AT:
        return -1.0
    if row.score is None and row.suspicion is None:
        return 0.25
    return max((row.suspicion or 0.0) / 2, uncertainty_of(row))


def uncertainty_of(row: CaseRow) -> float:
    """1 where the model could not decide, 0 where it is sure; -1 before a model has read."""
    score = row.score if row.score is not None else row.suspicion
    return -1.0 if score is None else 1.0 - abs(2.0 * score - 1.0)


def next_by_need(rows: Iterable[CaseRow], current: int, seen: Iterable[int] = ()) -> int:
    """The open case that needs a person most, other than the current one; -1 where there is none.

    Cases `seen` in this sitting come only when no other is left; of equals the one after the current one.
    """
    shown, best, chosen = set(seen), (False, -1.0, False), -1
    for number, row in enumerate(rows):
        need = need_of(row)
        if need < 0 or number == current:
            continue
        rank = (number not in shown, need, number > current)
        if rank > best:
            best, chosen = rank, number
    return chosen


class Order(Sequence[int]):
    """The numbers that are shown, in order; where each stands is found at once."""

    def __init__(self, numbers: list[int] | None = None) -> None:
        self._numbers = numbers if numbers is not None else []
        self._places: list[int] | None = None

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        return self._numbers[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Order) and self._numbers == other._numbers

    __hash__ = None  # type: ignore[assignment]

    def place(self, number: int) -> int:
        """Where a number stands, or -1."""
        if self._places is None:
            numbers = np.array(self._numbers, np.int64)
            places = np.full(int(numbers.max(initial=-1)) + 1, -1, np.int64)
            places[numbers] = np.arange(len(numbers))
            self._places = places.tolist()
        return self._places[number] if 0 <= number < len(self._places) else -1


def _suspicion(row: CaseRow) -> float:
    return -1.0 if row.suspicion is None else row.suspicion


_KEYS: dict[Sort, Callable[[CaseRow], float]] = {
    "need": lambda row: -need_of(row),
    "suspicious": lambda row: -_suspicion(row),
    "uncertain": lambda row: -uncertainty_of(row),
    "disagreement": lambda row: -row.conflicts,
    "newest": lambda row: -row.added,
    "oldest": lambda row: row.added,
}
