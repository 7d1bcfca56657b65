"""The worklist's cases: scans by where they are, by their key in the dataset, or both. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dataset.label import LabelSet
from dataset.listing import Listed
from desktop_app.display import CaseRow
from desktop_app.predicting import benign_of
from imaging.geometry import Size
from imaging.scan import ScanSource

Place = tuple[tuple[Path, ...], str]
"""Where a scan is: its files, and which part of them."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its row, and where its scan is opened from (`None`: from the dataset's own pixels)."""

    row: CaseRow
    source: ScanSource | None = None


def place_of(source: ScanSource) -> Place:
    """Where a source is; two sources at one place are one scan."""
    return source.paths, source.part


def case_of(source: ScanSource) -> Case:
    """The case of a file that nothing is known of yet."""
    return Case(CaseRow(source.title or source.paths[0].name, format=source.format), source)


def row_of(listed: Listed, labels: LabelSet) -> CaseRow:
    """What the worklist says of a scan in the dataset; a label that is no finding raises no suspicion."""
    return rows_of((listed,), labels)[0]


def rows_of(listed: tuple[Listed, ...], labels: LabelSet) -> list[CaseRow]:
    """What the worklist says of scans in the dataset."""
    benign, names = benign_of(labels.labels), {label.id: label.name for label in labels.labels}
    return [_row_of(item, benign, names) for item in listed]


def _row_of(item: Listed, benign: frozenset[str], names: Mapping[str, str]) -> CaseRow:
    label, score = item.top if item.top is not None else ("", None)
    suspicion = None if label in benign else score
    return CaseRow(
        item.title,
        item.state,
        item.key,
        item.format,
        detail_of(item.modality, item.size),
        suspicion,
        "" if suspicion is None else names.get(label, label),
        None,
        item.problem,
        item.added,
        item.readings,
        item.conflicts,
        score,
        item.models,
        item.group,
    )


def detail_of(modality: str, size: Size) -> str:
    """A scan in a few words: modality, size, planes."""
    planes = f" × {size.planes}" if size.planes > 1 else ""
    extent = f"{size.columns} × {size.rows}{planes}"
    return f"{modality} · {extent}" if modality else extent
