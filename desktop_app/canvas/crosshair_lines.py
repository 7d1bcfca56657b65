"""The crosshair on a plane: two thin lines where the other planes cut it, open around their meeting point."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QPainter

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

    def arms(self, viewport: Viewport, thick: int = 1) -> tuple[tuple[QRect, str], ...]:
        """The four arms in widget pixels."""
        sx, sy = (math.floor(v) for v in viewport.to_screen(self.x, self.y))
        turned = viewport.orientation.transpose
        across, down = (self.upright, self.level) if turned else (self.level, self.upright)
        left, right, top, bottom = sx - OPEN, sx + OPEN + 1, sy - OPEN, sy + OPEN + 1
        arms = (
            (QRect(0, sy, left, thick), across),
            (QRect(right, sy, viewport.width - right, thick), across),
            (QRect(sx, 0, thick, top), down),
            (QRect(sx, bottom, thick, viewport.height - bottom), down),
        )
        return tuple((arm, colour) for arm, colour in arms if not arm.isEmpty())

    def areas(self, viewport: Viewport) -> tuple[QRect, ...]:
        """What it covers of the view."""
        sx, sy = (math.floor(v) for v in viewport.to_screen(self.x, self.y))
        return QRect(0, sy - 1, viewport.width, 4), QRect(sx - 1, 0, 4, viewport.height)

    def is_near(self, viewport: Viewport, sx: float, sy: float) -> bool:
        """Whether a widget position is at the meeting point."""
        x, y = viewport.to_screen(self.x, self.y)
        return math.hypot(sx - x, sy - y) <= NEAR

    def draw(self, painter: QPainter, viewport: Viewport, thick: int = 1) -> None:
        """Draw it, so many widget pixels thick. Opaque rectangles: Qt takes ten times as long for translucent lines."""
        for arm, colour in self.arms(viewport, thick):
            painter.fillRect(arm, QColor(colour).darker(125))
        sx, sy = (math.floor(v) for v in viewport.to_screen(self.x, self.y))
        painter.fillRect(sx, sy, thick, thick, QColor(255, 255, 255))


def crosshair_at(x: float, y: float, axis: Axis) -> Crosshair:
    """The crosshair at a point of a plane of an axis."""
    upright: Axis = 1 if axis == 2 else 2
    level: Axis = 1 if axis == 0 else 0
    return Crosshair(x, y, COLOURS[upright], COLOURS[level])
