"""The folder that YOLO trainers read: pictures, a text file of lines for each, and `data.yaml`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from dataset.annotation import Annotation
from dataset.record import Split
from export.exporter import ExportView
from export.pictures import Picture, Provenance, pictures, write_png
from export.report import Tally
from imaging.progress import Progress

SPLITS: tuple[Split, ...] = ("train", "val", "test")
LineOf: TypeAlias = Callable[[Annotation, Picture], tuple[float, ...] | None]
"""What is said of a mark beside its class, as shares of the picture's size; `None` where there is nothing to say."""


def write_yolo(view: ExportView, folder: Path, tally: Tally, progress: Progress, line_of: LineOf) -> None:
    """Write pictures, lines, `data.yaml` and `pictures.csv`.

    A picture that was looked at and carries no mark has an empty text file.
    """
    provenance = Provenance(folder)
    splits: set[str] = set()
    for picture in pictures(view, tally, progress):
        file = f"images/{picture.split}/{picture.name}.png"
        write_png(picture, folder / file)
        written, lines = _lines(picture, view, tally, line_of)
        text = folder / "labels" / picture.split / f"{picture.name}.txt"
        text.parent.mkdir(parents=True, exist_ok=True)
        text.write_text("".join(lines), encoding="ascii")
        provenance.add(file, picture, written)
        tally.scan(picture.looked.record.key, picture.split, picture.looked.revision.basis)
        splits.add(picture.split)
    provenance.write()
    _write_description(view, splits, folder, tally)


def _lines(picture: Picture, view: ExportView, tally: Tally, line_of: LineOf) -> tuple[list[Annotation], list[str]]:
    written: list[Annotation] = []
    lines: list[str] = []
    for mark in picture.marks:
        number, shares = view.label_number(mark.label), line_of(mark, picture)
        if number is None or shares is None:
            tally.leave_out("points, and marks outside their scan")
            continue
        lines.append(yolo_line(number, shares))
        written.append(mark)
        tally.mark(mark.id, mark.label)
    return written, lines


def yolo_line(number: int, shares: tuple[float, ...]) -> str:
    """One line: class, and what is said of the mark."""
    return f"{number} " + " ".join(f"{share:.9f}" for share in shares) + "\n"


def _write_description(view: ExportView, splits: set[str], folder: Path, tally: Tally) -> None:
    import yaml

    # Without `path`, trainers take the folder this file lies in, wherever the export is moved.
    facts: dict[str, object] = {}
    for split in SPLITS:
        if split in splits:
            facts[split] = f"images/{split}"
    for split in SPLITS[:2]:
        if split not in splits:
            tally.note(f"No scan fell into the split {split!r}, which most trainers ask for; add patients")
    facts["nc"] = len(view.labels.labels)
    facts["names"] = {number: label.id for number, label in enumerate(view.labels.labels)}
    text = yaml.safe_dump(facts, sort_keys=False, allow_unicode=True)
    (folder / "data.yaml").write_text(text, encoding="utf-8")
