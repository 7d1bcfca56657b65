"""Which of very many marks lie where, and that following them costs what changed."""

from functools import cache

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import (
    Annotation,
    Box,
    Points,
    Polygon,
    Polyline,
    Proposal,
    RotatedBox,
    WholeScan,
    accepted,
    bounds,
    now,
)
from dataset.mask import mask_of_plane
from desktop_app.mark_index import BLOCK, LOCKED, OWN, PROPOSED, MarkIndex, difference
from desktop_app.tool import Mark
from imaging.geometry import Plane

PLANE = Plane()
sides = st.floats(0, 1000, allow_nan=False)
boxes = st.builds(Box, st.just(PLANE), sides, sides, st.floats(0, 60), st.floats(0, 60))
rings = st.lists(st.tuples(sides, sides), min_size=1, max_size=6).map(tuple)
geometries = st.one_of(
    boxes,
    st.builds(RotatedBox, st.just(PLANE), sides, sides, st.floats(0, 60), st.floats(0, 60), st.floats(0, 359)),
    st.builds(Polygon, st.just(PLANE), rings),
    st.builds(Polyline, st.just(PLANE), rings),
    st.builds(Points, st.just(PLANE), rings),
)


def proposals_of(count: int, *, seed: int = 0, side: float = 9.0) -> tuple[Proposal, ...]:
    rng = np.random.default_rng(seed)
    return tuple(
        Proposal(f"s{seed}p{n}", "nucleus", Box(PLANE, x, y, side, side), 0.5)
        for n, (x, y) in enumerate(rng.uniform(0, 2000, (count, 2)).tolist())
    )


def index_of(*marks: Mark) -> MarkIndex:
    index = MarkIndex()
    index.sync(marks)
    return index


@cache
def index_of_many() -> MarkIndex:
    """So many that blocks lie wholly inside rectangles."""
    return index_of(*proposals_of(4000))


def found(index: MarkIndex, *rect: float) -> set[str]:
    return {index.marks[row].id for row in index.find(*rect)}


def meeting(marks: tuple[Mark, ...], x0: float, y0: float, x1: float, y1: float) -> set[str]:
    """By brute force."""
    ids: set[str] = set()
    for mark in marks:
        around = bounds(mark.geometry)
        assert around is not None
        x, y, width, height = around
        if x <= x1 and x + width >= x0 and y <= y1 and y + height >= y0:
            ids.add(mark.id)
    return ids


@given(st.lists(geometries, max_size=40), st.tuples(sides, sides, sides, sides))
def test_a_rectangle_finds_what_looking_at_every_mark_finds(shapes: list[object], rect: tuple[float, ...]) -> None:
    marks = tuple(Proposal(f"p{n}", "a", shape, 0.5) for n, shape in enumerate(shapes))  # type: ignore[arg-type]
    x0, x1 = sorted((rect[0], rect[2]))
    y0, y1 = sorted((rect[1], rect[3]))
    assert found(index_of(*marks), x0, y0, x1, y1) == meeting(marks, x0, y0, x1, y1)


@given(st.integers(0, 2**32 - 1))
def test_some_rectangles_find_what_each_finds_every_mark_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    index = index_of_many()
    corners = rng.uniform(-200, 2000, (int(rng.integers(1, 4)), 2))
    places = [(x, y, x + w, y + h) for (x, y), (w, h) in zip(corners, rng.uniform(0, 2000, corners.shape), strict=True)]
    each = [index.find(*place) for place in places]
    assert index.find_any(places).tolist() == sorted(set(np.concatenate(each).tolist()))


@given(st.integers(0, 2**32 - 1))
def test_following_changes_finds_the_same_as_starting_anew(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pool = list(proposals_of(300, seed=1))
    index, marks = MarkIndex(), tuple[Mark, ...]()
    for _ in range(6):
        keep = [mark for mark in marks if rng.random() < 0.8]
        come = [mark for mark in pool if mark not in keep and rng.random() < 0.3]
        changed = [accepted(m, "m@1") if isinstance(m, Proposal) and rng.random() < 0.1 else m for m in keep]
        marks = (*changed, *come)
        index.sync(marks)
        x, y = rng.uniform(0, 1500, 2)
        assert found(index, x, y, x + 400, y + 400) == meeting(marks, x, y, x + 400, y + 400)
        assert len(index) == len(marks)
        assert {index.get(mark.id) for mark in marks} == set(marks)


def test_many_single_marks_do_not_leave_a_block_each() -> None:
    every = proposals_of(2000)
    index = MarkIndex()
    for count in range(0, 2000, 2):
        index.sync(every[:count])
    assert len(index._blocks.values) < 2 * 2000 / BLOCK + 300
    assert found(index, 500, 500, 900, 900) == meeting(every[:1998], 500, 500, 900, 900)


def test_what_comes_back_takes_its_row_and_says_how_it_stands_now() -> None:
    proposals = proposals_of(5)
    index = index_of(*proposals)
    mine = Annotation("mine", "mitosis", proposals[2].geometry, "Ada", now())
    taken = accepted(proposals[1], "m@1")
    index.sync((proposals[0], taken, mine, *proposals[3:]))
    assert len(index.marks) == 5
    rows = index.rows_of(["mine", taken.id, "s0p0", "unknown"])
    assert index.shapes.standings[rows].tolist() == [OWN, LOCKED, PROPOSED]
    assert [index.labels[n] for n in index.shapes.labels[rows]] == ["mitosis", "nucleus", "nucleus"]


def test_two_marks_with_one_geometry_are_two() -> None:
    (one,) = proposals_of(1)
    other = Proposal("other", "nucleus", one.geometry, 0.7)
    index = index_of(one, other)
    assert found(index, 0, 0, 3000, 3000) == {one.id, "other"}
    index.sync((other,))
    assert found(index, 0, 0, 3000, 3000) == {"other"}
    index.sync((other, one))
    assert found(index, 0, 0, 3000, 3000) == {one.id, "other"}


def test_it_tells_where_something_changed_and_when_that_is_too_long_ago() -> None:
    proposals = proposals_of(100)
    index = index_of(*proposals[:50])
    before = index.serial
    unchanged = index.changes_since(before)
    assert unchanged is not None
    assert len(unchanged) == 0
    index.sync(proposals[:60])
    changed = index.changes_since(before)
    assert changed is not None
    assert len(changed) == 10
    for count in range(61, 100):
        index.sync(proposals[:count])
        index.sync(proposals[: count - 1])
    assert index.changes_since(before) is None


def test_masks_have_no_row_and_labels_of_the_scan_no_place() -> None:
    mask = Proposal("m", "a", mask_of_plane(np.ones((4, 4), np.bool_), 0), 0.5)
    index = index_of(mask, Proposal("w", "a", WholeScan(), 0.5), *proposals_of(3))
    assert index.masks == (mask,)
    assert len(index) == 3
    assert mask in index.near(5000, 5000, 1, 1)
    index.sync(())
    assert index.masks == ()
    assert len(index.find(-1e9, -1e9, 1e9, 1e9)) == 0


def test_outlines_without_points_or_numbers_are_nowhere() -> None:
    nan = float("nan")
    shapes = (Polygon(PLANE, ()), Points(PLANE, ()), Polygon(PLANE, ((nan, 1.0), (2.0, nan))))
    index = index_of(*(Proposal(f"p{n}", "a", shape, 0.5) for n, shape in enumerate(shapes)), *proposals_of(3))
    assert len(index.find(-1e9, -1e9, 1e9, 1e9)) == 3


@given(st.lists(st.integers(0, 9), unique=True), st.lists(st.integers(0, 9), unique=True))
def test_the_difference_is_what_went_and_what_came(old: list[int], new: list[int]) -> None:
    every = proposals_of(10)
    gone, come = difference([every[n] for n in old], [every[n] for n in new])
    assert {m.id for m in gone} == {every[n].id for n in set(old) - set(new)}
    assert {m.id for m in come} == {every[n].id for n in set(new) - set(old)}


def test_an_index_that_forgot_holds_no_mark_and_tells_what_went() -> None:
    index, mark = MarkIndex(), Annotation("a", "disc", Box(Plane(), 10, 20, 30, 40), "Ada", now())
    index.sync((mark,))
    serial = index.serial
    index.forget()
    assert len(index) == 0
    assert list(index.marks) == []
    changed = index.changes_since(serial)
    assert changed is not None
    assert changed.tolist() == [[10.0, 20.0, 40.0, 60.0]]
    index.sync((mark,))
    assert index.get("a") is mark
