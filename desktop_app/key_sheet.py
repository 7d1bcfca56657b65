"""The key sheet: every key as the table stands, by menu, and what the mouse, a pen and a touchpad do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from desktop_app.action import ActionRow, readable_key
from desktop_app.dialogs import Sheet
from desktop_app.finding_names import rank
from desktop_app.theme import Theme
from desktop_app.translation import tr
from desktop_app.widgets import Field, label, push, tidy

MOUSE = (
    ("Drag", "Window and level"),
    ("Middle drag", "Pan"),
    ("Space + drag", "Pan"),
    ("Right drag", "Zoom"),
    ("Wheel", "Plane, or zoom"),
    ("Ctrl + wheel", "Zoom at the cursor"),
    ("Shift + move", "Move the crosshair"),
    ("Double click", "Fit to view"),
    ("Alt, held", "Erase with the brush"),
    ("Esc", "Drop what is drawn"),
    ("Two fingers", "Pan a slide, or change the plane"),
    ("Pinch", "Zoom"),
    ("Pen, turned over", "Erase"),
)
OTHER, MOUSE_TITLE = TITLES = ("Other", "Mouse")
NUMBERED = {"label-": ("Findings", "Ctrl+1 … 9", "Label"), "preset-": ("View", "1 … 5", "Window preset")}
"""Rows that differ by a number stand as one line, while their keys are the usual ones."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the sheet."""

    keys: tuple[str, ...]
    text: str


def lines_of(rows: Iterable[ActionRow]) -> dict[str, list[Line]]:
    """The lines of the sheet by menu, from the table as it stands; texts are in English."""
    table = tuple(rows)
    groups: dict[str, list[Line]] = {}
    for row in table:
        if row.keys and not _is_usual_number(row):
            groups.setdefault(row.menu or OTHER, []).append(Line(_said(row.keys), row.text.rstrip("…")))
    for stem, (menu, keys, text) in NUMBERED.items():
        if any(row.id.startswith(stem) and _is_usual_number(row) for row in table):
            groups.setdefault(menu, []).append(Line((keys.replace("Ctrl+", readable_key("Ctrl+1")[:-1]),), text))
    groups[MOUSE_TITLE] = [Line((tr(gesture),), what) for gesture, what in MOUSE]
    return groups


def _is_usual_number(row: ActionRow) -> bool:
    usual = {"label-": "Ctrl+", "preset-": ""}
    stem = next((stem for stem in usual if row.id.startswith(stem)), "")
    return bool(stem) and row.keys == (usual[stem] + row.id.removeprefix(stem),)


def _said(keys: Iterable[str]) -> tuple[str, ...]:
    """The keys as a person reads them, each once, at most two: more ways to one thing only fill the sheet."""
    return tuple(dict.fromkeys(map(readable_key, keys)))[:2]


def halves(lengths: dict[str, int]) -> tuple[list[str], list[str]]:
    """The names in two columns of about the same length."""
    sides: tuple[list[str], list[str]] = ([], [])
    heights = [0, 0]
    for name in sorted(lengths, key=lambda name: -lengths[name]):
        side = heights.index(min(heights))
        sides[side].append(name)
        heights[side] += lengths[name] + 2
    return sides


class KeySheet(Sheet):
    """Every key, by menu, and the mouse. `wants_change` tells whether a person asked to change keys."""

    def __init__(self, parent: QWidget | None, theme: Theme, rows: Iterable[ActionRow]) -> None:
        super().__init__(parent, theme, "Keys")
        self.wants_change = False
        self.search = Field()
        self.search.setPlaceholderText("Find an action or a key")
        self.search.setAccessibleName("Find an action or a key")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._show_found)
        self.change = push(
            "Change keys…", "Choose whose keys are used, and give actions keys of your own", key="Ctrl+F1"
        )
        self.change.clicked.connect(self._ask_change)
        self._buttons.insertWidget(0, self.change)
        self._found: list[tuple[Line, tuple[QWidget, ...]]] = []
        self._heads: list[tuple[QLabel, list[Line]]] = []
        self.body.addWidget(self.search)
        self.body.addWidget(self._area(lines_of(rows)), 1)
        self.nothing = label("No action or key is called that", "muted")
        self.nothing.hide()
        self.body.addWidget(self.nothing)
        self.fit(1000, 720)
        self.search.setFocus()

    def _area(self, groups: dict[str, list[Line]]) -> QScrollArea:
        columns = QHBoxLayout()
        tidy(columns, self.theme, (16, 12, 16, 12), 24)
        for names in halves({name: len(entries) for name, entries in groups.items()}):
            column = QVBoxLayout()
            tidy(column, self.theme, gap=4)
            for name in names:
                head = label(name, "heading")
                self._heads.append((head, groups[name]))
                column.addWidget(head)
                column.addLayout(self._grid(groups[name]))
                column.addSpacing(self.theme.px(12))
            column.addStretch(1)
            columns.addLayout(column, 1)
        inner = QWidget()
        inner.setObjectName("column")
        inner.setLayout(columns)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        area.setAccessibleName("Keys")
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        return area

    def _grid(self, entries: Iterable[Line]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(self.theme.px(12))
        grid.setVerticalSpacing(self.theme.px(4))
        for number, line in enumerate(entries):
            caps, holder = QHBoxLayout(), QWidget()
            holder.setLayout(caps)
            tidy(caps, self.theme, gap=4)
            for key in line.keys:
                caps.addWidget(label(key, "key"), 0, Qt.AlignmentFlag.AlignVCenter)
            caps.addStretch(1)
            text = label(line.text, wraps=True)
            grid.addWidget(text, number, 0)
            grid.addWidget(holder, number, 1)
            self._found.append((line, (text, holder)))
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        return grid

    def _show_found(self, query: str) -> None:
        shown = {id(line) for line, _ in self._found if _answers(query, line)}
        for line, parts in self._found:
            for part in parts:
                part.setVisible(id(line) in shown)
        for head, lines in self._heads:
            head.setVisible(any(id(line) in shown for line in lines))
        self.nothing.setVisible(not shown)

    def _ask_change(self) -> None:
        self.wants_change = True
        self.accept()


def _answers(query: str, line: Line) -> bool:
    if any(query.casefold().strip() == key.casefold() for key in line.keys):
        return True
    best = min((one for one in (rank(query, line.text), rank(query, tr(line.text))) if one is not None), default=None)
    return best is not None and best[0] != 3
