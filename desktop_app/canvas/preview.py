"""What is being drawn and where the brush is, over everything else."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from dataset.annotation import Box, Geometry, Points, Polygon, WholeScan
from dataset.mask import Mask
from desktop_app.canvas.marks import screen_bounds
from desktop_app.canvas.viewport import Viewport

MARGIN = 8
_RIM = QColor(0, 0, 0, 170)


@dataclass(frozen=True, slots=True)
class Preview:
    """Geometries under the hand, their colour, and the brush: centre and diameter in plane pixels."""

    geometries: tuple[Geometry, ...] = ()
    colour: str = "#ffffff"
    brush: tuple[float, float, float] | None = None


def preview_rect(preview: Preview, viewport: Viewport) -> QRect | None:
    """The widget pixels a preview covers, or `None`."""
    found = QRectF()
    for geometry in preview.geometries:
        bounds = screen_bounds(geometry, viewport)
        if bounds is not None:
            found = found.united(QRectF(bounds[0], bounds[1], max(bounds[2], 1.0), max(bounds[3], 1.0)))
    if preview.brush is not None:
        found = found.united(_brush_rect(preview.brush, viewport))
    return None if found.isNull() else found.toAlignedRect().adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)


def draw_preview(painter: QPainter, preview: Preview, viewport: Viewport) -> None:
    """Draw it, light on a dark rim."""
    if preview.brush is None and not preview.geometries:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((_RIM, 3.0), (QColor(preview.colour), 1.5)):
        painter.setPen(QPen(colour, width))
        for geometry in preview.geometries:
            _draw(painter, geometry, viewport)
    if preview.brush is not None:
        rect = _brush_rect(preview.brush, viewport)
        for colour, width in ((_RIM, 2.5), (QColor("#ffffff"), 1.0)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(rect)


def _draw(painter: QPainter, geometry: Geometry, viewport: Viewport) -> None:
    if isinstance(geometry, Mask | WholeScan):
        return
    if isinstance(geometry, Box):
        bounds = screen_bounds(geometry, viewport)
        if bounds is not None:
            painter.drawRect(QRectF(*bounds))
        return
    points = geometry.exterior if isinstance(geometry, Polygon) else geometry.points
    places = [QPointF(*viewport.to_screen(x, y)) for x, y in points]
    if isinstance(geometry, Points):
        for place in places:
            painter.drawEllipse(place, 4.0, 4.0)
    elif isinstance(geometry, Polygon):
        painter.drawPolygon(QPolygonF(places))
    else:
        painter.drawPolyline(QPolygonF(places))


def _brush_rect(brush: tuple[float, float, float], viewport: Viewport) -> QRectF:
    x, y, diameter = brush
    ax, ay = viewport.to_screen(x - diameter / 2, y - diameter / 2)
    bx, by = viewport.to_screen(x + diameter / 2, y + diameter / 2)
    return QRectF(min(ax, bx), min(ay, by), abs(bx - ax), abs(by - ay))
