"""Set points: each click adds one to the points of the current label."""

from __future__ import annotations

from dataclasses import replace

from dataset.annotation import Annotation, Point, Points, corrected, new_id, now
from dataset.document import Edit
from desktop_app.tool import Bench, Gesture, OptionName, Outcome
from desktop_app.tools.hitting import is_locked
from desktop_app.tools.shaping import clamped


class PointsTool:
    """Each click adds a point to the selected points of the current label on the plane, or begins some; Enter ends.

    Every point is an edit of its own, so nothing is under way that could be lost. Backspace takes the last one back.
    """

    name = "points"
    title = "Points"
    key = "."
    icon = "points"
    options: tuple[OptionName, ...] = ()

    def __init__(self) -> None:
        self._place: Point | None = None

    def hover(self, gesture: Gesture, bench: Bench) -> Outcome:  # noqa: ARG002
        """Ready to set a point."""
        return _ready(bench)

    def press(self, gesture: Gesture, bench: Bench) -> Outcome:
        """A point, which follows until the button is up. The second press of a double-click sets no second one."""
        self._place = None if gesture.clicks == 2 else _place(gesture, bench)
        return self._shown(bench)

    def drag(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The point follows."""
        if self._place is not None:
            self._place = _place(gesture, bench)
        return self._shown(bench)

    def release(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The point is set."""
        if self._place is None:
            return _ready(bench)
        place, self._place = _place(gesture, bench), None
        begun = _begun(bench)
        if begun is None:
            made = Annotation(new_id(), bench.label, Points(bench.plane, (place,)), bench.author, now())
        else:
            made = _with_points(begun, (*_points(begun), place), bench)
        return Outcome(Edit("Add point", put=(made,)), frozenset({made.id}), cursor="cross", busy=True)

    def finish(self, bench: Bench) -> Outcome:  # noqa: ARG002
        """Enough: the next click begins other points."""
        return Outcome(select=frozenset(), cursor="cross")

    def back(self, bench: Bench) -> Outcome:
        """Take the last point back."""
        begun = _begun(bench)
        if begun is None:
            return self.cancel()
        left = _points(begun)[:-1]
        if not left:
            return Outcome(Edit("Remove point", remove=(begun.id,)), cursor="cross")
        return Outcome(Edit("Remove point", put=(_with_points(begun, left, bench),)), cursor="cross", busy=True)

    def cancel(self) -> Outcome:
        """Drop the point in hand; what is set stays, and stays selected."""
        self._place = None
        return Outcome(cursor="cross")

    def _shown(self, bench: Bench) -> Outcome:
        preview = () if self._place is None else (Points(bench.plane, (self._place,)),)
        return Outcome(preview=preview, cursor="cross", busy=True)


def _begun(bench: Bench) -> Annotation | None:
    """The selected points that a click adds to."""
    if len(bench.selection) != 1:
        return None
    for mark in reversed(bench.document.annotations):
        if mark.id in bench.selection:
            is_more = isinstance(mark.geometry, Points) and mark.geometry.plane == bench.plane
            return mark if is_more and mark.label == bench.label and not is_locked(mark) else None
    return None


def _points(mark: Annotation) -> tuple[Point, ...]:
    assert isinstance(mark.geometry, Points)
    return mark.geometry.points


def _with_points(mark: Annotation, points: tuple[Point, ...], bench: Bench) -> Annotation:
    assert isinstance(mark.geometry, Points)
    return corrected(mark, bench.author, geometry=replace(mark.geometry, points=points))


def _ready(bench: Bench) -> Outcome:
    return Outcome(cursor="cross", busy=_begun(bench) is not None)


def _place(gesture: Gesture, bench: Bench) -> Point:
    return clamped(gesture.x, gesture.y, *bench.size.on_plane(bench.plane.axis))


PLUGIN = PointsTool()
