"""Another scan beside the open one: to look at, not to mark."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.canvas.scan_view import ScanView
from desktop_app.display import Display
from desktop_app.opening import Opened
from desktop_app.theme import Theme
from desktop_app.widgets import Elided, tidy, tool_button
from imaging.scan import ScanInfo, Window


def pixel_ratio(leader: ScanInfo, follower: ScanInfo) -> float:
    """Pixels of the follower that are as long as one of the leader; 1 where either size is unknown."""
    mine, other = leader.spacing_mm[0], follower.spacing_mm[0]
    return mine / other if mine and other and mine > 0 and other > 0 else 1.0


class Beside(QWidget):
    """A view of a scan that is not the session's, under its title. Lets go of the scan when it goes."""

    closed = Signal()

    def __init__(self, opened: Opened, theme: Theme) -> None:
        super().__init__()
        self._scan = opened.scan
        self.info = opened.scan.info
        self.view = ScanView(self)
        self.view.setAccessibleName("Scan beside the open one")
        self.view.set_theme(theme)
        self.view.show_scan(opened.scan, opened.plane)
        self.view.set_display(replace(Display(), window=opened.window))
        self.view.windowed.connect(self._show_window)
        head = QFrame()
        head.setObjectName("strip")
        row = QHBoxLayout(head)
        tidy(row, theme, (12, 2, 4, 2), 8)
        title = Elided("muted")
        title.setText(f"{self.info.name} — to look at; marks are made on the left")
        title.setToolTip(title.text())
        close = tool_button(theme, "close", "Close this view", key="F2", size=16)
        close.clicked.connect(self.closed)
        row.addWidget(title, 1)
        row.addWidget(close)
        column = QVBoxLayout(self)
        tidy(column, theme, gap=0)
        column.addWidget(head)
        column.addWidget(self.view, 1)

    def _show_window(self, window: Window) -> None:
        self.view.set_display(replace(Display(), window=window))

    def let_go(self) -> None:
        """Close the scan and go."""
        self.view.show_scan(None)
        self._scan.close()
        self.hide()
        self.setParent(None)
        self.deleteLater()
