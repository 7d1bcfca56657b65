"""Key profiles: the keys of programs that hands already know, put over the table of actions. Pure.

Where another program has the same act, its documented key is used; the rest keeps the table's keys. A key that a
profile takes leaves its former owner, which keeps its other keys or none.

The keys are facts from: QuPath's documentation, page "Shortcuts" (version 0.5); OHIF Viewer 3, the default hotkeys of
`platform/core`, for PACS viewers, which name their keys much alike; labelme 5, `default_config.yaml`; CVAT's manual,
page "Shortcuts" (version 2). Single keys of theirs that would need AltGr on a German or French keyboard, and sequences
of two letters, are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import TypeAlias, get_args

from PySide6.QtGui import QKeySequence

from desktop_app.action import ActionRow, meet
from desktop_app.settings import ProfileName

Keys: TypeAlias = Mapping[str, tuple[str, ...]]

PROFILE_TITLES: Mapping[ProfileName, str] = MappingProxyType(
    {"overread": "Overread", "qupath": "QuPath", "pacs": "PACS (OHIF)", "labelme": "labelme", "cvat": "CVAT"}
)

REACHED_WITHOUT_ALTGR: Keys = MappingProxyType({"smaller": ("Shift+PgDown",), "larger": ("Shift+PgUp",)})
"""Second keys for what stands on brackets, which German and French keyboards only have with AltGr."""

_QUPATH: Keys = MappingProxyType(
    {
        "tool-select": ("M",),
        "tool-box": ("R",),
        "tool-polygon": ("P",),
        "tool-polyline": ("V",),
        "tool-brush": ("B",),
        "tool-wand": ("W",),
        "tool-ruler": ("L",),
        "hide": ("H", "A"),
        "palette": ("Ctrl+L",),
        "select-none": ("Ctrl+Shift+R",),
        "predict": ("Ctrl+R",),
        # Not QuPath's: for acts whose keys QuPath takes.
        "previous-case": ("Shift+A",),
        "new-label": ("Ctrl+Alt+L",),
    }
)
_PACS: Keys = MappingProxyType(
    {
        "zoom-in": ("+",),
        "zoom-out": ("-",),
        "fit": ("=",),
        "invert": ("I",),
        "next-view": ("Right",),
        "next-case": ("PgDown",),
        "previous-case": ("PgUp",),
        "next-plane": ("Down",),
        "previous-plane": ("Up",),
        "undo": ("Ctrl+Z",),
        "redo": ("Ctrl+Y",),
        "delete": ("Backspace",),
        "select-none": ("Escape",),
    }
)
_LABELME: Keys = MappingProxyType(
    {
        "open": ("Ctrl+O",),
        "open-folder": ("Ctrl+U",),
        "quit": ("Ctrl+Q",),
        "save": ("Ctrl+S",),
        "next-case": ("D", "Ctrl+Shift+D"),
        "previous-case": ("A", "Ctrl+Shift+A"),
        "zoom-in": ("Ctrl++", "Ctrl+="),
        "zoom-out": ("Ctrl+-",),
        "pixels": ("Ctrl+0",),
        "fit": ("Ctrl+F",),
        "tool-polygon": ("Ctrl+N",),
        "tool-box": ("Ctrl+R",),
        "tool-select": ("Ctrl+J",),
        "delete": ("Delete",),
        "undo": ("Ctrl+Z",),
        # Not labelme's: for acts whose keys it takes.
        "sync": ("Ctrl+Shift+U",),
        "operation-fill-holes": ("Ctrl+Shift+F",),
        "operation-merge": ("Ctrl+Alt+J",),
    }
)
_CVAT: Keys = MappingProxyType(
    {
        "next-plane": ("F",),
        "previous-plane": ("D",),
        "next-finding": ("Right",),
        "previous-finding": ("Left",),
        "hide": ("H",),
        "lock": ("L",),
        "delete": ("Delete",),
        "undo": ("Ctrl+Z",),
        "redo": ("Ctrl+Shift+Z", "Ctrl+Y"),
        "save": ("Ctrl+S",),
        "turn-right": ("Ctrl+R",),
        "turn-left": ("Ctrl+Shift+R",),
        "preferences": ("F2",),
        "keys": ("F1",),
        # Not CVAT's: for acts whose keys it takes.
        "next-case": ("Ctrl+Right",),
        "previous-case": ("Ctrl+Left",),
        "views-1": ("Shift+F2",),
        "one-view": ("Shift+F2",),
        "tool-ruler": ("Shift+L",),
    }
)
PROFILES: Mapping[ProfileName, Keys] = MappingProxyType(
    {
        "overread": MappingProxyType({}),
        "qupath": _QUPATH,
        "pacs": _PACS,
        "labelme": _LABELME,
        "cvat": _CVAT,
    }
)
assert tuple(PROFILES) == get_args(ProfileName)


@cache
def canonical(key: str) -> str:
    """A key in the one spelling that Qt gives it; empty for what is no single key."""
    known = QKeySequence(key)
    return known.toString() if known.count() == 1 else ""


def profiled(rows: Iterable[ActionRow], name: ProfileName) -> tuple[ActionRow, ...]:
    """The table with the keys of a profile over its own, without conflicts among the keys given."""
    reached = _with_second_keys(tuple(rows))
    for action_id, keys in PROFILES[name].items():
        held = next((row.keys for row in reached if row.id == action_id), None)
        if held is not None:
            # A key of its own stays with an action unless the profile gives it away.
            given = {canonical(key) for other, theirs in PROFILES[name].items() if other != action_id for key in theirs}
            stays = tuple(key for key in held if canonical(key) not in given)
            reached = given_keys(reached, action_id, (*keys, *stays))
    return reached


def _with_second_keys(rows: tuple[ActionRow, ...]) -> tuple[ActionRow, ...]:
    taken = {canonical(key) for row in rows for key in row.keys}
    return tuple(
        replace(row, keys=(*row.keys, *(key for key in REACHED_WITHOUT_ALTGR[row.id] if key not in taken)))
        if row.id in REACHED_WITHOUT_ALTGR
        else row
        for row in rows
    )


def given_keys(rows: Iterable[ActionRow], action_id: str, keys: Iterable[str]) -> tuple[ActionRow, ...]:
    """The table with an action's keys replaced; whoever had one of them where both count has it no more."""
    table = tuple(rows)
    row = next((row for row in table if row.id == action_id), None)
    if row is None:
        return table
    wanted = tuple(dict.fromkeys(key for key in map(canonical, keys) if key))
    return tuple(
        replace(other, keys=wanted)
        if other.id == action_id
        else _without(other, wanted)
        if shares(row, other)
        else other
        for other in table
    )


def shares(row: ActionRow, other: ActionRow) -> bool:
    """Whether keys of both may count at the same time."""
    return meet(row.scope, other.scope)


def _without(row: ActionRow, keys: tuple[str, ...]) -> ActionRow:
    left = tuple(key for key in row.keys if canonical(key) not in keys)
    return row if left == row.keys else replace(row, keys=left)
