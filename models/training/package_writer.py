"""Write a model package: manifest, weights' hash, test vectors, metrics and card."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

Manifest = dict[str, object]


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write readable JSON with figures rounded to four places, which is more than they can bear."""
    path.write_text(json.dumps(rounded(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def rounded(content: object) -> object:
    """Return the content with every float rounded to 4 places (6 below 0.001), unknown ones as null."""
    if isinstance(content, float):
        if not math.isfinite(content):
            return None
        return round(content, 4 if abs(content) >= 1e-3 else 6)
    if isinstance(content, Mapping):
        items = cast(Mapping[str, object], content).items()
        return {key: rounded(value) for key, value in items}
    if isinstance(content, list | tuple):
        return [rounded(value) for value in cast(Sequence[object], content)]
    return content


def write_package(folder: Path, manifest: Manifest, inputs: NDArray[np.float32], outputs: NDArray[np.float32]) -> None:
    """Write `model.json` and `test/` beside the `model.onnx` that lies in the folder already.

    `inputs` is the array that enters the network and `outputs` what the network returned for it, raw.
    """
    weights = (folder / "model.onnx").read_bytes()
    (folder / "test").mkdir(exist_ok=True)
    np.save(folder / "test" / "input.npy", inputs.astype(np.float32), allow_pickle=False)
    np.save(folder / "test" / "output.npy", outputs.astype(np.float32), allow_pickle=False)
    content = dict(manifest)
    content["weights"] = {"file": "model.onnx", "sha256": hashlib.sha256(weights).hexdigest()}
    content["test"] = [{"input": "test/input.npy", "output": "test/output.npy", "tolerance": 0.0005}]
    write_json(folder / "model.json", content)
