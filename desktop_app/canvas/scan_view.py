"""The view of one plane of a scan. Knows scans, marks and gestures; nothing of the session or the dataset."""

from __future__ import annotations

import math
from dataclasses import replace
from operator import is_not

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from dataset.annotation import Geometry
from dataset.mask import Mask
from desktop_app.canvas.corners import CornerPainter, draw_busy
from desktop_app.canvas.cursors import cursor_shape
from desktop_app.canvas.hand import GestureTaker, Grip, Hand
from desktop_app.canvas.hovering import hover_info
from desktop_app.canvas.mark_layer import MarkLayer
from desktop_app.canvas.mark_painter import MarkPainter
from desktop_app.canvas.marks import Plan, Shown, plan_marks
from desktop_app.canvas.overlay import MaskLook, Rect, changed_area
from desktop_app.canvas.picture import Patch, Picture
from desktop_app.canvas.preview import Preview, draw_preview, preview_rect
from desktop_app.canvas.source import ScanParts, plane_aspect
from desktop_app.canvas.viewport import Viewport
from desktop_app.display import Display
from desktop_app.theme import DARK, Theme, font
from imaging.geometry import Orientation, Plane, display_orientation
from imaging.scan import Scan, Window

STRIP = 60
"""Lines of a picture scaled at a time. Qt shares a larger piece out to its threads and then waits for them: while a
model keeps every core busy that wait is several times the work itself. The pixels are the same."""
MOST_PIXELS_IN_STRIPS = 2_500_000
"""On larger views the threads save more than they can cost."""


class ScanView(QWidget):
    """Shows a plane, its marks and what is under the hand; tells what the reader asks for."""

    plane_stepped = Signal(int)
    windowed = Signal(object)
    hovered = Signal(object)
    crosshair_moved = Signal(float, float)
    viewport_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Scan")
        self.setAccessibleDescription("Arrows pan, + and − zoom, Page Up and Page Down change the plane")
        self.setMinimumSize(160, 120)
        self._scan: Scan | None = None
        self._picture: Picture | None = None
        self._viewport: Viewport | None = None
        self._kept: dict[int, Viewport] = {}
        self._is_fitted = True
        self._display = Display()
        self._marks: tuple[Shown, ...] = ()
        self._looks: tuple[MaskLook, ...] = ()
        self._lines = self._marks
        """The marks that are drawn as lines or have a chip: all but a mask under the hand."""
        self._plan, self._plan_key = Plan(), (self._lines, self._viewport)
        self._preview = Preview()
        self._busy = ""
        self._cursor_name = ""
        self._hand = Hand(self)
        self.set_theme(DARK)

    # What is shown.

    def set_theme(self, theme: Theme) -> None:
        """Take the colours and the scale of a theme."""
        self._ground = QColor(theme.canvas)
        self._accent = QColor(theme.accent)
        self._small = font(theme, 12)
        self._corners = CornerPainter(self._small)
        self._painter = MarkPainter(font(theme, 11.5, bold=True), theme.scale)
        self._layer = MarkLayer(self._painter)
        self.update()

    def set_taker(self, taker: GestureTaker) -> None:
        """Say who gets the gestures of the left button."""
        self._hand.taker = taker

    def show_scan(self, scan: Scan | None, plane: Plane | None = None) -> None:
        """Show another scan, fitted, or none."""
        self._hand.let_go()
        self._scan, self._busy = scan, ""
        self._picture = Picture(ScanParts(scan)) if scan is not None else None
        self._viewport, self._kept, self._is_fitted = None, {}, True
        self._marks, self._lines, self._looks, self._preview = (), (), (), Preview()
        self.hovered.emit(None)
        if scan is not None:
            self.show_plane(plane or Plane())
        self.update()

    def show_plane(self, plane: Plane) -> None:
        """Show another plane; each axis keeps its own zoom and place."""
        scan, old = self._scan, self._viewport
        if scan is None or (old is not None and old.plane == plane):
            return
        if old is not None and old.plane.axis == plane.axis:
            self._set_viewport(replace(old, plane=plane))
            return
        if old is not None and not self._is_fitted:
            self._kept[old.plane.axis] = old
        kept = self._kept.pop(plane.axis, None)
        self._is_fitted = kept is None
        if kept is not None:
            self._set_viewport(replace(kept, plane=plane).resized(self.width(), self.height()))
            return
        info = scan.info
        across, down = info.size.on_plane(plane.axis)
        fresh = Viewport(plane, across, down, max(self.width(), 1), max(self.height(), 1), (0.0, 0.0), 1.0)
        turn = display_orientation(info.affine, plane.axis)
        self._set_viewport(replace(fresh, aspect=plane_aspect(info.spacing_mm, plane), orientation=turn).fitted())

    def set_display(self, display: Display) -> None:
        """Show the scan another way."""
        if display != self._display:
            self._display = display
            self.update()

    def set_marks(self, marks: tuple[Shown, ...]) -> None:
        """Show other marks; where only masks differ, only what differs is painted again."""
        if marks is self._marks:
            return
        lines = tuple(mark for mark in marks if not (mark.is_live and isinstance(mark.geometry, Mask)))
        looks = tuple(_look(m) for m in marks if isinstance(m.geometry, Mask))
        viewport = self._viewport
        area = changed_area(self._looks, looks, viewport.whole()) if viewport is not None else None
        self._marks, self._looks = marks, looks
        if viewport is None or len(lines) != len(self._lines) or any(map(is_not, lines, self._lines)):
            self._lines = lines
            self.update()
        elif area is not None:
            self.update(_screen_rect(viewport, area).toAlignedRect().adjusted(-3, -3, 3, 3))

    def set_preview(
        self, geometries: tuple[Geometry, ...], colour: str, brush: tuple[float, float, float] | None
    ) -> None:
        """Show what is being drawn, and the brush: centre and diameter in plane pixels."""
        new = Preview(geometries, colour, brush)
        if new == self._preview:
            return
        old, self._preview = self._preview, new
        if self._viewport is not None:
            for preview in (old, new):
                rect = preview_rect(preview, self._viewport)
                if rect is not None:
                    self.update(rect)

    def set_cursor_name(self, name: str) -> None:
        """Show the cursor a tool asks for (see `desktop_app.tool.Outcome`)."""
        self._cursor_name = name
        self.show_grip(self._hand.grip)

    def show_busy(self, text: str) -> None:
        """Say that another scan is being read, in place of the present one; an empty text ends it."""
        if text != self._busy:
            self._busy = text
            self.update()

    @property
    def plan(self) -> Plan:
        """What is drawn of the marks now."""
        if self._viewport is None:
            return Plan()
        if self._plan_key[0] is not self._lines or self._plan_key[1] != self._viewport:
            self._plan = plan_marks(self._lines, self._viewport, self._painter.measure)
            self._plan_key = (self._lines, self._viewport)
        return self._plan

    # What the hand moves.

    @property
    def viewport(self) -> Viewport | None:
        """Where the plane is seen; `None` without a scan and while one is being read."""
        return None if self._busy else self._viewport

    @property
    def window_level(self) -> Window | None:
        """The window that a drag changes; `None` on colour scans and slides."""
        if self._scan is None or self._scan.info.is_colour:
            return None
        return self._display.window

    @property
    def wheel_zooms(self) -> bool:
        """Whether the plain wheel zooms: a scan with one plane has no other to go to."""
        viewport, scan = self._viewport, self._scan
        return scan is None or viewport is None or scan.info.size.count(viewport.plane.axis) <= 1

    def move_to(self, viewport: Viewport) -> None:
        """Show another part of the plane."""
        self._is_fitted = False
        self._set_viewport(viewport)

    def fit(self) -> None:
        """Show the whole plane, as large as it fits."""
        if self._viewport is not None:
            self._is_fitted = True
            self._set_viewport(self._viewport.fitted())

    def zoom_to(self, scale: float) -> None:
        """Show `scale` widget pixels per scan pixel, about the middle of the view."""
        if self._viewport is not None:
            view = self._viewport
            self.move_to(view.zoomed(scale / view.scale, view.width / 2, view.height / 2))

    def step_planes(self, count: int) -> None:
        """Ask for another plane."""
        self.plane_stepped.emit(count)

    def set_window(self, window: Window) -> None:
        """Ask for another window."""
        self.windowed.emit(window)

    def hover_at(self, x: float, y: float, *, crosshair: bool) -> None:
        """Tell what is under a point of the plane."""
        scan, viewport = self._scan, self._viewport
        if scan is None or viewport is None:
            return
        self.hovered.emit(hover_info(scan, viewport.plane, x, y))
        if crosshair:
            self.crosshair_moved.emit(x, y)

    def show_grip(self, grip: Grip) -> None:
        """Show by the cursor what the hand does."""
        turn = self._viewport.orientation if self._viewport is not None else Orientation()
        shape = cursor_shape(self._cursor_name, grip, turn)
        if shape != self.cursor().shape():
            self.setCursor(shape)

    def _set_viewport(self, viewport: Viewport) -> None:
        if viewport != self._viewport:
            self._viewport = viewport
            self.viewport_changed.emit(viewport)
            self.update()

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        """Blit the picture, then draw what lies over it."""
        painter = QPainter(self)
        viewport = self._viewport
        if self._scan is None or self._picture is None or viewport is None or self._busy:
            painter.fillRect(event.rect(), self._ground)
            if self._busy:
                draw_busy(painter, self._busy, (self.width(), self.height()), self._small)
            return
        shown, exposed = self._display.show_marks, event.rect()
        ratio = self.devicePixelRatioF()
        patch = self._picture.patch(viewport, self._display, self._looks if shown else (), ratio)
        is_small = self.width() * self.height() * ratio**2 <= MOST_PIXELS_IN_STRIPS
        layer = self._layer.picture(self.plan, self.size(), ratio) if shown and is_small and patch else None
        if patch is None:
            painter.fillRect(exposed, self._ground)
        else:
            self._blit(painter, patch, viewport, layer, exposed)
        if shown and layer is None:
            is_part = exposed.width() * exposed.height() * 3 < self.width() * self.height()
            self._painter.draw(painter, self.plan, ratio, exposed if is_part else None)
        self._corners.draw(painter, self._scan.info, viewport, self._display, exposed)
        draw_preview(painter, self._preview, viewport)

    def _blit(self, painter: QPainter, patch: Patch, viewport: Viewport, layer: QImage | None, exposed: QRect) -> None:
        """Paint the picture, and the marks where they are kept as a layer."""
        region, pixels = patch.part.region, patch.pixels
        target = _screen_rect(viewport, (region.x, region.y, region.x + region.width, region.y + region.height))
        for strip in _around(target, self.width(), self.height()):
            painter.fillRect(strip, self._ground)
        rows, columns = pixels.shape
        image = QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_RGB32)
        shrinks = viewport.scale * self.devicePixelRatioF() < patch.part.downsample
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._display.smooth or shrinks)
        source = QRectF(0, 0, columns, rows)
        if self.width() * self.height() * self.devicePixelRatioF() ** 2 > MOST_PIXELS_IN_STRIPS:
            painter.drawImage(target, image, source)
            return
        # Clipping beyond the exposed region costs nothing: Qt clips to that first. The marks follow strip by strip,
        # while the pixels under them are still in the processor's cache: that is half of their cost.
        for top in range(exposed.top() - exposed.top() % STRIP, exposed.bottom() + 1, STRIP):
            painter.setClipRect(0, top, self.width(), STRIP)
            painter.drawImage(target, image, source)
            if layer is not None:
                scale = round(layer.devicePixelRatio())
                painter.drawImage(0, top, layer, 0, top * scale, self.width() * scale, STRIP * scale)
        painter.setClipping(False)

    # Events.

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the place, or keep it fitted."""
        if self._viewport is not None:
            resized = self._viewport.resized(event.size().width(), event.size().height())
            self._set_viewport(resized.fitted() if self._is_fitted else resized)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A button went down."""
        self._hand.press(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A button went down for the second time."""
        self._hand.double_click(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The mouse moved."""
        self._hand.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A button went up."""
        self._hand.release(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel turned."""
        self._hand.wheel(event)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the mouse any more."""
        self.hovered.emit(None)
        self.set_preview(self._preview.geometries, self._preview.colour, None)
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Keys that were held are up by the time the focus comes back."""
        self._hand.forget_keys()
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A key went down."""
        event.setAccepted(self._hand.key_press(event))

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """A key came up."""
        event.setAccepted(self._hand.key_release(event))

    def event(self, event: QEvent) -> bool:
        """Keys that belong to the tool come before the window's shortcuts; pinches zoom."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and self._hand.wants_key(event)
        ):
            event.accept()
            return True
        if isinstance(event, QNativeGestureEvent) and self._hand.pinch(event):
            return True
        return super().event(event)

    def sizeHint(self) -> QSize:
        """As large as it gets."""
        return QSize(900, 900)

    def position_of(self, x: float, y: float) -> QPoint:
        """The widget position of a point of the plane (tests and guides speak scan coordinates)."""
        assert self._viewport is not None
        sx, sy = self._viewport.to_screen(x, y)
        return QPoint(round(sx), round(sy))


def _look(mark: Shown) -> MaskLook:
    assert isinstance(mark.geometry, Mask)
    colour = int(mark.colour.lstrip("#"), 16)
    return MaskLook(mark.id, mark.geometry, colour, mark.is_proposal, mark.is_selected)


def _screen_rect(viewport: Viewport, area: Rect) -> QRectF:
    """The upright widget rectangle of a rectangle of the plane."""
    (ax, ay), (bx, by) = viewport.to_screen(area[0], area[1]), viewport.to_screen(area[2], area[3])
    return QRectF(min(ax, bx), min(ay, by), abs(bx - ax), abs(by - ay))


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
