"""What an export wrote: counts and what was left out and why, kept beside it as `export.json` and `export.md`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dataset.annotation import now

NAME = "export.json"
TEXT = "export.md"


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written. `left_out` tells why things are missing, and how many."""

    format: str
    made: datetime
    scans: int
    annotations: int
    labels: Mapping[str, int]
    """Annotations written, by label id."""
    splits: Mapping[str, int]
    """Scans written, by split."""
    bases: Mapping[str, int]
    """Scans written, by the basis of their revision."""
    left_out: Mapping[str, int]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        left = sum(self.left_out.values())
        return f"{self.scans} scans, {self.annotations} annotations" + (f", {left} things left out" if left else "")


class Tally:
    """Counts while an export is written."""

    def __init__(self) -> None:
        self._scans: dict[str, tuple[str, str]] = {}
        self._marks: dict[str, str] = {}
        self._left_out: Counter[str] = Counter()
        self._notes: dict[str, None] = {}

    def scan(self, key: str, split: str, basis: str) -> None:
        """A scan was written (counted once, however many files it became)."""
        self._scans[key] = split, basis

    def mark(self, annotation: str, label: str) -> None:
        """An annotation was written (counted once, on however many planes it lies)."""
        self._marks[annotation] = label

    def leave_out(self, reason: str, count: int = 1) -> None:
        """Something was not written, and why."""
        self._left_out[reason] += count

    def note(self, text: str) -> None:
        """Something a trainer should know."""
        self._notes[text] = None

    def report(self, exporter: str) -> ExportReport:
        """The counts so far."""
        return ExportReport(
            exporter,
            now(),
            len(self._scans),
            len(self._marks),
            dict(sorted(Counter(self._marks.values()).items())),
            dict(sorted(Counter(split for split, _ in self._scans.values()).items())),
            dict(sorted(Counter(basis for _, basis in self._scans.values()).items())),
            dict(self._left_out),
            tuple(self._notes),
        )


def facts_of(report: ExportReport) -> dict[str, object]:
    """The report for JSON."""
    return {
        "format": report.format,
        "made": report.made.isoformat(timespec="seconds"),
        "scans": report.scans,
        "annotations": report.annotations,
        "labels": dict(report.labels),
        "splits": dict(report.splits),
        "bases": dict(report.bases),
        "left_out": dict(report.left_out),
        "notes": list(report.notes),
    }


def write_report(report: ExportReport, title: str, folder: Path) -> None:
    """Write the report into an export, with the names of all its files."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    facts = {**facts_of(report), "files": [*files, TEXT, NAME]}
    (folder / TEXT).write_text(_text(report, title), encoding="utf-8")
    (folder / NAME).write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _text(report: ExportReport, title: str) -> str:
    lines = [f"# {title}", "", f"Made {report.made:%Y-%m-%d %H:%M} UTC by Overread. "]
    lines[-1] += f"{report.scans} scans that were looked at, {report.annotations} annotations."
    tables = (("Label", report.labels), ("Split", report.splits), ("Basis", report.bases))
    for name, counts in tables:
        if counts:
            lines += ["", f"| {name} | count |", "|---|---|"]
            lines += [f"| {_cell(key)} | {count} |" for key, count in counts.items()]
    if report.left_out:
        lines += ["", "Left out:", ""]
        lines += [f"- {count} × {_cell(reason)}" for reason, count in report.left_out.items()]
    if report.notes:
        lines += ["", "Good to know:", "", *(f"- {_cell(note)}" for note in report.notes)]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
