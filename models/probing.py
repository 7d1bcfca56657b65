"""Run a graph that is no package yet, to record test vectors."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.device import engine
from models.problem import ModelProblem
from models.runtime import failures

Array: TypeAlias = NDArray[Any]


def sample_input(shape: tuple[int, ...], kind: str, *, high: float) -> Array:
    """A seeded, picture-like input: smooth waves and some noise between 0 and `high`."""
    random = np.random.default_rng(20)
    places = np.meshgrid(*(np.linspace(0, 3 + axis, side) for axis, side in enumerate(shape)), indexing="ij")
    waves = 0.5 + 0.4 * np.sin(sum(place * (axis + 1.3) for axis, place in enumerate(places)))
    values = np.clip(waves + random.normal(0, 0.05, shape), 0, 1) * high
    return values.astype(np.dtype(kind))


def run_once(weights: Path, name: str, values: Array) -> dict[str, Array]:
    """Every output of a graph for one input, on the CPU."""
    ort = engine()
    options = ort.SessionOptions()
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
        names = [str(output.name) for output in session.get_outputs()]
        outputs = session.run(names, {name: values})
    except failures() as error:
        text = " ".join(str(error).split())
        raise ModelProblem(f"cannot be run by onnxruntime ({text[:240]})", weights) from None
    return {key: np.asarray(output) for key, output in zip(names, outputs, strict=True)}
