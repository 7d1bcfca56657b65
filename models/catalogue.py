"""The packages at hand: those shipped, and those in the user's folder (or `OVERREAD_MODELS`)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from imaging.errors import Problem
from imaging.scan import ScanInfo
from models.choices import Choices
from models.manifest import MODEL_FILE, PIPELINE_FILE, read_manifest
from models.model_predictor import ModelPredictor
from models.package import Reads, load_package, reads_of
from models.pipeline import load_pipeline
from models.pipeline_predictor import PipelinePredictor
from models.problem import ModelProblem

LIBRARY = Path(__file__).parent / "library"


@dataclass(frozen=True, slots=True)
class Entry:
    """A package folder that was found; `problem` says why it cannot be used, if it cannot."""

    name: str
    version: str
    folder: Path
    title: str = ""
    task: str = ""
    shipped: bool = False
    problem: str = ""
    reads: Reads = Reads()
    is_colour: bool = False
    """Whether it looks at colour; a grey model reads colour scans too, but is offered for them last."""

    def fitness(self, info: ScanInfo) -> int:
        """How well it goes with a scan, for what to offer first; -1 when it would refuse it.

        Of two for colour the one that marks places comes before one that only names the whole.
        """
        reads = self.reads
        if reads.kinds and info.kind not in reads.kinds:
            return -1
        if reads.modalities and info.modality and info.modality not in reads.modalities:
            return -1
        is_named = bool(reads.modalities and info.modality)
        return 4 * is_named + 2 * (self.is_colour == info.is_colour) + (info.is_colour and self.task != "classify")


def user_folder() -> Path:
    """Where imported packages live: `OVERREAD_MODELS`, or the user's data folder."""
    chosen = os.environ.get("OVERREAD_MODELS")
    if chosen:
        return Path(chosen)
    from platformdirs import user_data_path

    return user_data_path("overread", appauthor=False) / "models"


def entries() -> tuple[Entry, ...]:
    """Every package found, by name, newest version first; the weights are not read."""
    found = [*_entries_of(LIBRARY, shipped=True), *_entries_of(user_folder(), shipped=False)]
    found.sort(key=lambda entry: version_key(entry.version), reverse=True)
    return tuple(sorted(found, key=lambda entry: entry.name))


def find(name: str, choices: Choices | None = None) -> ModelPredictor | PipelinePredictor:
    """The predictor of `name`, `name@version` or a package folder; its weights are verified."""
    return open_folder(find_folder(name), choices)


def find_folder(name: str) -> Path:
    """The package folder of `name` (its newest version), `name@version` or a path."""
    path = Path(name)
    if is_package(path):
        return path
    wanted, _, version = name.partition("@")
    matching = [entry for entry in entries() if entry.name == wanted and version in ("", entry.version)]
    usable = [entry for entry in matching if not entry.problem]
    if usable:
        return usable[0].folder
    if matching:
        return matching[0].folder
    if path.is_dir():
        versions = [child for child in sorted(path.iterdir()) if is_package(child)]
        if versions:
            return max(versions, key=lambda child: version_key(child.name))
        raise ModelProblem(
            f"holds no {MODEL_FILE} or {PIPELINE_FILE}", path, "Import a model with `overread models import`"
        )
    known = ", ".join(sorted({entry.name for entry in entries()})) or "none"
    raise ModelProblem("is no model at hand", name, f"There are: {known}")


def open_folder(folder: Path, choices: Choices | None = None) -> ModelPredictor | PipelinePredictor:
    """The predictor of a package folder."""
    if (folder / PIPELINE_FILE).exists():
        return PipelinePredictor(load_pipeline(folder), choices)
    return ModelPredictor(load_package(folder), choices)


def is_package(folder: Path) -> bool:
    """Whether a folder holds a manifest."""
    return (folder / MODEL_FILE).is_file() or (folder / PIPELINE_FILE).is_file()


def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts versions by their numbers; words (`-rc1`) come before their release."""
    parts = re.findall(r"\d+|[A-Za-z]+", version)
    keys = [(1, int(part), "") if part.isdigit() else (-1, 0, part) for part in parts]
    return (*keys, (0, 0, ""))


def _entries_of(root: Path, *, shipped: bool) -> list[Entry]:
    """The packages `<name>/<version>/` under a folder."""
    try:
        folders = [child for parent in sorted(root.iterdir()) if parent.is_dir() for child in sorted(parent.iterdir())]
    except OSError:
        return []
    return [_entry(folder, shipped) for folder in folders if is_package(folder)]


def _entry(folder: Path, shipped: bool) -> Entry:
    file = PIPELINE_FILE if (folder / PIPELINE_FILE).exists() else MODEL_FILE
    try:
        manifest, _ = read_manifest(folder, file)
    except Problem as problem:
        return Entry(folder.parent.name, folder.name, folder, shipped=shipped, problem=str(problem))
    task = manifest.get("task", "pipeline")
    problem = ""
    if (manifest["name"], manifest["version"]) != (folder.parent.name, folder.name):
        problem = f"says it is {manifest['name']}@{manifest['version']}, but lies elsewhere"
    is_colour = manifest.get("input", {}).get("channels", "gray") != "gray"
    reads = reads_of(manifest.get("reads", {}))
    return Entry(folder.parent.name, folder.name, folder, manifest["title"], task, shipped, problem, reads, is_colour)
