"""The panels of readers and of history: what they show is what the session knows, and keys reach it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from dataset.folder import Dataset
from desktop_app.main_window import MainWindow
from desktop_app.panels.history import HistoryView
from desktop_app.panels.readers import ReadersView, number_text
from desktop_app.session import Session
from desktop_app.theme import DARK
from desktop_app.widgets import Section
from tests.desktop_app.test_readers import ANA, folder, last, make, settle

__all__ = ["folder", "make"]


def texts(widget: QWidget) -> set[str]:
    return {one.text() for one in widget.findChildren(QLabel) if one.isVisibleTo(widget)}


@pytest.fixture
def readers(qtbot: QtBot, make: Callable[..., Session]) -> ReadersView:
    view = ReadersView(make(), DARK)
    qtbot.addWidget(view)
    view.show()
    return view


def test_the_readers_are_there_only_where_there_is_something_to_compare_or_review(qtbot: QtBot, make) -> None:
    session = make("ana", case=1)
    view = ReadersView(session, DARK)
    qtbot.addWidget(view)
    assert not view.applies
    session.open_case(0)
    settle(qtbot, session)
    assert view.applies


def test_agreement_and_differences_are_shown_and_decided(qtbot: QtBot, readers: ReadersView) -> None:
    session = readers._session
    readers.compare.click()
    settle(qtbot, session)
    assert {"Disc", "Nodule", "All labels"} <= {name.text() for name in readers.findChildren(QLabel)}
    assert "1 both · 1 only A · 1 only B" not in texts(readers)
    assert readers.where.text() == "Difference 1 of 3 · 3 open"
    assert "Only A has it" in readers.what.text()
    assert not readers.save.isEnabled()
    for choice in ("neither", "both", "a"):
        readers.choices[choice].click()
    assert "all decided" in readers.where.text()
    assert readers.save.isEnabled()
    readers.save.click()
    settle(qtbot, session)
    assert last(session).is_reviewed
    assert readers.state.text().startswith("Reviewed by eve")


def test_other_readers_are_chosen_by_name(qtbot: QtBot, readers: ReadersView) -> None:
    session = readers._session
    a, b = readers.sides[0][0], readers.sides[1][0]
    assert (a.currentText(), b.currentText()) == ("ana", "ben")
    session.readers.choose("ben", "ana")
    assert (a.currentText(), b.currentText()) == ("ben", "ana")
    session.blinds.toggle("names")
    settle(qtbot, session)
    assert {a.currentText(), b.currentText()} == {"Reader 1", "Reader 2"}


def test_a_case_goes_back_with_what_was_typed(qtbot: QtBot, readers: ReadersView) -> None:
    session = readers._session
    session.open_case(1)
    settle(qtbot, session)
    assert "waits for a second look" in readers.state.text()
    readers.reason.setText("the lowest disc")
    readers.send.click()
    settle(qtbot, session)
    assert last(session, "key1").why == "Sent back: the lowest disc"
    assert readers.reason.text() == ""


def test_figures_that_there_are_not_are_dashes() -> None:
    assert number_text(None) == "–"
    assert number_text(0.666) == "0.67"


def test_the_history_lists_now_and_every_saved_state(qtbot: QtBot, make) -> None:
    session = make()
    view = HistoryView(session, DARK)
    qtbot.addWidget(view)
    view.show()
    settle(qtbot, session)
    lines = [view.list.item(row).text() for row in range(view.list.count())]
    assert lines[0].startswith("Now\n3 marks")
    assert "ben" in lines[1]
    assert "stands" in lines[1]
    assert not view.look.isEnabled()
    view.list.setCurrentRow(2)
    view.compare.click()
    settle(qtbot, session)
    assert view.told.text() == "Since then: 3 added, 3 removed, 0 changed"
    view.revert.click()
    settle(qtbot, session)
    assert set(session.document.annotations) == set(ANA.annotations)
    assert "Reverted to" in view.list.item(1).text()


def test_names_in_reasons_are_hidden_as_well(qtbot: QtBot, make) -> None:
    session = make()
    assert session.dataset is not None
    session.dataset.save_revision("key0", ANA, author="eve", why="Decided between ana and ben")
    session.blinds.toggle("names")
    settle(qtbot, session)
    view = HistoryView(session, DARK)
    qtbot.addWidget(view)
    whole = "\n".join(view.list.item(row).text() for row in range(view.list.count()))
    assert "Decided between Reader 1 and Reader 2" in whole
    assert "ana" not in whole


def test_readers_are_compared_and_decided_between_by_keys(
    qtbot: QtBot, make_window: Callable[..., MainWindow], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(folder.parent / "state"))
    window = make_window(size=(1366, 768))
    session = window.session
    session.blinds.read_as("eve")
    session.open_dataset(folder)
    qtbot.waitUntil(lambda: isinstance(session.dataset, Dataset), timeout=10_000)
    session.open_case(0)
    settle(qtbot, session)
    window.pane.setFocus()
    alt, shift, ctrl = (getattr(Qt.KeyboardModifier, f"{name}Modifier") for name in ("Alt", "Shift", "Control"))
    qtbot.keyClick(window.pane.view, Qt.Key.Key_C, shift)
    settle(qtbot, session)
    assert session.readers.comparison is not None
    section = next(one for one in window.findChildren(Section) if one.title == "Readers")
    assert section.is_open
    qtbot.keyClick(window.pane.view, Qt.Key.Key_PageDown, alt)
    assert session.readers.at == 1
    qtbot.keyClick(window.pane.view, Qt.Key.Key_PageUp, alt)
    for key in (Qt.Key.Key_1, Qt.Key.Key_3, Qt.Key.Key_0):
        qtbot.keyClick(window.pane.view, key, alt)
    assert session.readers.open_count == 0
    qtbot.keyClick(window.pane.view, Qt.Key.Key_R, ctrl | shift)
    settle(qtbot, session)
    assert last(session).is_reviewed
    qtbot.keyClick(window.pane.view, Qt.Key.Key_H, ctrl)
    history = window.findChild(HistoryView)
    assert history is not None
    qtbot.waitUntil(history.list.isVisible)
    qtbot.wait(80)
