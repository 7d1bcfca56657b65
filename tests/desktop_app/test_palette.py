"""The command palette: what it finds, what it does, and that it goes again."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop_app.display import CaseRow
from desktop_app.palette import Palette
from tests.desktop_app.conftest import Reader, volume

pytestmark = pytest.mark.gui
CTRL = Qt.KeyboardModifier.ControlModifier


def ask(reader: Reader, query: str = "") -> Palette:
    """Ctrl+K, and some letters."""
    QTest.keyClick(reader.window.focusWidget() or reader.window, Qt.Key.Key_K, CTRL)
    palette = reader.window.comfort.palette
    assert palette is not None
    QTest.keyClicks(palette.field, query)
    return palette


def test_an_action_is_found_and_done_and_the_keys_go_back_to_the_scan(reader: Reader) -> None:
    reader.open(volume())
    palette = ask(reader, "polyg")
    assert palette.shown[0].id == "tool-polygon"
    assert palette.shown[0].key == "P"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    reader.settle()
    assert reader.session.tool_name == "polygon"
    assert reader.window.comfort.palette is None
    assert reader.window.focusWidget() is reader.window.pane.view


def test_what_was_chosen_last_comes_first_the_next_time(reader: Reader) -> None:
    reader.open(volume())
    QTest.keyClick(ask(reader, "full sc").field, Qt.Key.Key_Escape)
    reader.settle()
    QTest.keyClick(ask(reader, "invert").field, Qt.Key.Key_Return)
    reader.settle()
    assert ask(reader).shown[0].id == "invert"
    assert reader.window._settings.settings.recent == ("invert",)


def test_escape_leaves_and_changes_nothing(reader: Reader) -> None:
    reader.open(volume())
    palette = ask(reader, "invert")
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    reader.settle()
    assert not reader.session.display.inverted
    assert reader.window.comfort.palette is None


def test_asked_again_it_goes(reader: Reader) -> None:
    ask(reader)
    reader.window.comfort.show_palette()
    reader.settle()
    assert reader.window.comfort.palette is None


def test_what_cannot_be_done_stands_below_and_says_why(reader: Reader) -> None:
    palette = ask(reader, "fit")
    entry = next(entry for entry in palette.shown if entry.id == "fit")
    assert entry.why_not == "Open a scan first"
    able = [bool(entry.why_not) for entry in palette.shown]
    assert able == sorted(able)
    row = [entry.id for entry in palette.shown].index("fit")
    palette.list.setCurrentRow(row)
    palette.choose_current()
    assert reader.window.comfort.palette is palette


def test_labels_cases_and_panels_are_found(reader: Reader) -> None:
    reader.list_cases(CaseRow("Thorax Smith", key="a"), CaseRow("Abdomen Jones", key="b"))
    assert ask(reader, "jones").shown[0].text == "Abdomen Jones"
    reader.window.comfort.show_palette()
    reader.settle()
    palette = ask(reader, "label: tum")
    assert palette.shown[0].id == "label:tumour"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    reader.settle()
    assert reader.session.label == "tumour"
    assert any(entry.id == "panel:Worklist" for entry in ask(reader, "worklist").shown)


def test_arrows_walk_the_list(reader: Reader) -> None:
    palette = ask(reader)
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    QTest.keyClick(palette.field, Qt.Key.Key_Up)
    assert palette.list.currentRow() == 1


def test_it_stands_in_the_upper_middle_and_within_the_window(reader: Reader) -> None:
    palette = ask(reader, "e")
    area, window = palette.geometry(), reader.window.rect()
    assert window.contains(area)
    assert abs(area.center().x() - window.center().x()) <= 1
    assert area.top() < window.height() // 3
