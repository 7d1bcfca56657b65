"""The main job: open → run → correct one box → accept the rest → next case; then the dataset and the exports."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PySide6.QtCore import Qt

from dataset.annotation import Annotation, Box, Proposal
from dataset.folder import Dataset
from desktop_app.commandline import main
from tests.features.conftest import Hand

Perform = Callable[[list[str], Callable[[Hand], None]], int]

pytestmark = [pytest.mark.gui, pytest.mark.timeout(300)]


def boxes_shown(hand: Hand) -> list[tuple[Proposal, Box]]:
    return [(p, p.geometry) for p in hand.session.proposals if isinstance(p.geometry, Box)]


def read_and_correct(hand: Hand, seen: dict[str, Any]) -> None:
    session = hand.session
    hand.until(lambda: session.scan is not None and session.models)
    hand.idle()
    hand.picture("opened")
    key = session.scan_key
    session.choose_model("lumbar-discs")
    hand.key(Qt.Key.Key_M)
    hand.until(lambda: session.predictions, 120)
    hand.idle()
    found = boxes_shown(hand)
    assert found, "the pipeline proposed no boxes"
    plane = max({box.plane for _, box in found}, key=lambda pl: sum(box.plane == pl for _, box in found))
    assert plane.axis == 0
    session.set_plane(plane)
    hand.picture("proposed")
    proposal, box = max((item for item in found if item[1].plane == plane), key=lambda item: item[0].score)
    seen.update(key=key, proposed=len(session.predictions[-1].proposals), proposal=proposal)

    hand.click(box.x + 0.05, box.y + box.height / 2)
    assert proposal.id in session.selection
    hand.picture("selected")
    corner = (box.x + box.width, box.y + box.height)
    hand.drag(corner, (corner[0] + 6, corner[1] + 4))
    (mark,) = [a for a in session.document.annotations if a.origin == proposal.id]
    assert isinstance(mark.geometry, Box)
    assert mark.geometry.width == pytest.approx(box.width + 6, abs=1.5)
    assert mark.geometry.height == pytest.approx(box.height + 4, abs=1.5)
    assert (mark.geometry.x, mark.geometry.y) == pytest.approx((box.x, box.y), abs=1e-6)
    hand.picture("corner-dragged")

    herniated = f"{mark.label}_LDH"
    number = [label.id for label in session.labels.labels].index(herniated)
    seen.update(label=herniated, number=number)
    assert number < 9
    hand.key(Qt.Key(Qt.Key.Key_1 + number), Qt.KeyboardModifier.ControlModifier)
    (mark,) = [a for a in session.document.annotations if a.origin == proposal.id]
    assert mark.label == herniated
    hand.picture("relabelled")

    hand.view.setFocus()
    hand.key(Qt.Key.Key_Return)
    assert session.proposals == ()
    seen["accepted"] = len(session.document.annotations) - 1
    hand.picture("rest-accepted")
    hand.key(Qt.Key.Key_Return)
    hand.until(lambda: session.scan_key not in ("", key))
    hand.idle()
    hand.picture("next-case")


@pytest.fixture
def corrected(perform: Perform, data: Path, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A dataset in which one lumbar case was corrected by hand."""
    seen: dict[str, Any] = {}
    dataset = tmp_path / "dataset"
    words = [str(data / "lumbar" / "ivd_20_t2.mha"), str(data / "lumbar" / "ivd_11_t2.mha"), "--dataset", str(dataset)]
    assert perform(words, lambda hand: read_and_correct(hand, seen)) == 0
    return dataset, seen


def test_a_case_is_corrected_by_hand_and_exported(corrected: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, seen = corrected
    dataset = Dataset.open(folder)
    key, proposal = seen["key"], seen["proposal"]
    (prediction,) = dataset.predictions(key)
    assert str(prediction.model).startswith("lumbar-discs@")
    assert prediction.device == "cpu"
    assert len(prediction.proposals) == seen["proposed"]
    assert proposal in prediction.proposals
    revision = dataset.head(key).revision
    assert revision is not None
    assert revision.basis == "corrected"
    assert revision.prediction == prediction.id
    assert revision.created > prediction.created
    assert dataset.record(key).state == "labelled"
    marks = dataset.snapshot(revision).annotations
    (mine,) = [mark for mark in marks if mark.origin == proposal.id]
    assert mine.label == seen["label"]
    assert not mine.author.startswith("model:")
    others = [mark for mark in marks if mark.origin != proposal.id]
    assert len(others) == seen["accepted"]
    assert {mark.author for mark in others} == {f"model:{prediction.model}"}
    dataset.close()
    assert main(["verify", "--dataset", str(folder)]) == 0
    check_exports(folder, tmp_path / "export", mine)


def check_exports(folder: Path, to: Path, mine: Annotation) -> None:
    """Every format, read back by an independent reader."""
    for name in ("yolo", "coco", "crops", "nifti", "nrrd", "csv"):
        assert main(["export", "--dataset", str(folder), "--format", name, "--to", str(to / name), "--quiet"]) == 0
    check_coco(to / "coco", mine)
    check_yolo(to / "yolo", mine)
    check_masks(to)
    rows = list(csv.DictReader(next((to / "csv").rglob("*.csv")).read_text(encoding="utf-8").splitlines()))
    assert any(mine.label in row.values() for row in rows)
    crops = next((to / "crops").rglob("labels.csv"))
    named = list(csv.DictReader(crops.read_text(encoding="utf-8").splitlines()))
    assert any(mine.label in row.values() for row in named)


def check_coco(to: Path, mine: Annotation) -> None:
    from pycocotools.coco import COCO

    found = []
    for file in to.rglob("*.json"):
        if "images" not in json.loads(file.read_text()):
            continue
        coco = COCO(str(file))
        names = {c["id"]: c["name"] for c in coco.loadCats(coco.getCatIds())}
        found += [(names[a["category_id"]], a["bbox"]) for a in coco.loadAnns(coco.getAnnIds())]
    box = mine.geometry
    assert isinstance(box, Box)
    near = [b for _, b in found if np.allclose(b, [box.x, box.y, box.width, box.height], atol=0.02)]
    assert near, "the corrected box is not in the COCO export"


def check_yolo(to: Path, mine: Annotation) -> None:
    import yaml

    names = yaml.safe_load((to / "data.yaml").read_text())["names"]
    names = list(names.values()) if isinstance(names, dict) else names
    lines = [line.split() for file in to.rglob("labels/**/*.txt") for line in file.read_text().splitlines()]
    assert lines
    values = np.array([[float(v) for v in line[1:5]] for line in lines])
    assert ((values >= 0) & (values <= 1)).all()
    used = {names[int(line[0])] for line in lines}
    assert any("L" in name for name in used)


def check_masks(to: Path) -> None:
    import nibabel
    import nrrd

    nifti = next((to / "nifti").rglob("labels/*.nii.gz"))
    assert int(np.asanyarray(cast(Any, nibabel.load(nifti)).dataobj).max()) > 0
    values, header = nrrd.read(str(next((to / "nrrd").rglob("*.seg.nrrd"))))
    assert values.max() > 0
    assert any(key.startswith("Segment0") for key in header)
