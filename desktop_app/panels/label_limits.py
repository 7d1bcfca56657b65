"""Limits of single labels: a slider for each label that has proposals."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QToolButton, QVBoxLayout, QWidget

from desktop_app.panels.swatch import swatch
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.translation import tr
from desktop_app.widgets import Column, Elided, label, slider, tidy, tool_button

MOST_SEEN = 5
"""So many are seen at once; more scroll."""
ROW = 26


class LimitRow:
    """The controls of one label."""

    def __init__(self, name: str, theme: Theme) -> None:
        self.spot = QLabel()
        self.name = Elided("muted")
        self.slider: QSlider = slider(0, 100, tr("Hide proposals of {} that score less").format(name))
        self.value = label("", "number")
        self.value.setMinimumWidth(theme.px(30))
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.reset: QToolButton = tool_button(
            theme, "reset", tr("Give {} the limit of all again").format(name), size=14
        )


class LabelLimits(QWidget):
    """Sliders, one under the other; what follows the common limit is muted. Looks at nothing while it is hidden."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self._shown: tuple[tuple[str, str, str], ...] = ()
        self.rows: dict[str, LimitRow] = {}
        self.none = label("No model has proposed anything here.", "muted", wraps=True)
        self._inner, self._grid = QWidget(), QGridLayout()
        self._inner.setLayout(self._grid)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.px(6))
        self._grid.setVerticalSpacing(theme.px(2))
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(2, 2)
        self._area = Column(self._inner)
        column = QVBoxLayout(self)
        tidy(column, theme, gap=0)
        column.addWidget(self.none)
        column.addWidget(self._area)
        self.hide()

    def refresh(self) -> None:
        """Show the labels there are, and their limits."""
        if self.isHidden():
            return
        session = self._session
        used = set(session.findings.rows.labels) | {name for name, _ in session.display.thresholds}
        used |= {one.label for one in session.proposals[-1:]}
        wanted = tuple(
            (one.id, session.label_of(one.id).name, session.label_of(one.id).colour)
            for one in session.labels.labels
            if one.id in used
        )
        if wanted != self._shown:
            self._shown = wanted
            self._fill()
        limits = session.display.limits
        own = dict(limits.by_label)
        for name, row in self.rows.items():
            limit, is_own = limits.of(name), name in own
            row.value.setText(f"{limit:.2f}")
            row.value.setEnabled(is_own)
            row.reset.setEnabled(is_own)
            if row.slider.value() != round(limit * 100):
                row.slider.blockSignals(True)
                row.slider.setValue(round(limit * 100))
                row.slider.blockSignals(False)

    def _fill(self) -> None:
        theme = self._theme
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.rows = {}
        for place, (name, title, colour) in enumerate(self._shown):
            row = self.rows[name] = LimitRow(title, theme)
            row.spot.setPixmap(swatch(colour, theme.px(12)).pixmap(theme.px(12)))
            row.name.setText(title)
            row.name.setToolTip(title)
            for column, part in enumerate((row.spot, row.name, row.slider, row.value, row.reset)):
                self._grid.addWidget(part, place, column)
            row.slider.valueChanged.connect(partial(self._set, name))
            row.reset.clicked.connect(partial(self._reset, name))
        self.none.setVisible(not self.rows)
        self._area.setVisible(bool(self.rows))
        self._area.setFixedHeight(theme.px(ROW) * min(len(self.rows), MOST_SEEN))

    def _set(self, name: str, hundredths: int) -> None:
        self._limit(name, hundredths / 100)

    def _reset(self, name: str, _checked: bool = False) -> None:
        self._limit(name, None)

    def _limit(self, name: str, limit: float | None) -> None:
        display = self._session.display
        moved = display.limits.with_label(name, limit)
        self._session.set_display(replace(display, thresholds=moved.by_label))
