"""The reader's hand on the view: mouse, wheel, touchpad and keys become pans, zooms, plane
steps, moves of the crosshair and tool gestures."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal, Protocol

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QNativeGestureEvent, QTabletEvent, QWheelEvent

from desktop_app.canvas.viewport import Viewport
from desktop_app.tool import Gesture
from imaging.scan import Window

CLICK_PIXELS = 4.0
"""A movement shorter than this is a click."""
WHEEL_STEP = 120.0
TOUCH_STEP = 30.0
ZOOM_PER_STEP = 1.2
PAN_SHARE = 0.1

Grip = Literal["none", "tool", "window", "pan", "zoom", "crosshair"]


class GestureTaker(Protocol):
    """Who gets the gestures of the left button: the tool in hand."""

    def press(self, gesture: Gesture) -> bool:
        """The button went down; whether the tool keeps the gesture."""
        ...

    def drag(self, gesture: Gesture) -> None:
        """The mouse moved with the button down."""
        ...

    def release(self, gesture: Gesture) -> None:
        """The button went up."""
        ...

    def hover(self, gesture: Gesture) -> None:
        """The mouse moved without a button."""
        ...

    def key(self, name: Literal["finish", "back", "cancel"]) -> bool:
        """Enter, Backspace or Escape; whether it meant something to the tool."""
        ...

    @property
    def is_busy(self) -> bool:
        """Whether a gesture is under way."""
        ...


class View(Protocol):
    """What the hand moves."""

    @property
    def viewport(self) -> Viewport | None:
        """Where the plane is seen, or `None` without a scan."""
        ...

    @property
    def window_level(self) -> Window | None:
        """The window that a drag changes; `None` where there is none (colour)."""
        ...

    @property
    def wheel_zooms(self) -> bool:
        """Whether the plain wheel zooms (one plane) instead of changing the plane."""
        ...

    def move_to(self, viewport: Viewport) -> None:
        """Show another part."""
        ...

    def fit(self) -> None:
        """Show the whole plane."""
        ...

    def step_planes(self, count: int) -> None:
        """Ask for another plane."""
        ...

    def set_window(self, window: Window) -> None:
        """Ask for another window."""
        ...

    def hover_at(self, x: float, y: float, *, crosshair: bool) -> None:
        """Tell what is under a point of the plane."""
        ...

    def holds_crosshair(self, sx: float, sy: float) -> bool:
        """Whether the crosshair is shown with its middle at a widget position."""
        ...

    def show_grip(self, grip: Grip) -> None:
        """Show by the cursor what the hand does."""
        ...


_KEYS: dict[int, Literal["finish", "back", "cancel"]] = {
    Qt.Key.Key_Return: "finish",
    Qt.Key.Key_Enter: "finish",
    Qt.Key.Key_Backspace: "back",
    Qt.Key.Key_Escape: "cancel",
}
_BUTTONS: dict[Qt.MouseButton, Grip] = {Qt.MouseButton.MiddleButton: "pan", Qt.MouseButton.RightButton: "zoom"}
_MODIFIERS: dict[int, str] = {Qt.Key.Key_Alt: "alt", Qt.Key.Key_Shift: "shift", Qt.Key.Key_Control: "ctrl"}
_ARROWS = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


def dragged_window(start: Window, dx: float, dy: float) -> Window:
    """The window after a drag: right widens (twofold every 150 px), down raises the centre (darkens)."""
    width = max(start.width, 1e-6) * 2 ** (dx / 150)
    return Window(start.centre + dy * start.width / 300, width)


def gesture_at(viewport: Viewport, position: QPointF, modifiers: Qt.KeyboardModifier, clicks: int = 1) -> Gesture:
    """A mouse position in scan pixels of the plane."""
    x, y = viewport.to_plane(position.x(), position.y())
    across, down = viewport.aspect
    return Gesture(
        x,
        y,
        pixel=1 / (viewport.scale * across),
        stretch=across / down,
        alt=bool(modifiers & Qt.KeyboardModifier.AltModifier),
        shift=bool(modifiers & Qt.KeyboardModifier.ShiftModifier),
        ctrl=bool(modifiers & Qt.KeyboardModifier.ControlModifier),
        clicks=clicks,
    )


class Hand:
    """Holds what the hand has gripped, and nothing of the scan."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.taker: GestureTaker | None = None
        self.grip: Grip = "none"
        self._button = Qt.MouseButton.NoButton
        self._start = self._last = QPointF()
        self._moved = False
        self._space = False
        self._start_window: Window | None = None
        self._turned = 0.0
        self._position = QPointF()

    def press(self, event: QMouseEvent | QTabletEvent) -> None:
        """A button went down: find out what it grips."""
        viewport = self._view.viewport
        if viewport is None or self.grip != "none":
            return
        self._start = self._last = event.position()
        self._moved, self._button = False, event.button()
        self._start_window = self._view.window_level
        self.grip = self._grip_of(event, viewport, clicks=1)
        self._view.show_grip(self.grip)

    def double_click(self, event: QMouseEvent | QTabletEvent) -> None:
        """Twice: the tool's, or fit the plane."""
        viewport = self._view.viewport
        if viewport is None or event.button() != Qt.MouseButton.LeftButton or self.grip != "none":
            return
        self._start = self._last = event.position()
        self._moved, self._button = False, event.button()
        if not self._space and self._take(event, viewport, clicks=2):
            self.grip = "tool"
        else:
            self._view.fit()

    def _grip_of(self, event: QMouseEvent | QTabletEvent, viewport: Viewport, clicks: int) -> Grip:
        button = event.button()
        if button != Qt.MouseButton.LeftButton:
            return _BUTTONS.get(button, "none")
        if self._space:
            return "pan"
        if self._take(event, viewport, clicks):
            return "tool"
        position, is_shifted = event.position(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if is_shifted or self._view.holds_crosshair(position.x(), position.y()):
            self._view.hover_at(*viewport.to_plane(position.x(), position.y()), crosshair=is_shifted)
            return "crosshair"
        return "window" if self._start_window is not None else "pan"

    def _take(self, event: QMouseEvent | QTabletEvent, viewport: Viewport, clicks: int) -> bool:
        gesture = gesture_at(viewport, event.position(), event.modifiers(), clicks)
        return self.taker is not None and self.taker.press(gesture)

    def move(self, event: QMouseEvent | QTabletEvent) -> None:
        """The mouse moved."""
        viewport, position = self._view.viewport, event.position()
        self._position = position
        if viewport is None:
            return
        gesture = gesture_at(viewport, position, event.modifiers())
        if self.grip == "none":
            self._view.hover_at(gesture.x, gesture.y, crosshair=gesture.shift)
            if self.taker is not None:
                self.taker.hover(gesture)
            return
        way = position - self._start
        if not self._moved and math.hypot(way.x(), way.y()) < CLICK_PIXELS:
            return
        self._moved = True
        self._drag(viewport, position, gesture)
        self._last = position

    def _drag(self, viewport: Viewport, position: QPointF, gesture: Gesture) -> None:
        way, step = position - self._start, position - self._last
        if self.grip == "tool" and self.taker is not None:
            self._view.hover_at(gesture.x, gesture.y, crosshair=False)
            self.taker.drag(gesture)
        elif self.grip == "crosshair":
            self._view.hover_at(gesture.x, gesture.y, crosshair=True)
        elif self.grip == "window" and self._start_window is not None:
            self._view.set_window(dragged_window(self._start_window, way.x(), way.y()))
        elif self.grip == "pan":
            self._view.move_to(viewport.panned(step.x(), step.y()))
        elif self.grip == "zoom":
            factor = math.exp(-step.y() / 150)
            self._view.move_to(viewport.zoomed(factor, self._start.x(), self._start.y()))

    def release(self, event: QMouseEvent | QTabletEvent) -> None:
        """A button went up: let go. A movement too short for a drag ends where it began."""
        viewport = self._view.viewport
        if event.button() != self._button:
            return
        grip, self.grip = self.grip, "none"
        self._button = Qt.MouseButton.NoButton
        if grip == "tool" and self.taker is not None and viewport is not None:
            position = event.position() if self._moved else self._start
            self.taker.release(gesture_at(viewport, position, event.modifiers()))
        self._view.show_grip("none")

    def let_go(self) -> None:
        """Drop what is under way (another scan, the window lost the mouse)."""
        self.grip, self._button, self._space = "none", Qt.MouseButton.NoButton, False
        if self.taker is not None and self.taker.is_busy:
            self.taker.key("cancel")
        self._view.show_grip("none")

    def forget_keys(self) -> None:
        """Held keys are up."""
        self._space = False

    def wheel(self, event: QWheelEvent) -> None:
        """Planes, or zoom at the cursor where there is one plane or with Ctrl; a touchpad moves in small steps."""
        viewport = self._view.viewport
        if viewport is None:
            return
        is_touch = not event.pixelDelta().isNull() and event.phase() != Qt.ScrollPhase.NoScrollPhase
        delta = event.pixelDelta() if is_touch else event.angleDelta()
        if is_touch and self._view.wheel_zooms and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            # Two fingers pan where there are no planes to go through; a pinch zooms.
            self._view.move_to(viewport.panned(delta.x(), delta.y()))
            return
        # Qt turns the wheel sideways while Alt is held.
        amount = float(delta.y() or delta.x()) / (TOUCH_STEP if is_touch else WHEEL_STEP)
        if self._view.wheel_zooms or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            factor = ZOOM_PER_STEP ** (amount / 2 if is_touch else amount)
            self._view.move_to(viewport.zoomed(factor, event.position().x(), event.position().y()))
            return
        if amount * self._turned < 0:
            self._turned = 0.0
        self._turned += amount
        steps = math.trunc(self._turned)
        if steps:
            self._turned -= steps
            self._view.step_planes(-steps)

    def pinch(self, event: QNativeGestureEvent) -> bool:
        """Zoom by a pinch on the touchpad."""
        viewport = self._view.viewport
        if viewport is None or event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
            return False
        factor = max(1 + event.value(), 0.1)
        self._view.move_to(viewport.zoomed(factor, event.position().x(), event.position().y()))
        return True

    def wants_key(self, event: QKeyEvent) -> bool:
        """Whether a key belongs to the view before any shortcut of the window."""
        if event.key() == Qt.Key.Key_Space:
            return True
        return event.key() in _KEYS and self.taker is not None and self.taker.is_busy

    def key_press(self, event: QKeyEvent) -> bool:
        """Pan, zoom and step by keys; Enter, Backspace and Escape go to the tool. Whether it was used."""
        viewport, key = self._view.viewport, event.key()
        if viewport is None:
            return False
        if key == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space = True
                self._view.show_grip("pan")
        elif key in _KEYS:
            return self.taker is not None and self.taker.is_busy and self.taker.key(_KEYS[key])
        elif key in _ARROWS:
            reach = round(PAN_SHARE * min(viewport.width, viewport.height))
            dx, dy = _ARROWS[Qt.Key(key)]
            self._view.move_to(viewport.panned(dx * reach, dy * reach))
        elif key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus}:
            factor = 1 / ZOOM_PER_STEP if key == Qt.Key.Key_Minus else ZOOM_PER_STEP
            self._view.move_to(viewport.zoomed(factor, viewport.width / 2, viewport.height / 2))
        elif key in {Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}:
            self._view.step_planes(-1 if key == Qt.Key.Key_PageUp else 1)
        elif key in _MODIFIERS:
            self._modified(event, down=True)
            return False
        else:
            return False
        return True

    def key_release(self, event: QKeyEvent) -> bool:
        """Space, Alt, Shift or Ctrl came up. Whether it was used."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._view.show_grip(self.grip)
            return True
        if event.key() in _MODIFIERS:
            self._modified(event, down=False)
        return False

    def _modified(self, event: QKeyEvent, *, down: bool) -> None:
        """Let the tool show at once what Alt, Shift or Ctrl would do."""
        viewport = self._view.viewport
        if viewport is None or self.taker is None or self.grip != "none":
            return
        gesture = gesture_at(viewport, self._position, event.modifiers())
        self.taker.hover(replace(gesture, **{_MODIFIERS[event.key()]: down}))
