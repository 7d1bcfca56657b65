"""The dialog that chooses a case to look at beside the open one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from desktop_app.dialogs import Sheet
from desktop_app.display import CaseRow
from desktop_app.theme import Theme
from desktop_app.widgets import Field

STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 10, Qt.Key.Key_PageUp: -10}


DAY = 86_400.0
SPANS = ((365.25, "year"), (30.4, "month"), (1.0, "day"))


class CaseList(QAbstractListModel):
    """The cases whose words hold what was typed, but for the open one; those of its patient come first."""

    def __init__(self, rows: Sequence[CaseRow], current: int) -> None:
        super().__init__()
        self._rows = rows
        self._open = rows[current] if 0 <= current < len(rows) else None
        order = sorted(range(len(rows)), key=lambda number: abs(number - current))
        there = [number for number in order if number != current and not rows[number].problem]
        same = sorted((number for number in there if self._is_same(rows[number])), key=self._distance)
        first = set(same)
        self._all = same + [number for number in there if number not in first]
        self.numbers = self._all

    def find(self, text: str) -> None:
        """Show the cases that hold all of the words."""
        words = text.casefold().split()
        self.beginResetModel()
        self.numbers = [n for n in self._all if all(word in self._words(n) for word in words)] if words else self._all
        self.endResetModel()

    def _words(self, number: int) -> str:
        return f"{self._rows[number].title} {self._rows[number].detail} {self.relation(number)}".casefold()

    def _is_same(self, row: CaseRow) -> bool:
        return self._open is not None and bool(row.group) and row.group == self._open.group

    def _distance(self, number: int) -> tuple[bool, float]:
        """What came before the open scan first, the nearest first: that is the prior."""
        assert self._open is not None
        later = self._rows[number].added - self._open.added
        return later > 0, abs(later)

    def relation(self, number: int) -> str:
        """What a case is to the open one; empty where they are not known to be of one patient."""
        row = self._rows[number]
        if self._open is None or not self._is_same(row):
            return ""
        return f"same patient, added {time_between(row.added - self._open.added)}"

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        """How many are found."""
        return 0 if parent.isValid() else len(self.numbers)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Title and detail in one line."""
        if role not in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole} or not index.isValid():
            return None
        row = self._rows[self.numbers[index.row()]]
        relation = self.relation(self.numbers[index.row()])
        return "   ".join(text for text in (row.title, row.detail, relation) if text)


def time_between(seconds: float) -> str:
    """A stretch of time in words: before where it is negative."""
    days = abs(seconds) / DAY
    for length, name in SPANS:
        count = round(days / length)
        if days >= length:
            return f"{count} {name}{'' if count == 1 else 's'} {'after' if seconds > 0 else 'before'}"
    return "the same day"


class ChooseCase(Sheet):
    """A list of cases, those of the open one's patient and then those next to it first, and a field that narrows it."""

    def __init__(self, parent: QWidget | None, theme: Theme, rows: Sequence[CaseRow], current: int) -> None:
        super().__init__(parent, theme, "Compare with", "Cancel")
        self.chosen = -1
        self.model = CaseList(rows, current)
        self.text = Field()
        self.text.setPlaceholderText("Find a case")
        self.text.setAccessibleName("Find a case")
        self.text.setToolTip("Words of the title; Up and Down choose, Enter opens")
        self.list = QListView()
        self.list.setAccessibleName("Cases")
        self.list.setModel(self.model)
        self.list.setUniformItemSizes(True)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.body.addWidget(self.text)
        self.body.addWidget(self.list, 1)
        self.go = self.add_chief("Compare", "Look at it beside the open scan")
        self.text.textChanged.connect(self._find)
        self.text.returnPressed.connect(self.go.click)
        self.list.doubleClicked.connect(self.accept)
        self.fit(480, 420)
        self._find("")
        self.text.setFocus()

    def _find(self, text: str) -> None:
        self.model.find(text)
        self._choose(0)
        self.go.setEnabled(bool(self.model.numbers))

    def _choose(self, row: int) -> None:
        last = self.model.rowCount() - 1
        if last >= 0:
            self.list.setCurrentIndex(self.model.index(min(max(row, 0), last)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk through the list while the field has the focus."""
        step = STEPS.get(Qt.Key(event.key()), 0)
        if step:
            self._choose(self.list.currentIndex().row() + step)
        else:
            super().keyPressEvent(event)

    def accept(self) -> None:
        """Take the chosen case."""
        index = self.list.currentIndex()
        if index.isValid():
            self.chosen = self.model.numbers[index.row()]
            super().accept()
