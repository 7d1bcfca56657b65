"""Draw a polygon point by point, or along the hand."""

from __future__ import annotations

from dataset.annotation import Point, Polygon
from desktop_app.tools.tracing import TracingTool
from imaging.geometry import Plane


class PolygonTool(TracingTool):
    """Click the corners or draw along the hand; Enter, a double-click or the first corner closes."""

    name = "polygon"
    title = "Polygon"
    key = "P"
    icon = "polygon"
    least = 3
    is_closed = True

    def shape(self, plane: Plane, points: tuple[Point, ...]) -> Polygon:
        """The polygon of the corners."""
        return Polygon(plane, points)


PLUGIN = PolygonTool()
