"""NIfTI: a label map for each scan, and its values beside it, on the same voxels in RAS millimetres."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.exporter import ExportProblem, ExportView
from export.labelmaps import labelled_scans
from export.report import Tally
from imaging.geometry import Affine
from imaging.progress import Progress
from imaging.scan import Spacing

CODES = {
    "uint8": 2, "int16": 4, "int32": 8, "float32": 16, "float64": 64, "int8": 256, "uint16": 512, "uint32": 768,
    "int64": 1024, "uint64": 1280,
}  # fmt: skip
HEADER = 348
OFFSET = 352


class Nifti:
    """`<split>/images/*.nii.gz` and `<split>/labels/*.nii.gz`, with `labels.json` naming the values."""

    name = "nifti"
    title = "NIfTI masks"
    description = "A label map for each scan and its values beside it, .nii.gz (nnU-Net, MONAI, ITK-SNAP)"
    takes_measurements = False

    def write(self, view: ExportView, folder: Path, tally: Tally, progress: Progress) -> None:
        """Write label maps, values and the names of the labels."""
        for scan in labelled_scans(view, tally, progress):
            record = scan.looked.record
            for kind, voxels in (("labels", scan.labels), ("images", scan.values)):
                if voxels is not None:
                    place = folder / record.split / kind / f"{record.key}.nii.gz"
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(encode_nifti(voxels, record.info.affine, record.info.spacing_mm, record.title))
        names = {"background": 0, **{label.id: number + 1 for number, label in enumerate(view.labels.labels)}}
        (folder / "labels.json").write_text(json.dumps(names, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def encode_nifti(voxels: NDArray[Any], affine: Affine | None, spacing: Spacing, title: str) -> bytes:
    """A (planes, rows, columns) array as a gzipped NIfTI-1 file.

    The affine goes into the sform with x and y turned from LPS to RAS. Without one, only the spacing is said; where
    that is unknown too, the units are `unknown`.
    """
    import imagecodecs

    planes, rows, columns = voxels.shape
    if max(voxels.shape) > 32767:
        raise ExportProblem(
            f"is {columns} × {rows} × {planes} voxels large", title, "NIfTI holds 32767 along each side"
        )
    little = np.ascontiguousarray(voxels.astype(voxels.dtype.newbyteorder("<"), copy=False))
    steps = affine.spacing() if affine is not None else tuple(step or 1.0 for step in spacing)
    known = affine is not None or all(step is not None for step in spacing)
    header = bytearray(OFFSET)
    struct.pack_into("<i", header, 0, HEADER)
    struct.pack_into("<8h", header, 40, 3, columns, rows, planes, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, CODES[little.dtype.name], little.dtype.itemsize * 8)
    struct.pack_into("<8f", header, 76, 1.0, *steps, 1.0, 1.0, 1.0, 1.0)
    struct.pack_into("<3f", header, 108, OFFSET, 1.0, 0.0)
    header[123] = 2 if known else 0  # millimetres
    if affine is not None:
        ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine.matrix
        struct.pack_into("<2h", header, 252, 0, 1)  # no qform, sform in scanner coordinates: it may be sheared
        struct.pack_into("<12f", header, 280, *(float(value) for value in ras[:3].ravel()))
    header[344:348] = b"n+1\0"
    return bytes(imagecodecs.gzip_encode(bytes(header) + little.tobytes(), 1))


PLUGIN = Nifti()
