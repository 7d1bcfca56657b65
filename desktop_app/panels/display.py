"""Display: window and level in numbers and presets, colours, slab, inversion, overlay, smoothing."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.display import ONE_PLANE, Slab
from desktop_app.flow import Flow
from desktop_app.panel import Panel, Side
from desktop_app.presets import first_slab, offered_windows
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.widgets import Chooser, Number, label, push, slider, tidy
from imaging.colour_maps import COLOUR_MAPS
from imaging.geometry import step_spacing
from imaging.scan import Window

SLABS = (("", "One plane"), ("mean", "Mean"), ("max", "Brightest"), ("min", "Darkest"))


class DisplayView(QWidget):
    """Controls of how the open scan is shown."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self._offered: tuple[Window, ...] = ()
        self._grey_only: list[QWidget] = []
        """What a scan in colours or channels has no use for."""
        self._slab_only: list[QWidget] = []
        self.presets = Chooser("Window preset", "Window preset  (1 … 5)")
        self.presets.setPlaceholderText("Own window")
        self.centre = Number(-1e7, 1e7, "Centre of the window (level)", decimals=0)
        self.width_box = Number(1e-6, 1e8, "Width of the window", decimals=0)
        self.colours = Chooser("Colours", "What dark to bright is shown as")
        for name, text in (("", "Grey"), *((name, text) for name, (text, _) in COLOUR_MAPS.items())):
            self.colours.addItem(text, name)
        self.slab = Chooser("Slab", "Show several planes as one  (Shift+S)")
        for mode, text in SLABS:
            self.slab.addItem(text, mode)
        self.thickness = Number(1, 500, "How thick the slab is", decimals=0)
        self.opacity = slider(0, 100, "Opacity of masks")
        self.inverted = QCheckBox("Invert")
        self.inverted.setToolTip("Show dark as bright  (I)")
        self.smooth = QCheckBox("Smooth")
        self.smooth.setToolTip("Blend between pixels when enlarged")
        for box in (self.inverted, self.smooth):
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.reset = push("Reset", "The window the scan opened with", key="Shift+W")
        self._lay_out(theme)
        self._grey_only += [self.presets, self.centre, self.width_box, self.inverted, self.reset, self.colours]
        self._slab_only += [self.slab, self.thickness]
        self.presets.activated.connect(self._choose)
        self.centre.valueChanged.connect(self._set_centre)
        self.width_box.valueChanged.connect(self._set_width)
        self.opacity.valueChanged.connect(self._set_opacity)
        self.colours.activated.connect(self._choose_colours)
        self.slab.activated.connect(self._choose_slab)
        self.thickness.valueChanged.connect(self._set_thickness)
        self.inverted.toggled.connect(self._set_inverted)
        self.smooth.toggled.connect(self._set_smooth)
        self.reset.clicked.connect(session.reset_window)
        session.scan_changed.connect(self._on_scan)
        session.display_changed.connect(self._show)
        self._on_scan()

    def _lay_out(self, theme: Theme) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.px(12))
        grid.setVerticalSpacing(theme.px(8))
        numbers = QHBoxLayout()
        tidy(numbers, theme, gap=8)
        for box in (self.centre, self.width_box):
            box.setMinimumWidth(theme.px(48))
            numbers.addWidget(box, 1)
        slab = QHBoxLayout()
        tidy(slab, theme, gap=8)
        slab.addWidget(self.slab, 2)
        slab.addWidget(self.thickness, 1)
        self.thickness.setMinimumWidth(theme.px(48))
        self.slab.setMinimumContentsLength(4)
        rows: tuple[tuple[str, QWidget | QHBoxLayout], ...] = (
            ("Preset", self.presets),
            ("Level, width", numbers),
            ("Colours", self.colours),
            ("Slab", slab),
            ("Masks", self.opacity),
        )
        for number, (text, item) in enumerate(rows):
            word = label(text, "muted")
            grid.addWidget(word, number, 0)
            if item is slab:
                self._slab_only.append(word)
            elif item is not self.opacity:
                self._grey_only.append(word)
            if isinstance(item, QWidget):
                grid.addWidget(item, number, 1)
            else:
                grid.addLayout(item, number, 1)
        grid.setColumnStretch(1, 1)
        last = Flow.of((self.inverted, self.smooth, self.reset), theme.px(16), spread=True)
        column = QVBoxLayout(self)
        tidy(column, theme, (12, 4, 12, 12), 8)
        column.addLayout(grid)
        column.addLayout(last)

    def _on_scan(self) -> None:
        session = self._session
        self._offered = offered_windows(session.info, session.first_window)
        self.presets.clear()
        for number, window in enumerate(self._offered, 1):
            self.presets.addItem(f"{window.name}    {number}" if number <= 5 else window.name)
        is_grey = bool(self._offered)
        for control in (self.presets, self.centre, self.width_box, self.inverted, self.reset, self.colours):
            control.setEnabled(is_grey)
        info = session.info
        has_colours = info is not None and (info.is_colour or bool(info.fluorescence))
        for part in self._grey_only:
            part.setVisible(not has_colours)
        for part in self._slab_only:
            part.setVisible(info is not None and info.kind == "volume" and info.size.planes > 1 and not has_colours)
        for control in (self.opacity, self.smooth):
            control.setEnabled(session.scan is not None)
        unit = session.info.rescale.unit if session.info is not None else ""
        self.centre.setSuffix(f" {unit}" if unit else "")
        self._show()

    def _show(self) -> None:
        display = self._session.display
        if display.window is None:
            self.centre.clear()
            self.width_box.clear()
        else:
            decimals = 0 if display.window.width >= 20 else 3
            for box, value in ((self.centre, display.window.centre), (self.width_box, display.window.width)):
                box.blockSignals(True)
                box.setDecimals(decimals)
                box.setValue(value)
                box.blockSignals(False)
            chosen = [
                number
                for number, window in enumerate(self._offered)
                if (window.centre, window.width) == (display.window.centre, display.window.width)
            ]
            self.presets.setCurrentIndex(chosen[0] if chosen else -1)
        self.colours.setCurrentIndex(max(self.colours.findData(display.colour_map), 0))
        self._show_slab(display.slab)
        self.opacity.setValue(round(display.overlay_opacity * 100))
        self.inverted.setChecked(display.inverted)
        self.smooth.setChecked(display.smooth)

    def _show_slab(self, slab: Slab) -> None:
        self.slab.setCurrentIndex(max(self.slab.findData(slab.mode if slab.is_on else ""), 0))
        self.thickness.setEnabled(slab.is_on)
        self.thickness.blockSignals(True)
        self.thickness.setSuffix(" planes" if slab.mm is None else " mm")
        if slab.is_on:
            self.thickness.setValue(slab.planes if slab.mm is None else slab.mm)
        else:
            self.thickness.clear()
        self.thickness.blockSignals(False)

    def _choose_colours(self) -> None:
        self._session.set_display(replace(self._session.display, colour_map=self.colours.currentData()))

    def _choose_slab(self) -> None:
        session, mode = self._session, self.slab.currentData()
        if session.info is None:
            return
        slab = session.display.slab
        if not slab.is_on:
            slab = first_slab(step_spacing(session.info.spacing_mm, session.plane.axis))
        session.set_display(replace(session.display, slab=replace(slab, mode=mode) if mode else ONE_PLANE))

    def _set_thickness(self, value: float) -> None:
        slab = self._session.display.slab
        if slab.is_on:
            thick = replace(slab, planes=max(round(value), 2)) if slab.mm is None else replace(slab, mm=value)
            self._session.set_display(replace(self._session.display, slab=thick))

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self._offered):
            self._session.set_display(replace(self._session.display, window=self._offered[row]))

    def _set_centre(self, centre: float) -> None:
        window = self._session.display.window
        if window is not None:
            self._session.set_display(replace(self._session.display, window=Window(centre, window.width)))

    def _set_width(self, width: float) -> None:
        window = self._session.display.window
        if window is not None:
            self._session.set_display(replace(self._session.display, window=Window(window.centre, width)))

    def _set_opacity(self, hundredths: int) -> None:
        if hundredths != round(self._session.display.overlay_opacity * 100):
            self._session.set_display(replace(self._session.display, overlay_opacity=hundredths / 100))

    def _set_inverted(self, inverted: bool) -> None:
        self._session.set_display(replace(self._session.display, inverted=inverted))

    def _set_smooth(self, smooth: bool) -> None:
        self._session.set_display(replace(self._session.display, smooth=smooth))


class DisplayPanel:
    """The display controls on the right."""

    title = "Display"
    side: Side = "right"
    order = 30
    stretch = 0

    def make(self, session: Session, theme: Theme) -> QWidget:
        """Build it."""
        return DisplayView(session, theme)


PLUGIN: Panel = DisplayPanel()
