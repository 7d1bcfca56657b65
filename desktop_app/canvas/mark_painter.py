"""Draws a plan of marks. Pens are as wide on screen at every zoom; every line has a dark rim to stand on any tissue."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TypeAlias

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPolygonF,
)

from dataset.annotation import Point
from desktop_app.canvas.marks import Chip, Outline, Plan
from desktop_app.theme import readable_on

RIM = QColor(0, 0, 0, 150)
MOST_CHIPS_KEPT = 600
_DASHES = (7.0, 4.0)
_Look: TypeAlias = tuple[str, bool, bool]
"""Colour, dashed, quiet."""


class MarkPainter:
    """Draws outlines, chips and handles; keeps the chips it has drawn as pixmaps."""

    def __init__(self, font: QFont, scale: float = 1.0) -> None:
        self._font, self._scale = font, scale
        self._metrics = QFontMetricsF(font)
        self._sizes: dict[str, tuple[float, float]] = {}
        self._stripes: dict[int, QBrush] = {}
        self._strips: tuple[tuple[Outline, ...], tuple[list[QRect], dict[_Look, list[QRect]]]] | None = None
        self._chips: OrderedDict[object, QPixmap] = OrderedDict()

    def measure(self, text: str) -> tuple[float, float]:
        """Width and height of a chip with this text."""
        size = self._sizes.get(text)
        if size is None:
            width = round(self._metrics.horizontalAdvance(text) + 10 * self._scale)
            size = float(width), float(round(self._metrics.height() + 2 * self._scale))
            self._sizes[text] = size
        return size

    def draw(self, painter: QPainter, plan: Plan, ratio: float = 1.0, exposed: QRect | None = None) -> None:
        """Draw a plan, or what of it is exposed; `ratio` is device pixels per widget pixel."""
        if exposed is not None:
            plan = part_of(plan, exposed)
        self._draw_rectangles(painter, plan.outlines)
        for outline in plan.outlines:
            if outline.kind != "rectangle":
                self._draw_lines(painter, outline)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for chip in plan.chips:
            painter.drawPixmap(round(chip.rect[0]), round(chip.rect[1]), self._chip(chip, ratio))
        self._draw_handles(painter, plan)

    def _width(self, outline: Outline) -> float:
        return max((1.0 if outline.style == "quiet" else 2.0 if outline.is_selected else 1.5) * self._scale, 1.0)

    def _draw_rectangles(self, painter: QPainter, outlines: tuple[Outline, ...]) -> None:
        # Upright lines are filled as strips of whole pixels: crisp, and many times faster than Qt's stroker.
        if not outlines:
            return
        rims, lines = self._strips_of(outlines)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(RIM)
        painter.drawRects(rims)
        for (colour, dashed, quiet), strips in lines.items():
            painter.setBrush(self._dashes(QColor(colour)) if dashed else _tone(colour, quiet=quiet))
            painter.drawRects(strips)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _strips_of(self, outlines: tuple[Outline, ...]) -> tuple[list[QRect], dict[_Look, list[QRect]]]:
        """The strips of all dark rims, and of the lines by how they look; kept while the plan stays."""
        if self._strips is None or self._strips[0] is not outlines:
            rims: list[QRect] = []
            lines: dict[_Look, list[QRect]] = {}
            for outline in outlines:
                if outline.kind == "rectangle":
                    width = round(self._width(outline))
                    rims += frame_strips(outline.rings[0], width + 2)
                    look = (outline.colour, outline.style == "dashed", outline.style == "quiet")
                    lines.setdefault(look, []).extend(frame_strips(outline.rings[0], width))
            self._strips = (outlines, (rims, lines))
        return self._strips[1]

    def _draw_lines(self, painter: QPainter, outline: Outline) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        colour, width = _tone(outline.colour, quiet=outline.style == "quiet"), self._width(outline)
        if outline.kind == "dots":
            self._draw_dots(painter, outline, colour)
            return
        pens = [QPen(RIM, width + 2), QPen(colour, width)]
        if outline.style == "dashed":
            pens[1].setDashPattern([dash * self._scale / width for dash in _DASHES])
            pens[1].setCapStyle(Qt.PenCapStyle.FlatCap)
        path = _path(outline)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in pens:
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPath(path)

    def _dashes(self, colour: QColor) -> QBrush:
        """Slanting stripes: along every edge they are dashes."""
        brush = self._stripes.get(colour.rgba())
        if brush is None:
            on, period = round(_DASHES[0] * self._scale), round(sum(_DASHES) * self._scale)
            image = QImage(period, period, QImage.Format.Format_ARGB32_Premultiplied)
            image.fill(Qt.GlobalColor.transparent)
            for row in range(period):
                for column in range(period):
                    if (row + column) % period < on:
                        image.setPixelColor(column, row, colour)
            brush = self._stripes[colour.rgba()] = QBrush(image)
        return brush

    def _draw_dots(self, painter: QPainter, outline: Outline, colour: QColor) -> None:
        painter.setPen(QPen(RIM, 1.5))
        painter.setBrush(colour)
        radius = (5.0 if outline.is_selected else 4.0) * self._scale
        for x, y in outline.rings[0]:
            painter.drawEllipse(QPointF(x, y), radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_handles(self, painter: QPainter, plan: Plan) -> None:
        if not plan.handles:
            return
        side = round(7 * self._scale)
        painter.setPen(QPen(QColor(0, 0, 0, 220), 1))
        painter.setBrush(QColor("#ffffff"))
        painter.drawRects([QRectF(round(x - side / 2), round(y - side / 2), side, side) for x, y in plan.handles])
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _chip(self, chip: Chip, ratio: float) -> QPixmap:
        key = (chip.text, chip.colour, chip.is_proposal, chip.is_selected, ratio)
        kept = self._chips.get(key)
        if kept is None:
            kept = self._chips[key] = self._draw_chip(chip, ratio)
            while len(self._chips) > MOST_CHIPS_KEPT:
                self._chips.popitem(last=False)
        else:
            self._chips.move_to_end(key)
        return kept

    def _draw_chip(self, chip: Chip, ratio: float) -> QPixmap:
        """A filled chip for what a person stands behind, a dark one with a coloured edge for a proposal."""
        width, height = chip.rect[2], chip.rect[3]
        pixmap = QPixmap(round(width * ratio), round(height * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        rect = QRectF(0.5, 0.5, width - 1, height - 1)
        is_filled = chip.is_selected or not chip.is_proposal
        painter.setBrush(QColor(chip.colour) if is_filled else QColor(10, 13, 17, 215))
        edge = QColor("#ffffff") if chip.is_selected else QColor(0, 0, 0, 120) if is_filled else QColor(chip.colour)
        painter.setPen(QPen(edge, 1))
        painter.drawRoundedRect(rect, 3 * self._scale, 3 * self._scale)
        painter.setFont(self._font)
        painter.setPen(QColor(readable_on(chip.colour)) if is_filled else QColor("#f2f5f9"))
        painter.drawText(QRectF(0, 0, width, height), Qt.AlignmentFlag.AlignCenter, chip.text)
        painter.end()
        return pixmap


def part_of(plan: Plan, exposed: QRect) -> Plan:
    """What of a plan may be seen in an exposed rectangle."""
    left, top = exposed.left() - 4, exposed.top() - 4
    right, bottom = exposed.right() + 5, exposed.bottom() + 5

    def meets(outline: Outline) -> bool:
        if outline.kind != "rectangle":
            return True
        (ax, ay), (bx, by) = outline.rings[0]
        return ax <= right and bx >= left and ay <= bottom and by >= top

    outlines = tuple(outline for outline in plan.outlines if meets(outline))
    chips = tuple(
        chip
        for chip in plan.chips
        if chip.rect[0] <= right
        and chip.rect[0] + chip.rect[2] >= left
        and chip.rect[1] <= bottom
        and chip.rect[1] + chip.rect[3] >= top
    )
    return Plan(outlines, chips, plan.handles)


def frame_strips(corners: Sequence[Point], width: int) -> tuple[QRect, QRect, QRect, QRect]:
    """The four edges of a rectangle as strips `width` pixels wide that do not overlap."""
    (ax, ay), (bx, by) = corners
    left, top = round(ax) - width // 2, round(ay) - width // 2
    right, bottom = round(bx) - width // 2, round(by) - width // 2
    across, inner = right - left + width, max(bottom - top - width, 0)
    return (
        QRect(left, top, across, width),
        QRect(left, bottom, across, width),
        QRect(left, top + width, width, inner),
        QRect(right, top + width, width, inner),
    )


def _tone(colour: str, *, quiet: bool) -> QColor:
    tone = QColor(colour)
    if quiet:
        tone.setAlpha(190)
    return tone


def _path(outline: Outline) -> QPainterPath:
    path = QPainterPath()
    for ring in outline.rings:
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in ring]))
        if outline.kind == "rings":
            path.closeSubpath()
    return path
