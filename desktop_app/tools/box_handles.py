"""How boxes are taken and change: eight handles, upright or turned, and one more that turns. Pure; plane pixels."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal, TypeAlias

from dataset.annotation import Box, Point, RotatedBox, direction

BoxHandle: TypeAlias = Literal["nw", "n", "ne", "e", "se", "s", "sw", "w"]

BOX_HANDLES: tuple[BoxHandle, ...] = ("nw", "n", "ne", "e", "se", "s", "sw", "w")
LEAST = 1.0
"""A box is not resized below this many pixels."""
TURN_REACH = 26.0
"""The handle that turns a box is so many screen pixels beyond the middle of its top edge."""
TURN_STEP = 15.0
"""With Shift a box turns in steps of so many degrees."""


def box_points(box: Box) -> tuple[tuple[BoxHandle, Point], ...]:
    """The eight handles of an upright box."""
    x0, y0, x1, y1 = box.x, box.y, box.x + box.width, box.y + box.height
    xm, ym = (x0 + x1) / 2, (y0 + y1) / 2
    places = ((x0, y0), (xm, y0), (x1, y0), (x1, ym), (x1, y1), (xm, y1), (x0, y1), (x0, ym))
    return tuple(zip(BOX_HANDLES, places, strict=True))


def resized(box: Box, handle: BoxHandle, dx: float, dy: float) -> Box:
    """A box with one handle moved by (dx, dy). Moved past the other side it turns over; its sizes stay positive."""
    x, width = _stretched(box.x, box.width, dx, low="w" in handle, high="e" in handle)
    y, height = _stretched(box.y, box.height, dy, low="n" in handle, high="s" in handle)
    return replace(box, x=x, y=y, width=width, height=height)


def _stretched(start: float, length: float, by: float, *, low: bool, high: bool) -> tuple[float, float]:
    """Start and length after moving the low or the high end."""
    if not (low or high):
        return start, length
    fixed, moved = (start + length, start + by) if low else (start, start + length + by)
    first, last = min(fixed, moved), max(fixed, moved)
    if last - first < LEAST:
        first, last = (fixed, fixed + LEAST) if moved >= fixed else (fixed - LEAST, fixed)
    return first, last - first


# Turned boxes. Their own coordinates begin at their centre, along their own sides.


def own_box(box: RotatedBox) -> Box:
    """A turned box in its own coordinates."""
    return Box(box.plane, -box.width / 2, -box.height / 2, box.width, box.height)


def to_own(box: RotatedBox, x: float, y: float) -> Point:
    """A point of the plane in the box's own coordinates."""
    cosine, sine = direction(box.angle)
    dx, dy = x - box.x, y - box.y
    return dx * cosine + dy * sine, dy * cosine - dx * sine


def from_own(box: RotatedBox, u: float, v: float) -> Point:
    """A point in the box's own coordinates as one of the plane."""
    cosine, sine = direction(box.angle)
    return box.x + u * cosine - v * sine, box.y + u * sine + v * cosine


def turned_points(box: RotatedBox) -> tuple[tuple[BoxHandle, Point], ...]:
    """The eight handles of a turned box."""
    return tuple((handle, from_own(box, *point)) for handle, point in box_points(own_box(box)))


def turn_handle(box: RotatedBox, across: float, down: float) -> tuple[Point, Point]:
    """The middle of the top edge and, beyond it, the handle that turns; `across`, `down`: plane pixels a screen pixel.

    On the screen the handle is always as far from the edge.
    """
    cosine, sine = direction(box.angle)
    far = TURN_REACH / math.hypot(sine / across, cosine / down)
    x, y = from_own(box, 0.0, -box.height / 2)
    return (x, y), (x + far * sine, y - far * cosine)


def resized_turned(box: RotatedBox, handle: BoxHandle, dx: float, dy: float) -> RotatedBox:
    """A turned box with one handle moved by (dx, dy) on the plane; the opposite side stays where it is."""
    cosine, sine = direction(box.angle)
    new = resized(own_box(box), handle, dx * cosine + dy * sine, dy * cosine - dx * sine)
    x, y = from_own(box, new.x + new.width / 2, new.y + new.height / 2)
    return replace(box, x=x, y=y, width=new.width, height=new.height)


def turned(box: RotatedBox, start: Point, end: Point, *, in_steps: bool) -> RotatedBox:
    """A box turned about its centre as the hand went from one point to another; `in_steps` to multiples of 15°."""
    angle = box.angle + _bearing(box, end) - _bearing(box, start)
    if in_steps:
        angle = round(angle / TURN_STEP) * TURN_STEP
    return replace(box, angle=whole_turn(angle))


def whole_turn(angle: float) -> float:
    """An angle in degrees, 0 up to 360."""
    return angle % 360.0 % 360.0  # a hair below 0 rounds to 360


def _bearing(box: RotatedBox, point: Point) -> float:
    return math.degrees(math.atan2(point[1] - box.y, point[0] - box.x))
