"""What is being drawn and where the brush is, over everything else."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from dataset.annotation import Box, Geometry, Point, Points, Polygon, RotatedBox, WholeScan
from dataset.mask import Mask
from desktop_app.canvas.marks import screen_bounds
from desktop_app.canvas.viewport import Viewport

MARGIN = 10
_RIM = QColor(0, 0, 0, 170)
_PLATE = QColor(10, 13, 17, 225)
Text = tuple[Point, str]
"""Words at a point of the plane."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Geometries under the hand, their colour, words, and the brush: centre, and diameters across and down, in plane
    pixels."""

    geometries: tuple[Geometry, ...] = ()
    colour: str = "#ffffff"
    brush: tuple[float, float, float, float] | None = None
    texts: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Plates:
    """How words are written over the scan: light on a dark plate, beside their point and always in view."""

    font: QFont
    scale: float = 1.0

    def rect(self, text: Text, viewport: Viewport) -> QRectF:
        """Where words stand, in widget pixels: below and right of the point, else where there is room."""
        metrics = QFontMetricsF(self.font)
        width = metrics.horizontalAdvance(text[1]) + 12 * self.scale
        height, gap = metrics.height() + 4 * self.scale, 14 * self.scale
        x, y = viewport.to_screen(*text[0])
        left = x + gap if x + gap + width <= viewport.width else x - gap - width
        top = y + gap if y + gap + height <= viewport.height else y - gap - height
        left, top = (max(min(at, most), 2.0) for at, most in (
            (left, viewport.width - width - 2), (top, viewport.height - height - 2),
        ))  # fmt: skip
        return QRectF(round(left), round(top), round(width), round(height))

    def draw(self, painter: QPainter, texts: tuple[Text, ...], viewport: Viewport) -> None:
        """Write words."""
        painter.setFont(self.font)
        for text in texts:
            rect = self.rect(text, viewport)
            painter.setPen(QPen(QColor(255, 255, 255, 60), 1))
            painter.setBrush(_PLATE)
            painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 4 * self.scale, 4 * self.scale)
            painter.setPen(QColor("#ffffff"))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text[1])
        painter.setBrush(Qt.BrushStyle.NoBrush)


def preview_rect(preview: Preview, viewport: Viewport, plates: Plates | None = None) -> QRect | None:
    """The widget pixels a preview covers, or `None`."""
    found = QRectF()
    for geometry in preview.geometries:
        bounds = screen_bounds(geometry, viewport)
        if bounds is not None:
            found = found.united(QRectF(bounds[0], bounds[1], max(bounds[2], 1.0), max(bounds[3], 1.0)))
    if preview.brush is not None:
        found = found.united(_brush_rect(preview.brush, viewport))
    if plates is not None:
        for text in preview.texts:
            found = found.united(plates.rect(text, viewport))
    return None if found.isNull() else found.toAlignedRect().adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)


def draw_preview(painter: QPainter, preview: Preview, viewport: Viewport, plates: Plates | None = None) -> None:
    """Draw it, light on a dark rim."""
    if preview.brush is None and not (preview.geometries or preview.texts):
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    scale = plates.scale if plates is not None else 1.0
    for colour, width in ((_RIM, 3.0), (QColor(preview.colour), 1.5)):
        painter.setPen(QPen(colour, width * scale))
        for geometry in preview.geometries:
            _draw(painter, geometry, viewport)
    if preview.brush is not None:
        rect = _brush_rect(preview.brush, viewport)
        for colour, width in ((_RIM, 2.5), (QColor("#ffffff"), 1.0)):
            painter.setPen(QPen(colour, width * scale))
            painter.drawEllipse(rect)
    if plates is not None:
        plates.draw(painter, preview.texts, viewport)


def _draw(painter: QPainter, geometry: Geometry, viewport: Viewport) -> None:
    if isinstance(geometry, Mask | WholeScan):
        return
    if isinstance(geometry, Box):
        bounds = screen_bounds(geometry, viewport)
        if bounds is not None:
            painter.drawRect(QRectF(*bounds))
        return
    if isinstance(geometry, RotatedBox):
        geometry = geometry.outline()
    points = geometry.exterior if isinstance(geometry, Polygon) else geometry.points
    places = [QPointF(*viewport.to_screen(x, y)) for x, y in points]
    if isinstance(geometry, Points):
        for place in places:
            painter.drawEllipse(place, 4.0, 4.0)
    elif isinstance(geometry, Polygon):
        painter.drawPolygon(QPolygonF(places))
    else:
        painter.drawPolyline(QPolygonF(places))


def _brush_rect(brush: tuple[float, float, float, float], viewport: Viewport) -> QRectF:
    x, y, across, down = brush
    ax, ay = viewport.to_screen(x - across / 2, y - down / 2)
    bx, by = viewport.to_screen(x + across / 2, y + down / 2)
    return QRectF(min(ax, bx), min(ay, by), abs(bx - ax), abs(by - ay))
