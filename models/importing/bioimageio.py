"""bioimage.io descriptions (`rdf.yaml`, `bioimageio.yaml`, formats 0.4 and 0.5) with ONNX weights."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from imaging.progress import Progress
from models.checking import read_array
from models.decode import activated
from models.draft import Answers, Array, Draft, TestVector, labels_of, slug
from models.inspect import Graph, axis_of, inspect
from models.manifest import Json, inside
from models.package import Settings, Step
from models.preprocess import finish
from models.probing import run_once
from models.problem import ModelProblem

FILES = ("bioimageio.yaml", "rdf.yaml")
LARGEST_YAML = 2**20
TOLERANCE = 1e-3
"""Largest difference to the published test output, of scores in 0…1."""


class BioimageIo:
    """Models of the bioimage.io zoo; nothing is downloaded, so the ONNX weights must lie in the folder."""

    name = "bioimageio"
    title = "bioimage.io"
    order = 20

    def recognises(self, path: Path) -> bool:
        """See `ModelImporter.recognises`."""
        return _description(path) is not None

    def draft(self, path: Path, answers: Answers, progress: Progress) -> Draft:
        """See `ModelImporter.draft`."""
        file = _description(path)
        assert file is not None
        described = _read(file)
        folder = file.parent
        weights = _weights(described, folder, file)
        graph = inspect(weights)
        source, target = _only(described, "inputs", file), _only(described, "outputs", file)
        steps = [step for entry in _list(source.get("preprocessing")) for step in _step(entry, file)]
        activation, threshold = _activation(target, file)
        sides = _sides(source, graph, file)
        names = list(answers.labels) or _label_names(target, graph, file)
        background = activation == "softmax" and len(names) > 1 and not answers.labels
        manifest: Json = {
            "format": 1,
            "name": answers.name or slug(str(described.get("name", path.stem))),
            "version": answers.version or "1.0.0",
            "title": answers.title or str(described.get("name", path.stem))[:200],
            "description": str(described.get("description", ""))[:900],
            "licence": answers.licence or str(described.get("license", "unknown")),
            "task": "segment",
            "input": {
                "name": graph.inputs[0].name,
                "axes": "NCDHW" if len(sides) == 3 else "NCHW",
                "channels": _channels(graph, file),
                "type": graph.inputs[0].type,
                "size": _policy(sides, _halo(target)),
            },
            "preprocessing": steps,
            "outputs": [{"name": graph.outputs[0].name, "decode": {"as": "map", "activation": activation}}],
            "labels": labels_of(names, background=background),
            "thresholds": {"score": threshold},
        }
        progress.report(0, 0, "playing the published test vector")
        vector, error = _vector(source, target, steps, activation, graph, weights, folder, described)
        metrics: Json = {"published test output reproduced within": error}
        remark = f"its published test output was reproduced within {error:.2g}"
        return Draft(manifest, weights, _card(manifest, described, error), (vector,), metrics, (remark,))


def _description(path: Path) -> Path | None:
    if path.is_dir():
        return next((path / name for name in FILES if (path / name).is_file()), None)
    return path if path.is_file() and path.suffix in (".yaml", ".yml") else None


def _read(file: Path) -> Json:
    import yaml

    if file.stat().st_size > LARGEST_YAML:
        raise ModelProblem("is too large for a description", file)
    try:
        content: object = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise ModelProblem("is no readable YAML", file) from None
    if not isinstance(content, dict) or cast(Json, content).get("type") != "model":
        raise ModelProblem("describes no bioimage.io model", file)
    return cast(Json, content)


def _weights(described: Json, folder: Path, file: Path) -> Path:
    formats = _dict(described.get("weights"))
    entry = _dict(formats.get("onnx"))
    if not entry:
        have = ", ".join(sorted(formats)) or "none"
        raise ModelProblem(f"has no ONNX weights (it has: {have})", file, "Convert them to ONNX first")
    path = _local(folder, entry.get("source"), file)
    wanted = entry.get("sha256")
    if wanted and hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
        raise ModelProblem("are not the weights of the description (their sha256 differs)", path)
    return path


def _local(folder: Path, source: object, file: Path) -> Path:
    """A file of the folder that the description names."""
    if isinstance(source, dict):
        source = cast(Json, source).get("source")
    if not isinstance(source, str) or "://" in source:
        raise ModelProblem(f"refers to {str(source)[:80]!r}, and nothing is downloaded", file, "Put the file beside it")
    path = inside(folder, source)
    if not path.is_file():
        raise ModelProblem(f"names {source!r}, which is not there", file)
    return path


def _step(entry: object, file: Path) -> list[Json]:
    """A preprocessing entry as steps of ours."""
    fields = _dict(entry)
    name, settings = str(fields.get("id", fields.get("name", ""))), _dict(fields.get("kwargs"))
    if name == "ensure_dtype":
        return []
    if name == "zero_mean_unit_variance" and settings.get("mode", "per_sample") != "fixed":
        return [{"step": "standardise"}]
    if name in ("fixed_zero_mean_unit_variance", "zero_mean_unit_variance"):
        return [{"step": "normalise", "mean": _numbers(settings["mean"]), "std": _numbers(settings["std"])}]
    if name == "scale_linear":
        gain, offset = _numbers(settings.get("gain", 1.0)), _numbers(settings.get("offset", 0.0))
        pairs = list(
            zip(gain * max(1, len(offset) // len(gain)), offset * max(1, len(gain) // len(offset)), strict=True)
        )
        return [{"step": "normalise", "mean": [-o / g for g, o in pairs], "std": [1 / g for g, _ in pairs]}]
    if name == "scale_range":
        low, high = float(settings.get("min_percentile", 0.0)), float(settings.get("max_percentile", 100.0))
        return [{"step": "percentiles", "low": low, "high": high}]
    if name == "clip":
        return [{"step": "clip", "low": float(settings["min"]), "high": float(settings["max"])}]
    raise ModelProblem(f"has the preprocessing step {name!r}, which has no counterpart here", file)


def _activation(target: Json, file: Path) -> tuple[str, float]:
    """What is done to the raw output, and the threshold of its scores."""
    activation, threshold = "none", 0.5
    for entry in _list(target.get("postprocessing")):
        fields = _dict(entry)
        name, settings = str(fields.get("id", fields.get("name", ""))), _dict(fields.get("kwargs"))
        if name in ("sigmoid", "softmax"):
            activation = name
        elif name == "binarize" and isinstance(settings.get("threshold"), int | float):
            threshold = float(settings["threshold"])
        elif name not in ("ensure_dtype", "clip"):
            raise ModelProblem(f"has the postprocessing step {name!r}, which has no counterpart here", file)
    return activation, threshold


def _sides(source: Json, graph: Graph, file: Path) -> list[int]:
    """Depth (if any), height and width of one input."""
    shape = graph.inputs[0].shape or ()
    if len(shape) not in (4, 5):
        raise ModelProblem(f"takes {len(shape)} axes, where 4 (or 5 for volumes) are read", file)
    said = [_axis_side(axis) for axis in _list(source.get("axes")) if _dict(axis).get("type") == "space"]
    sides: list[int] = []
    for place, side in enumerate(shape[2:]):
        if isinstance(side, int):
            sides.append(side)
        elif place < len(said) and said[place]:
            sides.append(said[place])
        else:
            sides.append(256 if len(shape) == 4 else 64)
    return sides


def _axis_side(axis: object) -> int:
    """A size the description allows along an axis; 0 where it does not say."""
    size = _dict(axis).get("size")
    if isinstance(size, int):
        return size
    least, step = _dict(size).get("min"), _dict(size).get("step")
    if not isinstance(least, int) or not isinstance(step, int):
        return 0
    return least if step < 1 else least + max(0, -(-(256 - least) // step)) * step


def _policy(sides: Sequence[int], halo: int) -> Json:
    policy: Json = {"policy": "tiles", "width": sides[-1], "height": sides[-2]}
    if len(sides) == 3:
        policy["depth"] = sides[0]
    policy["halo"] = min(halo, (min(sides) - 1) // 3)
    return policy


def _halo(target: Json) -> int:
    halos = [_dict(axis).get("halo", 0) for axis in _list(target.get("axes"))] + _list(target.get("halo"))
    return max((halo for halo in halos if isinstance(halo, int)), default=0)


def _channels(graph: Graph, file: Path) -> str:
    count = axis_of(graph.inputs[0], 1)
    if count not in (1, 3):
        raise ModelProblem(f"takes {count} channels; 1 (gray) and 3 (colour) are read", file)
    return "gray" if count == 1 else "rgb"


def _label_names(target: Json, graph: Graph, file: Path) -> list[str]:
    for axis in _list(target.get("axes")):
        names = _dict(axis).get("channel_names")
        if names:
            return [str(name) for name in _list(names)]
    count = axis_of(graph.outputs[0], 1)
    if not isinstance(count, int):
        raise ModelProblem("has no labels", file, "Give them with --labels")
    return [f"label {index + 1}" for index in range(count)]


def _vector(
    source: Json,
    target: Json,
    steps: list[Json],
    activation: str,
    graph: Graph,
    weights: Path,
    folder: Path,
    described: Json,
) -> tuple[TestVector, float]:
    """The published test vector as ours (raw output), once the published output is reproduced from it."""
    file = folder / "test input"
    given = read_array(_local(folder, source.get("test_tensor") or _first(described, "test_inputs"), file))
    wanted = read_array(_local(folder, target.get("test_tensor") or _first(described, "test_outputs"), file))
    if given.ndim != len(graph.inputs[0].shape or ()):
        raise ModelProblem(f"has a test input of {given.ndim} axes", folder)
    values = np.stack([_prepared(sample, steps) for sample in given]).astype(np.dtype(graph.inputs[0].type))
    raw = run_once(weights, graph.inputs[0].name, values)[graph.outputs[0].name].astype(np.float32)
    scores = activated(raw, activation)
    if scores.shape != wanted.shape:
        raise ModelProblem(f"gives {scores.shape} where its published test output is {wanted.shape}", folder)
    error = float(np.abs(scores.astype(np.float64) - wanted).max())
    if not error <= TOLERANCE * max(1.0, float(np.abs(wanted).max())):
        raise ModelProblem(f"does not reproduce its published test output (off by {error:.3g})", folder)
    return TestVector(values, raw, graph.outputs[0].name, TOLERANCE * max(1.0, float(np.abs(raw).max()))), error


def _prepared(sample: Array, steps: list[Json]) -> Array:
    """One published test input (channels first) after the steps."""
    values = np.moveaxis(sample, 0, -1)
    for entry in steps:
        if entry["step"] == "percentiles":
            low, high = np.percentile(values, [entry["low"], entry["high"]])
            values = ((values - low) / max(float(high - low), 1e-6)).astype(np.float32)
        elif entry["step"] == "clip":
            values = np.clip(values, entry["low"], entry["high"])
        else:
            rest = {key: value for key, value in entry.items() if key != "step"}
            values = finish(values, (Step(entry["step"], Settings(rest)),))
    return np.moveaxis(values, -1, 0)


def _card(manifest: Json, described: Json, error: float) -> str:
    authors = ", ".join(str(_dict(one).get("name", "")) for one in _list(described.get("authors")))
    cites = "\n".join(
        f"- {_dict(one).get('text', '')} {_dict(one).get('doi', '')}" for one in _list(described.get("cite"))
    )
    return (
        f"# {manifest['title']}\n\n{manifest['description']}\n\nLicence: {manifest['licence']}\n\n"
        f"Authors: {authors}\n\n{cites}\n\nImported from a bioimage.io description; its published test output was "
        f"reproduced within {error:.2g}. How well it does on other scans is not known here.\n"
    )


def _only(described: Json, key: str, file: Path) -> Json:
    entries = _list(described.get(key))
    if not entries or (key == "inputs" and len(entries) > 1):
        raise ModelProblem(f"has {len(entries)} {key}; one is read", file)
    return _dict(entries[0])


def _first(described: Json, key: str) -> object:
    entries = _list(described.get(key))
    return entries[0] if entries else None


def _dict(value: object) -> Json:
    return cast(Json, value) if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _numbers(value: object) -> list[float]:
    values = cast("list[Any]", value if isinstance(value, list) else [value])
    return [float(one) for one in values]


PLUGIN = BioimageIo()
