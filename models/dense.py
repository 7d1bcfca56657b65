"""Maps of scores over a region: the network run whole, fitted, or tile by tile with blended overlap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import Region
from models.decode import activated
from models.package import ModelPackage, SizePolicy
from models.placement import fit, resize, unfit
from models.preprocess import as_input, finish, late_steps
from models.problem import ModelProblem
from models.reading import Grid, Reading, blocks, plane_pixel_mm, read_grid
from models.runtime import OutOfMemory, Outputs
from models.tiling import cut, lay, tiles

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[np.float32]
MAP_BYTES = 512 * 2**20
"""*Memory bound*: the scores of one block stay below this; larger regions are read block by block."""
LEAST_MARGIN, LEAST_TILE = 64, 64


def score_blocks(reading: Reading, region: Region, channels: int) -> Iterator[tuple[Grid, Region, Floats]]:
    """A region's score maps block by block: the grid with its context, the inner region to keep, and the scores."""
    per_pixel = 4 * channels
    side = max(256, int((MAP_BYTES / per_pixel) ** 0.5))
    size = reading.package.input.size
    need = reading.package.input.spacing
    margin = max(size.halo, LEAST_MARGIN)
    if need is not None:
        across, down = plane_pixel_mm(reading, region.plane)
        ratio = max(min(need.x / across, need.y / down), 1e-3)
        side, margin = max(256, int(side * ratio)), int(np.ceil(margin * ratio))
    if size.policy == "fixed":
        side = max(region.width, region.height)
    pieces = list(blocks(region, side, margin))
    for index, (outer, inner) in enumerate(pieces):
        share = replace(reading, progress=reading.progress.part(index / len(pieces), 1 / len(pieces)))
        share.progress.report(0)
        grid = read_grid(share, outer)
        yield grid, inner, dense_scores(share, grid)


def dense_scores(reading: Reading, grid: Grid) -> Floats:
    """Scores (labels, rows, columns) on the grid, activation applied."""
    size = reading.package.input.size
    if size.policy == "tiles":
        return _tiled(reading, grid.values, size)
    fitted = fit(grid.values, size)
    values = as_input(finish(fitted.values, late_steps(reading.package)), reading.package.input)
    scores = dense_output(reading.package, reading.runner.run(values))[0]
    height, width = grid.values.shape[:2]
    if size.policy == "any":
        rows, columns = fitted.values.shape[:2]
        return sized(scores, columns, rows)[:, :height, :width]
    return unfit(scores, fitted, width, height)


def dense_output(package: ModelPackage, outputs: Outputs) -> Floats:
    """Scores (batch, labels, …) of the raw first output, checked against the labels."""
    raw = outputs[0]
    rank = 5 if package.input.axes == "NCDHW" else 4
    if raw.ndim != rank:
        raise ModelProblem(f"gives an output of {raw.ndim} axes where {rank} were promised", package.ref)
    if package.input.axes == "NHWC":
        raw = np.moveaxis(raw, -1, 1)
    wanted = channel_count(package)
    if raw.shape[1] != wanted:
        raise ModelProblem(
            f"gives {raw.shape[1]} channels for {wanted} labels", package.ref, "A label was lost or added"
        )
    return activated(raw, package.outputs[0].activation)


def channel_count(package: ModelPackage) -> int:
    """How many channels its maps have."""
    named = package.outputs[0].settings.get("channels")
    return len(named) if named else len(package.labels)


def _tiled(reading: Reading, values: Array, size: SizePolicy) -> Floats:
    """Tile by tile; with smaller tiles, then on the CPU, where memory is not enough."""
    package, runner = reading.package, reading.runner
    width, height = size.width, size.height
    while True:
        try:
            return _laid(reading, values, (height, width), size)
        except OutOfMemory:
            smaller = _smaller(width, height, size)
            if smaller is None or not _takes_any_size(package, reading):
                runner.fall_back()
                width, height = size.width, size.height
                continue
            width, height = smaller
            runner.note(f"memory was not enough; continued with tiles of {width} × {height}")


def _laid(reading: Reading, values: Array, sides: tuple[int, int], size: SizePolicy) -> Floats:
    package = reading.package
    steps = late_steps(package)
    shape = values.shape[:2]
    plan = tiles(shape, sides, (size.halo, size.halo), size.overlap)
    out = np.zeros((channel_count(package), *shape), np.float32)

    def make(index: int) -> Array:
        return as_input(finish(cut(values, plan[index], sides), steps), package.input)

    def take(index: int, outputs: Outputs) -> None:
        lay(out, plan[index], sized(outputs[0][0], sides[1], sides[0]))

    def decode(outputs: Outputs) -> Outputs:
        return (dense_output(package, outputs),)

    reading.runner.each(len(plan), make, take, decode, reading.progress)
    return out


def sized(scores: Floats, width: int, height: int) -> Floats:
    """Scores (labels, rows, columns) at the input's resolution, where the network gives fewer pixels."""
    if scores.shape[1:] == (height, width):
        return scores
    return np.stack([resize(channel, width, height, "bilinear") for channel in scores])


def _smaller(width: int, height: int, size: SizePolicy) -> tuple[int, int] | None:
    """Half the tile, in multiples the network takes; `None` where that leaves too little."""
    half = tuple(side // 2 // size.multiple_of * size.multiple_of for side in (width, height))
    least = max(LEAST_TILE, 2 * size.halo + size.overlap + 1)
    return (half[0], half[1]) if min(half) >= least else None


def _takes_any_size(package: ModelPackage, reading: Reading) -> bool:
    """Whether the graph leaves the size of its input open."""
    return all(not isinstance(side, int) for side in reading.runner.input_shape[-2:]) and package.input.axes != "NHWC"
