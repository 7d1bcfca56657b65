"""Ten things a reader does all day, each by real events: what comes of it, and how many gestures it takes.

The counts are those of `docs/hands.md`: a page that claims less than the hand needs fails here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from dataset.annotation import Box, Polyline
from dataset.folder import Dataset
from dataset.mask import Mask
from tests.features.conftest import Hand
from tests.features.hands import (
    BOXES,
    DISC,
    SHOWN,
    CountingHand,
    add_reading,
    counts_on_the_page,
    make_dataset,
)

Perform = Callable[[list[str], Callable[[Hand], None]], int]
Task = Callable[[Callable[[CountingHand], None]], Dataset]
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier

pytestmark = [pytest.mark.gui, pytest.mark.timeout(120)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The dataset of the tasks."""
    make_dataset(tmp_path / "dataset")
    return tmp_path / "dataset"


@pytest.fixture
def task(perform: Perform, folder: Path, request: pytest.FixtureRequest) -> Task:
    """Opens the first case, counts what the hand does, and gives the dataset back once the window has closed."""
    number = int(request.node.name.split("_")[1])

    def run(act: Callable[[CountingHand], None]) -> Dataset:
        def begin(plain: Hand) -> None:
            hand = CountingHand(plain.window, folder.parent)
            hand.until(lambda: len(hand.session.cases) == 3)
            hand.session.open_case(0)
            hand.until(lambda: hand.session.scan is not None)
            hand.idle()
            hand.view.setFocus()
            hand.session.set_tool("select")
            act(hand)
            hand.idle()
            assert hand.count == counts_on_the_page()[number], "docs/hands.md says another number of gestures"

        assert perform(["--dataset", str(folder)], begin) == 0
        return Dataset.open(folder)

    return run


def middle(number: int) -> tuple[float, float]:
    """The middle of a proposed box."""
    return BOXES[number][0] + 12, BOXES[number][1] + 10


def test_1_a_right_case_is_accepted(task: Task) -> None:
    def act(hand: CountingHand) -> None:
        hand.key(Qt.Key.Key_G)
        hand.until(lambda: hand.session.scan_key == "case1")

    dataset = task(act)
    head = dataset.head("case0").revision
    assert head is not None
    assert (head.basis, head.count, dataset.record("case0").state) == ("accepted", 5, "labelled")
    dataset.close()


def test_2_one_wrong_box_is_put_right(task: Task) -> None:
    x, y = BOXES[0][0] + 24, BOXES[0][1] + 20

    def act(hand: CountingHand) -> None:
        hand.drag((x, y), (x + 6, y + 5))

    dataset = task(act)
    head = dataset.head("case0").revision
    assert head is not None
    (mark,) = dataset.snapshot(head).annotations
    assert isinstance(mark.geometry, Box)
    assert (mark.geometry.width, mark.geometry.height) == pytest.approx((30, 25), abs=1.0)
    assert mark.origin == "case0-0"
    dataset.close()


def test_3_a_mark_gets_another_label(task: Task) -> None:
    def act(hand: CountingHand) -> None:
        hand.click(*middle(1))
        hand.key(Qt.Key.Key_2, CONTROL)

    dataset = task(act)
    head = dataset.head("case0").revision
    assert head is not None
    (mark,) = dataset.snapshot(head).annotations
    assert (mark.label, mark.origin) == ("tumour", "case0-1")
    dataset.close()


def test_4_three_false_positives_go(task: Task) -> None:
    def act(hand: CountingHand) -> None:
        for number in range(3):
            hand.point_at(*middle(number))
            hand.key(Qt.Key.Key_Delete)

    dataset = task(act)
    head = dataset.head("case0").revision
    assert head is not None
    assert dataset.snapshot(head).rejected == {"case0-0", "case0-1", "case0-2"}
    dataset.close()


def test_5_a_missed_object_is_added(task: Task) -> None:
    x, y, radius = DISC

    def act(hand: CountingHand) -> None:
        hand.key(Qt.Key.Key_R)
        hand.drag((x - radius, y - radius), (x + radius, y + radius))

    dataset = task(act)
    head = dataset.head("case0").revision
    assert head is not None
    (mark,) = dataset.snapshot(head).annotations
    assert isinstance(mark.geometry, Box)
    assert mark.label == "disc"
    assert (mark.geometry.width, mark.geometry.height) == pytest.approx((28, 28), abs=1.0)
    dataset.close()


def test_6_the_edge_of_a_mask_is_repaired(task: Task) -> None:
    def act(hand: CountingHand) -> None:
        hand.session.set_label("tumour")
        hand.session.set_brush(6)
        hand.key(Qt.Key.Key_B)
        hand.drag((41, 82), (41, 98))

    dataset = task(act)
    head = dataset.head("case0").revision
    assert head is not None
    (mark,) = dataset.snapshot(head).annotations
    assert isinstance(mark.geometry, Mask)
    assert mark.origin == "case0-mask"
    assert mark.geometry.crop(SHOWN, 41, 84, 2, 12).all()
    assert mark.geometry.crop(SHOWN, 20, 80, 20, 20).all()
    dataset.close()


def test_7_a_disc_is_segmented_over_fifteen_planes(task: Task) -> None:
    x, y, radius = DISC

    def act(hand: CountingHand) -> None:
        hand.session.set_plane(hand.session.plane.__class__(0, 1))
        hand.session.set_brush(2 * radius)
        hand.key(Qt.Key.Key_B)
        hand.click(x, y)
        for plane in (8, 15):
            hand.jump(plane)
            hand.click(x, y)
        hand.key(Qt.Key.Key_I, SHIFT)

    dataset = task(act)
    head = dataset.head("case0").revision
    assert head is not None
    (mark,) = dataset.snapshot(head).annotations
    assert isinstance(mark.geometry, Mask)
    assert mark.geometry.planes == tuple(range(1, 16))
    for plane in range(1, 16):
        area = sum(int(bits.sum()) for _x, _y, bits in mark.geometry.on_plane(plane))
        assert area == pytest.approx(3.1416 * radius**2, rel=0.06), plane
    dataset.close()


def test_8_a_length_is_measured(task: Task) -> None:
    x, y, radius = DISC

    def act(hand: CountingHand) -> None:
        hand.key(Qt.Key.Key_L)
        hand.drag((x - radius, y), (x + radius, y))

    dataset = task(act)
    head = dataset.head("case0").revision
    assert head is not None
    (mark,) = dataset.snapshot(head).annotations
    assert isinstance(mark.geometry, Polyline)
    assert dict(mark.attributes)["measures"] == "length"
    assert mark.geometry.points[1][0] - mark.geometry.points[0][0] == pytest.approx(28, abs=1)
    dataset.close()


def test_9_another_reader_is_compared(task: Task, folder: Path) -> None:
    add_reading(folder, "case0", "Ben", 2.0)
    add_reading(folder, "case0", "Cleo", 5.0)

    def act(hand: CountingHand) -> None:
        hand.key(Qt.Key.Key_C, SHIFT)
        hand.until(lambda: hand.session.readers.comparison is not None)
        comparison = hand.session.readers.comparison
        assert comparison is not None
        (row,) = [row for row in comparison.agreement.labels if row.label == "disc"]
        assert row.mean_iou is not None
        assert 0.5 < row.mean_iou < 1.0

    task(act).close()


def test_10_the_next_case_that_needs_a_person_comes(task: Task) -> None:
    def act(hand: CountingHand) -> None:
        hand.key(Qt.Key.Key_D, SHIFT)
        hand.until(lambda: hand.session.scan_key == "case2")

    task(act).close()
