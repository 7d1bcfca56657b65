"""Draw a box from corner to corner."""

from __future__ import annotations

from dataset.annotation import Annotation, Box, Point, new_id, now
from dataset.document import Edit
from desktop_app.tool import Bench, Gesture, OptionName, Outcome
from desktop_app.tools.shaping import box_of, clamped

LEAST_ON_SCREEN = 4.0
"""A box smaller than this many screen pixels either way is a slip of the hand."""


class BoxTool:
    """Press at one corner, release at the other."""

    name = "box"
    title = "Box"
    key = "R"
    icon = "box"
    options: tuple[OptionName, ...] = ()

    def __init__(self) -> None:
        self._start: Point | None = None

    def hover(self, gesture: Gesture, bench: Bench) -> Outcome:  # noqa: ARG002
        """Ready to draw."""
        return Outcome(cursor="cross")

    def press(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The first corner."""
        self._start = _corner(gesture, bench)
        return Outcome(cursor="cross", busy=True)

    def drag(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The other corner so far."""
        if self._start is None:
            return Outcome(cursor="cross")
        return Outcome(preview=(self._box(self._start, gesture, bench),), cursor="cross", busy=True)

    def release(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The other corner: an annotation with the current label, selected."""
        start, self._start = self._start, None
        if start is None:
            return Outcome(cursor="cross")
        box = self._box(start, gesture, bench)
        across, down = gesture.pixel, gesture.pixel * gesture.stretch
        if box.width < LEAST_ON_SCREEN * across or box.height < LEAST_ON_SCREEN * down:
            return Outcome(cursor="cross")
        annotation = Annotation(new_id(), bench.label, box, bench.author, now())
        return Outcome(Edit("Draw box", put=(annotation,)), frozenset({annotation.id}), cursor="cross")

    def finish(self, bench: Bench) -> Outcome:  # noqa: ARG002
        """Nothing to complete."""
        return Outcome(cursor="cross")

    def back(self, bench: Bench) -> Outcome:  # noqa: ARG002
        """Drop the box."""
        return self.cancel()

    def cancel(self) -> Outcome:
        """Drop the box."""
        self._start = None
        return Outcome(cursor="cross")

    def _box(self, start: Point, gesture: Gesture, bench: Bench) -> Box:
        return box_of(start, _corner(gesture, bench), Box(bench.plane, 0, 0, 0, 0))


def _corner(gesture: Gesture, bench: Bench) -> Point:
    return clamped(gesture.x, gesture.y, *bench.size.on_plane(bench.plane.axis))


PLUGIN = BoxTool()
