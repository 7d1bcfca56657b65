"""Selecting with a band, points put in and taken out, rotated boxes under the hand; in scan coordinates."""

from dataclasses import replace

import numpy as np
import pytest

from dataset.annotation import Box, Points, Polygon, Polyline, RotatedBox
from dataset.mask import mask_of_plane, mask_of_stack
from desktop_app.tool import Bench, Gesture
from desktop_app.tools.box_handles import turn_handle
from desktop_app.tools.hitting import Reach, is_on
from desktop_app.tools.select import SelectTool
from imaging.geometry import Plane
from tests.desktop_app.tools.hand import AXIAL, Reader, mark, proposal

SQUARE = Polygon(AXIAL, ((40, 20), (100, 20), (100, 80), (40, 80)), (((60, 40), (80, 40), (70, 60)),))
TURNED = RotatedBox(AXIAL, 100, 50, 60, 20, 90)


def box(x: float, y: float, width: float, height: float) -> Box:
    return Box(AXIAL, x, y, width, height)


def holding(*marks_: object) -> Reader:
    """A reader who has selected the first mark."""
    reader = Reader(SelectTool(), *marks_)  # type: ignore[arg-type]
    first = next(iter((*reader.document.annotations, *reader.bench.proposals)))
    reader.bench = replace(reader.bench, selection=frozenset({first.id}))
    return reader


# The band.


def test_a_drag_with_shift_selects_what_lies_wholly_inside() -> None:
    inside, across, mask = mark(box(20, 20, 20, 20)), mark(box(70, 20, 60, 20)), np.ones((5, 5), np.bool_)
    spot, far = mark(mask_of_plane(mask, 3, x=50, y=30)), mark(mask_of_plane(mask, 4, x=50, y=30))
    proposed = proposal(TURNED)
    reader = Reader(SelectTool(), inside, across, spot, far, proposed)
    reader.press(115, 85, shift=True)
    outcome = reader.move(10, 10, shift=True)
    assert outcome.preview == (box(10, 10, 105, 75),)
    reader.release(10, 10, shift=True)
    assert reader.bench.selection == {inside.id, spot.id, proposed.id}
    assert reader.last.told == "3 selected"
    assert reader.titles == []


def test_with_ctrl_a_band_adds_to_the_selection() -> None:
    one, other = mark(box(10, 10, 10, 10)), mark(box(60, 10, 10, 10))
    reader = holding(one, other)
    reader.drag((50, 5), (90, 30), ctrl=True)
    assert reader.bench.selection == {one.id, other.id}
    reader.drag((5, 5), (30, 30), shift=True)
    assert reader.bench.selection == {one.id}
    reader.drag((150, 50), (160, 60), shift=True)
    assert reader.bench.selection == frozenset()
    assert reader.last.told == "No mark lies wholly inside"


def test_a_band_may_begin_on_a_large_mark_and_a_click_with_shift_or_ctrl_still_takes_it() -> None:
    around, inner = mark(box(5, 5, 190, 90)), mark(box(60, 30, 10, 10))
    reader = Reader(SelectTool(), around, inner)
    reader.drag((50, 20), (90, 60), shift=True)
    assert reader.bench.selection == {inner.id}
    reader.click(150, 50, ctrl=True)
    assert reader.bench.selection == {inner.id, around.id}
    reader.click(150, 50, shift=True)
    assert reader.bench.selection == {inner.id}


def test_a_click_beside_everything_with_shift_keeps_the_selection() -> None:
    reader = holding(mark(box(10, 10, 10, 10)))
    chosen = reader.bench.selection
    reader.click(150, 80, shift=True)
    assert reader.bench.selection == chosen
    reader.press(150, 80, shift=True)
    assert not reader.tool.cancel().busy
    reader.release(10, 10, shift=True)
    assert reader.bench.selection == chosen


def test_a_band_takes_a_mask_that_is_seen_across() -> None:
    sheet = mark(mask_of_stack(np.ones((4, 5, 6), np.bool_), axis=1, plane=2, x=10, y=20))
    reader = Reader(SelectTool(), sheet)
    x, y, width, height = 10, 2, 6, 4
    reader.bench = replace(reader.bench, plane=Plane(0, 22))
    reader.drag((x - 1, y - 1), (x + width + 1, y + height + 1), shift=True)
    assert reader.bench.selection == {sheet.id}
    reader.drag((x + 1, y - 1), (x + width + 1, y + height + 1), shift=True)
    assert reader.bench.selection == frozenset()


def test_a_band_looks_only_at_what_is_near_where_that_is_known() -> None:
    one, hidden = mark(box(20, 20, 10, 10)), mark(box(25, 25, 5, 5))
    asked: list[tuple[float, float, float, float]] = []

    def near(x: float, y: float, across: float, down: float) -> tuple[object, ...]:
        asked.append((x, y, across, down))
        return one, hidden

    reader = Reader(SelectTool())
    reader.bench = replace(reader.bench, near=near, hidden=frozenset({hidden.id}))  # type: ignore[arg-type]
    reader.drag((10, 10), (50, 40), shift=True)
    assert reader.bench.selection == {one.id}
    assert asked[-1] == (30, 25, 20, 15)


# Points put in and taken out.


def test_ctrl_on_an_edge_puts_a_point_in_without_changing_the_shape() -> None:
    reader = holding(mark(SQUARE))
    assert reader.hover(70, 22, ctrl=True).preview == (Points(AXIAL, ((70, 20),)),)
    reader.click(70, 22, ctrl=True)
    assert reader.only.geometry == replace(SQUARE, exterior=((40, 20), (70, 20), (100, 20), (100, 80), (40, 80)))
    assert reader.titles == ["Add point"]
    assert reader.only.author == "grace"


def test_a_point_that_is_put_in_can_be_dragged_in_the_same_movement() -> None:
    reader = holding(mark(SQUARE))
    reader.press(70, 20, ctrl=True)
    live = reader.move(75, 10, ctrl=True).live
    assert isinstance(live[0].geometry, Polygon)
    reader.release(75, 10, ctrl=True)
    assert reader.only.geometry == replace(SQUARE, exterior=((40, 20), (75, 10), (100, 20), (100, 80), (40, 80)))
    assert reader.titles == ["Add point"]
    reader.document.undo()
    assert reader.only.geometry == SQUARE


def test_a_double_click_on_an_edge_puts_a_point_in_and_selects_first() -> None:
    line = Polyline(AXIAL, ((10, 10), (90, 10)))
    reader = Reader(SelectTool(), mark(line))
    reader.double_click(50, 11)
    assert reader.only.geometry == Polyline(AXIAL, ((10, 10), (50, 10), (90, 10)))


def test_points_of_holes_are_moved_put_in_and_taken_out() -> None:
    reader = holding(mark(SQUARE))
    reader.drag((60, 40), (55, 35))
    assert reader.titles == ["Reshape"]
    reader.click(70, 60, alt=True)
    assert reader.last.told
    reader.click(75, 50, ctrl=True)
    shape = reader.only.geometry
    assert isinstance(shape, Polygon)
    assert shape.exterior == SQUARE.exterior
    assert shape.holes == (((55, 35), (80, 40), (75, 50), (70, 60)),)
    reader.click(80, 40, alt=True)
    shape = reader.only.geometry
    assert isinstance(shape, Polygon)
    assert shape.holes == (((55, 35), (75, 50), (70, 60)),)


@pytest.mark.parametrize("key", ["ctrl", "alt"])
def test_ctrl_or_alt_on_a_point_takes_it_out_but_a_drag_moves_it(key: str) -> None:
    reader = holding(mark(SQUARE))
    assert reader.hover(100, 80, **{key: True}).cursor == "hand"
    reader.drag((100, 80), (110, 90), **{key: True})
    assert reader.titles == ["Reshape"]
    reader.click(110, 90, **{key: True})
    assert reader.titles == ["Reshape", "Remove point"]
    assert reader.only.geometry == replace(SQUARE, exterior=((40, 20), (100, 20), (40, 80)))


@pytest.mark.parametrize(
    "shape",
    [
        Polygon(AXIAL, ((10, 10), (60, 10), (60, 60))),
        Polyline(AXIAL, ((10, 10), (60, 10))),
        Points(AXIAL, ((10, 10),)),
    ],
)
def test_the_last_points_that_a_shape_needs_stay(shape: Polygon | Polyline | Points) -> None:
    reader = holding(mark(shape))
    reader.click(10, 10, alt=True)
    assert reader.only.geometry == shape
    assert "Del" in reader.last.told
    assert reader.titles == []


def test_a_proposal_whose_point_goes_becomes_the_readers_own() -> None:
    proposed = proposal(SQUARE)
    reader = holding(proposed)
    reader.click(100, 80, alt=True)
    assert reader.only.origin == proposed.id
    assert reader.bench.selection == {reader.only.id}
    other = holding(proposal(SQUARE))
    other.drag((70, 20), (70, 10), ctrl=True)
    assert other.only.author == "grace"


def test_of_marks_that_are_not_selected_alone_no_point_changes() -> None:
    one, other = mark(SQUARE), mark(Polyline(AXIAL, ((10, 10), (10, 90))))
    reader = Reader(SelectTool(), one, other)
    reader.click(100, 80, alt=True)
    assert reader.document.annotations == (one, other)
    reader.click(10, 50, ctrl=True)
    assert reader.bench.selection == {one.id, other.id}
    reader.click(100, 80, alt=True)
    assert reader.document.annotations == (one, other)


def test_of_a_mark_locked_by_hand_no_point_changes() -> None:
    locked = mark(SQUARE, locked=True)
    reader = holding(locked)
    reader.click(100, 80, alt=True)
    reader.drag((70, 20), (70, 10), ctrl=True)
    assert reader.only is locked


# What is under the hand.


def test_hovering_says_which_mark_a_press_would_take() -> None:
    own = mark(SQUARE)
    reader = Reader(SelectTool(), own, mark(box(150, 10, 10, 10)))
    assert reader.hover(50, 50).hover == own.id
    assert reader.hover(20, 50).hover == ""


# Rotated boxes.


def test_a_rotated_box_is_taken_inside_and_not_in_the_corners_of_its_bounds() -> None:
    slanted = RotatedBox(AXIAL, 100, 50, 60, 20, 45)

    def on(x: float, y: float) -> bool:
        return is_on(slanted, Reach(x, y, 1, 1), AXIAL)

    assert on(100, 50)
    assert on(119, 69)
    assert not on(119, 31)
    assert on(100 + 13, 50 - 6)


def test_a_rotated_box_is_moved_and_resized_along_its_own_sides() -> None:
    reader = holding(mark(TURNED))
    reader.drag((100, 50), (105, 52))
    assert reader.only.geometry == replace(TURNED, x=105, y=52)
    # Turned by 90°, its right side is below.
    reader.drag((105, 82), (105, 92))
    assert reader.only.geometry == replace(TURNED, x=105, y=57, width=70)
    assert reader.hover(105, 92).cursor == "size-ver"
    assert reader.titles == ["Move", "Resize"]


def test_an_edge_of_a_free_rotated_box_resizes_it_at_once() -> None:
    reader = Reader(SelectTool(), mark(TURNED))
    reader.drag((111, 45), (121, 45))
    assert reader.only.geometry == replace(TURNED, x=105, height=30)


def test_the_handle_beyond_the_top_turns_the_box_and_shift_snaps() -> None:
    upright = RotatedBox(AXIAL, 100, 50, 60, 20, 0)
    reader = holding(mark(upright))
    _, (x, y) = turn_handle(upright, 1, 1)
    assert reader.hover(x, y).cursor == "hand"
    reader.press(x, y)
    assert reader.move(130, 20).texts == (((130, 20), "45°"),)
    reader.release(136, 50)
    assert reader.only.geometry == replace(upright, angle=90)
    assert reader.titles == ["Turn"]
    reader.drag((136, 50), (130, 21), shift=True)
    assert reader.only.geometry == replace(upright, angle=45)


def test_a_locked_rotated_box_stays_until_it_is_selected() -> None:
    locked = mark(TURNED, author="model:m@1")
    reader = Reader(SelectTool(), locked)
    reader.drag((111, 45), (131, 45))
    assert reader.only is locked


def test_the_handle_that_turns_is_found_where_places_are_indexed() -> None:
    own = mark(RotatedBox(AXIAL, 100, 50, 60, 20, 0))

    def near(x: float, y: float, across: float, down: float) -> tuple[object, ...]:
        return (own,) if y + down >= 40 else ()

    from dataset.document import Snapshot
    from imaging.geometry import Size

    bench = Bench(AXIAL, Size(200, 100, 10), Snapshot((own,)), (), frozenset({own.id}), "disc", "grace", near=near)  # type: ignore[arg-type]
    assert SelectTool().hover(Gesture(100, 14, 1.0), bench).cursor == "hand"
