"""The grid a model reads a slide on: where its pixels and cells lie. Frozen, pure.

Cells are anchored at the slide's corner, so that what a model says of a pixel depends on the slide and the model
only: not on the region that was asked for, not on the blocks that are read at once, not on their order.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from imaging.geometry import Plane, Region
from imaging.scan import ScanInfo
from models.package import ModelPackage
from models.problem import ModelProblem, PixelSizeUnknown

Cell: TypeAlias = tuple[int, int]
"""Column and row of a cell, counted from the slide's corner."""
SAME_SCALE = 0.05
"""A stored level whose pixels differ from those wanted by no more than this share is read as it is."""
BLOCK = 768
"""Pixels of the grid along each side of a block where nobody chose otherwise."""
LARGEST_BLOCK = 4096
"""*Memory bound*: stored pixels along each side of a block, about."""
ANY_SIDE, ANY_HALO = 512, 64


@dataclass(frozen=True, slots=True)
class SlideGrid:
    """Pixels, cells and blocks of a model on one plane of a slide."""

    plane: Plane
    level: int
    ratio: tuple[float, float]
    """Stored pixels of the level per grid pixel, across and down; exactly 1 where the level is read as it is."""
    scale: tuple[float, float]
    """Full-resolution pixels per grid pixel."""
    side: tuple[int, int]
    """Width and height of the network's input."""
    halo: tuple[int, int]
    """Grid pixels at each side of an input that are context only."""
    bounds: tuple[int, int, int, int]
    """x0, y0, x1, y1: the grid pixels whose middle lies in the region."""
    group: tuple[int, int]
    """Cells of a block, across and down."""

    @property
    def core(self) -> tuple[int, int]:
        """Width and height of what is kept of a cell."""
        return self.side[0] - 2 * self.halo[0], self.side[1] - 2 * self.halo[1]

    @property
    def is_stored(self) -> bool:
        """Whether grid pixels are stored pixels."""
        return self.ratio == (1.0, 1.0)

    def cells(self) -> tuple[range, range]:
        """Columns and rows of the cells that meet the region."""
        return self._over(self.core)

    def blocks(self) -> tuple[range, range]:
        """Columns and rows of the blocks that meet the region."""
        wide, tall = self.core
        return self._over((wide * self.group[0], tall * self.group[1]))

    def cells_of(self, block: Cell) -> Iterator[Cell]:
        """The cells of a block that meet the region, row by row."""
        columns, rows = self.cells()
        for row in range(block[1] * self.group[1], (block[1] + 1) * self.group[1]):
            for column in range(block[0] * self.group[0], (block[0] + 1) * self.group[0]):
                if row in rows and column in columns:
                    yield column, row

    def block_of(self, cell: Cell) -> Cell:
        """The block of a cell."""
        return cell[0] // self.group[0], cell[1] // self.group[1]

    def rectangle(self, block: Cell) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1 of a block's pixels in the region."""
        wide, tall = self.core[0] * self.group[0], self.core[1] * self.group[1]
        x0, y0, x1, y1 = self.bounds
        return (
            max(x0, block[0] * wide),
            max(y0, block[1] * tall),
            min(x1, (block[0] + 1) * wide),
            min(y1, (block[1] + 1) * tall),
        )

    def middle(self, block: Cell) -> tuple[float, float]:
        """The middle of a block in full-resolution pixels."""
        x0, y0, x1, y1 = self.rectangle(block)
        return (x0 + x1) / 2 * self.scale[0], (y0 + y1) / 2 * self.scale[1]

    def input_of(self, cell: Cell) -> tuple[int, int]:
        """Grid position of the first pixel of a cell's input."""
        return cell[0] * self.core[0] - self.halo[0], cell[1] * self.core[1] - self.halo[1]

    def _over(self, step: tuple[int, int]) -> tuple[range, range]:
        x0, y0, x1, y1 = self.bounds
        return range(x0 // step[0], (x1 - 1) // step[0] + 1), range(y0 // step[1], (y1 - 1) // step[1] + 1)


def grid_of(
    package: ModelPackage, info: ScanInfo, spacing: tuple[float | None, float | None], region: Region, block: int = 0
) -> SlideGrid:
    """The grid of a package over a region of a slide. Raises `PixelSizeUnknown` where it needs to know.

    `spacing` is millimetres per full-resolution pixel; `block` the wish for the side of a block in grid pixels.
    """
    scale = _scale(package, info, spacing)
    level, ratio = _level(info, scale)
    down = info.levels[level].downsample if info.levels else 1.0
    scale = (down * ratio[0], down * ratio[1])
    side, halo = _sides(package)
    core = (side[0] - 2 * halo[0], side[1] - 2 * halo[1])
    if min(core) < 1:
        raise ModelProblem("has a halo that leaves nothing of a tile", package.ref)
    group = tuple(
        max(1, min(round((block or BLOCK) / length), int(LARGEST_BLOCK / max(share, 1.0) / length)))
        for length, share in zip(core, ratio, strict=True)
    )
    bounds = (
        max(0, math.ceil(region.x / scale[0] - 0.5)),
        max(0, math.ceil(region.y / scale[1] - 0.5)),
        math.ceil((region.x + region.width) / scale[0] - 0.5),
        math.ceil((region.y + region.height) / scale[1] - 0.5),
    )
    if bounds[0] >= bounds[2] or bounds[1] >= bounds[3]:
        raise ModelProblem("is asked about a region smaller than one of the model's pixels", info.name)
    return SlideGrid(region.plane, level, ratio, scale, side, halo, bounds, (group[0], group[1]))


def _scale(package: ModelPackage, info: ScanInfo, spacing: tuple[float | None, float | None]) -> tuple[float, float]:
    """Full-resolution pixels per pixel that the model was made for."""
    need = package.input.slide_spacing
    if need is None:
        return 1.0, 1.0
    across, down = spacing
    if not across or not down or not (0 < across < math.inf and 0 < down < math.inf):
        raise PixelSizeUnknown(
            f"does not say how large its pixels are, and {package.title} needs it",
            info.name,
            "Give it with --pixel-size MM",
        )
    scale = need.x / across, need.y / down
    if not all(1 / 64 <= one <= 4096 for one in scale):
        raise ModelProblem(
            f"has pixels of {across * 1000:g} µm, which {package.title} cannot be brought to",
            info.name,
            "Check the pixel size",
        )
    return scale


def _level(info: ScanInfo, scale: tuple[float, float]) -> tuple[int, tuple[float, float]]:
    """The coarsest level that is fine enough, and its pixels per grid pixel."""
    best, least = 0, min(scale)
    for index, level in enumerate(info.levels):
        if 1.0 <= level.downsample <= least * (1 + SAME_SCALE) and level.downsample >= info.levels[best].downsample:
            best = index
    down = info.levels[best].downsample if info.levels else 1.0
    ratio = scale[0] / down, scale[1] / down
    return best, (1.0, 1.0) if all(abs(one - 1) <= SAME_SCALE for one in ratio) else ratio


def _sides(package: ModelPackage) -> tuple[tuple[int, int], tuple[int, int]]:
    """The input's width and height, and the halo across and down."""
    size = package.input.size
    if size.policy == "any":
        side = math.ceil(ANY_SIDE / size.multiple_of) * size.multiple_of
        sides = (side, side)
        halo = max(size.halo, ANY_HALO)
    else:
        sides = (size.width, size.height)
        halo = max(size.halo, math.ceil(size.overlap / 2))
    if package.task == "classify":
        return sides, (0, 0)
    if package.task == "detect" or (package.task == "segment" and size.policy == "fixed"):
        # What lies at an input's edge is cut; an eighth shows it whole in some input, or with enough around it.
        return sides, (max(halo, sides[0] // 8), max(halo, sides[1] // 8))
    return sides, (halo, halo)
