"""What an export format is, and what it sees of a dataset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from dataset.label import LabelSet
from dataset.record import LookedAt
from export.report import Tally
from imaging.errors import Problem
from imaging.progress import Progress
from imaging.scan import Scan


class ExportProblem(Problem):
    """An export that cannot be made."""


@dataclass(frozen=True, slots=True)
class ExportView:
    """What exporters see: the labels in their order, the scans that were looked at, and their pixels."""

    labels: LabelSet
    scans: tuple[LookedAt, ...]
    open_pixels: Callable[[str], Scan]
    """The scan of a key: a `Volume` where the dataset keeps its pixels, else a slide. Raises `Problem`."""

    def label_number(self, label: str) -> int | None:
        """The place of a label in the label set, from 0; `None` for one that is not in it."""
        return next((number for number, entry in enumerate(self.labels.labels) if entry.id == label), None)


@runtime_checkable
class Exporter(Protocol):
    """A format that trainers read."""

    name: str
    title: str
    description: str
    takes_measurements: bool
    """Whether it gets lengths, angles and regions that a reader measured, too; trainers do not, for they are no
    findings."""

    def write(self, view: ExportView, folder: Path, tally: Tally, progress: Progress) -> None:
        """Write everything into an empty folder, counting it."""
        ...
