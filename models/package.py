"""A model package: what its manifest says, frozen. See `docs/model-package.md`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, cast

from dataset.label import Code, Label
from dataset.prediction import ModelRef
from models.manifest import MODEL_FILE, Json, inside, read_manifest, sha256_of
from models.problem import ModelProblem

Task = Literal["classify", "segment", "detect", "instances"]
Axes = Literal["NCHW", "NHWC", "NCDHW"]
Activation = Literal["none", "softmax", "sigmoid"]
Settings: TypeAlias = MappingProxyType[str, Any]
EARLY_STEPS = frozenset({"window", "percentiles", "clip", "eight-bit"})
"""Steps on the region's own pixels, before it is resampled and fitted; the others come after."""


@dataclass(frozen=True, slots=True)
class Reads:
    """Which scans a package is offered for; empty means any. `planes`: which axis it reads plane by plane."""

    kinds: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    planes: str = "stored"


@dataclass(frozen=True, slots=True)
class SizePolicy:
    """How a region becomes the network's input."""

    policy: Literal["fixed", "tiles", "any"]
    width: int = 0
    height: int = 0
    depth: int = 0
    fit: Literal["stretch", "letterbox", "centre-crop"] = "stretch"
    pad: float = 114.0
    place: Literal["centre", "corner"] = "centre"
    halo: int = 0
    halo_depth: int | None = None
    overlap: int = 0
    multiple_of: int = 1
    resample: Literal["area", "bilinear"] = "area"


@dataclass(frozen=True, slots=True)
class SpacingNeed:
    """Millimetres per pixel that the network was made for; `z` `None` where planes stay as they are."""

    x: float
    y: float
    z: float | None = None


@dataclass(frozen=True, slots=True)
class ModelInput:
    """The network's input."""

    name: str
    axes: Axes
    channels: Literal["gray", "rgb", "bgr"]
    type: Literal["float32", "float16", "uint8"]
    size: SizePolicy
    spacing: SpacingNeed | None = None
    slide_spacing: SpacingNeed | None = None
    """What slides are resampled to where `spacing` names nothing; other scans are read as they are."""

    @property
    def channel_count(self) -> int:
        """How many channels a pixel has."""
        return 1 if self.channels == "gray" else 3


@dataclass(frozen=True, slots=True)
class Step:
    """One named preprocessing step and its settings."""

    name: str
    settings: Settings


@dataclass(frozen=True, slots=True)
class Output:
    """One output of the network and how it is decoded."""

    name: str
    decode: str
    activation: Activation = "none"
    settings: Settings = field(default_factory=lambda: MappingProxyType(dict[str, Any]()))


@dataclass(frozen=True, slots=True)
class PackageLabel:
    """One label of a package: its output channel, and the label a reader sees."""

    index: int
    label: Label
    background: bool = False


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which score on a proposal is made, above which overlap a box is suppressed, and the least size."""

    score: float = 0.5
    iou: float = 0.5
    seed: float = 0.5
    minimum_area: float = 0.0


@dataclass(frozen=True, slots=True)
class Vector:
    """A test vector: an input, and the raw output it must give within `tolerance`."""

    input: Path
    output: Path
    of: str
    tolerance: float


@dataclass(frozen=True, slots=True)
class ModelPackage:
    """A package of one network."""

    folder: Path
    ref: ModelRef
    title: str
    description: str
    licence: str
    task: Task
    weights: Path
    weights_sha256: str
    reads: Reads
    input: ModelInput
    steps: tuple[Step, ...]
    outputs: tuple[Output, ...]
    labels: tuple[PackageLabel, ...]
    thresholds: Thresholds
    vectors: tuple[Vector, ...]

    @property
    def foreground(self) -> tuple[PackageLabel, ...]:
        """The labels it may propose."""
        return tuple(entry for entry in self.labels if not entry.background)


def load_package(folder: Path, *, verify: bool = True) -> ModelPackage:
    """The package of a folder; refused with one line unless all of it holds.

    `verify` also compares the weights with their sha256, which reads them whole.
    """
    manifest, digest = read_manifest(folder, MODEL_FILE)
    weights = inside(folder, manifest["weights"]["file"])
    if not weights.is_file():
        raise ModelProblem(f"has no {manifest['weights']['file']}", folder)
    if verify and sha256_of(weights) != manifest["weights"]["sha256"]:
        raise ModelProblem("are not the weights the manifest was written for (their sha256 differs)", weights)
    package = ModelPackage(
        folder=folder,
        ref=ModelRef(manifest["name"], manifest["version"], digest),
        title=manifest["title"],
        description=manifest.get("description", ""),
        licence=manifest["licence"],
        task=manifest["task"],
        weights=weights,
        weights_sha256=manifest["weights"]["sha256"],
        reads=reads_of(manifest.get("reads", {})),
        input=_input(manifest["input"]),
        steps=tuple(_step(entry) for entry in manifest.get("preprocessing", [])),
        outputs=tuple(_output(entry) for entry in manifest["outputs"]),
        labels=tuple(sorted((_label(entry) for entry in manifest["labels"]), key=lambda entry: entry.index)),
        thresholds=_thresholds(manifest.get("thresholds", {})),
        vectors=tuple(_vector(folder, entry, manifest) for entry in manifest.get("test", [])),
    )
    check_package(package)
    return package


def check_package(package: ModelPackage) -> None:
    """Refuse what a schema cannot say: labels out of line, steps out of order, sizes that leave nothing."""
    where = package.folder / MODEL_FILE
    ids = [entry.label.id for entry in package.labels]
    if len(set(ids)) != len(ids):
        raise ModelProblem(f"names the label {next(i for i in ids if ids.count(i) > 1)!r} twice", where)
    for place, entry in enumerate(package.labels):
        if entry.index != place:
            what = f"has no label for output channel {place}" if entry.index > place else "gives one channel two labels"
            raise ModelProblem(what, where)
    if not package.foreground:
        raise ModelProblem("has no labels but the background", where)
    late = False
    for step in package.steps:
        if step.name in EARLY_STEPS and late:
            raise ModelProblem(f"has the step {step.name!r} after a step on the fitted input", where)
        late = late or step.name not in EARLY_STEPS
        for key in ("mean", "std"):
            if step.name == "normalise" and len(step.settings[key]) not in (1, package.input.channel_count):
                raise ModelProblem(f"has the wrong number of values in {key!r} of the step 'normalise'", where)
        if step.name in ("percentiles", "clip") and step.settings["low"] >= step.settings["high"]:
            raise ModelProblem(f"has a low that is not below the high in the step {step.name!r}", where)
    _check_size(package, where)


def _check_size(package: ModelPackage, where: Path) -> None:
    size = package.input.size
    volumetric = package.input.axes == "NCDHW"
    if package.input.spacing is not None and package.input.slide_spacing != package.input.spacing:
        raise ModelProblem("names a spacing for every scan and another for slides", where)
    if volumetric and size.policy != "any" and size.depth == 0:
        raise ModelProblem("has the axes NCDHW but no depth", where)
    sides = (size.width, size.height, *((size.depth,) if volumetric else ()))
    halos = (size.halo, size.halo, size.halo if size.halo_depth is None else size.halo_depth)
    if size.policy == "tiles" and any(
        side - 2 * halo - size.overlap < 1 for side, halo in zip(sides, halos, strict=False)
    ):
        raise ModelProblem("has a halo and overlap that leave nothing of a tile", where)


def reads_of(entry: Json) -> Reads:
    """Which scans a manifest is for."""
    return Reads(tuple(entry.get("kinds", ())), tuple(entry.get("modalities", ())), entry.get("planes", "stored"))


def label_of(entry: Json) -> Label:
    """A label of a manifest."""
    code = entry.get("code")
    coded = Code(code["scheme"], code["value"], code["meaning"]) if code else None
    assigned_by, is_finding = entry.get("assigned_by", ""), entry.get("finding", True)
    return Label(entry["id"], entry["name"], entry["colour"], "", coded, assigned_by, is_finding)


def _label(entry: Json) -> PackageLabel:
    return PackageLabel(entry["index"], label_of(entry), entry.get("background", False))


def _input(entry: Json) -> ModelInput:
    spacing = entry.get("spacing")
    need: SpacingNeed | None = None
    if spacing:
        factor = 1.0 if spacing["unit"] == "mm" else 0.001
        z = spacing.get("z")
        need = SpacingNeed(spacing["x"] * factor, spacing["y"] * factor, None if z is None else z * factor)
    size, side = SizePolicy(**entry["size"]), entry.get("slide_spacing_um")
    on_slides = need if side is None else SpacingNeed(side * 0.001, side * 0.001)
    return ModelInput(entry["name"], entry["axes"], entry["channels"], entry["type"], size, need, on_slides)


def _thresholds(entry: Json) -> Thresholds:
    given = Thresholds(**entry)
    return given if "seed" in entry else replace(given, seed=given.score)


def _step(entry: Json) -> Step:
    return Step(entry["step"], MappingProxyType({key: value for key, value in entry.items() if key != "step"}))


def _output(entry: Json) -> Output:
    decode = cast(Json, entry["decode"])
    rest = {key: value for key, value in decode.items() if key not in ("as", "activation")}
    return Output(entry["name"], decode["as"], decode.get("activation", "none"), MappingProxyType(rest))


def _vector(folder: Path, entry: Json, manifest: Json) -> Vector:
    of = entry.get("of", manifest["outputs"][0]["name"])
    return Vector(inside(folder, entry["input"]), inside(folder, entry["output"]), of, entry["tolerance"])
