"""`overread predict`, `models` and `doctor`, entered as a person enters them."""

import json

import numpy as np
import pytest

from dataset.folder import Dataset
from desktop_app.command import DONE, FAILED
from desktop_app.commandline import main
from tests.models.graphs import manifest_of, mean_classifier, pixel_map, write_package


@pytest.fixture
def classifier(own_folders):
    manifest = manifest_of("classify", {"as": "scores", "activation": "softmax"}, ("dark", "bright"), "logits")
    manifest["name"] = "brightness"
    return write_package(own_folders / "brightness" / "1.0.0", manifest, mean_classifier([0, 1], [1, 0]))


@pytest.fixture
def picture(tmp_path):
    from PIL import Image

    path = tmp_path / "picture.png"
    Image.fromarray(np.full((20, 30), 9, np.uint8)).save(path)
    return path


def run(capsys, *words):
    """Exit code, the JSON objects on stdout, and stderr."""
    code = main([*map(str, words), "--json", "--quiet"])
    said = capsys.readouterr()
    return code, [json.loads(line) for line in said.out.splitlines()], said.err


def test_predict_says_what_it_found_and_keeps_it_in_the_dataset(capsys, classifier, picture, tmp_path):
    code, (fact,), _ = run(capsys, "predict", picture, "--model", "brightness", "--dataset", tmp_path / "set")
    assert code == DONE
    assert {"scan", "model", "device", "prediction", "labels", "proposals"} <= fact.keys()
    assert (fact["model"], fact["device"], fact["proposals"]) == ("brightness@1.0.0", "cpu", 1)
    assert {entry["label"]: round(entry["score"], 3) for entry in fact["labels"]} == {"dark": 0.0, "bright": 1.0}
    dataset = Dataset.open(tmp_path / "set")
    (kept,) = dataset.predictions(fact["scan"])
    assert kept.id == fact["prediction"]
    assert kept.device == "cpu"
    assert {label.id for label in dataset.labels.labels} >= {"dark", "bright"}


def test_a_scan_that_cannot_be_read_does_not_stop_the_others(capsys, classifier, picture, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(picture.read_bytes()[:40])
    code, facts, err = run(capsys, "predict", broken, picture, "--model", "brightness")
    assert code == FAILED
    assert sorted("error" in fact for fact in facts) == [False, True]
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", "nobody"], "is no model at hand"),
        (["--model", "brightness", "--device", "abacus"], "is no device"),
        (["--model", "brightness", "--plane", "2"], "has no plane 2"),
        (["--model", "brightness", "--pixel-size", "-1"], "is no pixel size"),
        (["--model", "brightness", "--explain"], "cannot be explained yet"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(capsys, classifier, picture, words, said):
    code, facts, err = run(capsys, "predict", picture, *words)
    assert code == FAILED
    assert said in facts[0]["error"]
    assert len(err.strip().splitlines()) == 1


def test_models_are_listed_shown_and_checked(capsys, classifier):
    code, facts, _ = run(capsys, "models", "list")
    assert code == DONE
    assert ("brightness", "1.0.0", False) in {(fact["name"], fact["version"], fact["shipped"]) for fact in facts}
    code, (fact,), _ = run(capsys, "models", "show", "brightness")
    assert fact["labels"] == ["dark", "bright"]
    code, (fact,), _ = run(capsys, "models", "check", "brightness")
    assert (code, fact["passed"]) == (DONE, True)


def test_check_tells_the_largest_error_and_fails_where_a_vector_does(capsys, own_folders):
    manifest = manifest_of("classify", {"as": "scores", "activation": "softmax"}, ("dark", "bright"), "logits")
    manifest["test"] = [{"input": "test/input.npy", "output": "test/output.npy", "tolerance": 0.01}]
    folder = write_package(own_folders / "tiny" / "1.0.0", manifest, mean_classifier([0, 1], [1, 0]))
    (folder / "test").mkdir()
    np.save(folder / "test" / "input.npy", np.ones((1, 1, 8, 8), np.float32))
    np.save(folder / "test" / "output.npy", np.array([[1, 1.5]], np.float32))
    code, (fact,), _ = run(capsys, "models", "check", "tiny")
    assert code == FAILED
    assert (fact["passed"], fact["error"], fact["device"]) == (False, 0.5, "cpu")


def test_a_plain_file_is_imported_by_command_and_then_predicts(capsys, own_folders, picture, tmp_path):
    path = tmp_path / "thing.onnx"
    path.write_bytes(pixel_map([10], [-5]).SerializeToString())
    code, facts, _ = run(capsys, "models", "import", path)
    assert code == FAILED
    assert "does not say what it is" in facts[0]["error"]
    code, (fact,), _ = run(
        capsys, "models", "import", path, "--task", "segment", "--labels", "thing", "--scale", "none", "--size", "16x16"
    )
    assert (code, fact["model"]) == (DONE, "thing@1.0.0")
    code, (fact,), _ = run(capsys, "predict", picture, "--model", "thing")
    assert (code, fact["proposals"]) == (DONE, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [(["import"], "needs a model"), (["import", "x.onnx", "--size", "big"], "is no size"), (["show", "x"], "no model")],
)
def test_a_wrong_use_of_models_is_said(capsys, words, said):
    code, facts, _ = run(capsys, "models", *words)
    assert code == FAILED
    assert said in facts[0]["error"]


def test_the_doctor_tells_the_device_every_model_really_got(capsys, classifier, tmp_path, monkeypatch):
    monkeypatch.setenv("OVERREAD_HOME", str(tmp_path))
    (tmp_path / "settings.json").write_text('{"slide_memory": 1024}')
    code, facts, _ = run(capsys, "doctor")
    by_topic = {topic: [fact for fact in facts if fact["topic"] == topic] for topic in {f["topic"] for f in facts}}
    assert set(by_topic) == {"versions", "readers", "devices", "models", "folders"}
    devices = {fact["name"]: fact["state"] for fact in by_topic["devices"]}
    assert devices["cpu"] == "usable"
    assert "not usable" in devices["cuda"] or devices["cuda"] == "usable"
    assert "GiB free, slide tiles take up to 1,024 MiB" in devices["memory"]
    assert all("runs on" in fact["state"] for fact in by_topic["models"] if fact["sound"])
    assert any(fact["name"].startswith("format ") for fact in by_topic["readers"])
    assert code == (DONE if all(fact["sound"] for fact in facts) else FAILED)
