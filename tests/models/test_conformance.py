"""What every model kind and every importer keeps to, found by their plugins."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from imaging.plugins import gather
from imaging.progress import silent
from models import kinds
from models.catalogue import open_folder
from models.importer import importers
from models.package import load_package
from models.problem import ModelProblem
from models.reading import ModelKind
from tests.models.graphs import graph_of, manifest_of, scan_of, shape, write_package

KINDS = {kind.task: kind for kind in gather(kinds, ModelKind)}
IMPORTERS = importers()
WRONG = {"classify": "map", "segment": "scores", "detect": "map", "instances": "scores"}


def test_there_is_one_kind_per_task():
    assert set(KINDS) == {"classify", "segment", "detect", "instances"}
    assert len(gather(kinds, ModelKind)) == len(KINDS)


@pytest.mark.parametrize("task", sorted(KINDS))
def test_a_kind_refuses_outputs_it_cannot_decode(tmp_path, task):
    manifest = manifest_of(task, {"as": WRONG[task]}, ("a", "b"))
    package = load_package(write_package(tmp_path, manifest, b"weights"))
    with pytest.raises(ModelProblem) as caught:
        KINDS[task].check(package)
    assert "\n" not in str(caught.value)


def test_importers_have_names_of_their_own_and_an_order():
    assert sorted(importer.name for importer in IMPORTERS) == ["bioimageio", "onnx", "ultralytics"]
    assert len({importer.order for importer in IMPORTERS}) == len(IMPORTERS)
    assert all(importer.title for importer in IMPORTERS)


@pytest.mark.parametrize(
    ("kind", "number"), [("float32", TensorProto.FLOAT), ("float16", TensorProto.FLOAT16), ("uint8", TensorProto.UINT8)]
)
def test_networks_with_channels_last_and_other_number_types_are_fed_as_they_ask(tmp_path, kind, number):
    # channels last: one channel in, two scores per pixel out: 200 - value and value - 100
    nodes = [
        helper.make_node("Cast", ["image"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["x", "sign"], ["y"]),
        helper.make_node("Add", ["y", "shift"], ["map"]),
    ]
    weights = {"sign": np.array([-1, 1], np.float32), "shift": np.array([200, -100], np.float32)}
    sides = [1, 8, 8]
    model = graph_of(nodes, {"image": [*sides, 1]}, {"map": [*sides, 2]}, weights, kind=number)
    manifest = manifest_of("segment", {"as": "map", "activation": "softmax"}, ("dark", "bright"))
    manifest["input"].update(axes="NHWC", type=kind, size={"policy": "tiles", "width": 8, "height": 8, "halo": 1})
    pixels = np.zeros((20, 12), np.uint8)
    pixels[4:9, 3:7] = 250
    answer = open_folder(write_package(tmp_path, manifest, model)).predict(scan_of(pixels), "", None, silent())
    masks = {one.label: shape(one) for one in answer.proposals}
    assert np.array_equal(masks["bright"].crop(0, 0, 0, 12, 20), pixels > 0)
    assert masks["dark"].count() == 240 - 20
