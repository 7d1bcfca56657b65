import json
import shutil

import numpy as np
import pytest
import yaml
from onnx import helper

from imaging.progress import silent
from models.catalogue import entries, find, open_folder
from models.draft import Answers, labels_of, slug
from models.importer import import_model, importers
from models.problem import ModelProblem
from tests.models.graphs import (
    constant_outputs,
    graph_of,
    manifest_of,
    mean_classifier,
    pixel_map,
    scan_of,
    shape,
    write_package,
)

NAMES = "{0: 'cat', 1: 'dog'}"


def imported(path, to, **answers):
    return import_model(path, to, Answers(**answers), silent())


def saved(tmp_path, model, name="net.onnx", **metadata):
    for key, value in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    path = tmp_path / name
    path.write_bytes(model.SerializeToString())
    return path


def yolo(values, **outputs):
    return constant_outputs(3, 64, 64, output0=values, **outputs)


def rows(classes=2, masks=0):
    out = np.zeros((1, 4 + classes + masks, 3), np.float32)
    out[0, :5, 0] = (32, 32, 16, 16, 0.9)
    return out


# Files people have.


@pytest.mark.slow
def test_yolov8_is_imported_and_finds_the_person_in_a_photograph(data, tmp_path, own_folders):
    made = imported(data / "onnx" / "yolov8n_int8.onnx", own_folders)
    assert (made.package.task, len(made.package.labels)) == ("detect", 80)
    assert "AGPL-3.0" in made.package.licence
    assert made.package.labels[0].label.id == "person"
    assert all(one.passed for one in made.played)
    skimage = pytest.importorskip("skimage.data")
    answer = find("yolov8n_int8").predict(scan_of(skimage.astronaut()), "astronaut", None, silent())
    best = max(answer.proposals, key=lambda one: one.score)
    assert best.label == "person"
    box = shape(best)
    assert box.x < 60
    assert box.y < 60
    assert box.width > 300
    assert box.height > 450


@pytest.mark.slow
def test_yolov8_seg_is_imported_and_outlines_the_person(data, own_folders):
    made = imported(data / "onnx" / "yolov8n-seg_int8.onnx", own_folders)
    assert made.package.task == "instances"
    skimage = pytest.importorskip("skimage.data")
    answer = find("yolov8n-seg_int8").predict(scan_of(skimage.astronaut()), "astronaut", None, silent())
    best = max(answer.proposals, key=lambda one: one.score)
    mask = shape(best)
    assert best.label == "person"
    assert 60_000 < mask.count() < 160_000
    assert mask.crop(0, 220, 100, 1, 1).all()  # the face
    assert not mask.crop(0, 2, 2, 1, 1).any()  # the flag beside it


def test_a_bioimageio_model_reproduces_its_published_output_and_then_segments_it(data, own_folders):
    folder = data / "onnx" / "unet2d_nuclei_broad"
    made = imported(folder, own_folders)
    assert made.remarks[0].startswith("its published test output was reproduced within")
    assert float(made.remarks[0].rsplit(" ", 1)[1]) < 1e-4
    assert made.package.input.size.halo == 32
    assert json.loads((made.package.folder / "metrics.json").read_text())
    given = np.load(folder / "test_input.npy")[0, 0]
    wanted = np.load(folder / "test_output.npy")[0, 0] >= 0.5
    answer = find("unet-2d-nuclei-broad").predict(scan_of(given), "test input", None, silent())
    assert np.array_equal(shape(answer.proposals[0]).crop(0, 0, 0, 512, 512), wanted)


def test_broken_files_are_refused_with_one_line(data, tmp_path):
    for name in ("broken/corrupt_onnx.onnx", "onnx_broken/empty.onnx", "onnx_broken/not_a_model.onnx"):
        with pytest.raises(ModelProblem) as caught:
            imported(data / name, tmp_path)
        assert "\n" not in str(caught.value)
    assert not any(tmp_path.iterdir())


# Ultralytics.


def test_an_export_that_suppresses_by_itself_is_read_as_boxes(tmp_path, own_folders):
    values = np.zeros((1, 300, 6), np.float32)
    values[0, 0] = (8, 8, 24, 40, 0.9, 1)
    path = saved(tmp_path, yolo(values), names=NAMES, stride="32", task="detect", end2end="True")
    package = imported(path, own_folders).package
    assert package.outputs[0].decode == "boxes"
    answer = open_folder(package.folder).predict(scan_of(np.zeros((64, 64, 3), np.uint8)), "k", None, silent())
    assert [(one.label, shape(one).height) for one in answer.proposals] == [("dog", 32)]


@pytest.mark.parametrize(
    ("metadata", "classes", "words"),
    [
        ({"task": "pose"}, 2, "task 'pose'"),
        ({"names": "{}"}, 2, "values per box where 0 labels"),
        ({"names": "__import__('os')"}, 2, "no labels in its metadata"),
        ({"names": "{0: 'cat', 2: 'dog'}"}, 2, "lost a label"),
        ({"names": "{0: 'cat'}"}, 2, "where 1 labels need 5"),
    ],
)
def test_an_export_that_does_not_hold_is_refused(tmp_path, own_folders, metadata, classes, words):
    facts = {"names": NAMES, "stride": "32", "task": "detect", **metadata}
    with pytest.raises(ModelProblem, match=words):
        imported(saved(tmp_path, yolo(rows(classes)), **facts), own_folders)
    assert entries() == () or not any(entry.name == "net" for entry in entries())


def test_a_classifier_is_cropped_in_the_middle_as_ultralytics_does(tmp_path, own_folders):
    model = mean_classifier(np.ones((3, 2)), [0, 0], 3, 64, 64)
    path = saved(tmp_path, model, names=NAMES, stride="1", task="classify")
    package = imported(path, own_folders).package
    assert (package.task, package.input.size.fit) == ("classify", "centre-crop")


# bioimage.io.


def described(tmp_path, edit=lambda _d: None, post=("sigmoid",)):
    folder = tmp_path / "zoo"
    folder.mkdir()
    (folder / "weights.onnx").write_bytes(pixel_map([10], [-5], 16, 16).SerializeToString())
    given = np.random.default_rng(0).random((1, 1, 16, 16)).astype(np.float32)
    scaled = (given - 0.25) * 2
    np.save(folder / "in.npy", given)
    np.save(folder / "out.npy", 1 / (1 + np.exp(-(10 * scaled - 5))))
    axes = [{"type": "batch"}, {"type": "channel"}, {"type": "space", "size": 16}, {"type": "space", "size": 16}]
    content = {
        "type": "model",
        "name": "Zoo model",
        "format_version": "0.5.4",
        "inputs": [
            {
                "axes": axes,
                "test_tensor": {"source": "in.npy"},
                "preprocessing": [{"id": "scale_linear", "kwargs": {"gain": 2.0, "offset": -0.5}}],
            }
        ],
        "outputs": [
            {
                "axes": [{"type": "batch"}, {"type": "channel", "channel_names": ["cell"]}],
                "test_tensor": {"source": "out.npy"},
                "postprocessing": [{"id": name} for name in post],
            }
        ],
        "weights": {"onnx": {"source": "weights.onnx"}},
    }
    edit(content)
    (folder / "rdf.yaml").write_text(yaml.safe_dump(content))
    return folder


def test_the_steps_of_a_description_are_mapped(tmp_path, own_folders):
    package = imported(described(tmp_path), own_folders).package
    assert [step.name for step in package.steps] == ["normalise"]
    assert package.steps[0].settings["mean"] == pytest.approx([0.25])
    assert package.labels[0].label.id == "cell"
    assert package.ref.name == "zoo-model"


def test_the_older_format_is_read_too(tmp_path, own_folders):
    def older(content):
        content["format_version"] = "0.4.9"
        content["inputs"][0].update(axes="bcyx", shape=[1, 1, 16, 16])
        content["inputs"][0]["preprocessing"] = [{"name": "scale_linear", "kwargs": {"gain": [2.0], "offset": [-0.5]}}]
        content["outputs"][0].update(axes="bcyx", halo=[0, 0, 4, 4], postprocessing=[{"name": "sigmoid"}])
        del content["inputs"][0]["test_tensor"], content["outputs"][0]["test_tensor"]
        content.update(test_inputs=["in.npy"], test_outputs=["out.npy"])

    assert imported(described(tmp_path, older), own_folders).package.input.size.halo == 4


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda d: d["inputs"][0]["preprocessing"].append({"id": "magic"}), "step 'magic'"),
        (lambda d: d["outputs"][0]["postprocessing"].append({"id": "magic"}), "step 'magic'"),
        (lambda d: d["outputs"][0].update(postprocessing=[]), "does not reproduce its published"),
        (lambda d: d.update(weights={"torchscript": {}}), "no ONNX weights"),
        (lambda d: d["weights"]["onnx"].update(sha256="0" * 64), "sha256 differs"),
        (lambda d: d["weights"]["onnx"].update(source="https://example.org/w.onnx"), "nothing is downloaded"),
        (lambda d: d["weights"]["onnx"].update(source="../../etc/passwd"), "outside its folder"),
        (lambda d: d["inputs"].append({}), "2 inputs"),
        (lambda d: d.update(type="dataset"), "no bioimage.io model"),
        (lambda d: d["inputs"][0]["test_tensor"].update(source="gone.npy"), "not there"),
    ],
)
def test_a_description_that_does_not_hold_is_refused(tmp_path, own_folders, edit, words):
    with pytest.raises(ModelProblem, match=words):
        imported(described(tmp_path, edit), own_folders)


def test_a_description_that_is_no_yaml_is_refused(tmp_path, own_folders):
    folder = described(tmp_path)
    (folder / "rdf.yaml").write_text("a: [")
    with pytest.raises(ModelProblem, match="no readable YAML"):
        imported(folder, own_folders)
    (folder / "rdf.yaml").write_text("!!python/object/apply:os.system ['true']")
    with pytest.raises(ModelProblem, match="no readable YAML"):
        imported(folder, own_folders)


# Plain ONNX.


def test_a_plain_file_is_asked_about_and_the_answers_make_a_package(tmp_path, own_folders):
    path = saved(tmp_path, mean_classifier([1, 2], [0, 0]))
    with pytest.raises(ModelProblem, match="Give --task and --labels"):
        imported(path, own_folders)
    with pytest.raises(ModelProblem, match="Give --labels"):
        imported(path, own_folders, task="classify")
    made = imported(path, own_folders, task="classify", labels=("a", "b"), name="mine", scale="none")
    assert made.package.ref.name == "mine"
    answer = find("mine").predict(scan_of(np.full((8, 8), 2, np.uint8)), "k", None, silent())
    assert dict(answer.scores)["b"] == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-5)


def test_a_plain_segmentation_of_open_size_is_tiled(tmp_path, own_folders):
    path = saved(tmp_path, pixel_map([10], [-5]))
    package = imported(path, own_folders, task="segment", labels=("thing",), size=(64, 32), pixel_size_mm=0.5).package
    assert (package.input.size.policy, package.input.size.width, package.input.size.height) == ("tiles", 64, 32)
    assert package.input.spacing is not None


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"task": "classify", "labels": ("a", "b"), "scale": "gold"}, "no scale 'gold'"),
        ({"task": "classify", "labels": ("a", "b"), "scale": "imagenet"}, "takes one channel"),
        ({"task": "detect", "labels": ("a",)}, "layout that is not clear"),
        ({"task": "instances", "labels": ("a",)}, "second output"),
        ({"task": "divine", "labels": ("a",)}, "no task"),
    ],
)
def test_answers_that_do_not_go_with_the_file_are_refused(tmp_path, own_folders, answers, words):
    with pytest.raises(ModelProblem, match=words):
        imported(saved(tmp_path, mean_classifier([1, 2], [0, 0])), own_folders, **answers)


def test_inputs_that_no_scan_can_fill_are_refused(tmp_path, own_folders):
    node = helper.make_node("Identity", ["image"], ["out"])
    for sides, words in (([1, 7, 8, 8], "takes 7 channels"), ([8, 8], "2 axes")):
        path = saved(tmp_path, graph_of([node], {"image": sides}, {"out": sides}))
        with pytest.raises(ModelProblem, match=words):
            imported(path, own_folders, task="segment", labels=("a",))


# All of them.


def test_nothing_is_left_behind_by_an_import_that_failed(tmp_path, own_folders):
    path = saved(tmp_path, yolo(rows(2)), names=NAMES, stride="32", task="detect")
    with pytest.raises(ModelProblem):
        imported(path, own_folders, labels=("one",))
    assert [entry for entry in own_folders.rglob("*") if entry.is_file()] == []


def test_a_name_that_is_taken_is_not_written_over(tmp_path, own_folders):
    path = saved(tmp_path, mean_classifier([1, 2], [0, 0]))
    imported(path, own_folders, task="classify", labels=("a", "b"))
    with pytest.raises(ModelProblem, match="is there already"):
        imported(path, own_folders, task="classify", labels=("a", "b"))
    assert (
        imported(path, own_folders, task="classify", labels=("a", "b"), version="1.0.1").package.ref.version == "1.0.1"
    )


def test_what_nobody_recognises_is_refused_with_what_there_is(tmp_path):
    (tmp_path / "picture.png").write_bytes(b"png")
    with pytest.raises(ModelProblem, match=r"importers for: Ultralytics ONNX, bioimage\.io, plain ONNX"):
        imported(tmp_path / "picture.png", tmp_path / "to")
    with pytest.raises(ModelProblem, match="is not there"):
        imported(tmp_path / "gone.onnx", tmp_path / "to")


def test_importers_never_raise_while_they_only_look(tmp_path):
    files = [tmp_path / name for name in ("a.onnx", "b.yaml", "c")]
    for file in files:
        file.write_bytes(b"\xff\xfe nonsense")
    for importer in importers():
        assert [importer.recognises(path) for path in (*files, tmp_path, tmp_path / "gone")]


def test_names_and_labels_are_made_usable():
    assert slug("UNet 2D (Nuclei)!") == "unet-2d-nuclei"
    assert slug("¡!") == "model"
    assert [entry["id"] for entry in labels_of(["a", "a", ""])] == ["a", "a 2", "label 3"]
    assert labels_of(["bg", "x"], background=True)[0]["background"]


# The catalogue.


def test_the_newest_version_is_found_unless_one_is_named(own_folders):
    for version in ("0.9.0", "0.10.0", "0.10.0-rc1"):
        manifest = manifest_of("classify", {"as": "scores", "activation": "softmax"}, ("a", "b"), "logits")
        manifest["version"] = version
        write_package(own_folders / "tiny" / version, manifest, mean_classifier([1, 2], [0, 0]))
    assert find("tiny").model.version == "0.10.0"
    assert find("tiny@0.9.0").model.version == "0.9.0"
    assert find(str(own_folders / "tiny")).model.version == "0.10.0"
    assert find(str(own_folders / "tiny" / "0.9.0")).model.version == "0.9.0"
    with pytest.raises(ModelProblem, match="no model at hand"):
        find("tiny@3")


def test_a_package_that_cannot_be_used_is_listed_with_the_reason(own_folders):
    manifest = manifest_of("classify", {"as": "scores"}, ("a", "b"), "logits", surprise=1)
    write_package(own_folders / "tiny" / "1.0.0", manifest, mean_classifier([1, 2], [0, 0]))
    (found,) = [entry for entry in entries() if entry.name == "tiny"]
    assert "surprise" in found.problem
    shutil.copytree(own_folders / "tiny" / "1.0.0", own_folders / "other" / "1.0.0")
    with pytest.raises(ModelProblem, match="surprise"):
        find("other")
