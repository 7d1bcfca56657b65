"""Drawing rotated boxes, in scan coordinates."""

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dataset.annotation import RotatedBox
from desktop_app.tools.box_handles import to_own
from desktop_app.tools.rotated_box import RotatedBoxTool, box_beside
from imaging.geometry import Plane
from tests.desktop_app.tools.hand import AXIAL, Reader

reals = st.floats(-1000, 1000, width=32)


def drawn(reader: Reader) -> tuple[float, ...]:
    shape = reader.only.geometry
    assert isinstance(shape, RotatedBox)
    assert shape.plane == AXIAL
    return shape.x, shape.y, shape.width, shape.height, shape.angle


def test_a_side_is_dragged_and_the_width_clicked() -> None:
    reader = Reader(RotatedBoxTool())
    reader.drag((20, 20), (40, 40), (60, 60))
    assert reader.last.busy
    preview = reader.hover(50, 70).preview
    assert isinstance(preview[0], RotatedBox)
    reader.click(50, 70)
    side, wide = math.hypot(40, 40), math.hypot(10, 10)
    assert drawn(reader) == pytest.approx((35, 45, side, wide, 45))
    assert reader.bench.selection == {reader.only.id}
    assert reader.titles == ["Draw rotated box"]


def test_three_clicks_draw_it_too() -> None:
    reader = Reader(RotatedBoxTool())
    for point in ((20, 20), (80, 20), (50, 50)):
        reader.click(*point)
    assert drawn(reader) == pytest.approx((50, 35, 60, 30, 0))


def test_on_the_other_side_of_the_first_side_the_box_lies_there() -> None:
    reader = Reader(RotatedBoxTool())
    for point in ((20, 60), (80, 60), (50, 50)):
        reader.click(*point)
    assert drawn(reader) == pytest.approx((50, 55, 60, 10, 0))


def test_shift_turns_in_steps() -> None:
    reader = Reader(RotatedBoxTool())
    reader.drag((20, 20), (60, 63), shift=True)
    reader.click(20, 60)
    assert drawn(reader)[4] == pytest.approx(45)


def test_slips_of_the_hand_draw_nothing_and_lose_nothing() -> None:
    reader = Reader(RotatedBoxTool())
    reader.click(20, 20)
    reader.click(22, 21)
    reader.click(80, 20)
    reader.click(50, 22)
    assert reader.document.annotations == ()
    assert reader.last.busy
    reader.click(50, 60)
    assert drawn(reader) == pytest.approx((50, 40, 60, 40, 0))


def test_a_side_that_lies_beyond_the_corner_of_the_plane_has_no_length() -> None:
    reader = Reader(RotatedBoxTool())
    reader.drag((210, 110), (250, 150))
    assert reader.hover(100, 50).busy
    reader.click(150, 100)
    reader.click(150, 50)
    assert drawn(reader) == pytest.approx((175, 75, 50, 50, 180))


def test_backspace_takes_an_end_back_and_escape_all() -> None:
    reader = Reader(RotatedBoxTool())
    reader.drag((20, 20), (80, 80))
    reader.key("back")
    reader.click(80, 20)
    reader.click(50, 60)
    assert drawn(reader)[4] == 0
    reader.press(10, 10)
    assert not reader.tool.cancel().busy
    assert not reader.release(90, 90).busy
    assert not reader.key("back").busy


def test_another_plane_begins_anew() -> None:
    reader = Reader(RotatedBoxTool())
    reader.drag((20, 20), (80, 80))
    reader.bench = replace(reader.bench, plane=Plane(0, 5))
    assert reader.hover(50, 50).preview == ()
    assert not reader.key("finish").edit
    reader.click(10, 10)
    assert reader.document.annotations == ()


@given(reals, reals, reals, reals, reals, reals)
def test_the_box_has_the_side_drawn_and_reaches_to_the_hand(
    ax: float, ay: float, bx: float, by: float, x: float, y: float
) -> None:
    assume(math.hypot(bx - ax, by - ay) > 1)
    box = box_beside(AXIAL, (ax, ay), (bx, by), (x, y))
    assert 0 <= box.angle < 360
    u, v = to_own(box, ax, ay)
    assert abs(u) == pytest.approx(box.width / 2, abs=1e-3)
    assert abs(v) == pytest.approx(box.height / 2, abs=1e-3)
    assert abs(to_own(box, x, y)[1]) == pytest.approx(box.height / 2, abs=1e-3)
