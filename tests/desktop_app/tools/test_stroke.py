"""The brush and the eraser against a plain array, and whose mask a stroke changes."""

import math
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataset.annotation import Annotation, Box
from dataset.mask import Mask, empty_mask, mask_of_plane, mask_of_stack
from desktop_app.tools.brush import BrushTool
from desktop_app.tools.eraser import EraserTool
from desktop_app.tools.stroke import swept
from imaging.geometry import Plane, Size
from tests.desktop_app.tools.hand import Reader, mark, proposal

WIDE, HIGH = 300, 290
places = st.tuples(st.floats(-30, WIDE + 30, width=32), st.floats(-30, HIGH + 30, width=32))


def plain_stroke(points: list[tuple[float, float]], diameter: float) -> NDArray[np.bool_]:
    """Every pixel whose centre is within half the diameter of the line; and the pixel under each point."""
    rows, columns = np.mgrid[0:HIGH, 0:WIDE] + 0.5
    out = np.zeros((HIGH, WIDE), np.bool_)
    for (ax, ay), (bx, by) in zip([points[0], *points[:-1]], points, strict=True):
        length = (bx - ax) ** 2 + (by - ay) ** 2
        share = np.zeros_like(rows)
        if length > 0:
            share = np.clip(((columns - ax) * (bx - ax) + (rows - ay) * (by - ay)) / length, 0, 1)
        away = (columns - ax - share * (bx - ax)) ** 2 + (rows - ay - share * (by - ay)) ** 2
        # Pixels on the very rim may fall either way by rounding; the property leaves them out.
        out |= away <= (diameter / 2) ** 2
        if 0 <= by < HIGH and 0 <= bx < WIDE:
            out[math.floor(by), math.floor(bx)] = True
    return out


@given(st.lists(places, min_size=1, max_size=5), st.sampled_from([1.0, 4.5, 20.0, 61.0]))
def test_a_stroke_paints_what_a_plain_array_says(points: list[tuple[float, float]], diameter: float) -> None:
    reader = Reader(BrushTool(), size=Size(WIDE, HIGH, 10))
    reader.bench = replace(reader.bench, brush=diameter)
    reader.drag(*points)
    wanted = plain_stroke(points, diameter)
    marks = reader.document.annotations
    painted = pixels(marks[0].geometry) if marks else np.zeros_like(wanted)
    rim = plain_stroke(points, diameter + 1e-6) & ~plain_stroke(points, diameter - 1e-6)
    assert np.array_equal(painted & ~rim, wanted & ~rim)


def pixels(geometry: object, plane: int = 3) -> NDArray[np.bool_]:
    assert isinstance(geometry, Mask)
    return geometry.crop(plane, 0, 0, WIDE, HIGH)


@given(st.lists(places, min_size=1, max_size=4), st.lists(places, min_size=1, max_size=4))
def test_erasing_removes_exactly_what_the_eraser_covers(
    painted: list[tuple[float, float]], erased: list[tuple[float, float]]
) -> None:
    start = mark(mask_of_plane(plain_stroke(painted, 40.0) | _dot(), 3))
    reader = Reader(EraserTool(), start, size=Size(WIDE, HIGH, 10))
    reader.bench = replace(reader.bench, brush=25.0, selection=frozenset({start.id}))
    reader.drag(*erased)
    wanted = pixels(start.geometry) & ~plain_stroke(erased, 25.0)
    rim = plain_stroke(erased, 25.0 + 1e-6) & ~plain_stroke(erased, 25.0 - 1e-6)
    left = reader.document.annotations
    now = pixels(left[0].geometry) if left else np.zeros_like(wanted)
    assert np.array_equal(now & ~rim, wanted & ~rim)


def _dot() -> NDArray[np.bool_]:
    out = np.zeros((HIGH, WIDE), np.bool_)
    out[5, 5] = True
    return out


def test_a_stroke_far_off_the_plane_covers_nothing() -> None:
    assert swept((-50, -50), (-60, -60), 10, 100, 100)[2].size == 0
    reader = Reader(BrushTool())
    reader.drag((-50, -50), (-60, -60))
    assert reader.titles == []


def test_one_stroke_is_one_edit_and_undo_takes_it_back() -> None:
    reader = Reader(BrushTool())
    reader.drag((20, 20), (40, 20), (60, 30))
    assert reader.titles == ["Paint"]
    reader.document.undo()
    assert reader.document.annotations == ()


def test_the_next_stroke_extends_the_mask_of_the_label() -> None:
    reader = Reader(BrushTool())
    reader.drag((20, 20), (40, 20))
    first = reader.only
    reader.drag((100, 60), (120, 60))
    assert reader.only.id == first.id
    assert isinstance(reader.only.geometry, Mask)
    assert reader.only.geometry.count() > 1.5 * first.geometry.count()  # type: ignore[union-attr]


def test_another_label_gets_its_own_mask() -> None:
    reader = Reader(BrushTool())
    reader.drag((20, 20), (40, 20))
    reader.bench = replace(reader.bench, label="canal")
    reader.drag((100, 60), (120, 60))
    assert [a.label for a in reader.document.annotations] == ["disc", "canal"]


def test_shift_starts_a_new_mask_of_the_same_label() -> None:
    reader = Reader(BrushTool())
    reader.drag((20, 20), (40, 20))
    reader.drag((100, 60), (120, 60), shift=True)
    assert [a.label for a in reader.document.annotations] == ["disc", "disc"]


def test_a_mask_of_another_axis_is_extended_and_keeps_its_axis() -> None:
    axial = mark(mask_of_plane(np.ones((4, 4), np.bool_), 3))
    reader = Reader(BrushTool(), axial, plane=Plane(1, 5))
    reader.drag((20, 2), (40, 4))
    assert reader.only.id == axial.id
    assert isinstance(reader.only.geometry, Mask)
    assert reader.only.geometry.axis == 0
    assert reader.only.geometry.has(1, 5, 20, 2)
    assert reader.only.geometry.has(0, 2, 20, 5)
    assert pixels(reader.only.geometry)[0, 0]


def test_the_eraser_cuts_the_mask_under_the_hand_on_a_plane_of_another_axis() -> None:
    axial = mark(mask_of_stack(np.ones((8, 40, 40), np.bool_)))
    reader = Reader(EraserTool(), axial, plane=Plane(2, 5))
    reader.click(20, 4)
    assert isinstance(reader.only.geometry, Mask)
    assert not reader.only.geometry.has(2, 5, 20, 4)
    assert reader.only.geometry.has(2, 6, 20, 4)


def test_the_brush_corrects_a_proposed_mask_and_keeps_its_origin() -> None:
    proposed = proposal(mask_of_plane(np.ones((10, 10), np.bool_), 3, x=20, y=20))
    reader = Reader(BrushTool(), proposed)
    reader.drag((30, 25), (40, 25))
    assert (reader.only.origin, reader.only.author) == (proposed.id, "grace")
    assert pixels(reader.only.geometry)[25, 22]
    assert pixels(reader.only.geometry)[25, 41]
    reader.drag((50, 25), (55, 25))
    assert reader.only.origin == proposed.id


def test_the_selected_mask_is_painted_whatever_the_label_and_stays_selected() -> None:
    one, other = (mark(mask_of_plane(np.ones((9, 9), np.bool_), 3, x=x, y=20)) for x in (20, 60))
    chosen = proposal(mask_of_plane(np.ones((9, 9), np.bool_), 3, x=120, y=20), label="canal")
    reader = Reader(BrushTool(), one, other, chosen)
    reader.bench = replace(reader.bench, selection=frozenset({one.id}))
    reader.click(100, 70)
    assert pixels(next(a for a in reader.document.annotations if a.id == one.id).geometry)[70, 100]
    reader.bench = replace(reader.bench, selection=frozenset({chosen.id}))
    reader.click(130, 70)
    corrected = reader.document.annotations[-1]
    assert (corrected.origin, corrected.label) == (chosen.id, "canal")
    assert reader.bench.selection == {corrected.id}


def test_a_selected_mask_is_painted_on_a_plane_it_is_not_on_yet() -> None:
    painted = mark(mask_of_plane(np.ones((9, 9), np.bool_), 2, x=20, y=20))
    reader = Reader(BrushTool(), painted)
    reader.bench = replace(reader.bench, selection=frozenset({painted.id}))
    reader.click(50, 50)
    assert isinstance(reader.only.geometry, Mask)
    assert reader.only.geometry.planes == (2, 3)


def test_alt_erases_with_the_brush() -> None:
    painted = mark(mask_of_plane(np.ones((40, 40), np.bool_), 3, x=20, y=20))
    reader = Reader(BrushTool(), painted)
    reader.drag((40, 40), (45, 40), alt=True)
    assert not pixels(reader.only.geometry)[40, 42]
    assert reader.titles == ["Erase"]


def test_the_eraser_cuts_the_mask_under_the_hand() -> None:
    disc = mark(mask_of_plane(np.ones((40, 40), np.bool_), 3, x=20, y=20))
    canal = mark(mask_of_plane(np.ones((40, 40), np.bool_), 3, x=100, y=20), label="canal")
    reader = Reader(EraserTool(), disc, canal)
    reader.click(120, 40)
    assert reader.document.get(disc.id) == disc
    assert not pixels(reader.document.get(canal.id).geometry)[40, 120]  # type: ignore[union-attr]


def test_a_mask_erased_to_nothing_is_removed_and_its_proposal_does_not_come_back() -> None:
    small = mask_of_plane(np.ones((3, 3), np.bool_), 3, x=20, y=20)
    accepted = replace(mark(small), origin="01PROPOSAL")
    reader = Reader(EraserTool(), accepted)
    reader.drag((18, 21), (26, 21))
    assert reader.document.annotations == ()
    assert "01PROPOSAL" in reader.document.rejected
    proposed = proposal(small)
    reader = Reader(EraserTool(), proposed)
    reader.drag((21, 21), (26, 21))
    assert proposed.id in reader.document.rejected


def test_the_eraser_over_nothing_does_nothing() -> None:
    reader = Reader(EraserTool(), mark(Box(Plane(0, 3), 0, 0, 50, 50)))
    assert reader.press(20, 20).busy
    reader.move(40, 40)
    reader.release(40, 40)
    assert reader.titles == []


def test_painting_over_what_is_painted_keeps_no_edit() -> None:
    reader = Reader(BrushTool(), mark(mask_of_plane(np.ones((60, 60), np.bool_), 3)))
    reader.drag((20, 20), (30, 30))
    assert reader.titles == []


def test_while_the_stroke_goes_on_the_mask_is_shown_but_not_kept() -> None:
    painted = mark(mask_of_plane(np.ones((9, 9), np.bool_), 3, x=20, y=20))
    reader = Reader(BrushTool(), painted)
    reader.press(50, 50)
    (live,) = reader.move(60, 50).live
    assert isinstance(live, Annotation)
    assert live.id == painted.id
    assert reader.document.annotations == (painted,)
    assert reader.tool.cancel().live == ()
    reader.release(60, 50)
    assert reader.document.annotations == (painted,)


def test_an_empty_mask_is_no_obstacle() -> None:
    reader = Reader(BrushTool(), mark(empty_mask(0)))
    reader.click(20, 20)
    assert len(reader.document.annotations) == 1
