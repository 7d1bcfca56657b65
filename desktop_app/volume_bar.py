"""The buttons of a volume beside those of its axes: one view, three planes, the crosshair."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from desktop_app.action_volume import is_volume
from desktop_app.canvas.view_grid import ViewGrid
from desktop_app.menus import ActionSet
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.widgets import tidy

SHOWN = ("one-view", "three-planes", "crosshair")


class VolumeButtons(QWidget):
    """Buttons made of actions, pressed in while it is so. Hidden where a scan has no three planes."""

    def __init__(self, session: Session, theme: Theme, actions: ActionSet, grid: ViewGrid) -> None:
        super().__init__()
        self._session, self._grid = session, grid
        row = QHBoxLayout(self)
        tidy(row, theme, (theme.px(4), 0, theme.px(4), 0), 2)
        rows = {row.id: row for row in actions.rows}
        self.buttons: dict[str, QToolButton] = {}
        for name in SHOWN:
            action = actions.paint(rows[name])
            button = QToolButton()
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(action.text())
            button.setToolTip(action.toolTip())
            button.setIcon(action.icon())
            button.setIconSize(QSize(theme.px(18), theme.px(18)))
            button.clicked.connect(action.trigger)
            # A press does not say what is so; the grid does.
            button.clicked.connect(self.refresh)
            self.buttons[name] = button
            row.addWidget(button)
        session.scan_changed.connect(self.refresh)
        grid.views_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is so."""
        self.setVisible(is_volume(self._session))
        self.buttons["one-view"].setChecked(self._grid.count == 1)
        self.buttons["three-planes"].setChecked(self._grid.count == 3)
        self.buttons["crosshair"].setChecked(self._grid.crosshair)
