"""A pen on a tablet: its events for the hand. Taken here, they never come again as made-up mouse events."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QPointingDevice, QTabletEvent

from desktop_app.canvas.hand import Hand

NEAR = 8.0
"""Taps further apart than this many pixels are two taps, not one tap twice: a pen is less steady than a mouse."""


class Pen:
    """Tells taps from double taps, and which end is down. Barrel buttons are the mouse's right and middle."""

    def __init__(self) -> None:
        self.is_turned = False
        """Whether the eraser's end was seen last."""
        self._tapped_at = -1e9
        self._tapped = QPointF()

    def turns(self, event: QTabletEvent) -> bool:
        """Whether the pen was turned over since the event before."""
        is_turned = event.pointerType() == QPointingDevice.PointerType.Eraser
        has_turned, self.is_turned = is_turned != self.is_turned, is_turned
        return has_turned

    def give(self, event: QTabletEvent, hand: Hand) -> None:
        """Let the hand do what the pen does; pressure is not used."""
        kind = event.type()
        if kind == QEvent.Type.TabletPress and self._is_double(event):
            hand.double_click(event)
        elif kind == QEvent.Type.TabletPress:
            hand.press(event)
        elif kind == QEvent.Type.TabletRelease:
            hand.release(event)
        elif kind == QEvent.Type.TabletMove:
            hand.move(event)
        event.accept()

    def _is_double(self, event: QTabletEvent) -> bool:
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        way, since = event.position() - self._tapped, event.timestamp() - self._tapped_at
        longest = QGuiApplication.styleHints().mouseDoubleClickInterval()
        is_double = way.manhattanLength() <= NEAR and 0 <= since <= longest
        self._tapped, self._tapped_at = event.position(), -1e9 if is_double else event.timestamp()
        return is_double
