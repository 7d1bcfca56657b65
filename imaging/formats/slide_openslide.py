# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Slides whose layout is their maker's secret, by OpenSlide: MIRAX, NDPI, VMS, SCN, BIF, CZI, SVSLIDE, Trestle.

OpenSlide reads any rectangle, and reads the same pixels several times over when rectangles do not lie on the tiles it
keeps. So tiles are those of the file where it has some, and squares of 512 elsewhere, always at the same places.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.coarser import with_coarser
from imaging.errors import ScanProblem
from imaging.formats.slide_openslide_files import HAMAMATSU, MIRAX, check_companions, companions, owner_of
from imaging.formats.slide_openslide_library import OpenSlideHandle
from imaging.formats.slide_tiff_layout import family
from imaging.formats.slide_trial import try_some
from imaging.geometry import Plane, Size
from imaging.progress import Progress
from imaging.pyramid import downsample_of, fitting_levels, pixel_size
from imaging.scan import Level, Pixels, Scan, ScanInfo, ScanSource
from imaging.tiled import TiledSlide

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_CZI, _SQLITE = b"ZISRAWFILE", b"SQLite format 3\0"
_SIDE = 512
"""Of the squares that stand in for tiles where the file has none of a useful size."""
_SMALLEST, _LARGEST = 16, 2048
"""Sides of tiles that are read as they are kept, small ones several at a time."""
_ASSOCIATED = ("label", "macro", "thumbnail")
_LARGEST_PICTURE = 1 << 26
_MOST_BAD = 10_000
_HEAD = 4096
_TECHNICAL = (
    "hamamatsu.Product",
    "hamamatsu.SourceLens",
    "leica.device-model",
    "leica.illumination-source",
    "mirax.GENERAL.SLIDE_VERSION",
    "tiff.Make",
    "tiff.Model",
    "ventana.ScannerModel",
)
"""Properties that tell how a slide was made and name nobody."""


@dataclass(frozen=True, slots=True)
class OpenSlideFormat:
    """Slides that OpenSlide knows and that are not read from their tiles' places."""

    name: str = "slide_openslide"
    title: str = "Slides by OpenSlide (MRXS, NDPI, SCN, BIF, VMS, CZI)"
    suffixes: tuple[str, ...] = (
        *(".mrxs", ".ndpi", ".scn", ".bif", ".vms", ".vmu", ".czi", ".svslide"),
        *(".tif", ".tiff"),
    )

    def recognises(self, path: Path, head: bytes) -> bool:
        """By the first bytes where they tell, by the ending for MIRAX, whose first file is a JPEG picture."""
        if head[:4] in _TIFF:
            return family(path) == "other"
        if head.startswith((_CZI, *HAMAMATSU)):
            return True
        suffix = path.suffix.lower()
        if suffix == ".mrxs":
            return head[:3] == b"\xff\xd8\xff" or (path.with_suffix("") / MIRAX).is_file()
        return (head.startswith(_SQLITE) and suffix == ".svslide") or (path.name == MIRAX and b"[GENERAL]" in head[:64])

    def sources(self, paths: tuple[Path, ...], progress: Progress) -> list[ScanSource]:
        """One source per slide, named by its first file."""
        progress.check()
        return [ScanSource(self.name, (path,), path.name) for path in dict.fromkeys(map(owner_of, paths))]

    def open(self, source: ScanSource, progress: Progress) -> Scan:
        """Open a slide: what it is now, pixels when tiles are read."""
        progress.check()
        path = source.paths[0]
        with path.open("rb") as stream:
            check_companions(path, stream.read(_HEAD))
        handle = OpenSlideHandle(path)
        try:
            info, tiles = _described(handle, source)
            try_some(tiles, info, path)
            return TiledSlide(*with_coarser(info, tiles))
        except BaseException:
            handle.close()
            raise


class OpenSlideTiles:
    """The tiles of a slide that OpenSlide holds; an `imaging.tiled.TileReader`."""

    def __init__(
        self, handle: OpenSlideHandle, levels: tuple[Level, ...], stored: tuple[tuple[int, float], ...]
    ) -> None:
        self._handle = handle
        self._levels = levels
        self._stored = stored
        """For each level its number in the file and its downsample as OpenSlide counts."""
        self._bad: dict[tuple[int, int, int], ScanProblem] = {}

    def tile(self, plane: Plane, level: int, column: int, row: int) -> Pixels:
        """A tile as RGB."""
        screen = self.screen_tile(plane, level, column, row)
        shown = np.ascontiguousarray(screen.astype("<u4", copy=False)).view(np.uint8).reshape(*screen.shape, 4)
        return np.ascontiguousarray(shown[..., 2::-1])

    def screen_tile(self, plane: Plane, level: int, column: int, row: int) -> NDArray[np.uint32]:  # noqa: ARG002
        """A tile as 0xFFRRGGBB, as OpenSlide gives it."""
        key = (level, column, row)
        if key in self._bad:
            problem = self._bad[key]
            raise ScanProblem(problem.what, problem.where, problem.advice)
        shown, (number, downsample) = self._levels[level], self._stored[level]
        across, down = shown.tile or (_SIDE, _SIDE)
        width, height = min(across, shown.width - column * across), min(down, shown.height - row * down)
        x, y = round(column * across * downsample), round(row * down * downsample)
        try:
            return self._handle.argb(x, y, number, width, height)
        except ScanProblem as problem:
            # Each failure costs opening the file anew, and a damaged tile in view is asked for again and again.
            if len(self._bad) < _MOST_BAD and self._handle.path.exists():
                self._bad[key] = problem
            raise

    def associated_image(self, name: str) -> Pixels:
        """Label, macro or thumbnail as RGB on white."""

        def read(slide: Any) -> Pixels:
            picture = slide.associated_images[name]
            canvas = np.asarray(picture.convert("RGBA")).astype(np.uint16)
            alpha = canvas[..., 3:]
            return ((canvas[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)

        return self._handle.call(read)

    def icc_profile(self) -> bytes | None:
        """The profile of the slide's pixels."""
        from openslide import lowlevel

        return self._handle.call(lambda slide: lowlevel.read_icc_profile(slide._osr))

    def close(self) -> None:
        """Let go of the file."""
        self._handle.close()


def _described(handle: OpenSlideHandle, source: ScanSource) -> tuple[ScanInfo, OpenSlideTiles]:
    """What a slide is, and its tiles."""
    path = source.paths[0]

    def ask(slide: Any) -> tuple[dict[str, str], list[tuple[int, int]], list[float], dict[str, tuple[int, int]]]:
        properties = dict(slide.properties)
        sizes = {name: _picture_size(properties, name) for name in slide.associated_images}
        return properties, list(slide.level_dimensions), list(slide.level_downsamples), sizes

    properties, sizes, downsamples, pictures = handle.call(ask)
    notes: list[str] = []
    found = [
        Level(width, height, downsample_of(sizes[0], (width, height)) if min(width, height) > 0 else 1.0, tile)
        for (width, height), tile in zip(sizes, (_tile(properties, n) for n in range(len(sizes))), strict=True)
    ]
    kept, unfit = fitting_levels(found, path)
    levels = tuple(found[number] for number in kept)
    spacing, spacing_from = _spacing(properties, notes)
    objective = _positive(properties, "openslide.objective-power", notes)
    notes += [*unfit, *_bounds(properties, levels[0])]
    too_large = [name for name in _ASSOCIATED if math.prod(pictures.get(name, (0, 0))) > _LARGEST_PICTURE]
    notes += [f"its {name} picture is too large to show" for name in too_large]
    info = ScanInfo(
        name=source.title or path.name,
        format=properties.get("openslide.vendor", "slide")[:40],
        kind="slide",
        size=Size(levels[0].width, levels[0].height),
        dtype="uint8",
        channels=3,
        spacing_mm=(spacing[0], spacing[1], None) if spacing else (None, None, None),
        levels=levels,
        objective=objective,
        spacing_from=spacing_from,
        objective_from="openslide.objective-power" if objective else "",
        associated=tuple(name for name in _ASSOCIATED if name in pictures and name not in too_large),
        header=tuple((name, properties[name][:200]) for name in _TECHNICAL if properties.get(name)),
        notes=tuple(notes),
        sources=companions(path),
    )
    stored = tuple((number, downsamples[number]) for number in kept)
    return info, OpenSlideTiles(handle, levels, stored)


def _tile(properties: Mapping[str, str], number: int) -> tuple[int, int]:
    """The tiles to read a level by: its own or some of them together, else squares."""
    sides = [properties.get(f"openslide.level[{number}].tile-{side}", "") for side in ("width", "height")]
    if all(side.isdigit() and _SMALLEST <= int(side) <= _LARGEST for side in sides):
        across, down = (int(side) if int(side) >= _SIDE // 2 else _SIDE // int(side) * int(side) for side in sides)
        return across, down
    return _SIDE, _SIDE


def _picture_size(properties: Mapping[str, str], name: str) -> tuple[int, int]:
    """Width and height of a picture beside the slide, as the properties say."""
    sides = [properties.get(f"openslide.associated.{name}.{side}", "0") for side in ("width", "height")]
    return (int(sides[0]), int(sides[1])) if all(side.isdigit() for side in sides) else (0, 0)


def _number(properties: Mapping[str, str], name: str) -> float | None:
    """A property as a number; `None` when absent or none."""
    try:
        return float(properties[name])
    except (KeyError, ValueError):
        return None


def _positive(properties: Mapping[str, str], name: str, notes: list[str]) -> float | None:
    """A property that must be a number above 0; a note and `None` when it is another."""
    if name not in properties:
        return None
    found = _number(properties, name)
    if found is not None and math.isfinite(found) and found > 0:
        return found
    notes.append(f"{name} is {properties[name][:40]!r}, so it is unknown")
    return None


def _spacing(properties: Mapping[str, str], notes: list[str]) -> tuple[tuple[float, float] | None, str]:
    """Millimetres across and down a pixel, and which property says so."""
    across, down = (_positive(properties, f"openslide.mpp-{axis}", notes) for axis in "xy")
    size, said = pixel_size(across and across / 1000, down and down / 1000)
    notes += said
    return size, ("openslide.mpp-x" if across else "openslide.mpp-y") if size else ""


def _bounds(properties: Mapping[str, str], finest: Level) -> list[str]:
    """A note on the part that was scanned, where the file says that it is not all."""
    names = ("x", "y", "width", "height")
    x, y, width, height = (_number(properties, f"openslide.bounds-{name}") for name in names)
    if x is None or y is None or width is None or height is None or (width, height) == (finest.width, finest.height):
        return []
    return [f"was scanned in {width:,.0f} × {height:,.0f} pixels from ({x:,.0f}, {y:,.0f}) on; the rest is blank"]


PLUGIN = OpenSlideFormat()
