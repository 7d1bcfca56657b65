"""Measuring marks: areas, lengths, and how many lie in a region. No Qt.

A mark lies in a region where the middle of the box around it does, so that one on the border counts once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Box, Geometry, Point, Points, Polygon, Polyline, bounds
from dataset.mask import Mask
from desktop_app.tool import Mark
from imaging.progress import Progress

Spacing2 = tuple[float, float]
"""Millimetres per pixel across and down."""
CHECK_EVERY = 1000
MOST_AREAS = 20_000
"""More marks than these are only counted: their areas would take seconds from the window's thread after each edit."""


@dataclass(frozen=True, slots=True)
class Line:
    """The marks of one label."""

    label: str
    count: int
    area: float | None
    """Of all of them, in mm², or pixels where the pixel size is unknown; `None` where there were too many."""
    density: float | None = None
    """Marks per mm² of the region they were counted in."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What there is to say of the selected marks, and of those in the selected region or on the whole scan."""

    facts: tuple[tuple[str, str], ...] = ()
    title: str = ""
    lines: tuple[Line, ...] = ()

    def text(self, name_of: dict[str, str], *, in_mm: bool) -> str:
        """A table that a sheet takes, columns set apart by tabs."""
        rows = [f"{name}\t{value}" for name, value in self.facts]
        if self.lines:
            unit = "mm²" if in_mm else "px"
            has_density = any(line.density is not None for line in self.lines)
            rows.append("\t".join((self.title, "count", f"area {unit}", *(["per mm²"] if has_density else []))))
            for line in self.lines:
                words = [
                    name_of.get(line.label, line.label),
                    str(line.count),
                    "" if line.area is None else f"{line.area:.6g}",
                ]
                rows.append("\t".join(words if line.density is None else [*words, f"{line.density:.6g}"]))
        return "\n".join(rows)


def measures(selected: Sequence[Mark], marks: Sequence[Mark], spacing: Spacing2 | None, progress: Progress) -> Measures:
    """Measure the selected marks, and count: in the region if exactly one is selected, else all `marks`.

    `spacing` is `None` where the pixel size is unknown; all is in pixels then.
    """
    facts = _facts(selected, spacing)
    region = selected[0].geometry if len(selected) == 1 else None
    if isinstance(region, Box | Polygon | Mask):
        inside = _inside(region, [mark for mark in marks if mark.id != selected[0].id], progress)
        size = area(region, spacing or (1.0, 1.0))
        return Measures(facts, "In this region", _lines(inside, spacing, progress, size if spacing else None))
    return Measures(facts, "" if selected else "On this slide", () if selected else _lines(marks, spacing, progress))


def _facts(selected: Sequence[Mark], spacing: Spacing2 | None) -> tuple[tuple[str, str], ...]:
    pitch = spacing or (1.0, 1.0)
    geometries = [mark.geometry for mark in selected]
    areas = [geometry for geometry in geometries if isinstance(geometry, Box | Polygon | Mask)]
    rims = [geometry for geometry in geometries if isinstance(geometry, Box | Polygon)]
    lines = [geometry for geometry in geometries if isinstance(geometry, Polyline)]
    spots = [geometry for geometry in geometries if isinstance(geometry, Points)]
    is_mm, found = spacing is not None, list[tuple[str, str]]()
    if len(selected) > 1:
        found.append(("Marks", f"{len(selected):,}".replace(",", "\u202f")))
    if areas:
        found.append(("Area", area_text(sum(area(geometry, pitch) for geometry in areas), in_mm=is_mm)))
    if rims:
        found.append(("Perimeter", length_text(sum(length(geometry, pitch) for geometry in rims), in_mm=is_mm)))
    if lines:
        found.append(("Length", length_text(sum(length(geometry, pitch) for geometry in lines), in_mm=is_mm)))
    if spots:
        found.append(("Points", str(sum(len(geometry.points) for geometry in spots))))
    return tuple(found)


def _lines(
    marks: Sequence[Mark], spacing: Spacing2 | None, progress: Progress, region: float | None = None
) -> tuple[Line, ...]:
    """Marks by label, the most frequent first; `region` in mm² where they are counted in one."""
    progress.check()
    counts = Counter(mark.label for mark in marks)
    areas: dict[str, float] = {}
    for number, mark in enumerate(marks if len(marks) <= MOST_AREAS else ()):
        if number % CHECK_EVERY == 0:
            progress.check()
        areas[mark.label] = areas.get(mark.label, 0.0) + area(mark.geometry, spacing or (1.0, 1.0))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Line(label, count, areas.get(label), count / region if region else None) for label, count in ordered)


# One geometry.


def area(geometry: Geometry, spacing: Spacing2) -> float:
    """In mm²; holes are left out; 0 for what has no area."""
    if isinstance(geometry, Mask):
        return geometry.count() * spacing[0] * spacing[1]
    if isinstance(geometry, Box):
        return geometry.width * geometry.height * spacing[0] * spacing[1]
    if isinstance(geometry, Polygon):
        pixels = _ring_area(geometry.exterior) - sum(_ring_area(hole) for hole in geometry.holes)
        return max(pixels, 0.0) * spacing[0] * spacing[1]
    return 0.0


def length(geometry: Geometry, spacing: Spacing2) -> float:
    """In mm: along a line, or around a box or a polygon without its holes; 0 for anything else."""
    if isinstance(geometry, Box):
        return 2 * (geometry.width * spacing[0] + geometry.height * spacing[1])
    if isinstance(geometry, Polygon):
        return _way(np.array([*geometry.exterior, *geometry.exterior[:1]], np.float64).reshape(-1, 2), spacing)
    if isinstance(geometry, Polyline):
        return _way(np.array(geometry.points, np.float64).reshape(-1, 2), spacing)
    return 0.0


def _ring_area(ring: tuple[Point, ...]) -> float:
    if len(ring) < 3:
        return 0.0
    points = np.array(ring, np.float64)
    points -= points[0]  # far from the corner the products would lose digits
    x, y = points[:, 0], points[:, 1]
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def _way(points: NDArray[np.float64], spacing: Spacing2) -> float:
    steps = np.diff(points, axis=0) * np.array(spacing)
    return float(np.hypot(steps[:, 0], steps[:, 1]).sum())


# Many in one.


def _inside(region: Box | Polygon | Mask, marks: Sequence[Mark], progress: Progress) -> list[Mark]:
    """The marks whose middle lies in a region."""
    placed: list[Mark] = []
    middles: list[Point] = []
    for number, mark in enumerate(marks):
        if number % CHECK_EVERY == 0:
            progress.check()
        box = bounds(mark.geometry)
        if box is not None:
            placed.append(mark)
            middles.append((box[0] + box[2] / 2, box[1] + box[3] / 2))
    if not placed:
        return []
    places = np.array(middles, np.float64)
    if isinstance(region, Box):
        x, y = places[:, 0] - region.x, places[:, 1] - region.y
        within = (x >= 0) & (x < region.width) & (y >= 0) & (y < region.height)
    elif isinstance(region, Polygon):
        within = within_polygon(region, places, progress)
    else:
        within = _within_mask(region, places)
    return [placed[number] for number in np.flatnonzero(within)]


def within_polygon(region: Polygon, places: NDArray[np.float64], progress: Progress) -> NDArray[np.bool_]:
    """Which places (x, y) lie in a polygon and not in its holes.

    Places are sorted by y, so that an edge is only compared with those beside it: an outline of 100,000 vertices has
    short edges, and one with long edges has few.
    """
    order = np.argsort(places[:, 1], kind="stable")
    xs, ys = places[order, 0], places[order, 1]
    within = np.zeros(len(places), np.bool_)
    for ring in (region.exterior, *region.holes):
        points = np.array(ring, np.float64).reshape(-1, 2)
        ends = np.roll(points, -1, axis=0)
        first = np.searchsorted(ys, np.minimum(points[:, 1], ends[:, 1]), "left")
        last = np.searchsorted(ys, np.maximum(points[:, 1], ends[:, 1]), "left")
        for number, edge in enumerate(np.flatnonzero(last > first)):
            if number % CHECK_EVERY == 0:
                progress.check()
            (x0, y0), (x1, y1), beside = points[edge], ends[edge], slice(int(first[edge]), int(last[edge]))
            within[beside] ^= xs[beside] < x0 + (ys[beside] - y0) * ((x1 - x0) / (y1 - y0))
    found = np.zeros(len(places), np.bool_)
    found[order] = within
    return found


def _within_mask(region: Mask, places: NDArray[np.float64]) -> NDArray[np.bool_]:
    within = np.zeros(len(places), np.bool_)
    columns, rows = (np.floor(places[:, axis]).astype(np.int64) for axis in (0, 1))
    for plane in region.planes[:1]:
        for x, y, bits in region.on_plane(plane):
            here = np.flatnonzero(
                (columns >= x) & (columns < x + bits.shape[1]) & (rows >= y) & (rows < y + bits.shape[0])
            )
            within[here] = bits[rows[here] - y, columns[here] - x]
    return within


# Words.


def area_text(value: float, *, in_mm: bool) -> str:
    """`0.123 mm²`, `523 µm²`, or pixels."""
    if not in_mm:
        return f"{_digits(value)} px²"
    return f"{_digits(value)} mm²" if value >= 0.01 else f"{_digits(value * 1e6)} µm²"


def length_text(value: float, *, in_mm: bool) -> str:
    """`1.23 mm`, `523 µm`, or pixels."""
    if not in_mm:
        return f"{_digits(value)} px"
    return f"{_digits(value)} mm" if value >= 1 else f"{_digits(value * 1000)} µm"


def density_text(value: float) -> str:
    """Marks per mm²."""
    return _digits(value)


def _digits(value: float) -> str:
    """Four digits that count, thousands set apart, no exponent."""
    if value == 0:
        return "0"
    decimals = max(0, 3 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{min(decimals, 6)}f}".replace(",", "\u202f")
    return text.rstrip("0").rstrip(".") if "." in text else text
