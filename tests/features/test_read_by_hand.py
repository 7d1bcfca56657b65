"""Reading without a model: moving through a volume, window and level, drawing, painting, undoing, restoring."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from dataset.annotation import Box
from dataset.folder import Dataset
from dataset.mask import Mask
from imaging.geometry import Plane
from resources.samples import write_chest, write_lumbar
from tests.features.conftest import Hand

Perform = Callable[[list[str], Callable[[Hand], None]], int]

pytestmark = [pytest.mark.gui, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scans")
    write_lumbar(folder / "lumbar.mha")
    write_chest(folder / "chest.png")
    return folder


def opened(hand: Hand) -> None:
    hand.until(lambda: hand.session.scan is not None)
    hand.idle()
    hand.view.setFocus()


def wheel(hand: Hand, notches: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    middle = QPointF(hand.view.rect().center())
    event = QWheelEvent(
        middle, hand.view.mapToGlobal(middle), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton, modifiers,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(hand.view, event)
    QTest.qWait(20)


def test_a_volume_is_read_by_wheel_keys_and_mouse(perform: Perform, scans: Path, tmp_path: Path) -> None:
    def act(hand: Hand) -> None:
        opened(hand)
        session = hand.session
        first = session.plane.index
        wheel(hand, -1)
        assert abs(session.plane.index - first) == 1
        wheel(hand, 1)
        assert session.plane.index == first
        hand.key(Qt.Key.Key_PageDown)
        assert session.plane.index != first
        viewport = hand.view.viewport
        assert viewport is not None
        scale = viewport.scale
        wheel(hand, 2, Qt.KeyboardModifier.ControlModifier)
        assert hand.view.viewport is not None
        assert hand.view.viewport.scale > scale
        hand.key(Qt.Key.Key_F)
        assert hand.view.viewport is not None
        assert hand.view.viewport.scale == pytest.approx(scale)
        before = session.display.window
        hand.drag((5, 5), (60, 40))
        assert session.display.window != before
        assert session.document.annotations == ()
        hand.key(Qt.Key.Key_1)
        hand.picture("volume")

    words = [str(scans / "lumbar.mha"), "--dataset", str(tmp_path / "dataset")]
    assert perform(words, act) == 0


def test_boxes_and_brush_are_drawn_undone_and_kept(perform: Perform, scans: Path, tmp_path: Path) -> None:
    seen: dict[str, str] = {}

    def act(hand: Hand) -> None:
        opened(hand)
        session = hand.session
        seen["key"] = session.scan_key
        hand.key(Qt.Key.Key_R)
        hand.drag((100, 100), (180, 160))
        (box,) = session.document.annotations
        assert isinstance(box.geometry, Box)
        assert (box.geometry.x, box.geometry.y) == pytest.approx((100, 100), abs=1)
        assert (box.geometry.width, box.geometry.height) == pytest.approx((80, 60), abs=2)
        hand.key(Qt.Key.Key_B)
        hand.drag((300, 300), (380, 300), steps=12)
        masks = [a for a in session.document.annotations if isinstance(a.geometry, Mask)]
        assert len(masks) == 1
        painted = masks[0].geometry
        assert isinstance(painted, Mask)
        assert painted.crop(0, 340, 300, 1, 1).all()
        hand.picture("box-and-brush")
        hand.key(Qt.Key.Key_E)
        hand.drag((340, 280), (340, 320), steps=12)
        (erased,) = [a.geometry for a in session.document.annotations if isinstance(a.geometry, Mask)]
        assert not erased.crop(0, 340, 300, 1, 1).any()
        assert 0 < erased.count() < painted.count()
        hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        (again,) = [a.geometry for a in session.document.annotations if isinstance(a.geometry, Mask)]
        assert again.count() == painted.count()
        hand.key(Qt.Key.Key_V)
        hand.click(102, 130)
        assert session.selection == {box.id}
        hand.key(Qt.Key.Key_Delete)
        assert session.document.get(box.id) is None
        hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert session.document.get(box.id) == box
        hand.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
        hand.idle()
        assert session.saved_text.startswith("all saved")
        hand.picture("saved")

    dataset = tmp_path / "dataset"
    assert perform([str(scans / "chest.png"), "--dataset", str(dataset)], act) == 0
    kept = Dataset.open(dataset)
    revision = kept.head(seen["key"]).revision
    assert revision is not None
    assert revision.basis == "corrected"
    kinds = sorted(type(a.geometry).__name__ for a in kept.snapshot(revision).annotations)
    assert kinds == ["Box", "Mask"]
    kept.close()


def test_the_eye_key_hides_the_overlay_only_while_it_is_held(perform: Perform, scans: Path, tmp_path: Path) -> None:
    def act(hand: Hand) -> None:
        opened(hand)
        assert hand.session.display.show_marks
        QTest.keyPress(hand.view, Qt.Key.Key_H)
        QTest.qWait(20)
        assert not hand.session.display.show_marks
        QTest.keyRelease(hand.view, Qt.Key.Key_H)
        QTest.qWait(20)
        assert hand.session.display.show_marks

    assert perform([str(scans / "chest.png"), "--dataset", str(tmp_path / "dataset")], act) == 0


def test_a_second_scan_is_reached_by_d_and_left_by_a(perform: Perform, scans: Path, tmp_path: Path) -> None:
    def act(hand: Hand) -> None:
        opened(hand)
        first = hand.session.scan_key
        hand.key(Qt.Key.Key_D)
        hand.until(lambda: hand.session.scan_key not in ("", first))
        hand.idle()
        hand.key(Qt.Key.Key_A)
        hand.until(lambda: hand.session.scan_key == first)
        assert hand.session.plane == Plane(0, hand.session.plane.index)

    words = [str(scans / "chest.png"), str(scans / "lumbar.mha"), "--dataset", str(tmp_path / "dataset")]
    assert perform(words, act) == 0
