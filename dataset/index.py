"""The index: what was read from the scans' folders, so that opening a large dataset need not read it all again.

It is derived and may be deleted at any time; whatever is wrong with it, it is made anew. Nothing waits for it to be
on the disk. What a list says of every scan stands apart from the headers of their files: the first is read as a whole
when the folder is opened, the second for a scan that somebody asks for.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from dataset.entry import Entry, Stamps, entry_of, row_of, stamps_of
from dataset.errors import DatasetProblem
from dataset.facts import Malformed
from dataset.listing import Listed, from_row, to_row
from dataset.piecewise import Breather, collector_paused

NAME = "index.sqlite"
VERSION = 3
AT_ONCE = 500
PAGE = 4000
"""Scans that are read at once: so many are on the screen's list before the next are looked at."""
BREATH = 100
_Row: TypeAlias = tuple[float, str, int, int, int, str]
_OF_NO_USE = (TypeError, ValueError, IndexError, AttributeError)


@dataclass(frozen=True, slots=True)
class Kept:
    """What the index keeps of a scan for lists, and what its folder looked like then."""

    stamps: Stamps
    listed: Listed


def load_index(folder: Path) -> dict[str, Kept]:
    """What the index says of all scans, by key, in the order they were added."""
    return {key: kept for page in read_pages(folder) for key, kept in page.items()}


def read_pages(folder: Path) -> Iterator[dict[str, Kept]]:
    """What the index says, page by page, in the order scans were added; rows that are of no use are left out.

    Nothing is held open between two pages, so that others may write meanwhile; what they add is found on the disk.
    """
    after: tuple[float, str] = (float("-inf"), "")
    while True:
        rows = _page(folder, after)
        breather = Breather()
        with collector_paused(len(rows) > 1000):
            found: dict[str, Kept] = {}
            for (_added, key, scan, revisions, predictions, _text), listed in zip(rows, _parsed(rows), strict=True):
                with suppress(*_OF_NO_USE):
                    kept = Kept((int(scan), int(revisions), int(predictions)), from_row(listed))
                    if kept.listed.key == key:
                        found[key] = kept
                if len(found) % BREATH == 0:
                    breather.breathe()
        if found:
            yield found
        if len(rows) < PAGE:
            return
        after = float(rows[-1][0]), rows[-1][1]


def _page(folder: Path, after: tuple[float, str]) -> list[_Row]:
    """The rows that follow one."""
    said = "SELECT added, key, scan, revisions, predictions, listed FROM scans"
    with suppress(sqlite3.Error), closing(_open(folder)) as base:
        if base.execute("PRAGMA user_version").fetchone() == (VERSION,):
            where = "WHERE (added, key) > (?, ?) ORDER BY added, key LIMIT ?"
            return base.execute(f"{said} {where}", (*after, PAGE)).fetchall()
    return []


def load_entries(folder: Path, keys: tuple[str, ...] | None = None) -> Iterator[tuple[str, Entry]]:
    """The entries that the index holds of some scans, or of all; those of no use are left out."""
    with suppress(sqlite3.Error), closing(_open(folder)) as base:
        if base.execute("PRAGMA user_version").fetchone() != (VERSION,):
            return
        if keys is None:
            found = base.execute("SELECT key, entry FROM entries")
        else:
            found = (
                row
                for key in keys
                for row in base.execute("SELECT key, entry FROM entries WHERE key = ?", (key,)).fetchall()
            )
        for key, row in found:
            with suppress(Malformed, DatasetProblem, ValueError):
                yield str(key), entry_of(json.loads(row), folder / "scans" / str(key))


def save_index(folder: Path, entries: Mapping[str, tuple[Entry, Listed]], gone: frozenset[str] = frozenset()) -> bool:
    """Put entries into the index and take those out that are gone; whether it could be written.

    Scans with a damaged file are left out: they are looked at again.
    """
    path = folder / NAME
    sound = {key: pair for key, pair in entries.items() if not pair[0].problems}
    listed = [(key, row.added, *stamps_of(entry), json.dumps(to_row(row))) for key, (entry, row) in sound.items()]
    headers = [(key, json.dumps(row_of(entry))) for key, (entry, _row) in sound.items()]
    gone |= entries.keys() - sound.keys()
    try:
        _write(path, listed, headers, gone)
    except sqlite3.DatabaseError:
        with suppress(OSError, sqlite3.Error):
            path.unlink(missing_ok=True)
            _write(path, listed, headers, gone)
            return True
        return False
    return True


def _open(folder: Path) -> sqlite3.Connection:
    """The index for reading; raises `sqlite3.Error` where there is none."""
    return sqlite3.connect(f"{(folder / NAME).as_uri()}?mode=ro", uri=True)


def _parsed(rows: list[_Row]) -> Iterator[Any]:
    """The JSON in the rows, many in one go, which is several times as fast; one by one where one is damaged.

    Not all in one go: other threads would have to wait for the whole of it.
    """
    for start in range(0, len(rows), AT_ONCE):
        texts = [row[5] for row in rows[start : start + AT_ONCE]]
        try:
            found = json.loads(f"[{','.join(texts)}]")
        except _OF_NO_USE:
            found = list[Any]()
        yield from found if len(found) == len(texts) else map(_parsed_one, texts)


def _parsed_one(text: str) -> Any:
    with suppress(*_OF_NO_USE):
        return json.loads(text)
    return None


def _write(path: Path, listed: list[tuple[Any, ...]], headers: list[tuple[str, str]], gone: frozenset[str]) -> None:
    with closing(sqlite3.connect(path, timeout=5.0)) as base, base:
        base.execute("PRAGMA synchronous = OFF")
        if base.execute("PRAGMA user_version").fetchone() != (VERSION,):
            for table in ("scans", "entries"):
                base.execute(f"DROP TABLE IF EXISTS {table}")
            columns = "added REAL, scan INTEGER, revisions INTEGER, predictions INTEGER, listed TEXT NOT NULL"
            base.execute(f"CREATE TABLE scans (key TEXT PRIMARY KEY, {columns})")
            base.execute("CREATE INDEX scans_by_added ON scans (added, key)")
            base.execute("CREATE TABLE entries (key TEXT PRIMARY KEY, entry TEXT NOT NULL)")
            base.execute(f"PRAGMA user_version = {VERSION}")
        for table in ("scans", "entries"):
            base.executemany(f"DELETE FROM {table} WHERE key = ?", [(key,) for key in gone])
        base.executemany("INSERT OR REPLACE INTO scans VALUES (?, ?, ?, ?, ?, ?)", listed)
        base.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?)", headers)
