"""Packages from what people have: a file or folder, recognised by an importer, becomes a package that was tried."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from imaging.plugins import gather
from imaging.progress import Progress
from models import importing
from models.checking import Played, check_package, refuse_failing
from models.draft import Answers, Draft, ModelImporter
from models.manifest import MODEL_FILE, Json
from models.package import ModelPackage, load_package
from models.problem import ModelProblem

Array: TypeAlias = NDArray[Any]


@cache
def importers() -> tuple[ModelImporter, ...]:
    """Every importer, in the order they are asked."""
    return tuple(sorted(gather(importing, ModelImporter), key=lambda importer: importer.order))


@dataclass(frozen=True, slots=True)
class Imported:
    """A package that was made: what it is, how its test vectors came out, and what the importer found out."""

    package: ModelPackage
    played: tuple[Played, ...]
    remarks: tuple[str, ...] = ()


def import_model(path: Path, to: Path, answers: Answers, progress: Progress) -> Imported:
    """Make a package under `to` from a file or folder; kept only if it loads and its test vectors pass."""
    if not path.exists():
        raise ModelProblem("is not there", path)
    importer = next((one for one in importers() if one.recognises(path)), None)
    if importer is None:
        known = ", ".join(one.title for one in importers())
        raise ModelProblem("is no model that can be imported", path, f"There are importers for: {known}")
    draft = importer.draft(path, answers, progress)
    target = to / draft.manifest["name"] / draft.manifest["version"]
    if target.exists():
        raise ModelProblem("is there already", target, "Give another --name or --version")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".importing-") as scratch:
            folder = Path(scratch) / "package"
            _write(draft, folder)
            package = load_package(folder)
            played = check_package(package, "cpu", progress)
            refuse_failing(package, played)
            os.replace(folder, target)
    except OSError as error:
        raise ModelProblem(f"cannot be written ({error.strerror or error})", target) from None
    return Imported(load_package(target), tuple(played), draft.remarks)


def _write(draft: Draft, folder: Path) -> None:
    (folder / "test").mkdir(parents=True)
    shutil.copyfile(draft.weights, folder / "model.onnx")
    with (folder / "model.onnx").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    entries: list[Json] = []
    for index, vector in enumerate(draft.vectors, start=1):
        names = (f"test/input{index}.npy", f"test/output{index}.npy")
        np.save(folder / names[0], vector.input, allow_pickle=False)
        np.save(folder / names[1], vector.output, allow_pickle=False)
        entries.append({"input": names[0], "output": names[1], "of": vector.of, "tolerance": vector.tolerance})
    manifest = {**draft.manifest, "weights": {"file": "model.onnx", "sha256": digest}, "test": entries}
    (folder / MODEL_FILE).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(draft.card, encoding="utf-8")
    (folder / "metrics.json").write_text(json.dumps(draft.metrics, indent=1) + "\n", encoding="utf-8")
