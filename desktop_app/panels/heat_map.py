"""The heat map of a slide: whose scores are shown, how strongly, and the places worth a visit."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.flow import Flow
from desktop_app.panel import Panel, Side
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.widgets import Chooser, label, push, slider, tidy


class HeatView(QWidget):
    """Chooses the label and the look of the heat map; goes from hot spot to hot spot."""

    applies_changed = Signal(bool)
    note_changed = Signal(str)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self.labels = Chooser("Label of the heat map", "Whose scores are shown")
        self.opacity = slider(0, 100, "Opacity of the heat map")
        self.smooth, self.veil = QCheckBox("Smooth"), QCheckBox("Dim the unread")
        self.smooth.setToolTip("Blend between the cells")
        self.veil.setToolTip("Dim what the model has not looked at")
        for box in (self.smooth, self.veil):
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.back = push("Previous", "The hot spot before", key="Shift+J")
        self.onward = push("Next hot spot", "The next place where this label scores high", key="J")
        self._lay_out(theme)
        self.labels.activated.connect(self._choose)
        self.opacity.valueChanged.connect(self._dress)
        self.smooth.toggled.connect(self._dress)
        self.veil.toggled.connect(self._dress)
        self.back.clicked.connect(lambda: session.slides.next_spot(-1))
        self.onward.clicked.connect(lambda: session.slides.next_spot(1))
        session.slides.heat_changed.connect(self._show)
        session.slides.place_wanted.connect(self._show_place)
        session.labels_changed.connect(self._show)
        self._show()

    def _lay_out(self, theme: Theme) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.px(12))
        grid.setVerticalSpacing(theme.px(8))
        for row, (text, item) in enumerate((("Label", self.labels), ("Opacity", self.opacity))):
            grid.addWidget(label(text, "muted"), row, 0)
            grid.addWidget(item, row, 1)
        grid.setColumnStretch(1, 1)
        self.onward.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        looks = Flow.of((self.smooth, self.veil), theme.px(16))
        spots = Flow.of((self.back, self.onward), theme.px(8))
        column = QVBoxLayout(self)
        tidy(column, theme, (12, 4, 12, 12), 8)
        for part in (grid, looks, spots):
            column.addLayout(part)

    @property
    def applies(self) -> bool:
        """Whether the open scan has a heat map."""
        return self._session.slides.heat is not None

    def _show(self) -> None:
        slides, heat = self._session.slides, self._session.slides.heat
        controls = (self.labels, self.opacity, self.smooth, self.veil)
        for control in controls:
            control.blockSignals(True)
        self.labels.clear()
        for name in heat.labels if heat is not None else ():
            self.labels.addItem(self._session.label_of(name).name, name)
        self.labels.setCurrentIndex(self.labels.findData(slides.heat_label))
        self.opacity.setValue(round(slides.heat_look.opacity * 100))
        self.smooth.setChecked(slides.heat_look.smooth)
        self.veil.setChecked(slides.heat_look.veil)
        for control in controls:
            control.blockSignals(False)
        self._show_place()
        self.applies_changed.emit(self.applies)

    def _show_place(self) -> None:
        slides = self._session.slides
        count = len(slides.spots)
        at = f"{slides.spot + 1} of {count}" if slides.spot >= 0 else str(count)
        self.note_changed.emit(f"{at} hot spot{'' if count == 1 else 's'}" if count else "no hot spot")
        self.back.setEnabled(count > 0)
        self.onward.setEnabled(count > 0)

    def _choose(self, row: int) -> None:
        slides = self._session.slides
        slides.set_heat_look(replace(slides.heat_look, label=str(self.labels.itemData(row))))

    def _dress(self) -> None:
        slides = self._session.slides
        opacity, smooth, veil = self.opacity.value() / 100, self.smooth.isChecked(), self.veil.isChecked()
        slides.set_heat_look(replace(slides.heat_look, opacity=opacity, smooth=smooth, veil=veil))


class HeatMapPanel:
    """The heat map on the right."""

    title = "Heat map"
    side: Side = "right"
    order = 25
    stretch = 0

    def make(self, session: Session, theme: Theme) -> QWidget:
        """Build it."""
        return HeatView(session, theme)


PLUGIN: Panel = HeatMapPanel()
