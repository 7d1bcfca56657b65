"""The overview: a slide as a whole in the corner, where the views stand on it, and what was seen how close."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QToolTip, QWidget

from desktop_app.canvas.power import SUPPOSED, Optics
from desktop_app.canvas.seen import LEAST, STEPS, Seen
from desktop_app.canvas.viewport import Viewport
from desktop_app.icons import pixmap
from desktop_app.theme import DARK, Theme, font

SIDE = 200
"""Longest side of the picture, in pixels at scale 1."""
MARGIN, TITLE, LEGEND = 8, 26, 20
BANDS = ((2.0, "#ffe14d"), (5.0, "#2fdc5a"), (10.0, "#12c8ff"), (20.0, "#1d3bff"))
"""From which power on what was seen has which colour: far enough from pink and violet to be told on stained tissue."""
VEIL = 84
"""How much of a colour lies over what was seen, of 255."""
NEAR = 0.85
"""What was seen counts as the next power a little before it: scales are kept in coarse steps."""
SMALLEST_FIELD = 7.0


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the picture stands in the overview, and how many of its pixels a pixel of the plane takes."""

    left: float
    top: float
    scale_x: float
    scale_y: float

    def to_widget(self, x: float, y: float) -> tuple[float, float]:
        """The widget position of a point of the plane."""
        return self.left + x * self.scale_x, self.top + y * self.scale_y

    def to_plane(self, wx: float, wy: float) -> tuple[float, float]:
        """The point of the plane at a widget position."""
        return (wx - self.left) / self.scale_x, (wy - self.top) / self.scale_y


class Overview(QWidget):
    """Shows where the views stand; a click or a drag asks to go elsewhere."""

    place_wanted = Signal(float, float)
    toggled = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setAccessibleName("Overview of the slide")
        self.setAccessibleDescription("Click or drag to move the view; O shows and hides it")
        self.is_open = True
        self._theme = DARK
        self._plane = (1, 1)
        self._shape = (1.0, 1.0)
        self._picture_size = (12.0, 12.0)
        self._picture: QPixmap | None = None
        self._told = ""
        self._seen = Seen.of(1, 1)
        self._veil: QImage | None = None
        self._card: QPixmap | None = None
        self._optics = Optics()
        self._trivial = 0.0
        self._fields: tuple[Viewport, ...] = ()
        self._active = 0
        self._held: tuple[float, float] | None = None
        self._most = 10_000
        self.hide()

    # What is shown.

    def set_theme(self, theme: Theme) -> None:
        """Take the colours and the scale of a theme."""
        self._theme = theme
        self._fit()

    def show_plane(self, width: int, height: int, aspect: tuple[float, float], optics: Optics) -> None:
        """Stand for another plane, of which there is no picture yet."""
        self._plane, self._optics = (max(width, 1), max(height, 1)), optics
        self._shape = (width * aspect[0], height * aspect[1])
        self._picture, self._told, self._fields, self._trivial = None, "", (), 0.0
        self.show_seen(Seen.of(width, height))
        self._fit()

    def show_picture(self, image: QImage | None, told: str = "") -> None:
        """Show the slide, or say why it cannot be shown."""
        self._picture = QPixmap.fromImage(image) if image is not None else None
        self._told, self._card = told, None
        self.update()

    def show_optics(self, optics: Optics) -> None:
        """More is known of how the slide was scanned."""
        if optics != self._optics:
            self._optics = optics
            self._veil = veil(self._seen, optics, self._trivial)
            self._fit()

    def show_fields(self, fields: tuple[Viewport, ...], active: int) -> None:
        """Show where the views stand."""
        trivial = max((field.fitted().scale * 1.2 for field in fields), default=0.0)
        if trivial > self._trivial:
            # What the whole slide shows at once was not looked at.
            self._trivial = trivial
            self._veil, self._card = veil(self._seen, self._optics, trivial), None
            self.update()
        if (fields, active) != (self._fields, self._active):
            self._fields, self._active = fields, active
            self.update()

    def show_seen(self, seen: Seen) -> None:
        """Show what was seen, and how close."""
        if seen is not self._seen:
            self._seen = seen
            self._veil, self._card = veil(seen, self._optics, self._trivial), None
            self.update()

    def set_open(self, is_open: bool) -> None:
        """Show all of it, or its title only."""
        if is_open != self.is_open:
            self.is_open = is_open
            self._fit()
            self.toggled.emit(is_open)

    def limit(self, pixels: int) -> None:
        """The longest side that there is room for."""
        if pixels != self._most:
            self._most = pixels
            self._fit()

    # Layout.

    def _side(self) -> float:
        return max(min(self._theme.px(SIDE), self._most - self._theme.px(TITLE + LEGEND + 2 * MARGIN)), 48)

    def _fitted_picture(self) -> tuple[float, float]:
        (across, down), side = self._shape, self._side()
        # A lying slide may be as wide as the legend under it.
        wide = max(side, self._legend_width())
        scale = min(wide / max(across, 1), side / max(down, 1))
        return max(across * scale, 12.0), max(down * scale, 12.0)

    def _fit(self) -> None:
        px = self._theme.px
        self._picture_size = width, height = self._fitted_picture()
        if self.is_open:
            wide = max(width, self._legend_width()) + 2 * px(MARGIN)
            self.resize(round(wide), round(height) + px(TITLE + LEGEND + MARGIN))
        else:
            self.resize(px(112), px(TITLE))
        if isinstance(parent := self.parentWidget(), QWidget):
            self.move(parent.width() - self.width() - px(MARGIN), px(MARGIN))
        self._card = None
        self.update()

    def _legend(self) -> tuple[tuple[str, str], ...]:
        """The words of the legend with their colours, the heading first."""
        return (("Seen", ""), *((self._optics.name(power).replace(" ", ""), colour) for power, colour in BANDS))

    def _legend_width(self) -> int:
        metrics, px = QFontMetrics(font(self._theme, 10.5)), self._theme.px
        return sum(
            metrics.horizontalAdvance(word) + px(6) + (px(11) if colour else 0) for word, colour in self._legend()
        )

    @property
    def frame(self) -> Frame:
        """Where the picture stands."""
        width, height = self._picture_size
        left = (self.width() - width) / 2
        return Frame(left, self._theme.px(TITLE), width / self._plane[0], height / self._plane[1])

    def sizeHint(self) -> QSize:
        """As large as it is."""
        return self.size()

    def field_of(self, viewport: Viewport) -> QPolygonF:
        """The outline of a view on the picture; never too small to be found."""
        frame = self.frame
        corners = [(0, 0), (viewport.width, 0), (viewport.width, viewport.height), (0, viewport.height)]
        points = [QPointF(*frame.to_widget(*viewport.to_plane(*corner))) for corner in corners]
        shape = QPolygonF(points)
        area = shape.boundingRect()
        if max(area.width(), area.height()) < SMALLEST_FIELD:
            middle, half = area.center(), SMALLEST_FIELD / 2
            shape = QPolygonF(QRectF(middle.x() - half, middle.y() - half, 2 * half, 2 * half))
        return shape

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """The card as it was kept, and over it where the views stand: it is painted with every move of the view."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ratio = self.devicePixelRatioF()
        if self._card is None or self._card.devicePixelRatio() != ratio:
            self._card = self._made_card(ratio)
        painter.drawPixmap(0, 0, self._card)
        if self.is_open:
            self._paint_fields(painter)
        painter.end()

    def _made_card(self, ratio: float) -> QPixmap:
        """Card, title, picture, veil, legend."""
        theme, px = self._theme, self._theme.px
        card = QPixmap(self.size() * ratio)
        card.setDevicePixelRatio(ratio)
        card.fill(Qt.GlobalColor.transparent)
        painter = QPainter(card)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        ground = QColor(theme.panel)
        ground.setAlpha(250)
        painter.setPen(QPen(QColor(theme.edge), 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), px(6), px(6))
        painter.setFont(font(theme, 12, bold=True))
        painter.setPen(QColor(theme.text))
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(px(MARGIN), 0, self.width(), px(TITLE)), align, "Overview")
        size = px(16)
        mark = pixmap("down" if self.is_open else "right", theme.muted, size, 2.0)
        painter.drawPixmap(self.width() - size - px(6), (px(TITLE) - size) // 2, mark)
        if self.is_open:
            self._paint_picture(painter)
            self._paint_legend(painter)
        painter.end()
        return card

    def _picture_area(self) -> QRectF:
        frame, (width, height) = self.frame, self._picture_size
        return QRectF(frame.left, frame.top, width, height)

    def _paint_picture(self, painter: QPainter) -> None:
        area = self._picture_area()
        if self._picture is not None:
            painter.drawPixmap(area, self._picture, QRectF(self._picture.rect()))
        else:
            painter.fillRect(area, QColor(self._theme.canvas))
            painter.setFont(font(self._theme, 11))
            painter.setPen(QColor(DARK.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area.adjusted(4, 4, -4, -4), flags, self._told or "Reading …")
        if self._veil is not None:
            painter.drawImage(area, self._veil, QRectF(self._veil.rect()))

    def _paint_fields(self, painter: QPainter) -> None:
        """The views as outlines, the active one last and in the accent's colour."""
        theme, area = self._theme, self._picture_area()
        painter.setClipRect(area.adjusted(-2, -2, 2, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        whole = QPolygonF(area)
        for number in sorted(range(len(self._fields)), key=lambda number: number == self._active):
            shape, is_active = self.field_of(self._fields[number]), number == self._active
            if not area.contains(shape.boundingRect()):
                shape = shape.intersected(whole)
            painter.setPen(QPen(QColor(0, 0, 0, 170), theme.px(4)))
            painter.drawPolygon(shape)
            colour = QColor(DARK.accent) if is_active else QColor("#ffffff")
            painter.setPen(QPen(colour, theme.px(2)))
            painter.drawPolygon(shape)

    def _paint_legend(self, painter: QPainter) -> None:
        theme, px = self._theme, self._theme.px
        top, line = self.height() - px(LEGEND + 2), px(LEGEND)
        painter.setFont(font(theme, 10.5))
        left, align = float(px(MARGIN)), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setPen(QColor(theme.muted))
        for word, colour in self._legend():
            if colour:
                painter.fillRect(QRectF(left, top + (line - px(8)) / 2, px(8), px(8)), QColor(colour))
                left += px(11)
            painter.drawText(QRectF(left, top, self.width(), line), align, word)
            left += painter.fontMetrics().horizontalAdvance(word) + px(6)

    # The hand.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Fold by the title; go to a place by the picture, or take hold of the field."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x, y = event.position().x(), event.position().y()
        if y < self._theme.px(TITLE):
            self.set_open(not self.is_open)
            return
        if not self._fields:
            return
        place, active = self.frame.to_plane(x, y), self._fields[self._active]
        inside = self.field_of(active).containsPoint(event.position(), Qt.FillRule.WindingFill)
        self._held = (place[0] - active.centre[0], place[1] - active.centre[1]) if inside else (0.0, 0.0)
        if not inside:
            self._go(x, y)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the hand."""
        is_title = event.position().y() < self._theme.px(TITLE)
        self.setCursor(Qt.CursorShape.ArrowCursor if is_title else Qt.CursorShape.PointingHandCursor)
        if self._held is not None:
            self._go(event.position().x(), event.position().y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002
        """Let go."""
        self._held = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The second of two quick clicks."""
        self.mousePressEvent(event)

    def _go(self, x: float, y: float) -> None:
        held = self._held or (0.0, 0.0)
        px, py = self.frame.to_plane(x, y)
        width, height = self._plane
        self.place_wanted.emit(min(max(px - held[0], 0.0), width), min(max(py - held[1], 0.0), height))

    def event(self, event: QEvent) -> bool:
        """Say in a tool tip what was seen under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tip_at(event.x(), event.y()), self)
            return True
        return super().event(event)

    def tip_at(self, x: float, y: float) -> str:
        """What there is to say of a point of the overview."""
        if y < self._theme.px(TITLE) or not self.is_open:
            return f"{'Fold' if self.is_open else 'Show'} the overview  (O)"
        scale = self._seen.scale_at(*self.frame.to_plane(x, y))
        if not scale:
            return "Not seen yet"
        return f"Seen at up to {self._optics.text(scale).split(' · ')[0]}"


def veil(seen: Seen, optics: Optics, least: float = 0.0) -> QImage:
    """What was seen as colours to lay over the slide, one pixel a cell; nothing below the first band or `least`."""
    scales = 2.0 ** ((np.arange(256) - 1 + LEAST) / STEPS)
    powers = scales * (optics.at_full or SUPPOSED)
    table = np.zeros(256, np.uint32)
    for power, colour in BANDS:
        shown = QColor(colour)
        parts = [round(part * VEIL / 255) for part in (shown.red(), shown.green(), shown.blue())]
        table[powers >= power * NEAR] = VEIL << 24 | parts[0] << 16 | parts[1] << 8 | parts[2]
    table[scales < least] = 0
    table[0] = 0
    pixels = np.ascontiguousarray(table[seen.cells])
    rows, columns = pixels.shape
    return QImage(pixels.tobytes(), columns, rows, columns * 4, QImage.Format.Format_ARGB32_Premultiplied).copy()
