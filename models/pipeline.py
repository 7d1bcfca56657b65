"""Pipelines: packages in a row, as their manifest says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from dataset.label import Label
from dataset.prediction import ModelRef
from models.manifest import PIPELINE_FILE, Json, inside, read_manifest
from models.package import ModelPackage, Reads, Settings, label_of, load_package, reads_of
from models.problem import ModelProblem


@dataclass(frozen=True, slots=True)
class PipelineStep:
    """One step: what it does, its settings, and the package it runs, if any."""

    do: str
    settings: Settings
    package: ModelPackage | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A package that chains packages."""

    folder: Path
    ref: ModelRef
    title: str
    description: str
    licence: str
    reads: Reads
    steps: tuple[PipelineStep, ...]
    labels: tuple[Label, ...]

    @property
    def packages(self) -> tuple[ModelPackage, ...]:
        """The packages it chains, in order."""
        return tuple(step.package for step in self.steps if step.package is not None)

    def step(self, do: str) -> PipelineStep | None:
        """The step that does something, or `None`."""
        return next((step for step in self.steps if step.do == do), None)


def load_pipeline(folder: Path, *, verify: bool = True) -> Pipeline:
    """The pipeline of a folder, with its packages; refused with one line unless all of it holds."""
    manifest, digest = read_manifest(folder, PIPELINE_FILE)
    steps = tuple(_step(folder, entry, verify) for entry in manifest["steps"])
    parts = hashlib.sha256(digest.encode())
    for step in steps:
        if step.package is not None:
            parts.update(step.package.ref.sha256.encode())
    pipeline = Pipeline(
        folder=folder,
        ref=ModelRef(manifest["name"], manifest["version"], parts.hexdigest()),
        title=manifest["title"],
        description=manifest.get("description", ""),
        licence=manifest["licence"],
        reads=reads_of(manifest.get("reads", {})),
        steps=steps,
        labels=tuple(label_of(entry) for entry in manifest["labels"]),
    )
    _check(pipeline, folder / PIPELINE_FILE)
    return pipeline


def _step(folder: Path, entry: Json, verify: bool) -> PipelineStep:
    rest = MappingProxyType({key: value for key, value in entry.items() if key not in ("do", "package")})
    name = entry.get("package")
    package = load_package(inside(folder, name), verify=verify) if name else None
    return PipelineStep(entry["do"], rest, package)


def _check(pipeline: Pipeline, where: Path) -> None:
    """Refuse steps out of order, and labels that no step can give or that two entries share."""
    order = [step.do for step in pipeline.steps]
    line = ["segment", "pieces", "boxes", "classify", "order"]
    if order[0] != "segment" or len(set(order)) != len(order) or order != sorted(order, key=line.index):
        raise ModelProblem(f"has steps that do not follow each other as {', '.join(line)}", where)
    if "order" in order and "classify" not in order:
        raise ModelProblem("has the step 'order' without 'classify' before it", where)
    for step in pipeline.steps:
        wanted = {"segment": "segment", "classify": "classify"}.get(step.do)
        if wanted and step.package and step.package.task != wanted:
            raise ModelProblem(f"has a package of task {step.package.task!r} in the step {step.do!r}", where)
    ids = [label.id for label in pipeline.labels]
    if len(set(ids)) != len(ids):
        raise ModelProblem(f"names the label {next(i for i in ids if ids.count(i) > 1)!r} twice", where)
    _check_given(pipeline, where)


def _check_given(pipeline: Pipeline, where: Path) -> None:
    giver = pipeline.step("classify") or pipeline.step("segment")
    assert giver is not None
    assert giver.package is not None
    given = {entry.label.id for entry in giver.package.foreground}
    for label in pipeline.labels:
        if not label.assigned_by and label.id not in given:
            raise ModelProblem(f"lost the label {label.id!r}: no step gives it", where)
        if label.assigned_by and label.id in given:
            raise ModelProblem(f"leaves the label {label.id!r} to the reader, but a step gives it", where)
    order = pipeline.step("order")
    if order is not None:
        for name in (*order.settings["sequence"], *order.settings.get("repeats", ())):
            if name not in given:
                raise ModelProblem(f"orders the label {name!r}, which no step gives", where)
