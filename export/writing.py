"""Writing a dataset for others: an export gets its folder whole or not at all."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dataset.measurement import labels_of_findings, without_measurements
from dataset.record import LookedAt, Split
from export.exporter import Exporter, ExportProblem, ExportView
from export.report import NAME, ExportReport, Tally, write_report
from imaging.plugins import gather
from imaging.progress import Progress

if TYPE_CHECKING:
    from dataset.folder import Dataset

STALE_SECONDS = 86400.0


def exporters() -> tuple[Exporter, ...]:
    """All formats."""
    from export import formats

    return gather(formats, Exporter)


def exporter_named(name: str) -> Exporter:
    """The format of a name."""
    known = {exporter.name: exporter for exporter in exporters()}
    if name not in known:
        raise ExportProblem(f"is no export format; there are {', '.join(known)}", repr(name), "Choose one of them")
    return known[name]


def view_of(dataset: Dataset, split: Split | None = None) -> ExportView:
    """What may be exported of a dataset: scans that a person or an acceptance has settled, never unseen ones."""
    scans = tuple(dataset.export_view(split))
    if not scans:
        advice = "Accept predictions, correct them, or confirm scans as empty first"
        raise ExportProblem(
            "has no scan that was looked at" + (f" in {split}" if split else ""), dataset.folder, advice
        )
    return ExportView(dataset.labels, scans, dataset.open_pixels)


def export(view: ExportView, exporter: Exporter, folder: Path, progress: Progress) -> ExportReport:
    """Write an export; the folder appears, or replaces an earlier export, only when all of it is written.

    A folder that holds files which no earlier export wrote is left as it is, and refused.
    """
    folder = folder.absolute()
    tally = Tally()
    unfinished = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _clear_up(folder)
        _require_ours(folder)
        unfinished.mkdir()
        try:
            seen = view if exporter.takes_measurements else findings_of(view, tally)
            exporter.write(seen, unfinished, tally, progress)
            report = tally.report(exporter.name)
            write_report(report, exporter.title, unfinished)
            _put_in_place(unfinished, folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        place = error.filename if isinstance(error.filename, str) else str(folder)
        advice = "Nothing was changed; make room or choose another folder"
        raise ExportProblem(f"cannot be written ({error.strerror or error})", place, advice) from error
    return report


def findings_of(view: ExportView, tally: Tally) -> ExportView:
    """What trainers get: without measurements and their label. A scan that was only measured says nothing of itself."""
    scans: list[LookedAt] = []
    for looked in view.scans:
        found = without_measurements(looked.snapshot)
        left = len(looked.snapshot.annotations) - len(found.annotations)
        if left:
            tally.leave_out("measurements, which are no findings", left)
        if found.annotations or found is looked.snapshot or looked.revision.basis == "confirmed empty":
            scans.append(replace(looked, snapshot=found))
        else:
            tally.leave_out("scans that were only measured")
    return replace(view, labels=labels_of_findings(view.labels), scans=tuple(scans))


def export_dataset(
    dataset: Dataset, name: str, folder: Path, progress: Progress, *, split: Split | None = None
) -> ExportReport:
    """Write what was looked at in a dataset, in the format of a name; see `export`."""
    return export(view_of(dataset, split), exporter_named(name), folder, progress)


def _require_ours(folder: Path) -> None:
    """Refuse a folder that holds anything an earlier export did not write."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ExportProblem("is a file", folder, "Name a folder")
    ours: set[str] = set()
    with suppress(OSError, ValueError, KeyError, TypeError):
        ours = set(json.loads((folder / NAME).read_text(encoding="utf-8"))["files"])
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if (path.is_symlink() or not path.is_dir()) and name not in ours:
            raise ExportProblem(f"holds a file that is not from an export ({name})", folder, "Choose another folder")


def _put_in_place(new: Path, folder: Path) -> None:
    """Give the new folder its name; an earlier export goes once the new one is there."""
    if not folder.exists():
        new.rename(folder)
        return
    _require_ours(folder)
    old = folder.with_name(f"{new.name.removesuffix('.part')}.old")
    folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _clear_up(folder: Path) -> None:
    """Undo what an export left that was killed: bring an earlier export back, remove what is stale."""
    for path in folder.parent.glob(f".{folder.name}.*.old"):
        if folder.exists():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.rename(folder)
    for path in folder.parent.glob(f".{folder.name}.*.part"):
        if time.time() - path.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
