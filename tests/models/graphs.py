"""Tiny ONNX graphs and packages made of them, with answers that can be worked out by hand."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from imaging.geometry import Affine, Size
from imaging.loaded import LoadedScan
from imaging.scan import ScanInfo

N = "batch"


def graph_of(nodes, inputs, outputs, weights=(), **metadata) -> onnx.ModelProto:
    """A model of nodes; `inputs` and `outputs` map names to shapes."""
    kind = metadata.pop("kind", TensorProto.FLOAT)
    graph = helper.make_graph(
        list(nodes),
        "tiny",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in dict(weights).items()],
    )
    domains = {node.domain for node in nodes} - {""}
    opsets = [helper.make_opsetid("", 17), *(helper.make_opsetid(domain, 1) for domain in domains)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    for key, value in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    return model


def mean_classifier(weights, bias, channels=1, height: Any = 8, width: Any = 8) -> onnx.ModelProto:
    """Scores = weights × mean of the input + bias."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w", "b"], ["logits"]),
    ]
    shape = [N, channels, height, width]
    matrix = np.asarray(weights, np.float32).reshape(channels, -1)
    return graph_of(
        nodes, {"image": shape}, {"logits": [N, matrix.shape[1]]}, {"w": matrix, "b": np.asarray(bias, np.float32)}
    )


def pixel_map(weights, bias, height: Any = "h", width: Any = "w", rank=2) -> onnx.ModelProto:
    """Maps = weights × pixel + bias, one channel per weight (a convolution of one pixel)."""
    kernel = np.asarray(weights, np.float32).reshape(-1, 1, *([1] * rank))
    sides = [height, width] if rank == 2 else ["d", height, width]
    return graph_of(
        [helper.make_node("Conv", ["image", "k", "b"], ["map"])],
        {"image": [N, 1, *sides]},
        {"map": [N, len(kernel), *sides]},
        {"k": kernel, "b": np.asarray(bias, np.float32)},
    )


def box_filter(side: int, height: Any = "h", width: Any = "w") -> onnx.ModelProto:
    """The mean of side × side pixels, zero outside."""
    kernel = np.full((1, 1, side, side), 1 / side**2, np.float32)
    pad = side // 2
    return graph_of(
        [helper.make_node("Conv", ["image", "k"], ["map"], pads=[pad] * 4)],
        {"image": [N, 1, height, width]},
        {"map": [N, 1, height, width]},
        {"k": kernel},
    )


def constant_outputs(channels, height: Any, width: Any, **outputs) -> onnx.ModelProto:
    """Whatever the picture, these arrays (their first axis is the batch of one)."""
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        *(helper.make_node("Add", [f"{name}_value", "nothing"], [name]) for name in outputs),
    ]
    values = {f"{name}_value": np.asarray(value, np.float32) for name, value in outputs.items()}
    shapes = {name: list(np.shape(value)) for name, value in outputs.items()}
    return graph_of(
        nodes, {"image": [1, channels, height, width]}, shapes, {**values, "zero": np.float32(0).reshape(())}
    )


def manifest_of(task: str, decode: dict[str, Any], labels=("thing",), output="map", **changes) -> dict[str, Any]:
    """A manifest without weights; `changes` replace whole entries."""
    manifest = {
        "format": 1,
        "name": "tiny",
        "version": "1.0.0",
        "title": "A tiny model",
        "licence": "Apache-2.0",
        "task": task,
        "input": {
            "name": "image",
            "axes": "NCHW",
            "channels": "gray",
            "type": "float32",
            "size": {"policy": "fixed", "width": 8, "height": 8},
        },
        "preprocessing": [],
        "outputs": [{"name": output, "decode": decode}],
        "labels": [
            {"index": i, "id": name, "name": name.title(), "colour": "#112233"} for i, name in enumerate(labels)
        ],
        "thresholds": {"score": 0.5, "iou": 0.5},
    }
    manifest.update(changes)
    return manifest


def write_package(folder: Path, manifest: dict[str, Any], model: onnx.ModelProto | bytes) -> Path:
    """A package folder of a manifest and a graph."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = model if isinstance(model, bytes) else model.SerializeToString()
    (folder / "model.onnx").write_bytes(raw)
    content = {**manifest, "weights": {"file": "model.onnx", "sha256": hashlib.sha256(raw).hexdigest()}}
    (folder / "model.json").write_text(json.dumps(content))
    return folder


def scan_of(voxels, **changes) -> LoadedScan:
    """A scan in memory: (rows, columns[, 3]) is a picture, (planes, rows, columns) a volume."""
    array = np.asarray(voxels)
    colour = array.ndim >= 3 and array.shape[-1] == 3
    planes = array if array.ndim == (4 if colour else 3) else array[None]
    facts: dict[str, Any] = {
        "name": "made",
        "format": "test",
        "kind": "volume" if len(planes) > 1 else "picture",
        "size": Size(planes.shape[2], planes.shape[1], len(planes)),
        "dtype": array.dtype.name,
        "channels": 3 if colour else 1,
    }
    facts.update(changes)
    return LoadedScan(ScanInfo(**facts), np.ascontiguousarray(planes))


def straight_affine(along_i, along_j, along_k) -> Affine:
    """An affine from three directions in LPS."""
    return Affine.from_directions((0.0, 0.0, 0.0), along_i, along_j, along_k)


def shape(proposal) -> Any:
    """A proposal's geometry, whatever it is."""
    return proposal.geometry
