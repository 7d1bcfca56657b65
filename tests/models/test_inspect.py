import contextlib

import pytest
from onnx import TensorProto, helper

from models.inspect import check_graph, inspect
from models.package import load_package
from models.problem import ModelProblem
from tests.models.graphs import graph_of, manifest_of, mean_classifier, pixel_map, write_package


def saved(tmp_path, model):
    path = tmp_path / "model.onnx"
    path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    return path


def refusal(path) -> str:
    with pytest.raises(ModelProblem) as caught:
        inspect(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_graph_says_its_inputs_outputs_and_metadata(tmp_path):
    model = mean_classifier([1, 2], [0, 0])
    entry = model.metadata_props.add()
    entry.key, entry.value = "stride", "32"
    graph = inspect(saved(tmp_path, model))
    assert [(port.name, port.type, port.shape) for port in graph.inputs] == [("image", "float32", ("batch", 1, 8, 8))]
    assert graph.outputs[0].shape == ("batch", 2)
    assert graph.facts == {"stride": "32"}
    assert graph.opset == 17


@pytest.mark.parametrize("raw", [b"", b"hello", bytes(1000), b"\x08\x08\x3a\xff\xff\xff\xff\x0f"])
def test_a_file_that_is_no_model_is_refused(tmp_path, raw):
    assert "empty" in refusal(saved(tmp_path, raw)) or "no ONNX file" in refusal(saved(tmp_path, raw))


def test_a_file_cut_short_is_refused_wherever_it_was_cut(tmp_path):
    raw = mean_classifier([1, 2], [0, 0]).SerializeToString()
    for length in range(1, len(raw) - 1, 7):
        path = saved(tmp_path, raw[:length])
        with contextlib.suppress(ModelProblem):
            assert inspect(path).inputs


def test_real_broken_files_are_refused(data):
    for name in ("broken/corrupt_onnx.onnx", "onnx_broken/empty.onnx", "onnx_broken/not_a_model.onnx"):
        assert "is empty" in refusal(data / name) or "is no ONNX file, or cut short" in refusal(data / name)


@pytest.mark.parametrize("place", ["weights.bin", "/etc/passwd", "../../secret"])
def test_weights_outside_the_file_are_refused(tmp_path, place):
    model = pixel_map([1.0], [0.0])
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", place
    assert f"keeps weights outside itself ({place})" in refusal(saved(tmp_path, model))


def test_weights_outside_the_file_are_found_inside_nodes_and_their_graphs(tmp_path):
    tensor = helper.make_tensor("t", TensorProto.FLOAT, [1], [0.0])
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "x.bin"
    inner = helper.make_graph(
        [helper.make_node("Constant", [], ["c"], value=tensor)],
        "inner",
        [],
        [helper.make_tensor_value_info("c", TensorProto.FLOAT, [1])],
    )
    yes = helper.make_node("Constant", [], ["yes"], value=helper.make_tensor("y", TensorProto.BOOL, [], [True]))
    branch = helper.make_node("If", ["yes"], ["out"], then_branch=inner, else_branch=inner)
    assert "x.bin" in refusal(saved(tmp_path, graph_of([yes, branch], {"image": [1]}, {"out": [1]})))


def test_custom_operators_are_refused_by_name(tmp_path):
    model = graph_of([helper.make_node("Oracle", ["image"], ["out"], domain="my.ops")], {"image": [1]}, {"out": [1]})
    assert "custom operator my.ops.Oracle" in refusal(saved(tmp_path, model))


def test_functions_that_the_file_brings_itself_are_no_custom_operators(tmp_path):
    function = helper.make_function(
        "my.ops", "Same", ["x"], ["y"], [helper.make_node("Identity", ["x"], ["y"])], [helper.make_opsetid("", 17)]
    )
    model = graph_of([helper.make_node("Same", ["image"], ["out"], domain="my.ops")], {"image": [1]}, {"out": [1]})
    model.functions.append(function)
    assert inspect(saved(tmp_path, model)).outputs[0].name == "out"


def test_absurd_sizes_are_refused(tmp_path):
    node = helper.make_node("Identity", ["image"], ["out"])
    model = graph_of([node], {"image": [1, 1, 2**40, 8]}, {"out": [1]})
    assert "absurd shape" in refusal(saved(tmp_path, model))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"axes": "NHWC"}, "along"),
        ({"channels": "rgb"}, "takes 1 along C"),
        ({"name": "picture"}, "names 'picture' alone"),
        ({"type": "uint8"}, "takes float32"),
        ({"size": {"policy": "fixed", "width": 9, "height": 8}}, "takes 8 along W"),
        ({"size": {"policy": "any"}}, "any size"),
        ({"axes": "NCDHW", "size": {"policy": "fixed", "width": 8, "height": 8, "depth": 8}}, "takes 4 axes"),
    ],
)
def test_a_graph_that_is_not_as_the_manifest_says_is_refused(tmp_path, changes, words):
    manifest = manifest_of("classify", {"as": "scores"}, ("a", "b"), "logits")
    manifest["input"].update(changes)
    package = load_package(write_package(tmp_path / "p", manifest, mean_classifier([1, 2], [0, 0])))
    with pytest.raises(ModelProblem, match=words):
        check_graph(package, inspect(package.weights))


def test_an_output_that_is_not_there_is_refused(tmp_path):
    manifest = manifest_of("classify", {"as": "scores"}, ("a", "b"), "probabilities")
    package = load_package(write_package(tmp_path / "p", manifest, mean_classifier([1, 2], [0, 0])))
    with pytest.raises(ModelProblem, match="no output 'probabilities'"):
        check_graph(package, inspect(package.weights))
