"""`overread accept` and `overread verify`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dataset.document import Snapshot
from dataset.folder import Dataset
from desktop_app.commandline import main
from imaging.progress import silent
from tests.dataset.scans import LABELS, annotation, picture, prediction


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dataset with three scans, each read by a model."""
    dataset = Dataset.create(tmp_path / "set", LABELS)
    for key in ("one", "two", "three"):
        dataset.add_scan(picture(), key, silent())
        dataset.save_prediction(prediction(key))
    dataset.save_revision("two", Snapshot((annotation(label="nodule"),)), author="ana")
    dataset.close()
    return dataset.folder


def test_accept_saves_predictions_of_scans_that_nobody_corrected(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["accept", "--dataset", str(folder), "--author", "bob", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(line["scan"] for line in lines) == ["one", "three"]
    dataset = Dataset.open(folder)
    basis = {item.record.key: (item.revision.basis, item.revision.author) for item in dataset.export_view()}
    assert basis == {"one": ("accepted", "bob"), "three": ("accepted", "bob"), "two": ("corrected", "ana")}


def test_accept_takes_scans_by_name_and_leaves_corrections_in_force(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["accept", "--dataset", str(folder), "tw", "one"]) == 0
    assert "one: 1 labels accepted" in capsys.readouterr().out
    dataset = Dataset.open(folder)
    assert {r.basis for r in dataset.revisions("two")} == {"accepted", "corrected"}
    assert dataset.head("two").revision == next(r for r in dataset.revisions("two") if r.basis == "corrected")
    assert dataset.revisions("three") == ()


def test_accept_says_in_one_line_what_it_cannot_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accept", "--dataset", str(folder), "four"]) == 1
    assert main(["accept", "--dataset", str(folder / "nowhere")]) == 1
    assert main(["accept", "--dataset", str(folder), "one", "--model", "eyes"]) == 1
    errors = capsys.readouterr().err.strip().splitlines()
    assert len(errors) == 3
    assert all(line.startswith("overread: ") for line in errors)


def test_verify_says_that_all_is_well(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--dataset", str(folder)]) == 0
    assert "everything is as it was written" in capsys.readouterr().out


def test_verify_says_what_is_wrong_and_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "scans" / "one" / "pixels" / "scan.png"
    path.write_bytes(path.read_bytes() + b"x")
    assert main(["verify", "--dataset", str(folder), "--json"]) == 1
    *found, total = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {
        "kind": "problem",
        "where": "scans/one/pixels/scan.png",
        "what": "was changed since it was written",
    } in found
    assert total["problems"] == len(found)
    assert main(["verify", "--dataset", str(folder / "scans")]) == 1
