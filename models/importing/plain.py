"""Any ONNX file, with a few questions answered."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from imaging.progress import Progress
from models.draft import Answers, Draft, TestVector, labels_of, slug
from models.inspect import Graph, Side, axis_of, inspect
from models.manifest import Json
from models.probing import run_once, sample_input
from models.problem import ModelProblem

_SCALES: dict[str, list[Json]] = {
    "unit": [{"step": "eight-bit"}, {"step": "divide", "by": 255.0}],
    "imagenet": [
        {"step": "eight-bit"},
        {"step": "divide", "by": 255.0},
        {"step": "normalise", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
    ],
    "standardise": [{"step": "standardise"}],
    "none": [{"step": "eight-bit"}],
}
TILE = 512


class PlainOnnx:
    """An ONNX file that says nothing of itself: task and labels are asked for."""

    name = "onnx"
    title = "plain ONNX"
    order = 90

    def recognises(self, path: Path) -> bool:
        """See `ModelImporter.recognises`."""
        return path.is_file() and path.suffix.lower() == ".onnx"

    def draft(self, path: Path, answers: Answers, progress: Progress) -> Draft:
        """See `ModelImporter.draft`."""
        graph = inspect(path)
        missing = [f"--{what}" for what in ("task", "labels") if not getattr(answers, what)]
        if missing:
            raise ModelProblem("does not say what it is", path, f"Give {' and '.join(missing)}")
        manifest, shape = _manifest(graph, answers, path)
        progress.report(0, 0, "recording test vectors")
        port = graph.inputs[0]
        values = sample_input(shape, port.type, high=255.0 if answers.scale == "none" else 1.0)
        raw = run_once(path, port.name, values)[graph.outputs[0].name].astype(np.float32)
        tolerance = 1e-3 * max(1.0, float(np.abs(raw).max()))
        vector = TestVector(values, raw, graph.outputs[0].name, tolerance)
        what = f"{manifest['description']} with answers given by a person. Nothing was measured."
        return Draft(manifest, path, f"# {manifest['title']}\n\n{what}\n", (vector,))


def _manifest(graph: Graph, answers: Answers, path: Path) -> tuple[Json, tuple[int, ...]]:
    """The manifest, and the shape of one input."""
    axes, channels, sides = _layout(graph, answers, path)
    scale = answers.scale or "unit"
    if scale not in _SCALES:
        raise ModelProblem(f"has no scale {scale!r}", "--scale", f"There are: {', '.join(_SCALES)}")
    if scale == "imagenet" and channels == 1:
        raise ModelProblem("takes one channel; the imagenet scale is for three", path, "Choose another --scale")
    decode = _decode(graph, answers, path)
    is_background = decode.get("activation") == "softmax" and answers.task == "segment"
    described: Json = {
        "name": graph.inputs[0].name,
        "axes": axes,
        "channels": "gray" if channels == 1 else "rgb",
        "type": graph.inputs[0].type,
        "size": _policy(answers.task, sides),
    }
    if answers.pixel_size_mm:
        described["spacing"] = {"x": answers.pixel_size_mm, "y": answers.pixel_size_mm, "unit": "mm"}
    outputs: list[Json] = [{"name": graph.outputs[0].name, "decode": decode}]
    if decode.get("masks"):
        outputs.append({"name": graph.outputs[-1].name, "decode": {"as": "prototypes"}})
    manifest: Json = {
        "format": 1,
        "name": answers.name or slug(path.stem),
        "version": answers.version or "1.0.0",
        "title": answers.title or path.stem,
        "description": f"Imported from {path.name}",
        "licence": answers.licence or "unknown",
        "task": answers.task,
        "input": described,
        "preprocessing": _SCALES[scale],
        "outputs": outputs,
        "labels": labels_of(answers.labels, background=is_background),
        "thresholds": {"score": 0.5, "iou": 0.5},
    }
    return manifest, _shape(axes, channels, sides, graph)


def _layout(graph: Graph, answers: Answers, path: Path) -> tuple[str, int, list[int]]:
    """The axes, the channel count, and the sides: height and width, before them the depth of volumes."""
    port = graph.inputs[0]
    shape = port.shape or ()
    if len(graph.inputs) != 1 or len(shape) not in (4, 5):
        raise ModelProblem(
            f"takes {len(graph.inputs)} inputs of {len(shape)} axes; one input of 4 (or 5 for volumes) is read", path
        )
    axes = (
        "NCDHW"
        if len(shape) == 5
        else "NHWC"
        if axis_of(port, 3) in (1, 3) and axis_of(port, 1) not in (1, 3)
        else "NCHW"
    )
    count = shape[axes.index("C")]
    if not isinstance(count, int) or count not in (1, 3):
        raise ModelProblem(f"takes {count} channels; 1 (gray) and 3 (colour) are read", path)
    wide, tall = answers.size or (0, 0)
    asked: dict[str, int] = {"W": wide, "H": tall, "D": 0}
    sides = [_side(shape[axes.index(axis)], asked[axis], answers.task, path) for axis in "DHW" if axis in axes]
    return axes, count, sides


def _side(side: Side, asked: int, task: str, path: Path) -> int:
    if isinstance(side, int):
        return side
    if asked:
        return asked
    if task == "segment":
        return TILE
    raise ModelProblem("leaves its input size open", path, "Give it with --size WIDTHxHEIGHT")


def _policy(task: str, sides: list[int]) -> Json:
    if task != "segment":
        fit = "letterbox" if task in ("detect", "instances") else "stretch"
        return {"policy": "fixed", "width": sides[-1], "height": sides[-2], "fit": fit}
    policy: Json = {"policy": "tiles", "width": sides[-1], "height": sides[-2], "halo": min(sides) // 8}
    if len(sides) == 3:
        policy["depth"] = sides[0]
    return policy


def _decode(graph: Graph, answers: Answers, path: Path) -> Json:
    """How the first output is read, from the task, the labels and the shape."""
    count = len(answers.labels)
    if answers.task == "classify":
        return {"as": "scores", "activation": answers.activation or ("softmax" if count > 1 else "sigmoid")}
    if answers.task == "segment":
        return {"as": "map", "activation": answers.activation or ("softmax" if count > 1 else "sigmoid")}
    if answers.task not in ("detect", "instances"):
        raise ModelProblem(f"is no task: {answers.task!r}", "--task", "There are: classify, segment, detect, instances")
    shape = graph.outputs[0].shape or ()
    masks = 0
    if answers.task == "instances":
        depth = axis_of(graph.outputs[1], 1) if len(graph.outputs) > 1 else None
        if not isinstance(depth, int):
            raise ModelProblem("tells objects apart only with a second output, the prototypes", path)
        masks = depth
    kind = answers.decode or _box_layout(shape, count + masks)
    if kind not in ("yolo", "yolo-objectness", "yolox", "boxes"):
        raise ModelProblem(
            "has boxes in a layout that is not clear", path, "Give --decode yolo, yolo-objectness, yolox or boxes"
        )
    decode: Json = {"as": kind, "activation": answers.activation or "none", "masks": masks}
    if kind != "boxes":
        decode["classes"] = count
    if kind == "yolox":
        decode["strides"] = [8, 16, 32]
    return decode


def _box_layout(shape: tuple[Side, ...], columns: int) -> str:
    if len(shape) == 3 and shape[1] == 4 + columns:
        return "yolo"
    return ""


def _shape(axes: str, channels: int, sides: list[int], graph: Graph) -> tuple[int, ...]:
    first = axis_of(graph.inputs[0], 0)
    known = {"N": first if isinstance(first, int) else 1, "C": channels, "H": sides[-2], "W": sides[-1], "D": sides[0]}
    return tuple(known[axis] for axis in axes)


PLUGIN = PlainOnnx()
