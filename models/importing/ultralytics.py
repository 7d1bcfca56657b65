"""Ultralytics exports: everything needed stands in the ONNX file's metadata."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import cast

import numpy as np

from imaging.progress import Progress
from models.draft import Answers, Draft, TestVector, labels_of, slug
from models.inspect import Graph, axis_of, inspect
from models.manifest import Json
from models.probing import run_once, sample_input
from models.problem import ModelProblem

_TASKS = {"detect": "detect", "segment": "instances", "classify": "classify"}
SCORE, IOU = 0.25, 0.7
"""The thresholds that Ultralytics predicts with where nobody says otherwise."""


class Ultralytics:
    """YOLO networks exported by Ultralytics (v5u, v8, 11, 26 …): detect, segment, classify."""

    name = "ultralytics"
    title = "Ultralytics ONNX"
    order = 10

    def recognises(self, path: Path) -> bool:
        """See `ModelImporter.recognises`."""
        if path.suffix.lower() != ".onnx" or not path.is_file():
            return False
        try:
            facts = inspect(path).facts
        except ModelProblem:
            return False
        return "names" in facts and "stride" in facts and "task" in facts

    def draft(self, path: Path, answers: Answers, progress: Progress) -> Draft:
        """See `ModelImporter.draft`."""
        graph = inspect(path)
        facts = graph.facts
        task = _TASKS.get(facts["task"])
        if task is None:
            raise ModelProblem(f"is of the Ultralytics task {facts['task']!r}, which is not read yet", path)
        names = _names(facts["names"], path)
        names = list(answers.labels) or names
        width, height = answers.size or _size(graph, path)
        manifest: Json = {
            "format": 1,
            "name": answers.name or slug(path.stem),
            "version": answers.version or "1.0.0",
            "title": answers.title or facts.get("description", path.stem)[:200],
            "description": f"Imported from {path.name}, exported by Ultralytics {facts.get('version', '')}".strip(),
            "licence": answers.licence or facts.get("license", "unknown"),
            "task": task,
            "input": {
                "name": graph.inputs[0].name,
                "axes": "NCHW",
                "channels": "gray" if facts.get("channels") == "1" else "rgb",
                "type": graph.inputs[0].type,
                "size": {"policy": "fixed", "width": width, "height": height, "resample": "bilinear"},
            },
            "preprocessing": [{"step": "eight-bit"}, {"step": "divide", "by": 255.0}],
            "outputs": _outputs(graph, task, len(names), facts, path),
            "labels": labels_of(names),
            "thresholds": {"score": SCORE, "iou": IOU},
        }
        manifest["input"]["size"]["fit"] = "centre-crop" if task == "classify" else "letterbox"
        progress.report(0, 0, "recording test vectors")
        channels = 1 if manifest["input"]["channels"] == "gray" else 3
        shape = (_batch(graph), channels, height, width)
        return Draft(manifest, path, _card(manifest, facts), _vectors(path, graph, shape))


def _batch(graph: Graph) -> int:
    first = axis_of(graph.inputs[0], 0)
    return first if isinstance(first, int) else 1


def _vectors(path: Path, graph: Graph, shape: tuple[int, ...]) -> tuple[TestVector, ...]:
    values = sample_input(shape, graph.inputs[0].type, high=1.0)
    outputs = run_once(path, graph.inputs[0].name, values)
    return tuple(
        TestVector(values, output.astype(np.float32), name, 1e-3 * max(1.0, float(np.abs(output).max())))
        for name, output in outputs.items()
    )


def _names(text: str, path: Path) -> list[str]:
    """The label names, a Python dictionary or list of literals in the metadata."""
    try:
        parsed: object = ast.literal_eval(text[:200_000])
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        parsed = None
    if isinstance(parsed, dict):
        named = cast(dict[object, object], parsed)
        if sorted(named, key=str) != sorted(range(len(named)), key=str):
            raise ModelProblem("lost a label: the numbers of its names are not 0, 1, 2 …", path)
        return [str(named[index]) for index in range(len(named))]
    if isinstance(parsed, list) and parsed:
        return [str(name) for name in cast(list[object], parsed)]
    raise ModelProblem("has no labels in its metadata", path, "Give them with --labels")


def _size(graph: Graph, path: Path) -> tuple[int, int]:
    """Width and height of the input, from the graph or from `imgsz`."""
    shape = graph.inputs[0].shape or ()
    if len(shape) != 4:
        raise ModelProblem(f"takes {len(shape)} axes where a YOLO network takes 4", path)
    height, width = shape[2:]
    if isinstance(height, int) and isinstance(width, int):
        return width, height
    try:
        sizes = cast(object, ast.literal_eval(graph.facts.get("imgsz", "")))
    except (ValueError, SyntaxError):
        sizes = None
    if isinstance(sizes, int):
        return sizes, sizes
    if isinstance(sizes, list | tuple):
        numbers = cast("list[object] | tuple[object, ...]", sizes)
        if len(numbers) == 2 and isinstance(numbers[0], int) and isinstance(numbers[1], int):
            return numbers[1], numbers[0]
    raise ModelProblem("does not say its input size", path, "Give it with --size WIDTHxHEIGHT")


def _outputs(graph: Graph, task: str, classes: int, facts: dict[str, str], path: Path) -> list[Json]:
    first = graph.outputs[0]
    if task == "classify":
        return [{"name": first.name, "decode": {"as": "scores", "activation": "none"}}]
    axes = len(first.shape or ())
    if axes != 3:
        raise ModelProblem(f"gives {axes} axes where a YOLO network gives 3", path)
    suppressed = facts.get("end2end") == "True" or "'nms': True" in facts.get("args", "")
    masks = 0
    if task == "instances":
        depth = axis_of(graph.outputs[1], 1) if len(graph.outputs) > 1 else None
        if not isinstance(depth, int):
            raise ModelProblem("segments, but has no prototypes", path)
        masks = depth
    decode: Json = (
        {"as": "boxes", "masks": masks}
        if suppressed
        else {"as": "yolo", "activation": "none", "boxes": "xywh", "classes": classes, "masks": masks}
    )
    rows = axis_of(first, 2 if suppressed else 1)
    wanted = 6 + masks if suppressed else 4 + classes + masks
    if isinstance(rows, int) and rows != wanted:
        raise ModelProblem(
            f"gives {rows} values per box where {classes} labels need {wanted}", path, "A label was lost"
        )
    decodes: list[Json] = [decode, {"as": "prototypes"}] if masks else [decode]
    return [{"name": port.name, "decode": entry} for port, entry in zip(graph.outputs, decodes, strict=False)]


def _card(manifest: Json, facts: dict[str, str]) -> str:
    return (
        f"# {manifest['title']}\n\n{manifest['description']}.\n\n"
        f"Licence: {manifest['licence']}\n\n"
        f"Author: {facts.get('author', 'unknown')}; exported {facts.get('date', 'at an unknown time')}.\n\n"
        "Imported as it is: what it was trained on and how well it does on medical scans is not known here. "
        "Its test vectors were recorded when it was imported.\n"
    )


PLUGIN = Ultralytics()
