"""Ruler, angle and region: what they draw, what they say, and that slips leave nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Box, Polygon, Polyline
from dataset.measure import measure
from dataset.measurement import MEASUREMENT, angle_of, measured_as
from desktop_app.tools.angle import AngleTool
from desktop_app.tools.region import RegionTool
from desktop_app.tools.ruler import RulerTool
from imaging.geometry import Plane
from imaging.scan import Spacing
from tests.desktop_app.tools.hand import AXIAL, Reader

UNKNOWN: Spacing = (None, None, None)


def with_spacing(reader: Reader, spacing: Spacing) -> Reader:
    reader.bench = replace(reader.bench, spacing_mm=spacing)
    return reader


def test_a_drag_measures_a_length_in_millimetres_of_each_axis() -> None:
    reader = with_spacing(Reader(RulerTool()), (0.5, 2.0, 5.0))
    reader.press(10, 10)
    shown = reader.move(40, 30)
    # 30 px across at 0.5 mm and 20 px down at 2 mm: 15 and 40 mm.
    assert shown.texts == (((40, 30), "42.7 mm"),)
    assert shown.preview == (Polyline(AXIAL, ((10, 10), (40, 30))),)
    reader.release(40, 30)
    assert reader.only.geometry == Polyline(AXIAL, ((10, 10), (40, 30)))
    assert measured_as(reader.only) == "length"
    assert reader.only.label == MEASUREMENT.id
    assert reader.last.told == "Length 42.7 mm"
    assert reader.bench.selection == {reader.only.id}


def test_two_clicks_measure_as_well_and_the_length_follows_the_hand_between_them() -> None:
    reader = with_spacing(Reader(RulerTool()), (1.0, 1.0, 1.0))
    reader.click(10, 10)
    assert reader.last.busy
    assert not reader.document.annotations
    assert reader.hover(13, 14).texts == (((13, 14), "5.0 mm"),)
    reader.click(40, 50)
    assert reader.only.geometry == Polyline(AXIAL, ((10, 10), (40, 50)))


def test_without_a_pixel_size_pixels_are_told_and_why() -> None:
    reader = with_spacing(Reader(RulerTool()), UNKNOWN)
    reader.drag((0, 0), (30, 40))
    assert reader.last.told == "Length 50.0 px: the pixel size is not known"


def test_short_lengths_on_slides_are_micrometres() -> None:
    reader = with_spacing(Reader(RulerTool()), (0.0005, 0.0005, None))
    reader.press(0, 0)
    assert reader.move(80, 60).texts[0][1] == "50 µm"


@pytest.mark.parametrize("tool", [RulerTool(), RegionTool(), AngleTool()])
def test_a_slip_of_less_than_four_screen_pixels_and_escape_leave_nothing(tool: RulerTool) -> None:
    reader = Reader(tool)
    reader.pixel = 2.0
    reader.drag((10, 10), (14, 15))
    tool.cancel()
    reader.press(10, 10)
    reader.move(60, 60)
    assert reader._take(tool.cancel()).busy is False
    reader.release(60, 60)
    assert not reader.document.annotations


def test_a_second_click_on_the_first_end_drops_the_length() -> None:
    reader = Reader(RulerTool())
    reader.click(10, 10)
    reader.click(11, 11)
    assert not reader.last.busy
    assert not reader.document.annotations


def test_another_plane_begins_anew() -> None:
    reader = Reader(RulerTool())
    reader.click(10, 10)
    reader.bench = replace(reader.bench, plane=Plane(0, 4))
    assert reader.hover(30, 30).texts == ()
    reader.click(50, 50)
    assert not reader.document.annotations


def test_three_clicks_measure_an_angle_in_millimetres() -> None:
    reader = with_spacing(Reader(AngleTool()), (1.0, 2.0, 1.0))
    reader.click(30, 10)
    reader.click(10, 10)
    # 20 mm across and 10 px of 2 mm down: 45°; in pixels it would be 26.6°.
    assert reader.hover(30, 20).texts == (((10, 10), "45.0°"),)
    reader.click(30, 20)
    assert reader.last.told == "Angle 45.0°"
    assert measured_as(reader.only) == "angle"
    assert reader.only.geometry == Polyline(AXIAL, ((30, 10), (10, 10), (30, 20)))


def test_backspace_takes_back_the_last_point_of_an_angle() -> None:
    reader = Reader(AngleTool())
    reader.click(30, 10)
    reader.click(10, 10)
    assert reader._take(reader.tool.back(reader.bench)).busy
    reader.click(30, 40)
    reader.click(60, 40)
    assert reader.only.geometry == Polyline(AXIAL, ((30, 10), (30, 40), (60, 40)))
    assert "square pixels" in reader.last.told


@given(st.floats(0, 360), st.floats(1, 179), st.floats(0.1, 5), st.floats(0.1, 5))
def test_an_angle_is_the_same_however_it_is_turned_and_sampled(
    turn: float, angle: float, across: float, down: float
) -> None:
    from math import cos, radians, sin

    def at(degrees: float, far: float) -> tuple[float, float]:
        return cos(radians(degrees)) * far / across, sin(radians(degrees)) * far / down

    found = angle_of((at(turn, 7), (0.0, 0.0), at(turn + angle, 30)), (across, down))
    assert found == pytest.approx(angle, abs=1e-6)


def test_a_drag_measures_an_ellipse_of_the_right_area() -> None:
    reader = with_spacing(Reader(RegionTool()), (1.0, 1.0, 1.0))
    reader.press(10, 10)
    assert reader.move(50, 30).texts == (((50, 30), "628.3 mm²"),)
    reader.release(50, 30)
    assert isinstance(reader.only.geometry, Polygon)
    area = measure(reader.only.geometry, UNKNOWN).area_px
    assert area == pytest.approx(3.141592653589793 * 20 * 10)
    assert measured_as(reader.only) == "region"


def test_alt_measures_a_box_and_shift_keeps_it_even() -> None:
    reader = Reader(RegionTool())
    reader._take(reader.tool.press(reader.at(10, 10), reader.bench))
    reader._take(reader.tool.release(reader.at(50, 30, alt=True), reader.bench))
    assert reader.only.geometry == Box(AXIAL, 10, 10, 40, 20)
    shown = reader._take(reader.tool.press(reader.at(10, 10), reader.bench))
    shown = reader._take(reader.tool.drag(reader.at(50, 30, alt=True, shift=True), reader.bench))
    assert shown.preview == (Box(AXIAL, 10, 10, 20, 20),)
