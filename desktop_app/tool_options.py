"""The options of the tool in hand, beside the tools; what has no room there is behind a small button."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.tool import OptionName
from desktop_app.tools.brush_shape import real_unit
from desktop_app.translation import tr
from desktop_app.widgets import Chooser, Field, Number, label, slider, tidy, tool_button

UNITS = (("pixels", "Pixels"), ("mm", "mm"), ("screen", "On screen"))
GAP = 12
NEED_PLANES: frozenset[OptionName] = frozenset({"ball", "all_planes"})
"""Options that mean nothing on a scan of one plane."""


class ToolOptionsBar(QWidget):
    """Shows the options that the tool in hand heeds, in its order; `arrange` says how much room there is."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self._row = QHBoxLayout(self)
        tidy(self._row, theme, (4, 0, 4, 0), GAP)
        self.more = tool_button(theme, "settings", "More options of this tool")
        self.more.clicked.connect(self._open)
        self._popup = QFrame(self, Qt.WindowType.Popup)
        self._popup.setObjectName("popup")
        self._column = QVBoxLayout(self._popup)
        tidy(self._column, theme, (12, 12, 12, 12), GAP)
        self._make_brush()
        self._make_limits()
        self._make_switches()
        self.controls: dict[OptionName, QWidget] = {
            "brush": self._titled("", self.brush, self.brush_text),
            "brush_unit": self.unit,
            "ball": self.ball,
            "low": self._titled("From", self.low),
            "high": self._titled("to", self.high),
            "tolerance": self._titled("Tolerance", self.tolerance, self.tolerance_text),
            "all_planes": self.all_planes,
            "simplify": self._titled("Simplify", self.simplify),
            "smallest": self._titled("At least", self.smallest),
        }
        self._arranged: tuple[tuple[OptionName, ...], int] | None = None
        for control in self.controls.values():
            control.setParent(self)
            control.hide()
        session.tool_changed.connect(self._show)
        session.scan_changed.connect(self._show)
        self._show()

    def _make_brush(self) -> None:
        self.brush = slider(1, 200, "Brush size  ([ and ])")
        self.brush.setFixedWidth(self._theme.px(80))
        self.brush_text = label("", "number")
        self.brush_text.setMinimumWidth(self._theme.px(40))
        self.brush.valueChanged.connect(self._set_brush)
        self.unit = Chooser("Unit of the brush size", "What the brush is measured in, on every scan and at every zoom")
        self.unit.setMinimumContentsLength(6)
        for unit, text in UNITS:
            self.unit.addItem(text, unit)
        self.unit.activated.connect(self._choose_unit)
        self.tolerance = slider(0, 100, "How far from the clicked value the wand goes; drag for more")
        self.tolerance.setFixedWidth(self._theme.px(80))
        self.tolerance_text = label("", "number")
        self.tolerance_text.setMinimumWidth(self._theme.px(36))
        self.tolerance.valueChanged.connect(self._set_tolerance)

    def _make_limits(self) -> None:
        self.low, self.high = Field(), Field()
        for field, name in (
            (self.low, "Paint values from here on; empty: from the lowest"),
            (self.high, "Paint values up to here; empty: up to the highest"),
        ):
            field.setFixedWidth(self._theme.px(64))
            field.setPlaceholderText("any")
            field.setAccessibleName(name)
            field.setToolTip(name)
        self.low.editingFinished.connect(self._set_limits)
        self.high.editingFinished.connect(self._set_limits)
        self.simplify = Number(0.1, 100, "How far an outline may move when it is simplified, in pixels", decimals=1)
        self.smallest = Number(1, 1e7, "Smaller pieces are removed: pixels that a piece must have")
        self.simplify.valueChanged.connect(self._set_simplify)
        self.smallest.valueChanged.connect(self._set_smallest)

    def _make_switches(self) -> None:
        self.ball, self.all_planes = QCheckBox("Ball"), QCheckBox("All planes")
        for box, tip in (
            (self.ball, "Paint a ball through the planes, round in millimetres where the spacing is known"),
            (self.all_planes, "Go on through the planes of the volume"),
        ):
            box.setToolTip(tip)
            box.setAccessibleName(tip)
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.ball.toggled.connect(self._set_ball)
        self.all_planes.toggled.connect(self._set_all_planes)

    def _titled(self, title: str, *parts: QWidget) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        tidy(row, self._theme, gap=4)
        for part in ((label(title, "muted"),) if title else ()) + parts:
            row.addWidget(part)
        return made

    # How much room there is.

    @property
    def names(self) -> tuple[OptionName, ...]:
        """The options of the tool in hand that mean something on the open scan."""
        info = self._session.info
        is_flat = info is not None and info.size.planes == 1
        return tuple(name for name in self._session.tool.options if not (is_flat and name in NEED_PLANES))

    def width_of(self, count: int) -> int:
        """Pixels across with so many options beside the tools, and the small button where there are more."""
        names = self.names
        if not names:
            return 0
        margins = self._row.contentsMargins()
        widths = [self.controls[name].sizeHint().width() for name in names[:count]]
        if count < len(names):
            widths.append(self.more.sizeHint().width())
        return sum(widths) + self._row.spacing() * (len(widths) - 1) + margins.left() + margins.right()

    def arrange(self, count: int) -> None:
        """Show so many options beside the tools, and the others behind the small button."""
        names = self.names
        # Only when something changed: a control that is moved loses the keys.
        if (names, count) == self._arranged:
            return
        self._arranged = (names, count)
        for name, control in self.controls.items():
            if name not in names:
                control.hide()
        for number, name in enumerate(names):
            (self._row if number < count else self._column).addWidget(self.controls[name])
            self.controls[name].show()
        self._row.addWidget(self.more)
        self.more.setVisible(count < len(names))
        self.setVisible(bool(names))
        if count >= len(names):
            self._popup.hide()
        self._popup.adjustSize()

    def _open(self) -> None:
        self._popup.adjustSize()
        self._popup.move(self.more.mapToGlobal(QPoint(0, self.more.height() + self._theme.px(4))))
        self._popup.show()

    # What they are.

    def _set(self, **changes: Any) -> None:
        self._session.set_options(replace(self._session.options, **changes))

    def _set_brush(self, diameter: int) -> None:
        if diameter != round(self._session.brush):
            self._session.set_brush(float(diameter))

    def _choose_unit(self, row: int) -> None:
        self._set(brush_unit=UNITS[row][0])

    def _set_tolerance(self, percent: int) -> None:
        self._set(tolerance=percent / 100)

    def _set_limits(self) -> None:
        self._set(low=_number(self.low.text()), high=_number(self.high.text()))
        # What was no number is shown as it was taken.
        self._show()

    def _set_ball(self, is_on: bool) -> None:
        self._set(ball=is_on)

    def _set_all_planes(self, is_on: bool) -> None:
        self._set(all_planes=is_on)

    def _set_simplify(self, pixels: float) -> None:
        self._set(simplify=pixels)

    def _set_smallest(self, pixels: float) -> None:
        self._set(smallest=int(pixels))

    def _show(self) -> None:
        session, options = self._session, self._session.options
        widgets = (self.brush, self.tolerance, self.ball, self.all_planes, self.simplify, self.smallest)
        for widget in widgets:
            widget.blockSignals(True)
        self.brush.setValue(round(session.brush))
        self.tolerance.setValue(round(options.tolerance * 100))
        self.ball.setChecked(options.ball)
        self.all_planes.setChecked(options.all_planes)
        self.simplify.setValue(options.simplify)
        self.smallest.setValue(options.smallest)
        for widget in widgets:
            widget.blockSignals(False)
        for field, value in ((self.low, options.low), (self.high, options.high)):
            field.setText("" if value is None else f"{value:g}")
        self.tolerance_text.setText(f"{options.tolerance * 100:.0f} %")
        info = session.info
        unit = real_unit(info.spacing_mm)[0] if info is not None else ""
        self.unit.setItemText(1, unit or tr("mm (unknown)"))
        self.unit.setCurrentIndex(self.unit.findData(options.brush_unit))
        shown = unit if options.brush_unit == "mm" and unit else "px"
        self.brush_text.setText(f"{session.brush:.0f} {shown}")


def _number(text: str) -> float | None:
    """A number as typed, or `None` where there is none."""
    try:
        value = float(text.replace(",", ".").replace("−", "-"))
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None
