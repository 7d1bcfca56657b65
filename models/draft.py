"""A package about to be written, and what importers make it from."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from numpy.typing import NDArray

from imaging.progress import Progress
from models.manifest import Json

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
