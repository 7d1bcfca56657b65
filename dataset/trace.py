"""What a scan's files look like from outside: what was read of it is still true while that stays the same."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from dataset.entry import PREDICTIONS, REVISIONS, SCAN, UNSETTLED_NS


@dataclass(frozen=True, slots=True)
class Trace:
    """When a scan's files changed, and which journals there are of it."""

    changed: tuple[int, ...]
    """Of `scan.json`, `revisions` and `predictions`, in nanoseconds; -1 for what is absent."""
    journals: tuple[str, ...]
    """Files that hold edits of the scan which may be in no revision, of any session."""
    is_settled: bool
    """Whether the last change is so long ago that another would be seen."""


def trace_of(folder: Path, key: str) -> Trace:
    """The trace of a scan of the dataset in a folder; of a scan that is not there, too."""
    home = f"{folder}/scans/{key}"
    changed = tuple(_changed(f"{home}/{name}") for name in (SCAN, REVISIONS, PREDICTIONS))
    try:
        names = os.listdir(folder / "journal")
    except OSError:
        names = list[str]()
    journals = tuple(sorted(name for name in names if name.endswith(f"-{key}.jsonl")))
    return Trace(changed, journals, time.time_ns() - max(changed) >= UNSETTLED_NS)


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return -1
