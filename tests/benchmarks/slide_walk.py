"""Reading a slide, scripted: seeded pans, zooms and jumps, and the least other readers need for the same views."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

WIDTH, HEIGHT = 1600, 1000
"""The view, in pixels."""


@dataclass(frozen=True)
class Look:
    """One view: its middle in full-resolution pixels, and screen pixels per full-resolution pixel."""

    x: float
    y: float
    scale: float


def walk(width: int, height: int, count: int = 60, seed: int = 3) -> list[Look]:
    """A reader's way: from the whole slide into the tissue, along it, out again and on; every step moves.

    Six of ten steps are pans by a third to nine tenths of the view, three are zooms by 1.3 to 4, one is a jump.
    """
    rng = np.random.default_rng(seed)
    fit = min(WIDTH / width, HEIGHT / height)
    x, y, scale = width * 0.5, height * 0.5, fit * 1.5
    looks = list[Look]()
    while len(looks) < count:
        luck = rng.random()
        if luck < 0.6:
            turn, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.33, 0.9)
            x, y = x + np.cos(turn) * reach * WIDTH / scale, y + np.sin(turn) * reach * HEIGHT / scale
        elif luck < 0.9:
            inwards = rng.random() < (0.35 if scale > 0.5 else 0.65)
            factor = float(np.exp(rng.uniform(np.log(1.3), np.log(4))))
            scale = float(np.clip(scale * (factor if inwards else 1 / factor), fit, 1.5))
        else:
            x, y = rng.uniform(0.2, 0.8) * width, rng.uniform(0.2, 0.8) * height
        x, y = float(np.clip(x, 0.1 * width, 0.9 * width)), float(np.clip(y, 0.1 * height, 0.9 * height))
        look = Look(x, y, scale)
        if not looks or look != looks[-1]:
            looks.append(look)
    return looks


class Reader(Protocol):
    """Something that brings the pixels of a view into memory."""

    def read(self, look: Look) -> None:
        """Read all pixels that the view needs, at the level it needs."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


@dataclass(frozen=True)
class Part:
    """The part of a level that a view shows."""

    level: int
    left: int
    top: int
    width: int
    height: int


def part_of(look: Look, levels: list[tuple[int, int, float]]) -> Part:
    """What to read for a view: the coarsest level that still has a pixel for each of the screen's."""
    level = max((n for n, (_, _, down) in enumerate(levels) if down <= 1 / look.scale * 1.001), default=0)
    wide, tall, down = levels[level]
    half_x, half_y = WIDTH / look.scale / 2, HEIGHT / look.scale / 2
    left, top = max(0, int((look.x - half_x) / down)), max(0, int((look.y - half_y) / down))
    right, bottom = min(wide, int((look.x + half_x) / down) + 1), min(tall, int((look.y + half_y) / down) + 1)
    return Part(level, left, top, max(right - left, 1), max(bottom - top, 1))


class OpenSlideReader:
    """The baseline: `read_region` at the best level, as far as the slide goes."""

    def __init__(self, path: Path) -> None:
        import openslide

        self._slide = openslide.OpenSlide(str(path))
        sizes = zip(self._slide.level_dimensions, self._slide.level_downsamples, strict=True)
        self._levels = [(wide, tall, down) for (wide, tall), down in sizes]

    def read(self, look: Look) -> None:
        part = part_of(look, self._levels)
        down = self._levels[part.level][2]
        corner = (round(part.left * down), round(part.top * down))
        self._slide.read_region(corner, part.level, (part.width, part.height))

    def close(self) -> None:
        self._slide.close()


class RawReader:
    """The least: the bytes of the stored tiles of a view, read from their places and not decoded."""

    def __init__(self, path: Path) -> None:
        from tifffile import TiffFile

        with TiffFile(path) as file:
            pages = [level.keyframe for level in file.series[0].levels]
            self._tables = [(page.tilewidth, page.tilelength, page.dataoffsets, page.databytecounts) for page in pages]
            wide = pages[0].shape[1]
            self._levels = [(page.shape[1], page.shape[0], wide / page.shape[1]) for page in pages]
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))

    def read(self, look: Look) -> None:
        part = part_of(look, self._levels)
        across, down, offsets, lengths = self._tables[part.level]
        columns = -(-self._levels[part.level][0] // across)
        for row in range(part.top // down, (part.top + part.height - 1) // down + 1):
            for column in range(part.left // across, (part.left + part.width - 1) // across + 1):
                index = row * columns + column
                os.pread(self._file, lengths[index], offsets[index])

    def close(self) -> None:
        os.close(self._file)


class VipsReader:
    """pyvips, through its own reader of tiled TIFF."""

    def __init__(self, path: Path) -> None:
        import pyvips  # type: ignore[import-not-found]
        from tifffile import TiffFile

        with TiffFile(path) as file:
            numbers = [level.keyframe.index for level in file.series[0].levels]
        self._levels: list[Any] = [pyvips.Image.tiffload(str(path), page=number) for number in numbers]
        self._sizes = [(im.width, im.height, self._levels[0].width / im.width) for im in self._levels]

    def read(self, look: Look) -> None:
        part = part_of(look, self._sizes)
        self._levels[part.level].crop(part.left, part.top, part.width, part.height).write_to_memory()

    def close(self) -> None:
        self._levels.clear()


def tile_bytes(looks: list[Look], levels: list[tuple[int, int, float]], tile: int = 256) -> int:
    """Bytes of all different tiles that the views show, at four bytes a pixel."""
    seen = set[tuple[int, int, int]]()
    for look in looks:
        part = part_of(look, levels)
        rows = range(part.top // tile, (part.top + part.height - 1) // tile + 1)
        columns = range(part.left // tile, (part.left + part.width - 1) // tile + 1)
        seen |= {(part.level, column, row) for row in rows for column in columns}
    return len(seen) * tile * tile * 4


def peers() -> dict[str, type[VipsReader]]:
    """The other readers that are installed."""
    return {"pyvips": VipsReader} if importlib.util.find_spec("pyvips") is not None else {}
