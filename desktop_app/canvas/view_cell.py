"""One place of the grid of views: a view in its frame, under its title where it has one."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.canvas.scan_view import ScanView

FRAME = 2


class Cell(QWidget):
    """One place of the grid: a view in its frame, which tells the active one where there are several."""

    def __init__(self, content: QWidget, view: ScanView) -> None:
        super().__init__()
        self.view = view
        self.colour = ""
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(content)
        self._head: QWidget | None = None

    def show_head(self, head: QWidget | None) -> None:
        """Put a line over the view, or take it away."""
        if self._head is not None:
            self._head.deleteLater()
        self._head = head
        if head is not None:
            self._column.insertWidget(0, head)

    def show_frame(self, colour: str) -> None:
        """Frame it in a colour, or not at all."""
        if colour != self.colour:
            self.colour = colour
            width = FRAME if colour else 0
            self._column.setContentsMargins(width, width, width, width)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """The frame."""
        if self.colour:
            painter = QPainter(self)
            painter.fillRect(self.rect(), QColor(self.colour))
            painter.end()
