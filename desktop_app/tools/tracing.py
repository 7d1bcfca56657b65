"""Drawing a line point by point or along the hand; what polygon and polyline have in common. Plane pixels."""

from __future__ import annotations

from collections.abc import Sequence

from dataset.annotation import Annotation, Geometry, Point, Points, Polygon, Polyline, new_id, now
from dataset.document import Edit
from dataset.outline_shapes import simplified
from desktop_app.tool import Bench, Gesture, OptionName, Outcome
from desktop_app.tools.hitting import Reach
from desktop_app.tools.shaping import clamped
from imaging.geometry import Plane

CLOSE_REACH = 8.0
"""Within so many screen pixels the first corner is meant again."""
STEP = 3.0
"""Along the hand a point is set every so many screen pixels."""
LOOSE = 0.75
"""What was drawn along the hand keeps only the points it needs to stay within so many screen pixels of itself."""
MOST_SHOWN, LAST_SHOWN = 1000, 40
"""So many points of a line under way are shown, and of the last ones all."""


class TracingTool:
    """Click the points, or draw along the hand; Enter or a double-click ends, Backspace takes the last step back."""

    name = ""
    title = ""
    key = ""
    icon = ""
    options: tuple[OptionName, ...] = ()
    least = 2
    """So many different points make one."""
    is_closed = False
    """Whether the first point ends it too."""

    def __init__(self) -> None:
        self._points: list[Point] = []
        self._steps: list[int] = []
        """How many points there were before each press."""
        self._plane = Plane()
        self._ending = self._drawing = False

    def shape(self, plane: Plane, points: tuple[Point, ...]) -> Polygon | Polyline:
        """The geometry of the points."""
        raise NotImplementedError

    def hover(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The line so far, to the hand."""
        return self._shown(bench, _place(gesture, bench))

    def press(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Another point, or the end of it."""
        if bench.plane != self._plane:
            self.cancel()
            self._plane = bench.plane
        if self._points and (gesture.clicks == 2 or self._is_first_again(gesture, self._points)):
            # The double-click's own first click has set the last point already.
            self._ending = True
            return Outcome(preview=self._preview(None), cursor="cross", busy=True)
        place = _place(gesture, bench)
        self._steps.append(len(self._points))
        self._points.append(place)
        self._drawing = True
        return self._shown(bench, place)

    def drag(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Draw along the hand."""
        place = _place(gesture, bench)
        if self._drawing and Reach.of(gesture).distance(self._points[-1]) >= STEP:
            self._points.append(place)
        return self._shown(bench, place if self._drawing else None)

    def release(self, gesture: Gesture, bench: Bench) -> Outcome:
        """End when that was asked for, or when what was drawn along the hand comes back to its beginning."""
        if self._ending:
            self._ending = False
            return self.finish(bench)
        place = _place(gesture, bench)
        if self._drawing:
            self._drawing = False
            start = self._steps[-1]
            if len(self._points) > start + 1 or Reach.of(gesture).distance(self._points[start]) >= STEP:
                drawn = [*self._points[start:], place]
                loose = LOOSE * gesture.pixel * min(gesture.stretch, 1.0)
                kept = list(simplified(Polyline(self._plane, tuple(drawn)), loose).points)
                if self._is_first_again(gesture, (*self._points[:start], *kept)):
                    self._points[start:] = kept[:-1]
                    return self.finish(bench)
                self._points[start:] = kept
        return self._shown(bench, place)

    def finish(self, bench: Bench) -> Outcome:
        """An annotation with the current label, selected; with too few points it goes on."""
        if len(set(self._points)) < self.least or bench.plane != self._plane:
            return self._shown(bench, None)
        shape = self.shape(self._plane, tuple(self._points))
        self.cancel()
        annotation = Annotation(new_id(), bench.label, shape, bench.author, now())
        edit = Edit(f"Draw {self.title.lower()}", put=(annotation,))
        return Outcome(edit, frozenset({annotation.id}), cursor="cross")

    def back(self, bench: Bench) -> Outcome:
        """Take the last point back, or all that was drawn along the hand at once."""
        self._drawing = False
        if self._steps:
            del self._points[self._steps.pop() :]
        return self._shown(bench, None)

    def cancel(self) -> Outcome:
        """Drop the line."""
        self._points, self._steps = [], []
        self._ending = self._drawing = False
        return Outcome(cursor="cross")

    def _is_first_again(self, gesture: Gesture, points: Sequence[Point]) -> bool:
        is_enough = self.is_closed and len(points) > self.least - 1
        return is_enough and Reach.of(gesture).distance(points[0]) <= CLOSE_REACH

    def _shown(self, bench: Bench, hand: Point | None) -> Outcome:
        if bench.plane != self._plane:
            return Outcome(cursor="cross")
        return Outcome(preview=self._preview(hand), cursor="cross", busy=bool(self._points))

    def _preview(self, hand: Point | None) -> tuple[Geometry, ...]:
        if not self._points:
            return ()
        line = dots = tuple(self._points) if len(self._points) <= MOST_SHOWN else ()
        if not line:
            # A preview is drawn with every move of the hand: of very many points some stand for the rest.
            step = -(-len(self._points) // MOST_SHOWN)
            line = (*self._points[:-LAST_SHOWN:step], *self._points[-LAST_SHOWN:])
            dots = (line[0], *line[-LAST_SHOWN:])
        if self._drawing:
            # Dots along the hand would hide what is drawn around.
            dots = line[:1]
        return Polyline(self._plane, line if hand is None else (*line, hand)), Points(self._plane, dots)


def _place(gesture: Gesture, bench: Bench) -> Point:
    return clamped(gesture.x, gesture.y, *bench.size.on_plane(bench.plane.axis))
