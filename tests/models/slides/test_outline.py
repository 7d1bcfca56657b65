"""Outlines of pixel sets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.connected import connected
from models.slides.outline import rings_of


def filled(rings, shape, x=0, y=0):
    """The pixels whose middles lie inside, by the even-odd rule; rings are in half pixels."""
    inside = np.zeros(shape, np.bool_)
    middles = 2 * (np.arange(shape[1]) + x) + 1
    for row in range(shape[0]):
        height = 2 * (row + y) + 1
        for ring in rings:
            here, there = ring.astype(np.float64), np.roll(ring, -1, axis=0).astype(np.float64)
            crosses = (here[:, 1] <= height) != (there[:, 1] <= height)
            a, b = here[crosses], there[crosses]
            at = a[:, 0] + (height - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
            inside[row] ^= (middles[None] > at[:, None]).sum(axis=0) % 2 == 1
    return inside


def area(ring):
    x, y = ring[:, 0] / 2, ring[:, 1] / 2
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


@given(arrays(np.bool_, st.tuples(st.integers(1, 18), st.integers(1, 18))))
def test_an_outline_filled_by_pixel_middles_gives_exactly_its_pixels(bits):
    numbers, figures = connected(bits)
    for number in range(1, len(figures)):
        own = numbers == number
        assert (filled(rings_of(own, 7, 3), own.shape, 7, 3) == own).all()


def test_one_pixel_has_an_outline_around_its_middle():
    (ring,) = rings_of(np.ones((1, 1), np.bool_), 4, 9)
    assert sorted(map(tuple, (ring / 2).tolist())) == [(4.0, 9.5), (4.5, 9.0), (4.5, 10.0), (5.0, 9.5)]


def test_a_ring_of_pixels_has_a_hole_and_pixels_that_meet_at_corners_are_one():
    ring = np.ones((5, 6), np.bool_)
    ring[1:4, 1:5] = False
    outer, hole = rings_of(ring)
    assert area(outer) == pytest.approx(30, abs=1)
    assert area(hole) == pytest.approx(12, abs=1)
    assert len(rings_of(np.eye(6, dtype=np.bool_))) == 1


@pytest.mark.parametrize("radius", [3, 9.5, 40])
def test_a_disc_keeps_its_area_and_few_points(radius):
    y, x = np.mgrid[-45:46, -45:46]
    disc = x**2 + y**2 <= radius**2
    (ring,) = rings_of(disc)
    border = 2 * np.pi * radius
    assert abs(area(ring) - disc.sum()) < 0.1 * border
    assert len(ring) < 12 + border / 2
