"""Draw an outline that follows edges: click here and there along it (live-wire)."""

from __future__ import annotations

from dataset.annotation import Annotation, Geometry, Point, Points, Polygon, Polyline, new_id, now
from dataset.document import Edit
from dataset.outline_shapes import simplified
from desktop_app.tool import Bench, Gesture, OptionName, Outcome
from desktop_app.tools.edge_ways import EdgeWays, edge_ways, step_for
from desktop_app.tools.hitting import Reach
from desktop_app.tools.shaping import clamped
from imaging.errors import Problem
from imaging.geometry import Plane

CLOSE_REACH = 8.0
FEWEST = 3
"""Points to click: with two the way back would be the way there."""
KEPT = 0.5
"""What lies between clicked points keeps only what it needs to stay within so many cells."""


class ScissorsTool:
    """Click along the edge; Enter, a double-click or the first point closes; Backspace takes the last one back."""

    name = "scissors"
    title = "Scissors"
    key = "X"
    icon = "scissors"
    options: tuple[OptionName, ...] = ("simplify",)

    def __init__(self) -> None:
        self._anchors: list[Point] = []
        self._ways: list[tuple[Point, ...]] = []
        """The way from each point to the next."""
        self._found: EdgeWays | None = None
        self._pixel = 1.0
        self._plane = Plane()
        self._closing = False

    def hover(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The outline so far, and along the edge to the hand."""
        if not self._anchors or bench.plane != self._plane:
            return Outcome(cursor="cross", busy=bool(self._anchors))
        self._pixel = gesture.pixel
        way, told = self._way(_place(gesture, bench), bench)
        return self._shown(way, told)

    def press(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Another point on the edge, or the end of it."""
        if bench.plane != self._plane:
            self.cancel()
        self._plane, self._pixel = bench.plane, gesture.pixel
        place = _place(gesture, bench)
        is_first_again = len(self._anchors) >= FEWEST and Reach.of(gesture).distance(self._anchors[0]) <= CLOSE_REACH
        if self._anchors and (gesture.clicks == 2 or is_first_again):
            # The double-click's own first click has set the last point already.
            self._closing = True
            return self._shown(())
        told = ""
        if self._anchors:
            way, told = self._way(place, bench)
            self._ways.append(self._spared(way))
        self._anchors.append(place)
        self._found = None
        self._way(place, bench)  # finds the costs with the click, so that no move has to wait for them
        return self._shown((), told)

    def drag(self, gesture: Gesture, bench: Bench) -> Outcome:
        """As without the button: points are clicked."""
        return Outcome(cursor="cross", busy=True) if self._closing else self.hover(gesture, bench)

    def release(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Close when that was asked for."""
        if self._closing:
            self._closing = False
            return self.finish(bench)
        return self.hover(gesture, bench)

    def finish(self, bench: Bench) -> Outcome:
        """Go back to the first point along the edge: an annotation with the current label, selected."""
        if bench.plane != self._plane or len(set(self._anchors)) < FEWEST:
            return self._shown((), "Click three points along the edge first" if self._anchors else "")
        last, _ = self._way(self._anchors[0], bench)
        ring = [point for way in (*self._ways, last) for point in way[:-1]]
        polygon = simplified(Polygon(self._plane, tuple(ring)), bench.options.simplify)
        self.cancel()
        annotation = Annotation(new_id(), bench.label, polygon, bench.author, now())
        return Outcome(Edit("Draw along edges", put=(annotation,)), frozenset({annotation.id}), cursor="cross")

    def back(self, bench: Bench) -> Outcome:
        """Take the last point back."""
        if self._anchors:
            self._anchors.pop()
        if self._ways:
            self._ways.pop()
        self._found, self._closing = None, False
        return self._shown(()) if bench.plane == self._plane else Outcome(cursor="cross", busy=bool(self._anchors))

    def cancel(self) -> Outcome:
        """Drop the outline."""
        self._anchors, self._ways, self._found, self._closing = [], [], None, False
        return Outcome(cursor="cross")

    def _way(self, end: Point, bench: Bench) -> tuple[tuple[Point, ...], str]:
        """From the last point to another along edges, straight where no pixels can be had; and why."""
        start = self._anchors[-1]
        step = step_for(start, end, self._pixel)
        if self._found is None or self._found.start != start or self._found.step < step * 0.75:
            try:
                self._found = edge_ways(start, step, bench)
            except Problem as problem:
                self._found = None
                return (start, end), str(problem)
        return ((start, end) if self._found is None else self._found.to(end)), ""

    def _spared(self, way: tuple[Point, ...]) -> tuple[Point, ...]:
        """A way without the points it does not need; a preview is drawn with every move of the hand."""
        step = self._found.step if self._found is not None else 1.0
        return simplified(Polyline(self._plane, way), KEPT * step).points

    def _shown(self, way: tuple[Point, ...], told: str = "") -> Outcome:
        if not self._anchors:
            return Outcome(cursor="cross", told=told)
        line = [point for done in self._ways for point in done]
        preview: tuple[Geometry, ...] = (Points(self._plane, tuple(self._anchors)),)
        if line or way:
            preview = (Polyline(self._plane, (*line, *way)), *preview)
        return Outcome(preview=preview, cursor="cross", busy=True, told=told)


def _place(gesture: Gesture, bench: Bench) -> Point:
    return clamped(gesture.x, gesture.y, *bench.size.on_plane(bench.plane.axis))


PLUGIN = ScissorsTool()
