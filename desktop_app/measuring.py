"""What there is to say of marks together: measures of the selected ones, counts in a region or on the scan. No Qt.

Each mark is measured by `dataset.measure`; here their sums become words and lines of a table.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dataset.annotation import Box, Polygon
from dataset.mask import Mask
from dataset.measure import Measured, count_within, measure
from desktop_app.tool import Mark
from imaging.progress import Progress
from imaging.scan import Spacing

CHECK_EVERY = 1000
MOST_AREAS = 20_000
"""More marks than these are only counted: their areas would take seconds from the window's thread after each edit."""


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


def measures(selected: Sequence[Mark], marks: Sequence[Mark], spacing: Spacing, progress: Progress) -> Measures:
    """Measure the selected marks, and count: in the region if exactly one is selected, all `marks` if none is."""
    facts = _facts([measure(mark.geometry, spacing) for mark in _checked(selected, progress)], len(selected))
    region = selected[0].geometry if len(selected) == 1 else None
    if isinstance(region, Box | Polygon | Mask):
        counted = count_within(_checked(marks, progress), region, spacing)
        ordered = sorted(counted.counts.items(), key=lambda item: (-item[1], item[0]))
        lines = tuple(Line(label, count, density=counted.per_mm2.get(label)) for label, count in ordered)
        return Measures(facts, "In this region", lines)
    return Measures(facts, "" if selected else "On this slide", () if selected else _lines(marks, spacing, progress))


def _checked(marks: Sequence[Mark], progress: Progress) -> Iterable[Mark]:
    """The marks one by one, stopping when that is asked for."""
    for number, mark in enumerate(marks):
        if number % CHECK_EVERY == 0:
            progress.check()
        yield mark


def _facts(found: Sequence[Measured], count: int) -> tuple[tuple[str, str], ...]:
    """The sums of what was measured, in words."""
    facts = [("Marks", _digits(count))] if count > 1 else []
    area = area_text([one for one in found if one.area_px is not None])
    rim = _length_text([(one.perimeter_px, one.perimeter_um) for one in found if one.perimeter_px is not None])
    way = _length_text([(one.length_px, one.length_um) for one in found if one.length_px is not None])
    points = sum(one.count for one in found if (one.area_px, one.length_px) == (None, None))
    named = (("Area", area), ("Perimeter", rim), ("Length", way), ("Points", str(points) if points else ""))
    return (*facts, *((name, text) for name, text in named if text))


def _lines(marks: Sequence[Mark], spacing: Spacing, progress: Progress) -> tuple[Line, ...]:
    """Marks by label, the most frequent first."""
    progress.check()
    counts = Counter(mark.label for mark in marks)
    found: dict[str, list[Measured]] = {}
    for mark in _checked(marks if len(marks) <= MOST_AREAS else (), progress):
        one = measure(mark.geometry, spacing)
        if one.area_px is not None:
            found.setdefault(mark.label, []).append(one)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Line(label, count, area_text(found.get(label, []))) for label, count in ordered)


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
