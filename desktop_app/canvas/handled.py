"""A widget whose mouse, wheel and keys are the hand's."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QNativeGestureEvent, QTabletEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from desktop_app.canvas.hand import Hand
from desktop_app.canvas.pen import Pen


class Handled(QWidget):
    """Gives every event of mouse, wheel and keys to `_hand`, which its subclass sets."""

    pen_turned = Signal(bool)
    """The pen was turned over: to its eraser, or back."""

    _hand: Hand

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pen = Pen()
        # Else a pen that only comes near is not told of.
        self.setTabletTracking(True)

    def tabletEvent(self, event: QTabletEvent) -> None:
        """The pen came near, went down, moved or went up."""
        if self._pen.turns(event):
            self.pen_turned.emit(self._pen.is_turned)
        if event.type() == QEvent.Type.TabletPress:
            # Only a mouse gives the focus by itself.
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._pen.give(event, self._hand)

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
