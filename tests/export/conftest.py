"""A small dataset with one scan of each kind that exporters must tell apart."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from dataset.annotation import Annotation, Box, Geometry, Points, Polygon, Proposal, WholeScan, new_id, now
from dataset.document import Snapshot
from dataset.folder import Dataset
from dataset.label import Label, LabelSet
from dataset.mask import mask_of_plane, mask_of_volume
from dataset.prediction import ModelRef, Prediction
from imaging.geometry import Affine, Plane, Size
from imaging.loaded import LoadedScan
from imaging.progress import silent
from imaging.scan import Pixels, Rescale, ScanInfo, Window

LABELS = LabelSet(
    "test",
    (
        Label("nucleus", "Nucleus", "#ff0000"),
        Label("L4-L5", "Disc L4-L5", "#00ff80"),
        Label("wörd/../x", "Odd name", "#0000ff"),
        Label("NORMAL", "Normal", "#808080"),
    ),
)

OBLIQUE = Affine(((0.1, -0.9, 0.2, 12.0), (0.5, 0.15, -2.9, -40.0), (-0.6, -0.1, -0.7, 33.5)))
VOLUME_SIZE = Size(columns=24, rows=20, planes=5)


@dataclass(frozen=True, slots=True)
class Made:
    """The dataset, and what was put into it."""

    dataset: Dataset
    marks: dict[str, tuple[Annotation, ...]]
    voxels: dict[str, Pixels]


def mark(label: str, geometry: Geometry, author: str = "Ada", score: float | None = None) -> Annotation:
    return Annotation(new_id(), label, geometry, author, now(), score)


def disc_bits() -> Pixels:
    bits = np.zeros((5, 20, 24), bool)
    bits[1:4, 4:9, 6:15] = True
    bits[2, 4, 6] = False
    return bits


def marks_of() -> dict[str, tuple[Annotation, ...]]:
    overlapping = np.zeros((5, 20, 24), bool)
    overlapping[3, 8:12, 10:20] = True
    ring = Polygon(Plane(), ((2, 2), (14, 2), (14, 12), (2, 12)), (((5, 5), (9, 5), (9, 9), (5, 9)),))
    return {
        "picture": (
            mark("nucleus", Box(Plane(), 3.25, 4.5, 10.5, 6.25), "model:nuclei@1.0", 0.875),
            mark("nucleus", Box(Plane(), 35.0, -2.0, 20.0, 7.0)),
            mark("L4-L5", ring),
            mark("nucleus", mask_of_plane(np.eye(6, dtype=bool), 0, x=20, y=15)),
            mark("wörd/../x", Polygon(Plane(), ((20.5, 20.5), (30.5, 20.5), (20.5, 29.5)))),
            mark("nucleus", Points(Plane(), ((1.0, 1.0),))),
        ),
        "volume": (
            mark("L4-L5", mask_of_volume(disc_bits())),
            mark("nucleus", mask_of_volume(overlapping)),
            mark("L4-L5", Box(Plane(1, 7), 2.0, 1.0, 8.0, 3.0)),
        ),
        "radiograph": (mark("NORMAL", WholeScan()),),
        "empty": (),
    }


def scans() -> dict[str, tuple[ScanInfo, Pixels]]:
    draw = np.random.default_rng(3)
    rgb = draw.integers(0, 256, (1, 30, 40, 3), dtype=np.uint8)
    volume = draw.integers(-500, 3000, (5, 20, 24)).astype(np.int16)
    sixteen = draw.integers(0, 4096, (1, 25, 31)).astype(np.uint16)
    grey = draw.integers(0, 256, (1, 16, 18), dtype=np.uint8)
    ct = Rescale(1, -1024, "HU")
    windows = (Window(40, 400, "own"),)
    volume_info = ScanInfo("volume", "nrrd", "volume", VOLUME_SIZE, "int16", 1, OBLIQUE.spacing(), OBLIQUE, ct)
    return {
        "picture": (ScanInfo("picture", "png", "picture", Size(40, 30), "uint8", 3), rgb),
        "volume": (replace(volume_info, windows=windows, modality="CT"), volume),
        "radiograph": (
            ScanInfo("radiograph", "dicom", "radiograph", Size(31, 25), "uint16", inverted=True, windows=windows),
            sixteen,
        ),
        "empty": (ScanInfo("empty", "png", "picture", Size(18, 16), "uint8"), grey),
        "unseen": (ScanInfo("unseen", "png", "picture", Size(18, 16), "uint8"), grey.copy()),
        "half done": (ScanInfo("half", "png", "picture", Size(18, 16), "uint8"), grey.copy()),
    }


def make(folder: Path) -> Made:
    dataset = Dataset.create(folder, LABELS)
    marks: dict[str, tuple[Annotation, ...]] = marks_of()
    voxels: dict[str, Pixels] = {}
    for name, (info, pixels) in scans().items():
        key = name.replace(" ", "-")
        voxels[key] = pixels
        dataset.add_scan(LoadedScan(info, pixels), key, silent(), patient=f"patient of {name}")
        if name in marks:
            basis = "confirmed empty" if name == "empty" else None
            dataset.save_revision(key, Snapshot(marks[name]), author="Ada", basis=basis)
    kept = Snapshot((mark("nucleus", Box(Plane(), 0, 0, 4, 4)),))
    dataset.save_revision("half-done", kept, author="Ada", finished=False)
    return Made(dataset, marks, voxels)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """One dataset for all tests that only read it."""
    whole = make(tmp_path_factory.mktemp("exported") / "dataset")
    yield whole
    whole.dataset.close()


@pytest.fixture
def own(made: Made, tmp_path: Path) -> Iterator[Made]:
    """A copy of it for a test that changes it."""
    shutil.copytree(made.dataset.folder, tmp_path / "own")
    dataset = Dataset.open(tmp_path / "own")
    yield replace(made, dataset=dataset)
    dataset.close()


def accept_a_wrong_prediction(dataset: Dataset, key: str) -> None:
    """What a model proposed for a scan that a person has corrected before, accepted later than the correction."""
    proposal = Proposal(new_id(), "nucleus", Box(Plane(), 0.0, 0.0, 1.0, 1.0), 0.9)
    model = ModelRef("nuclei", "1.0", "0" * 64)
    dataset.save_prediction(Prediction(new_id(), key, model, "cpu", now(), 0.1, (proposal,)))
    dataset.accept(key, "Bob")
