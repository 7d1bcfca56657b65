"""What there is to say of marks together: measures of the selected ones, counts in a region or on the scan. No Qt.

Each mark is measured by `dataset.measure`; here their sums become words and lines of a table.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np

from dataset.annotation import Annotation, Box, Point, Polygon, RotatedBox
from dataset.mask import Mask
from dataset.measure import Measured, count_within, measure, pixel_size
from dataset.measurement import angle_within, is_finding, measured_as
from dataset.piecewise import Breather
from desktop_app.tool import Mark
from imaging.progress import Progress
from imaging.scan import Spacing

CHECK_EVERY = 1000
MOST_AREAS = 20_000
"""More marks than these are only counted: their areas would take seconds from the window's thread after each edit."""
AT_ONCE = 200
"""Outlines whose areas are found together; a millisecond's work."""


@dataclass(frozen=True, slots=True)
class Line:
    """The marks of one label."""

    label: str
    count: int
    area: str = ""
    """Of all of them together; empty in a region, and where there were too many."""
    density: float | None = None
    """Marks per mm² of the region they were counted in."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What there is to say of the selected marks, and of those in the selected region or on the whole scan."""

    facts: tuple[tuple[str, str], ...] = ()
    title: str = ""
    lines: tuple[Line, ...] = ()
    measured: tuple[Annotation, ...] = ()
    """Where nothing is selected: what a reader measured on this scan."""

    @property
    def heads(self) -> tuple[str, str]:
        """What the columns of the table hold."""
        return "count", "per mm²" if any(line.density is not None for line in self.lines) else "area"

    def text(self, name_of: dict[str, str]) -> str:
        """A table that a sheet takes, columns set apart by tabs."""
        rows = [f"{name}\t{value}" for name, value in self.facts]
        if self.lines:
            rows.append("\t".join((self.title, *self.heads)))
        for line in self.lines:
            last = line.area if line.density is None else f"{line.density:.6g}"
            rows.append("\t".join((name_of.get(line.label, line.label), str(line.count), last)))
        return "\n".join(rows)


def measures(
    selected: Sequence[Mark],
    marks: Sequence[Mark],
    spacing: Spacing,
    progress: Progress,
    *,
    counts_only: bool = False,
) -> Measures:
    """Measure the selected marks, and count: in the region if exactly one is selected, all `marks` if none is.

    With `counts_only` all marks are counted, without their areas.
    """
    facts = _facts(_checked(selected, progress), len(selected), spacing)
    region = selected[0].geometry if len(selected) == 1 else None
    if isinstance(region, Box | RotatedBox | Polygon | Mask):
        counted = count_within(filter(is_finding, _checked(marks, progress)), region, spacing)
        ordered = sorted(counted.counts.items(), key=lambda item: (-item[1], item[0]))
        lines = tuple(Line(label, count, density=counted.per_mm2.get(label)) for label, count in ordered)
        return Measures(facts, "In this region", lines)
    if selected:
        return Measures(facts)
    found = tuple(filter(is_finding, marks))
    areas = () if counts_only or len(found) > MOST_AREAS else found
    return Measures(facts, "On this slide", _lines(found, areas, spacing, progress))


def _checked(marks: Sequence[Mark], progress: Progress) -> Iterable[Mark]:
    """The marks one by one, stopping when that is asked for."""
    for number, mark in enumerate(marks):
        if number % CHECK_EVERY == 0:
            progress.check()
        yield mark


def _facts(marks: Iterable[Mark], count: int, spacing: Spacing) -> tuple[tuple[str, str], ...]:
    """The sums of what is measured, in words. Of an angle it is the angle, not how long its sides are."""
    facts = [("Marks", _digits(count))] if count > 1 else []
    found, angles = list[Measured](), list[float]()
    for mark in marks:
        angle = angle_within(mark.geometry, spacing) if measured_as(mark) == "angle" else None
        if angle is None:
            found.append(measure(mark.geometry, spacing))
        else:
            angles.append(angle)
    deep = [one for one in found if one.volume_mm3 is not None]
    flat = [one for one in found if one.volume_mm3 is None]
    area = area_text([one for one in flat if one.area_px is not None])
    rim = _length_text([(one.perimeter_px, one.perimeter_um) for one in flat if one.perimeter_px is not None])
    way = _length_text([(one.length_px, one.length_um) for one in found if one.length_px is not None])
    points = sum(one.count for one in found if (one.area_px, one.length_px) == (None, None))
    named = (("Area", area), ("Perimeter", rim), ("Length", way), ("Points", str(points) if points else ""))
    volume = (("Volume", _volume_text(sum(one.volume_mm3 or 0.0 for one in deep))),) if deep else ()
    turns = (("Angle", f"{angles[0]:.1f}°"),) if len(angles) == 1 else ()
    return (*facts, *volume, *turns, *((name, text) for name, text in named if text))


def _volume_text(cubic_mm: float) -> str:
    return f"{_digits(cubic_mm / 1000)} cm³" if cubic_mm >= 1000 else f"{_digits(cubic_mm)} mm³"


def _lines(marks: Sequence[Mark], measured: Sequence[Mark], spacing: Spacing, progress: Progress) -> tuple[Line, ...]:
    """Marks by label, the most frequent first, with the area of the `measured` ones."""
    progress.check()
    counts = Counter(mark.label for mark in marks)
    found: dict[str, list[Measured]] = {}
    for mark, one in _areas(measured, spacing, progress):
        found.setdefault(mark.label, []).append(one)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Line(label, count, area_text(found.get(label, []))) for label, count in ordered)


def _areas(marks: Sequence[Mark], spacing: Spacing, progress: Progress) -> Iterable[tuple[Mark, Measured]]:
    """The marks that have an area, and it; other threads are let in between."""
    breather, outlines = Breather(), list[Mark]()
    for mark in _checked(marks, progress):
        if isinstance(mark.geometry, Polygon):
            outlines.append(mark)
            if len(outlines) == AT_ONCE:
                yield from _outlined(outlines, spacing)
                outlines.clear()
        else:
            one = measure(mark.geometry, spacing)
            if one.area_px is not None:
                yield mark, one
        breather.breathe()
    yield from _outlined(outlines, spacing)


def _outlined(marks: Sequence[Mark], spacing: Spacing) -> Iterable[tuple[Mark, Measured]]:
    """The areas of outlines without their holes, many at once: one by one they would take ten times as long."""
    outlines = [mark.geometry for mark in marks if isinstance(mark.geometry, Polygon)]
    areas = iter(_ring_areas([ring for one in outlines for ring in (one.exterior, *one.holes)]))
    for mark, outline in zip(marks, outlines, strict=True):
        size = max(next(areas) - sum(islice(areas, len(outline.holes))), 0.0)
        pixel = pixel_size(spacing, outline.plane.axis)
        yield mark, Measured(size, None if pixel is None else size * pixel[0] * pixel[1])


def _ring_areas(rings: Sequence[Sequence[Point]]) -> list[float]:
    """The area in each ring."""
    lengths = np.fromiter(map(len, rings), np.int64, len(rings))
    total = int(lengths.sum())
    at = np.fromiter(chain.from_iterable(chain.from_iterable(rings)), np.float64, 2 * total).reshape(total, 2)
    starts = np.cumsum(lengths) - lengths
    known = lengths > 0
    # Far from the origin the products would lose the last digits.
    x, y = (at - np.repeat(at[starts[known]], lengths[known], axis=0)).T
    following = np.arange(1, total + 1)
    following[(starts + lengths - 1)[known]] = starts[known]
    areas = np.zeros(len(rings))
    if total:
        areas[known] = np.abs(np.add.reduceat(x * y[following] - x[following] * y, starts[known])) / 2
    return areas.tolist()


# Words.


def area_text(found: Sequence[Measured]) -> str:
    """Their area together: `0.123 mm²`, `523 µm²`, pixels where the pixel size is unknown; empty without any."""
    known = [one.area_mm2 for one in found if one.area_mm2 is not None]
    if not found:
        return ""
    if len(known) < len(found):
        return f"{_digits(sum(one.area_px or 0.0 for one in found))} px²"
    total = sum(known)
    return f"{_digits(total)} mm²" if total >= 0.01 else f"{_digits(total * 1e6)} µm²"


def _length_text(found: Sequence[tuple[float | None, float | None]]) -> str:
    """Pixels and micrometres of several lengths together: `1.23 mm`, `523 µm`, or pixels."""
    known = [microns for _, microns in found if microns is not None]
    if not found:
        return ""
    if len(known) < len(found):
        return f"{_digits(sum(pixels or 0.0 for pixels, _ in found))} px"
    total = sum(known)
    return f"{_digits(total / 1000)} mm" if total >= 1000 else f"{_digits(total)} µm"


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
