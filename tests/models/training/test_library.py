import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

LIBRARY = Path(__file__).parents[3] / "models" / "library"
PACKAGES = sorted(path.parent for path in LIBRARY.rglob("model.json"))
CARDED = sorted(path.parent for path in LIBRARY.rglob("metrics.json"))


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def name_of(folder: Path) -> str:
    return str(folder.relative_to(LIBRARY))


def test_the_four_packages_are_shipped() -> None:
    names = {folder.parent.name for folder in CARDED}
    assert names == {"chest-pneumonia", "lumbar-discs", "lung-tissue", "nuclei"}


@pytest.mark.parametrize("folder", PACKAGES, ids=name_of)
def test_weights_are_whole_small_and_the_ones_named(folder: Path) -> None:
    weights = (folder / "model.onnx").read_bytes()
    assert len(weights) < 5_000_000
    assert hashlib.sha256(weights).hexdigest() == read(folder / "model.json")["weights"]["sha256"]


@pytest.mark.parametrize("folder", PACKAGES, ids=name_of)
def test_the_network_gives_what_the_test_vectors_say(folder: Path) -> None:
    import onnxruntime

    manifest = read(folder / "model.json")
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    assert manifest["test"]
    for vector in manifest["test"]:
        given, wanted = (np.load(folder / vector[side], allow_pickle=False) for side in ("input", "output"))
        got = np.asarray(session.run(None, {manifest["input"]["name"]: given})[0])
        assert got.shape == wanted.shape
        assert float(np.abs(got - wanted).max()) <= vector["tolerance"]
    assert sum(path.stat().st_size for path in (folder / "test").iterdir()) < 300_000


@pytest.mark.parametrize("folder", PACKAGES, ids=name_of)
def test_the_batch_is_free(folder: Path) -> None:
    import onnxruntime

    manifest = read(folder / "model.json")
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    given = np.load(folder / manifest["test"][0]["input"], allow_pickle=False)[:1]
    one = np.asarray(session.run(None, {"image": given})[0])
    three = np.asarray(session.run(None, {"image": np.repeat(given, 3, axis=0)})[0])
    assert three.shape[0] == 3
    assert np.allclose(three[2], one[0], atol=1e-4)


@pytest.mark.parametrize("folder", CARDED, ids=name_of)
def test_the_card_gives_the_figures_that_were_measured(folder: Path) -> None:
    card, measured = (folder / "README.md").read_text(), read(folder / "metrics.json")["held_back"]
    figures = [*measured.get("figures", {}).values(), *measured.get("volumes", {}).values()]
    assert figures
    for figure in figures:
        value = figure["value"] if "value" in figure else figure["dice"]
        assert f"{value:.3f}" in card


@pytest.mark.parametrize("folder", PACKAGES, ids=name_of)
def test_the_card_says_what_it_is_not(folder: Path) -> None:
    assert "not a medical device" in (folder / "README.md").read_text().lower()


def test_no_step_of_the_lumbar_pipeline_can_claim_a_herniation() -> None:
    pipelines = [read(path) for path in LIBRARY.rglob("pipeline.json")]
    assert pipelines
    for pipeline in pipelines:
        herniated = [label for label in pipeline["labels"] if label["id"].endswith("_LDH")]
        assert len(herniated) == 5
        assert all(label["assigned_by"] == "reader" for label in herniated)
    for folder in PACKAGES:
        assert not [label for label in read(folder / "model.json")["labels"] if label["id"].endswith("_LDH")]
