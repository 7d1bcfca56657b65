"""The list of findings by hand: sorted, filtered, judged, with limits for single labels."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from dataset.annotation import Box, Proposal, WholeScan
from dataset.document import Edit
from desktop_app.finding_words import line_of, tip_of
from desktop_app.panels.finding_menu import menu_of
from desktop_app.panels.findings import FindingsView
from desktop_app.panels.this_scan import ThisScanView
from desktop_app.review import correction
from imaging.geometry import Plane
from tests.desktop_app.conftest import Reader, prediction, proposal, volume

pytestmark = pytest.mark.gui
FIVE = (
    proposal(1, plane=2, score=0.97),
    proposal(2, plane=3, score=0.55, label="cyst"),
    proposal(3, plane=4, score=0.8),
    proposal(4, plane=5, score=0.62, label="cyst"),
    proposal(5, plane=6, score=0.3),
)


@pytest.fixture
def view(reader: Reader) -> FindingsView:
    found = reader.window.findChild(FindingsView)
    assert found is not None
    return found


def ids(view: FindingsView) -> list[str]:
    return [mark.id for mark in view.model.marks]


def choose(reader: Reader, menu: QMenu, text: str) -> None:
    """Choose an entry of a menu that has just been filled."""
    action = next(action for action in menu.actions() if action.text() == text)
    action.trigger()
    reader.settle()


def test_the_order_is_chosen_in_a_small_menu(reader: Reader, view: FindingsView) -> None:
    reader.open(volume(), prediction(*FIVE))
    menu = view.bar.order.menu()
    for text, wanted in (
        ("Uncertain first", ["p2", "p4", "p3", "p1"]),
        ("Highest score first", ["p1", "p3", "p4", "p2"]),
        ("By label", ["p2", "p4", "p1", "p3"]),
        ("By plane", ["p1", "p2", "p3", "p4"]),
    ):
        menu.aboutToShow.emit()
        choose(reader, menu, text)
        assert ids(view) == wanted
    assert not view.bar.order.isChecked()


def test_typing_filters_and_escape_lists_everything_again(reader: Reader, view: FindingsView) -> None:
    reader.open(volume(), prediction(*FIVE))
    view.bar.text.setFocus()
    QTest.keyClicks(view.bar.text, "cyst fin")
    reader.settle()
    assert ids(view) == ["p2", "p4"]
    QTest.keyClicks(view.bar.text, "x")
    reader.settle()
    assert view.empty.title.text() == "No finding matches"
    QTest.keyClick(view.bar.text, Qt.Key.Key_Escape)
    reader.settle()
    assert len(ids(view)) == 4


def test_rejected_proposals_are_listed_on_request_and_can_be_taken_back(reader: Reader, view: FindingsView) -> None:
    reader.open(volume(), prediction(*FIVE))
    reader.session.reject(["p3"])
    reader.settle()
    assert "p3" not in ids(view)
    menu = view.bar.only.menu()
    menu.aboutToShow.emit()
    choose(reader, menu, "Rejected")
    assert ids(view) == ["p1", "p2", "p3", "p4"]
    assert "rejected" in str(view.model.data(view.model.index(2), Qt.ItemDataRole.AccessibleTextRole))
    reader.session.select(["p3"])
    choose(reader, menu_of(view, reader.session, view.model.marks[2], view._list_only), "Take back the rejection")
    assert "p3" in [one.id for one in reader.session.proposals]


def test_the_menu_of_a_row_judges_all_like_it(reader: Reader, view: FindingsView) -> None:
    reader.open(volume(), prediction(*FIVE))
    reader.session.select(["p3"])
    mark = next(mark for mark in view.model.marks if mark.id == "p3")
    choose(reader, menu_of(view, reader.session, mark, view._list_only), "Accept 2 that score 0.80 or more")
    assert ids(view)[1] == "p2"
    mark = next(mark for mark in view.model.marks if mark.id == "p2")
    menu = menu_of(view, reader.session, mark, view._list_only)
    choose(reader, menu, "List only Cyst")
    assert ids(view) == ["p2", "p4"]
    choose(reader, menu, "Reject all 2 Cyst")
    assert reader.session.document.rejected == {"p2", "p4"}


def test_a_slider_of_one_label_moves_its_limit_alone(reader: Reader, view: FindingsView) -> None:
    reader.open(volume(), prediction(*FIVE))
    assert view.limits.isHidden()
    QTest.mouseClick(view.per_label, Qt.MouseButton.LeftButton)
    assert list(view.limits.rows) == ["disc", "cyst"]
    view.limits.rows["cyst"].slider.setValue(60)
    reader.settle()
    assert ids(view) == ["p1", "p3", "p4"]
    assert view.limits.rows["cyst"].reset.isEnabled()
    view.threshold.setValue(90)
    reader.settle()
    assert ids(view) == ["p1", "p4"]
    assert view.limits.rows["disc"].value.text() == "0.90"
    reader.session.accept_all()
    assert sorted(mark.origin for mark in reader.session.document.annotations) == ["p1", "p4"]
    QTest.mouseClick(view.limits.rows["cyst"].reset, Qt.MouseButton.LeftButton)
    assert reader.session.display.thresholds == ()


def test_the_list_stays_where_the_reader_is_while_rows_above_go(reader: Reader, view: FindingsView) -> None:
    many = tuple(replace(proposal(n % 20, plane=n % 12), id=f"p{n:04d}") for n in range(300))
    reader.open(volume(), prediction(*many))
    reader.session.select(["p0000"])
    bar = view.list.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    reader.settle()
    first = view.list.indexAt(QPoint(1, 1))
    top, mark_id = view.list.visualRect(first).top(), view.model.marks[first.row()].id
    reader.session.reject([mark.id for mark in view.model.marks[5 : first.row() : 3]])
    reader.settle()
    again = view.list.indexAt(QPoint(1, 1))
    assert view.model.marks[again.row()].id == mark_id
    assert view.list.visualRect(again).top() == top


def test_one_line_says_what_the_model_said_before(reader: Reader, view: FindingsView) -> None:
    scores = (("disc", 0.93), ("cyst", 0.05))
    said = Proposal("p", "disc", Box(Plane(0, 6), 10, 12, 24, 20), 0.93, scores)
    reader.open(volume(), prediction(said))
    made = replace(correction(said, "Ada", label="cyst"), geometry=Box(Plane(0, 6), 10, 12, 30, 20))
    reader.session.commit(Edit("Correct", put=(made,)))
    reader.session.select([made.id])
    reader.settle()
    assert view.detail.text() == line_of(made, reader.session)
    assert view.detail.text().startswith("was 24 × 20 px, Disc 0.93 · Ada · ")
    assert view.detail.text().endswith(" · Disc 0.93, Cyst 0.05")
    tip = tip_of(made, reader.session).splitlines()
    assert tip[0] == "Cyst 0.93 · corrected"
    assert tip[2] == "box · plane 7"
    reader.session.select(())
    assert view.detail.text() == ""


def test_the_list_and_the_panel_of_the_scan_offer_the_same(reader: Reader, view: FindingsView) -> None:
    sure, unsure = Proposal("w", "disc", WholeScan(), 0.8), Proposal("v", "cyst", WholeScan(), 0.4)
    reader.open(volume(), prediction(sure, unsure))
    panel = reader.window.findChild(ThisScanView)
    assert panel is not None
    reader.bot.waitUntil(lambda: "proposed" in panel.boxes["disc"].text())
    assert ids(view) == ["w"]
    assert "proposed" not in panel.boxes["cyst"].text()
    reader.session.set_display(replace(reader.session.display, thresholds=(("cyst", 0.3), ("disc", 0.9))))
    reader.bot.waitUntil(lambda: "proposed" in panel.boxes["cyst"].text())
    assert ids(view) == ["v"]
    assert "proposed" not in panel.boxes["disc"].text()
