"""Where a window goes: its remembered place, brought back on screen where its monitor is gone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST_SEEN = 80
"""A window of which less than this many pixels are on a screen, each way, cannot be caught with the mouse."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A monitor: its name and the area windows may take, in pixels of the desktop."""

    name: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a window was: the area inside its frame, and on which monitor."""

    x: int
    y: int
    width: int
    height: int
    screen: str = ""


def placed_on(screens: Sequence[Screen], wanted: Place) -> Place:
    """The place wanted where it can be seen, else the nearest to it: no larger than its screen, and wholly on it.

    The screen is the one of the name remembered, else the one most of the place lies on, else the first.
    """
    if not screens:
        return wanted
    # Monitors of one make may bear one name.
    meant = [screen for screen in screens if screen.name == wanted.screen and wanted.screen] or screens
    most = max(meant, key=lambda screen: _shared(screen, wanted))
    screen = most if _shared(most, wanted) > 0 else meant[0]
    width, height = min(wanted.width, screen.width), min(wanted.height, screen.height)
    across = _overlap(screen.x, screen.width, wanted.x, wanted.width)
    down = _overlap(screen.y, screen.height, wanted.y, wanted.height)
    # Its upper rim must be on the screen: a title that is not there cannot be taken.
    is_caught = across >= min(LEAST_SEEN, width) and down >= min(LEAST_SEEN, height) and wanted.y >= screen.y
    if is_caught and (width, height) == (wanted.width, wanted.height):
        return Place(wanted.x, wanted.y, width, height, screen.name)
    x = min(max(wanted.x, screen.x), screen.x + screen.width - width)
    y = min(max(wanted.y, screen.y), screen.y + screen.height - height)
    return Place(x, y, width, height, screen.name)


def _overlap(start: int, length: int, other: int, other_length: int) -> int:
    return max(min(start + length, other + other_length) - max(start, other), 0)


def _shared(screen: Screen, place: Place) -> int:
    return _overlap(screen.x, screen.width, place.x, place.width) * _overlap(
        screen.y, screen.height, place.y, place.height
    )
