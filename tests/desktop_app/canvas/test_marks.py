"""What is drawn of the marks, as data."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Box, Points, Polygon, Polyline, RotatedBox, WholeScan
from dataset.mask import mask_of_plane
from desktop_app.canvas.marks import Rect, Shown, plan_marks
from desktop_app.canvas.viewport import Viewport
from desktop_app.tools.box_handles import TURN_REACH
from imaging.geometry import Orientation, Plane

PLANE = Plane(0, 0)
PORT = Viewport(PLANE, 200, 200, 400, 400, (100.0, 100.0), 2.0)


def measure(text: str) -> tuple[float, float]:
    return 8.0 * len(text), 16.0


def shown(name: str, x: float, y: float, width: float, height: float) -> Shown:
    return Shown(name, Box(PLANE, x, y, width, height), "#ff0000", name)


def overlap(one: Rect, other: Rect) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )


def test_a_box_is_drawn_where_the_viewport_puts_it() -> None:
    plan = plan_marks((shown("a", 10, 20, 30, 40),), PORT, measure)
    assert plan.outlines[0].rings == (((20.0, 40.0), (80.0, 120.0)),)
    assert plan.outlines[0].style == "solid"
    turned = replace(PORT, orientation=Orientation(transpose=True, flip_x=True))
    plan = plan_marks((shown("a", 10, 20, 30, 40),), turned, measure)
    assert plan.outlines[0].rings == (((280.0, 20.0), (360.0, 80.0)),)


def test_proposals_are_dashed_and_accepted_marks_quiet_until_selected() -> None:
    box = shown("a", 10, 20, 30, 40)
    looks = (
        replace(box, is_proposal=True),
        replace(box, is_locked=True),
        replace(box, is_locked=True, is_selected=True),
    )
    assert [plan_marks((look,), PORT, measure).outlines[0].style for look in looks] == ["dashed", "quiet", "solid"]


def test_one_selected_mark_shows_its_handles_and_several_do_not() -> None:
    one, other = (replace(shown(name, x, 20, 30, 40), is_selected=True) for name, x in (("a", 10), ("b", 90)))
    assert len(plan_marks((one,), PORT, measure).handles) == 8
    assert plan_marks((one, other), PORT, measure).handles == ()
    pierced = Shown("h", Polygon(PLANE, ((0, 0), (90, 0), (90, 90)), (((50, 10), (60, 10), (60, 20)),)), "#ff0000")
    assert len(plan_marks((replace(pierced, is_selected=True),), PORT, measure).handles) == 6
    triangle = Shown("t", Polygon(PLANE, ((0, 0), (9, 0), (9, 9))), "#ff0000", is_selected=True)
    assert len(plan_marks((triangle,), PORT, measure).handles) == 3


def test_the_chip_stands_above_the_top_left_corner() -> None:
    (chip,) = plan_marks((shown("L4-L5", 50, 50, 60, 40),), PORT, measure).chips
    assert chip.rect[0] + 1 == 100
    assert chip.rect[1] + chip.rect[3] < 100


def test_the_chip_of_a_box_at_the_top_goes_below_or_inside_but_stays_in_view() -> None:
    for box in (shown("a", 50, 0, 60, 40), shown("a", 0, 0, 200, 200), shown("a", -50, -50, 400, 400)):
        (chip,) = plan_marks((box,), PORT, measure).chips
        assert chip.rect[0] >= 0
        assert chip.rect[1] >= 0
        assert chip.rect[1] + chip.rect[3] <= 400


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=12, unique=True))
def test_chips_do_not_cover_each_other_while_there_is_room(cells: list[tuple[int, int]]) -> None:
    marks = tuple(shown(f"m{n}", x * 25 + 2, y * 25 + 12, 14, 9) for n, (x, y) in enumerate(cells))
    chips = plan_marks(marks, PORT, measure).chips
    assert len(chips) == len(marks)
    for number, chip in enumerate(chips):
        assert not any(overlap(chip.rect, other.rect) for other in chips[number + 1 :])


def test_small_marks_and_crowds_show_only_the_chips_of_what_is_selected() -> None:
    small = tuple(shown(f"s{n}", n * 5, 5, 4, 4) for n in range(20))
    assert plan_marks(small, PORT, measure).chips == ()
    assert len(plan_marks((replace(small[3], is_selected=True), *small[4:]), PORT, measure).chips) == 1
    crowd = tuple(shown(f"c{n}", 5, 5, 40, 40) for n in range(400))
    assert plan_marks(crowd, PORT, measure).chips == ()
    assert len(plan_marks((replace(crowd[0], is_selected=True), *crowd), PORT, measure).chips) == 1


def test_what_is_out_of_sight_elsewhere_or_of_the_whole_scan_is_not_drawn() -> None:
    marks = (
        shown("far", 500, 500, 20, 20),
        Shown("other", Box(Plane(0, 1), 5, 5, 20, 20), "#ff0000", "other"),
        Shown("scan", WholeScan(), "#ff0000", "pneumonia"),
        Shown("none", Points(PLANE, ()), "#ff0000", "none"),
    )
    plan = plan_marks(marks, PORT, measure)
    assert (plan.outlines, plan.chips) == ((), ())


def test_a_mask_gets_a_chip_but_no_outline() -> None:
    mask = Shown("m", mask_of_plane(np.ones((20, 20), np.bool_), 0, x=50, y=50), "#00ff00", "disc")
    plan = plan_marks((mask,), PORT, measure)
    assert plan.outlines == ()
    assert len(plan.chips) == 1
    assert plan_marks((replace(mask, is_live=True),), PORT, measure).chips == ()


def test_lines_and_points_are_drawn_too() -> None:
    marks = (
        Shown("l", Polyline(PLANE, ((0, 0), (10, 10))), "#ff0000"),
        Shown("p", Points(PLANE, ((5, 5),)), "#ff0000"),
        Shown("g", Polygon(PLANE, ((0, 0), (9, 0), (9, 9)), (((5, 1), (8, 1), (8, 4)),)), "#ff0000"),
    )
    plan = plan_marks(marks, PORT, measure)
    assert sorted(o.kind for o in plan.outlines) == ["dots", "line", "rings"]
    assert len(next(o for o in plan.outlines if o.kind == "rings").rings) == 2


def test_alike_outlines_stand_together_and_the_selected_is_on_top() -> None:
    marks = [replace(shown(f"m{n}", 10 + n, 10, 20, 20), colour=f"#00000{n % 3}") for n in range(9)]
    marks[2] = replace(marks[2], is_selected=True)
    outlines = plan_marks(tuple(marks), PORT, measure).outlines
    assert [o.colour for o in outlines[:-1]] == sorted(o.colour for o in outlines[:-1])
    assert outlines[-1].is_selected


def test_a_mask_that_its_box_names_already_gets_no_second_chip() -> None:
    bits = np.ones((20, 30), np.bool_)
    disc = Shown("m", mask_of_plane(bits, 0, x=12, y=22), "#ff0000", "disc")
    other = replace(disc, id="n", colour="#00ff00", text="bone")
    box = shown("box", 10, 20, 34, 24)
    assert {chip.text for chip in plan_marks((disc, box), PORT, measure).chips} == {"box"}
    assert {chip.text for chip in plan_marks((other, box), PORT, measure).chips} == {"box", "bone"}
    chosen = replace(disc, is_selected=True)
    assert {chip.text for chip in plan_marks((chosen, box), PORT, measure).chips} == {"box", "disc"}


def test_a_rotated_box_is_a_ring_with_a_handle_that_turns_it_beyond_its_top() -> None:
    box = Shown("r", RotatedBox(PLANE, 100, 100, 60, 20, 90), "#ff0000", "r")
    plan = plan_marks((box,), PORT, measure)
    assert [(outline.kind, outline.rings) for outline in plan.outlines] == [
        ("rings", (((220, 140), (220, 260), (180, 260), (180, 140)),))
    ]
    assert plan.handles == ()
    plan = plan_marks((replace(box, is_selected=True),), PORT, measure)
    assert len(plan.handles) == 9
    assert plan.handles[-1] == (220 + TURN_REACH, 200)
    stems = [outline.rings[0] for outline in plan.outlines if outline.kind == "line"]
    assert stems == [((220, 200), (220 + TURN_REACH, 200))]


def test_on_pixels_that_are_no_squares_the_handle_that_turns_is_as_far_on_screen() -> None:
    flat = replace(PORT, aspect=(1.0, 0.5))
    box = Shown("r", RotatedBox(PLANE, 100, 100, 60, 20, 0), "#ff0000", is_selected=True)
    handles = plan_marks((box,), flat, measure).handles
    assert handles[-1] == (200, 190 - TURN_REACH)
