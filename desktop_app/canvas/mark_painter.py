"""Draws a plan of marks. Pens are as wide on screen at every zoom; every line has a dark rim to stand on any tissue."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from desktop_app.canvas.marks import Chip, Outline, Plan
from desktop_app.theme import readable_on

RIM = QColor(0, 0, 0, 150)
MOST_CHIPS_KEPT = 600
_DASHES = [5.0, 4.0]


class MarkPainter:
    """Draws outlines, chips and handles; keeps the chips it has drawn as pixmaps."""

    def __init__(self, font: QFont, scale: float = 1.0) -> None:
        self._font, self._scale = font, scale
        self._metrics = QFontMetricsF(font)
        self._sizes: dict[str, tuple[float, float]] = {}
        self._chips: OrderedDict[object, QPixmap] = OrderedDict()

    def measure(self, text: str) -> tuple[float, float]:
        """Width and height of a chip with this text."""
        size = self._sizes.get(text)
        if size is None:
            width = round(self._metrics.horizontalAdvance(text) + 10 * self._scale)
            size = float(width), float(round(self._metrics.height() + 2 * self._scale))
            self._sizes[text] = size
        return size

    def draw(self, painter: QPainter, plan: Plan, ratio: float = 1.0) -> None:
        """Draw everything of a plan; `ratio` is device pixels per widget pixel."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for (kind, colour, style, selected), group in groupby(
            plan.outlines, lambda o: (o.kind, o.colour, o.style, o.is_selected)
        ):
            self._draw_outlines(painter, list(group), kind, (QColor(colour), style, selected))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for chip in plan.chips:
            painter.drawPixmap(QPointF(round(chip.rect[0]), round(chip.rect[1])), self._chip(chip, ratio))
        self._draw_handles(painter, plan)

    def _draw_outlines(
        self, painter: QPainter, outlines: Sequence[Outline], kind: str, look: tuple[QColor, str, bool]
    ) -> None:
        colour, style, selected = look
        width = (2.0 if selected else 1.5 if style != "quiet" else 1.0) * self._scale
        if style == "quiet":
            colour.setAlpha(190)
        pens = [QPen(RIM, width + 2), QPen(colour, width)]
        if style == "dashed":
            pens[1].setDashPattern([dash * self._scale / width for dash in _DASHES])
            pens[1].setCapStyle(Qt.PenCapStyle.FlatCap)
        for pen in pens:
            pen.setCosmetic(True)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        if kind == "rectangle":
            self._draw_rectangles(painter, outlines, pens)
        elif kind == "dots":
            self._draw_dots(painter, outlines, colour, selected)
        else:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            path = _path(outlines, closed=kind == "rings")
            for pen in pens:
                pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
                painter.setPen(pen)
                painter.drawPath(path)

    def _draw_rectangles(self, painter: QPainter, outlines: Sequence[Outline], pens: list[QPen]) -> None:
        # Upright lines on whole pixels need no antialiasing: crisper, and many times faster.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        rects = [
            QRectF(round(a[0]), round(a[1]), round(b[0]) - round(a[0]), round(b[1]) - round(a[1]))
            for a, b in (outline.rings[0] for outline in outlines)
        ]
        for pen in pens:
            pen.setWidth(round(pen.widthF()))
            painter.setPen(pen)
            painter.drawRects(rects)

    def _draw_dots(self, painter: QPainter, outlines: Sequence[Outline], colour: QColor, selected: bool) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(RIM, 1.5))
        painter.setBrush(colour)
        radius = (5.0 if selected else 4.0) * self._scale
        for outline in outlines:
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


def _path(outlines: Sequence[Outline], *, closed: bool) -> QPainterPath:
    path = QPainterPath()
    for outline in outlines:
        for ring in outline.rings:
            path.addPolygon(QPolygonF([QPointF(x, y) for x, y in ring]))
            if closed:
                path.closeSubpath()
    return path
