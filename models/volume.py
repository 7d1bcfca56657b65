"""Three-dimensional networks over a volume: slab by slab, tile by tile, planes handed out as they are done."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import Plane, Region, whole_plane
from models.decode import chosen_labels
from models.dense import MAP_BYTES, dense_output
from models.preprocess import as_input, finish, late_steps
from models.problem import ModelProblem, PixelSizeUnknown
from models.reading import Reading, read_grid
from models.runtime import OutOfMemory, Outputs
from models.tiling import cut, lay, tiles

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Stack:
    """The network's grid over a rectangle of all stored planes: its size, and where its planes lie."""

    region: Region
    width: int
    height: int
    depth: int
    planes: int
    """How many planes the scan has."""

    def source_of(self, place: float) -> float:
        """The stored plane (fractional) under a grid plane."""
        return min(max((place + 0.5) * self.planes / self.depth - 0.5, 0.0), self.planes - 1.0)

    def place_of(self, plane: int) -> float:
        """The grid plane (fractional) under a stored plane."""
        return min(max((plane + 0.5) * self.depth / self.planes - 0.5, 0.0), self.depth - 1.0)


def segment_volume(reading: Reading, region: Region | None) -> Iterator[tuple[Region, NDArray[np.int16], Floats]]:
    """Each stored plane (or the one of the region) with its label indices and scores.

    *Memory bound*: values and scores of one slab stay below `dense.MAP_BYTES`.
    """
    info = reading.info
    if region is not None and region.plane.axis != 0:
        raise ModelProblem("reads stored planes only", reading.package.ref, "Choose a region of a stored plane")
    rectangle = whole_plane(info.size, Plane()) if region is None else region.clipped(info.size)
    stack = _stack(reading, rectangle)
    wanted = range(info.size.planes) if region is None else range(region.plane.index, region.plane.index + 1)
    size = reading.package.input.size
    margin = (size.halo if size.halo_depth is None else size.halo_depth) + 1
    side = _slab_depth(reading, stack, margin)
    for first in range(0, stack.depth, side):
        last = min(first + side, stack.depth)
        planes = [k for k in wanted if first <= min(int(stack.place_of(k) + 0.5), stack.depth - 1) < last]
        if not planes:
            continue
        low, high = max(first - margin, 0), min(last + margin, stack.depth)
        part = reading.progress.part(first / stack.depth, (last - first) / stack.depth)
        part.report(0.0)
        share = replace(reading, progress=part)
        scores = _scores(share, _values(share, stack, low, high))
        for plane in planes:
            at = _between(scores, stack.place_of(plane) - low)
            place = Region(Plane(0, plane), rectangle.x, rectangle.y, rectangle.width, rectangle.height)
            labels, best = chosen_labels(reading.package, at, rectangle.width, rectangle.height)
            yield place, labels, best


def _stack(reading: Reading, region: Region) -> Stack:
    """The grid: the package's spacing where it names one, a fixed size, or the scan's own."""
    size, need = reading.package.input.size, reading.package.input.spacing
    planes = reading.info.size.planes
    if size.policy == "fixed":
        return Stack(region, size.width, size.height, size.depth, planes)
    width, height, depth = region.width, region.height, planes
    if need is not None:
        missing = [
            step for step, wish in zip(reading.spacing, (need.x, need.y, need.z), strict=True) if wish and not step
        ]
        if missing:
            raise PixelSizeUnknown(
                f"does not say how large its voxels are, and {reading.package.title} needs it",
                reading.info.name,
                "Give it with --pixel-size MM; the distance of the planes must come from the scan",
            )
        across, down, deep = reading.spacing
        width = max(1, round(region.width * (across or need.x) / need.x))
        height = max(1, round(region.height * (down or need.y) / need.y))
        depth = max(1, round(planes * (deep or 0.0) / need.z)) if need.z else planes
    return Stack(region, width, height, depth, planes)


def _slab_depth(reading: Reading, stack: Stack, margin: int) -> int:
    """How many grid planes are worked on at once, without their context."""
    size = reading.package.input.size
    if size.policy == "fixed":
        return stack.depth
    per_plane = 4 * stack.width * stack.height * (len(reading.package.labels) + reading.package.input.channel_count)
    fitting = MAP_BYTES // per_plane - 2 * margin
    if fitting >= stack.depth:
        return stack.depth
    return max(fitting, size.depth, 1)


def _values(reading: Reading, stack: Stack, low: int, high: int) -> Array:
    """Grid planes `low`…`high` as (planes, rows, columns, channels), linear between stored planes."""
    kept: dict[int, Array] = {}

    def stored(index: int) -> Array:
        if index not in kept:
            reading.progress.check()
            region = stack.region
            place = Region(Plane(0, index), region.x, region.y, region.width, region.height)
            kept[index] = read_grid(reading, place, size=(stack.width, stack.height)).values
            for old in [key for key in kept if key < index - 1]:
                del kept[old]
        return kept[index]

    out: Array | None = None
    for place in range(low, high):
        at = stack.source_of(place)
        lower = math.floor(at)
        part = at - lower
        values = stored(lower)
        if part > 1e-9:
            values = values.astype(np.float32) * np.float32(1 - part) + stored(lower + 1) * np.float32(part)
        if out is None:
            kind = np.float32 if stack.depth != stack.planes else values.dtype
            out = np.empty((high - low, *values.shape), kind)
        out[place - low] = values
    assert out is not None
    return out


def _scores(reading: Reading, values: Array) -> Floats:
    """Scores (labels, planes, rows, columns) of a slab."""
    package, runner, size = reading.package, reading.runner, reading.package.input.size
    steps, shape = late_steps(package), values.shape[:3]
    if size.policy == "any":
        padding = [(0, -side % size.multiple_of) for side in shape]
        padded = np.pad(values, [*padding, (0, 0)], mode="edge")
        outputs = runner.run(as_input(finish(padded, steps), package.input))
        return dense_output(package, outputs)[0][:, : shape[0], : shape[1], : shape[2]]
    sides = (size.depth, size.height, size.width)
    halo = (size.halo if size.halo_depth is None else size.halo_depth, size.halo, size.halo)
    plan = tiles(shape, sides, halo if size.policy == "tiles" else (0, 0, 0), size.overlap)

    def make(index: int) -> Array:
        return as_input(finish(cut(values, plan[index], sides), steps), package.input)

    def decode(outputs: Outputs) -> Outputs:
        return (dense_output(package, outputs),)

    while True:
        out = np.zeros((len(package.labels), *shape), np.float32)

        def take(index: int, outputs: Outputs, out: Floats = out) -> None:
            scores = outputs[0][0]
            if scores.shape[1:] != sides:
                raise ModelProblem(f"gives maps of {scores.shape[1:]} for an input of {sides}", package.ref)
            lay(out, plan[index], scores)

        try:
            runner.each(len(plan), make, take, decode, reading.progress)
        except OutOfMemory:
            runner.fall_back()
            continue
        return out


def _between(scores: Floats, place: float) -> Floats:
    """Scores at a fractional plane of a slab."""
    last = scores.shape[1] - 1
    lower = min(max(math.floor(place), 0), last)
    part = min(max(place - lower, 0.0), 1.0)
    if part < 1e-9 or lower == last:
        return scores[:, lower]
    between = scores[:, lower] * (1 - part) + scores[:, lower + 1] * part
    return between.astype(np.float32, copy=False)
