"""The view of one plane of a scan. Knows scans, marks and gestures; nothing of the session or the dataset."""

from __future__ import annotations

from dataclasses import replace
from operator import is_not

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from dataset.mask import Mask
from desktop_app.canvas.crosshair_lines import Crosshair
from desktop_app.canvas.cursors import cursor_shape
from desktop_app.canvas.hand import GestureTaker, Grip, Hand
from desktop_app.canvas.handled import Handled
from desktop_app.canvas.hovering import hover_info
from desktop_app.canvas.marks import Plan, Shown
from desktop_app.canvas.overlay import MaskLook, changed_area
from desktop_app.canvas.picture import Picture
from desktop_app.canvas.preview import Preview, preview_rect
from desktop_app.canvas.scan_painter import ScanPainter, Scenery, mask_look, screen_rect
from desktop_app.canvas.slide_canvas import SlideCanvas
from desktop_app.canvas.slide_masks import changed_on_slide
from desktop_app.canvas.source import ScanParts, fitted_viewport
from desktop_app.canvas.tile_engine import TileEngine, shared_engine
from desktop_app.canvas.underlay import Underlay
from desktop_app.canvas.viewport import Viewport
from desktop_app.display import Display
from desktop_app.theme import DARK, Theme
from imaging.geometry import Orientation, Plane
from imaging.scan import Scan, TiledScan, Window


class ScanView(Handled):
    """Shows a plane, its marks and what is under the hand; tells what the reader asks for.

    A slide (`TiledScan`) is shown tile by tile: `move_to` (or `show_scan`) begins, `completed` comes when every tile
    of the view is painted at its level, and `is_complete` holds until the view moves again. Run an event loop in
    between (a `QEventLoop` left by `completed`): the tiles are read in threads that need Python's lock, too.
    """

    plane_stepped = Signal(int)
    windowed = Signal(object)
    hovered = Signal(object)
    crosshair_moved = Signal(float, float)
    viewport_changed = Signal(object)
    completed = Signal()
    """Every tile of a slide is painted, once after each move."""
    problem_raised = Signal(object)
    """`Problem`: why parts of a slide cannot be read."""

    def __init__(self, parent: QWidget | None = None, engine: TileEngine | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Scan")
        self.setAccessibleDescription("Arrows pan, + and − zoom, Page Up and Page Down change the plane")
        self.setMinimumSize(160, 120)
        self._scan: Scan | None = None
        self._picture: Picture | None = None
        self._slide: SlideCanvas | None = None
        self._viewport: Viewport | None = None
        self._kept: dict[int, Viewport] = {}
        self._is_fitted = True
        self._display = Display()
        self._marks: tuple[Shown, ...] = ()
        self._looks: tuple[MaskLook, ...] = ()
        self._lines = self._marks
        """The marks that are drawn as lines or have a chip: all but a mask under the hand."""
        self._underlays: tuple[Underlay, ...] = ()
        self._preview = Preview()
        self._crosshair: Crosshair | None = None
        self._swatch = ""
        self._busy = ""
        self._cursor_name = ""
        self._hand = Hand(self)
        self.set_theme(DARK)

    # What is shown.

    def set_theme(self, theme: Theme) -> None:
        """Take the colours and the scale of a theme."""
        self._painter = ScanPainter(theme)
        self.update()

    def set_taker(self, taker: GestureTaker) -> None:
        """Say who gets the gestures of the left button."""
        self._hand.taker = taker

    def show_scan(self, scan: Scan | None, plane: Plane | None = None) -> None:
        """Show another scan, fitted, or none."""
        self._hand.let_go()
        self._scan, self._busy = scan, ""
        self._show_tiles(scan if isinstance(scan, TiledScan) else None)
        self._picture = Picture(ScanParts(scan)) if scan is not None and self._slide is None else None
        self._viewport, self._kept, self._is_fitted = None, {}, True
        self._marks, self._lines, self._looks, self._preview = (), (), (), Preview()
        self._underlays = ()
        self.hovered.emit(None)
        if scan is not None:
            self.show_plane(plane or Plane())
        self.update()

    def _show_tiles(self, scan: TiledScan | None) -> None:
        """Show a slide tile by tile, or none. The next is held before the last one goes, for they share threads."""
        old, self._slide = self._slide, None
        if scan is not None:
            slide = SlideCanvas(scan, self._engine or shared_engine(), self)
            slide.changed.connect(self.update)
            slide.completed.connect(self.completed)
            slide.problem_raised.connect(self.problem_raised)
            self.destroyed.connect(slide.close)
            self._slide = slide
        if old is not None:
            old.close()
            old.deleteLater()

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
        self._set_viewport(fitted_viewport(scan.info, plane, self.width(), self.height()))

    def set_display(self, display: Display) -> None:
        """Show the scan another way."""
        if display != self._display:
            self._display = display
            self._aim()
            self.update()

    def set_marks(self, marks: tuple[Shown, ...]) -> None:
        """Show other marks; where only masks differ, only what differs is painted again."""
        if marks is self._marks:
            return
        lines = tuple(mark for mark in marks if not (mark.is_live and isinstance(mark.geometry, Mask)))
        looks = tuple(mask_look(m) for m in marks if isinstance(m.geometry, Mask))
        viewport = self._viewport
        area = None
        if viewport is not None and self._slide is not None:
            area = changed_on_slide(self._looks, looks, viewport.visible())
        elif viewport is not None:
            area = changed_area(self._looks, looks, viewport.whole())
        self._marks, self._looks = marks, looks
        if viewport is None or len(lines) != len(self._lines) or any(map(is_not, lines, self._lines)):
            self._lines = lines
            self.update()
        elif area is not None:
            self.update(screen_rect(viewport, area).toAlignedRect().adjusted(-3, -3, 3, 3))

    def set_preview(self, new: Preview) -> None:
        """Show what is being drawn, the brush, and words."""
        if new == self._preview:
            return
        old, self._preview = self._preview, new
        if self._viewport is not None:
            for preview in (old, new):
                rect = preview_rect(preview, self._viewport, self._painter.plates)
                if rect is not None:
                    self.update(rect)

    def set_crosshair(self, crosshair: Crosshair | None, swatch: str = "") -> None:
        """Show where other planes cut this one, or nothing of it; `swatch` is the colour this plane has in those."""
        if swatch != self._swatch:
            self._swatch = swatch
            self.update()
        if crosshair == self._crosshair:
            return
        old, self._crosshair = self._crosshair, crosshair
        for cross in (old, crosshair):
            if cross is not None and self._viewport is not None:
                for area in cross.areas(self._viewport):
                    self.update(area)

    @property
    def crosshair(self) -> Crosshair | None:
        """What is shown of other planes."""
        return self._crosshair

    def holds_crosshair(self, sx: float, sy: float) -> bool:
        """Whether the crosshair is shown with its middle at a widget position."""
        cross, viewport = self._crosshair, self._viewport
        return cross is not None and viewport is not None and cross.is_near(viewport, sx, sy)

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
        return self._painter.plan(self._lines, self._viewport) if self._viewport is not None else Plan()

    def set_underlays(self, underlays: tuple[Underlay, ...]) -> None:
        """Paint other things between the picture and the marks."""
        self._underlays = underlays
        self.update()

    @property
    def is_complete(self) -> bool:
        """Whether all of the view is painted as fine as it gets; always so on scans that are no slides."""
        return self._slide is None or self._slide.is_complete

    # What the hand moves.

    @property
    def viewport(self) -> Viewport | None:
        """Where the plane is seen; `None` without a scan and while one is being read."""
        return None if self._busy else self._viewport

    @property
    def window_level(self) -> Window | None:
        """The window that a drag changes; `None` on colour scans and slides."""
        if self._scan is None or self._slide is not None or self._scan.info.is_colour:
            return None
        return self._display.window

    @property
    def wheel_zooms(self) -> bool:
        """Whether the plain wheel zooms: on slides, and where there is no other plane to go to."""
        viewport, scan = self._viewport, self._scan
        return (
            self._slide is not None
            or scan is None
            or viewport is None
            or scan.info.size.count(viewport.plane.axis) <= 1
        )

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

    def rotate(self, degrees: float) -> None:
        """Turn a slide clockwise about the middle of the view."""
        if self._viewport is not None and self._slide is not None:
            turned = self._viewport.rotated(degrees)
            self._set_viewport(turned.fitted() if self._is_fitted else turned)

    def set_angle(self, degrees: float) -> None:
        """Show a slide turned by an angle, clockwise."""
        if self._viewport is not None:
            self.rotate(degrees - self._viewport.angle)

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
        # Nothing is read of a slide for it: the share that the slide lies on may have gone.
        values = self._slide.value_at(viewport.plane, x, y) if self._slide is not None else None
        self.hovered.emit(hover_info(scan, viewport.plane, x, y, values, self._display.slab))
        if crosshair:
            self.crosshair_moved.emit(x, y)

    def show_grip(self, grip: Grip) -> None:
        """Show by the cursor what the hand does."""
        turn = self._viewport.orientation if self._viewport is not None else Orientation()
        shape = cursor_shape(self._cursor_name, grip, turn)
        if shape != self.cursor().shape():
            self.setCursor(shape)

    def _set_viewport(self, viewport: Viewport) -> None:
        if viewport == self._viewport:
            return
        self._viewport = viewport
        self._aim()
        self.viewport_changed.emit(viewport)
        if self._slide is None:
            self.update()

    def _aim(self) -> None:
        """Ask for a slide's tiles; the view is painted when they are there, or after a moment."""
        if self._slide is not None and self._viewport is not None:
            ground = self._painter.ground.rgb()
            self._slide.aim(self._viewport, self._display, self.devicePixelRatioF(), ground)

    # Painting.

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture, then what lies over it."""
        painter = QPainter(self)
        scan, viewport = self._scan, self._viewport
        if scan is None or viewport is None or self._busy:
            self._painter.paint_busy(painter, self.size(), self._busy)
            return
        what = Scenery(
            scan.info, viewport, self._display, self._looks, self._underlays, self._lines, self._preview,
            self.devicePixelRatioF(), self._crosshair, self._swatch,
        )  # fmt: skip
        if self._slide is not None:
            self._aim()
            self._painter.paint_slide(painter, self._slide, what, event.rect())
            painter.end()
            self._slide.painted()
        elif self._picture is not None:
            self._painter.paint_plane(painter, self._picture, what, event.rect())

    # Events.

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the place, or keep it fitted."""
        if self._viewport is not None:
            resized = self._viewport.resized(event.size().width(), event.size().height())
            self._set_viewport(resized.fitted() if self._is_fitted else resized)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the mouse any more."""
        self.hovered.emit(None)
        self.set_preview(replace(self._preview, brush=None))
        super().leaveEvent(event)

    def sizeHint(self) -> QSize:
        """As large as it gets."""
        return QSize(900, 900)

    def position_of(self, x: float, y: float) -> QPoint:
        """The widget position of a point of the plane (tests and guides speak scan coordinates)."""
        assert self._viewport is not None
        sx, sy = self._viewport.to_screen(x, y)
        return QPoint(round(sx), round(sy))
