"""What operations make of masks, in scan coordinates."""

from __future__ import annotations

import numpy as np
import pytest

from dataset.annotation import Polygon
from dataset.mask import Mask, mask_of_plane
from desktop_app.tool import ToolOptions
from desktop_app.tools.operations.fill_holes import FillHoles
from desktop_app.tools.operations.grow import Grow
from desktop_app.tools.operations.grow_mm import GrowMillimetre
from desktop_app.tools.operations.interpolate import Interpolate
from desktop_app.tools.operations.keep_largest import KeepLargest
from desktop_app.tools.operations.mask_to_polygons import MaskToPolygons
from desktop_app.tools.operations.polygon_to_mask import PolygonToMask
from desktop_app.tools.operations.remove_small import RemoveSmall
from desktop_app.tools.operations.shrink import Shrink
from desktop_app.tools.operations.shrink_mm import ShrinkMillimetre
from desktop_app.tools.operations.smooth import Smooth
from desktop_app.tools.operations.split import Split
from imaging.errors import Problem
from imaging.geometry import Size
from tests.desktop_app.tools.hand import mark, proposal
from tests.desktop_app.tools.operations.working import Work, bits, mask, square

RING = {3: [(20, 20, 60, 22), (20, 58, 60, 60), (20, 20, 22, 60), (58, 20, 60, 60)]}
DISC = mask({3: [(20, 20, 60, 60)]})


def test_the_inside_of_a_ring_is_filled() -> None:
    was = mark(mask(RING))
    work = Work(FillHoles(), was)
    assert bits(work.only.geometry).sum() == 40 * 40
    assert (work.only.id, work.only.author, work.title) == (was.id, "grace", "Fill holes")
    assert work.outcome.select == {was.id}


def test_without_holes_nothing_is_done_and_that_is_told() -> None:
    work = Work(FillHoles(), mark(DISC))
    assert work.outcome.edit is None
    assert work.outcome.told


def test_a_proposal_becomes_the_reader_s_own_and_names_what_it_was() -> None:
    was = proposal(mask(RING))
    work = Work(FillHoles(), was)
    assert (work.only.origin, work.only.score, work.only.author) == (was.id, was.score, "grace")
    assert work.only.id != was.id
    assert work.document.is_settled(was.id)
    assert work.outcome.select == {work.only.id}


def test_what_was_accepted_and_is_selected_is_changed() -> None:
    was = mark(mask(RING), author="model:finder@1", locked=True)
    assert Work(FillHoles(), was).only.author == "grace"


def test_planes_between_painted_ones_are_filled_on_the_mask_s_axis() -> None:
    for axis, size in ((0, Size(300, 200, 12)), (1, Size(300, 12, 200)), (2, Size(12, 300, 200))):
        was = mark(mask({2: [(20, 20, 60, 60)], 6: [(20, 20, 60, 60)]}, axis))  # type: ignore[arg-type]
        made = Work(Interpolate(), was, size=size).only.geometry
        assert isinstance(made, Mask)
        assert made.planes == (2, 3, 4, 5, 6)
        assert all(made.bounds(plane) == (20, 20, 40, 40) for plane in made.planes)


def test_a_mask_of_one_plane_has_nothing_between_and_the_reader_is_told_what_to_paint() -> None:
    work = Work(Interpolate(), mark(DISC))
    assert work.outcome.edit is None
    assert "paint" in work.outcome.told


def test_only_the_largest_piece_stays_through_planes() -> None:
    pieces = {2: [(10, 10, 20, 20)], 3: [(10, 10, 20, 20), (100, 100, 112, 112)]}
    made = Work(KeepLargest(), mark(mask(pieces))).only.geometry
    assert made == mask({2: [(10, 10, 20, 20)], 3: [(10, 10, 20, 20)]})


def test_pieces_below_the_limit_go() -> None:
    pieces = mask({3: [(10, 10, 20, 20), (100, 100, 103, 103)]})
    assert Work(RemoveSmall(), mark(pieces)).only.geometry == mask({3: [(10, 10, 20, 20)]})
    work = Work(RemoveSmall(), mark(pieces), options=ToolOptions(smallest=9))
    assert work.outcome.edit is None


def test_a_mask_of_small_pieces_only_is_removed_and_its_proposal_rejected() -> None:
    own, proposed = mark(mask({3: [(10, 10, 12, 12)]})), proposal(mask({3: [(30, 10, 32, 12)]}))
    work = Work(RemoveSmall(), own, proposed)
    assert work.left == ()
    assert work.document.rejected == {proposed.id}


def test_pieces_become_marks_and_the_largest_keeps_what_it_was() -> None:
    was = mark(mask({3: [(10, 10, 20, 20), (100, 100, 140, 140)], 7: [(5, 5, 6, 6)]}))
    work = Work(Split(), was)
    assert [int(m.geometry.count()) for m in work.left if isinstance(m.geometry, Mask)] == [1600, 100, 1]
    assert work.left[0].id == was.id
    assert len({m.id for m in work.left}) == 3
    assert {(m.label, m.author) for m in work.left} == {("disc", "grace")}
    assert work.outcome.select == {m.id for m in work.left}


def test_pieces_of_a_proposal_all_name_it() -> None:
    was = proposal(mask({3: [(10, 10, 20, 20), (100, 100, 140, 140)]}))
    assert [m.origin for m in Work(Split(), was).left] == [was.id, was.id]


def test_a_mask_of_dust_is_not_split_into_thousands_of_marks() -> None:
    dust = np.zeros((200, 300), np.bool_)
    dust[::2, ::2] = True
    with pytest.raises(Problem, match="15,000 pieces"):
        Work(Split(), mark(mask_of_plane(dust, 3)))


def test_masks_grow_and_shrink_by_a_pixel_on_their_planes() -> None:
    grown = Work(Grow(), mark(DISC)).only.geometry
    assert isinstance(grown, Mask)
    assert grown.bounds(3) == (19, 19, 42, 42)
    assert grown.count() == 1600 + 4 * 40
    shrunk = Work(Shrink(), mark(DISC)).only.geometry
    assert shrunk == mask({3: [(21, 21, 59, 59)]})


def test_a_mask_stays_within_the_scan_and_keeps_its_rim_there() -> None:
    corner = mark(mask({3: [(0, 0, 20, 20)]}))
    grown = Work(Grow(), corner).only.geometry
    assert isinstance(grown, Mask)
    assert grown.bounds(3) == (0, 0, 21, 21)
    assert Work(Shrink(), corner).only.geometry == mask({3: [(0, 0, 19, 19)]})


def test_a_mask_that_shrinks_to_nothing_is_removed() -> None:
    assert Work(Shrink(), mark(mask({3: [(10, 10, 12, 12)]}))).left == ()


def test_a_millimetre_goes_in_all_directions_by_the_spacing() -> None:
    spacing = (0.5, 0.25, 1.0)
    made = Work(GrowMillimetre(), mark(DISC), spacing=spacing).only.geometry
    assert isinstance(made, Mask)
    assert made.planes == (2, 3, 4)
    assert made.bounds(3) == (18, 16, 44, 48)
    assert made.bounds(2) == (20, 20, 40, 40)
    solid = mark(mask({plane: [(20, 20, 60, 60)] for plane in range(2, 7)}))
    less = Work(ShrinkMillimetre(), solid, spacing=spacing).only.geometry
    assert isinstance(less, Mask)
    assert less.planes == (3, 4, 5)
    assert less.bounds(4) == (22, 24, 36, 32)


@pytest.mark.parametrize("spacing", [(None, None, None), (0.001, 0.001, None)])
def test_where_a_millimetre_is_unknown_or_too_many_pixels_that_is_one_line(
    spacing: tuple[float | None, float | None, float | None],
) -> None:
    with pytest.raises(Problem, match="by pixels instead"):
        Work(GrowMillimetre(), mark(DISC), spacing=spacing)


def test_smoothing_rounds_corners_and_leaves_dust_that_would_vanish() -> None:
    made = Work(Smooth(), mark(DISC)).only.geometry
    assert not bits(made)[20, 20]
    assert bits(made)[40, 20]
    assert Work(Smooth(), mark(mask({3: [(10, 10, 12, 12)]}))).outcome.edit is None


def test_a_mask_becomes_polygons_with_holes_and_those_the_mask_again() -> None:
    was = mark(mask(RING | {5: [(1, 1, 4, 4), (10, 10, 14, 14)]}))
    work = Work(MaskToPolygons(), was)
    shapes = [m.geometry for m in work.left]
    assert len(shapes) == 3
    assert isinstance(shapes[0], Polygon)
    assert shapes[0] == square(20, 20, 40, (22, 22, 36)) or len(shapes[0].holes) == 1
    back = [m.geometry for m in Work(PolygonToMask(), *work.left).left]
    assert sum(m.count() for m in back if isinstance(m, Mask)) == mask(RING).count() + 9 + 16
    assert back[0] == mask(RING)
