"""Two scans side by side: the same place in the patient, or as far along."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.canvas.comparing import Match, match_of
from desktop_app.canvas.source import fitted_viewport
from desktop_app.crosshair import middle_of, on_plane
from imaging.geometry import Affine, Plane, Size
from imaging.scan import Examination, ScanInfo, Spacing

SIZE = Size(100, 80, 40)


def info(affine: Affine | None, size: Size = SIZE, *, frame: str = "", spacing: Spacing | None = None) -> ScanInfo:
    steps = spacing or (affine.spacing() if affine is not None else (None, None, None))
    made = ScanInfo("made", "made", "volume", size, "int16", spacing_mm=steps, affine=affine)
    return replace(made, examination=Examination(frame=frame))


AXIAL = Affine.from_directions((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 2))
REVERSED = Affine.from_directions((0, 0, 78), (1, 0, 0), (0, 1, 0), (0, 0, -2))
SAGITTAL = Affine.from_directions((0, 0, 80), (0, 1, 0), (0, 0, -1), (1, 0, 0))
FINE = Affine.from_directions((10, 5, 0), (0.5, 0, 0), (0, 0.5, 0), (0, 0, 1))


@given(st.tuples(*[st.floats(0, 40)] * 3), st.sampled_from([AXIAL, REVERSED, SAGITTAL, FINE, None]))
def test_the_way_there_and_back_ends_where_it_began(
    position: tuple[float, float, float], affine: Affine | None
) -> None:
    match = Match(info(AXIAL), info(affine, Size(90, 60, 30)))
    assert match.turned().position(match.position(position)) == pytest.approx(position, abs=1e-6)


def test_the_same_place_in_the_patient_is_shown() -> None:
    match = match_of(info(AXIAL, frame="1.2"), info(REVERSED, frame="1.2"))
    assert match.position((10.5, 20.5, 3.5)) == pytest.approx((10.5, 20.5, 36.5))
    assert match.is_same_frame
    assert "same frame" in match.text


def test_planes_of_another_direction_are_matched_by_what_they_cut() -> None:
    match = Match(info(AXIAL), info(SAGITTAL))
    assert [match.axis(axis) for axis in (0, 1, 2)] == [1, 2, 0]


def test_scans_of_unknown_place_are_linked_by_how_far_along() -> None:
    match = match_of(info(AXIAL), info(None, Size(50, 40, 10)))
    assert match.position((50, 40, 20)) == (25, 20, 5)
    assert not match.is_by_place
    assert "unknown" in match.text


def test_middles_are_put_together_where_frames_differ_and_nothing_would_overlap() -> None:
    far = Affine.from_directions((900, 900, 900), (1, 0, 0), (0, 1, 0), (0, 0, 2))
    match = match_of(info(AXIAL, frame="1"), info(far, frame="2"))
    assert match.position(middle_of(SIZE)) == pytest.approx(middle_of(SIZE))
    assert "shifted" in match.text
    same = match_of(info(AXIAL, frame="1"), info(far, frame="1"))
    assert same.position(middle_of(SIZE))[0] < 0, "one frame says where both are: nothing is shifted"


def test_linked_again_two_places_stay_together() -> None:
    match = Match(info(AXIAL), info(AXIAL)).held((10.5, 10.5, 10.5), (10.5, 10.5, 13.5))
    assert match.shift == (0, 0, 6)
    assert match.position((20.5, 20.5, 20.5)) == pytest.approx((20.5, 20.5, 23.5))


def test_a_view_follows_to_the_same_place_as_large() -> None:
    mine, other = info(AXIAL), info(FINE, Size(180, 150, 80))
    match, position = Match(mine, other), (40.5, 30.5, 10.5)
    leader = replace(fitted_viewport(mine, Plane(0, 10), 600, 500), centre=(40.0, 30.0), scale=6.0)
    follower = fitted_viewport(other, Plane(0, 21), 500, 500)
    found = match.viewport(leader, on_plane(position, leader.plane), follower)
    assert found.scale == pytest.approx(3.0), "half the pixel size, so half the scale"
    there = other.affine.to_world(np.array([[found.centre[0] - 0.5, found.centre[1] - 0.5, 0]])) if other.affine else 0
    assert np.asarray(there)[0, :2] == pytest.approx((39.5, 29.5))
