"""The pane with a real session and real mouse events: what is drawn by hand ends in the document."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dataset.annotation import Box, Proposal, new_id
from dataset.label import Label, LabelSet
from dataset.mask import Mask, mask_of_plane
from dataset.prediction import ModelRef, Prediction
from desktop_app import tools
from desktop_app.canvas.scan_pane import ScanPane
from desktop_app.display import Display
from desktop_app.findings import Findings
from desktop_app.session import Session
from desktop_app.tool import Tool
from imaging.geometry import Plane
from imaging.plugins import gather
from tests.desktop_app.canvas.known import FULL, ramp, scan_of

PLANE = Plane(0, 1)
LEFT = Qt.MouseButton.LeftButton


class Desk:
    """A session with an open scan, and a hand on its pane. Speaks scan coordinates."""

    def __init__(self, qtbot: QtBot, *proposals: Proposal) -> None:
        self.qtbot = qtbot
        self.session = Session(gather(tools, Tool), "grace")
        self.session.labels = LabelSet("t", (Label("disc", "Disc", "#00c000"), Label("canal", "Canal", "#c00000")))
        self.session.label = "disc"
        self.pane = ScanPane(self.session)
        qtbot.addWidget(self.pane)
        self.pane.resize(600, 400)
        self.pane.show()
        self.session.scan, self.session.plane = scan_of(ramp()), PLANE
        self.session.display = Display(window=FULL)
        model = ModelRef("finder", "1.0.0", "0" * 64)
        made = Prediction(new_id(), "key", model, "cpu", _moment(), 0.1, proposals)
        self.session.findings = Findings(predictions=(made,))
        self.session._tell_everything()
        QApplication.processEvents()

    def spot(self, x: float, y: float) -> QPoint:
        return self.pane.view.position_of(x, y)

    def hover(self, x: float, y: float, button: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
        position = QPointF(self.spot(x, y))
        place = QPointF(self.pane.view.mapToGlobal(position.toPoint()))
        event = QMouseEvent(
            QEvent.Type.MouseMove, position, place, Qt.MouseButton.NoButton, button, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(self.pane.view, event)

    def drag(self, *points: tuple[float, float]) -> None:
        self.qtbot.mousePress(self.pane.view, LEFT, pos=self.spot(*points[0]))
        for point in points[1:]:
            self.hover(*point, button=LEFT)
        self.qtbot.mouseRelease(self.pane.view, LEFT, pos=self.spot(*points[-1]))

    def click(self, x: float, y: float) -> None:
        self.qtbot.mouseClick(self.pane.view, LEFT, pos=self.spot(x, y))

    def key(self, key: Qt.Key) -> None:
        self.qtbot.keyClick(self.pane.view, key)


def _moment():
    from dataset.annotation import now

    return now()


def test_a_box_is_drawn_by_hand(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.session.set_tool("box")
    desk.drag((10, 10), (20, 15), (30, 25))
    (drawn,) = desk.session.document.annotations
    assert isinstance(drawn.geometry, Box)
    assert (drawn.geometry.x, drawn.geometry.y) == pytest.approx((10, 10), abs=0.1)
    assert (drawn.geometry.width, drawn.geometry.height) == pytest.approx((20, 15), abs=0.1)
    assert (drawn.label, drawn.author) == ("disc", "grace")
    assert desk.session.selection == {drawn.id}
    assert len(desk.pane.view.plan.handles) == 8
    assert [chip.text for chip in desk.pane.view.plan.chips] == ["Disc"]


def test_one_drag_corrects_a_proposal_and_it_is_shown_as_the_readers(qtbot: QtBot) -> None:
    proposed = Proposal(new_id(), "disc", Box(PLANE, 20, 10, 20, 10), 0.93)
    desk = Desk(qtbot, proposed)
    (chip,) = desk.pane.view.plan.chips
    assert (chip.text, chip.is_proposal) == ("Disc 0.93", True)
    desk.drag((40, 20), (45, 25), (50, 30))
    (own,) = desk.session.document.annotations
    assert own.origin == proposed.id
    assert isinstance(own.geometry, Box)
    assert own.geometry.width == pytest.approx(30, abs=0.1)
    (outline,) = desk.pane.view.plan.outlines
    assert outline.style == "solid"


def test_while_dragging_the_mark_is_drawn_once_at_its_new_place(qtbot: QtBot) -> None:
    desk = Desk(qtbot, Proposal(new_id(), "disc", Box(PLANE, 20, 10, 20, 10), 0.93))
    qtbot.mousePress(desk.pane.view, LEFT, pos=desk.spot(30, 15))
    desk.hover(35, 20, button=LEFT)
    (outline,) = desk.pane.view.plan.outlines
    assert outline.rings[0][0] == pytest.approx(tuple(desk.spot(25, 15).toTuple()), abs=1)  # type: ignore[attr-defined]
    desk.key(Qt.Key.Key_Escape)
    (outline,) = desk.pane.view.plan.outlines
    assert outline.style == "dashed"
    assert desk.session.document.annotations == ()


def test_a_drag_on_empty_space_changes_the_window_and_deselects(qtbot: QtBot) -> None:
    proposed = Proposal(new_id(), "disc", Box(PLANE, 20, 10, 20, 10), 0.93)
    desk = Desk(qtbot, proposed)
    desk.click(30, 15)
    assert desk.session.selection == {proposed.id}
    desk.drag((5, 35), (20, 35))
    assert desk.session.selection == frozenset()
    assert desk.session.display.window is not None
    assert desk.session.display.window.width > FULL.width


def test_a_brush_stroke_is_one_edit_and_undo_clears_it_from_the_view(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.session.set_tool("brush")
    desk.session.set_brush(6)
    before = desk.pane.view.grab().toImage().pixelColor(desk.spot(30.5, 20.5))
    desk.drag((20, 20), (30, 20), (40, 22))
    (painted,) = desk.session.document.annotations
    assert isinstance(painted.geometry, Mask)
    assert painted.geometry.planes == (1,)
    after = desk.pane.view.grab().toImage().pixelColor(desk.spot(30.5, 20.5))
    assert after.green() > after.red()
    desk.session.undo()
    assert desk.pane.view.grab().toImage().pixelColor(desk.spot(30.5, 20.5)).red() == before.red()


def test_the_live_stroke_is_on_screen_before_the_button_is_up(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.session.set_tool("brush")
    desk.session.set_brush(10)
    qtbot.mousePress(desk.pane.view, LEFT, pos=desk.spot(20, 20))
    desk.hover(40, 20, button=LEFT)
    colour = desk.pane.view.grab().toImage().pixelColor(desk.spot(30.5, 20.5))
    assert colour.green() > colour.red()
    assert desk.session.document.annotations == ()
    qtbot.mouseRelease(desk.pane.view, LEFT, pos=desk.spot(40, 20))
    assert len(desk.session.document.annotations) == 1


def test_another_plane_or_tool_drops_what_was_being_drawn(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.session.set_tool("polygon")
    desk.click(10, 10)
    desk.click(30, 10)
    assert desk.pane.is_busy
    desk.session.set_tool("select")
    assert not desk.pane.is_busy
    desk.session.set_tool("polygon")
    desk.click(10, 10)
    desk.session.step_plane(1)
    assert not desk.pane.is_busy
    for point in ((10, 10), (30, 10), (30, 30)):
        desk.click(*point)
    desk.key(Qt.Key.Key_Return)
    (drawn,) = desk.session.document.annotations
    assert drawn.geometry.plane == Plane(0, 2)  # type: ignore[union-attr]


def test_only_the_marks_of_the_plane_are_shown(qtbot: QtBot) -> None:
    here = Proposal(new_id(), "disc", Box(PLANE, 20, 10, 20, 10), 0.9)
    there = Proposal(new_id(), "canal", Box(Plane(0, 2), 20, 10, 20, 10), 0.8)
    weak = Proposal(new_id(), "canal", Box(PLANE, 2, 2, 20, 10), 0.2)
    desk = Desk(qtbot, here, there, weak)
    assert [chip.text for chip in desk.pane.view.plan.chips] == ["Disc 0.90"]
    desk.session.step_plane(1)
    assert [chip.text for chip in desk.pane.view.plan.chips] == ["Canal 0.80"]


def test_an_accepted_proposal_turns_solid(qtbot: QtBot) -> None:
    proposed = Proposal(new_id(), "disc", Box(PLANE, 20, 10, 20, 10), 0.9)
    desk = Desk(qtbot, proposed)
    desk.session.accept([proposed.id])
    (outline,) = desk.pane.view.plan.outlines
    assert outline.style == "quiet"
    (chip,) = desk.pane.view.plan.chips
    assert not chip.is_proposal


def test_a_new_colour_of_a_label_is_shown(qtbot: QtBot) -> None:
    desk = Desk(qtbot, Proposal(new_id(), "disc", Box(PLANE, 20, 10, 20, 10), 0.9))
    desk.session.labels = LabelSet("t", (Label("disc", "Disk", "#123456"),))
    desk.session.labels_changed.emit()
    (chip,) = desk.pane.view.plan.chips
    assert (chip.text, chip.colour) == ("Disk 0.90", "#123456")


def test_an_erased_proposal_mask_is_rejected_and_gone(qtbot: QtBot) -> None:
    small = Proposal(new_id(), "disc", mask_of_plane(np.ones((4, 4), np.bool_), 1, x=28, y=18), 0.9)
    desk = Desk(qtbot, small)
    desk.session.set_tool("eraser")
    desk.session.set_brush(30)
    desk.click(30, 20)
    assert small.id in desk.session.document.rejected
    assert desk.pane.view.plan.chips == ()


def test_reading_another_scan_shows_so_until_it_is_open(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.session.scan_opening.emit("ivd_20_t2")
    assert desk.pane.view.viewport is None
    desk.session._tell_everything()
    assert desk.pane.view.viewport is not None


def test_the_mark_under_the_hand_is_shown_until_the_hand_leaves(qtbot: QtBot) -> None:
    inside, beside = (20.0, 15.0), (2.0, 2.0)
    desk = Desk(qtbot, Proposal("p", "disc", Box(PLANE, 10, 10, 20, 10), 0.9))
    hover = desk.pane._hover
    desk.hover(*inside)
    assert hover._geometry == Box(PLANE, 10, 10, 20, 10)
    desk.hover(*beside)
    assert hover._geometry is None
    desk.hover(*inside)
    QApplication.sendEvent(desk.pane.view, QEvent(QEvent.Type.Leave))
    assert hover._geometry is None


def test_the_mark_under_the_hand_is_forgotten_when_it_goes(qtbot: QtBot) -> None:
    desk = Desk(qtbot, Proposal("p", "disc", Box(PLANE, 10, 10, 20, 10), 0.9))
    desk.hover(20, 15)
    desk.session.reject(["p"])
    assert desk.pane._hover._geometry is None
