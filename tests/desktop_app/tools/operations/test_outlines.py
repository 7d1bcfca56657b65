"""What operations make of outlines, and of several marks at once, in scan coordinates."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from dataset.annotation import Annotation, Box, Points, Polygon, Polyline, RotatedBox
from dataset.mask import Mask
from dataset.qupath import PIECE, TEMPLATE
from desktop_app.operation import Operation
from desktop_app.tool import ToolOptions
from desktop_app.tools.operations.clean_outline import CleanOutline
from desktop_app.tools.operations.fill_holes import FillHoles
from desktop_app.tools.operations.intersect import Intersect
from desktop_app.tools.operations.merge import Merge
from desktop_app.tools.operations.polygon_to_mask import PolygonToMask
from desktop_app.tools.operations.simplify import Simplify
from desktop_app.tools.operations.smooth import Smooth
from desktop_app.tools.operations.split import Split
from desktop_app.tools.operations.subtract import Subtract
from imaging.geometry import Plane
from tests.desktop_app.tools.hand import AXIAL, mark, proposal
from tests.desktop_app.tools.operations.working import SIZE, Work, mask, square

ONE, OTHER = mask({3: [(20, 20, 60, 60)], 4: [(0, 0, 5, 5)]}), mask({3: [(50, 20, 80, 60)]})
BOW = Polygon(AXIAL, ((10, 10), (50, 50), (50, 10), (10, 50)))


def test_polygons_lose_their_holes() -> None:
    assert Work(FillHoles(), mark(square(10, 10, 50, (20, 20, 5)))).only.geometry == square(10, 10, 50)


def test_masks_merge_into_the_first_and_the_others_go() -> None:
    first, second = mark(ONE), mark(OTHER, "tumour")
    work = Work(Merge(), first, second)
    assert work.only.geometry == mask({3: [(20, 20, 80, 60)], 4: [(0, 0, 5, 5)]})
    assert (work.only.id, work.only.label, work.title) == (first.id, "disc", "Merge")
    assert work.outcome.select == {first.id}


def test_a_proposal_that_is_merged_comes_back_no_more() -> None:
    own, proposed = replace(mark(OTHER), origin="p1"), proposal(ONE)
    work = Work(Merge(), mark(ONE), own, proposed)
    assert work.document.rejected == {proposed.id, "p1"}
    both = Work(Merge(), proposed, proposal(OTHER))
    assert both.only.origin == proposed.id


def test_outlines_merge_and_touching_boxes_too() -> None:
    work = Work(Merge(), mark(square(10, 10, 20)), mark(Box(AXIAL, 20, 20, 30, 30)))
    assert isinstance(work.only.geometry, Polygon)
    assert len(work.only.geometry.exterior) == 8


def test_outlines_that_do_not_touch_are_not_merged() -> None:
    work = Work(Merge(), mark(square(10, 10, 20)), mark(square(60, 60, 20)))
    assert work.outcome.edit is None
    assert "do not touch" in work.outcome.told


def test_an_outline_and_a_mask_merge_as_masks() -> None:
    work = Work(Merge(), mark(square(40, 20, 40)), mark(ONE))
    assert work.only.geometry == mask({3: [(20, 20, 80, 60)], 4: [(0, 0, 5, 5)]})


def test_the_largest_loses_what_the_others_cover_and_they_stay() -> None:
    small, large = mark(OTHER), mark(ONE, "tumour")
    work = Work(Subtract(), small, large)
    assert work.left[0] == small
    assert work.left[1].geometry == mask({3: [(20, 20, 50, 60)], 4: [(0, 0, 5, 5)]})
    assert (work.left[1].id, work.left[1].label) == (large.id, "tumour")


def test_a_polygon_cut_out_of_another_leaves_a_hole() -> None:
    work = Work(Subtract(), mark(square(10, 10, 50)), mark(square(20, 20, 5)))
    made = work.left[0].geometry
    assert isinstance(made, Polygon)
    assert [set(hole) for hole in made.holes] == [{(20, 20), (25, 20), (25, 25), (20, 25)}]


def test_cutting_what_does_not_overlap_changes_nothing() -> None:
    for marks in ((square(10, 10, 50), square(100, 10, 5)), (ONE, mask({5: [(0, 0, 3, 3)]}))):
        work = Work(Subtract(), *map(mark, marks))
        assert work.outcome.edit is None
        assert work.outcome.told


def test_what_marks_share_stays_in_the_first() -> None:
    first = mark(ONE)
    work = Work(Intersect(), first, mark(OTHER))
    assert work.only.geometry == mask({3: [(50, 20, 60, 60)]})
    assert work.only.id == first.id
    shared = Work(Intersect(), mark(square(10, 10, 20)), mark(square(20, 20, 30))).only.geometry
    assert isinstance(shared, Polygon)
    assert set(shared.exterior) == {(20, 20), (30, 20), (30, 30), (20, 30)}


def test_marks_that_share_nothing_stay_as_they_are() -> None:
    work = Work(Intersect(), mark(square(10, 10, 20)), mark(square(60, 60, 20)))
    assert len(work.left) == 2
    assert "share nothing" in work.outcome.told


@pytest.mark.parametrize("operation", [Merge(), Subtract(), Intersect()])
def test_marks_that_cannot_lie_over_each_other_are_not_put_together(operation: Operation) -> None:
    for marks in (
        (mark(ONE),),
        (mark(ONE), mark(mask({3: [(1, 1, 5, 5)]}, 1))),
        (mark(square(1, 1, 5)), mark(square(1, 1, 5, plane=Plane(0, 4)))),
        (mark(ONE), mark(Points(AXIAL, ((1.0, 1.0),)))),
    ):
        assert not operation.can(marks, SIZE)


def test_an_outline_that_crosses_itself_is_split_or_untangled_into_its_loops() -> None:
    for operation in (Split(), CleanOutline()):
        left = Work(operation, mark(BOW)).left
        assert [sorted(m.geometry.exterior) for m in left if isinstance(m.geometry, Polygon)] in (
            [[(10, 10), (10, 50), (30, 30)], [(30, 30), (50, 10), (50, 50)]],
            [[(30, 30), (50, 10), (50, 50)], [(10, 10), (10, 50), (30, 30)]],
        )
        assert Work(operation, mark(square(10, 10, 20, (15, 15, 3)))).outcome.edit is None


def test_pieces_do_not_share_what_names_one_mark_in_qupath() -> None:
    was = replace(mark(BOW), attributes=(("side", "left"), (TEMPLATE, "{}"), (PIECE, "x/0")))
    first, second = Work(Split(), was).left
    assert first.attributes == was.attributes
    assert second.attributes == (("side", "left"),)


def circle(count: int) -> Polygon:
    angles = [2 * math.pi * n / count for n in range(count)]
    return Polygon(AXIAL, tuple((100 + 50 * math.cos(a), 100 + 50 * math.sin(a)) for a in angles))


def points_of(annotation: Annotation) -> int:
    assert isinstance(annotation.geometry, Polygon)
    return len(annotation.geometry.exterior)


def test_outlines_are_simplified_by_the_tolerance_of_the_reader() -> None:
    near = Work(Simplify(), mark(circle(500)), options=ToolOptions(simplify=0.5)).only
    far = Work(Simplify(), mark(circle(500)), options=ToolOptions(simplify=5.0)).only
    assert 3 <= points_of(far) < points_of(near) < 100
    line = Polyline(AXIAL, ((0.0, 0.0), (5.0, 0.2), (10.0, 0.0)))
    assert Work(Simplify(), mark(line)).only.geometry == Polyline(AXIAL, ((0.0, 0.0), (10.0, 0.0)))
    assert Work(Simplify(), mark(square(1, 1, 9))).outcome.edit is None


def test_corners_are_rounded() -> None:
    made = Work(Smooth(), mark(square(10, 10, 40))).only
    assert points_of(made) > 8
    assert (10, 10) not in made.geometry.exterior  # type: ignore[union-attr]


def test_outlines_become_the_pixels_whose_centres_they_hold() -> None:
    box, dot = mark(Box(AXIAL, 10.4, 10.6, 20.0, 20.0)), mark(Box(AXIAL, 10.6, 10.6, 0.2, 0.2))
    work = Work(PolygonToMask(), box, dot)
    assert work.left[0].geometry == mask({3: [(10, 11, 30, 31)]})
    assert work.left[1] == dot
    turned = mark(RotatedBox(AXIAL, 20, 30, 10, 4, 90))
    assert Work(PolygonToMask(), turned).only.geometry == mask({3: [(18, 25, 22, 35)]})
    assert isinstance(work.left[0].geometry, Mask)
