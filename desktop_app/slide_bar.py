"""The bar under a slide: how close, which way up, how many views. Hidden for everything that is no slide."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from desktop_app.action_slide import optics_of
from desktop_app.canvas.power import POWERS
from desktop_app.canvas.view_grid import ViewGrid
from desktop_app.canvas.viewport import Viewport
from desktop_app.menus import ActionSet
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.widgets import Number, key_text, tidy

UNKNOWN = "The slide says neither its pixel size nor its objective, so no power is known: this is its scale"


class SlideBar(QFrame):
    """Buttons made of actions, and the angle as a number."""

    def __init__(self, session: Session, theme: Theme, actions: ActionSet, grid: ViewGrid) -> None:
        super().__init__()
        self.setObjectName("strip")
        self.setAccessibleName("How the slide is seen")
        self._session, self._theme, self._actions, self._grid = session, theme, actions, grid
        self._told: object = None
        self._rows = {row.id: row for row in actions.rows}
        self.powers = {power: self._word(f"power-{power:g}") for power in POWERS}
        self.fit, self.pixels = self._word("fit", "Fit"), self._word("pixels", "1:1")
        self.angle = Number(0, 360, "Angle of the view in degrees, clockwise")
        self.angle.setWrapping(True)
        self.angle.setSingleStep(5)
        self.angle.setSuffix("°")
        self.angle.setFixedWidth(theme.px(58))
        self.angle.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.angle.valueChanged.connect(self._turn)
        self.views = {count: self._button(f"views-{count}", checkable=True) for count in (1, 2, 4)}
        self.link = self._button("link", checkable=True)
        turning = (self._button("turn-left"), self.angle, self._button("turn-right"))
        self._groups = (
            self._group((self.fit, *self.powers.values(), self.pixels), 2),
            self._group(turning, 2),
            self._group((*self.views.values(), self.link), 2),
            self._group((self._button("go-to"),), 0),
        )
        row = QHBoxLayout(self)
        tidy(row, theme, (8, 2, 8, 2), 8)
        row.addWidget(self._groups[0])
        row.addStretch(1)
        for group in self._groups[1:]:
            row.addWidget(group)
        # What has no room here is in the menu; the bar must not widen the window.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        session.scan_changed.connect(self.refresh)
        session.display_changed.connect(self.refresh)
        grid.views_changed.connect(self.refresh)
        grid.viewport_changed.connect(self._on_viewport)
        self.refresh()

    def _group(self, parts: tuple[QWidget, ...], gap: int) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        tidy(row, self._theme, gap=gap)
        for part in parts:
            row.addWidget(part)
        return made

    def _word(self, action_id: str, text: str = "") -> QToolButton:
        """A button with a word on it, pressed in while it is so."""
        made = self._plain(self._actions.actions[action_id], checkable=True)
        made.setObjectName("word")
        made.setText(text)
        return made

    def _button(self, action_id: str, *, checkable: bool = False) -> QToolButton:
        action = self._actions.paint(self._rows[action_id])
        made = self._plain(action, checkable=checkable)
        made.setIcon(action.icon())
        made.setIconSize(QSize(self._theme.px(18), self._theme.px(18)))
        return made

    def _plain(self, action: QAction, *, checkable: bool) -> QToolButton:
        made = QToolButton()
        made.setCheckable(checkable)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.setAccessibleName(action.text())
        made.setToolTip(action.toolTip())
        made.clicked.connect(action.trigger)
        # A press does not say what is so; the view does.
        made.clicked.connect(self.refresh)
        return made

    def refresh(self) -> None:
        """Show what is so."""
        info = self._session.info
        is_slide = info is not None and info.kind == "slide"
        self.setVisible(is_slide)
        if not is_slide:
            return
        optics = optics_of(self._session)
        for power, button in self.powers.items():
            name = optics.name(power)
            button.setText(name.replace(" ", ""))
            tip = key_text(f"See at {name}", self._rows[f"power-{power:g}"].key_text)
            button.setToolTip(tip if optics.at_full is not None else f"{tip}\n{UNKNOWN}")
        for count, button in self.views.items():
            button.setChecked(count == self._grid.count)
        self.link.setChecked(self._grid.linked)
        self.link.setVisible(self._grid.count > 1)
        self._make_room()
        self._told = None
        self._on_viewport(self._grid.view.viewport)

    def _on_viewport(self, viewport: object) -> None:
        if not isinstance(viewport, Viewport):
            return
        optics = optics_of(self._session)
        told = (viewport.scale, viewport.angle, viewport.width, viewport.height, optics)
        # Most moves are pans, and tell nothing new here.
        if told == self._told:
            return
        self._told = told
        chosen = optics.chosen(viewport.scale)
        for power, button in self.powers.items():
            button.setChecked(power == chosen)
        self.pixels.setChecked(abs(viewport.scale - 1) < 0.005)
        self.fit.setChecked(abs(viewport.fitted().scale / viewport.scale - 1) < 0.005)
        self.angle.blockSignals(True)
        self.angle.setValue(viewport.angle)
        self.angle.blockSignals(False)

    def _turn(self, degrees: float) -> None:
        viewport = self._grid.view.viewport
        if viewport is not None:
            self._grid.view.move_to(replace(viewport, angle=degrees % 360.0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show what there is room for."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Leave out what there is no room for: first the later groups, then the powers least asked for."""
        room, gap = self.width() - self._theme.px(16), self._theme.px(8)
        words = (self.fit, *self.powers.values(), self.pixels)
        least_asked = (self.pixels, self.powers[2.0], self.powers[1.0], self.powers[5.0], self.powers[20.0])
        needed = sum(word.sizeHint().width() + self._theme.px(2) for word in words)
        for word in least_asked:
            word.setVisible(needed <= room)
            needed -= 0 if needed <= room else word.sizeHint().width() + self._theme.px(2)
        left = room - needed
        for group in self._groups[1:]:
            left -= group.sizeHint().width() + gap
            group.setVisible(left >= 0)
