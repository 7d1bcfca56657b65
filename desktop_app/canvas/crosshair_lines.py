"""The crosshair on a plane: two thin lines where the other planes cut it, open around their meeting point."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRect
from PySide6.QtGui import QColor, QPainter, QPen

from desktop_app.canvas.viewport import Viewport
from imaging.geometry import Axis

COLOURS: dict[Axis, str] = {0: "#f0a830", 1: "#3fb68b", 2: "#58aee6"}
"""Of the planes of each axis: told apart by people of all colour visions."""
OPEN = 14
"""Widget pixels that stay free around the meeting point, so that what is under it is seen."""
NEAR = 12
"""So close to the meeting point a hand takes hold of it."""


@dataclass(frozen=True, slots=True)
class Crosshair:
    """Where the other planes cut a plane, in its pixels, and which they are."""

    x: float
    y: float
    upright: str
    """The colour of the line x = constant."""
    level: str
    """The colour of the line y = constant."""

    def lines(self, viewport: Viewport) -> tuple[tuple[QLineF, str], ...]:
        """The four arms in widget pixels, on whole pixels."""
        sx, sy = (math.floor(v) + 0.5 for v in viewport.to_screen(self.x, self.y))
        turned = viewport.orientation.transpose
        across, down = (self.upright, self.level) if turned else (self.level, self.upright)
        arms = (
            (QLineF(0, sy, sx - OPEN, sy), across),
            (QLineF(sx + OPEN, sy, viewport.width, sy), across),
            (QLineF(sx, 0, sx, sy - OPEN), down),
            (QLineF(sx, sy + OPEN, sx, viewport.height), down),
        )
        return tuple((line, colour) for line, colour in arms if line.dx() > 0 or line.dy() > 0)

    def areas(self, viewport: Viewport) -> tuple[QRect, ...]:
        """What it covers of the view."""
        sx, sy = (math.floor(v) for v in viewport.to_screen(self.x, self.y))
        return QRect(0, sy - 1, viewport.width, 3), QRect(sx - 1, 0, 3, viewport.height)

    def is_near(self, viewport: Viewport, sx: float, sy: float) -> bool:
        """Whether a widget position is at the meeting point."""
        x, y = viewport.to_screen(self.x, self.y)
        return math.hypot(sx - x, sy - y) <= NEAR

    def draw(self, painter: QPainter, viewport: Viewport) -> None:
        """Draw it."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for line, colour in self.lines(viewport):
            shade = QColor(colour)
            shade.setAlpha(190)
            painter.setPen(QPen(shade, 1))
            painter.drawLine(line)
        sx, sy = viewport.to_screen(self.x, self.y)
        painter.setPen(QPen(QColor(255, 255, 255, 200), 1))
        painter.drawPoint(QPointF(math.floor(sx) + 0.5, math.floor(sy) + 0.5))


def crosshair_at(x: float, y: float, axis: Axis) -> Crosshair:
    """The crosshair at a point of a plane of an axis."""
    upright: Axis = 1 if axis == 2 else 2
    level: Axis = 1 if axis == 0 else 0
    return Crosshair(x, y, COLOURS[upright], COLOURS[level])
