"""Packages from what people have: a file or folder, recognised by an importer, becomes a package that was tried."""

from __future__ import annotations

import colorsys
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from imaging.plugins import gather
from imaging.progress import Progress
from models import importing
from models.checking import Played, check_package, refuse_failing
from models.manifest import MODEL_FILE, Json
from models.package import ModelPackage, load_package
from models.problem import ModelProblem

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person says about a model that does not say it of itself; empty means not said."""

    name: str = ""
    version: str = ""
    title: str = ""
    licence: str = ""
    task: str = ""
    labels: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    """Width and height of the input, where the graph leaves them open."""
    scale: str = ""
    """How grey levels enter: `unit` (0…1), `imagenet`, `standardise`, `none` (0…255)."""
    activation: str = ""
    decode: str = ""
    pixel_size_mm: float | None = None


@dataclass(frozen=True, slots=True)
class TestVector:
    """An array that enters the network, what it gives raw, for which output, and the difference allowed."""

    input: Array
    output: Array
    of: str
    tolerance: float


@dataclass(frozen=True, slots=True)
class Draft:
    """A package about to be written: its manifest (without weights and test), weights, card and vectors."""

    manifest: Json
    weights: Path
    card: str
    vectors: tuple[TestVector, ...]
    metrics: Json = field(default_factory=dict[str, Any])
    remarks: tuple[str, ...] = ()
    """What the person should know of how it went."""


@runtime_checkable
class ModelImporter(Protocol):
    """Makes packages of one family of model files."""

    name: str
    title: str
    order: int
    """Importers are asked in this order."""

    def recognises(self, path: Path) -> bool:
        """Whether it can read this file or folder; cheap, and never raises for a file of another family."""
        ...

    def draft(self, path: Path, answers: Answers, progress: Progress) -> Draft:
        """The package. Raises `ModelProblem` saying which answers are missing."""
        ...


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


def slug(text: str) -> str:
    """A package name made from any text."""
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:64] or "model"


def labels_of(names: Sequence[str], *, background: bool = False) -> list[Json]:
    """Label entries for names, each with its own colour; the first may be the background."""
    entries: list[Json] = []
    seen: set[str] = set()
    for index, name in enumerate(names):
        label = name.strip()[:100] or f"label {index + 1}"
        while label in seen:
            label = f"{label} {index + 1}"
        seen.add(label)
        red, green, blue = colorsys.hsv_to_rgb((0.02 + index * 0.61803) % 1, 0.62, 0.92)
        colour = f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
        entry: Json = {"index": index, "id": label, "name": label, "colour": colour, "code": None}
        if background and index == 0:
            entry["background"] = True
        entries.append(entry)
    return entries
