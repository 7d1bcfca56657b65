"""Every control can be named, explained and reached by the keyboard."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollBar,
    QSplitter,
    QWidget,
)

from desktop_app.key_sheet import KeySheet
from desktop_app.keys_dialog import KeysDialog
from desktop_app.preferences import Preferences
from desktop_app.settings import Settings
from desktop_app.theme import DARK
from tests.desktop_app.conftest import Reader, prediction, proposal, volume

pytestmark = pytest.mark.gui


def nameless(window: QWidget) -> list[str]:
    """The controls that a screen reader cannot name."""
    found: list[str] = []
    for widget in (w for w in window.findChildren(QWidget) if w.focusPolicy() != Qt.FocusPolicy.NoFocus):
        if isinstance(widget, QScrollBar | QSplitter) or widget.focusProxy() is not None or is_inner(widget):
            continue
        if isinstance(widget, QLabel) and not widget.text():
            continue
        text = widget.text() if isinstance(widget, QAbstractButton | QLabel) else ""
        if not widget.accessibleName() and not text.strip():
            found.append(f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}")
    return found


def is_inner(widget: QWidget) -> bool:
    """Whether it is a part that Qt made for another control, or only holds others."""
    name = widget.objectName()
    holds = isinstance(widget, QAbstractScrollArea) and bool(widget.findChildren(QAbstractButton))
    parent = widget.parentWidget()
    if parent is not None and isinstance(parent.parentWidget(), QComboBox):
        return True
    return name.startswith("qt_") or holds or type(widget).__name__ in {"Welcome", "QComboBoxPrivateContainer"}


def unexplained(window: QWidget) -> list[str]:
    """The buttons without a tool tip."""
    return [
        f"{type(button).__name__} {button.text()!r} in {type(button.parentWidget()).__name__}"
        for button in window.findChildren(QAbstractButton)
        if not button.toolTip() and not is_inner(button) and not isinstance(button.parentWidget(), QLineEdit)
    ]


def test_every_control_of_the_window_has_a_name_and_every_button_a_tool_tip(reader: Reader) -> None:
    reader.open(volume(), prediction(proposal(1)))
    assert nameless(reader.window) == []
    assert unexplained(reader.window) == []


def test_every_control_of_the_new_dialogs_has_a_name_and_a_tool_tip(reader: Reader) -> None:
    comfort = reader.window.comfort
    made = (
        KeySheet(reader.window, DARK, reader.window.action_rows),
        KeysDialog(reader.window, DARK, comfort._table, "overread", (), lambda _profile, _own: None),
        Preferences(reader.window, DARK, Settings(), "Ann"),
    )
    for sheet in made:
        assert nameless(sheet) == []
        assert unexplained(sheet) == []
        sheet.deleteLater()


def test_a_torn_off_view_can_be_named(reader: Reader) -> None:
    reader.open(volume())
    reader.window.comfort.tear_off()
    view = reader.window.comfort.views[0]
    assert nameless(view) == []
    assert unexplained(view) == []


def test_tab_reaches_every_control_that_can_be_used(reader: Reader) -> None:
    reader.open(volume(), prediction(proposal(1)))
    first = reader.window.pane.view
    reached, widget = {id(first)}, first.nextInFocusChain()
    while widget is not None and widget is not first:
        reached.add(id(widget))
        widget = widget.nextInFocusChain()
    tabbed = [
        w for w in reader.window.findChildren(QWidget)
        if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isVisible() and w.isEnabled()
    ]  # fmt: skip
    assert tabbed
    assert all(id(w) in reached for w in tabbed)
