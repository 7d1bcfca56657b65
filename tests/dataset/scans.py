"""Small scans and marks for the dataset's tests."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from dataset.annotation import Annotation, Box, Geometry, Proposal, new_id
from dataset.label import Label, LabelSet
from dataset.prediction import ModelRef, Prediction
from imaging.geometry import Affine, Plane, Size
from imaging.loaded import LoadedScan
from imaging.scan import Examination, Pixels, Rescale, Scan, ScanInfo, Window

DISC = Label("disc", "Disc", "#3fa7d6", "1")
NODULE = Label("nodule", "Nodule", "#d63f5c", "2")
LABELS = LabelSet("spine", (DISC, NODULE))
MODEL = ModelRef("discs", "1", "0" * 64)
WHEN = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)


def picture(voxels: Pixels | None = None, *, patient: str = "", name: str = "img_7.png") -> LoadedScan:
    """A grey picture of 48 × 32."""
    pixels: Pixels = np.arange(32 * 48, dtype=np.uint8).reshape(1, 32, 48) if voxels is None else voxels
    info = ScanInfo(
        name,
        "pictures",
        "picture",
        Size(pixels.shape[2], pixels.shape[1]),
        pixels.dtype.name,
        pixels.shape[3] if pixels.ndim == 4 else 1,
        examination=Examination(patient=patient),
        sources=(Path("/data") / name,),
    )
    return LoadedScan(info, pixels)


def volume(*, patient: str = "") -> LoadedScan:
    """An oblique CT of 20 × 16 × 6 with everything a description can say."""
    pixels = np.random.default_rng(1).integers(-1000, 2000, (6, 16, 20)).astype(np.int16)
    affine = Affine.from_directions((10.0, -20.5, 30.25), (0.5, 0.1, 0.0), (-0.1, 0.5, 0.0), (0.0, 0.2, 2.5))
    info = ScanInfo(
        "vol_12.mha",
        "mha",
        "volume",
        Size(20, 16, 6),
        "int16",
        spacing_mm=affine.spacing(),
        affine=affine,
        rescale=Rescale(1.0, -1024.0, "HU"),
        inverted=True,
        windows=(Window(40.0, 400.0, "soft"), Window(-600.0, 1500.0)),
        modality="CT",
        examination=Examination(patient, "1.2.3", "1.2.3.4", "Abdomen"),
        header=(("KVP", "120"),),
        notes=("planes sorted by position",),
    )
    return LoadedScan(info, pixels)


def loaded(scan: Scan) -> LoadedScan:
    """A scan whose pixels the dataset keeps."""
    assert isinstance(scan, LoadedScan)
    return scan


def annotation(
    geometry: Geometry | None = None, label: str = "disc", author: str = "ana", **more: object
) -> Annotation:
    """One mark; a box where no geometry is given."""
    place = geometry if geometry is not None else Box(Plane(), 1.5, 2.25, 10.0, 7.5)
    return Annotation(new_id(), label, place, author, WHEN, **more)  # type: ignore[arg-type]


def prediction(scan: str, *geometries: Geometry, model: ModelRef = MODEL, **more: object) -> Prediction:
    """A prediction with one proposal for each geometry (one box where none is given)."""
    places = geometries or (Box(Plane(), 3.0, 4.0, 5.0, 6.0),)
    proposals = tuple(
        Proposal(new_id(), "disc", place, 0.5 + number / 100, (("disc", 0.5), ("nodule", 0.25)))
        for number, place in enumerate(places)
    )
    return Prediction(new_id(), scan, model, "cpu", WHEN, 0.25, proposals, **more)  # type: ignore[arg-type]
