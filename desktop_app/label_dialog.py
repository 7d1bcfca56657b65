"""The dialog that changes a label: name, colour, key, and what is asked of each mark that has it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QCheckBox, QColorDialog, QGridLayout, QHBoxLayout, QPushButton, QWidget

from dataset.label import ATTRIBUTE_KINDS, AttributeDef, AttributeKind, Label, LabelSet
from desktop_app.dialogs import Sheet
from desktop_app.labelling import COLOURS
from desktop_app.theme import Theme
from desktop_app.widgets import Chooser, Field, label, push, tidy, tool_button

KIND_NAMES: dict[AttributeKind, str] = {
    "choice": "One of",
    "text": "Text",
    "yes-no": "Yes or no",
    "number": "Number",
}
NO_KEY = "No key"
MOST_SWATCHES = 13


class _AttributeRow:
    """The fields of one attribute."""

    def __init__(self, asked: AttributeDef) -> None:
        self.name = Field(asked.name)
        self.name.setPlaceholderText("Name")
        self.name.setAccessibleName("Name of the attribute")
        self.kind = Chooser("Kind of the attribute")
        for kind in ATTRIBUTE_KINDS:
            self.kind.addItem(KIND_NAMES[kind], kind)
        self.kind.setCurrentIndex(self.kind.findData(asked.kind))
        self.choices = Field(", ".join(asked.choices))
        self.choices.setCursorPosition(0)
        self.choices.setPlaceholderText("low, middle, high")
        self.choices.setAccessibleName("Choices, set apart by commas")
        self.choices.setToolTip("Choices, set apart by commas")
        self.required = QCheckBox("Needed")
        self.required.setToolTip("Whether each mark needs it")
        self.required.setChecked(asked.is_required)

    @property
    def asked(self) -> AttributeDef:
        """The attribute as it stands in the fields."""
        kind: AttributeKind = self.kind.currentData()
        parts = tuple(part.strip() for part in self.choices.text().split(",") if part.strip())
        return AttributeDef(
            self.name.text().strip(), kind, parts if kind == "choice" else (), self.required.isChecked()
        )


class LabelSheet(Sheet):
    """Asks for everything of a label but its id, which marks refer to."""

    def __init__(self, parent: QWidget | None, theme: Theme, known: Label, labels: LabelSet) -> None:
        super().__init__(parent, theme, "Change label", "Cancel")
        self._known, self._labels, self._colour = known, labels, known.colour
        self.name = Field(known.name)
        self.name.setAccessibleName("Name")
        self.key = Chooser("Key", "Ctrl and this digit gives the label")
        for digit in ("", *"123456789"):
            self.key.addItem(f"Ctrl+{digit}" if digit else NO_KEY, digit)
        self.key.setCurrentIndex(self.key.findData(known.key))
        self.add_form((("Name", self.name), ("Colour", self._colours()), ("Key", self.key)))
        self.body.addWidget(label("Asked of each mark", "heading"))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.px(8))
        self._grid.setVerticalSpacing(theme.px(8))
        for column, share in ((0, 3), (1, 2), (2, 4)):
            self._grid.setColumnStretch(column, share)
        self.body.addLayout(self._grid)
        self.rows: list[_AttributeRow] = []
        self.add = push("Add an attribute", "Ask one thing more of each mark with this label", name="link")
        self.add.clicked.connect(lambda: self.add_row(AttributeDef("", "choice")))
        self.body.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        self.fault = label("", "bad", wraps=True)
        self.body.addWidget(self.fault)
        self.body.addStretch(1)
        self.chief = self.add_chief("Change", "Change this label wherever it is used")
        for asked in known.attributes:
            self.add_row(asked)
        self.name.textChanged.connect(self._check)
        self._check()
        self.setMinimumWidth(theme.px(640))

    def _colours(self) -> QHBoxLayout:
        row = QHBoxLayout()
        tidy(row, self.theme, gap=4)
        self.swatches: list[QPushButton] = []
        for colour in [*dict.fromkeys((self._known.colour, *COLOURS))][:MOST_SWATCHES]:
            made = self._swatch(colour)
            made.clicked.connect(lambda _=False, chosen=colour: self.choose_colour(chosen))
            self.swatches.append(made)
            row.addWidget(made)
        row.addSpacing(self.theme.px(8))
        other = push("Other…", "Choose any colour")
        other.clicked.connect(self._ask_colour)
        row.addWidget(other)
        row.addStretch(1)
        self.choose_colour(self._colour)
        return row

    def _swatch(self, colour: str) -> QPushButton:
        side = self.theme.px(14)
        picture = QPixmap(side * 2, side * 2)
        picture.fill(QColor(colour))
        made = push("", f"Colour {colour}")
        made.setObjectName("swatch")
        made.setIcon(QIcon(picture))
        made.setCheckable(True)
        made.setFixedSize(self.theme.px(24), self.theme.px(24))
        accent = self.theme.accent
        made.setStyleSheet(
            f"QPushButton {{ padding: 0; min-height: 0; border: 2px solid transparent; background: transparent; }}"
            f"QPushButton:checked, QPushButton:focus {{ border-color: {accent}; }}"
        )
        made.setProperty("colour", colour)
        return made

    def choose_colour(self, colour: str) -> None:
        """Take a colour."""
        self._colour = colour
        for made in self.swatches:
            made.setChecked(made.property("colour") == colour)

    def _ask_colour(self) -> None:
        found = QColorDialog.getColor(QColor(self._colour), self, "Colour of the label")
        if found.isValid():
            self.choose_colour(found.name())

    def add_row(self, asked: AttributeDef) -> None:
        """Ask one thing more."""
        row, line = _AttributeRow(asked), len(self.rows)
        remove = tool_button(self.theme, "close", "Ask this no more", size=14)
        for column, part in enumerate((row.name, row.kind, row.choices, row.required, remove)):
            self._grid.addWidget(part, line, column)
        self.rows.append(row)
        remove.clicked.connect(lambda: self._remove(row, remove))
        for field in (row.name, row.choices):
            field.textChanged.connect(self._check)
        row.kind.currentIndexChanged.connect(self._check)
        self._check()

    def _remove(self, row: _AttributeRow, button: QWidget) -> None:
        self.rows.remove(row)
        for part in (row.name, row.kind, row.choices, row.required, button):
            part.hide()
            self._grid.removeWidget(part)
            part.deleteLater()
        self._check()

    def _check(self) -> None:
        """Say what is wrong, if anything."""
        for row in self.rows:
            row.choices.setEnabled(row.kind.currentData() == "choice")
        self.fault.setText(self._fault())
        self.fault.setVisible(bool(self.fault.text()))
        self.chief.setEnabled(not self.fault.text())

    def _fault(self) -> str:
        name = self.name.text().strip()
        if not name:
            return "The label needs a name."
        if any(
            known.name.casefold() == name.casefold() and known.id != self._known.id for known in self._labels.labels
        ):
            return f"There is another label called {name}."
        asked = [row.asked for row in self.rows]
        fault = next((f"{one.name or 'An attribute'} {one.fault()}." for one in asked if one.fault()), "")
        if not fault and len({one.name for one in asked}) < len(asked):
            return "Two attributes have the same name."
        return fault

    @property
    def chosen(self) -> Label:
        """The label as it was changed."""
        attributes = tuple(row.asked for row in self.rows)
        key = str(self.key.currentData())
        return replace(self._known, name=self.name.text().strip(), colour=self._colour, key=key, attributes=attributes)
