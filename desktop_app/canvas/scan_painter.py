"""Paints what a view shows: the picture of a plane, what lies under the marks, the marks, and the rim."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter

from dataset.mask import Mask
from desktop_app.canvas.corners import CornerPainter, draw_busy
from desktop_app.canvas.crosshair_lines import Crosshair
from desktop_app.canvas.mark_layer import MarkLayer
from desktop_app.canvas.mark_painter import MarkPainter
from desktop_app.canvas.marks import Plan, Shown, plan_marks
from desktop_app.canvas.overlay import MaskLook, Rect
from desktop_app.canvas.picture import Patch, Picture
from desktop_app.canvas.preview import Plates, Preview, draw_preview
from desktop_app.canvas.slide_canvas import SlideCanvas
from desktop_app.canvas.slide_masks import SlideMasks
from desktop_app.canvas.underlay import Underlay
from desktop_app.canvas.viewport import Viewport
from desktop_app.display import Display
from desktop_app.theme import Theme, font
from imaging.scan import ScanInfo

STRIP = 60
"""Lines of a picture scaled at a time. Qt shares a larger piece out to its threads and then waits for them: while a
model keeps every core busy that wait is several times the work itself. The pixels are the same."""
MOST_PIXELS_IN_STRIPS = 2_500_000
"""On larger views the threads save more than they can cost."""


@dataclass(frozen=True, slots=True, eq=False)
class Scenery:
    """What is to be painted, but for the picture."""

    info: ScanInfo
    viewport: Viewport
    display: Display
    looks: tuple[MaskLook, ...]
    underlays: tuple[Underlay, ...]
    lines: tuple[Shown, ...]
    preview: Preview
    ratio: float
    """Device pixels per widget pixel."""
    crosshair: Crosshair | None = None
    swatch: str = ""
    """The colour that this plane has as a line on others; empty where it is on none."""


class ScanPainter:
    """Paints into one view; keeps what stays from frame to frame. GUI thread only."""

    def __init__(self, theme: Theme) -> None:
        self.ground = QColor(theme.canvas)
        self._thick = max(round(theme.scale), 1)
        self._small = font(theme, 12)
        self._corners = CornerPainter(self._small)
        self.plates = Plates(font(theme, 12, bold=True), theme.scale)
        self._marks = MarkPainter(font(theme, 11.5, bold=True), theme.scale)
        self._layer = MarkLayer(self._marks)
        self._masks = SlideMasks()
        self._plan = Plan()
        self._plan_key: tuple[tuple[Shown, ...], Viewport | None] = ((), None)

    def plan(self, lines: tuple[Shown, ...], viewport: Viewport) -> Plan:
        """What is drawn of the marks; the same plan while neither they nor the viewport change."""
        if self._plan_key[0] is not lines or self._plan_key[1] != viewport:
            self._plan = plan_marks(lines, viewport, self._marks.measure)
            self._plan_key = (lines, viewport)
        return self._plan

    def paint_busy(self, painter: QPainter, size: QSize, text: str) -> None:
        """An empty view; an open text says what is being read."""
        painter.fillRect(QRect(0, 0, size.width(), size.height()), self.ground)
        if text:
            draw_busy(painter, text, (size.width(), size.height()), self._small)

    def paint_slide(self, painter: QPainter, slide: SlideCanvas, what: Scenery, exposed: QRect) -> None:
        """Paint a slide and all that lies over it."""
        slide.paint(painter)
        ratio, shown = what.ratio, what.display.show_marks
        if shown and what.looks:
            self._masks.paint(painter, what.looks, what.viewport, what.display.overlay_opacity, ratio)
        self._paint_underlays(painter, what, ratio)
        layer = None
        if shown:
            plan, size = self.plan(what.lines, what.viewport), QSize(what.viewport.width, what.viewport.height)
            layer = self._layer.picture(plan, size, ratio)
            if layer is not None:
                painter.drawImage(0, 0, layer)
        self._paint_rest(painter, what, exposed, has_marks=layer is not None)

    def paint_plane(self, painter: QPainter, picture: Picture, what: Scenery, exposed: QRect) -> None:
        """Paint a plane of a scan that is read whole, and all that lies over it."""
        viewport, shown = what.viewport, what.display.show_marks
        ratio = what.ratio
        patch = picture.patch(viewport, what.display, what.looks if shown else (), ratio)
        is_small = viewport.width * viewport.height * ratio**2 <= MOST_PIXELS_IN_STRIPS
        layer = None
        if shown and is_small and patch and not what.underlays:
            size = QSize(viewport.width, viewport.height)
            layer = self._layer.picture(self.plan(what.lines, viewport), size, ratio)
        if patch is None:
            painter.fillRect(exposed, self.ground)
        else:
            self._blit(painter, patch, what, layer, exposed)
        self._paint_underlays(painter, what, ratio)
        self._paint_rest(painter, what, exposed, has_marks=layer is not None)

    def _paint_underlays(self, painter: QPainter, what: Scenery, ratio: float) -> None:
        for underlay in what.underlays:
            painter.save()
            underlay.paint(painter, what.viewport, ratio)
            painter.restore()

    def _paint_rest(self, painter: QPainter, what: Scenery, exposed: QRect, *, has_marks: bool) -> None:
        """Marks that are no layer, what stands at the rim, and what is under the hand."""
        viewport, ratio = what.viewport, what.ratio
        if what.display.show_marks and not has_marks:
            is_part = exposed.width() * exposed.height() * 3 < viewport.width * viewport.height
            self._marks.draw(painter, self.plan(what.lines, viewport), ratio, exposed if is_part else None)
        if what.crosshair is not None:
            what.crosshair.draw(painter, viewport, self._thick)
        self._corners.draw(painter, what.info, viewport, what.display, exposed, what.swatch)
        draw_preview(painter, what.preview, viewport, self.plates)

    def _blit(self, painter: QPainter, patch: Patch, what: Scenery, layer: QImage | None, exposed: QRect) -> None:
        """Paint the picture, and the marks where they are kept as a layer."""
        viewport, ratio = what.viewport, what.ratio
        region, pixels = patch.part.region, patch.pixels
        target = screen_rect(viewport, (region.x, region.y, region.x + region.width, region.y + region.height))
        for strip in _around(target, viewport.width, viewport.height):
            painter.fillRect(strip, self.ground)
        rows, columns = pixels.shape
        image = QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_RGB32)
        shrinks = viewport.scale * ratio < patch.part.downsample
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, what.display.smooth or shrinks)
        source = QRectF(0, 0, columns, rows)
        if viewport.width * viewport.height * ratio**2 > MOST_PIXELS_IN_STRIPS:
            painter.drawImage(target, image, source)
            return
        # Clipping beyond the exposed region costs nothing: Qt clips to that first. The marks follow strip by strip,
        # while the pixels under them are still in the processor's cache: that is half of their cost.
        for top in range(exposed.top() - exposed.top() % STRIP, exposed.bottom() + 1, STRIP):
            painter.setClipRect(0, top, viewport.width, STRIP)
            painter.drawImage(target, image, source)
            if layer is not None:
                scale = round(layer.devicePixelRatio())
                painter.drawImage(0, top, layer, 0, top * scale, viewport.width * scale, STRIP * scale)
        painter.setClipping(False)


def mask_look(mark: Shown) -> MaskLook:
    """How a mark that is a mask is shown."""
    assert isinstance(mark.geometry, Mask)
    colour = int(mark.colour.lstrip("#"), 16)
    return MaskLook(mark.id, mark.geometry, colour, mark.is_proposal, mark.is_selected, mark.pattern)


def screen_rect(viewport: Viewport, area: Rect) -> QRectF:
    """The upright widget rectangle around a rectangle of the plane."""
    corners = [viewport.to_screen(x, y) for x in (area[0], area[2]) for y in (area[1], area[3])]
    left, top = min(c[0] for c in corners), min(c[1] for c in corners)
    return QRectF(left, top, max(c[0] for c in corners) - left, max(c[1] for c in corners) - top)


def _around(inner: QRectF, width: int, height: int) -> tuple[QRect, ...]:
    """The strips of the widget that a picture does not wholly cover."""
    left, top = math.ceil(max(inner.left(), 0)), math.ceil(max(inner.top(), 0))
    right, bottom = math.floor(min(inner.right(), width)), math.floor(min(inner.bottom(), height))
    strips = (
        QRect(0, 0, width, top),
        QRect(0, bottom, width, height - bottom),
        QRect(0, top, left, bottom - top),
        QRect(right, top, width - right, bottom - top),
    )
    return tuple(strip for strip in strips if strip.isValid())
