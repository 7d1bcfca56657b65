"""What a made slide depends on, and its maps at one pixel per 32: where tissue is, of which kind, how it is stained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.slide_texture import TISSUES, Bytes, Floats

Layout = Literal["tiff", "svs"]

GRAIN = 32
"""Full-resolution pixels that one pixel of the maps of the whole slide spans."""
REACH = 3
"""Pixels of those maps around a part of the slide that its own pixels depend on."""
STEPS = 4
"""A region of the first level is 2**STEPS tiles wide, so that it is one tile that many halvings later."""
SMALLEST = 1024


@dataclass(frozen=True)
class Recipe:
    """Everything a made slide depends on."""

    width: int = 100_000
    height: int = 80_000
    seed: int = 1
    layout: Layout = "tiff"
    tile: int = 256
    um: float = 0.25

    def sizes(self) -> list[tuple[int, int]]:
        """Width and height of each level."""
        step = 1 if self.layout == "tiff" else 2
        sizes = [(self.width, self.height)]
        while max(sizes[-1]) > SMALLEST * 2 ** (step - 1):
            shift = step * len(sizes)
            sizes.append((self.width >> shift, self.height >> shift))
        return sizes

    @property
    def name(self) -> str:
        """A file name that tells all of it."""
        ending = "svs" if self.layout == "svs" else "tif"
        return f"made_{self.width}x{self.height}_s{self.seed}_t{self.tile}_{round(self.um * 1000)}nm.{ending}"


def region_side(recipe: Recipe) -> int:
    """Full-resolution pixels a region is wide."""
    return recipe.tile << STEPS


def texture_side(recipe: Recipe) -> int:
    """How large the textures are: small slides make do with small ones."""
    return 2048 if recipe.width > 16_000 else 768


def tissue_kinds(recipe: Recipe) -> tuple[int, ...]:
    """Which kinds of tissue a slide has."""
    return tuple(range(len(TISSUES))) if recipe.width > 16_000 else (0, 3, 4, 7)


def block_side(recipe: Recipe) -> int:
    """Full-resolution pixels of the parts of a region that are painted at once: whole tiles, whole grains."""
    return recipe.tile * 4


@dataclass(frozen=True)
class Maps:
    """The whole slide at one pixel per GRAIN: how deep in tissue, which domain, what stain."""

    depth: Floats
    domain: NDArray[np.int16]
    stain: Bytes


@dataclass(frozen=True)
class Domain:
    """A stretch of one tissue: its texture, where in it to begin, how to turn it."""

    texture: int
    left: int
    top: int
    turn: int


def value_noise(rng: np.random.Generator, shape: tuple[int, int], size: float, octaves: int = 4) -> Floats:
    """Smooth noise around 0 whose largest waves are `size` pixels."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        cell = max(size / 2**octave, 1.0)
        coarse = rng.standard_normal((int(shape[0] / cell) + 4, int(shape[1] / cell) + 4)).astype(np.float32)
        scaled = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
        total += np.asarray(scaled, np.float32) / 2**octave
    return total


def make_maps(recipe: Recipe) -> tuple[Maps, list[Domain]]:
    """The maps of the whole slide, with a rim of REACH around it, and its domains."""
    rng = np.random.default_rng([recipe.seed, 7])
    rim = region_side(recipe) // GRAIN + REACH
    shape = (-(-recipe.height // GRAIN) + REACH + rim, -(-recipe.width // GRAIN) + REACH + rim)
    unit = min(recipe.width, recipe.height) / GRAIN
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    y = (y - REACH) * GRAIN / recipe.height + value_noise(rng, shape, unit / 4) * np.float32(0.035)
    x = (x - REACH) * GRAIN / recipe.width + value_noise(rng, shape, unit / 4) * np.float32(0.035)
    height = np.full(shape, -1, np.float32)
    for middle_x, middle_y, wide, tall, lean in PIECES:
        dx, dy = x - middle_x, y - middle_y
        inside = 1 - np.square((dx + lean * dy) / wide) - np.square((dy - lean * dx) / tall)
        np.maximum(height, inside, out=height)
    holes = value_noise(rng, shape, unit / 14, 3)
    tissue = ((height > 0) & (holes < 1.9)).astype(np.uint8)
    apart = cv2.distanceTransform(tissue, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - tissue, cv2.DIST_L2, 5)
    depth = np.asarray(cv2.GaussianBlur(apart, (0, 0), 1.0), np.float32)
    domain, domains = make_domains(rng, recipe, shape)
    return Maps(depth, domain, make_stain(rng, shape, unit)), domains


PIECES = ((0.27, 0.33, 0.22, 0.26, 0.25), (0.72, 0.30, 0.20, 0.24, -0.35), (0.50, 0.76, 0.40, 0.15, 0.06))
"""Middle, half axes and lean of each piece of tissue, in shares of the slide."""


def make_domains(
    rng: np.random.Generator, recipe: Recipe, shape: tuple[int, int]
) -> tuple[NDArray[np.int16], list[Domain]]:
    """Which domain each pixel of the map belongs to: cells around shaken points, their borders bent."""
    cell = max(3600 / GRAIN, max(shape) / 28)
    rows, columns = int(shape[0] / cell) + 3, int(shape[1] / cell) + 3
    domains = [
        Domain(int(kind), int(left), int(top), int(turn))
        for kind, left, top, turn in zip(
            favour(rng, recipe, rows, columns),
            rng.integers(0, texture_side(recipe), rows * columns),
            rng.integers(0, texture_side(recipe), rows * columns),
            rng.integers(0, 4, rows * columns),
            strict=True,
        )
    ]
    shake = rng.uniform(-0.45, 0.45, (2, rows, columns)).astype(np.float32)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    y = y / np.float32(cell) + 1 + value_noise(rng, shape, cell * 0.8) * np.float32(0.22)
    x = x / np.float32(cell) + 1 + value_noise(rng, shape, cell * 0.8) * np.float32(0.22)
    best = np.full(shape, np.inf, np.float32)
    chosen = np.zeros(shape, np.int16)
    base_y, base_x = np.floor(y).astype(np.int32), np.floor(x).astype(np.int32)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            row, column = np.clip(base_y + dy, 0, rows - 1), np.clip(base_x + dx, 0, columns - 1)
            far = np.square(row + 0.5 + shake[0][row, column] - y) + np.square(column + 0.5 + shake[1][row, column] - x)
            nearer = far < best
            best[nearer] = far[nearer]
            chosen[nearer] = (row * columns + column)[nearer]
    return chosen, domains


def favour(rng: np.random.Generator, recipe: Recipe, rows: int, columns: int) -> NDArray[np.int64]:
    """A kind of tissue for each domain; neighbours are often alike, so that there are larger areas of one kind."""
    drift = np.stack([value_noise(rng, (rows, columns), 5, 2).ravel() for _ in tissue_kinds(recipe)])
    rare = np.array([1.2 * TISSUES[number].walls for number in tissue_kinds(recipe)])
    return np.argmax(drift + rng.gumbel(0, 0.35, drift.shape) - rare[:, None], axis=0)


def make_stain(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> Bytes:
    """What share of the light passes on top of the texture, per colour: drift of the stain, and folds."""
    drift = [value_noise(rng, shape, unit / size, 3) * reach for size, reach in ((3, 0.035), (5, 0.045), (4, 0.03))]
    light = 0.90 + np.stack(drift, axis=-1)
    ridge = value_noise(rng, shape, unit / 3, 2)
    where = np.clip(value_noise(rng, shape, unit / 5, 2) - 0.9, 0, 1)
    fold = np.exp(-np.square(ridge / 0.012)) * np.minimum(where * 4, 1)
    light *= 1 - fold[..., None] * np.array([0.45, 0.62, 0.40], np.float32)
    return np.clip(light * 255, 0, 255).astype(np.uint8)
