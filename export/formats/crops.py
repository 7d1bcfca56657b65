"""Crops: a JPEG of what each mark covers, in a folder per split and label, and `labels.csv`."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

from dataset.annotation import Annotation, WholeScan
from export.exporter import ExportView
from export.pictures import Picture, pictures
from export.raster import Extent, extent_on, touched_pixels
from export.report import Tally
from export.slidecrops import is_by_reference, slide_crops
from imaging.progress import Progress

QUALITY = 95
COLUMNS = (
    "file", "label", "split", "scan", "axis", "plane", "x", "y", "width", "height", "patient_group", "annotation",
    "author", "score", "reader", "basis", "revision",
)  # fmt: skip


class Crops:
    """`<split>/<label>/*.jpg`: the pixels that the box around a mark touches; a label of the whole scan gives all."""

    name = "crops"
    title = "Crops for classifiers"
    description = "A JPEG of each mark in a folder per label, and labels.csv (torchvision, timm)"
    takes_measurements = False

    def write(self, view: ExportView, folder: Path, tally: Tally, progress: Progress) -> None:
        """Write the crops and the table."""
        rows: list[list[object]] = []
        names = _folder_names(view)
        slides = tuple(looked for looked in view.scans if is_by_reference(looked))
        rest = replace(view, scans=tuple(looked for looked in view.scans if looked not in slides))
        for number, looked in enumerate(slides):
            part = progress.part(number / len(view.scans), 1 / len(view.scans), looked.record.title)
            rows += slide_crops(view, looked, names, folder, tally, part)
        share = len(slides) / max(len(view.scans), 1)
        for picture in pictures(rest, tally, progress.part(share, 1 - share), whole_labels=True):
            for number, mark in enumerate(_marks(picture)):
                extent = _extent(mark, picture)
                if extent is None or mark.label not in names:
                    tally.leave_out("points, and marks outside their scan")
                    continue
                file = f"{picture.split}/{names[mark.label]}/{picture.name}_{number:04}.jpg"
                x, y, width, height = _save(picture, extent, folder / file)
                record, revision = picture.looked.record, picture.looked.revision
                where = [picture.plane.axis, picture.plane.index, x, y, width, height, record.group]
                whose = [mark.id, mark.author, "" if mark.score is None else mark.score]
                about = [revision.author, revision.basis, revision.id]
                rows.append([file, mark.label, picture.split, record.key, *where, *whose, *about])
                tally.mark(mark.id, mark.label)
                tally.scan(record.key, picture.split, revision.basis)
        with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as target:
            writer = csv.writer(target)
            writer.writerow(COLUMNS)
            writer.writerows(rows)


def _marks(picture: Picture) -> list[Annotation]:
    """Marks of the plane, and labels of the whole scan where nothing else is marked."""
    if picture.marks:
        return list(picture.marks)
    return [mark for mark in picture.looked.snapshot.annotations if isinstance(mark.geometry, WholeScan)]


def _extent(mark: Annotation, picture: Picture) -> Extent | None:
    if isinstance(mark.geometry, WholeScan):
        return 0.0, 0.0, float(picture.size[0]), float(picture.size[1])
    return extent_on(mark.geometry, picture.plane, *picture.size)


def _save(picture: Picture, extent: Extent, place: Path) -> tuple[int, int, int, int]:
    from PIL import Image

    x, y, width, height = touched_pixels(extent)
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture.pixels[y : y + height, x : x + width]).save(place, quality=QUALITY, subsampling=0)
    return x, y, width, height


def _folder_names(view: ExportView) -> dict[str, str]:
    """A folder name for each label id: letters, digits, `-`, `_` and `.`; numbered where two would be the same."""
    names: dict[str, str] = {}
    for number, label in enumerate(view.labels.labels):
        name = re.sub(r"[^\w.-]+", "_", label.id).strip("._") or f"label{number}"
        taken = {other.lower() for other in names.values()}
        names[label.id] = f"{name}_{number}" if name.lower() in taken else name
    return names


PLUGIN = Crops()
