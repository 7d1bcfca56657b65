"""The dialogs: key sheet, preferences, export, sync, about. A default button never destroys anything."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop_app.action import ActionRow, readable_key
from desktop_app.settings import LEAST_SLIDE_MEMORY, MOST_SLIDE_MEMORY, Settings
from desktop_app.theme import Theme
from desktop_app.widgets import Field, Number, label, push, tidy, tool_button

SCALES = (0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
MOUSE = (
    ("Drag", "Window and level"),
    ("Middle drag", "Pan"),
    ("Space + drag", "Pan"),
    ("Right drag", "Zoom"),
    ("Wheel", "Plane, or zoom"),
    ("Ctrl + wheel", "Zoom at the cursor"),
    ("Double click", "Fit to view"),
    ("Alt, held", "Erase with the brush"),
    ("Esc", "Drop what is drawn"),
)


class Sheet(QDialog):
    """A dialog with a title, a body and a row of buttons; Escape and the first button always just leave."""

    def __init__(self, parent: QWidget | None, theme: Theme, title: str, leave: str = "Close") -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
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


class KeySheet(Sheet):
    """Every key, by menu, and the mouse."""

    def __init__(self, parent: QWidget | None, theme: Theme, rows: Iterable[ActionRow]) -> None:
        super().__init__(parent, theme, "Keys")
        groups: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for row in rows:
            if row.keys and not row.id.startswith(("label-", "preset-")):
                groups.setdefault(row.menu, []).append((_said(row.keys), row.text.rstrip("…")))
        groups.setdefault("Findings", []).append((("Ctrl+1 … 9",), "Label"))
        groups.setdefault("View", []).append((("1 … 5",), "Window preset"))
        groups["Mouse"] = [((gesture,), what) for gesture, what in MOUSE]
        columns = QHBoxLayout()
        tidy(columns, theme, (16, 12, 16, 12), 24)
        for names in halves({name: len(entries) for name, entries in groups.items()}):
            column = QVBoxLayout()
            tidy(column, theme, gap=4)
            for name in names:
                column.addWidget(label(name, "heading"))
                column.addLayout(self._grid(groups[name]))
                column.addSpacing(theme.px(12))
            column.addStretch(1)
            columns.addLayout(column, 1)
        inner = QWidget()
        inner.setObjectName("column")
        inner.setLayout(columns)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        self.body.addWidget(area)
        self.resize(theme.px(940), theme.px(680))

    def _grid(self, entries: Iterable[tuple[tuple[str, ...], str]]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(self.theme.px(12))
        grid.setVerticalSpacing(self.theme.px(4))
        for number, (keys, what) in enumerate(entries):
            caps = QHBoxLayout()
            tidy(caps, self.theme, gap=4)
            for key in keys:
                caps.addWidget(label(key, "key"))
            caps.addStretch(1)
            grid.addWidget(label(what), number, 0)
            grid.addLayout(caps, number, 1)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        return grid


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


class Preferences(Sheet):
    """Theme, scale, author, device, memory."""

    def __init__(self, parent: QWidget | None, theme: Theme, settings: Settings, author: str) -> None:
        super().__init__(parent, theme, "Preferences", "Cancel")
        self.look = _chooser("Theme", (("Dark", "dark"), ("Light", "light")), settings.theme)
        self.scale = _chooser("Size of text and icons", tuple((f"{s:.0%}", s) for s in SCALES), settings.scale)
        devices = (("Automatic", "auto"), ("CPU only", "cpu"), ("CUDA", "cuda"))
        self.device = _chooser("Where models run", devices, settings.device)
        self.author = Field(settings.author)
        self.author.setPlaceholderText(author)
        self.author.setAccessibleName("Author")
        self.author.setToolTip("Written with every mark you make")
        self.memory = Number(LEAST_SLIDE_MEMORY, MOST_SLIDE_MEMORY, "Memory for slide tiles")
        self.memory.setToolTip("What reading slides may take: with more, places seen before come back sooner")
        self.memory.setSuffix(" MiB")
        self.memory.setSingleStep(LEAST_SLIDE_MEMORY)
        self.memory.setValue(settings.slide_memory)
        self.add_form(
            (
                ("Theme", self.look),
                ("Size", self.scale),
                ("Author", self.author),
                ("Models run on", self.device),
                ("Memory for slide tiles", self.memory),
            )
        )
        self.add_chief("Apply", "Keep these settings")
        self.setMinimumWidth(theme.px(420))

    def chosen(self) -> dict[str, object]:
        """The fields as they stand in the dialog."""
        return {
            "theme": self.look.currentData(),
            "scale": float(self.scale.currentData()),
            "author": self.author.text().strip(),
            "device": self.device.currentData(),
            "slide_memory": round(self.memory.value()),
        }


class Destination(Sheet):
    """Where to: a folder or, for a sync, an address. With formats, which one."""

    def __init__(
        self, parent: QWidget | None, theme: Theme, title: str, chief: str, formats: Iterable[tuple[str, str]] = ()
    ) -> None:
        super().__init__(parent, theme, title, "Cancel")
        options = tuple(formats)
        self.format = _chooser("Format", options, options[0][1] if options else "")
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
        self.resize(theme.px(620), theme.px(460))

    def show_text(self, text: str) -> None:
        """Show what was found out."""
        self.text.setPlainText(text)


def _chooser(name: str, options: Iterable[tuple[str, object]], chosen: object) -> QComboBox:
    made = QComboBox()
    made.setAccessibleName(name)
    made.setToolTip(name)
    for text, value in options:
        made.addItem(text, value)
    made.setCurrentIndex(max(made.findData(chosen), 0))
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made
