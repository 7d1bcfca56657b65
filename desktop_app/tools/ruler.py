"""Measure a length: drag from end to end, or click both ends."""

from __future__ import annotations

from dataset.annotation import Point, Polyline
from dataset.document import Edit
from dataset.measurement import measurement
from desktop_app.measure_text import UNKNOWN_SIZE, length_text
from desktop_app.tool import Bench, Gesture, OptionName, Outcome
from desktop_app.tools.hitting import Reach
from desktop_app.tools.shaping import clamped
from imaging.geometry import Plane

SLIP = 4.0
"""A move of fewer screen pixels is none: the press was a click, and the next one sets the other end."""


class RulerTool:
    """Press at one end and release at the other; or click one, then the other."""

    name = "ruler"
    title = "Ruler"
    key = "L"
    icon = "ruler"
    options: tuple[OptionName, ...] = ()

    def __init__(self) -> None:
        self._start: Point | None = None
        self._plane = Plane()
        self._is_second = False
        """Whether the button went down for the other end."""

    def hover(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The length to the hand, once one end is set."""
        return self._shown(gesture, bench)

    def press(self, gesture: Gesture, bench: Bench) -> Outcome:
        """One end, or the other."""
        self._is_second = self._start is not None and bench.plane == self._plane
        if not self._is_second:
            self._start, self._plane = _place(gesture, bench), bench.plane
        return self._shown(gesture, bench)

    def drag(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The length so far."""
        return self._shown(gesture, bench)

    def release(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The other end: a measurement, selected. After a click without a move, the next click sets it."""
        start = self._start
        if start is None or bench.plane != self._plane:
            return self.cancel()
        if Reach.of(gesture).distance(start) < SLIP:
            # A second click on the first one is a slip of the hand, too.
            return self.cancel() if self._is_second else self._shown(gesture, bench)
        self.cancel()
        line = Polyline(bench.plane, (start, _place(gesture, bench)))
        made = measurement("length", line, bench.author)
        said = length_text(line, bench.spacing_mm)
        told = f"Length {said}" + (f": {UNKNOWN_SIZE}" if said.endswith("px") else "")
        return Outcome(Edit("Measure length", put=(made,)), frozenset({made.id}), cursor="cross", told=told)

    def finish(self, bench: Bench) -> Outcome:  # noqa: ARG002
        """Nothing to complete: a length has two ends."""
        return Outcome(cursor="cross", busy=self._start is not None)

    def back(self, bench: Bench) -> Outcome:  # noqa: ARG002
        """Drop the first end."""
        return self.cancel()

    def cancel(self) -> Outcome:
        """Drop the length."""
        self._start, self._is_second = None, False
        return Outcome(cursor="cross")

    def _shown(self, gesture: Gesture, bench: Bench) -> Outcome:
        if self._start is None or bench.plane != self._plane:
            return Outcome(cursor="cross")
        place = _place(gesture, bench)
        line = Polyline(bench.plane, (self._start, place))
        texts = ((place, length_text(line, bench.spacing_mm)),) if place != self._start else ()
        return Outcome(preview=(line,), cursor="cross", busy=True, texts=texts)


def _place(gesture: Gesture, bench: Bench) -> Point:
    return clamped(gesture.x, gesture.y, *bench.size.on_plane(bench.plane.axis))


PLUGIN = RulerTool()
