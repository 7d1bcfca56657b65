"""What stands at the rim of the view: orientation letters, scale bar, small text. Layout as data, then drawn."""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from desktop_app.canvas.power import Optics
from desktop_app.canvas.slab import slab_count
from desktop_app.canvas.viewport import Viewport
from desktop_app.display import Display
from imaging.geometry import Affine, Axis, plane_name, plane_spacing, step_spacing
from imaging.scan import ScanInfo

SHADOW = QColor(0, 0, 0, 200)
PLATE = QColor(0, 0, 0, 110)
TEXT = QColor(214, 222, 232)
LETTER = QColor(245, 204, 110)
LONGEST_BAR = 140.0
GAP = 10.0
HALO = 1.5
RIM = 52
"""Everything stands within this many pixels of the view's edges."""
_PIECES = re.compile(r"\d|\D+")
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
    name = _plane_title(info.affine, plane.axis)
    place = f"{plane.index + 1} / {count}" if count > 1 else ""
    top = tuple(text for text in (" ".join(filter(None, (name, place))), _slab_text(info, plane.axis, display)) if text)
    # Of several views of a slide only this tells how close each is.
    power = Optics.of(info).power(viewport.scale) if info.kind == "slide" else None
    shown = [f"{viewport.scale * 100:.0f} %" if power is None else f"{power:.3g}×"]
    if display.window is not None and not info.is_colour:
        shown.insert(0, f"C {_short(display.window.centre)}  W {_short(display.window.width)}")
    return top, tuple(shown)


def _slab_text(info: ScanInfo, axis: Axis, display: Display) -> str:
    """What several planes are shown as one, and how thick they are together."""
    count = slab_count(display.slab, info, axis) if display.slab.is_on else 1
    if count == 1:
        return ""
    step = step_spacing(info.spacing_mm, axis)
    thick = f"{count * step:.3g} mm, " if step else ""
    return f"{display.slab.mode.capitalize()} of {thick}{count} planes"


@lru_cache(maxsize=32)
def _plane_title(affine: Affine | None, axis: Axis) -> str:
    return plane_name(affine, axis).capitalize()


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.4g}"


class CornerPainter:
    """Draws letters, bar and lines; keeps as pixmaps the words that stay from frame to frame."""

    def __init__(self, font: QFont) -> None:
        self._font, self._metrics = font, QFontMetricsF(font)
        self._line = self._metrics.height()
        self._standing: list[tuple[int, int, QPixmap]] = []
        self._standing_key: object = None
        self._words: OrderedDict[tuple[str, float], tuple[QPixmap, float]] = OrderedDict()

    def draw(
        self, painter: QPainter, info: ScanInfo, viewport: Viewport, display: Display, exposed: QRect, swatch: str = ""
    ) -> None:
        """Draw what stands at the rim, if any of it is exposed; a `swatch` of a colour stands at the plane's name."""
        width, height = viewport.width, viewport.height
        inner = QRect(RIM, RIM, width - 2 * RIM, height - 2 * RIM)
        if min(width, height) < 120 or inner.contains(exposed):
            return
        key = (id(info), viewport.plane.axis, viewport.scale, width, height, painter.device().devicePixelRatio())
        if key != self._standing_key:
            self._standing = self._laid_out(info, viewport, key[-1])
            self._standing_key = key
        for x, y, pixmap in self._standing:
            painter.drawPixmap(x, y, pixmap)
        top, bottom = corner_lines(info, viewport, display)
        for number, text in enumerate(top):
            self._write(painter, round(GAP + number * self._line), text, key[-1])
        if swatch:
            painter.fillRect(round(GAP) - 8, round(GAP) - 1, 4, round(self._line) + 2, QColor(swatch))
        for number, text in enumerate(reversed(bottom)):
            self._write(painter, round(height - GAP - (number + 1) * self._line), text, key[-1])

    def _laid_out(self, info: ScanInfo, viewport: Viewport, ratio: float) -> list[tuple[int, int, QPixmap]]:
        """Letters and bar: what stays while only the plane and the window change."""
        turn, line = viewport.orientation, self._line
        middle_x, middle_y = viewport.width / 2, (viewport.height - line) / 2
        right = viewport.width - GAP - self._metrics.horizontalAdvance(turn.right or " ")
        places = (
            (turn.left, GAP, middle_y),
            (turn.right, right, middle_y),
            (turn.top, middle_x, GAP),
            (turn.bottom, middle_x, viewport.height - GAP - line),
        )
        found = [(round(x - HALO), round(y - HALO), self._rimmed(text, LETTER, ratio)) for text, x, y in places if text]
        bar = scale_bar(info, viewport, min(LONGEST_BAR, viewport.width / 4))
        if bar is not None:
            pixmap = self._bar(bar, ratio)
            width, height = pixmap.deviceIndependentSize().toTuple()  # type: ignore[attr-defined]
            found.append((round(viewport.width - GAP - width), round(viewport.height - GAP - height), pixmap))
        return found

    def _bar(self, bar: ScaleBar, ratio: float) -> QPixmap:
        """The bar with its length over it."""
        text = self._rimmed(bar.text, TEXT, ratio)
        length, word = round(bar.length), self._metrics.horizontalAdvance(bar.text) + 2 * HALO
        width, height = max(length + 2, math.ceil(word)), math.ceil(self._line + 2 * HALO) + 9
        pixmap = self._blank(width, height, ratio)
        painter = QPainter(pixmap)
        left = (width - length) // 2
        strokes = ((left, height - 4, length, 2), (left, height - 8, 2, 6), (left + length - 2, height - 8, 2, 6))
        for colour, more in ((SHADOW, 1), (TEXT, 0)):
            for x, y, across, down in strokes:
                painter.fillRect(x - more, y - more, across + 2 * more, down + 2 * more, colour)
        painter.drawPixmap(QPointF((width - word) / 2, 0), text)
        painter.end()
        return pixmap

    def _write(self, painter: QPainter, top: int, text: str, ratio: float) -> None:
        """Write a line that changes with the frame, at the left edge, on a dim plate.

        Digits are kept one by one, the words between them whole: laying a line out anew for each frame costs more.
        """
        words = [self._word(word, ratio) for word in _PIECES.findall(text)]
        width = sum(word[1] for word in words)
        painter.fillRect(int(GAP) - 4, top - 1, round(width) + 8, round(self._line) + 2, PLATE)
        place = GAP
        for pixmap, advance in words:
            painter.drawPixmap(QPointF(place, top), pixmap)
            place += advance

    def _word(self, text: str, ratio: float) -> tuple[QPixmap, float]:
        """A word as a pixmap, and its width."""
        word = self._words.get((text, ratio))
        if word is None:
            advance = self._metrics.horizontalAdvance(text)
            word = self._words[text, ratio] = (self._plain(text, advance, ratio), advance)
            while len(self._words) > MOST_WORDS:
                self._words.popitem(last=False)
        return word

    def _plain(self, text: str, advance: float, ratio: float) -> QPixmap:
        pixmap = self._blank(advance + 1, self._line, ratio)
        painter = QPainter(pixmap)
        painter.setFont(self._font)
        painter.setPen(TEXT)
        painter.drawText(QPointF(0, self._metrics.ascent()), text)
        painter.end()
        return pixmap

    def _blank(self, width: float, height: float, ratio: float) -> QPixmap:
        pixmap = QPixmap(math.ceil(width * ratio), math.ceil(height * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        return pixmap

    def _rimmed(self, text: str, colour: QColor, ratio: float) -> QPixmap:
        """A word with a dark rim."""
        pixmap = self._blank(self._metrics.horizontalAdvance(text) + 2 * HALO + 1, self._line + 2 * HALO, ratio)
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
