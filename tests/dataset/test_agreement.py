"""How far two readers agree, checked against slow and simple ways to say the same."""

from __future__ import annotations

from itertools import permutations
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.agreement import Agreement, Difference, changes, compare, kappa_of, presence_kappa
from dataset.annotation import Annotation, Box, Geometry, Points, Polygon, Polyline, RotatedBox, WholeScan
from dataset.document import Snapshot
from dataset.mask import empty_mask, mask_of_plane, mask_of_volume
from dataset.matching import assigned, iou, matches, overlap
from imaging.geometry import Plane
from tests.dataset.scans import annotation

P = Plane(0, 3)


def box(x: float, y: float, width: float = 10.0, height: float = 10.0, plane: Plane = P) -> Box:
    return Box(plane, x, y, width, height)


def marks(*geometries: Geometry, label: str = "disc", author: str = "ana") -> tuple[Annotation, ...]:
    return tuple(annotation(geometry, label, author) for geometry in geometries)


def square(x: float, y: float, side: float) -> Polygon:
    return Polygon(P, ((x, y), (x + side, y), (x + side, y + side), (x, y + side)))


def kinds(agreement: Agreement) -> list[str]:
    return [difference.kind for difference in agreement.differences]


def test_boxes_are_counted_as_paired_and_alone() -> None:
    a = Snapshot(marks(box(0, 0), box(50, 50), box(80, 0)))
    b = Snapshot(marks(box(1, 0), box(100, 100)))
    (row,) = compare(a, b).labels
    assert (row.matched, row.only_a, row.only_b) == (1, 2, 1)
    assert row.mean_iou == pytest.approx(90 / 110)
    assert row.f1 == pytest.approx(2 / 5)
    assert row.dice is None
    assert row.iou is None
    assert kinds(compare(a, b)) == ["only A", "only A", "only B"]


def test_no_mark_is_paired_twice() -> None:
    found = matches(marks(box(0, 0), box(2, 0)), marks(box(1, 0)))
    assert len(found) == 1


def test_marks_on_different_planes_or_of_different_kinds_are_not_the_same() -> None:
    other = Plane(0, 4)
    assert matches(marks(box(0, 0)), marks(box(0, 0, plane=other))) == []
    assert matches(marks(Points(P, ((5.0, 5.0),))), marks(box(0, 0))) == []
    assert len(matches(marks(box(0, 0)), marks(square(0, 0, 10)))) == 1
    assert len(matches(marks(box(0, 0)), marks(RotatedBox(P, 5, 5, 10, 10, 90.0)))) == 1


def test_the_same_place_under_another_label_is_one_difference() -> None:
    a, b = Snapshot(marks(box(0, 0))), Snapshot(marks(box(0, 0), label="nodule"))
    (difference,) = compare(a, b).differences
    assert difference.kind == "label"
    assert difference.likeness == 1.0
    assert [(row.label, row.matched) for row in compare(a, b).labels] == [("disc", 0), ("nodule", 0)]


def test_a_pair_with_little_in_common_is_drawn_differently() -> None:
    near, far = Snapshot(marks(box(0, 0))), Snapshot(marks(box(3, 0)))
    agreement = compare(near, far)
    assert kinds(agreement) == ["outline"]
    assert agreement.agreed == ()
    assert agreement.labels[0].matched == 1
    assert len(compare(near, Snapshot(marks(box(1, 0)))).agreed) == 1


def test_masks_are_compared_pixel_by_pixel() -> None:
    one, other = np.zeros((2, 300, 600), np.bool_), np.zeros((2, 300, 600), np.bool_)
    one[0, 10:290, 10:500] = one[1, 5:9, 5:9] = True
    other[0, 50:300, 200:600] = True
    (row,) = compare(Snapshot(marks(mask_of_volume(one))), Snapshot(marks(mask_of_volume(other)))).labels
    common, either = np.count_nonzero(one & other), np.count_nonzero(one | other)
    assert row.pixels == (np.count_nonzero(one), np.count_nonzero(other), common)
    assert row.dice == pytest.approx(2 * common / (np.count_nonzero(one) + np.count_nonzero(other)))
    assert row.iou == pytest.approx(common / either)


def test_masks_of_a_label_are_compared_as_one() -> None:
    whole = np.ones((40, 40), np.bool_)
    halves = marks(mask_of_plane(whole[:20], 0), mask_of_plane(whole[:25], 0, y=15))
    (row,) = compare(Snapshot(halves), Snapshot(marks(mask_of_plane(whole, 0)))).labels
    assert row.dice == 1.0
    assert (row.matched, row.only_a) == (1, 1)


def test_masks_of_different_axes_are_compared_voxel_by_voxel() -> None:
    voxels = np.random.default_rng(3).random((7, 9, 11)) > 0.5
    upright = mask_of_volume(voxels)
    across = empty_mask(1)
    for row in range(9):
        across = across.painted(row, 0, 0, voxels[:, row, :], value=True)
    count = np.count_nonzero(voxels)
    assert overlap([upright], [across]) == (count, count, count)


def test_whole_scan_labels_agree_or_not() -> None:
    a, b = Snapshot(marks(WholeScan())), Snapshot(marks(WholeScan(), label="nodule"))
    assert compare(a, a).labels[0].f1 == 1.0
    assert sorted(kinds(compare(a, b))) == ["only A", "only B"]
    assert compare(a, b).differences[0].plane is None


def test_points_are_the_same_within_reach() -> None:
    def at(*points: tuple[float, float]) -> tuple[Annotation, ...]:
        return marks(Points(P, points))

    assert len(matches(at((0, 0)), at((6, 0)))) == 1
    assert matches(at((0, 0)), at((11, 0))) == []
    ((_, _, likeness),) = matches(at((0, 0), (50, 0), (90, 0)), at((50, 0), (0, 0)))
    assert likeness == pytest.approx(2 / 3)


def test_lines_are_the_same_whichever_way_they_were_drawn() -> None:
    line, back = Polyline(P, ((0, 0), (100, 0))), Polyline(P, ((100, 3), (50, 3), (0, 3)))
    ((_, _, likeness),) = matches(marks(line), marks(back))
    assert likeness == pytest.approx(1 - 3 / 20)
    assert matches(marks(line), marks(Polyline(P, ((0, 0), (0, 100))))) == []


@given(st.floats(0, 30), st.floats(0, 30), st.floats(2, 400), st.floats(2, 400))
def test_polygons_have_about_the_overlap_of_the_boxes_they_are(x: float, y: float, side: float, other: float) -> None:
    across = max(min(side, x + other) - x, 0) * max(min(side, y + other) - y, 0)
    exact = across / (side**2 + other**2 - across)
    # A side of the grid's 128 cells is right to half a cell.
    assert iou(square(0, 0, side), square(x, y, other)) == pytest.approx(exact, abs=0.04)


def test_holes_are_no_part_of_a_polygon() -> None:
    ring = Polygon(P, square(0, 0, 100).exterior, (square(25, 25, 50).exterior,))
    assert iou(ring, square(0, 0, 100)) == pytest.approx(0.75, abs=0.02)


boxes = st.lists(
    st.builds(box, st.floats(0, 40), st.floats(0, 40), st.floats(5, 25), st.floats(5, 25)), min_size=0, max_size=5
)


def exact_iou(a: Box, b: Box) -> float:
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    common = max(across, 0) * max(down, 0)
    return common / (a.width * a.height + b.width * b.height - common)


@given(boxes, boxes)
def test_pairing_is_the_best_of_all_there_are(a: list[Box], b: list[Box]) -> None:
    if len(a) > len(b):
        a, b = b, a
    table = [[value if (value := exact_iou(i, j)) >= 0.5 else 0.0 for j in b] for i in a]
    ways = permutations(range(len(b)), len(a))
    best = max(sum(table[i][j] for i, j in enumerate(way)) for way in ways)
    assert sum(likeness for _, _, likeness in matches(marks(*a), marks(*b))) == pytest.approx(best)


def test_assignment_looks_further_than_the_best_single_pair() -> None:
    assert assigned([(0, 0, 0.9), (0, 1, 0.8), (1, 0, 0.8)]) == [(0, 1, 0.8), (1, 0, 0.8)]


@given(boxes, boxes)
def test_exchanging_the_readers_exchanges_what_only_one_has(a: list[Box], b: list[Box]) -> None:
    one, other = (Snapshot(marks(*found)) for found in (a, b))
    there, back = compare(one, other).overall, compare(other, one).overall
    assert (there.matched, there.only_a, there.only_b) == (back.matched, back.only_b, back.only_a)
    assert there.matched + there.only_a == len(a)
    assert there.f1 == back.f1


@pytest.mark.slow
def test_tens_of_thousands_of_marks_are_compared_through_an_index() -> None:
    random = Random(4)
    places = [(random.uniform(0, 50_000), random.uniform(0, 50_000)) for _ in range(20_000)]
    a = Snapshot(marks(*(square(x, y, 12) for x, y in places[:15_000])))
    b = Snapshot(marks(*(square(x + 1, y, 12) for x, y in places[5_000:]), box(0, 0, 50_000, 50_000)))
    overall = compare(a, b).overall
    assert overall.matched + overall.only_a == 15_000
    assert overall.matched == pytest.approx(10_000, abs=20)


def test_kappa_is_what_the_book_says() -> None:
    said = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert kappa_of(said) == pytest.approx(0.4)
    assert kappa_of([("y", "n"), ("n", "y")]) == pytest.approx(-1.0)
    assert kappa_of([("y", "y"), ("n", "n")]) == 1.0
    assert kappa_of([]) is None
    assert kappa_of([("y", "y")] * 9) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=60))
def test_kappa_is_that_of_its_table(said: list[tuple[str, str]]) -> None:
    table = np.zeros((3, 3))
    for a, b in said:
        table["abc".index(a), "abc".index(b)] += 1
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    weights = 1 - np.eye(3)
    off = (weights * expected).sum()
    found = kappa_of(said)
    if off == 0:
        assert found is None
    else:
        assert found == pytest.approx(1 - (weights * table).sum() / off)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=40))
def test_kappa_is_that_of_scikit_learn(said: list[tuple[bool, bool]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    found = kappa_of(said)
    if found is not None:
        assert found == pytest.approx(metrics.cohen_kappa_score(*zip(*said, strict=True)))


def test_presence_is_compared_across_scans() -> None:
    scans = [(("disc",), ("disc",)), ((), ("nodule",)), (("disc", "nodule"), ("nodule",)), ((), ())]
    found = presence_kappa(scans)
    assert found["disc"] == pytest.approx(kappa_of([(True, True), (False, False), (True, False), (False, False)]))
    assert set(found) == {"disc", "nodule"}


def test_changes_are_told_by_id() -> None:
    kept, gone, moved = marks(box(0, 0), box(20, 0), box(40, 0))
    (new,) = marks(box(60, 0))
    after = annotation(box(41, 0))
    after = Annotation(moved.id, moved.label, after.geometry, "ben", moved.created)
    assert changes(Snapshot((kept, gone, moved)), Snapshot((kept, after, new))) == ((new.id,), (gone.id,), (moved.id,))
    assert changes(Snapshot((kept,)), Snapshot((kept,))) == ((), (), ())


def test_two_versions_of_one_mark_can_stand_beside_each_other() -> None:
    a = annotation(box(0, 0))
    b = Annotation(a.id, "nodule", box(1, 0), "ben", a.created)
    difference = Difference("label", a, b)
    assert difference.b_beside is not None
    assert difference.b_beside.id != a.id
    assert difference.b_beside.geometry == b.geometry
    assert Difference("only B", None, b).b_beside is b
