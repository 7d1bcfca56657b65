"""Draw a polygon point by point."""

from __future__ import annotations

from dataset.annotation import Annotation, Geometry, Point, Points, Polygon, Polyline, new_id, now
from dataset.document import Edit
from desktop_app.tool import Bench, Gesture, OptionName, Outcome
from desktop_app.tools.hitting import Reach
from desktop_app.tools.shaping import clamped
from imaging.geometry import Plane

CLOSE_REACH = 8.0
MOST_SHOWN, LAST_SHOWN = 1000, 40
"""So many corners of an outline under way are shown, and of the last ones all."""


class PolygonTool:
    """Click the corners; Enter, a double-click or the first corner closes; Backspace takes the last one back."""

    name = "polygon"
    title = "Polygon"
    key = "P"
    icon = "polygon"
    options: tuple[OptionName, ...] = ()

    def __init__(self) -> None:
        self._points: tuple[Point, ...] = ()
        self._plane = Plane()
        self._closing = False

    def hover(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The outline so far, to the hand."""
        return self._shown(bench, _place(gesture, bench))

    def press(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Another corner, or the end of it."""
        if bench.plane != self._plane:
            self._points, self._plane = (), bench.plane
        place = _place(gesture, bench)
        reach = Reach.of(gesture)
        is_first_again = len(self._points) >= 3 and reach.distance(self._points[0]) <= CLOSE_REACH
        if gesture.clicks == 2 or is_first_again:
            # The double-click's own first click has set the last corner already.
            self._closing = True
            return Outcome(preview=self._preview(None), cursor="cross", busy=True)
        self._points = (*self._points, place)
        return self._shown(bench, place)

    def drag(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The last corner follows until the button is up."""
        if self._points and not self._closing:
            self._points = (*self._points[:-1], _place(gesture, bench))
        return self._shown(bench, None)

    def release(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Close when that was asked for."""
        if self._closing:
            self._closing = False
            return self.finish(bench)
        return self._shown(bench, _place(gesture, bench))

    def finish(self, bench: Bench) -> Outcome:
        """An annotation with the current label, selected; fewer than three corners are no polygon yet."""
        if len(set(self._points)) < 3 or bench.plane != self._plane:
            return self._shown(bench, None)
        polygon = Polygon(self._plane, self._points)
        self._points = ()
        annotation = Annotation(new_id(), bench.label, polygon, bench.author, now())
        return Outcome(Edit("Draw polygon", put=(annotation,)), frozenset({annotation.id}), cursor="cross")

    def back(self, bench: Bench) -> Outcome:
        """Take the last corner back."""
        self._points = self._points[:-1]
        return self._shown(bench, None)

    def cancel(self) -> Outcome:
        """Drop the outline."""
        self._points, self._closing = (), False
        return Outcome(cursor="cross")

    def _shown(self, bench: Bench, hand: Point | None) -> Outcome:
        if bench.plane != self._plane:
            return Outcome(cursor="cross")
        return Outcome(preview=self._preview(hand), cursor="cross", busy=bool(self._points))

    def _preview(self, hand: Point | None) -> tuple[Geometry, ...]:
        if not self._points:
            return ()
        line, dots = self._points, self._points
        if len(line) > MOST_SHOWN:
            # A preview is drawn with every move of the hand: of very many corners some stand for the rest.
            step = -(-len(line) // MOST_SHOWN)
            line = (*line[:-LAST_SHOWN:step], *line[-LAST_SHOWN:])
            dots = (line[0], *line[-LAST_SHOWN:])
        return Polyline(self._plane, line if hand is None else (*line, hand)), Points(self._plane, dots)


def _place(gesture: Gesture, bench: Bench) -> Point:
    return clamped(gesture.x, gesture.y, *bench.size.on_plane(bench.plane.axis))


PLUGIN = PolygonTool()
