"""Keeps the marks of a view as one transparent picture while they stay, so that the next frame only blits it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPainter

from desktop_app.canvas.mark_painter import MarkPainter
from desktop_app.canvas.marks import Plan

FEW = 6
"""So many boxes and chips are drawn as fast as a picture of them."""


class MarkLayer:
    """Draws a plan: at first as it is, from the second time on as a picture. Used from the GUI thread only."""

    def __init__(self, marks: MarkPainter) -> None:
        self._marks = marks
        self._seen: tuple[Plan, QSize, float] | None = None
        self._image: QImage | None = None

    def picture(self, plan: Plan, size: QSize, ratio: float) -> QImage | None:
        """A plan as a transparent picture of a widget of a size; `None` where drawing the plan is quicker.

        `ratio` is device pixels per widget pixel.
        """
        seen = self._seen
        if seen is None or seen[0] is not plan or seen[1] != size or seen[2] != ratio:
            # A plan that changes with every frame is not worth a picture.
            self._seen, self._image = (plan, size, ratio), None
        elif self._image is None and _pays(plan, ratio):
            self._image = self._picture(plan, size, round(ratio))
        return self._image

    def _picture(self, plan: Plan, size: QSize, ratio: int) -> QImage:
        image = QImage(size * ratio, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(ratio)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        self._marks.draw(painter, plan, ratio)
        painter.end()
        return image


def _pays(plan: Plan, ratio: float) -> bool:
    """Whether a picture of a plan is quicker to draw than the plan, and the same to the pixel."""
    if ratio != round(ratio):
        return False
    is_long = len(plan.outlines) + len(plan.chips) > FEW
    return is_long or any(outline.kind != "rectangle" for outline in plan.outlines)
