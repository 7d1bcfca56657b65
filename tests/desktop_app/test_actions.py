"""The table of actions: no two on one key, and the keys of the design."""

from collections import Counter
from collections.abc import Callable

import pytest
from PySide6.QtGui import QKeySequence

from dataset.label import Label, LabelSet
from desktop_app import tools
from desktop_app.action import ActionRow, conflicts
from desktop_app.action_series import numbered_label
from desktop_app.actions import all_rows
from desktop_app.icons import icon_names
from desktop_app.main_window import MainWindow
from desktop_app.tool import Tool
from imaging.plugins import gather

ROWS = all_rows(gather(tools, Tool))


def row(key: str, scope: str = "window", name: str = "") -> ActionRow:
    return ActionRow(name or key, "", lambda _desk: None, (key,), scope)  # type: ignore[arg-type]


def test_no_two_actions_claim_one_key_in_one_scope() -> None:
    assert conflicts(ROWS) == ()


def test_a_conflict_is_found() -> None:
    assert conflicts([row("R", name="a"), row("R", name="b")]) == ("R: a and b",)
    assert conflicts([row("Ctrl+Z", name="a"), row("ctrl+z", "scan", name="b")]) == ("Ctrl+Z: a and b",)
    assert conflicts([row("R"), row("Shift+R")]) == ()
    assert conflicts([row("1", "slide", name="a"), row("1", name="b")]) == ("1: a and b",)
    assert conflicts([row("1", "slide", name="a"), row("1", "scan", name="b")]) == ("1: a and b",)
    assert conflicts([row("1", "slide", name="a"), row("1", "no slide", name="b")]) == ()


def test_every_key_is_one_that_qt_knows() -> None:
    for known in ROWS:
        for key in known.keys:
            assert QKeySequence(key).toString(), f"{known.id}: {key}"
            assert QKeySequence(key).count() == 1


def test_ids_are_unique_and_icons_exist() -> None:
    assert [name for name, count in Counter(known.id for known in ROWS).items() if count > 1] == []
    assert {known.icon for known in ROWS if known.icon} <= set(icon_names())


@pytest.mark.parametrize(
    ("key", "action"),
    [
        ("R", "tool-box"), ("P", "tool-polygon"), ("B", "tool-brush"), ("E", "tool-eraser"), ("V", "tool-select"),
        ("[", "smaller"), ("]", "larger"), ("Return", "accept"), ("Delete", "delete"), ("Ctrl+1", "label-1"),
        ("Ctrl+9", "label-9"), ("H", "hide"), ("D", "next-case"), ("A", "previous-case"), ("Ctrl+Z", "undo"),
        ("Ctrl+Shift+Z", "redo"), ("Ctrl+Y", "redo"), ("Ctrl+S", "save"), ("Ctrl+O", "open"), ("F1", "keys"),
        ("1", "preset-1"), ("5", "preset-5"), ("PgUp", "previous-plane"), ("PgDown", "next-plane"),
        ("F", "fit"), ("0", "fit"),
    ],
)  # fmt: skip
def test_the_keys_of_the_design(key: str, action: str) -> None:
    assert [known.id for known in ROWS if key in known.keys and known.scope != "slide"] == [action]


@pytest.mark.parametrize(
    ("key", "action"),
    [
        ("1", "power-1"), ("3", "power-5"), ("6", "power-40"), ("7", "pixels"), ("0", "fit"), ("F", "fit"),
        ("O", "overview"), ("T", "turn-right"), ("Ctrl+G", "go-to"), ("Shift+M", "read-view"), ("M", "predict"),
        ("J", "next-spot"), ("Shift+J", "previous-spot"), ("F3", "views-2"), ("K", "link"), ("N", "empty"),
    ],
)  # fmt: skip
def test_the_keys_of_slides(key: str, action: str) -> None:
    assert [known.id for known in ROWS if key in known.keys and known.scope != "no slide"] == [action]


def test_numbered_labels_go_by_their_key_then_by_their_place() -> None:
    labels = LabelSet("", (Label("a", "A", "#000000", "2"), Label("b", "B", "#000000"), Label("c", "C", "#000000")))
    assert [getattr(numbered_label(labels, n), "id", None) for n in (1, 2, 3, 4)] == [None, "a", "c", None]


def test_every_action_has_a_tool_tip_with_its_key(make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    for known in ROWS:
        tip = window._actions.actions[known.id].toolTip()
        assert tip
        if known.keys:
            assert known.key_text in tip
