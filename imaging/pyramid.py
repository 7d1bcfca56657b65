"""Whether the levels and the pixel size a slide claims can be true; what every slide format asks before it believes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from imaging.errors import ScanProblem
from imaging.scan import Level

_LONGEST = 2**31 - 1
"""Pixels a side; more is no slide but a damaged header."""
_LARGEST_TILE = 2**26
"""Pixels of a tile; whoever reads one holds it whole."""
_LARGEST_TILE_BYTES = 2**28
_MOST_LEVELS = 64
_PIXEL_MM = (1e-6, 1.0)
"""Least and most millimetres of a pixel that a microscope or a scanner can mean."""


def downsample_of(full: tuple[int, int], size: tuple[int, int]) -> float:
    """How many full-resolution pixels one pixel of a level spans.

    The whole number that gives this size by rounding up or down, where there is one: the ratio of rounded
    sizes is off by up to a pixel at the far end of the slide. Otherwise the mean ratio of both sides.
    """
    ratio = (full[0] / size[0] + full[1] / size[1]) / 2
    whole = round(ratio)
    for number in (whole, whole - 1, whole + 1):
        if number > 0 and all(a // number <= b <= -(-a // number) for a, b in zip(full, size, strict=True)):
            return float(number)
    return ratio


def check_size(width: int, height: int, where: object) -> None:
    """Raise `ScanProblem` for a slide that cannot be this large or this small."""
    if not (0 < width <= _LONGEST and 0 < height <= _LONGEST):
        raise ScanProblem(f"claims to be {width:,} × {height:,} pixels", where, "Get the file again")


def check_tile(width: int, height: int, where: object, pixel: int = 1) -> None:
    """Raise `ScanProblem` for tiles too large to be held in memory, or empty; `pixel` is the bytes of one."""
    fits = width * height <= _LARGEST_TILE and width * height * pixel <= _LARGEST_TILE_BYTES
    if not (width > 0 and height > 0 and fits):
        raise ScanProblem(
            f"has tiles of {width:,} × {height:,} pixels; up to {_LARGEST_TILE // 2**20} megapixels are read",
            where,
            "Save it as a pyramid with smaller tiles",
        )


def fitting_levels(levels: Sequence[Level], where: object) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The numbers of the levels that fit the finest (the first), and a note on those that do not.

    A level fits when it is smaller than the one before and shows the same rectangle, within some pixels of
    rounding and padding. Raises `ScanProblem` when the finest itself is implausible.
    """
    finest = levels[0]
    check_size(finest.width, finest.height, where)
    kept: list[int] = []
    out: list[str] = []
    for number, level in enumerate(levels[:_MOST_LEVELS]):
        if number and not _fits(finest, levels[kept[-1]], level):
            out.append(f"level {number} ({level.width:,} × {level.height:,}) does not fit the slide and is left out")
            continue
        tile = level.tile or (level.width, level.height)
        check_tile(tile[0], tile[1], where)
        kept.append(number)
    if len(levels) > _MOST_LEVELS:
        out.append(f"{len(levels) - _MOST_LEVELS} of its {len(levels)} levels are left out")
    return tuple(kept), tuple(out[:8])


def _fits(finest: Level, before: Level, level: Level) -> bool:
    """Whether a level is smaller than the one before and of the finest one's shape."""
    w, h = level.width, level.height
    if w < 1 or h < 1 or w > before.width or h > before.height or (w, h) == (before.width, before.height):
        return False
    # The downsamples each side allows, its rounding and padding considered, have to meet.
    across, down = 4 + w // 100, 4 + h // 100
    low = max(finest.width / (w + across), finest.height / (h + down))
    high = min(
        finest.width / (w - across) if w > across else math.inf,
        finest.height / (h - down) if h > down else math.inf,
    )
    return low <= high


def pixel_size(x_mm: float | None, y_mm: float | None) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    """Pixel width and height in mm, or `None` with a note when they cannot be true. `None` for a missing side."""
    if x_mm is None and y_mm is None:
        return None, ()
    x = y_mm if x_mm is None else x_mm
    y = x_mm if y_mm is None else y_mm
    assert x is not None
    assert y is not None
    if all(math.isfinite(v) and _PIXEL_MM[0] <= v <= _PIXEL_MM[1] for v in (x, y)):
        return (float(x), float(y)), ()
    said = f"{x * 1000:g} µm" if x == y else f"{x * 1000:g} × {y * 1000:g} µm"
    return None, (f"its pixel size of {said} cannot be true, so it is unknown",)
