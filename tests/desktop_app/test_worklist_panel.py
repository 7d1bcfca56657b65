"""The worklist as it is seen: places that hold, sorts and filters that can be found, and how far the day is."""

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from desktop_app.case_delegate import said_of, words_that_fit
from desktop_app.cases import Case
from desktop_app.display import CaseRow
from desktop_app.panels.worklist import WorklistView
from desktop_app.theme import DARK, font
from tests.desktop_app.conftest import Reader

pytestmark = pytest.mark.gui

ROWS = (
    CaseRow("alpha", "labelled", "a", suspicion=0.99, suspect="Disc", score=0.99, readings=(("Ada", 1.0),)),
    CaseRow("beta", "unseen", "b", detail="MR · 512 × 512"),
    CaseRow("gamma", "in progress", "c", suspicion=0.3, score=0.3, suspect="Tumour"),
)


@pytest.fixture
def view(reader: Reader) -> WorklistView:
    found = reader.window.findChild(WorklistView)
    assert found is not None
    reader.list_cases(*ROWS)
    return found


def shown(view: WorklistView) -> list[str]:
    return [str(view.model.data(view.model.index(row))) for row in range(view.model.rowCount())]


def test_a_changed_row_resets_nothing(reader: Reader, view: WorklistView) -> None:
    resets: list[object] = []
    changed: list[int] = []
    view.model.modelReset.connect(lambda: resets.append(1))
    view.model.dataChanged.connect(lambda first, last: changed.extend((first.row(), last.row())))
    reader.session.worklist.change_row("b", state="labelled")
    assert (resets, changed) == ([], [1, 1])


def test_new_cases_come_at_the_end_whatever_the_sort(reader: Reader, view: WorklistView) -> None:
    view.sort_by("suspicious")
    assert shown(view) == ["alpha", "gamma", "beta"]
    reader.session.worklist.table.add(Case(CaseRow("delta", key="d", suspicion=1.0)))
    reader.session.worklist.rows_changed.emit()
    assert shown(view) == ["alpha", "gamma", "beta", "delta"]
    again = view.order.menu().actions()[-1]
    again.trigger()
    assert shown(view) == ["delta", "alpha", "gamma", "beta"]


def test_the_open_case_stays_current_however_the_list_is_filtered(reader: Reader, view: WorklistView) -> None:
    reader.session.worklist.current = 2
    reader.session.case_changed.emit(2)
    view.filter.setText("gam")
    assert view.list.currentIndex().row() == 0
    view.filter.setText("alp")
    assert not view.list.currentIndex().isValid()
    view.filter.clear()
    assert view.list.currentIndex().row() == 2


def test_findings_and_readers_are_offered_and_asked_for_in_the_filter(view: WorklistView) -> None:
    view.only.menu().aboutToShow.emit()
    offered = {action.text(): action for action in view.only.menu().actions()}
    assert {"Disc", "Tumour", "Ada"} <= offered.keys()
    offered["Tumour"].trigger()
    assert view.filter.text() == "label:tumour"
    assert shown(view) == ["gamma"]
    offered["Disc"].trigger()
    assert view.filter.text() == "label:disc"
    offered["Ada"].trigger()
    assert shown(view) == ["alpha"]


def test_the_day_is_counted_below_the_list(reader: Reader, view: WorklistView) -> None:
    reader.bot.waitUntil(lambda: view.day.text().startswith("0 today · 1 of 3 done"), timeout=5000)
    author = reader.session.author
    reader.session.worklist.change_row("b", state="labelled", readings=((author, time.time()),))
    reader.bot.waitUntil(lambda: view.day.text() == "1 today · 2 of 3 done", timeout=5000)


def test_nothing_listed_has_no_day(reader: Reader, view: WorklistView) -> None:
    assert view._bottom.isVisible()
    reader.list_cases()
    assert not view._bottom.isVisible()
    assert view.empty.title.text() == "No cases"


def test_a_row_says_first_what_a_person_has_to_do(view: WorklistView) -> None:
    row = replace(ROWS[0], conflicts=1)
    assert said_of(DARK, row)[0] == "disagreement"
    assert said_of(DARK, replace(row, problem="cut short"))[0] == "cannot be opened"
    assert said_of(DARK, ROWS[1])[0] == "unseen"
    text = str(view.model.data(view.model.index(0), Qt.ItemDataRole.AccessibleTextRole))
    assert text == "alpha, labelled, Disc 99%"


def test_of_a_finding_the_score_is_kept_where_room_is_scarce(view: WorklistView) -> None:
    metrics = QFontMetrics(font(DARK, 11))
    row = replace(ROWS[0], suspect="Intervertebral disc herniation")
    assert words_that_fit(row, 1000, metrics) == "Intervertebral disc herniation 99%"
    assert words_that_fit(row, 90, metrics).endswith("… 99%")
    assert words_that_fit(row, 40, metrics) == "99%"
    assert words_that_fit(row, 5, metrics) == ""
    assert words_that_fit(ROWS[1], 1000, metrics) == "MR · 512 × 512"
    assert words_that_fit(ROWS[1], 30, metrics) == "MR"
