"""Where the tissue of a slide lies: outlines from a coarse look at it."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Point, Polygon
from dataset.label import Code, Label
from imaging.errors import ScanProblem
from imaging.geometry import Plane, Region, whole_plane
from imaging.progress import Progress
from imaging.scan import Scan
from models.connected import AREA, connected
from models.placement import resize
from models.slides.outline import rings_of

Floats: TypeAlias = NDArray[np.float32]
Flags: TypeAlias = NDArray[np.bool_]
TISSUE = Label("tissue", "Tissue", "#8fb8a8", "", Code("SCT", "85756007", "Tissue"), is_finding=False)
SIDE = 2048
"""The slide is looked at so small that its longer side has this many pixels (or as it is, if it is smaller)."""
STRIP = 4 * 2**20
"""*Memory bound*: pixels of the coarse look that are read at once."""
LEAST_COLOUR, LEAST_LIGHT = 12.0, 2.0
"""Differences of the channels (of 255), or of square roots of light over the slide, below which nothing is tissue."""
NEVER_SCANNED = 8
"""Pixels of colour slides no brighter than this are gaps of the file."""
LEAST_SHARE = 1 / 20000
"""Pieces and holes of a smaller share of the slide are dropped, as are those of less than `LEAST_PIXELS`."""
LEAST_PIXELS = 48


def find_tissue(scan: Scan, progress: Progress, plane: Plane = Plane()) -> tuple[Polygon, ...]:  # noqa: B008 (frozen)
    """The tissue's outlines with their holes, the largest first; none where there is none. Raises `Cancelled`.

    Colour slides are told from glass by their colour, others by their brightness (Otsu's threshold). Tiles that
    cannot be read count as glass.
    """
    whole = whole_plane(scan.info.size, plane)
    down = max(1.0, max(whole.width, whole.height) / SIDE)
    strength = _strength(scan, whole, down, progress)
    bits = _smooth(_coloured(strength) if scan.info.is_colour else _bright(strength))
    scale = whole.width / bits.shape[1], whole.height / bits.shape[0]
    return _outlines(bits, plane, scale)


def _strength(scan: Scan, whole: Region, down: float, progress: Progress) -> Floats:
    """How much every pixel of the coarse look is unlike empty ground, read strip by strip."""
    wide, tall = max(1, round(whole.width / down)), max(1, round(whole.height / down))
    out = np.zeros((tall, wide), np.float32)
    step = max(1, min(tall, STRIP // wide, 512))
    for top in range(0, tall, step):
        progress.report(top, tall, "Looking for tissue")
        bottom = min(top + step, tall)
        y0, y1 = whole.height * top // tall, whole.height * bottom // tall
        place = Region(whole.plane, whole.x, whole.y + y0, whole.width, max(1, y1 - y0))
        try:
            stored = scan.read(place, down)
        except ScanProblem:
            continue
        values = _colourfulness(stored) if scan.info.is_colour else _light(stored)
        out[top:bottom] = resize(values, wide, bottom - top, "area")
    return out


def _colourfulness(stored: NDArray[Any]) -> Floats:
    """The difference of the channels; of what is dark half its darkness, so that black ink and specks count."""
    values = stored.astype(np.int16)
    highest = values.max(axis=2)
    strength = np.maximum(highest - values.min(axis=2), (190 - highest) // 2)
    strength[highest <= NEVER_SCANNED] = 0
    return strength.astype(np.float32)


def _light(stored: NDArray[Any]) -> Floats:
    """The square root of the brightest channel's value, in which noise is alike everywhere."""
    light = stored if stored.ndim == 2 else stored.max(axis=2)
    return np.sqrt(np.maximum(light, 0).astype(np.float32))


def _coloured(strength: Floats) -> Flags:
    """What lies above Otsu's threshold, and above what could be tissue at all."""
    import cv2

    soft = np.asarray(cv2.medianBlur(np.clip(strength, 0, 255).astype(np.uint8), 5), np.uint8)
    threshold = _otsu(soft)
    # Pale tissue beside a deep stain: half of the threshold still is unlike glass.
    return soft > max(LEAST_COLOUR, min(threshold, 0.5 * threshold + LEAST_COLOUR))


def _bright(strength: Floats) -> Flags:
    """As `_coloured`, for light: tissue is where cells lie near each other, dark as it may be between them."""
    import cv2

    soft = np.asarray(cv2.GaussianBlur(strength, (0, 0), max(2.0, max(strength.shape) / 200)))
    low, high = np.percentile(soft, [1, 99.8]).tolist()
    if high - low < LEAST_LIGHT:
        return np.zeros(strength.shape, np.bool_)
    levels = np.clip((soft - low) / (high - low) * 255, 0, 255).astype(np.uint8)
    threshold = _otsu(levels)
    return levels > 0.7 * threshold


def _otsu(values: NDArray[np.uint8]) -> float:
    import cv2

    return float(cv2.threshold(values, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0])


def _smooth(bits: Flags) -> Flags:
    """Gaps closed, edges rounded, small pieces and small holes gone."""
    import cv2

    round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    framed = np.pad(bits.astype(np.uint8), 8)
    closed = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, round_)
    soft = np.asarray(cv2.GaussianBlur(closed.astype(np.float32), (0, 0), 2.0))[8:-8, 8:-8] > 0.5
    least = max(LEAST_PIXELS, soft.size * LEAST_SHARE)
    filled = ~_without_small(~soft, least, connectivity=4)
    return _without_small(filled, least, connectivity=8)


def _without_small(bits: Flags, least: float, connectivity: int) -> Flags:
    import cv2

    _, numbers, figures, _ = cv2.connectedComponentsWithStats(bits.astype(np.uint8), connectivity=connectivity)
    large = np.asarray(figures)[:, cv2.CC_STAT_AREA] >= least
    large[0] = False
    return large[np.asarray(numbers, np.int32)]


def _outlines(bits: Flags, plane: Plane, scale: tuple[float, float]) -> tuple[Polygon, ...]:
    """A polygon for each connected piece, in full-resolution pixels, within a pixel of the coarse look."""
    numbers, figures = connected(bits)
    polygons: list[Polygon] = []
    order = sorted(range(1, len(figures)), key=lambda number: -int(figures[number, AREA]))
    for number in order:
        x, y, width, height, _ = figures[number].tolist()
        own = numbers[y : y + height, x : x + width] == number
        rings = [_points(ring, scale) for ring in rings_of(own, x, y, loose=0.7)]
        polygons.append(Polygon(plane, rings[0], tuple(rings[1:])))
    return tuple(polygons)


def _points(ring: NDArray[np.int32], scale: tuple[float, float]) -> tuple[Point, ...]:
    return tuple((math.floor(x * scale[0] / 2 + 0.5), math.floor(y * scale[1] / 2 + 0.5)) for x, y in ring.tolist())
