import json
from pathlib import Path

import pytest

from dataset.prediction import Prediction
from imaging.opening import open_scan
from imaging.progress import Progress
from models.catalogue import LIBRARY, open_folder

FOLDER = LIBRARY / "lung-tissue" / "0.1.0"
FIELDS = ("lung_aca/lungaca1042.jpeg", "lung_n/lungn1025.jpeg", "lung_scc/lungscc1014.jpeg")


def read(path: Path) -> Prediction:
    scan = open_scan(path)
    try:
        return open_folder(FOLDER).predict(scan, "key", None, Progress())
    finally:
        scan.close()


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_gets_one_label_and_chances_that_sum_to_one(data: Path, field: str) -> None:
    prediction = read(data / "histology_classification" / field)
    scores = dict(prediction.scores)
    assert set(scores) == {"lung_aca", "lung_n", "lung_scc"}
    assert sum(scores.values()) == pytest.approx(1, abs=1e-5)
    assert max(scores, key=lambda name: scores[name]) == field.split("/", maxsplit=1)[0]


def test_the_package_says_at_which_scale_slides_are_read() -> None:
    content = json.loads((FOLDER / "model.json").read_text())
    assert content["input"]["slide_spacing_um"] == 0.78
    assert content["input"]["spacing"] is None
    assert "slide" in content["reads"]["kinds"]
