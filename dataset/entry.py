"""What is known of each scan's folder, and how it is brought up to date without reading what was read before.

Predictions and revisions are never rewritten, so a file known by its name need not be opened again.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from dataset.durable import is_part, remove_stale_parts, told
from dataset.errors import DatasetProblem
from dataset.facts import Facts, make_from, read_json
from dataset.files import Json, header_of, prediction_header, revision_header, scan_from_json
from dataset.heads import age, head_of
from dataset.piecewise import peek
from dataset.record import PredictionSummary, Revision, ScanRecord

T = TypeVar("T")
Stamps = tuple[int, int, int]
"""When `scan.json`, `revisions` and `predictions` changed last, in nanoseconds; see `_stamp`."""
SCAN, REVISIONS, PREDICTIONS = "scan.json", "revisions", "predictions"
_FOR_READERS = {"rejected", "masks", "heat_maps"}
LARGE = 2**20
"""Files of marks above this are not read whole for what stands at their beginning."""
UNSETTLED_NS = 100_000_000
"""A folder changed so recently may change again within the same tick of its clock, so it is looked at again."""


@dataclass(slots=True)
class Entry:
    """One scan's folder as last looked at."""

    folder: Path
    record: ScanRecord | None = None
    revisions: dict[str, Revision] = field(default_factory=dict[str, Revision])
    predictions: dict[str, PredictionSummary] = field(default_factory=dict[str, PredictionSummary])
    headers: dict[str, Json] = field(default_factory=dict[str, Json])
    """The JSON behind them by path inside the scan's folder, for the index."""
    stamps: dict[str, int] = field(default_factory=dict[str, int])
    problems: dict[str, DatasetProblem] = field(default_factory=dict[str, DatasetProblem])
    """Files that cannot be read, by path inside the scan's folder."""

    def check(self) -> ScanRecord:
        """The scan's record; raises what is wrong with any file of it."""
        for problem in self.problems.values():
            raise problem
        assert self.record is not None
        return self.record

    def summary(self, *, is_edited: bool) -> ScanRecord | None:
        """The record with its state; `None` where not even the scan's own file can be read."""
        if self.record is None:
            return None
        head = head_of(self.revisions.values())
        state = head.revision.state if head.revision else "unseen"
        predictions = tuple(sorted(self.predictions.values(), key=lambda p: (p.created.timestamp(), p.id)))
        problem = "; ".join(str(problem) for problem in self.problems.values())
        state = "in progress" if is_edited else state
        return replace(self.record, state=state, head=head, predictions=predictions, problem=problem)

    def sorted_revisions(self) -> tuple[Revision, ...]:
        """All revisions, oldest first."""
        return tuple(sorted(self.revisions.values(), key=age))

    def refresh(self) -> bool:
        """Look at the folder again; whether anything had changed."""
        home = str(self.folder)
        stamp = _stamp(f"{home}/{SCAN}")
        changed = False
        if stamp == 0 or stamp != self.stamps.get(SCAN):
            self._read(SCAN)
            self.stamps[SCAN] = stamp
            changed = True
        for kind in (REVISIONS, PREDICTIONS):
            stamp = _stamp(f"{home}/{kind}")
            if stamp == -1 and kind not in self.stamps:
                self.stamps[kind] = stamp
            elif stamp == 0 or stamp != self.stamps.get(kind):
                changed |= self._look_into(kind) or stamp != 0
                self.stamps[kind] = stamp
        return changed

    def add(self, revision: Revision) -> None:
        """Take in a revision just committed; it need not be read back."""
        self.revisions[revision.id] = revision
        self.headers[f"{REVISIONS}/{revision.id}.json"] = header_of(revision)

    def _look_into(self, kind: str) -> bool:
        """Read the headers of files not known yet, and forget those that are gone; whether there were any."""
        try:
            names = os.listdir(self.folder / kind)
        except FileNotFoundError:
            names = list[str]()
        if any(name.endswith(".part") and is_part(name) for name in names):
            remove_stale_parts(self.folder / kind)
        present = {f"{kind}/{name}" for name in names if name.endswith(".json")}
        known = {path for path in (*self.headers, *self.problems) if path.startswith(f"{kind}/")}
        for path in known - present:
            self._forget(path)
        for path in present - set(self.headers):
            self._read(path)
        return present != known

    def _read(self, path: str) -> None:
        """Read one file's header; what is wrong with it becomes a problem of the entry."""
        self._forget(path)
        try:
            self.put(path, _header_of(self.folder / path, is_scan=path == SCAN))
        except DatasetProblem as problem:
            self.problems[path] = problem

    def put(self, path: str, header: object) -> None:
        """Take in the header of one file; raises `DatasetProblem`."""
        where = self.folder / path
        if path == SCAN:
            self.record = make_from(header, where, lambda facts: _named(scan_from_json(facts), self.folder.name))
        elif path.startswith(REVISIONS):
            revision = make_from({"overread": header}, where, revision_header)
            self.revisions[_named(revision, where.stem).id] = revision
        else:
            prediction = make_from({"overread": header}, where, prediction_header)
            self.predictions[_named(prediction, where.stem).id] = prediction
        # The rejected, the heat maps and the files' hashes are for those who read the marks.
        self.headers[path] = {
            k: v for k, v in cast("Json", header).items() if k not in {"rejected", "masks", "heat_maps"}
        }

    def _forget(self, path: str) -> None:
        self.headers.pop(path, None)
        self.problems.pop(path, None)
        identity = Path(path).stem
        if path == SCAN:
            self.record = None
        else:
            cast("dict[str, Any]", self.revisions if path.startswith(REVISIONS) else self.predictions).pop(identity, 0)


def entry_of(stored: object, folder: Path) -> Entry:
    """The entry of an index row; raises `Malformed` or `DatasetProblem` where it is of no use."""
    facts = Facts(stored)
    entry = Entry(folder)
    stamps = facts.inner("stamps")
    entry.stamps = {name: stamps.whole(name) for name in (SCAN, REVISIONS, PREDICTIONS)}
    for path, header in facts.inner("headers").values.items():
        entry.put(path, header)
    return entry


def row_of(entry: Entry) -> Json:
    """What the index keeps of an entry."""
    return {"stamps": entry.stamps, "headers": entry.headers}


def stamps_of(entry: Entry) -> Stamps:
    """What the folder of an entry looked like when it was looked at."""
    return (entry.stamps[SCAN], entry.stamps[REVISIONS], entry.stamps[PREDICTIONS])


def may_have_changed(folder: str, seen: Stamps) -> bool:
    """Whether a scan's folder has to be looked into again, by three quick looks from outside."""
    for name, stamp in zip((SCAN, REVISIONS, PREDICTIONS), seen, strict=True):
        if stamp == 0:
            return True
        try:
            changed = os.stat(f"{folder}/{name}").st_mtime_ns
        except OSError:
            changed = -1
        if changed != stamp:
            return True
    return False


def _header_of(path: Path, *, is_scan: bool) -> object:
    """What a file says of itself. Of a large file only its beginning, and that it has its end, are looked at."""
    if is_scan:
        return read_json(path, lambda facts: facts.values)
    with told(path), path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size > LARGE:
            file.seek(size - 2)
            is_whole = file.read() in {b"]}", b"}\n", b"}}"}
            file.seek(0)
            with suppress(ValueError, RecursionError):
                header = peek(file.read(16 * LARGE), "overread")
                if is_whole:
                    return header
    return read_json(path, lambda facts: facts.raw("overread"))


def _named(item: T, name: str) -> T:
    """The item, once it is the one its file's name says; a copy under another name is no second one."""
    identity = item.key if isinstance(item, ScanRecord) else cast("Revision", item).id
    if identity != name:
        raise DatasetProblem(f"is damaged: it says it is {identity!r}", name, "Give it its name back")
    return item


def _stamp(path: str) -> int:
    """When a file or folder changed last; 0 where that is too recent to rely on, -1 where it is absent."""
    try:
        changed = os.stat(path).st_mtime_ns
    except OSError:
        return -1
    return 0 if time.time_ns() - changed < UNSETTLED_NS else changed
