"""Measure an angle: click one side's end, the vertex, the other side's end."""

from __future__ import annotations

from dataset.annotation import Geometry, Point, Points, Polyline
from dataset.document import Edit
from dataset.measure import pixel_size
from dataset.measurement import angle_of, measurement
from desktop_app.measure_text import UNKNOWN_SIZE
from desktop_app.tool import Bench, Gesture, OptionName, Outcome
from desktop_app.tools.hitting import Reach
from desktop_app.tools.shaping import clamped
from imaging.geometry import Plane

SLIP = 4.0
"""A click within so many screen pixels of the one before is a slip of the hand."""


class AngleTool:
    """Three clicks, the vertex second; Backspace takes the last one back."""

    name = "angle"
    title = "Angle"
    key = "Shift+L"
    icon = "angle"
    options: tuple[OptionName, ...] = ()

    def __init__(self) -> None:
        self._points: tuple[Point, ...] = ()
        self._plane = Plane()

    def hover(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The sides so far, to the hand."""
        return self._shown(gesture, bench)

    def press(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Nothing is set before the button is up: the hand may still move."""
        if bench.plane != self._plane:
            self._points, self._plane = (), bench.plane
        if not self._points:
            self._points = (_place(gesture, bench),)
        return self._shown(gesture, bench)

    def drag(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The side under the hand."""
        return self._shown(gesture, bench)

    def release(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The next point; the third makes a measurement, selected."""
        if not self._points or bench.plane != self._plane:
            return Outcome(cursor="cross")
        place = _place(gesture, bench)
        if Reach.of(gesture).distance(self._points[-1]) < SLIP:
            return self._shown(gesture, bench)
        points = (*self._points, place)
        if len(points) < 3:
            self._points = points
            return self._shown(gesture, bench)
        pixel = pixel_size(bench.spacing_mm, bench.plane.axis)
        angle = angle_of(points, pixel)
        if angle is None:
            return self._shown(gesture, bench)
        self._points = ()
        made = measurement("angle", Polyline(bench.plane, points), bench.author)
        told = f"Angle {angle:.1f}°" + ("" if pixel else f": as on square pixels, for {UNKNOWN_SIZE}")
        return Outcome(Edit("Measure angle", put=(made,)), frozenset({made.id}), cursor="cross", told=told)

    def finish(self, bench: Bench) -> Outcome:  # noqa: ARG002
        """Nothing to complete: an angle has three points."""
        return Outcome(cursor="cross", busy=bool(self._points))

    def back(self, bench: Bench) -> Outcome:
        """Take the last point back."""
        self._points = self._points[:-1]
        return Outcome(preview=self._preview(bench, self._points), cursor="cross", busy=bool(self._points))

    def cancel(self) -> Outcome:
        """Drop the angle."""
        self._points = ()
        return Outcome(cursor="cross")

    def _shown(self, gesture: Gesture, bench: Bench) -> Outcome:
        if not self._points or bench.plane != self._plane:
            return Outcome(cursor="cross")
        place = _place(gesture, bench)
        points = self._points if place == self._points[-1] else (*self._points, place)
        angle = angle_of(points, pixel_size(bench.spacing_mm, bench.plane.axis))
        texts = () if angle is None else ((points[1], f"{angle:.1f}°"),)
        return Outcome(preview=self._preview(bench, points), cursor="cross", busy=True, texts=texts)

    def _preview(self, bench: Bench, points: tuple[Point, ...]) -> tuple[Geometry, ...]:
        return (Polyline(bench.plane, points), Points(bench.plane, points)) if points else ()


def _place(gesture: Gesture, bench: Bench) -> Point:
    return clamped(gesture.x, gesture.y, *bench.size.on_plane(bench.plane.axis))


PLUGIN = AngleTool()
