"""Slides kept as tiled TIFF: SVS, OME-TIFF, QPTIFF, Philips, and pyramids of no maker in particular.

Directories are read once, when the slide is opened. From then on each tile is one read at its place in the
file and one decoding, both without Python's lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.coarser import with_coarser
from imaging.errors import ScanProblem
from imaging.formats import slide_tiff_directory as tags
from imaging.formats.slide_tiff_codec import NAMES
from imaging.formats.slide_tiff_directory import Directory, Storage, Tiff
from imaging.formats.slide_tiff_facts import colour_of
from imaging.formats.slide_tiff_layout import Layout, family, layout_of
from imaging.formats.slide_tiff_page import Page, page_of
from imaging.formats.slide_trial import try_some
from imaging.geometry import Plane, Size
from imaging.progress import Progress
from imaging.pyramid import downsample_of, fitting_levels
from imaging.scan import Channel, Level, Pixels, Scan, ScanInfo, ScanSource
from imaging.tiled import TiledSlide

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_LARGEST_BESIDE = 2**26
"""Pixels of a picture beside a slide."""
_LARGEST_PROFILE = 2**24


@dataclass(frozen=True, slots=True)
class SlideTiffFormat:
    """Slides whose tiles are read from their places in a TIFF file."""

    name: str = "slide_tiff"
    title: str = "Slides as TIFF (SVS, OME-TIFF, QPTIFF, Philips)"
    suffixes: tuple[str, ...] = (".svs", ".tif", ".tiff", ".btf", ".qptiff")

    def recognises(self, path: Path, head: bytes) -> bool:
        """By the first bytes, and the directories they lead to."""
        return head[:4] in _MAGIC and family(path) == "tiles"

    def sources(self, paths: tuple[Path, ...], progress: Progress) -> list[ScanSource]:
        """One source per file."""
        progress.check()
        return [ScanSource(self.name, (path,), path.name) for path in paths]

    def open(self, source: ScanSource, progress: Progress) -> Scan:
        """Open a slide: directories and the places of tiles now, tiles when they are read."""
        progress.check()
        storage = Storage(source.paths[0])
        try:
            return _opened(storage, source)
        except BaseException:
            storage.close()
            raise


class SlideTiffReader:
    """The tiles of a layout. `numbers` are the levels of the layout that are shown."""

    def __init__(self, storage: Storage, layout: Layout, numbers: tuple[int, ...], levels: tuple[Page, ...]) -> None:
        self._storage = storage
        self._layout = layout
        self._numbers = numbers
        self._levels = levels
        self._pages: dict[tuple[int, int], Page | None] = {(level, 0): page for level, page in enumerate(levels)}

    def tile(self, plane: Plane, level: int, column: int, row: int) -> Pixels:
        """A tile, its channels put together."""
        channels, like = self._layout.channels, self._levels[level]
        parts: list[Pixels] = []
        for channel in range(channels):
            page = self._page(level, plane.index * channels + channel)
            parts.append(_blank(like) if page is None else page.pixels(column, row))
        return parts[0] if channels == 1 else np.stack(parts, axis=-1)

    def screen_tile(self, plane: Plane, level: int, column: int, row: int) -> NDArray[np.uint32] | None:
        """A JPEG tile straight as the screen wants it."""
        page = self._page(level, plane.index)
        return None if page is None else page.screen(column, row)

    def associated_image(self, name: str) -> Pixels:
        """Label, macro or thumbnail as RGB."""
        page = page_of(self._layout.beside[name])
        if page.width * page.height > _LARGEST_BESIDE:
            raise ScanProblem(f"its {name} picture is {page.width:,} × {page.height:,} pixels", self._storage.path)
        if page.shape.dtype != "uint8" or page.shape.channels not in {1, 3}:
            raise ScanProblem(f"its {name} picture is of a kind that is not readable", self._storage.path)
        pixels = page.whole()
        return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)

    def icc_profile(self) -> bytes | None:
        """The profile of the finest level."""
        directory = self._levels[0].directory
        if not 0 < directory.count(tags.ICC_PROFILE) <= _LARGEST_PROFILE:
            return None
        return directory.data(tags.ICC_PROFILE)

    def close(self) -> None:
        """Let go of the file."""
        self._storage.close()

    def _page(self, level: int, number: int) -> Page | None:
        """The tiles of one directory of a level, looked at when first read; `None` where the file has none."""
        key = (level, number)
        if key not in self._pages:
            directory = self._layout.levels[self._numbers[level]][number]
            page = None if directory is None else page_of(directory)
            like = self._levels[level]
            if page and (page.width, page.height, page.tile, page.shape.dtype, page.shape.channels) != (
                *(like.width, like.height, like.tile, like.shape.dtype, like.shape.channels),
            ):
                raise ScanProblem("has planes or channels that are stored differently", self._storage.path)
            self._pages[key] = page
        return self._pages[key]


def _blank(like: Page) -> Pixels:
    """A tile of a directory the file has not."""
    width, height = like.tile
    shape = (height, width) if like.shape.channels == 1 else (height, width, like.shape.channels)
    return np.full(shape, 255 if like.shape.colour else 0, np.dtype(like.shape.dtype))


def _opened(storage: Storage, source: ScanSource) -> TiledSlide:
    """The slide in a file."""
    layout = layout_of(Tiff(storage))
    numbers, pages, levels, notes = _levels(layout, storage.path)
    finest = pages[0]
    channels = finest.shape.channels * layout.channels
    across_mm, down_mm = layout.facts.spacing or (None, None)
    beyond = finest.beyond()
    if beyond:
        notes.append(f"is cut short: {beyond:,} tiles of its finest level lie behind the end of the file")
    if finest.directory.number(tags.ORIENTATION, 1) != 1:
        notes.append("its orientation tag is not applied")
    info = ScanInfo(
        name=source.title or storage.path.name,
        format=layout.facts.maker,
        kind="slide",
        size=Size(finest.width, finest.height, layout.planes),
        dtype=finest.shape.dtype,
        channels=channels,
        spacing_mm=(across_mm, down_mm, layout.facts.depth_mm),
        inverted=finest.shape.inverted and channels == 1,
        levels=levels,
        fluorescence=_fluorescence(layout, finest, channels),
        objective=layout.facts.objective,
        spacing_from=layout.facts.spacing_from,
        objective_from=layout.facts.objective_from,
        associated=tuple(layout.beside),
        header=_header(finest),
        notes=tuple(dict.fromkeys((*layout.facts.notes, *layout.notes, *finest.shape.notes, *notes))),
        sources=source.paths,
    )
    reader = SlideTiffReader(storage, layout, numbers, pages)
    try_some(reader, info, storage.path)
    return TiledSlide(*with_coarser(info, reader))


def _levels(layout: Layout, path: Path) -> tuple[tuple[int, ...], tuple[Page, ...], tuple[Level, ...], list[str]]:
    """The levels that fit and can be read: their numbers in the layout, pages, sizes, and notes on the others."""
    found: list[tuple[int, Page, Level]] = []
    notes: list[str] = []
    for number, directories in enumerate(layout.levels):
        try:
            page = page_of(_first(directories))
        except ScanProblem as problem:
            if not found:
                raise
            notes.append(f"level {number} {problem.what} and is left out")
            continue
        full = (found[0][1].width, found[0][1].height) if found else (page.width, page.height)
        if found and page.shape != found[0][1].shape:
            notes.append(f"level {number} holds pixels of another kind and is left out")
        elif layout.ratios:
            ratio = layout.ratios[number]
            size = max(1, int(full[0] / ratio)), max(1, int(full[1] / ratio))
            if size[0] > page.width or size[1] > page.height:
                notes.append(f"level {number} is smaller than its pixel size says and is left out")
                continue
            found.append((number, page, Level(*size, ratio, page.tile)))
        else:
            size = (page.width, page.height)
            downsample = downsample_of(full, size) if min(size) > 0 else 1.0
            found.append((number, page, Level(*size, downsample, page.tile)))
    kept, more = fitting_levels([level for _, _, level in found], path)
    chosen = [found[index] for index in kept]
    numbers, pages, levels = zip(*chosen, strict=True)
    return numbers, pages, levels, [*notes, *more]


def _first(directories: tuple[Directory | None, ...]) -> Directory:
    """The first directory a level has."""
    return next(directory for directory in directories if directory is not None)


def _fluorescence(layout: Layout, finest: Page, channels: int) -> tuple[Channel, ...]:
    """The channels of a slide that is not of red, green and blue."""
    if finest.shape.colour:
        return ()
    if len(layout.facts.channels) == channels:
        return layout.facts.channels
    if channels == 1:
        return ()
    return tuple(Channel(f"Channel {index + 1}", colour_of("", index)) for index in range(channels))


def _header(page: Page) -> tuple[tuple[str, str], ...]:
    """What the file says of how its pixels are kept."""
    kept = "strips" if page.strip else f"{page.tile[0]} × {page.tile[1]}"
    header = [("Compression", NAMES[page.codec.compression]), ("Tiles", kept)]
    if tags.ICC_PROFILE in page.directory:
        header.append(("Colour profile", f"{page.directory.count(tags.ICC_PROFILE):,} bytes"))
    return tuple(header)


PLUGIN = SlideTiffFormat()
