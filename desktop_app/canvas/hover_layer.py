"""Shows which mark a press would take: a soft wide edge in its own colour, under its outline."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from dataset.annotation import Box, Geometry, Points, Polygon, Polyline, RotatedBox, WholeScan
from dataset.mask import Mask
from desktop_app.canvas.marks import Outline, Shown, outline_of, screen_bounds
from desktop_app.canvas.viewport import Viewport

WIDTH = 7.0
OPACITY = 110
RADIUS = 8.0
MOST_POINTS = 20_000
"""Of an outline with more points in view the edge is left out: drawing it would take longer than a frame."""


class HoverLayer:
    """An underlay of one mark. GUI thread only.

    `update` repaints a rectangle of the view (widget pixels); only what changes is asked for.
    """

    def __init__(self, update: Callable[[QRect], None]) -> None:
        self._update = update
        self._geometry: Box | RotatedBox | Polygon | Polyline | Points | None = None
        self._colour = ""
        self.is_shown = True

    def show(self, geometry: Geometry | None, colour: str, viewport: Viewport | None) -> None:
        """Show another mark, or none. A mask is seen by itself and gets no edge."""
        if isinstance(geometry, Mask | WholeScan):
            geometry = None
        if geometry is self._geometry and (geometry is None or colour == self._colour):
            return
        changed = [shape for shape in (self._geometry, geometry) if shape is not None]
        self._geometry, self._colour = geometry, colour
        for shape in changed:
            rect = _rect(shape, viewport) if viewport is not None else None
            if rect is not None:
                self._update(rect)

    def paint(self, painter: QPainter, viewport: Viewport, ratio: float) -> None:  # noqa: ARG002
        """Paint the edge."""
        geometry = self._geometry
        if geometry is None or not self.is_shown or geometry.plane != viewport.plane:
            return
        outline = outline_of(Shown("", geometry, self._colour), viewport)
        if outline is not None:
            _draw(painter, outline)


def _draw(painter: QPainter, outline: Outline) -> None:
    colour = QColor(outline.colour)
    colour.setAlpha(OPACITY)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    if outline.kind == "dots":
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        for x, y in outline.rings[0]:
            painter.drawEllipse(QPointF(x, y), RADIUS, RADIUS)
        return
    pen = QPen(colour, WIDTH)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for ring in outline.rings:
        shape = QPolygonF([QPointF(x, y) for x, y in ring])
        if outline.kind == "rings":
            painter.drawPolygon(shape)
        else:
            painter.drawPolyline(shape)
    if sum(map(len, outline.pieces)) <= MOST_POINTS:
        for piece in outline.pieces:
            points: list[tuple[float, float]] = piece.tolist()
            painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))


def _rect(geometry: Geometry, viewport: Viewport) -> QRect | None:
    """The widget pixels of the edge that are in view."""
    bounds = screen_bounds(geometry, viewport)
    if bounds is None:
        return None
    around = QRectF(*bounds).adjusted(-RADIUS - 2, -RADIUS - 2, RADIUS + 2, RADIUS + 2)
    seen = around.intersected(QRectF(0, 0, viewport.width, viewport.height))
    return None if seen.isEmpty() else seen.toAlignedRect()
