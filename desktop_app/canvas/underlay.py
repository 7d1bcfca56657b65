"""What may be painted between the picture of a scan and its marks: a heat map, objects too small for outlines."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtGui import QPainter

from desktop_app.canvas.viewport import Viewport


class Underlay(Protocol):
    """Something painted between the picture and the marks. GUI thread only; must take a few milliseconds at most."""

    def paint(self, painter: QPainter, viewport: Viewport, ratio: float) -> None:
        """Paint what the viewport shows; the painter works in widget pixels, `ratio` device pixels each."""
        ...
