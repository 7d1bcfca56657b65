"""YOLO: a picture and a text file of boxes for each plane, and `data.yaml`."""

from __future__ import annotations

from pathlib import Path

from dataset.annotation import Annotation
from dataset.record import Split
from export.exporter import ExportView
from export.pictures import Picture, Provenance, pictures, write_png
from export.raster import Extent, extent_on
from export.report import Tally
from imaging.progress import Progress

SPLITS: tuple[Split, ...] = ("train", "val", "test")


class Yolo:
    """`images/<split>/*.png`, `labels/<split>/*.txt`: a class number and centre x, centre y, width, height per line.

    Numbers are shares of the picture's size. Masks, polygons and lines give the box around them. A picture that was
    looked at and carries no box has an empty text file.
    """

    name = "yolo"
    title = "YOLO boxes"
    description = "Pictures, one text file of boxes each, and data.yaml (Ultralytics, Darknet)"
    takes_measurements = False

    def write(self, view: ExportView, folder: Path, tally: Tally, progress: Progress) -> None:
        """Write pictures, boxes, `data.yaml` and `pictures.csv`."""
        provenance = Provenance(folder)
        splits: set[str] = set()
        for picture in pictures(view, tally, progress):
            file = f"images/{picture.split}/{picture.name}.png"
            write_png(picture, folder / file)
            written, lines = _boxes(picture, view, tally)
            text = folder / "labels" / picture.split / f"{picture.name}.txt"
            text.parent.mkdir(parents=True, exist_ok=True)
            text.write_text("".join(lines), encoding="ascii")
            provenance.add(file, picture, written)
            tally.scan(picture.looked.record.key, picture.split, picture.looked.revision.basis)
            splits.add(picture.split)
        provenance.write()
        _write_description(view, splits, folder, tally)


def yolo_line(number: int, extent: Extent, width: int, height: int) -> str:
    """One box as shares of the picture: class, centre x, centre y, width, height."""
    x, y, across, down = extent
    shares = ((x + across / 2) / width, (y + down / 2) / height, across / width, down / height)
    return f"{number} " + " ".join(f"{share:.9f}" for share in shares) + "\n"


def _boxes(picture: Picture, view: ExportView, tally: Tally) -> tuple[list[Annotation], list[str]]:
    written: list[Annotation] = []
    lines: list[str] = []
    for mark in picture.marks:
        number, extent = view.label_number(mark.label), extent_on(mark.geometry, picture.plane, *picture.size)
        if number is None or extent is None:
            tally.leave_out("points, and marks outside their scan")
            continue
        lines.append(yolo_line(number, extent, *picture.size))
        written.append(mark)
        tally.mark(mark.id, mark.label)
    return written, lines


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


PLUGIN = Yolo()
