"""What a list says of a scan, without opening its files: small enough to hold very many at once."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import groupby
from operator import attrgetter
from typing import Any

from dataset.heads import head_of
from dataset.record import LOOKED_AT, Revision, ScanRecord
from imaging.geometry import Size

Readings = tuple[tuple[str, float], ...]
"""Who finished reading a scan, and when last, in seconds since 1970; oldest first."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One scan of a dataset as a list shows it."""

    key: str
    title: str
    added: float
    """In seconds since 1970."""
    group: str
    split: str
    format: str
    modality: str
    columns: int
    rows: int
    planes: int
    state: str
    conflicts: int
    """How many other readers' revisions nobody has resolved."""
    readings: Readings
    top: tuple[str, float] | None
    """Label id and score of what the newest prediction is most certain of."""
    models: tuple[str, ...]
    """Names of the models that have read it, sorted."""
    labels: tuple[str, ...]
    """Ids of the labels that predictions and revisions use, sorted."""
    problem: str = ""

    @property
    def size(self) -> Size:
        """Its size in pixels."""
        return Size(self.columns, self.rows, self.planes)


def listed_of(record: ScanRecord, revisions: Iterable[Revision]) -> Listed:
    """What a list says of a scan whose record is complete."""
    known, info = tuple(revisions), record.info
    newest = max(record.predictions, key=lambda p: p.id, default=None)
    used = {label for item in (*known, *record.predictions) for label in item.labels}
    return Listed(
        record.key,
        record.title,
        record.added.timestamp(),
        record.group,
        record.split,
        info.format,
        info.modality,
        info.size.columns,
        info.size.rows,
        info.size.planes,
        record.state,
        len(head_of(known).conflicts),
        readings_of(known),
        newest.top if newest is not None else None,
        tuple(sorted({p.model.rpartition("@")[0] for p in record.predictions})),
        tuple(sorted(used)),
        record.problem,
    )


def in_order(listed: Iterable[Listed]) -> tuple[Listed, ...]:
    """As they were added, those of one moment by their keys.

    Sorting by numbers holds other threads up for a tenth of the time that pairs would take.
    """
    moment = attrgetter("added")
    groups = groupby(sorted(listed, key=moment), moment)
    return tuple(item for _moment, same in groups for item in _by_key(list(same)))


def _by_key(same: list[Listed]) -> list[Listed]:
    return sorted(same, key=attrgetter("key")) if len(same) > 1 else same


def readings_of(revisions: Iterable[Revision]) -> Readings:
    """When each reader finished last."""
    last: dict[str, float] = {}
    for revision in revisions:
        if revision.state in LOOKED_AT:
            last[revision.author] = max(last.get(revision.author, 0.0), revision.created.timestamp())
    return tuple(sorted(last.items(), key=lambda item: item[1]))


_FIELDS = tuple(field.name for field in fields(Listed))


def to_row(listed: Listed) -> list[Any]:
    """What the index keeps."""
    return [getattr(listed, name) for name in _FIELDS]


def from_row(row: list[Any]) -> Listed:
    """What the index kept; raises `TypeError`, `ValueError` or `IndexError` where it is of no use.

    Words that many scans share are held once.
    """
    word = sys.intern
    readings = tuple((word(who), float(when)) for who, when in row[12]) if row[12] else ()
    top = (word(row[13][0]), float(row[13][1])) if row[13] else None
    models = tuple(map(word, row[14])) if row[14] else ()
    labels = tuple(map(word, row[15])) if row[15] else ()
    key, title, added, group, split, file_format, modality, columns, rows, planes, state, conflicts = row[:12]
    return Listed(
        key, title, added, group, word(split), word(file_format), word(modality), columns, rows, planes, word(state),
        conflicts, readings, top, models, labels, row[16],
    )  # fmt: skip
