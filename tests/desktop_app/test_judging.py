"""Judging proposals by key: by need, many at once."""

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from dataset.annotation import Annotation, Proposal
from desktop_app.judging import restore
from desktop_app.score_dialog import AskScore
from imaging.geometry import Plane
from tests.desktop_app.conftest import Reader, prediction, proposal, volume

pytestmark = pytest.mark.gui
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
SIX = (
    proposal(1, plane=2, score=0.97),
    proposal(2, plane=3, score=0.55),
    proposal(3, plane=4, score=0.8, label="cyst"),
    proposal(4, plane=5, score=0.62),
    proposal(5, plane=6, score=0.91, label="cyst"),
    proposal(6, plane=7, score=0.3),
)
"""By need at a limit of 0.5: p2, p4, p3, p5, p1; p6 is not shown."""


def press(reader: Reader, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(reader.window.pane.view, key, held)
    reader.settle()


def open_ids(reader: Reader) -> list[str]:
    return [one.id for one in reader.session.proposals]


@pytest.fixture
def six(reader: Reader) -> Reader:
    reader.open(volume(), prediction(*SIX))
    return reader


def test_u_goes_to_the_most_uncertain_and_on_and_back_on_their_planes(six: Reader) -> None:
    met: list[tuple[set[str], int]] = []
    for key, held in [(Qt.Key.Key_U, Qt.KeyboardModifier.NoModifier)] * 3 + [
        (Qt.Key.Key_U, Qt.KeyboardModifier.ShiftModifier)
    ]:
        press(six, key, held)
        met.append((set(six.session.selection), six.session.plane.index))
    assert met == [({"p2"}, 3), ({"p4"}, 5), ({"p3"}, 4), ({"p4"}, 5)]


def test_what_is_accepted_or_rejected_on_the_way_leads_to_the_next(six: Reader) -> None:
    press(six, Qt.Key.Key_U)
    press(six, Qt.Key.Key_Return)
    assert six.session.selection == {"p4"}
    press(six, Qt.Key.Key_Delete)
    assert six.session.selection == {"p3"}
    assert six.session.document.rejected == {"p4"}
    assert [mark.origin for mark in six.session.document.annotations] == ["p2"]
    press(six, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert "p4" in open_ids(six)
    for _ in range(4):
        press(six, Qt.Key.Key_Return)
    assert open_ids(six) == []
    assert six.session.selection == frozenset()


def test_what_is_corrected_on_the_way_stays_selected_and_the_next_is_the_one_after_it(six: Reader) -> None:
    press(six, Qt.Key.Key_U)
    press(six, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    (mark,) = six.session.document.annotations
    assert (mark.label, mark.origin) == ("cyst", "p2")
    assert six.session.selection == {mark.id}
    press(six, Qt.Key.Key_U)
    assert six.session.selection == {"p4"}


def test_accepting_what_was_selected_by_hand_does_not_lead_anywhere(six: Reader) -> None:
    press(six, Qt.Key.Key_U)
    six.session.select(["p5"])
    plane = six.session.plane
    press(six, Qt.Key.Key_Return)
    assert six.session.plane == plane
    assert "p5" not in open_ids(six)
    six.session.select(["p3"])
    press(six, Qt.Key.Key_U)
    assert six.session.selection == {"p1"}


def test_a_proposal_out_of_view_is_brought_into_view(six: Reader) -> None:
    view = six.window.pane.view
    assert view.viewport is not None
    view.move_to(view.viewport.zoomed(12, 0, 0))
    press(six, Qt.Key.Key_U)
    assert view.viewport.plane == Plane(0, 3)
    x, y = view.viewport.to_screen(21, 17)
    assert 0 <= x <= view.viewport.width
    assert 0 <= y <= view.viewport.height


def test_all_from_the_score_of_the_selected_one_on_are_accepted_at_once(six: Reader) -> None:
    told: list[str] = []
    six.session.told.connect(told.append)
    six.session.select(["p3"])
    press(six, Qt.Key.Key_Return, CTRL_SHIFT)
    assert open_ids(six) == ["p2", "p4"]
    assert told[-1] == "Accepted 3 proposals"
    press(six, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(open_ids(six)) == 5


def test_where_none_is_selected_the_score_is_asked_for(six: Reader) -> None:
    said: list[str] = []

    def answer() -> None:
        sheet = QApplication.activeModalWidget()
        assert isinstance(sheet, AskScore)
        sheet.number.selectAll()
        QTest.keyClicks(sheet.number, f"0{sheet.locale().decimalPoint()}95")
        said.append(sheet.meant.text())
        QTest.mouseClick(sheet.go, Qt.MouseButton.LeftButton)

    QTimer.singleShot(0, answer)
    press(six, Qt.Key.Key_Return, CTRL_SHIFT)
    assert said == ["1 of 5 proposals shown"]
    assert open_ids(six) == ["p2", "p3", "p4", "p5"]


def test_below_and_of_a_label_are_in_the_menu(six: Reader) -> None:
    actions = six.window._actions.actions
    six.session.select(["p3"])
    actions["reject-below"].trigger()
    assert six.session.document.rejected == {"p2", "p4"}
    six.session.select(["p5"])
    actions["accept-label"].trigger()
    assert open_ids(six) == ["p1"]
    six.session.select(["p1"])
    actions["reject-label"].trigger()
    assert open_ids(six) == []
    restore(six.session, ("p1", "p4", "p3"))
    assert open_ids(six) == ["p1", "p4"]
    assert six.session.document.undo_title == "Restore 2"


def test_what_is_only_streamed_is_not_stepped_to(reader: Reader) -> None:
    reader.open(volume())
    told: list[str] = []
    reader.session.told.connect(told.append)
    reader.session.findings.stream((proposal(9),))
    reader.session.stepping.step(1)
    assert told == ["No proposal is open"]
    assert reader.session.selection == frozenset()


def test_a_limit_of_one_label_holds_for_view_list_and_accepting(six: Reader) -> None:
    from dataclasses import replace

    session = six.session
    session.set_display(replace(session.display, thresholds=(("cyst", 0.9),)))
    assert open_ids(six) == ["p1", "p2", "p4", "p5"]
    session.set_plane(Plane(0, 4))
    assert session.marks_on(session.plane) == ()
    session.set_display(replace(session.display, thresholds=(("cyst", 0.9), ("disc", 0.6))))
    press(six, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    taken: list[Annotation | Proposal] = list(session.document.annotations)
    assert sorted(mark.score or 0 for mark in taken) == [0.62, 0.91, 0.97]
