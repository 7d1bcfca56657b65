"""The worklist's cases: scans by where they are, by their key in the dataset, or both. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from desktop_app.display import CaseRow
from imaging.scan import ScanSource


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its row, and where its scan is opened from (`None`: from the dataset's own pixels)."""

    row: CaseRow
    source: ScanSource | None = None


def with_sources(cases: tuple[Case, ...], sources: Iterable[ScanSource]) -> tuple[Case, ...]:
    """The cases with those of new sources added at the end; a source listed already is not added again."""
    known = {(case.source.paths, case.source.part) for case in cases if case.source is not None}
    added = [
        Case(CaseRow(source.title or source.paths[0].name, format=source.format), source)
        for source in sources
        if (source.paths, source.part) not in known
    ]
    return (*cases, *added)


def index_of_source(cases: tuple[Case, ...], source: ScanSource) -> int:
    """Which case a source is, or -1."""
    for number, case in enumerate(cases):
        if case.source is not None and (case.source.paths, case.source.part) == (source.paths, source.part):
            return number
    return -1


def index_of_key(cases: tuple[Case, ...], key: str) -> int:
    """Which case has a scan key, or -1."""
    return next((number for number, case in enumerate(cases) if key and case.row.key == key), -1)


def with_row(cases: tuple[Case, ...], number: int, **changes: object) -> tuple[Case, ...]:
    """The cases with one row changed."""
    case = cases[number]
    changed = replace(case, row=replace(case.row, **changes))  # type: ignore[arg-type]
    return (*cases[:number], changed, *cases[number + 1 :])


def identified(cases: tuple[Case, ...], number: int, key: str) -> tuple[tuple[Case, ...], int]:
    """The cases once the scan of one is known by its key, and the case's number then.

    Where the dataset listed that scan already, the two become one row: the dataset's state, the file's place.
    """
    other = index_of_key(cases, key)
    if other in (-1, number):
        return with_row(cases, number, key=key), number
    merged = Case(replace(cases[other].row, title=cases[number].row.title), cases[number].source)
    kept = [merged if i == other else case for i, case in enumerate(cases) if i != number]
    return tuple(kept), other - (1 if number < other else 0)
