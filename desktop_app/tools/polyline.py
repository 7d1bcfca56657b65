"""Draw an open line point by point, or along the hand."""

from __future__ import annotations

from dataset.annotation import Point, Polyline
from desktop_app.tools.tracing import TracingTool
from imaging.geometry import Plane


class PolylineTool(TracingTool):
    """Click the points or draw along the hand; Enter or a double-click ends."""

    name = "polyline"
    title = "Line"
    key = "Shift+P"
    icon = "polyline"

    def shape(self, plane: Plane, points: tuple[Point, ...]) -> Polyline:
        """The line through the points."""
        return Polyline(plane, points)


PLUGIN = PolylineTool()
