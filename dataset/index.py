"""The index: what was read from the scans' folders, so that opening a large dataset need not read it all again.

It is derived and may be deleted at any time; whatever is wrong with it, it is made anew. Nothing waits for it to be
on the disk.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

from dataset.entry import Entry, entry_of, row_of
from dataset.errors import DatasetProblem
from dataset.facts import Malformed

NAME = "index.sqlite"
VERSION = 1


def load_index(folder: Path) -> dict[str, Entry]:
    """The entries of the index by scan key; rows that are of no use are left out."""
    entries: dict[str, Entry] = {}
    path = folder / NAME
    if not path.exists():
        return entries
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as base:
        if base.execute("PRAGMA user_version").fetchone() != (VERSION,):
            return entries
        for key, row in base.execute("SELECT key, entry FROM scans"):
            with suppress(Malformed, DatasetProblem, ValueError):
                entries[str(key)] = entry_of(json.loads(row), folder / "scans" / str(key))
    return entries


def save_index(folder: Path, entries: Mapping[str, Entry], gone: frozenset[str] = frozenset()) -> None:
    """Put entries into the index and take those out that are gone; does nothing where it cannot be written."""
    path = folder / NAME
    rows = [(key, json.dumps(row_of(entry))) for key, entry in entries.items() if not entry.problems]
    try:
        _write(path, rows, gone)
    except sqlite3.DatabaseError:
        with suppress(OSError, sqlite3.Error):
            path.unlink(missing_ok=True)
            _write(path, rows, gone)


def _write(path: Path, rows: list[tuple[str, str]], gone: frozenset[str]) -> None:
    with closing(sqlite3.connect(path, timeout=5.0)) as base, base:
        base.execute("PRAGMA synchronous = OFF")
        if base.execute("PRAGMA user_version").fetchone() != (VERSION,):
            base.execute("DROP TABLE IF EXISTS scans")
            base.execute("CREATE TABLE scans (key TEXT PRIMARY KEY, entry TEXT NOT NULL)")
            base.execute(f"PRAGMA user_version = {VERSION}")
        base.executemany("DELETE FROM scans WHERE key = ?", [(key,) for key in gone])
        base.executemany("INSERT OR REPLACE INTO scans VALUES (?, ?)", rows)
