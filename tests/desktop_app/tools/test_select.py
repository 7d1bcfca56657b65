"""Selecting, moving and resizing, in scan coordinates."""

from dataclasses import replace

import numpy as np
import pytest

from dataset.annotation import Annotation, Box, Geometry, Points, Polygon, Polyline, accepted
from dataset.mask import mask_of_plane
from desktop_app.tool import Gesture
from desktop_app.tools.hitting import Reach, hit, is_on, is_set
from desktop_app.tools.select import SelectTool
from imaging.geometry import Plane
from tests.desktop_app.tools.hand import AXIAL, Reader, mark, proposal


def box(x: float, y: float, width: float, height: float) -> Box:
    return Box(AXIAL, x, y, width, height)


def geometry(annotation: Annotation) -> Geometry:
    return annotation.geometry


def test_a_click_inside_selects_the_smallest_mark() -> None:
    large, small = mark(box(10, 10, 100, 80)), mark(box(40, 40, 20, 20))
    reader = Reader(SelectTool(), large, small)
    reader.click(50, 50)
    assert reader.bench.selection == {small.id}
    assert reader.document.undo_title == ""


def test_a_press_on_empty_space_deselects_and_leaves_the_drag_to_the_window() -> None:
    reader = Reader(SelectTool(), mark(box(10, 10, 20, 20)))
    reader.click(20, 20)
    outcome = reader.press(150, 90)
    assert reader.bench.selection == frozenset()
    assert not outcome.busy


def test_shift_click_adds_to_the_selection_and_takes_away() -> None:
    one, other = mark(box(10, 10, 20, 20)), mark(box(60, 10, 20, 20))
    reader = Reader(SelectTool(), one, other)
    reader.click(20, 20)
    reader.click(70, 20, shift=True)
    assert reader.bench.selection == {one.id, other.id}
    reader.click(20, 20, shift=True)
    assert reader.bench.selection == {other.id}


def test_one_drag_of_a_corner_corrects_a_proposal_and_keeps_its_origin() -> None:
    proposed = proposal(box(40, 30, 40, 20), label="L4-L5")
    reader = Reader(SelectTool(), proposed)
    reader.drag((80, 50), (85, 52), (90, 55))
    kept = reader.only
    assert kept.geometry == box(40, 30, 50, 25)
    assert (kept.author, kept.origin, kept.label) == ("grace", proposed.id, "L4-L5")
    assert reader.bench.selection == {kept.id}
    assert reader.titles == ["Resize"]


def test_while_a_proposal_is_dragged_it_is_shown_in_its_place_but_not_yet_kept() -> None:
    proposed = proposal(box(40, 30, 40, 20))
    reader = Reader(SelectTool(), proposed)
    reader.press(60, 40)
    outcome = reader.move(70, 45)
    (live,) = outcome.live
    assert live.origin == proposed.id
    assert live.geometry == box(50, 35, 40, 20)
    assert reader.document.annotations == ()


def test_a_moved_annotation_keeps_its_id_and_gets_a_new_author() -> None:
    own = mark(box(40, 30, 40, 20), author="ada")
    reader = Reader(SelectTool(), own)
    reader.drag((60, 40), (65, 42))
    assert reader.only.id == own.id
    assert reader.only.author == "grace"
    assert reader.only.geometry == box(45, 32, 40, 20)
    reader.document.undo()
    assert reader.document.annotations == (own,)


def test_an_accepted_mark_is_not_moved_by_accident() -> None:
    locked = accepted(proposal(box(40, 30, 40, 20)), "lumbar-discs@1.0.0")
    reader = Reader(SelectTool(), locked)
    outcome = reader.press(60, 40)
    assert not outcome.busy
    reader.move(90, 60)
    reader.release(90, 60)
    assert reader.only == locked
    assert reader.bench.selection == {locked.id}
    reader.drag((60, 40), (70, 40))
    assert reader.only.geometry == box(50, 30, 40, 20)
    assert reader.only.author == "grace"


def test_a_mark_locked_by_hand_is_selected_but_never_moved_or_resized() -> None:
    locked = mark(box(40, 30, 40, 20), locked=True)
    reader = Reader(SelectTool(), locked)
    for _ in range(2):
        reader.drag((60, 40), (90, 60))
        reader.drag((80, 50), (90, 60))
        assert reader.only == locked
        assert reader.bench.selection == {locked.id}
    assert reader.hover(80, 50).cursor == ""


def test_the_edges_of_an_accepted_mark_are_no_handles_before_it_is_selected() -> None:
    locked = accepted(proposal(box(40, 30, 40, 20)), "lumbar-discs@1.0.0")
    reader = Reader(SelectTool(), locked)
    reader.drag((80, 50), (90, 60))
    assert reader.only == locked
    reader.drag((80, 50), (90, 60))
    assert reader.only.geometry == box(40, 30, 50, 30)


def test_several_selected_marks_move_together_in_one_edit() -> None:
    one, other = mark(box(10, 10, 20, 20)), proposal(box(60, 10, 20, 20))
    reader = Reader(SelectTool(), one, other)
    reader.click(20, 20)
    reader.click(70, 20, shift=True)
    reader.drag((20, 20), (25, 30))
    assert [geometry(a) for a in reader.document.annotations] == [box(15, 20, 20, 20), box(65, 20, 20, 20)]
    assert reader.titles == ["Move 2"]
    assert len(reader.bench.selection) == 2


def test_escape_leaves_everything_where_it_was() -> None:
    own = mark(box(40, 30, 40, 20))
    reader = Reader(SelectTool(), own)
    reader.press(60, 40)
    reader.move(80, 60)
    assert reader.tool.cancel().live == ()
    reader.release(80, 60)
    assert reader.document.annotations == (own,)


def test_a_drag_back_to_the_start_keeps_nothing() -> None:
    reader = Reader(SelectTool(), mark(box(40, 30, 40, 20)))
    reader.drag((60, 40), (80, 60), (60.0, 40.0))
    assert reader.titles == []


def test_a_corner_cannot_be_dragged_off_the_plane() -> None:
    reader = Reader(SelectTool(), mark(box(150, 60, 20, 20)))
    reader.drag((170, 80), (900, 900))
    assert reader.only.geometry == box(150, 60, 50, 40)


def test_a_vertex_of_a_selected_polygon_moves() -> None:
    outline = mark(Polygon(AXIAL, ((10, 10), (60, 10), (60, 60))))
    reader = Reader(SelectTool(), outline)
    reader.click(50, 20)
    reader.drag((60, 60), (70, 80))
    assert reader.only.geometry == Polygon(AXIAL, ((10, 10), (60, 10), (70, 80)))
    assert reader.titles == ["Reshape"]


def test_a_mask_is_selected_but_never_dragged() -> None:
    painted = mark(mask_of_plane(np.ones((20, 20), np.bool_), 3, x=30, y=30))
    reader = Reader(SelectTool(), painted)
    assert not reader.press(40, 40).busy
    assert reader.bench.selection == {painted.id}
    assert hit(Gesture(10, 10, 1.0), reader.bench) is None


def test_marks_on_other_planes_and_hidden_ones_are_not_hit() -> None:
    elsewhere = mark(Box(Plane(0, 4), 10, 10, 50, 50))
    hidden = mark(box(10, 10, 50, 50))
    reader = Reader(SelectTool(), elsewhere, hidden)
    reader.bench = replace(reader.bench, hidden=frozenset({hidden.id}))
    assert hit(Gesture(30, 30, 1.0), reader.bench) is None


@pytest.mark.parametrize(
    ("x", "y", "handle", "cursor"),
    [
        (40, 30, "nw", "size-fdiag"),
        (60, 30, "n", "size-ver"),
        (82, 28, "ne", "size-bdiag"),
        (80, 40, "e", "size-hor"),
        (80, 50, "se", "size-fdiag"),
        (41, 50, "sw", "size-bdiag"),
        (60, 40, None, "move"),
    ],
)
def test_the_cursor_says_what_would_be_taken(x: float, y: float, handle: str | None, cursor: str) -> None:
    reader = Reader(SelectTool(), mark(box(40, 30, 40, 20)))
    found = hit(Gesture(x, y, 0.5), reader.bench)
    assert found is not None
    assert found.handle == handle
    reader.pixel = 0.5
    assert reader.hover(x, y).cursor == cursor


def test_reach_is_in_screen_pixels_so_handles_are_as_large_at_every_zoom() -> None:
    reader = Reader(SelectTool(), mark(box(40, 30, 40, 20)))
    assert hit(Gesture(86, 56, 0.25), reader.bench) is None
    found = hit(Gesture(86, 56, 2.0), reader.bench)
    assert found is not None
    assert found.handle == "se"


def test_a_small_box_can_still_be_taken_by_its_inside() -> None:
    reader = Reader(SelectTool(), mark(box(40, 30, 8, 8)))
    found = hit(Gesture(44, 34, 1.0), reader.bench)
    assert found is not None
    assert found.handle is None


def test_stretched_voxels_have_their_own_reach_down() -> None:
    reader = Reader(SelectTool(), mark(box(40, 30, 40, 20)))
    below = Gesture(60, 53, 1.0, stretch=0.25)
    assert hit(below, reader.bench) is None
    assert hit(replace(below, stretch=1.0), reader.bench) is not None


def test_what_is_on_a_line_a_point_or_in_a_hole() -> None:
    ring = Polygon(AXIAL, ((0, 0), (60, 0), (60, 60), (0, 60)), (((20, 20), (40, 20), (40, 40), (20, 40)),))
    assert is_on(ring, Reach(10, 10, 1, 1), AXIAL)
    assert not is_on(ring, Reach(30, 30, 1, 1), AXIAL)
    line = Polyline(AXIAL, ((0, 0), (50, 50)))
    assert is_on(line, Reach(26, 24, 1, 1), AXIAL)
    assert not is_on(line, Reach(40, 10, 1, 1), AXIAL)
    assert is_on(Points(AXIAL, ((5, 5),)), Reach(8, 8, 1, 1), AXIAL)
    assert not is_on(Points(AXIAL, ((5, 5),)), Reach(20, 8, 1, 1), AXIAL)


def test_a_mask_is_hit_exactly_where_it_is_set() -> None:
    bits = np.zeros((300, 300), np.bool_)
    bits[255:258, 254:260] = True
    mask = mask_of_plane(bits, 3)
    rows, columns = np.nonzero(bits)
    for row in range(250, 262):
        for column in range(250, 264):
            assert is_set(mask, AXIAL, column + 0.5, row + 0.5) == bits[row, column]
    assert (len(rows), len(columns)) == (18, 18)
    assert not is_set(mask, Plane(1, 3), 255.5, 256.5)
    assert not is_set(mask, AXIAL, -0.5, 2)
