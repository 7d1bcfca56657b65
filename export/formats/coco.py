"""COCO: pictures, and one JSON file per split with boxes, polygons and run-length masks."""

# pyright: reportUnknownMemberType=false
from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np

from dataset.annotation import Annotation, Polygon, RotatedBox
from dataset.mask import Bits
from dataset.measurement import described
from export.exporter import ExportView
from export.pictures import Picture, pictures, write_png
from export.raster import Extent, bits_on, extent_on
from export.report import Tally
from imaging.progress import Progress


class Coco:
    """`images/<split>/*.png` and `annotations/instances_<split>.json`.

    A mask is a run-length encoding, on each plane an annotation of its own. A polygon without holes, and a rotated
    box, is a polygon; one with holes becomes a mask. What COCO has no place for is under the key `overread`.
    """

    name = "coco"
    title = "COCO instances"
    description = "Pictures, and a JSON file per split with boxes, polygons and masks (Detectron2, MMDetection)"
    takes_measurements = False

    def write(self, view: ExportView, folder: Path, tally: Tally, progress: Progress) -> None:
        """Write pictures and the files of each split."""
        splits: dict[str, _SplitFile] = {}
        for picture in pictures(view, tally, progress):
            file = f"{picture.name}.png"
            write_png(picture, folder / "images" / picture.split / file)
            splits.setdefault(picture.split, _SplitFile(view)).add(file, picture, tally)
            tally.scan(picture.looked.record.key, picture.split, picture.looked.revision.basis)
        for split, content in splits.items():
            place = folder / "annotations" / f"instances_{split}.json"
            place.parent.mkdir(exist_ok=True)
            place.write_text(json.dumps(content.facts(), ensure_ascii=False), encoding="utf-8")


class _SplitFile:
    """The content of one JSON file."""

    def __init__(self, view: ExportView) -> None:
        self._view = view
        self._images: list[dict[str, object]] = []
        self._annotations: list[dict[str, object]] = []

    def add(self, file: str, picture: Picture, tally: Tally) -> None:
        """Add a picture and its marks."""
        record, revision = picture.looked.record, picture.looked.revision
        width, height = picture.size
        number = len(self._images) + 1
        about: dict[str, object] = {
            "scan": record.key,
            "axis": picture.plane.axis,
            "plane": picture.plane.index,
            "patient_group": record.group,
            "state": record.state,
            "revision": revision.id,
            "reader": revision.author,
            "basis": revision.basis,
        }
        if picture.window is not None:
            about["window"] = [picture.window.centre, picture.window.width]
        self._images.append({"id": number, "file_name": file, "width": width, "height": height, "overread": about})
        for mark in picture.marks:
            label = self._view.label_number(mark.label)
            extent = extent_on(mark.geometry, picture.plane, width, height)
            if label is None or extent is None:
                tally.leave_out("points, and marks outside their scan")
                continue
            shape = _shape(mark, extent, picture)
            whose = {"annotation": mark.id, "author": mark.author, "score": mark.score, "basis": revision.basis}
            said = dict(described(mark))
            if said:
                shape["attributes"] = said
            ids = {"id": len(self._annotations) + 1, "image_id": number, "category_id": label + 1}
            self._annotations.append({**ids, **shape, "iscrowd": 0, "overread": whose})
            tally.mark(mark.id, mark.label)

    def facts(self) -> dict[str, object]:
        """The whole file."""
        labels = self._view.labels.labels
        categories = [{"id": number + 1, "name": label.id, "title": label.name} for number, label in enumerate(labels)]
        return {
            "info": {"description": "Exported by Overread"},
            "images": self._images,
            "annotations": self._annotations,
            "categories": categories,
        }


def run_lengths(bits: Bits) -> dict[str, object]:
    """A mask as COCO's compressed run-length encoding."""
    from pycocotools import mask

    encoded = cast("dict[str, Any]", mask.encode(np.asfortranarray(bits.astype(np.uint8))))
    return {"size": [int(side) for side in encoded["size"]], "counts": bytes(encoded["counts"]).decode("ascii")}


def _shape(mark: Annotation, extent: Extent, picture: Picture) -> dict[str, object]:
    """Box, area and outline of a mark."""
    box = [float(value) for value in extent]
    geometry = mark.geometry
    bits = bits_on(geometry, picture.plane, *picture.size)
    if isinstance(geometry, RotatedBox):
        geometry = geometry.outline()
    if isinstance(geometry, Polygon) and not geometry.holes:
        area = float(np.count_nonzero(bits)) if bits is not None else 0.0
        return {"bbox": box, "area": area, "segmentation": [[value for point in geometry.exterior for value in point]]}
    if bits is not None:
        return {"bbox": box, "area": float(np.count_nonzero(bits)), "segmentation": run_lengths(bits)}
    return {"bbox": box, "area": box[2] * box[3], "segmentation": []}


PLUGIN = Coco()
