"""Make a slide: `python -m tests.benchmarks.slide_maker --out FILE [--width 100000 --height 80000 --seed 1]`.

The slide is a pyramid of JPEG tiles with pieces of H&E-like tissue on glass: fields of ten kinds of tissue
(`slide_texture`), each laid out from its own corner, turned and mirrored, under a stain that drifts, with folds,
holes and frayed rims. It is made region by region in bounded memory; lower levels are the upper ones made smaller.
The same arguments give the same file. `--layout svs` describes itself as Aperio does, with levels of a quarter and
tables that all tiles share; `--layout tiff` is a plain pyramid with levels of a half.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.slide_maps import (
    GRAIN,
    REACH,
    STEPS,
    Domain,
    Recipe,
    block_side,
    make_maps,
    region_side,
    texture_side,
    tissue_kinds,
)
from tests.benchmarks.slide_texture import GLASS, TISSUES, Bytes, Floats, texture
from tests.benchmarks.slide_tiff import SlideFile, encode, halved

Kept = TypeVar("Kept", Bytes, Floats, NDArray[np.int16])


class Painter:
    """Paints any part of the slide, from any thread."""

    def __init__(self, recipe: Recipe, pool: ThreadPoolExecutor) -> None:
        self.recipe = recipe
        side, scale = texture_side(recipe), 0.25 / recipe.um
        tissues = [TISSUES[number] for number in tissue_kinds(recipe)]
        self._textures = list(pool.map(lambda tissue: texture(tissue, recipe.seed, side, scale), tissues))
        self._maps, self._domains = make_maps(recipe)
        rng = np.random.default_rng([recipe.seed, 9])
        block = block_side(recipe)
        grain = rng.standard_normal((recipe.tile, recipe.tile, 3), dtype=np.float32) * 1.2
        tile = np.clip(grain + np.array(GLASS, np.float32), 0, 255).astype(np.uint8)
        self.glass = np.tile(tile, (block // recipe.tile, block // recipe.tile, 1))
        self._fray = frayed(rng, block)

    def block(self, left: int, top: int) -> Bytes | None:
        """One block at full resolution; `None` where it is nothing but glass."""
        depth = self._window(self._maps.depth, left, top)
        if float(depth.max()) < -1.5:
            return None
        side = block_side(self.recipe)
        plain = self._tissue(left, top, side)
        stain = enlarged(self._window(self._maps.stain, left, top), side)
        painted = np.asarray(cv2.multiply(plain, stain, scale=1.09 / 255), np.uint8)
        cv2.copyTo(plain, cv2.inRange(plain[..., 1], 234, 255), painted)
        if float(depth.min()) < 2.5:
            edge = enlarged(np.clip(depth, -6, 6), side) * 6 + self._fray * 4
            share = np.clip(edge * 0.4 + 0.5, 0, 1)
            painted = np.asarray(cv2.blendLinear(painted, self.glass, share, 1 - share), np.uint8)
        return painted

    def _window(self, plane: Kept, left: int, top: int) -> Kept:
        """The part of a map under a block, with REACH around it; maps begin REACH before the slide does."""
        span = block_side(self.recipe) // GRAIN + 2 * REACH
        return plane[top // GRAIN : top // GRAIN + span, left // GRAIN : left // GRAIN + span]

    def _tissue(self, left: int, top: int, side: int) -> Bytes:
        """The domains of a block, one over the other, always in the order of their numbers: no block has a seam."""
        window = self._window(self._maps.domain, left, top)
        painted, below = self.glass, np.zeros((side, side), np.float32)
        for number in np.unique(window).tolist():
            soft = cv2.GaussianBlur((window == number).astype(np.float32), (3, 3), 0.9)
            own = np.maximum(enlarged(np.asarray(soft, np.float32), side), 0)
            if float(own.max()) < 0.01:
                continue
            share = own / np.maximum(own + below, 1e-3)
            share = np.clip((share - 0.5) * 9 + self._fray * 0.5 * (share < 0.99) + 0.5, 0, 1)
            below += own
            other = self._laid(self._domains[int(number)], left, top, side)
            whole = float(share.min()) >= 1
            painted = other if whole else np.asarray(cv2.blendLinear(other, painted, share, 1 - share), np.uint8)
        return painted

    def _laid(self, domain: Domain, left: int, top: int, side: int) -> Bytes:
        """A part of a domain's texture, which goes on and on."""
        source = self._textures[domain.texture]
        period = len(source)
        down, across = (-1 if domain.turn & 1 else 1), (-1 if domain.turn & 2 else 1)
        rows = (down * np.arange(top, top + side) + domain.top) % period
        columns = (across * np.arange(left, left + side) + domain.left) % period
        return np.ascontiguousarray(source.take(rows, axis=0).take(columns, axis=1))


def frayed(rng: np.random.Generator, side: int) -> Floats:
    """How far rims of tissue are frayed here and there, around 0; it continues at its own rims."""
    rough = rng.standard_normal((side, side), dtype=np.float32)
    total = np.zeros((side, side), np.float32)
    for sigma, reach in ((3, 0.12), (9, 0.3), (30, 0.9)):
        rim = 3 * sigma
        wide = cv2.GaussianBlur(np.pad(rough, rim, mode="wrap"), (0, 0), sigma)[rim:-rim, rim:-rim]
        total += np.asarray(wide, np.float32) / float(wide.std()) * reach
    return total


def enlarged(window: Kept, side: int) -> Kept:
    """A part of a map, with REACH around it, as smooth full-resolution pixels without that rim."""
    span = window.shape[0] * GRAIN
    large = cv2.resize(np.ascontiguousarray(window), (span, span), interpolation=cv2.INTER_CUBIC)
    rim = REACH * GRAIN
    return cast(Kept, np.ascontiguousarray(large[rim : rim + side, rim : rim + side]))


@dataclass(frozen=True)
class Made:
    """One finished region: its encoded tiles (level, column, row, stream, whether glass) and what is left of it."""

    column: int
    row: int
    tiles: list[tuple[int, int, int, bytes, bool]]
    rest: Bytes


class Maker:
    """Makes the tiles of whole regions."""

    def __init__(self, recipe: Recipe, file: SlideFile, painter: Painter) -> None:
        self._recipe, self._file, self._painter = recipe, file, painter
        self._step = 1 if recipe.layout == "tiff" else 2
        self._tile = recipe.tile
        self._glass = file.finished(encode(painter.glass[: recipe.tile, : recipe.tile]))
        self._blank = file.finished(encode(np.full((recipe.tile, recipe.tile, 3), GLASS, np.uint8)))

    def region(self, column: int, row: int) -> Made:
        """Paint a region, encode its tiles at all levels down to the one it is a single tile of."""
        tile, side = self._tile, region_side(self._recipe)
        tiles: list[tuple[int, int, int, bytes, bool]] = []
        half = np.empty((side // 2, side // 2, 3), np.uint8)
        block = block_side(self._recipe)
        for y in range(0, side, block):
            for x in range(0, side, block):
                left, top = column * side + x, row * side + y
                inside = left < self._recipe.width and top < self._recipe.height
                pixels = self._painter.block(left, top) if inside else None
                tiles += self._tiles(0, left // tile, top // tile, pixels, block)
                shown = self._painter.glass if pixels is None else pixels
                half[y // 2 : (y + block) // 2, x // 2 : (x + block) // 2] = halved(shown)
        for halvings in range(1, STEPS):
            if halvings % self._step == 0 and halvings // self._step < len(self._file.layers):
                at = side // tile >> halvings
                tiles += self._tiles(halvings // self._step, column * at, row * at, half, len(half))
            half = halved(half)
        return Made(column, row, tiles, half)

    def _tiles(
        self, level: int, column: int, row: int, pixels: Bytes | None, side: int
    ) -> Iterator[tuple[int, int, int, bytes, bool]]:
        tile = self._tile
        for y in range(side // tile):
            for x in range(side // tile):
                if pixels is None:
                    yield level, column + x, row + y, self._glass, True
                    continue
                piece = pixels[y * tile : (y + 1) * tile, x * tile : (x + 1) * tile]
                if level and bool((np.abs(piece.astype(np.int16) - GLASS) < 6).all()):
                    yield level, column + x, row + y, self._blank, True
                else:
                    yield level, column + x, row + y, self._file.finished(encode(piece)), False

    def rest(self, whole: Bytes) -> None:
        """Write the levels from the one on of which a region is one tile."""
        halvings = STEPS
        for level in range(len(self._file.layers)):
            if level * self._step < STEPS:
                continue
            while halvings < level * self._step:
                whole = halved(whole)
                halvings += 1
            layer = self._file.layers[level]
            tall, wide = layer.rows * self._tile, layer.columns * self._tile
            room = np.full((tall, wide, 3), GLASS, np.uint8)
            part = whole[:tall, :wide]
            room[: part.shape[0], : part.shape[1]] = part
            for y in range(layer.rows):
                for x in range(layer.columns):
                    piece = room[y * self._tile : (y + 1) * self._tile, x * self._tile : (x + 1) * self._tile]
                    self._file.put(level, x, y, self._file.finished(encode(piece)))
        wide, tall = self._recipe.width >> halvings, self._recipe.height >> halvings
        self._file.pictures.update(pictures_of(whole[:tall, :wide]))


def pictures_of(shown: Bytes) -> dict[str, Bytes]:
    """The pictures beside the slide: thumbnail, a label that names nobody, and the glass as a camera sees it."""
    scale = 512 / max(shown.shape)
    size = (max(1, round(shown.shape[1] * scale)), max(1, round(shown.shape[0] * scale)))
    thumbnail = np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA), np.uint8)
    label = np.full((256, 256, 3), 250, np.uint8)
    cv2.putText(label, "made", (40, 120), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (20, 20, 20), 3, cv2.LINE_AA)
    cv2.putText(label, "nobody", (40, 180), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 20, 20), 2, cv2.LINE_AA)
    macro = np.full((thumbnail.shape[0] + 40, thumbnail.shape[1] + 300, 3), 225, np.uint8)
    macro[20:-20, 280:-20] = thumbnail
    macro[20 : 20 + 200, 20:220] = label[:200, :200]
    return {"thumbnail": thumbnail, "label": label, "macro": macro}


def make_slide(path: Path, recipe: Recipe, *, threads: int = 2, tell: bool = False) -> Path:
    """Make a slide; the file gets its name when it is whole."""
    side = region_side(recipe)
    columns, rows = -(-recipe.width // side), -(-recipe.height // side)
    start = time.perf_counter()
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    with (
        ThreadPoolExecutor(threads) as pool,
        SlideFile(path, recipe.sizes(), recipe.tile, recipe.um, aperio=recipe.layout == "svs") as file,
    ):
        maker = Maker(recipe, file, Painter(recipe, pool))
        if tell:
            _tell(f"textures and maps after {time.perf_counter() - start:.0f} s")
        whole = np.full((rows * recipe.tile, columns * recipe.tile, 3), GLASS, np.uint8)
        places = [(column, row) for row in range(rows) for column in range(columns)]
        for done, made in enumerate(_ahead(pool, maker, places, threads + 2), start=1):
            for level, column, row, stream, again in made.tiles:
                file.put(level, column, row, stream, again=again)
            tall, wide = made.row * recipe.tile, made.column * recipe.tile
            whole[tall : tall + recipe.tile, wide : wide + recipe.tile] = made.rest
            if tell and done % 25 == 0:
                _tell(f"{done} of {len(places)} regions after {time.perf_counter() - start:.0f} s")
        maker.rest(whole)
    return path


def _ahead(pool: ThreadPoolExecutor, maker: Maker, places: list[tuple[int, int]], count: int) -> Iterator[Made]:
    """The regions in order, a few of them being made ahead, so that memory stays bounded."""
    waiting = deque[Future[Made]]()
    for place in places:
        waiting.append(pool.submit(maker.region, *place))
        if len(waiting) >= count:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def cache_folder() -> Path:
    """Where made slides are kept: `OVERREAD_BENCH`, else the user's cache folder."""
    named = os.environ.get("OVERREAD_BENCH")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".cache") / "overread-bench"


def kept_slide(recipe: Recipe, *, tell: bool = True) -> Path:
    """The slide of a recipe from the cache, made if it is not there."""
    path = cache_folder() / recipe.name
    return path if path.exists() else make_slide(path, recipe, tell=tell)


def main() -> None:
    """Make one slide and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="file to write; without it, the cache")
    parser.add_argument("--width", type=int, default=100_000)
    parser.add_argument("--height", type=int, default=80_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--layout", choices=("tiff", "svs"), default="tiff")
    parser.add_argument("--tile", type=int, default=256, help="side of a tile in pixels: a multiple of 16")
    parser.add_argument("--um", type=float, default=0.25, help="µm a pixel spans")
    parser.add_argument("--threads", type=int, default=2)
    choice = parser.parse_args()
    if choice.tile % 16 or choice.width < 512 or choice.height < 512:
        parser.error("tiles are multiples of 16 pixels, slides at least 512 × 512")
    recipe = Recipe(choice.width, choice.height, choice.seed, choice.layout, choice.tile, choice.um)
    path = choice.out or cache_folder() / recipe.name
    print(make_slide(path, recipe, threads=choice.threads, tell=True))


if __name__ == "__main__":
    main()
