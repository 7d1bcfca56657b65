"""Keys of one's own: set by pressing, asked about when taken, and counting at once."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop_app.key_sheet import KeySheet, lines_of
from desktop_app.keys_dialog import KeysDialog
from desktop_app.main_window import MainWindow
from desktop_app.theme import DARK
from tests.desktop_app.conftest import Reader, volume
from tests.desktop_app.test_dialogs import answer

pytestmark = pytest.mark.gui


def dialog(window: MainWindow) -> KeysDialog:
    kept, comfort = window._settings.settings, window.comfort
    made = KeysDialog(window, DARK, comfort._table, kept.key_profile, kept.keys, comfort._set_keys)
    made.show()
    return made


def keys_of(window: MainWindow, action: str) -> list[str]:
    return [key.toString() for key in window._actions.actions[action].shortcuts()]


def test_a_key_that_is_pressed_counts_at_once_and_is_kept(reader: Reader, home: Path) -> None:
    reader.open(volume())
    sheet = dialog(reader.window)
    sheet.choose("invert")
    QTest.keyClick(sheet.key, Qt.Key.Key_F9)
    assert keys_of(reader.window, "invert") == ["F9"]
    assert "F9" in reader.window._actions.actions["invert"].toolTip()
    assert __import__("json").loads((home / "settings.json").read_text())["keys"][0] == ["invert", "F9"]
    sheet.reject()
    sheet.deleteLater()
    QTest.keyClick(reader.window.pane.view, Qt.Key.Key_F9)
    assert reader.session.display.inverted


def test_a_key_of_another_action_is_asked_about_and_left(window: MainWindow) -> None:
    sheet = dialog(window)
    sheet.choose("invert")
    QTest.keyClick(sheet.key, Qt.Key.Key_R)
    assert "Box" in sheet.told.text()
    assert sheet.take.isVisible()
    assert keys_of(window, "invert") == ["I"]
    QTest.mouseClick(sheet.let, Qt.MouseButton.LeftButton)
    assert not sheet.take.isVisible()
    assert keys_of(window, "tool-box") == ["R"]
    sheet.deleteLater()


def test_a_key_that_is_taken_leaves_the_other_and_comes_back_with_reset(window: MainWindow) -> None:
    sheet = dialog(window)
    sheet.choose("invert")
    QTest.keyClick(sheet.key, Qt.Key.Key_R)
    QTest.mouseClick(sheet.take, Qt.MouseButton.LeftButton)
    assert (keys_of(window, "invert"), keys_of(window, "tool-box")) == (["R"], [])
    assert sheet.reset.isEnabled()
    QTest.mouseClick(sheet.reset, Qt.MouseButton.LeftButton)
    assert (keys_of(window, "invert"), keys_of(window, "tool-box")) == (["I"], ["R"])
    sheet.deleteLater()


def test_a_profile_counts_at_once_in_menus_and_sheet(window: MainWindow) -> None:
    sheet = dialog(window)
    sheet.profile.setCurrentIndex(sheet.profile.findData("labelme"))
    assert keys_of(window, "tool-box")[0] == "Ctrl+R"
    line = next(line for line in lines_of(window.action_rows)["Tools"] if line.text == "Box")
    assert line.keys[0] == "Ctrl+R"
    assert window._settings.settings.key_profile == "labelme"
    sheet.deleteLater()


def test_space_cannot_be_a_key(window: MainWindow) -> None:
    sheet = dialog(window)
    sheet.choose("invert")
    QTest.keyClick(sheet.key, Qt.Key.Key_Space)
    assert keys_of(window, "invert") == ["I"]
    assert "Space" in sheet.told.text()
    sheet.deleteLater()


def test_actions_are_found_by_name_or_key(window: MainWindow) -> None:
    sheet = dialog(window)
    sheet.search.setText("next ca")
    shown = {action for action, item in sheet._items.items() if not item.isHidden()}
    assert "next-case" in shown
    assert "fit" not in shown
    sheet.search.setText("ctrl+k")
    assert {action for action, item in sheet._items.items() if not item.isHidden()} == {"palette"}
    sheet.deleteLater()


def test_broken_keys_in_the_settings_are_told_in_one_line_and_the_rest_holds(home: Path, make_window: object) -> None:
    home.mkdir()
    (home / "settings.json").write_text('{"keys": [["invert", "F9"], ["fit", "Nonsense+Q+R"]]}')
    window = make_window()  # type: ignore[operator]
    assert keys_of(window, "invert") == ["F9"]
    assert "fit: Nonsense" in window.problems.what.text()
    assert keys_of(window, "fit")[0] == "F"


def test_the_sheet_finds_and_leads_to_changing(window: MainWindow) -> None:
    sheet = KeySheet(window, DARK, window.action_rows)
    sheet.search.setText("invert")
    shown = {line.text for line, parts in sheet._found if not parts[0].isHidden()}
    assert "Invert" in shown
    assert "Box" not in shown
    sheet.search.setText("qqqq")
    assert not sheet.nothing.isHidden()
    sheet.change.click()
    assert sheet.wants_change
    sheet.deleteLater()


def test_ctrl_f1_opens_the_dialog(reader: Reader) -> None:
    seen: list[str] = []

    def look(box: object) -> None:
        seen.append(type(box).__name__)
        QApplication.activeModalWidget().close()  # type: ignore[union-attr]

    answer(look)
    target = reader.window.focusWidget() or reader.window
    QTest.keyClick(target, Qt.Key.Key_F1, Qt.KeyboardModifier.ControlModifier)
    assert seen == ["KeysDialog"]
