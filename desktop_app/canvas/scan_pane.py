"""The pane that joins the view with the session: what is open goes in, what the reader asks for comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from dataset.annotation import Annotation
from desktop_app.canvas.behind_layer import BehindLayer
from desktop_app.canvas.crosshair_lines import COLOURS, crosshair_at
from desktop_app.canvas.heat_showing import HeatShowing
from desktop_app.canvas.hover_layer import HoverLayer
from desktop_app.canvas.mark_words import live_words, preview_colour
from desktop_app.canvas.pane_marks import PaneMarks
from desktop_app.canvas.preview import Preview
from desktop_app.canvas.scan_view import ScanView
from desktop_app.crosshair import at_point, point_at
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.tool import Gesture, Outcome
from desktop_app.tools.brush_shape import brush_diameter
from imaging.geometry import Axis
from imaging.scan import Window

LEAST_JUDGED, JUDGED = 14.0, 40.0
"""A mark smaller than this on screen is too small to judge; then it is shown as large as that, if there are pixels."""


class ScanPane(QWidget):
    """One view of the open scan."""

    hovered = Signal(object)
    """`desktop_app.canvas.hovering.HoverInfo`, or `None` when the mouse left."""
    viewport_changed = Signal(object)
    live_changed = Signal(object)
    """What is under the hand here: annotations as the gesture would leave them."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.view = ScanView(self)
        self._heat, self.marks = HeatShowing(self.view, session), PaneMarks(self.view, session)
        self.setFocusProxy(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self._busy, self._is_active, self._has_crosshair = False, True, False
        self._tool = session.tool
        self._last_gesture: Gesture | None = None
        self._hover, self._hovered = HoverLayer(self.view.update), ""
        self._behind = BehindLayer(self.view, session)
        self.view.set_taker(self)
        self.view.hovered.connect(self.hovered)
        self.view.hovered.connect(self._on_hovered)
        self.view.viewport_changed.connect(self.viewport_changed)
        self.view.crosshair_moved.connect(self._on_crosshair)
        self.view.plane_stepped.connect(self._on_stepped)
        self.view.windowed.connect(self._on_windowed)
        self.view.pen_turned.connect(self._on_pen_turned)
        self._tool_before_eraser = ""
        self.is_busy_elsewhere: Callable[[], bool] = lambda: False
        """Whether a gesture is under way in another view of the scan."""
        self.view.problem_raised.connect(session.problem_raised)
        self._follow(session)
        self._on_scan()

    def _follow(self, session: Session) -> None:
        session.scan_opening.connect(self._on_opening)
        session.scan_changed.connect(self._on_scan)
        session.plane_changed.connect(self._on_plane)
        session.position_changed.connect(self._on_plane)
        session.display_changed.connect(self._on_display)
        session.document_changed.connect(self._on_marks)
        session.looking.changed.connect(self._on_marks)
        session.stepping.reached.connect(self._on_reached)
        session.proposals_changed.connect(self._on_marks)
        session.selection_changed.connect(self._on_marks)
        session.labels_changed.connect(self._on_labels)
        session.tool_changed.connect(self._on_tool)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours and the scale of a theme."""
        self.view.set_theme(theme)
        self._heat.set_theme(theme)

    def set_active(self, is_active: bool) -> None:
        """Whether the tool works here: of several views of a scan it does so in one."""
        if self._is_active and not is_active:
            if self._busy:
                self._take(self._tool.cancel())
            self._drop()
        self._is_active = is_active

    @property
    def axis(self) -> Axis | None:
        """The axis whose planes are shown; `None` follows the session."""
        return self.marks.axis

    def set_axis(self, axis: Axis | None) -> None:
        """Show the planes of one axis through the crosshair, or the session's plane."""
        if axis != self.marks.axis:
            self.marks.axis = axis
            self._on_plane()

    def set_crosshair(self, shown: bool) -> None:
        """Show where the other planes through the crosshair cut this one."""
        self._has_crosshair = shown
        self._place_crosshair()

    def show_live(self, live: tuple[Annotation, ...]) -> None:
        """Show what is under the hand in another view of the scan."""
        if live or self.marks.live:
            self.marks.live = live
            self._on_marks()

    def _place_crosshair(self) -> None:
        session = self._session
        if not self._has_crosshair or session.info is None or session.info.size.planes < 2:
            self.view.set_crosshair(None)
            return
        axis = self.marks.plane.axis
        x, y = point_at(session.position, axis)
        cross = crosshair_at(x, y, axis)
        old = self.view.crosshair
        if self.marks.axis is not None and old is not None and (old.x, old.y) != (x, y):
            self._keep_in_view(x, y)
        self.view.set_crosshair(cross, COLOURS[axis] if self.marks.axis is not None else "")

    def _keep_in_view(self, x: float, y: float) -> None:
        """Of three planes, each shows what the crosshair points at, also when it is enlarged."""
        viewport = self.view.viewport
        if viewport is None:
            return
        sx, sy = viewport.to_screen(x, y)
        if not (-1 <= sx <= viewport.width + 1 and -1 <= sy <= viewport.height + 1):
            self.view.move_to(replace(viewport, centre=(x, y)))

    # From the session.

    def _on_reached(self, x: float, y: float, side: float) -> None:
        """A key went to a mark: show it where it is out of view, on a slide also where it is too small to judge."""
        viewport, info = self.view.viewport, self._session.info
        if not self._is_active or viewport is None or info is None:
            return
        if info.kind == "slide" and side * viewport.scale < LEAST_JUDGED:
            scale = min(max(JUDGED / max(side, 1e-6), viewport.scale), 1.0)
            self.view.move_to(replace(viewport, centre=(x, y), scale=max(scale, viewport.scale)))
        else:
            self._keep_in_view(x, y)

    def _on_opening(self, title: str) -> None:
        self.view.show_busy(f"Reading {title} …")

    def _on_scan(self) -> None:
        self.marks.forget()
        self._drop()
        self.view.show_scan(self._session.scan, self.marks.plane)
        self.view.set_underlays((self._heat.underlay, self._behind, self._hover, self.marks.crowd))
        self.view.set_display(self._session.display)
        self._on_marks()
        self._place_crosshair()

    def _on_plane(self) -> None:
        plane, shown = self.marks.plane, self.view.viewport
        if self._busy and (shown is None or plane != shown.plane):
            self._take(self._tool.cancel())
        self.view.show_plane(plane)
        if shown is None or plane != shown.plane:
            self._on_marks()
        self._place_crosshair()

    def _on_display(self) -> None:
        self.view.set_display(self._session.display)
        self.marks.crowd.set_shown(self._session.display.show_marks)
        self._hover.is_shown = self._session.display.show_marks

    def _on_labels(self) -> None:
        self.marks.forget()
        self._on_marks()

    def _on_tool(self) -> None:
        if self._tool is not self._session.tool:
            if self._busy and self._is_active:
                self._take(self._tool.cancel())
            self._tool = self._session.tool
            self.view.set_cursor_name("")
        if self._last_gesture is not None and self.view.underMouse():
            self.hover(self._last_gesture)
        else:
            self._drop()

    def _on_marks(self, _touched: object = None) -> None:
        self.marks.refresh()
        self._show_hovered(self._hovered)

    def _on_hovered(self, info: object) -> None:
        if info is None:
            self._show_hovered("")

    def _show_hovered(self, mark_id: str) -> None:
        """Show which mark a press would take; nothing is painted while it stays the same."""
        self._hovered = self._session.under_hand = mark_id
        mark = self.marks.index.get(mark_id) if mark_id else None
        colour = self._session.label_of(mark.label).colour if mark is not None else ""
        self._hover.show(mark.geometry if mark is not None else None, colour, self.view.viewport)

    # To the session.

    def _on_stepped(self, count: int) -> None:
        self._session.step_axis(self.marks.plane.axis, count)

    def _on_crosshair(self, x: float, y: float) -> None:
        session = self._session
        if session.info is not None and session.info.kind != "slide":
            session.set_position(at_point(session.position, self.marks.plane, x, y))

    def _on_pen_turned(self, to_eraser: bool) -> None:
        session = self._session
        if to_eraser:
            self._tool_before_eraser = session.tool_name
            session.set_tool("eraser")
        elif session.tool_name == "eraser" and self._tool_before_eraser:
            session.set_tool(self._tool_before_eraser)

    def _on_windowed(self, window: Window) -> None:
        self._session.set_display(replace(self._session.display, window=window))

    def press(self, gesture: Gesture) -> bool:
        """The tool takes the left button, or lets it go to the window and the pan."""
        return self._is_active and self._take(self._tool.press(gesture, self._session.bench()), gesture)

    def drag(self, gesture: Gesture) -> None:
        """The tool follows the mouse."""
        self._take(self._tool.drag(gesture, self._session.bench()), gesture)

    def release(self, gesture: Gesture) -> None:
        """The tool ends its gesture."""
        self._take(self._tool.release(gesture, self._session.bench()), gesture)

    def hover(self, gesture: Gesture) -> None:
        """The tool shows what it would do."""
        if self._is_active:
            self._take(self._tool.hover(gesture, self._session.bench()), gesture)
        elif self.marks.axis is not None and not self.is_busy_elsewhere():
            # Of three planes the next press makes this one the active one: what it would do is seen before.
            plane, index = self.marks.plane, self.marks.index
            bench = replace(self._session.bench(), plane=plane, near=index.near)
            self._preview(self._tool.hover(gesture, bench), gesture)

    def key(self, name: Literal["finish", "back", "cancel"]) -> bool:
        """Enter, Backspace or Escape for a gesture under way."""
        if not self._busy:
            return False
        if name == "cancel":
            self._take(self._tool.cancel())
        elif name == "finish":
            self._take(self._tool.finish(self._session.bench()))
        else:
            self._take(self._tool.back(self._session.bench()))
        return True

    @property
    def is_busy(self) -> bool:
        """Whether a gesture is under way."""
        return self._busy

    def _take(self, outcome: Outcome, gesture: Gesture | None = None) -> bool:
        """Show what a gesture led to and hand edits and selections on; whether the tool goes on with it."""
        session = self._session
        self._busy = outcome.busy
        if gesture is not None:
            self._last_gesture = gesture
        had_live, self.marks.live = self.marks.live, outcome.live
        if outcome.edit is not None or outcome.select is not None or outcome.told:
            session.handle(outcome)
        if outcome.live or had_live:
            self._on_marks()
            self.live_changed.emit(outcome.live)
        self._preview(outcome, gesture)
        return outcome.busy

    def _preview(self, outcome: Outcome, gesture: Gesture | None) -> None:
        session, brush = self._session, None
        if outcome.cursor == "brush" and gesture is not None:
            brush = (gesture.x, gesture.y, *brush_diameter(session.bench(), gesture))
        colour = preview_colour(session)
        self.view.set_preview(
            Preview(outcome.preview, colour, brush, outcome.texts or live_words(outcome.live, session))
        )
        self.view.set_cursor_name(outcome.cursor)
        self._show_hovered(outcome.hover)

    def _drop(self) -> None:
        """Nothing is under way."""
        self._busy, self._last_gesture = False, None
        if self.marks.live:
            self.marks.live = ()
            self._on_marks()
            self.live_changed.emit(())
        self.view.set_preview(Preview())
