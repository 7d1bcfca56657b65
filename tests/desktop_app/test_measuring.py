"""Measuring: areas with holes, lengths, and how many marks lie in a region."""

import time
from datetime import UTC, datetime

import numpy as np
import pytest

from dataset.annotation import Annotation, Box, Geometry, Points, Polygon, Polyline, WholeScan
from dataset.mask import mask_of_plane
from desktop_app.measuring import area, area_text, length, length_text, measures, within_polygon
from imaging.geometry import Plane
from imaging.progress import Progress, silent

PLANE = Plane()
MM = (0.001, 0.002)


def mark(number: int, geometry: Geometry, label: str = "cell") -> Annotation:
    return Annotation(f"a{number}", label, geometry, "ann", datetime(2026, 1, 1, tzinfo=UTC))


def square(x: float, y: float, side: float) -> tuple[tuple[float, float], ...]:
    return ((x, y), (x + side, y), (x + side, y + side), (x, y + side))


RING = Polygon(PLANE, square(0, 0, 100), (square(40, 40, 20),))


def test_areas_leave_holes_out_and_count_what_is_painted() -> None:
    assert area(RING, (1, 1)) == 9600
    assert area(RING, MM) == pytest.approx(9600 * 0.001 * 0.002)
    assert area(Box(PLANE, 5, 5, 10, 2.5), (1, 1)) == 25
    assert area(mask_of_plane(np.ones((7, 3), np.bool_), 0, x=500, y=900), (1, 1)) == 21
    assert area(Polyline(PLANE, ((0, 0), (5, 5))), (1, 1)) == area(WholeScan(), (1, 1)) == 0
    far = Polygon(PLANE, square(98_000.25, 97_000.75, 0.5))
    assert area(far, (1, 1)) == pytest.approx(0.25, rel=1e-9)


def test_lengths_mind_a_pixel_that_is_not_square() -> None:
    assert length(Polyline(PLANE, ((0, 0), (3, 4))), (1, 1)) == 5
    assert length(Polyline(PLANE, ((0, 0), (10, 0), (10, 10))), MM) == pytest.approx(0.03)
    assert length(RING, (1, 1)) == 400
    assert length(Box(PLANE, 0, 0, 10, 20), MM) == pytest.approx(0.1)
    assert length(Points(PLANE, ((1, 1),)), MM) == length(Polyline(PLANE, ()), MM) == 0


def test_a_mark_is_in_a_region_where_its_middle_is() -> None:
    marks = [
        mark(1, Box(PLANE, 10, 10, 4, 4)),
        mark(2, Box(PLANE, 48, 48, 4, 4)),
        mark(3, Box(PLANE, 98, 10, 10, 4), "other"),
        mark(4, Points(PLANE, ((60, 70),)), "other"),
        mark(5, WholeScan()),
    ]
    region = mark(0, RING, "tissue")
    found = measures([region], [region, *marks], (1.0, 1.0), silent())
    assert [(line.label, line.count) for line in found.lines] == [("cell", 1), ("other", 1)]
    assert found.lines[0].density == pytest.approx(1 / 9600)
    boxed = mark(9, Box(PLANE, 0, 0, 60, 60))
    assert [line.count for line in measures([boxed], marks, None, silent()).lines] == [2]
    assert measures([boxed], marks, None, silent()).lines[0].density is None
    painted = mark(8, mask_of_plane(np.ones((30, 30), np.bool_), 0, x=40, y=40))
    assert [line.count for line in measures([painted], marks, (1, 1), silent()).lines] == [1]


def test_without_a_selection_all_are_counted_by_label_and_of_several_the_sum_is_told() -> None:
    marks = [mark(n, Box(PLANE, n, n, 10, 10), "ab"[n % 2]) for n in range(5)]
    found = measures([], marks, (0.001, 0.001), silent())
    assert [(line.label, line.count, line.area) for line in found.lines] == [
        ("a", 3, pytest.approx(0.0003)),
        ("b", 2, pytest.approx(0.0002)),
    ]
    several = measures(marks[:2], marks, (0.001, 0.001), silent())
    assert several.facts == (("Marks", "2"), ("Area", "200 µm²"), ("Perimeter", "80 µm"))
    assert several.lines == ()
    text = found.text({"a": "Alpha"}, in_mm=True)
    assert text.splitlines()[:2] == ["On this slide\tcount\tarea mm²", "Alpha\t3\t0.0003"]


def test_words_have_digits_that_count_and_units_that_fit() -> None:
    assert area_text(24.604, in_mm=True) == "24.6 mm²"
    assert area_text(0.000123, in_mm=True) == "123 µm²"
    assert area_text(1_234_567, in_mm=False) == "1\u202f234\u202f567 px²"
    assert length_text(0.0421, in_mm=True) == "42.1 µm"
    assert length_text(12.5, in_mm=True) == "12.5 mm"
    assert area_text(0, in_mm=True) == "0 µm²"


@pytest.mark.parametrize("corners", [3, 7, 400])
def test_within_a_polygon_agrees_with_another_way(corners: int) -> None:
    from skimage.measure import points_in_poly

    random = np.random.default_rng(corners)
    turns = np.sort(random.uniform(0, 2 * np.pi, corners))
    far = random.uniform(200, 1000, corners)
    ring = np.column_stack((1000 + np.cos(turns) * far, 1000 + np.sin(turns) * far))
    places = random.uniform(0, 2000, (3000, 2))
    polygon = Polygon(PLANE, tuple((float(x), float(y)) for x, y in ring))
    assert np.array_equal(within_polygon(polygon, places, silent()), points_in_poly(places, ring))


def test_a_hundred_thousand_vertices_and_marks_take_little_time() -> None:
    turns = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    polygon = Polygon(PLANE, tuple((50_000 + 40_000 * np.cos(t), 50_000 + 40_000 * np.sin(t)) for t in turns))
    places = np.random.default_rng(1).uniform(0, 100_000, (100_000, 2))
    began = time.perf_counter()
    within = within_polygon(polygon, places, silent())
    assert time.perf_counter() - began < 3
    assert within.mean() == pytest.approx(np.pi * 0.16, abs=0.01)


def test_very_many_marks_are_only_counted() -> None:
    found = measures([], [mark(n, RING) for n in range(20_001)], (0.001, 0.001), silent())
    assert [(line.label, line.count, line.area) for line in found.lines] == [("cell", 20_001, None)]
    assert found.text({}, in_mm=True).endswith("cell\t20001\t")


def test_measuring_can_be_stopped() -> None:
    from imaging.progress import Cancelled

    progress = Progress(lambda _step: None)
    progress.cancel()
    with pytest.raises(Cancelled):
        measures([], [mark(1, RING)], None, progress)
