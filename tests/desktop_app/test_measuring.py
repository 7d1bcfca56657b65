"""Measures together: sums in words, counts in a region or of all, a table to copy."""

from datetime import UTC, datetime

import numpy as np
import pytest

from dataset.annotation import Annotation, Box, Geometry, Points, Polygon, Polyline, WholeScan
from dataset.mask import mask_of_plane
from dataset.measure import measure
from desktop_app.measuring import Line, measures
from imaging.geometry import Plane
from imaging.progress import Cancelled, Progress, silent
from imaging.scan import Spacing

PLANE = Plane()
MICRON: Spacing = (0.001, 0.001, None)
UNKNOWN: Spacing = (None, None, None)


def mark(number: int, geometry: Geometry, label: str = "cell") -> Annotation:
    return Annotation(f"a{number}", label, geometry, "ann", datetime(2026, 1, 1, tzinfo=UTC))


def square(x: float, y: float, side: float) -> tuple[tuple[float, float], ...]:
    return ((x, y), (x + side, y), (x + side, y + side), (x, y + side))


RING = Polygon(PLANE, square(0, 0, 100), (square(40, 40, 20),))


@pytest.mark.parametrize(
    ("geometry", "spacing", "facts"),
    [
        (RING, MICRON, (("Area", "9\u202f600 µm²"), ("Perimeter", "480 µm"))),
        (RING, UNKNOWN, (("Area", "9\u202f600 px²"), ("Perimeter", "480 px"))),
        (Box(PLANE, 0, 0, 4000, 500), MICRON, (("Area", "2 mm²"), ("Perimeter", "9 mm"))),
        (Polyline(PLANE, ((0, 0), (30, 40))), MICRON, (("Length", "50 µm"),)),
        (Points(PLANE, ((1, 1), (2, 2))), MICRON, (("Points", "2"),)),
        (WholeScan(), MICRON, ()),
    ],
)
def test_one_mark_in_words(geometry: Geometry, spacing: Spacing, facts: object) -> None:
    assert measures([mark(1, geometry)], [], spacing, silent()).facts == facts


def test_a_mark_is_in_a_region_where_its_middle_is() -> None:
    marks = [
        mark(1, Box(PLANE, 10, 10, 4, 4)),
        mark(2, Box(PLANE, 48, 48, 4, 4)),
        mark(3, Box(PLANE, 98, 10, 10, 4), "other"),
        mark(4, Points(PLANE, ((60, 70),)), "other"),
        mark(5, WholeScan()),
    ]
    region = mark(0, RING, "tissue")
    found = measures([region], [region, *marks], MICRON, silent())
    assert [(line.label, line.count) for line in found.lines] == [("cell", 1), ("other", 1)]
    assert [line.density for line in found.lines] == pytest.approx([1 / 0.0096] * 2)
    boxed = mark(9, Box(PLANE, 0, 0, 60, 60))
    assert measures([boxed], marks, UNKNOWN, silent()).lines == (Line("cell", 2),)
    painted = mark(8, mask_of_plane(np.ones((30, 30), np.bool_), 0, x=40, y=40))
    assert [line.count for line in measures([painted], marks, MICRON, silent()).lines] == [1]


def test_without_a_selection_all_are_counted_and_of_several_the_sum_is_told() -> None:
    marks = [mark(n, Box(PLANE, n, n, 10, 10), "ab"[n % 2]) for n in range(5)]
    found = measures([], marks, MICRON, silent())
    assert found.lines == (Line("a", 3, "300 µm²"), Line("b", 2, "200 µm²"))
    assert found.text({"a": "Alpha"}).splitlines() == [
        "On this slide\tcount\tarea",
        "Alpha\t3\t300 µm²",
        "b\t2\t200 µm²",
    ]
    several = measures(marks[:2], marks, MICRON, silent())
    assert several.facts == (("Marks", "2"), ("Area", "200 µm²"), ("Perimeter", "80 µm"))
    assert several.lines == ()


def test_areas_of_many_outlines_together_are_those_of_each() -> None:
    far = tuple((x + 90_000.5, y + 70_000.25) for x, y in square(0, 0, 30))
    outlines = [RING, Polygon(PLANE, far), Polygon(PLANE, ((5, 5), (8, 9))), Polygon(PLANE, ((0, 0), (9, 0), (4, 7)))]
    marks = [mark(n, outlines[n % 4], f"{n % 4}") for n in range(4 * 300)]
    found = {line.label: line.area for line in measures([], marks, UNKNOWN, silent()).lines}
    each = [measure(one, UNKNOWN).area_px or 0.0 for one in outlines]
    assert each == [9600, 900, 0, 31.5]
    assert found == {"0": "2\u202f880\u202f000 px²", "1": "270\u202f000 px²", "2": "0 px²", "3": "9\u202f450 px²"}


def test_areas_can_be_left_out() -> None:
    assert measures([], [mark(1, RING)], MICRON, silent(), counts_only=True).lines == (Line("cell", 1),)


def test_very_many_marks_are_only_counted() -> None:
    found = measures([], [mark(n, RING) for n in range(20_001)], MICRON, silent())
    assert found.lines == (Line("cell", 20_001),)
    assert found.text({}).endswith("cell\t20001\t")


def test_measuring_can_be_stopped() -> None:
    progress = Progress(lambda _step: None)
    progress.cancel()
    with pytest.raises(Cancelled):
        measures([], [mark(1, RING)], UNKNOWN, progress)
