"""What stands at the rim of the view: orientation letters, scale bar, small text. Layout as data, then drawn."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from desktop_app.canvas.viewport import Viewport
from desktop_app.display import Display
from imaging.geometry import plane_name, plane_spacing
from imaging.scan import ScanInfo

SHADOW = QColor(0, 0, 0, 200)
PLATE = QColor(0, 0, 0, 110)
TEXT = QColor(214, 222, 232)
LETTER = QColor(245, 204, 110)
LONGEST_BAR = 140.0
GAP = 10.0
HALO = 1.5
MOST_WORDS = 200


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A bar of a round length: widget pixels and what it stands for."""

    length: float
    text: str


def scale_bar(info: ScanInfo, viewport: Viewport, longest: float = LONGEST_BAR) -> ScaleBar | None:
    """The longest bar of 1, 2 or 5 × 10ⁿ that fits; `None` where the spacing is unknown."""
    across, down = plane_spacing(info.spacing_mm, viewport.plane.axis)
    if not across or not down or across <= 0 or down <= 0 or viewport.scale <= 0:
        return None
    mm_per_pixel = min(across, down) / viewport.scale
    most = longest * mm_per_pixel
    power = 10.0 ** math.floor(math.log10(most))
    length = next(step * power for step in (5, 2, 1) if step * power <= most * (1 + 1e-9))
    if length < 0.9999:
        text = f"{length * 1000:g} µm"
    elif length < 99.99:
        text = f"{length:g} mm"
    else:
        text = f"{length / 10:g} cm"
    return ScaleBar(length / mm_per_pixel, text)


def corner_lines(info: ScanInfo, viewport: Viewport, display: Display) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Lines of the top-left and of the bottom-left corner."""
    plane, count = viewport.plane, info.size.count(viewport.plane.axis)
    name = plane_name(info.affine, plane.axis).capitalize()
    place = f"{plane.index + 1} / {count}" if count > 1 else ""
    top = tuple(text for text in (" ".join(filter(None, (name, place))),) if text)
    shown = [f"{viewport.scale * 100:.0f} %"]
    if display.window is not None and not info.is_colour:
        shown.insert(0, f"C {_short(display.window.centre)}  W {_short(display.window.width)}")
    return top, tuple(shown)


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.4g}"


class CornerPainter:
    """Draws letters, bar and lines; keeps as pixmaps the words that stay from frame to frame."""

    def __init__(self, font: QFont) -> None:
        self._font, self._metrics = font, QFontMetricsF(font)
        self._words: OrderedDict[tuple[str, int, float], QPixmap] = OrderedDict()

    def draw(self, painter: QPainter, info: ScanInfo, viewport: Viewport, display: Display) -> None:
        """Draw everything that stands at the rim."""
        metrics, width, height = self._metrics, viewport.width, viewport.height
        if min(width, height) < 120:
            return
        line = metrics.height()
        top, bottom = corner_lines(info, viewport, display)
        for number, text in enumerate(top):
            self._write(painter, GAP, GAP + number * line, text)
        for number, text in enumerate(reversed(bottom)):
            self._write(painter, GAP, height - GAP - (number + 1) * line, text)
        bar = scale_bar(info, viewport, min(LONGEST_BAR, width / 4))
        if bar is not None:
            self._draw_bar(painter, bar, round(width - GAP), round(height - GAP))
        self._draw_letters(painter, viewport)

    def _draw_bar(self, painter: QPainter, bar: ScaleBar, right: int, base: int) -> None:
        left = right - round(bar.length)
        strokes = ((left, base - 2, right - left, 2), (left, base - 6, 2, 6), (right - 2, base - 6, 2, 6))
        for colour, more in ((SHADOW, 1), (TEXT, 0)):
            for x, y, across, down in strokes:
                painter.fillRect(x - more, y - more, across + 2 * more, down + 2 * more, colour)
        text_left = right - (right - left + self._metrics.horizontalAdvance(bar.text)) / 2
        self._stamp(painter, text_left, base - 8 - self._metrics.height(), bar.text, TEXT)

    def _draw_letters(self, painter: QPainter, viewport: Viewport) -> None:
        turn, line = viewport.orientation, self._metrics.height()
        middle_x, middle_y = viewport.width / 2, (viewport.height - line) / 2
        right = viewport.width - GAP - self._metrics.horizontalAdvance(turn.right or " ")
        for text, x, y in (
            (turn.left, GAP, middle_y),
            (turn.right, right, middle_y),
            (turn.top, middle_x, GAP),
            (turn.bottom, middle_x, viewport.height - GAP - line),
        ):
            if text:
                self._stamp(painter, x, y, text, LETTER)

    def _write(self, painter: QPainter, x: float, y: float, text: str) -> None:
        """Write a line that changes with the frame, its top-left corner at (x, y), on a dim plate."""
        width, height = self._metrics.horizontalAdvance(text), self._metrics.height()
        painter.fillRect(QRectF(round(x) - 4, round(y) - 1, width + 8, height + 2), PLATE)
        painter.setFont(self._font)
        painter.setPen(TEXT)
        painter.drawText(QPointF(round(x), round(y + self._metrics.ascent())), text)

    def _stamp(self, painter: QPainter, x: float, y: float, text: str, colour: QColor) -> None:
        """Write a word that stays from frame to frame, its top-left corner at (x, y), with a dark rim."""
        ratio = painter.device().devicePixelRatio()
        key = (text, colour.rgb(), ratio)
        word = self._words.get(key)
        if word is None:
            word = self._words[key] = self._drawn(text, colour, ratio)
            while len(self._words) > MOST_WORDS:
                self._words.popitem(last=False)
        painter.drawPixmap(round(x - HALO), round(y - HALO), word)

    def _drawn(self, text: str, colour: QColor, ratio: float) -> QPixmap:
        width, height = self._metrics.horizontalAdvance(text) + 2 * HALO + 1, self._metrics.height() + 2 * HALO
        pixmap = QPixmap(round(width * ratio), round(height * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setFont(self._font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        outline = QPainterPath()
        outline.addText(QPointF(HALO, self._metrics.ascent() + HALO), self._font, text)
        painter.strokePath(outline, QPen(SHADOW, 2 * HALO, j=Qt.PenJoinStyle.RoundJoin))
        painter.setPen(colour)
        painter.drawText(QPointF(HALO, self._metrics.ascent() + HALO), text)
        painter.end()
        return pixmap


def draw_busy(painter: QPainter, text: str, viewport_size: tuple[int, int], font: QFont) -> None:
    """Say in the middle what is being read."""
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, viewport_size[0] * 0.8)
    width, height = metrics.horizontalAdvance(shown) + 32, metrics.height() + 20
    rect = QRectF((viewport_size[0] - width) / 2, (viewport_size[1] - height) / 2, width, height)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(10, 13, 17, 220))
    painter.drawRoundedRect(rect, 8, 8)
    painter.setPen(TEXT)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, shown)
