"""Shapes by mouse and keys: rotated boxes, lines, points, an outline along the hand, a band, single points, moves."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from dataset.annotation import Annotation, Points, Polygon, Polyline, RotatedBox, bounds
from dataset.folder import Dataset
from resources.samples import write_chest
from tests.features.conftest import Hand

Perform = Callable[[list[str], Callable[[Hand], None]], int]

pytestmark = [pytest.mark.gui, pytest.mark.timeout(120)]
PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
LEFT = Qt.MouseButton.LeftButton


def of_kind(hand: Hand, kind: type) -> Annotation:
    (found,) = [mark for mark in hand.session.document.annotations if isinstance(mark.geometry, kind)]
    return found


def way(hand: Hand, *points: tuple[float, float], held: Qt.KeyboardModifier = PLAIN) -> None:
    """Press at the first point, go through the others, release at the last."""
    places = [hand.at(*point) for point in points]
    QTest.mouseMove(hand.view, places[0])
    QTest.mousePress(hand.view, LEFT, held, places[0])
    for start, end in pairwise(places):
        for step in range(1, 7):
            QTest.mouseMove(hand.view, start + (end - start) * step / 6)
            QTest.qWait(2)
    QTest.mouseRelease(hand.view, LEFT, held, places[-1])
    QTest.qWait(20)


def draw_every_shape(hand: Hand) -> None:
    hand.key(Qt.Key.Key_R, SHIFT)
    way(hand, (100, 100), (180, 180))
    hand.click(120, 200)
    hand.key(Qt.Key.Key_P, SHIFT)
    for point in ((300, 100), (360, 160), (420, 100)):
        hand.click(*point)
    hand.key(Qt.Key.Key_Return)
    hand.key(Qt.Key.Key_Period)
    for point in ((300, 250), (340, 250), (380, 250)):
        hand.click(*point)
    hand.key(Qt.Key.Key_Return)
    hand.key(Qt.Key.Key_P)
    way(hand, (100, 300), (200, 300), (200, 400), (100, 400), (100, 301))


def test_shapes_are_drawn_changed_selected_moved_and_kept(perform: Perform, tmp_path: Path) -> None:
    write_chest(tmp_path / "chest.png")
    seen: dict[str, tuple[Annotation, ...]] = {}

    def act(hand: Hand) -> None:
        hand.until(lambda: hand.session.scan is not None)
        hand.idle()
        hand.view.setFocus()
        session = hand.session
        draw_every_shape(hand)
        box = of_kind(hand, RotatedBox).geometry
        assert isinstance(box, RotatedBox)
        assert box.angle == pytest.approx(45, abs=2)
        assert (box.width, box.height) == pytest.approx((113, 57), abs=3)
        line, points, outline = of_kind(hand, Polyline), of_kind(hand, Points), of_kind(hand, Polygon)
        assert isinstance(points.geometry, Points)
        assert len(points.geometry.points) == 3
        assert isinstance(outline.geometry, Polygon)
        assert bounds(outline.geometry) == pytest.approx((100, 300, 100, 100), abs=4)
        hand.picture("every-shape")

        # A point put in on the line's first leg, then taken out again.
        hand.key(Qt.Key.Key_V)
        hand.click(330, 130)
        assert session.selection == {line.id}
        QTest.mouseClick(hand.view, LEFT, CTRL, hand.at(330, 130))
        longer = of_kind(hand, Polyline).geometry
        assert isinstance(longer, Polyline)
        assert len(longer.points) == 4
        QTest.mouseClick(hand.view, LEFT, ALT, hand.at(330, 130))
        shorter = of_kind(hand, Polyline).geometry
        assert isinstance(shorter, Polyline)
        assert len(shorter.points) == 3

        # A band around the line and the points, moved together with the keys.
        way(hand, (280, 80), (450, 280), held=SHIFT)
        assert session.selection == {line.id, points.id}
        before = bounds(of_kind(hand, Points).geometry)
        hand.key(Qt.Key.Key_Right, ALT)
        hand.key(Qt.Key.Key_Down, ALT | SHIFT)
        after = bounds(of_kind(hand, Points).geometry)
        assert before is not None
        assert after == pytest.approx((before[0] + 1, before[1] + 10, *before[2:]))
        hand.picture("moved")
        hand.key(Qt.Key.Key_S, CTRL)
        hand.idle()
        seen["marks"] = session.document.annotations
        seen_key.append(session.scan_key)

    seen_key: list[str] = []
    dataset = tmp_path / "dataset"
    assert perform([str(tmp_path / "chest.png"), "--dataset", str(dataset)], act) == 0
    kept = Dataset.open(dataset)
    revision = kept.head(seen_key[0]).revision
    assert revision is not None
    assert kept.snapshot(revision).annotations == seen["marks"]
    kept.close()
