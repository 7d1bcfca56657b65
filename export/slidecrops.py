"""Crops around the marks of slides that are kept by reference: each is read by itself, never the slide as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dataset.annotation import WholeScan
from dataset.record import LookedAt
from export.exporter import ExportView
from export.raster import extent_on, planes_of, touched_pixels
from export.report import Tally
from imaging.errors import Problem
from imaging.geometry import Region
from imaging.progress import Progress
from imaging.scan import Pixels

QUALITY = 95
LARGEST_SIDE = 4096
"""Pixels; what a larger mark covers is no crop but a field of its own."""


def is_by_reference(looked: LookedAt) -> bool:
    """Whether a scan is a slide whose pixels lie elsewhere."""
    return looked.record.info.kind == "slide" and not looked.record.pixels


def slide_crops(
    view: ExportView, looked: LookedAt, names: Mapping[str, str], folder: Path, tally: Tally, progress: Progress
) -> list[list[object]]:
    """Write the crops of one slide; their rows for the table. A slide that is not found is left out."""
    from PIL import Image

    record, revision = looked.record, looked.revision
    try:
        scan = view.open_pixels(record.key)
    except Problem as problem:
        tally.leave_out("slides that could not be opened")
        tally.note(str(problem))
        return []
    rows: list[list[object]] = []
    marks = looked.snapshot.annotations
    try:
        for number, mark in enumerate(marks):
            progress.report(number, len(marks))
            if isinstance(mark.geometry, WholeScan):
                tally.leave_out("labels of a whole slide, which is too large for a crop")
                continue
            for plane in planes_of(mark.geometry):
                extent = extent_on(mark.geometry, plane, *record.info.size.on_plane(plane.axis))
                if extent is None or mark.label not in names:
                    tally.leave_out("points, and marks outside their scan")
                    continue
                x, y, width, height = touched_pixels(extent)
                if max(width, height) > LARGEST_SIDE:
                    tally.leave_out(f"marks of slides wider or higher than {LARGEST_SIDE} pixels")
                    continue
                split = record.split
                file = f"{split}/{names[mark.label]}/{record.key}_k{plane.index:04}_{number:06}.jpg"
                pixels = scan.read(Region(plane, x, y, width, height))
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(_eight_bit(pixels)).save(folder / file, quality=QUALITY, subsampling=0)
                where: list[object] = [plane.axis, plane.index, x, y, width, height, record.group]
                whose: list[object] = [mark.id, mark.author, "" if mark.score is None else mark.score]
                about: list[object] = [revision.author, revision.basis, revision.id]
                rows.append([file, mark.label, split, record.key, *where, *whose, *about])
                tally.mark(mark.id, mark.label)
                tally.scan(record.key, split, revision.basis)
    finally:
        scan.close()
    return rows


def _eight_bit(pixels: Pixels) -> Pixels:
    """Colour as it is; of channels the first three, each stretched over its own range; grey likewise."""
    if pixels.dtype == np.uint8 and (pixels.ndim == 2 or pixels.shape[2] == 3):
        return np.ascontiguousarray(pixels)
    values = np.atleast_3d(pixels)[:, :, :3].astype(np.float32)
    low, high = values.min(axis=(0, 1)), values.max(axis=(0, 1))
    scaled = np.clip((values - low) / np.maximum(high - low, 1) * 255, 0, 255).astype(np.uint8)
    if scaled.shape[2] == 2:
        scaled = np.concatenate([scaled, np.zeros_like(scaled[:, :, :1])], axis=2)
    return np.ascontiguousarray(scaled[:, :, 0] if scaled.shape[2] == 1 else scaled)
