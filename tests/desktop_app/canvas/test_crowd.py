"""Very many marks as one picture: every one is seen, where it is, in its colour."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataset.annotation import Box, Points, Polygon, Polyline, Proposal, RotatedBox
from desktop_app.canvas.crowd import DASHED, PLOTTED_FROM, draw
from desktop_app.canvas.crowd_scene import Picture, Scene, Turn, pieces_near, spans
from desktop_app.mark_index import MarkIndex
from imaging.geometry import Plane

PLANE = Plane()
COLOURS = np.array([[10, 20, 250], [40, 230, 30]], np.uint8)


def index_of(*shapes: Box | RotatedBox | Polygon | Polyline | Points, labels: tuple[str, ...] = ("a",)) -> MarkIndex:
    index = MarkIndex()
    index.sync(tuple(Proposal(f"p{n}", labels[n % len(labels)], shape, 0.5) for n, shape in enumerate(shapes)))
    return index


def drawn(index: MarkIndex, turn: Turn, *, side: int = 200, is_fine: bool = True, ratio: float = 1.0) -> Picture:
    scene = Scene(index.shapes, COLOURS, turn, ratio)
    rows = index.find(*turn.around(-4, -4, side + 4, side + 4))
    picture = draw(scene, rows, 0, 0, side, side, is_fine=is_fine)
    return picture if picture is not None else np.zeros((side, side, 4), np.uint8)


def ring(x: float, y: float, radius: float, count: int = 20) -> Polygon:
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    points = np.stack((x + radius * np.cos(turn), y + radius * np.sin(turn)), 1)
    return Polygon(PLANE, tuple((float(u), float(v)) for u, v in points))


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.01, 0.06, 0.2]), st.sampled_from([0.0, 0.3, 2.0]), st.booleans())
def test_every_mark_too_small_for_an_outline_has_its_pixel(seed: int, scale: float, angle: float, fine: bool) -> None:
    rng = np.random.default_rng(seed)
    turn = Turn(scale * np.cos(angle), -scale * np.sin(angle), scale * np.sin(angle), scale * np.cos(angle))
    x0, y0, x1, y1 = turn.around(0, 0, 200, 200)
    places = rng.uniform((x0, y0), (x1, y1), (150, 2)).tolist()
    index = index_of(*(Box(PLANE, x, y, rng.uniform(0, 14), rng.uniform(0, 14)) for x, y in places))
    picture = drawn(index, turn, is_fine=fine)
    bounds = index.shapes.bounds
    middles = np.floor(turn.applied((bounds[:, :2] + bounds[:, 2:]) / 2)).astype(int)
    inside = (middles >= 0).all(1) & (middles < 200).all(1)
    assert (picture[middles[inside, 1], middles[inside, 0], 3] > 100).all()


@pytest.mark.parametrize("is_fine", [True, False])
def test_a_rotated_box_is_drawn_along_its_own_sides(is_fine: bool) -> None:
    picture = drawn(index_of(RotatedBox(PLANE, 100, 100, 100, 60, 30)), Turn(1, 0, 0, 1), is_fine=is_fine)
    outline = RotatedBox(PLANE, 100, 100, 100, 60, 30).corners()
    for (ax, ay), (bx, by) in zip(outline, (*outline[1:], outline[0]), strict=True):
        x, y = round((ax + bx) / 2), round((ay + by) / 2)
        assert picture[y - 1 : y + 2, x - 1 : x + 2, 3].max() > 100
    assert picture[45:55, 45:55].max() == 0


def test_where_there_are_more_the_pixel_is_covered_more() -> None:
    one, many = index_of(Box(PLANE, 50, 50, 1, 1)), index_of(*(Box(PLANE, 50, 50 + n / 9, 1, 1) for n in range(5)))
    turn = Turn(0.1, 0, 0, 0.1)
    assert 100 < drawn(one, turn)[5, 5, 3] < drawn(many, turn)[5, 5, 3]


def test_dots_have_the_colour_of_their_label_premultiplied() -> None:
    index = index_of(Box(PLANE, 10, 10, 2, 2), Box(PLANE, 50, 50, 2, 2), labels=("a", "b"))
    picture = drawn(index, Turn(1, 0, 0, 1))
    for (x, y), colour in (((11, 11), COLOURS[0]), ((51, 51), COLOURS[1])):
        pixel = picture[y, x].astype(int)
        assert np.abs(pixel[:3] - colour.astype(int) * pixel[3] // 255).max() <= 1


@pytest.mark.parametrize("is_fine", [True, False])
@pytest.mark.parametrize("radius", [4.0, 9.0, 15.0, 80.0])
def test_an_outline_runs_where_the_mark_is(radius: float, is_fine: bool) -> None:
    picture = drawn(index_of(ring(100, 100, radius, 64)), Turn(1, 0, 0, 1), is_fine=is_fine)
    rows, columns = np.nonzero(picture[..., 0] + picture[..., 1] + picture[..., 2].astype(int) > 60)
    far = np.hypot(columns + 0.5 - 100, rows + 0.5 - 100)
    assert len(far) > 2 * radius
    assert (np.abs(far - radius) < 2.5).all()
    if not is_fine:
        assert picture[100, 100, 3] == 0


def test_only_large_proposals_are_dashed() -> None:
    whole, dashed = (
        (drawn(index_of(ring(100, 100, size / 2, 64)), Turn(1, 0, 0, 1))[..., 2] > 128).sum() / size
        for size in (DASHED - 2, DASHED + 2)
    )
    assert 0.4 < dashed / whole < 0.85


def test_lines_stay_open_points_are_dots_and_holes_are_drawn() -> None:
    line = drawn(index_of(Polyline(PLANE, ((20.0, 20.0), (120.0, 20.0), (120.0, 120.0)))), Turn(1, 0, 0, 1))
    assert line[70, 70, 3] == 0
    points = drawn(index_of(Points(PLANE, ((30.5, 40.5), (90.5, 40.5)))), Turn(1, 0, 0, 1))
    assert (points[40, [30, 90], 3] > 100).all()
    assert points[40, 60, 3] == 0
    outer, hole = ring(100, 100, 60), ring(100, 100, 20)
    holed = drawn(index_of(Polygon(PLANE, outer.exterior, (hole.exterior,))), Turn(1, 0, 0, 1), is_fine=False)
    assert holed[100, 119:121, 3].max() == 255


def test_a_ring_of_very_many_points_looks_like_one_of_few() -> None:
    few, many = (drawn(index_of(ring(100, 100, 70, count)), Turn(1, 0, 0, 1), is_fine=False) for count in (500, 5000))
    either = (few[..., 3] > 0) | (many[..., 3] > 0)
    assert ((few[..., 3] > 0) & (many[..., 3] > 0)).sum() > 0.7 * either.sum()


def test_pictures_beside_each_other_fit() -> None:
    index = index_of(*(ring(x, y, 13) for x, y in np.random.default_rng(1).uniform(0, 200, (60, 2)).tolist()))
    turn, scene = Turn(1, 0, 0, 1), Scene(index.shapes, COLOURS, Turn(1, 0, 0, 1))
    whole = drawn(index, turn, is_fine=False)
    for left in (0, 100):
        rows = index.find(*turn.around(left - 6, -6, left + 106, 206))
        part = draw(scene, rows, left, 0, 100, 200, is_fine=False)
        assert part is not None
        assert (part == whole[:, left : left + 100]).mean() > 0.99


def test_what_is_hidden_is_not_drawn_and_what_is_chosen_is_thicker() -> None:
    index = index_of(ring(60, 60, 20), ring(140, 140, 20))
    flags = np.array([True, False])
    plain = Scene(index.shapes, COLOURS, Turn(1, 0, 0, 1))
    hidden = Scene(index.shapes, COLOURS, Turn(1, 0, 0, 1), hidden=flags)
    chosen = Scene(index.shapes, COLOURS, Turn(1, 0, 0, 1), chosen=flags)
    rows = np.array([0, 1])
    pictures = [draw(scene, rows, 0, 0, 200, 200, is_fine=False) for scene in (plain, hidden, chosen)]
    sums = [int((picture[:100, :100, 3] > 0).sum()) for picture in pictures if picture is not None]
    assert sums[1] == 0
    assert sums[2] > 2 * sums[0]
    assert draw(hidden, rows[:1], 0, 0, 200, 200, is_fine=True) is None


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 6)), max_size=8))
def test_spans_are_runs_one_after_the_other(runs: list[tuple[int, int]]) -> None:
    starts, counts = (np.array([run[side] for run in runs], np.int64) for side in (0, 1))
    wanted: list[int] = [number for start, count in runs for number in range(start, start + count)]
    assert spans(starts, counts).tolist() == wanted


def test_a_line_is_cut_where_it_is_far() -> None:
    line: NDArray[np.float64] = np.array(
        [(-50, 10), (-20, 10), (5, 10), (30, 10), (500, 10), (900, 10), (900, 500)], float
    )
    pieces = pieces_near(line, 100, 100)
    assert [piece.tolist() for piece in pieces] == [line[1:5].tolist()]


@pytest.mark.parametrize("count", [1, PLOTTED_FROM + 1])
@pytest.mark.parametrize("angle", [0.0, 0.4, np.pi / 2])
def test_while_there_is_no_time_small_round_outlines_are_ellipses_of_their_size(angle: float, count: int) -> None:
    turn = Turn(np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle))
    x0, y0, x1, y1 = turn.around(100, 100, 100, 100)
    along = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    points = np.stack(((x0 + x1) / 2 + 6 * np.cos(along), (y0 + y1) / 2 + 3 * np.sin(along)), 1)
    outline = Polygon(PLANE, tuple(map(tuple, points.tolist())))
    rows, columns = np.nonzero(drawn(index_of(*[outline] * count), turn, is_fine=False)[..., 3])
    middle = ((columns.min() + columns.max() + 1) / 2, (rows.min() + rows.max() + 1) / 2)
    assert middle == pytest.approx((100, 100), abs=1)
    wanted = np.hypot(12 * np.cos(angle), 6 * np.sin(angle)), np.hypot(12 * np.sin(angle), 6 * np.cos(angle))
    assert (np.ptp(columns) + 1, np.ptp(rows) + 1) == pytest.approx(wanted, abs=1.5)


@pytest.mark.parametrize("count", [1, PLOTTED_FROM + 1])
def test_small_lines_are_open_also_while_there_is_no_time(count: int) -> None:
    corner = Polyline(PLANE, ((90.5, 90.5), (110.5, 90.5), (110.5, 110.5)))
    picture = drawn(index_of(*[corner] * count), Turn(1, 0, 0, 1), is_fine=False)
    assert (picture[90, 91:110, 3] > 0).all()
    assert (picture[91:110, 110, 3] > 0).all()
    assert picture[100, 100, 3] == 0


@pytest.mark.parametrize("is_fine", [True, False])
def test_labels_lie_over_each_other_in_the_same_order_whatever_the_sizes(is_fine: bool) -> None:
    # The second label is the upper one, though its outline is the smaller: both pass through (100, 50).
    index = index_of(ring(100, 100, 50, 40), ring(100, 60, 10, 40), labels=("a", "b"))
    both = drawn(index, Turn(1, 0, 0, 1), is_fine=is_fine)
    upper = drawn(index_of(ring(0, 0, 1), ring(100, 60, 10, 40), labels=("a", "b")), Turn(1, 0, 0, 1), is_fine=False)
    at = (upper[..., 3] == 255).nonzero()
    assert len(at[0]) > 40
    if is_fine:
        assert both[50, 100, 1] > both[50, 100, 2]
    else:
        assert (both[at] == upper[at]).all()
