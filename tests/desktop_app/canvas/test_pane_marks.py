"""Very many marks in the pane of the window: a crowd, from which what is selected or under the hand stands out."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dataset.annotation import Annotation, Polygon, Proposal
from desktop_app.canvas.marks import Shown
from desktop_app.canvas.pane_marks import FEW, MOST_CHOSEN
from tests.desktop_app.canvas.known import ramp, scan_of
from tests.desktop_app.canvas.test_scan_pane import PLANE, Desk

pytestmark = pytest.mark.gui
COUNT = 900


def nuclei(count: int = COUNT) -> tuple[Proposal, ...]:
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    middles = np.stack(np.divmod(np.arange(count), 30), 1)[:, ::-1] * 40.0 + 30
    points = middles[:, None] + 12 * np.stack((np.cos(turn), np.sin(turn)), 1)
    return tuple(
        Proposal(f"p{n:04d}", "disc", Polygon(PLANE, tuple(map(tuple, ring))), 0.9)
        for n, ring in enumerate(points.tolist())
    )


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    desk = Desk(qtbot, *nuclei())
    desk.session.scan = scan_of(ramp(rows=1260, columns=1260))
    desk.session._tell_everything()
    desk.pane.view.fit()
    return desk


def shown(desk: Desk) -> tuple[Shown, ...]:
    return desk.pane.view._marks


def test_many_marks_are_a_crowd_and_few_are_not(desk: Desk) -> None:
    assert shown(desk) == ()
    with_crowd = desk.pane.grab().toImage()
    desk.pane.marks.crowd.set_shown(False)
    assert desk.pane.grab().toImage() != with_crowd
    desk.session.reject([f"p{n:04d}" for n in range(COUNT - FEW)])
    assert len(shown(desk)) == FEW


def test_what_is_selected_stands_out_with_its_handles(desk: Desk) -> None:
    desk.session.select(["p0005"])
    assert [(mark.id, mark.is_selected) for mark in shown(desk)] == [("p0005", True)]
    assert len(desk.pane.view.plan.handles) == 12
    desk.session.select([f"p{n:04d}" for n in range(MOST_CHOSEN + 1)])
    assert shown(desk) == ()


def test_close_up_the_marks_in_view_have_chips_but_no_second_outline(desk: Desk) -> None:
    view = desk.pane.view
    assert view.viewport is not None
    view.move_to(replace(view.viewport, centre=(600.0, 600.0), scale=4.0))
    assert 0 < len(shown(desk)) <= 40
    assert not any(mark.is_drawn for mark in shown(desk))
    assert view.plan.outlines == ()
    assert {chip.text for chip in view.plan.chips} == {"Disc 0.90"}
    view.fit()
    assert shown(desk) == ()


def test_a_click_takes_the_mark_under_the_hand_and_a_drag_moves_it(desk: Desk) -> None:
    middle = (30.0 + 40 * 7, 30.0 + 40 * 3)
    desk.drag(middle, (middle[0] + 10, middle[1] + 6), (middle[0] + 20, middle[1] + 12))
    (mine,) = desk.session.document.annotations
    assert isinstance(mine.geometry, Polygon)
    assert mine.origin == "p0097"
    assert desk.session.selection == {mine.id}
    assert len(desk.session.index) == COUNT
    desk.session.undo()
    assert len(desk.session.proposals) == COUNT


def test_while_dragging_the_mark_is_not_left_behind(desk: Desk) -> None:
    middle, view = (30.0 + 40 * 7, 30.0 + 40 * 3), desk.pane.view
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=desk.spot(*middle))
    for step in (4, 9, 14):
        desk.hover(middle[0] + 3 * step, middle[1], Qt.MouseButton.LeftButton)
    assert desk.pane.marks.crowd._hidden > {"p0097"}
    assert [mark.is_live for mark in shown(desk)] == [True]
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=desk.spot(*middle))


def test_all_are_accepted_as_one_edit_and_that_is_undone(desk: Desk) -> None:
    desk.session.accept_all()
    assert len(desk.session.document.annotations) == COUNT
    assert len({a.id for a in desk.session.document.annotations}) == COUNT
    assert desk.session.document.undo_title == f"Accept {COUNT}"
    desk.session.undo()
    assert desk.session.document.annotations == ()
    assert len(desk.session.proposals) == COUNT


def test_streamed_proposals_join_the_crowd(desk: Desk) -> None:
    index = desk.session.index
    more = tuple(replace(p, id=f"s{p.id}") for p in nuclei(20))
    desk.session.findings.stream(more)
    desk.session.proposals_changed.emit()
    assert len(index) == COUNT + 20
    assert desk.session.index is index
    desk.session.findings.stop_streaming()
    desk.session.proposals_changed.emit()
    assert len(index) == COUNT


def test_a_press_beside_all_of_them_lets_go(desk: Desk) -> None:
    desk.session.select(["p0005"])
    QTest.mouseClick(desk.pane.view, Qt.MouseButton.LeftButton, pos=desk.spot(50, 50))
    assert desk.session.selection == frozenset()
    assert not any(isinstance(mark, Annotation) for mark in desk.session.index.marks)
