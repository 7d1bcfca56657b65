import json
import os
from pathlib import Path

import pytest

from models.manifest import inside
from models.model_predictor import kind_of
from models.package import load_package
from models.pipeline import load_pipeline
from models.problem import ModelProblem
from tests.models.graphs import manifest_of, mean_classifier, pixel_map, write_package

SCORES = {"as": "scores", "activation": "softmax"}


def classifier(folder: Path, **changes) -> Path:
    manifest = manifest_of("classify", SCORES, ("a", "b"), "logits", **changes)
    return write_package(folder, manifest, mean_classifier([1, -1], [0, 0]))


def refusal(folder: Path) -> str:
    with pytest.raises(ModelProblem) as caught:
        kind_of(load_package(folder))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def change(folder: Path, edit) -> Path:
    manifest = json.loads((folder / "model.json").read_text())
    edit(manifest)
    (folder / "model.json").write_text(json.dumps(manifest))
    return folder


def test_a_package_says_what_its_manifest_says(tmp_path):
    package = load_package(classifier(tmp_path / "p"))
    assert (package.ref.name, package.ref.version, package.task) == ("tiny", "1.0.0", "classify")
    assert [entry.label.id for entry in package.labels] == ["a", "b"]
    assert package.input.size.policy == "fixed"


def test_a_label_may_be_no_finding(tmp_path):
    folder = classifier(tmp_path / "p")
    change(folder, lambda manifest: manifest["labels"][1].update(finding=False))
    assert [entry.label.is_finding for entry in load_package(folder).labels] == [True, False]


def test_spacing_in_micrometres_becomes_millimetres(tmp_path):
    folder = classifier(tmp_path / "p")
    change(folder, lambda m: m["input"].update(spacing={"x": 0.5, "y": 0.25, "unit": "um"}))
    need = load_package(folder).input.spacing
    assert need is not None
    assert (need.x, need.y, need.z) == (0.0005, 0.00025, None)


def test_the_seed_threshold_is_the_score_threshold_unless_it_is_named(tmp_path):
    folder = classifier(tmp_path / "p", thresholds={"score": 0.3})
    assert load_package(folder).thresholds.seed == 0.3


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda m: m.update(surprise=1), "surprise"),
        (lambda m: m.update(labels=[]), "has no labels"),
        (lambda m: m.pop("labels"), "has no labels"),
        (lambda m: m.update(preprocessing=[{"step": "sharpen"}]), "unknown step 'sharpen'"),
        (lambda m: m.update(preprocessing=[{"step": "divide", "by": 0}]), "preprocessing[0].by"),
        (lambda m: m.update(preprocessing=[{"step": "divide", "by": 2, "then": 1}]), "then"),
        (lambda m: m.update(preprocessing=[{"step": "window", "centre": 1}]), "preprocessing[0]"),
        (lambda m: m.update(format=2), "package format 2"),
        (lambda m: m["labels"][1].update(index=2), "no label for output channel 1"),
        (lambda m: m["labels"][1].update(index=0), "two labels"),
        (lambda m: m["labels"][1].update(id="a"), "'a' twice"),
        (lambda m: m["labels"][1].update(colour="red"), "labels[1].colour"),
        (lambda m: m["weights"].update(sha256="0" * 64), "sha256 differs"),
        (lambda m: m["weights"].update(file="../model.onnx"), "weights.file"),
        (lambda m: m["weights"].update(file="/etc/passwd"), "weights.file"),
        (lambda m: m["weights"].update(file="other.onnx"), "has no other.onnx"),
        (lambda m: m.update(task="divine"), "task"),
        (lambda m: m.update(version="latest"), "version"),
        (lambda m: m.update(name="../x"), "name"),
        (lambda m: m["outputs"][0].update(decode={"as": "entrails"}), "outputs[0].decode.as"),
        (lambda m: m["outputs"][0].update(decode={"as": "map"}), "decoded as 'map'"),
        (
            lambda m: m.update(preprocessing=[{"step": "divide", "by": 2}, {"step": "clip", "low": 0, "high": 1}]),
            "'clip' after",
        ),
        (lambda m: m.update(preprocessing=[{"step": "clip", "low": 1, "high": 1}]), "low that is not below"),
        (lambda m: m.update(preprocessing=[{"step": "normalise", "mean": [1, 2], "std": [1]}]), "wrong number"),
        (
            lambda m: m["input"].update(size={"policy": "tiles", "width": 8, "height": 8, "halo": 4}),
            "nothing of a tile",
        ),
        (lambda m: m["input"].update(axes="NCDHW"), "no depth"),
        (lambda m: m.update(labels=m["labels"][:1]), "always 1"),
    ],
)
def test_a_package_that_does_not_hold_is_refused_with_one_line(tmp_path, edit, words):
    assert words in refusal(change(classifier(tmp_path / "p"), edit))


def test_a_manifest_that_is_no_json_is_refused(tmp_path):
    folder = classifier(tmp_path / "p")
    (folder / "model.json").write_text("{ not json")
    assert "no valid JSON" in refusal(folder)
    (folder / "model.json").write_text("[" * 100_000)
    assert "no valid JSON" in refusal(folder)
    (folder / "model.json").write_text("[]")
    assert "no JSON object" in refusal(folder)
    (folder / "model.json").unlink()
    assert "cannot be read" in refusal(folder)


def test_weights_that_were_changed_are_refused_but_not_when_they_are_only_listed(tmp_path):
    folder = classifier(tmp_path / "p")
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")
    assert "sha256 differs" in refusal(folder)
    assert load_package(folder, verify=False).ref.name == "tiny"


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_out_of_the_folder_is_refused(tmp_path):
    folder = classifier(tmp_path / "p")
    (folder / "model.onnx").rename(tmp_path / "elsewhere.onnx")
    (folder / "model.onnx").symlink_to(tmp_path / "elsewhere.onnx")
    assert "outside its folder" in refusal(folder)


def test_names_stay_inside_the_folder(tmp_path):
    assert inside(tmp_path, "a/b.npy") == tmp_path.resolve() / "a" / "b.npy"
    for name in ("../a", "/etc/passwd", "a/../../b"):
        with pytest.raises(ModelProblem, match="outside its folder"):
            inside(tmp_path, name)


# Pipelines.


def pipeline(folder: Path, edit=lambda _m: None) -> Path:
    segment = manifest_of("segment", {"as": "map", "activation": "sigmoid"}, ("disc",), name="segment")
    write_package(folder / "segment", segment, pixel_map([10], [-5], 8, 8))
    level = manifest_of("classify", SCORES, ("up", "down", "other"), "logits", name="level")
    write_package(folder / "level", level, mean_classifier([1, 2, 3], [0, 0, 0]))
    manifest = {
        "format": 1,
        "name": "chain",
        "version": "1.0.0",
        "title": "A chain",
        "licence": "Apache-2.0",
        "steps": [
            {"do": "segment", "package": "segment"},
            {"do": "pieces", "minimum_area": 2},
            {"do": "boxes"},
            {"do": "classify", "package": "level", "crop": {"margin": 0.5, "square": True}},
            {"do": "order", "along": "down", "sequence": ["up", "down"], "repeats": [], "skip_cost": 1.0},
        ],
        "labels": [
            {"id": "up", "name": "Up", "colour": "#aabbcc"},
            {"id": "down", "name": "Down", "colour": "#aabbcc"},
            {"id": "up_torn", "name": "Up, torn", "colour": "#aabbcc", "assigned_by": "reader"},
        ],
    }
    edit(manifest)
    (folder / "pipeline.json").write_text(json.dumps(manifest))
    return folder


def test_a_pipeline_loads_with_its_packages(tmp_path):
    loaded = load_pipeline(pipeline(tmp_path))
    assert [package.ref.name for package in loaded.packages] == ["segment", "level"]
    assert [label.assigned_by for label in loaded.labels] == ["", "", "reader"]


def test_the_reference_of_a_pipeline_changes_with_the_weights_it_chains(tmp_path):
    before = load_pipeline(pipeline(tmp_path)).ref
    level = manifest_of("classify", SCORES, ("up", "down", "other"), "logits", name="level")
    write_package(tmp_path / "level", level, mean_classifier([3, 2, 1], [0, 0, 0]))
    assert load_pipeline(tmp_path).ref != before


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda m: m["steps"].insert(2, {"do": "guess"}), "unknown step 'guess'"),
        (lambda m: m["steps"].reverse(), "do not follow"),
        (lambda m: m["steps"].pop(3), "'order' without 'classify'"),
        (lambda m: m["steps"][0].update(package="../segment"), "steps[0].package"),
        (lambda m: m["steps"][0].update(package="gone"), "cannot be read"),
        (lambda m: m["steps"][0].update(package="level"), "task 'classify' in the step 'segment'"),
        (lambda m: m["labels"].append({"id": "left", "name": "L", "colour": "#000000"}), "lost the label 'left'"),
        (lambda m: m["labels"][0].update(assigned_by="reader"), "leaves the label 'up' to the reader"),
        (lambda m: m["labels"][1].update(id="up"), "'up' twice"),
        (lambda m: m["steps"][4].update(sequence=["up", "sideways"]), "orders the label 'sideways'"),
        (lambda m: m.update(labels=[]), "has no labels"),
    ],
)
def test_a_pipeline_that_does_not_hold_is_refused_with_one_line(tmp_path, edit, words):
    with pytest.raises(ModelProblem) as caught:
        load_pipeline(pipeline(tmp_path, edit))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
