"""What a kind of model works with while it reads a scan: pixels, network, progress, notes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias, runtime_checkable

from numpy.typing import NDArray

from dataset.annotation import Proposal
from dataset.heat_map import HeatMap
from imaging.geometry import Plane, Region, plane_spacing, whole_plane
from imaging.progress import Progress
from imaging.scan import Scan, ScanInfo, Spacing, Volume
from models.package import ModelPackage, Reads
from models.placement import resize
from models.preprocess import Range, RangeOver, modality_values, prepare, range_of
from models.problem import ModelProblem, PixelSizeUnknown
from models.runtime import Runner

Array: TypeAlias = NDArray[Any]
Partial: TypeAlias = Callable[[tuple[Proposal, ...]], None]
LARGEST_READ = 64 * 2**20
"""Pixels of a plane that are read at once; larger ones are looked at smaller."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a kind of model found."""

    proposals: tuple[Proposal, ...] = ()
    scores: tuple[tuple[str, float], ...] = ()
    heat_maps: tuple[HeatMap, ...] = ()
    done: float = 1.0
    """Which share of the region was read; less than 1 where a person stopped the reading."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A region's pixels on the network's grid: (rows, columns, channels) after the early steps."""

    values: Array
    region: Region

    @property
    def pixel_width(self) -> float:
        """Plane pixels per grid pixel across."""
        return self.region.width / self.values.shape[1]

    @property
    def pixel_height(self) -> float:
        """Plane pixels per grid pixel down."""
        return self.region.height / self.values.shape[0]


@dataclass(frozen=True, slots=True)
class Reading:
    """One package reading one scan."""

    package: ModelPackage
    scan: Scan
    runner: Runner
    progress: Progress
    spacing: Spacing
    """Millimetres per voxel along i, j, k: the scan's own, or as a person gave them."""
    partial: Partial = lambda _proposals: None
    ranges: dict[tuple[str, Plane], Range] = field(default_factory=dict[tuple[str, Plane], Range])

    @property
    def info(self) -> ScanInfo:
        """What the scan is."""
        return self.scan.info

    def regions(self, region: Region | None) -> tuple[Region, ...]:
        """The region, or every stored plane (`models.turning` presents the planes a package names as stored)."""
        if region is not None:
            inside = region.clipped(self.info.size)
            if inside.width == 0 or inside.height == 0:
                raise ModelProblem("has nothing in that region", self.info.name)
            return (inside,)
        return tuple(whole_plane(self.info.size, Plane(0, index)) for index in range(self.info.size.planes))


def shares(reading: Reading, region: Region | None) -> Iterator[tuple[Reading, Region]]:
    """Each region that is to be read, with a reading whose progress is its share of the whole."""
    regions = reading.regions(region)
    count = len(regions)
    for index, place in enumerate(regions):
        text = f"plane {index + 1} of {count}" if count > 1 else ""
        part = reading.progress.part(index / count, 1 / count, text)
        part.report(0)
        yield replace(reading, progress=part), place


@runtime_checkable
class ModelKind(Protocol):
    """A task, and how a network's outputs become proposals."""

    task: str

    def check(self, package: ModelPackage) -> None:
        """Refuse a package whose outputs and labels this kind cannot decode."""
        ...

    def read(self, reading: Reading, region: Region | None) -> Findings:
        """Read a region, or the scan; tell `reading.partial` what is found as it is found."""
        ...


def check_offer(title: str, reads: Reads, info: ScanInfo) -> None:
    """Refuse a scan that a package is not for."""
    if reads.kinds and info.kind not in reads.kinds:
        raise ModelProblem(f"is a {info.kind}; {title} reads {_listed(reads.kinds)} only", info.name)
    if reads.modalities and info.modality and info.modality not in reads.modalities:
        raise ModelProblem(f"is of modality {info.modality}; {title} reads {_listed(reads.modalities)} only", info.name)


def plane_pixel_mm(reading: Reading, plane: Plane) -> tuple[float, float]:
    """Millimetres per pixel across and down a plane; refused where it is not known."""
    across, down = plane_spacing(reading.spacing, plane.axis)
    if across is None or down is None:
        raise PixelSizeUnknown(
            f"does not say how large its pixels are, and {reading.package.title} needs it",
            reading.info.name,
            "Give it with --pixel-size MM",
        )
    return across, down


def grid_size(reading: Reading, region: Region) -> tuple[int, int]:
    """Width and height of a region on the network's grid: in the package's spacing, or as it is."""
    need = reading.package.input.spacing
    if need is None:
        return region.width, region.height
    across, down = plane_pixel_mm(reading, region.plane)
    return max(1, round(region.width * across / need.x)), max(1, round(region.height * down / need.y))


def read_grid(reading: Reading, region: Region, size: tuple[int, int] | None = None) -> Grid:
    """A region on the network's grid (of `size`, width and height, if given): early steps done, resampled.

    A region of more than `LARGEST_READ` pixels is read smaller (area means), as is one on a pyramid.
    """
    width, height = size or grid_size(reading, region)
    downsample = 1.0
    fixed = reading.package.input.size
    if reading.info.levels:
        downsample = max(1.0, min(region.width / width, region.height / height))
        if fixed.policy == "fixed":
            # Four times the input on each side keeps what the resampling to it can show.
            enough = min(region.width / (4 * fixed.width), region.height / (4 * fixed.height))
            if enough > downsample:
                downsample = enough
                width, height = max(1, round(region.width / enough)), max(1, round(region.height / enough))
    if region.width * region.height / downsample**2 > LARGEST_READ:
        downsample = math.sqrt(region.width * region.height / LARGEST_READ)
        reading.runner.note(f"the region was read {downsample:.3g} times smaller")
        width, height = min(width, round(region.width / downsample)), min(height, round(region.height / downsample))
    stored = reading.scan.read(region, downsample)
    values = prepare(stored, reading.package, reading.info, range_over(reading, region.plane))
    return Grid(resize(values, width, height, reading.package.input.size.resample), region)


def blocks(region: Region, side: int, margin: int) -> Iterator[tuple[Region, Region]]:
    """Pieces of a region, at most `side` wide and high, each with its `margin` of context: outer and inner."""
    plane = region.plane
    columns, rows = math.ceil(region.width / side), math.ceil(region.height / side)
    for row in range(rows):
        for column in range(columns):
            x0, y0 = region.x + region.width * column // columns, region.y + region.height * row // rows
            x1 = region.x + region.width * (column + 1) // columns
            y1 = region.y + region.height * (row + 1) // rows
            left, top = max(x0 - margin, region.x), max(y0 - margin, region.y)
            right = min(x1 + margin, region.x + region.width)
            bottom = min(y1 + margin, region.y + region.height)
            yield Region(plane, left, top, right - left, bottom - top), Region(plane, x0, y0, x1 - x0, y1 - y0)


def range_over(reading: Reading, plane: Plane) -> RangeOver:
    """Ranges of a plane and of the scan, computed once each and only when a step asks."""

    def over(what: str) -> Range:
        key = ("scan", Plane()) if what == "scan" else ("plane", plane)
        found = reading.ranges.get(key)
        if found is None:
            values = _scan_values(reading) if what == "scan" else _plane_values(reading, plane)
            found = reading.ranges[key] = range_of(values)
        return found

    return over


def _plane_values(reading: Reading, plane: Plane) -> Array:
    region = whole_plane(reading.info.size, plane)
    downsample = max(1.0, math.sqrt(region.width * region.height / LARGEST_READ))
    if downsample > 1:
        reading.runner.note(f"grey levels were taken from the plane {downsample:.3g} times smaller")
    return modality_values(reading.scan.read(region, downsample), reading.info, reading.package.input)


def _scan_values(reading: Reading) -> Array:
    """All modality values of a volume; of a scan without voxels, those of its first plane."""
    if isinstance(reading.scan, Volume):
        return modality_values(reading.scan.voxels(reading.progress), reading.info, reading.package.input)
    return _plane_values(reading, Plane())


def _listed(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
