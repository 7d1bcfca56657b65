"""Draws a plan of marks. Pens are as wide on screen at every zoom; every line has a dark rim to stand on any tissue."""

from __future__ import annotations

from collections import OrderedDict
from itertools import chain, groupby
from operator import itemgetter
from typing import TypeAlias, cast

import numpy as np
import shiboken6
from numpy.typing import NDArray
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

from desktop_app.canvas.crowd_pixels import LineLook, line_picture
from desktop_app.canvas.marks import Chip, Outline, Plan, Style
from desktop_app.theme import readable_on

RIM = QColor(0, 0, 0, 150)
MOST_CHIPS_KEPT = 600
FAR = 2.0**24
"""Pixels: what lies further out is seen by nobody, and Qt's whole numbers end a little further."""
_DASHES = (7.0, 4.0)
_Look: TypeAlias = tuple[str, bool, bool]
"""Colour, dashed, quiet."""
_LOOK = itemgetter(2, 3, 4)
_Strips: TypeAlias = tuple[NDArray[np.int32], list[tuple[_Look, NDArray[np.int32]]]]


class MarkPainter:
    """Draws outlines, chips and handles; keeps the chips it has drawn as pixmaps."""

    def __init__(self, font: QFont, scale: float = 1.0) -> None:
        self._font, self._scale = font, scale
        self._metrics = QFontMetricsF(font)
        self._sizes: dict[str, tuple[float, float]] = {}
        self._stripes: dict[int, QBrush] = {}
        self._rim, self._brushes = QBrush(RIM), dict[_Look, QBrush]()
        self._strips: tuple[tuple[Outline, ...], _Strips] | None = None
        self._placed: tuple[tuple[Chip, ...], float, list[tuple[int, int, QPixmap]]] | None = None
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
        if self._placed is None or self._placed[0] is not plan.chips or self._placed[1] != ratio:
            drawn = [(round(chip.rect[0]), round(chip.rect[1]), self._chip(chip, ratio)) for chip in plan.chips]
            self._placed = (plan.chips, ratio, drawn)
        for x, y, pixmap in self._placed[2]:
            painter.drawPixmap(x, y, pixmap)
        self._draw_handles(painter, plan)

    def _width(self, style: Style, is_selected: bool) -> float:
        return max((1.0 if style == "quiet" else 2.0 if is_selected else 1.5) * self._scale, 1.0)

    def _draw_rectangles(self, painter: QPainter, outlines: tuple[Outline, ...]) -> None:
        # Upright lines are filled as strips of whole pixels: crisp, and many times faster than Qt's stroker.
        if not outlines:
            return
        rims, lines = self._strips_of(outlines)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._rim)
        _fill(painter, rims)
        for look, strips in lines:
            painter.setBrush(self._brush(look))
            _fill(painter, strips)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _strips_of(self, outlines: tuple[Outline, ...]) -> _Strips:
        """The strips of all dark rims, and of the lines by how they look; kept while the plan stays."""
        if self._strips is None or self._strips[0] is not outlines:
            boxes = [outline for outline in outlines if outline[0] == "rectangle"]
            count = len(boxes)
            numbers = chain.from_iterable(chain.from_iterable(outline[1][0] for outline in boxes))
            corners = np.fromiter(numbers, np.float64, 4 * count).reshape(-1, 4)
            groups = [(look, len(list(alike))) for look, alike in groupby(boxes, _LOOK)]
            widths = np.repeat(
                [round(self._width(style, chosen)) for (_, style, chosen), _ in groups], [n for _, n in groups]
            )
            both = frame_strips(np.concatenate((corners, corners)), np.concatenate((widths, widths + 2)))
            edges, rims = both[:count], both[count:]
            lines, start = list[tuple[_Look, NDArray[np.int32]]](), 0
            for (colour, style, _), alike in groups:
                lines.append(((colour, style == "dashed", style == "quiet"), edges[start : start + alike]))
                start += alike
            self._strips = (outlines, (rims, lines))
        return self._strips[1]

    def _draw_lines(self, painter: QPainter, outline: Outline) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        colour, width = (
            _tone(outline.colour, quiet=outline.style == "quiet"),
            self._width(outline.style, outline.is_selected),
        )
        if outline.kind == "dots":
            self._draw_dots(painter, outline, colour)
            return
        pens = [QPen(RIM, width + 2), QPen(colour, width)]
        if outline.style == "dashed":
            pens[1].setDashPattern([dash * self._scale / width for dash in _DASHES])
            pens[1].setCapStyle(Qt.PenCapStyle.FlatCap)
        if outline.pieces:
            self._draw_long(painter, outline, colour, width)
        path = _path(outline)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in pens:
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPath(path)

    def _draw_long(self, painter: QPainter, outline: Outline, colour: QColor, width: float) -> None:
        """Draw lines of very many points; Qt would take a second for some of them."""
        device = painter.device()
        ratio = device.devicePixelRatio()
        # A picture tells its size in device pixels, a widget in its own.
        own = ratio if isinstance(device, QImage | QPixmap) else 1.0
        size = device.width() / own, device.height() / own
        look = LineLook((colour.blue(), colour.green(), colour.red()), colour.alpha(), width, outline.style == "dashed")
        pieces = [piece * ratio - 0.5 for piece in outline.pieces]
        pixels = line_picture(pieces, (round(size[0] * ratio), round(size[1] * ratio)), look, ratio)
        image = QImage(pixels.data, pixels.shape[1], pixels.shape[0], QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(ratio)
        painter.drawImage(0, 0, image)

    def _brush(self, look: _Look) -> QBrush:
        brush = self._brushes.get(look)
        if brush is None:
            colour, dashed, quiet = look
            brush = self._dashes(QColor(colour)) if dashed else QBrush(_tone(colour, quiet=quiet))
            self._brushes[look] = brush
        return brush

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


def frame_strips(corners: NDArray[np.float64], widths: NDArray[np.int32]) -> NDArray[np.int32]:
    """The four edges of n rectangles (x0, y0, x1, y1 each) as strips that do not overlap, (n, 4, 4): left to bottom.

    As in a `QRect`, right and bottom are the last pixels, so an edge with nothing in it ends before it begins.
    """
    around = np.rint(np.clip(corners, -FAR, FAR)).astype(np.int32) - (widths // 2)[:, None]
    left, top, right, bottom = around.T
    out = np.empty((len(corners), 4, 4), np.int32)
    above, below = top + widths, bottom - 1
    out[:, 0, 0] = out[:, 1, 0] = out[:, 2, 0] = left
    out[:, 0, 2] = out[:, 1, 2] = out[:, 3, 2] = right + widths - 1
    out[:, 3, 0], out[:, 2, 2] = right, left + widths - 1
    out[:, 0, 1], out[:, 0, 3] = top, above - 1
    out[:, 1, 1], out[:, 1, 3] = bottom, below + widths
    out[:, 2, 1] = out[:, 3, 1] = above
    out[:, 2, 3] = out[:, 3, 3] = below
    return out


def _fill(painter: QPainter, strips: NDArray[np.int32]) -> None:
    """Fill the strips of frames with the painter's brush.

    Qt gets the whole array at once: a QRect is its four edges as 32-bit numbers, and the array outlives the call.
    """
    if len(strips):
        first: object = shiboken6.wrapInstance(strips.ctypes.data, QRect)
        painter.drawRects(cast(QRect, first), 4 * len(strips))


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
