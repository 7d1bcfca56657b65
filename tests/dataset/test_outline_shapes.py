"""Outlines simplified, smoothed, filled, and put together: against points and pixels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataset.annotation import Box, Point, Polygon, Polyline
from dataset.errors import DatasetProblem
from dataset.mask import mask_of_plane
from dataset.outline import polygons_of
from dataset.outline_overlay import all_of, any_of, first_alone, overlaid
from dataset.outline_pairs import meetings
from dataset.outline_shapes import mask_of_area, rings_of, simplified, smoothed
from imaging.geometry import Plane
from imaging.progress import silent

PLANE = Plane(0, 4)
reals = st.floats(0, 40).map(lambda value: round(value, 4))
spots = st.tuples(st.integers(0, 40), st.integers(0, 40)) | st.tuples(reals, reals)
loops = st.lists(spots, min_size=3, max_size=9).map(tuple)
areas = st.builds(Polygon, st.just(PLANE), loops, st.lists(loops, max_size=1).map(tuple))


def circle(radius: float, x: float, y: float, count: int = 60) -> tuple[Point, ...]:
    angles = [2 * math.pi * n / count for n in range(count)]
    return tuple((x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles)


def within(area: Polygon | Box, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points lie in an area (even-odd)."""
    inside = np.zeros(len(points), np.bool_)
    for ring in rings_of(area):
        for (ax, ay), (bx, by) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            over = (ay > points[:, 1]) != (by > points[:, 1])
            with np.errstate(divide="ignore", invalid="ignore"):
                at = ax + (points[:, 1] - ay) / (by - ay) * (bx - ax)
            inside ^= over & (points[:, 0] < at)
    return inside


def away(ring: NDArray[np.float64], points: NDArray[np.float64], *, closed: bool = True) -> NDArray[np.float64]:
    """Distances of points to an outline."""
    ends = np.roll(ring, -1, axis=0) if closed else ring[1:]
    found = np.full(len(points), np.inf)
    for a, b in zip(ring if closed else ring[:-1], ends, strict=True):
        length = float((b - a) @ (b - a))
        share = np.clip((points - a) @ (b - a) / length, 0, 1)[:, None] if length else 0.0
        found = np.minimum(found, np.hypot(*(points - a - share * (b - a)).T))
    return found


@given(areas, st.floats(0.1, 20))
def test_a_simplified_outline_stays_within_the_tolerance_with_its_holes(area: Polygon, tolerance: float) -> None:
    made = simplified(area, tolerance)
    assert len(made.holes) == len(area.holes)
    for old, new in zip(rings_of(area), rings_of(made), strict=True):
        assert 3 <= len(new) <= len(old)
        assert {tuple(p) for p in new} <= {tuple(p) for p in old}
        assert away(new, old).max() <= tolerance + 1e-9
    assert meetings(list(rings_of(made))) <= meetings(list(rings_of(area)))


@given(st.lists(spots, min_size=1, max_size=12).map(tuple), st.floats(0.1, 20))
def test_a_simplified_line_keeps_its_ends(points: tuple[Point, ...], tolerance: float) -> None:
    made = simplified(Polyline(PLANE, points), tolerance).points
    assert (made[0], made[-1]) == (points[0], points[-1])
    if len(points) > 1:
        assert away(np.array(made, float), np.array(points, float), closed=False).max() <= tolerance + 1e-9


def test_a_circle_of_many_points_needs_few() -> None:
    made = simplified(Polygon(PLANE, circle(50, 60, 60, 4000)), 0.5)
    assert 10 <= len(made.exterior) <= 40


def test_a_small_hole_is_not_left_outside() -> None:
    bulge = ((0.0, 0.0), (50.0, -4.0), (100.0, 0.0), (100.0, 50.0), (0.0, 50.0))
    hole = ((49.0, -3.0), (51.0, -3.0), (51.0, -2.0), (49.0, -2.0))
    made = simplified(Polygon(PLANE, bulge, (hole,)), 5.0)
    assert within(Polygon(PLANE, made.exterior), np.array([made.holes[0][0]])).all()


def test_smoothing_rounds_corners_and_keeps_most_of_the_area() -> None:
    square = Polygon(PLANE, ((0.0, 0.0), (40.0, 0.0), (40.0, 40.0), (0.0, 40.0)), (circle(5, 20, 20),))
    made = smoothed(square)
    assert len(made.exterior) > 8
    assert 0.8 * 1600 < mask_of_area(Polygon(PLANE, made.exterior), (50, 50), silent()).count() < 1600
    assert len(made.holes) == 1
    assert meetings(list(rings_of(made))) == 0


@given(areas)
def test_the_pixels_of_an_outline_are_those_whose_centres_lie_in_it(area: Polygon) -> None:
    rows, columns = np.mgrid[:41, :41]
    centres = np.stack([columns.ravel() + 0.5, rows.ravel() + 0.5], axis=1)
    sure = np.min([away(ring, centres) for ring in rings_of(area)], axis=0) > 1e-9
    bits = mask_of_area(area, (41, 41), silent()).crop(4, 0, 0, 41, 41).ravel()
    assert np.array_equal(bits[sure], within(area, centres)[sure])


@given(st.integers(0, 1000))
def test_a_mask_and_its_outlines_are_each_other(seed: int) -> None:
    random = np.random.default_rng(seed)
    bits = np.zeros((290, 300), np.bool_)
    bits[240:270, 240:280] = random.random((30, 40)) < 0.8
    mask = mask_of_plane(bits, 4)
    pixels = np.zeros_like(bits)
    for polygon in polygons_of(mask, 4):
        pixels ^= mask_of_area(polygon, (300, 290), silent()).crop(4, 0, 0, 300, 290)
    assert np.array_equal(pixels, bits)


def test_an_outline_over_the_edge_of_the_plane_is_cut_there() -> None:
    mask = mask_of_area(Box(PLANE, -20.0, 250.0, 700.0, 900.0), (600, 280), silent())
    assert mask.bounds(4) == (0, 250, 600, 30)
    assert mask_of_area(Box(PLANE, 700.0, 0.0, 10.0, 10.0), (600, 280), silent()).is_empty
    assert mask_of_area(Polygon(PLANE, ()), (600, 280), silent()).is_empty


RANDOM = np.random.default_rng(3).random((3000, 2)) * 44 - 2


@given(areas, areas, areas)
def test_outlines_are_joined_met_and_cut_as_their_points_are(a: Polygon, b: Polygon, c: Polygon) -> None:
    near = np.min([away(ring, RANDOM) for area in (a, b, c) for ring in rings_of(area)], axis=0)
    points = RANDOM[near > 0.02]
    inside = [within(area, points) for area in (a, b, c)]
    for rule, wanted in (
        (any_of, inside[0] | inside[1] | inside[2]),
        (all_of, inside[0] & inside[1] & inside[2]),
        (first_alone, inside[0] & ~(inside[1] | inside[2])),
    ):
        made = overlaid((a, b, c), rule, silent())
        found = sum((within(piece, points).astype(int) for piece in made), np.zeros(len(points), int))
        assert np.array_equal(found, wanted.astype(int))


def test_two_boxes_that_share_a_side_become_one_with_their_corners_only() -> None:
    (made,) = overlaid((Box(PLANE, 0, 0, 10, 10), Box(PLANE, 10, 0, 5, 10)), any_of, silent())
    assert set(made.exterior) == {(0, 0), (10, 0), (15, 0), (15, 10), (10, 10), (0, 10)} - {(10, 0), (10, 10)}
    assert made.plane == PLANE


def test_a_box_cut_out_of_another_is_a_hole() -> None:
    (made,) = overlaid((Box(PLANE, 0, 0, 10, 10), Box(PLANE, 2, 3, 4, 5)), first_alone, silent())
    assert set(made.exterior) == {(0, 0), (10, 0), (10, 10), (0, 10)}
    assert [set(hole) for hole in made.holes] == [{(2, 3), (6, 3), (6, 8), (2, 8)}]


def test_boxes_that_touch_at_a_corner_stay_two() -> None:
    made = overlaid((Box(PLANE, 0, 0, 10, 10), Box(PLANE, 10, 10, 10, 10)), any_of, silent())
    assert len(made) == 2
    assert overlaid((Box(PLANE, 0, 0, 10, 10), Box(PLANE, 10, 10, 10, 10)), all_of, silent()) == ()


def test_long_outlines_are_joined_too() -> None:
    one, other = Polygon(PLANE, circle(900, 1000, 1000, 3000)), Polygon(PLANE, circle(900, 1800, 1000, 3000))
    (made,) = overlaid((one, other), any_of, silent())
    assert 3000 < len(made.exterior) < 6000
    assert meetings(list(rings_of(made))) == 0


def test_outlines_far_outside_are_refused_in_one_line() -> None:
    with pytest.raises(DatasetProblem, match="outside"):
        overlaid((Box(PLANE, 0, 0, 1e7, 10), Box(PLANE, 1, 1, 2, 2)), any_of, silent())


def test_outlines_too_many_or_too_long_are_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = [Box(PLANE, 0, 0, 10, 10), Box(PLANE, 1, 1, 2, 2)]
    monkeypatch.setattr("dataset.outline_overlay.MOST_EDGES", 7)
    with pytest.raises(DatasetProblem, match="Simplify them first"):
        overlaid(boxes, any_of, silent())
    monkeypatch.setattr("dataset.outline_overlay.MOST_SIDES", 15)
    with pytest.raises(DatasetProblem, match="too many"):
        overlaid(boxes, any_of, silent())
