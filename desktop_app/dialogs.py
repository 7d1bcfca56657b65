"""The dialogs: what all are made of, export, sync, new label, about. A default button never destroys anything."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.saying import say_all
from desktop_app.theme import Theme
from desktop_app.translation import tr
from desktop_app.widgets import Field, label, push, tidy, tool_button


class Sheet(QDialog):
    """A dialog with a title, a body and a row of buttons; Escape and the first button always just leave."""

    def __init__(self, parent: QWidget | None, theme: Theme, title: str, leave: str = "Close") -> None:
        super().__init__(parent)
        self.setWindowTitle(tr(title))
        self.theme = theme
        self.body = QVBoxLayout()
        tidy(self.body, theme, gap=12)
        self.leave = push(leave, leave)
        self.leave.clicked.connect(self.reject)
        self._buttons = QHBoxLayout()
        tidy(self._buttons, theme, gap=8)
        self._buttons.addStretch(1)
        self._buttons.addWidget(self.leave)
        column = QVBoxLayout(self)
        tidy(column, theme, (24, 16, 24, 16), 16)
        column.addWidget(label(title, "title"))
        column.addLayout(self.body, 1)
        column.addLayout(self._buttons)

    def fit(self, width: int, height: int) -> None:
        """Be this large (pixels at scale 1), as far as the screen goes."""
        room = self.screen().availableGeometry()
        self.resize(
            min(self.theme.px(width), room.width() * 9 // 10), min(self.theme.px(height), room.height() * 9 // 10)
        )

    def showEvent(self, event: QShowEvent) -> None:
        """Say in the reader's language what was made without the makers of words."""
        say_all(self)
        super().showEvent(event)

    def add_chief(self, text: str, tip: str) -> QPushButton:
        """Add the button that does what the dialog is for, and make it the default."""
        made = push(text, tip, name="chief")
        made.setDefault(True)
        made.clicked.connect(self.accept)
        self._buttons.addWidget(made)
        return made

    def add_form(self, rows: Iterable[tuple[str, QWidget | QLayout]]) -> QGridLayout:
        """Add labelled rows."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(self.theme.px(16))
        grid.setVerticalSpacing(self.theme.px(12))
        for number, (text, control) in enumerate(rows):
            grid.addWidget(label(text, "muted"), number, 0)
            if isinstance(control, QWidget):
                grid.addWidget(control, number, 1)
            else:
                grid.addLayout(control, number, 1)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        return grid


class Destination(Sheet):
    """Where to: a folder or, for a sync, an address. With formats, which one."""

    def __init__(
        self, parent: QWidget | None, theme: Theme, title: str, chief: str, formats: Iterable[tuple[str, str]] = ()
    ) -> None:
        super().__init__(parent, theme, title, "Cancel")
        options = tuple(formats)
        self.format = chooser("Format", options, options[0][1] if options else "")
        self.place = Field()
        self.place.setAccessibleName("Where to")
        self.place.setPlaceholderText("Folder" if options else "Folder, or an address such as s3://bucket/path")
        browse = tool_button(theme, "folder", "Choose a folder")
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        tidy(row, theme, gap=8)
        row.addWidget(self.place, 1)
        row.addWidget(browse)
        fields: list[tuple[str, QWidget | QLayout]] = [("Format", self.format)] if options else []
        self.add_form([*fields, ("To", row)])
        self.go = self.add_chief(chief, title)
        self.go.setEnabled(False)
        self.place.textChanged.connect(self._check)
        self.setMinimumWidth(theme.px(480))

    @property
    def chosen_format(self) -> str:
        """The name of the format."""
        return str(self.format.currentData())

    @property
    def chosen_place(self) -> str:
        """The folder or address."""
        return self.place.text().strip()

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Choose a folder", self.place.text())
        if folder:
            self.place.setText(str(Path(folder)))

    def _check(self) -> None:
        self.go.setEnabled(bool(self.place.text().strip()))


class NewLabel(Sheet):
    """The name of a new label."""

    def __init__(self, parent: QWidget | None, theme: Theme) -> None:
        super().__init__(parent, theme, "New label", "Cancel")
        self.name = Field()
        self.name.setAccessibleName("Name of the label")
        self.name.setPlaceholderText("Name, as readers say it")
        self.name.setMaxLength(80)
        self.add_form((("Name", self.name),))
        self.go = self.add_chief("Add", "Add the label to the dataset")
        self.go.setEnabled(False)
        self.name.textChanged.connect(self._check)
        self.name.returnPressed.connect(self.go.click)
        self.setMinimumWidth(theme.px(380))
        self.name.setFocus()

    @property
    def chosen_name(self) -> str:
        """The name without what surrounds it."""
        return " ".join(self.name.text().split())

    def _check(self) -> None:
        self.go.setEnabled(bool(self.chosen_name))


class About(Sheet):
    """What this is, and the truth about devices; the text comes when it has been found out."""

    def __init__(self, parent: QWidget | None, theme: Theme) -> None:
        super().__init__(parent, theme, "Overread")
        self.body.addWidget(label("A medical AI reads first; a person over-reads.", "muted"))
        warning = "Not a medical device. For research and annotation; not for diagnosis."
        self.body.addWidget(label(warning, "", wraps=True))
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setPlainText("Looking at devices…")
        self.text.setAccessibleName("Devices, readers and versions")
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.body.addWidget(self.text, 1)
        self.fit(620, 460)

    def show_text(self, text: str) -> None:
        """Show what was found out."""
        self.text.setPlainText(text)


def chooser(name: str, options: Iterable[tuple[str, object]], chosen: object) -> QComboBox:
    """A field to choose from, each option with its text and its value."""
    made = QComboBox()
    made.setAccessibleName(tr(name))
    made.setToolTip(tr(name))
    for text, value in options:
        made.addItem(tr(text), value)
    made.setCurrentIndex(max(made.findData(chosen), 0))
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made
