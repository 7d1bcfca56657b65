"""Measures against counting pixels one by one."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Annotation, Box, Points, Polygon, Polyline, WholeScan
from dataset.mask import mask_of_plane, mask_of_stack
from dataset.measure import centres_of, count_within, inside_of, measure
from dataset.outline import polygons_of
from imaging.geometry import Plane
from tests.dataset.scans import annotation

SPACING = (0.5, 0.25, 3.0)
SQUARE = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))
HOLE = ((2.0, 2.0), (4.0, 2.0), (4.0, 4.0), (2.0, 4.0))

coordinates = st.integers(0, 40).map(lambda v: v / 2)
rings = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=9).map(tuple)


def test_a_polygon_with_a_hole_on_pixels_that_are_not_square() -> None:
    found = measure(Polygon(Plane(), SQUARE, (HOLE,)), SPACING)
    assert (found.area_px, found.area_mm2) == (96.0, 12.0)
    assert found.perimeter_px == 48.0
    assert found.perimeter_um == 1000 * (20 * 0.5 + 20 * 0.25 + 4 * 0.5 + 4 * 0.25)


def test_lines_points_boxes_and_words() -> None:
    line = measure(Polyline(Plane(), ((0.0, 0.0), (6.0, 0.0), (6.0, 16.0))), SPACING)
    assert (line.length_px, line.length_um, line.area_px) == (22.0, 7000.0, None)
    assert measure(Points(Plane(), ((0.0, 0.0), (1.0, 1.0))), SPACING).count == 2
    box = measure(Box(Plane(1, 3), 1.0, 2.0, 4.0, 2.0), SPACING)
    assert (box.area_px, box.area_mm2) == (8.0, 12.0)
    assert measure(WholeScan(), SPACING).area_px is None


def test_without_spacing_there_are_only_pixels() -> None:
    for geometry in (Polygon(Plane(), SQUARE), Polyline(Plane(), SQUARE), mask_of_plane(np.ones((3, 3), np.bool_), 0)):
        found = measure(geometry, (None, 0.25, None))
        assert (found.area_mm2, found.perimeter_um, found.length_um) == (None, None, None)
        assert found.area_px or found.length_px


def test_an_ellipse_far_from_the_origin_has_its_area() -> None:
    turns = np.linspace(0, 2 * math.pi, 721)[:-1]
    ring = tuple(zip((9e4 + 30 * np.cos(turns)).tolist(), (7e4 + 20 * np.sin(turns)).tolist(), strict=True))
    found = measure(Polygon(Plane(), ring), (0.001, 0.001, None))
    assert found.area_px == pytest.approx(math.pi * 600, rel=1e-4)
    assert found.area_mm2 == pytest.approx(math.pi * 600e-6, rel=1e-4)


@given(st.integers(0, 1000), st.sampled_from([0.05, 0.5, 0.95, 1.0]), st.integers(200, 300), st.integers(200, 300))
def test_a_mask_measures_what_its_pixels_do(seed: int, density: float, x: int, y: int) -> None:
    bits = np.random.default_rng(seed).random((70, 90)) < density
    found = measure(mask_of_plane(bits, 0, x=x, y=y), SPACING)
    framed = np.pad(bits, 1).astype(np.int8)
    across, down = int(np.abs(np.diff(framed, axis=0)).sum()), int(np.abs(np.diff(framed, axis=1)).sum())
    assert found.area_px == bits.sum()
    assert found.perimeter_px == across + down
    assert found.perimeter_um == pytest.approx(1000 * (across * 0.5 + down * 0.25))


def test_a_mask_on_several_planes_has_a_volume() -> None:
    assert measure(mask_of_stack(np.ones((2, 4, 4), np.bool_)), SPACING).volume_mm3 == 32 * 0.5 * 0.25 * 3


@given(rings, st.lists(rings, max_size=2), st.integers(0, 99))
def test_points_inside_are_those_an_odd_number_of_edges_lies_beside(
    ring: tuple[tuple[float, float], ...], holes: list[tuple[tuple[float, float], ...]], seed: int
) -> None:
    points = np.random.default_rng(seed).uniform(-2, 22, (50, 2))
    found = inside_of(Polygon(Plane(), ring, tuple(holes)), points)
    for (x, y), is_inside in zip(points.tolist(), found.tolist(), strict=True):
        assert is_inside == (_odd(ring, x, y) and not any(_odd(hole, x, y) for hole in holes))


def _odd(ring: tuple[tuple[float, float], ...], x: float, y: float) -> bool:
    crossed = False
    for (ax, ay), (bx, by) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            crossed = not crossed
    return crossed


@given(st.integers(0, 1000), st.sampled_from([0.1, 0.5, 0.8]))
def test_outlines_hold_the_pixels_of_their_mask_and_no_others(seed: int, density: float) -> None:
    draw = np.random.default_rng(seed)
    bits = draw.random((12, 16)) < density
    mask = mask_of_plane(bits, 2, x=250, y=249)
    pieces = polygons_of(mask, 2)
    rows, columns = np.mgrid[0:20, 0:24]
    centres = np.stack([columns.ravel() + 246.5, rows.ravel() + 245.5], axis=1)
    hits = np.zeros(len(centres), np.int64)
    for piece in pieces:
        hits += inside_of(piece, centres)
    np.testing.assert_array_equal(hits.reshape(20, 24), mask.crop(2, 246, 245, 24, 20))
    assert sum(measure(piece, SPACING).area_px or 0 for piece in pieces) == bits.sum()


def nuclei(count: int) -> list[Annotation]:
    at = np.random.default_rng(4).uniform(0, 50_000, (count, 2)).tolist()
    base = annotation(label="nucleus")
    return [
        Annotation(str(n), "tumour" if n % 3 else "stroma", Box(Plane(), x - 4, y - 4, 8.0, 8.0), "ana", base.created)
        for n, (x, y) in enumerate(at)
    ]


def test_marks_are_counted_by_label_and_square_millimetre() -> None:
    marks = nuclei(3000)
    region = Polygon(Plane(), ((0.0, 0.0), (40_000.0, 0.0), (0.0, 40_000.0)))
    found = count_within([*marks, annotation(region)], region, (0.00025, 0.00025, None))
    boxes = [(mark.label, mark.geometry) for mark in marks if isinstance(mark.geometry, Box)]
    expected = [label for label, box in boxes if box.x + 4 + box.y + 4 < 40_000]
    assert found.counts == {label: expected.count(label) for label in ("stroma", "tumour")}
    assert found.area_mm2 == pytest.approx(50.0)
    assert found.per_mm2["stroma"] == pytest.approx(expected.count("stroma") / 50)
    assert count_within(marks, Box(Plane(0, 1), 0.0, 0.0, 9e4, 9e4), (None, None, None)).counts == {}


def test_marks_are_counted_in_a_mask() -> None:
    area = mask_of_plane(np.ones((30, 600), np.bool_), 0, x=100, y=100)
    marks = [annotation(Points(Plane(), ((101.0, 101.0), (699.5, 129.5), (700.5, 110.0), (99.0, 100.0))))]
    assert count_within(marks, area, (None, None, None)).counts == {"disc": 2}


@pytest.mark.slow
def test_a_hundred_thousand_marks_are_counted_in_a_moment() -> None:
    marks = nuclei(100_000)
    centres = centres_of(marks)
    turns = np.linspace(0, 2 * math.pi, 201)[:-1]
    ring = tuple(zip((25e3 + 2e4 * np.cos(turns)).tolist(), (25e3 + 2e4 * np.sin(turns)).tolist(), strict=True))
    region, seconds = Polygon(Plane(), ring), list[float]()
    for _ in range(3):
        begin = time.perf_counter()
        count_within(centres, region, (0.00025, 0.00025, None))
        seconds.append(time.perf_counter() - begin)
    found = count_within(centres, region, (0.00025, 0.00025, None))
    assert found == count_within(marks, region, (0.00025, 0.00025, None))
    assert min(seconds) < 0.5
