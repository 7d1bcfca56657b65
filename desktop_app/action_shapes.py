"""The actions of shapes: move what is selected by a pixel or ten."""

from __future__ import annotations

from collections.abc import Callable

from desktop_app.action import ActionRow, Desk
from desktop_app.session import Session
from desktop_app.tools.nudging import nudged
from imaging.geometry import display_orientation

FAR = 10
"""Pixels, with Shift."""
_WAYS = (("left", "Left", -1, 0), ("right", "Right", 1, 0), ("up", "Up", 0, -1), ("down", "Down", 0, 1))


def shapes_rows() -> tuple[ActionRow, ...]:
    """All of them, in the order of the menus."""
    return tuple(_row(*way, step) for step in (1, FAR) for way in _WAYS)


def _row(name: str, key: str, dx: int, dy: int, step: int) -> ActionRow:
    is_far = step == FAR
    return ActionRow(
        f"nudge-{name}-far" if is_far else f"nudge-{name}",
        f"Move {name} by {step} pixel{'s' if is_far else ''}",
        _nudger(dx * step, dy * step),
        (f"Alt+Shift+{key}" if is_far else f"Alt+{key}",),
        tip=f"Move the selected marks {name}; locked ones stay",
        can=lambda session: bool(session.selection),
        repeats=True,
    )


def _nudger(dx: int, dy: int) -> Callable[[Desk], object]:
    return lambda desk: nudge(desk.session, dx, dy)


def nudge(session: Session, dx: int, dy: int) -> None:
    """Move what is selected by so many pixels, right and down as the scan is shown unturned."""
    if session.info is None:
        return
    turn = display_orientation(session.info.affine, session.plane.axis)
    dx, dy = -dx if turn.flip_x else dx, -dy if turn.flip_y else dy
    dx, dy = (dy, dx) if turn.transpose else (dx, dy)
    session.handle(nudged(session.bench(), dx, dy))
