"""Which cursor says what the hand would do."""

from __future__ import annotations

from PySide6.QtCore import Qt

from desktop_app.canvas.hand import Grip
from imaging.geometry import Orientation

_SHAPES = {
    "cross": Qt.CursorShape.CrossCursor,
    "brush": Qt.CursorShape.CrossCursor,
    "move": Qt.CursorShape.SizeAllCursor,
    "hand": Qt.CursorShape.PointingHandCursor,
    "size-fdiag": Qt.CursorShape.SizeFDiagCursor,
    "size-bdiag": Qt.CursorShape.SizeBDiagCursor,
    "size-hor": Qt.CursorShape.SizeHorCursor,
    "size-ver": Qt.CursorShape.SizeVerCursor,
}
_GRIPS: dict[Grip, Qt.CursorShape] = {
    "pan": Qt.CursorShape.ClosedHandCursor,
    "zoom": Qt.CursorShape.SizeVerCursor,
    "window": Qt.CursorShape.SizeAllCursor,
    "crosshair": Qt.CursorShape.CrossCursor,
}
_TRANSPOSED = {"size-hor": "size-ver", "size-ver": "size-hor"}
_MIRRORED = {"size-fdiag": "size-bdiag", "size-bdiag": "size-fdiag"}


def on_screen(name: str, turn: Orientation) -> str:
    """A tool's cursor, named in plane directions, as it points on a plane that is shown turned."""
    if turn.transpose:
        name = _TRANSPOSED.get(name, name)
    return _MIRRORED.get(name, name) if turn.flip_x != turn.flip_y else name


def cursor_shape(name: str, grip: Grip, turn: Orientation) -> Qt.CursorShape:
    """The cursor while the hand grips something, else the tool's."""
    return _GRIPS.get(grip) or _SHAPES.get(on_screen(name, turn), Qt.CursorShape.ArrowCursor)
