"""The sample scans."""

import hashlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK
from PIL import Image

from resources.samples import CHEST, DISCS, LUMBAR, LUMBAR_SHAPE, REAL, write_samples

# Drawing the volume takes a second of processor time.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("samples") / "made"
    write_samples(place)
    return place


def test_every_sample_is_written_and_named(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {name for *_, name in REAL} | {LUMBAR, CHEST}


def test_samples_drawn_by_code_are_named_synthetic() -> None:
    assert LUMBAR.startswith("synthetic")
    assert CHEST.startswith("synthetic")


def test_samples_are_the_same_each_time(folder: Path, tmp_path: Path) -> None:
    for path in write_samples(tmp_path):
        first = hashlib.sha256((folder / path.name).read_bytes()).hexdigest()
        assert hashlib.sha256(path.read_bytes()).hexdigest() == first


def test_the_real_samples_are_scans(folder: Path) -> None:
    assert pydicom.dcmread(folder / "ct-small.dcm").Modality == "CT"
    assert pydicom.dcmread(folder / "mr-small.dcm").Modality == "MR"
    with Image.open(folder / "histology-ihc.png") as picture:
        assert picture.mode == "RGB"


def test_the_synthetic_spine_lies_as_a_sagittal_scan_does(folder: Path) -> None:
    image = SimpleITK.ReadImage(str(folder / LUMBAR))
    assert image.GetSpacing() == (1.0, 1.0, 1.0)
    assert image.GetSize() == tuple(reversed(LUMBAR_SHAPE))
    origin = np.array(image.TransformIndexToPhysicalPoint((0, 0, 0)))
    steps = [np.array(image.TransformIndexToPhysicalPoint(step)) - origin for step in np.eye(3, dtype=int).tolist()]
    assert [step.tolist() for step in steps] == [[0, 1, 0], [0, 0, -1], [-1, 0, 0]]


def test_the_synthetic_discs_are_where_the_table_says(folder: Path) -> None:
    middle = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / LUMBAR)))[LUMBAR_SHAPE[0] // 2]
    for x, y, _ in DISCS:
        core = middle[int(y) - 1 : int(y) + 2, int(x) - 4 : int(x) + 5].mean()
        rim = min(middle[int(y) + dy, int(x) - 3 : int(x) + 4].mean() for dy in (-7, -6, 6, 7) if int(y) + dy >= 0)
        assert core > rim * 2


def test_the_synthetic_chest_has_dark_lungs_either_side_of_a_bright_middle(folder: Path) -> None:
    with Image.open(folder / CHEST) as picture:
        chest = np.asarray(picture, float)
    left, middle, right = (chest[200:260, x : x + 40].mean() for x in (140, 236, 330))
    assert max(left, right) < middle - 60
