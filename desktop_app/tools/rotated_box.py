"""Draw a box that lies at an angle: its first side, then its width."""

from __future__ import annotations

import math
from dataclasses import replace

from dataset.annotation import Annotation, Geometry, Point, Polyline, RotatedBox, direction, new_id, now
from dataset.document import Edit
from desktop_app.tool import Bench, Gesture, OptionName, Outcome
from desktop_app.tools.box_handles import TURN_STEP, whole_turn
from desktop_app.tools.hitting import Reach
from desktop_app.tools.shaping import clamped
from imaging.geometry import Plane

LEAST_ON_SCREEN = 4.0
"""A side shorter than this many screen pixels is a slip of the hand."""


class RotatedBoxTool:
    """Drag along one side (or click its two ends), then click where the other side is. Shift turns in steps of 15°."""

    name = "rotated-box"
    title = "Rotated box"
    key = "Shift+R"
    icon = "rotated-box"
    options: tuple[OptionName, ...] = ()

    def __init__(self) -> None:
        self._ends: tuple[Point, ...] = ()
        """Of the first side: none, one, or both."""
        self._plane = Plane()
        self._is_down = False

    def hover(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The side, then the box, to the hand."""
        return self._shown(gesture, bench)

    def press(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The beginning of the first side; what comes later is set as the button goes up."""
        if bench.plane != self._plane:
            self._ends, self._plane = (), bench.plane
        self._is_down = True
        if not self._ends:
            self._ends = (_place(gesture, bench),)
        return self._shown(gesture, bench)

    def drag(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The side or the box so far."""
        return self._shown(gesture, bench)

    def release(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The end of the side, or with both ends the box: an annotation with the current label, selected."""
        was_down, self._is_down = self._is_down, False
        if not was_down or bench.plane != self._plane:
            return self._shown(gesture, bench)
        if len(self._ends) == 2:
            return self._done(gesture, bench)
        x, y = self._other_end(gesture, bench)
        if Reach.of(replace(gesture, x=x, y=y)).distance(self._ends[0]) >= LEAST_ON_SCREEN:
            self._ends = (self._ends[0], (x, y))
        return self._shown(gesture, bench)

    def finish(self, bench: Bench) -> Outcome:  # noqa: ARG002
        """The width is still to be shown."""
        return Outcome(cursor="cross", busy=bool(self._ends))

    def back(self, bench: Bench) -> Outcome:  # noqa: ARG002
        """Take the last end back."""
        self._ends, self._is_down = self._ends[:-1], False
        return Outcome(cursor="cross", busy=bool(self._ends))

    def cancel(self) -> Outcome:
        """Drop the box."""
        self._ends, self._is_down = (), False
        return Outcome(cursor="cross")

    def _done(self, gesture: Gesture, bench: Bench) -> Outcome:
        box = box_beside(self._plane, self._ends[0], self._ends[1], _place(gesture, bench))
        cosine, sine = direction(box.angle)
        down = gesture.pixel * gesture.stretch
        if box.height * math.hypot(sine / gesture.pixel, cosine / down) < LEAST_ON_SCREEN:
            return self._shown(gesture, bench)
        self._ends = ()
        made = Annotation(new_id(), bench.label, box, bench.author, now())
        return Outcome(Edit("Draw rotated box", put=(made,)), frozenset({made.id}), cursor="cross")

    def _other_end(self, gesture: Gesture, bench: Bench) -> Point:
        x, y = _place(gesture, bench)
        if not gesture.shift:
            return x, y
        ax, ay = self._ends[0]
        far = math.hypot(x - ax, y - ay)
        angle = math.radians(round(math.degrees(math.atan2(y - ay, x - ax)) / TURN_STEP) * TURN_STEP)
        return ax + far * math.cos(angle), ay + far * math.sin(angle)

    def _shown(self, gesture: Gesture, bench: Bench) -> Outcome:
        if not self._ends or bench.plane != self._plane:
            return Outcome(cursor="cross")
        place = _place(gesture, bench)
        start, end = self._ends if len(self._ends) == 2 else (self._ends[0], self._other_end(gesture, bench))
        line = Polyline(self._plane, (start, end))
        shape: Geometry = line if len(self._ends) < 2 else box_beside(self._plane, start, end, place)
        texts = ((place, f"{_angle(start, end):.0f}°"),) if start != end else ()
        return Outcome(preview=(shape,), cursor="cross", busy=True, texts=texts)


def box_beside(plane: Plane, start: Point, end: Point, hand: Point) -> RotatedBox:
    """The box with one side from start to end that reaches as far as the hand."""
    along = math.hypot(end[0] - start[0], end[1] - start[1])
    cosine, sine = (end[0] - start[0]) / along, (end[1] - start[1]) / along
    beside = (hand[1] - start[1]) * cosine - (hand[0] - start[0]) * sine
    x = (start[0] + end[0]) / 2 - sine * beside / 2
    y = (start[1] + end[1]) / 2 + cosine * beside / 2
    return RotatedBox(plane, x, y, along, abs(beside), _angle(start, end))


def _angle(start: Point, end: Point) -> float:
    return whole_turn(math.degrees(math.atan2(end[1] - start[1], end[0] - start[0])))


def _place(gesture: Gesture, bench: Bench) -> Point:
    return clamped(gesture.x, gesture.y, *bench.size.on_plane(bench.plane.axis))


PLUGIN = RotatedBoxTool()
