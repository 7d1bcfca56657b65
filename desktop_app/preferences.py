"""The preferences: what a person chooses once."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QCheckBox, QWidget

from desktop_app.dialogs import Sheet, chooser
from desktop_app.key_profiles import PROFILE_TITLES
from desktop_app.settings import LEAST_SLIDE_MEMORY, MOST_SLIDE_MEMORY, Settings
from desktop_app.theme import Theme
from desktop_app.translation import LANGUAGES
from desktop_app.widgets import Column, Field, Number

SCALES = (0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
THEMES = (("Dark", "dark"), ("Light", "light"))
DEVICES = (("Automatic", "auto"), ("CPU only", "cpu"), ("CUDA", "cuda"))
COLOURS = (("As in the label set", "given"), ("Colour-blind safe", "safe"))


class Preferences(Sheet):
    """Look, language, keys, labels, author, device, memory."""

    def __init__(self, parent: QWidget | None, theme: Theme, settings: Settings, author: str) -> None:
        super().__init__(parent, theme, "Preferences", "Cancel")
        self.look = chooser("Theme", THEMES, settings.theme)
        self.scale = chooser("Size of text and icons", tuple((f"{s:.0%}", s) for s in SCALES), settings.scale)
        self.language = chooser("Language", tuple((text, name) for name, text in LANGUAGES.items()), settings.language)
        profiles = tuple((text, name) for name, text in PROFILE_TITLES.items())
        self.profile = chooser("Keys as in", profiles, settings.key_profile)
        self.profile.setToolTip("Whose keys are used; Ctrl+F1 changes single ones")
        self.colours = chooser("Colours of labels", COLOURS, settings.label_colours)
        self.colours.setToolTip("Only how labels are shown; the dataset keeps its own colours")
        self.patterns = QCheckBox("Hatch masks by label")
        self.patterns.setChecked(settings.patterns)
        self.patterns.setToolTip("Tells labels apart without colour")
        self.device = chooser("Where models run", DEVICES, settings.device)
        self.author = Field(settings.author)
        self.author.setPlaceholderText(author)
        self.author.setAccessibleName("Author")
        self.author.setToolTip("Written with every mark you make")
        self.memory = Number(LEAST_SLIDE_MEMORY, MOST_SLIDE_MEMORY, "Memory for slide tiles")
        self.memory.setToolTip("What reading slides may take: with more, places seen before come back sooner")
        self.memory.setSuffix(" MiB")
        self.memory.setSingleStep(LEAST_SLIDE_MEMORY)
        self.memory.setValue(settings.slide_memory)
        self._scroll(
            (
                ("Theme", self.look),
                ("Size", self.scale),
                ("Language", self.language),
                ("Keys as in", self.profile),
                ("Colours of labels", self.colours),
                ("Patterns", self.patterns),
                ("Author", self.author),
                ("Models run on", self.device),
                ("Memory for slide tiles", self.memory),
            )
        )
        self.add_chief("Apply", "Keep these settings")
        self.setMinimumWidth(theme.px(520))

    def _scroll(self, rows: Iterable[tuple[str, QWidget]]) -> None:
        """Add the rows in an area that scrolls where the screen is too small for all of them."""
        form, inner = self.add_form(rows), QWidget()
        self.body.removeItem(form)
        form.setParent(None)
        form.setContentsMargins(*(self.theme.px(12),) * 4)
        inner.setObjectName("column")
        inner.setLayout(form)
        area = Column(inner)
        most = self.screen().availableGeometry().height() * 6 // 10
        area.setMinimumHeight(min(inner.sizeHint().height() + 2, most))
        self.body.addWidget(area)

    def chosen(self) -> dict[str, object]:
        """The fields as they stand in the dialog."""
        return {
            "theme": self.look.currentData(),
            "scale": float(self.scale.currentData()),
            "language": self.language.currentData(),
            "key_profile": self.profile.currentData(),
            "label_colours": self.colours.currentData(),
            "patterns": self.patterns.isChecked(),
            "author": self.author.text().strip(),
            "device": self.device.currentData(),
            "slide_memory": round(self.memory.value()),
        }
