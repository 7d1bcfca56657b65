"""A heat map over the picture: one small picture of cells, laid over the plane. With its legend."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPaintEvent, QTransform
from PySide6.QtWidgets import QWidget

from dataset.heat_map import HeatMap
from desktop_app.canvas.viewport import Viewport
from desktop_app.heat_look import Colours, HeatLook
from desktop_app.theme import DARK, Theme, font

# Each is even in lightness from end to end, and told apart without red or without green.
_ANCHORS: dict[Colours, tuple[int, ...]] = {
    "viridis": (0x440154, 0x482878, 0x3E4A89, 0x31688E, 0x26828E, 0x1F9E89, 0x35B779, 0x6ECE58, 0xB5DE2B, 0xFDE725),
    "cividis": (0x00204D, 0x00336F, 0x39486B, 0x575D6D, 0x707173, 0x8A8779, 0xA69D75, 0xC4B56C, 0xE4CF5B, 0xFFEA46),
    "inferno": (0x000004, 0x1B0C41, 0x4A0C6B, 0x781C6D, 0xA52C60, 0xCF4446, 0xED6925, 0xFB9B06, 0xF7D13D, 0xFCFFA4),
}
CLEAR_BELOW, FULL_FROM = 0.05, 0.5
"""Between these scores the colour comes in: where nothing was found the tissue stays to be seen."""
VEIL, VEIL_ALPHA = (16, 20, 28), 115
"""What lies over cells that were not read, where that is asked for."""
BAR, BAR_HEIGHT, PAD = 132, 10, 8
ABOVE_SCALE_BAR = 44
"""The scale bar stands below the legend (`canvas.corners`)."""


@lru_cache(maxsize=32)
def colour_table(colours: Colours, opacity: float) -> NDArray[np.uint8]:
    """Blue, green, red and alpha, premultiplied, of the scores 0…255."""
    anchors = np.array([(c & 255, c >> 8 & 255, c >> 16 & 255) for c in _ANCHORS[colours]], np.float64)
    share = np.linspace(0, 1, 256)
    places = np.linspace(0, 1, len(anchors))
    colour = np.stack([np.interp(share, places, anchors[:, i]) for i in range(3)], 1)
    alpha = np.clip((share - CLEAR_BELOW) / (FULL_FROM - CLEAR_BELOW), 0, 1) * min(max(opacity, 0.0), 1.0)
    table = np.rint(np.column_stack((colour * alpha[:, None], alpha * 255))).astype(np.uint8)
    table.setflags(write=False)
    return table


def cell_colours(heat: HeatMap, look: HeatLook) -> NDArray[np.uint8]:
    """Blue, green, red, alpha (premultiplied) of every cell: (rows, columns, 4)."""
    number = heat.labels.index(look.label) if look.label in heat.labels else 0
    cells = colour_table(look.colours, look.opacity)[heat.scores[number]]
    red, green, blue = (round(part * VEIL_ALPHA / 255) for part in VEIL)
    cells[~heat.read] = (blue, green, red, VEIL_ALPHA) if look.veil else (0, 0, 0, 0)
    return cells


class HeatUnderlay:
    """Paints a heat map between the picture and the marks; nothing while it has none."""

    def __init__(self) -> None:
        self._heat: HeatMap | None = None
        self._look = HeatLook()
        self._cells: QImage | None = None

    @property
    def heat(self) -> HeatMap | None:
        """What is shown."""
        return self._heat

    @property
    def look(self) -> HeatLook:
        """How it is shown."""
        return self._look

    def show_heat(self, heat: HeatMap | None, look: HeatLook | None = None) -> None:
        """Show another heat map or the same one another way; the view has to be updated."""
        look = look or self._look
        if heat is not self._heat or look != self._look:
            self._heat, self._look, self._cells = heat, look, None

    def paint(self, painter: QPainter, viewport: Viewport, ratio: float) -> None:  # noqa: ARG002
        """Paint what the viewport shows."""
        heat, look = self._heat, self._look
        if heat is None or heat.plane != viewport.plane or not heat.read.size or not (look.opacity or look.veil):
            return
        if self._cells is None:
            self._cells = _picture(cell_colours(heat, look))
        painter.save()
        if look.veil:
            self._dim_around(painter, heat, viewport)
        painter.setTransform(_placed(heat, viewport), combine=True)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, look.smooth)
        painter.drawImage(QPointF(0, 0), self._cells)
        painter.restore()

    def _dim_around(self, painter: QPainter, heat: HeatMap, viewport: Viewport) -> None:
        """Dim the part of the plane beside the grid: nothing of it was read."""
        rows, columns = heat.read.shape
        (x0, y0), (x1, y1) = (0.0, 0.0), (float(viewport.plane_width), float(viewport.plane_height))
        left, top = min(max(heat.x, x0), x1), min(max(heat.y, y0), y1)
        right = min(max(heat.x + columns * heat.cell[0], left), x1)
        bottom = min(max(heat.y + rows * heat.cell[1], top), y1)
        painter.save()
        painter.setTransform(_plane_to_screen(viewport), combine=True)
        colour = QColor(*VEIL, VEIL_ALPHA)
        for area in (
            QRectF(x0, y0, x1, top),
            QRectF(x0, bottom, x1, y1 - bottom),
            QRectF(x0, top, left, bottom - top),
            QRectF(right, top, x1 - right, bottom - top),
        ):
            if area.width() > 0 and area.height() > 0:
                painter.fillRect(area, colour)
        painter.restore()


class HeatLegend(QWidget):
    """Says whose scores the colours are, from 0 to 100 %; the mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Legend of the heat map")
        self._theme, self._title, self._look = DARK, "", HeatLook()
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take the scale of a theme; on the scan it is dark in every theme."""
        self._theme = theme
        self.place()

    def show_look(self, title: str, look: HeatLook) -> None:
        """Say another label's name and colours; an empty title hides it."""
        self._title, self._look = title, replace(look, opacity=1.0)
        self.setAccessibleDescription(f"Score of {title}, from 0 to 100 %" if title else "")
        self.place()
        self.setVisible(bool(title))
        self.update()

    def place(self) -> None:
        """Stand at the lower right, above the scale bar; call it when the parent got another size."""
        px, parent = self._theme.px, self.parentWidget()
        if parent is None:
            return
        line = QFontMetricsF(font(self._theme, 11)).height()
        width, height = px(BAR + 2 * PAD), round(2 * line) + px(BAR_HEIGHT + 2 * PAD + 4)
        below = px(ABOVE_SCALE_BAR)
        self.setGeometry(parent.width() - width - px(8), parent.height() - height - below, width, height)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """The label's name, the colours over black and white, and three figures."""
        px, small = self._theme.px, font(self._theme, 11)
        metrics = QFontMetricsF(small)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(10, 13, 17, 205))
        painter.drawRoundedRect(QRectF(self.rect()), px(5), px(5))
        painter.setFont(font(self._theme, 11, bold=True))
        painter.setPen(QColor(232, 237, 243))
        bar = QRectF(px(PAD), px(PAD) + metrics.height() + 2, self.width() - 2 * px(PAD), px(BAR_HEIGHT))
        title = painter.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideMiddle, int(bar.width()))
        painter.drawText(QPointF(bar.left(), px(PAD) + metrics.ascent()), title)
        # Over grey as bright as tissue: the colours of low scores are see-through on the slide, too.
        painter.fillRect(bar, QColor(196, 186, 192))
        table = np.ascontiguousarray(colour_table(self._look.colours, 0.9)[None])
        painter.drawImage(bar, _picture(table))
        painter.setFont(small)
        painter.setPen(QColor(190, 199, 210))
        base = bar.bottom() + 2 + metrics.ascent()
        for share, text in ((0.0, "0"), (0.5, "50"), (1.0, "100 %")):
            painter.drawText(QPointF(bar.left() + share * (bar.width() - metrics.horizontalAdvance(text)), base), text)
        painter.end()


def _picture(cells: NDArray[np.uint8]) -> QImage:
    rows, columns = cells.shape[:2]
    kind = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(np.ascontiguousarray(cells).data, columns, rows, columns * 4, kind).copy()


def _plane_to_screen(viewport: Viewport) -> QTransform:
    """From plane pixels to widget pixels, turned as the viewport is."""
    (ox, oy), (ax, ay), (bx, by) = (viewport.to_screen(x, y) for x, y in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))
    return QTransform(ax - ox, ay - oy, bx - ox, by - oy, ox, oy)


def _placed(heat: HeatMap, viewport: Viewport) -> QTransform:
    """From cells to widget pixels."""
    cells = QTransform(heat.cell[0], 0, 0, heat.cell[1], heat.x, heat.y)
    return cells * _plane_to_screen(viewport)
