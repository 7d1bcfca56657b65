"""Masks over a slide. (first cut)"""

from __future__ import annotations

from PySide6.QtGui import QPainter

from desktop_app.canvas.overlay import MaskLook
from desktop_app.canvas.viewport import Viewport


class SlideMasks:
    """Paints masks over a slide."""

    def paint(
        self, painter: QPainter, looks: tuple[MaskLook, ...], viewport: Viewport, opacity: float, ratio: float
    ) -> None:
        """Paint what the viewport shows of the masks."""
