"""Strokes of a round brush on masks: which pixels, and whose mask. Pure; plane pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dataset.annotation import Annotation, Point, Proposal, corrected, new_id, now
from dataset.document import Edit
from dataset.mask import Bits, Mask, empty_mask
from desktop_app.tool import Bench, Gesture, Mark, OptionName, Outcome
from desktop_app.tools.hitting import is_set, marks_here


def swept(start: Point, end: Point, diameter: float, across: int, down: int) -> tuple[int, int, Bits]:
    """The pixels of a plane that a round brush covers on its straight way from one point to another: x, y, bits.

    A pixel is covered when its centre is within half the diameter of the way; the pixel under the end always is.
    """
    radius = diameter / 2
    x0 = max(math.floor(min(start[0], end[0]) - radius), 0)
    y0 = max(math.floor(min(start[1], end[1]) - radius), 0)
    x1 = min(math.ceil(max(start[0], end[0]) + radius) + 1, across)
    y1 = min(math.ceil(max(start[1], end[1]) + radius) + 1, down)
    if x1 <= x0 or y1 <= y0:
        return 0, 0, np.zeros((0, 0), np.bool_)
    px = np.arange(x0, x1) + (0.5 - start[0])
    py = (np.arange(y0, y1) + (0.5 - start[1]))[:, None]
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    if length > 0:
        share = np.clip((px * dx + py * dy) / length, 0.0, 1.0)
        bits = (px - share * dx) ** 2 + (py - share * dy) ** 2 <= radius * radius
    else:
        bits = px * px + py * py <= radius * radius
    column, row = math.floor(end[0]) - x0, math.floor(end[1]) - y0
    if 0 <= row < bits.shape[0] and 0 <= column < bits.shape[1]:
        bits[row, column] = True
    return x0, y0, bits


@dataclass(frozen=True, slots=True)
class Target:
    """The mask a stroke changes, and what it was: an annotation, a proposal, or nothing yet."""

    mask: Mask
    was: Mark | None
    label: str
    id: str


def _masks(marks: Sequence[Mark], axis: int) -> list[Mark]:
    return [mark for mark in marks if isinstance(mark.geometry, Mask) and mark.geometry.axis == axis]


def _target_of(mark: Mark) -> Target:
    assert isinstance(mark.geometry, Mask)
    return Target(mark.geometry, mark, mark.label, new_id() if isinstance(mark, Proposal) else mark.id)


def brush_target(gesture: Gesture, bench: Bench) -> Target:
    """What a brush stroke extends, in this order; Shift starts a new mask.

    The selected mask; a mask of the current label under the hand; that label's last annotation; the only proposal of
    that label on this plane; otherwise a new mask.
    """
    if not gesture.shift:
        found = _selected(bench) or _of_label(gesture, bench)
        if found is not None:
            return _target_of(found)
    return Target(empty_mask(bench.plane.axis), None, bench.label, new_id())


def eraser_target(gesture: Gesture, bench: Bench) -> Target | None:
    """What an eraser stroke cuts: the selected mask, the one under the hand, else the current label's."""
    found = _selected(bench)
    if found is None:
        here = _masks(marks_here(bench), bench.plane.axis)
        under = [mark for mark in here if _is_under(mark, gesture, bench)]
        found = next((m for m in reversed(under) if m.label == bench.label), None) or (under[-1] if under else None)
    found = found or _of_label(gesture, bench)
    return None if found is None else _target_of(found)


def _is_under(mark: Mark, gesture: Gesture, bench: Bench) -> bool:
    return isinstance(mark.geometry, Mask) and is_set(mark.geometry, bench.plane, gesture.x, gesture.y)


def _selected(bench: Bench) -> Mark | None:
    """The one selected mask of this axis, whichever plane it is on."""
    every = (*bench.document.annotations, *bench.proposals)
    found = _masks([mark for mark in every if mark.id in bench.selection], bench.plane.axis)
    return found[0] if len(found) == 1 else None


def _of_label(gesture: Gesture, bench: Bench) -> Mark | None:
    axis = bench.plane.axis
    here = [mark for mark in _masks(marks_here(bench), axis) if mark.label == bench.label]
    under = [mark for mark in here if _is_under(mark, gesture, bench)]
    if under:
        return under[-1]
    own = [mark for mark in _masks(bench.document.annotations, axis) if mark.label == bench.label]
    if own:
        return own[-1]
    proposed = [mark for mark in here if isinstance(mark, Proposal)]
    return proposed[0] if len(proposed) == 1 else None


@dataclass(slots=True)
class _Stroke:
    """A stroke under way."""

    target: Target
    mask: Mask
    last: Point
    erases: bool


class StrokeTool:
    """Paints or erases while the button is down; one stroke is one edit."""

    name = ""
    title = ""
    key = ""
    icon = ""
    options: tuple[OptionName, ...] = ("brush",)
    erases = False

    def __init__(self) -> None:
        self._stroke: _Stroke | None = None

    def hover(self, gesture: Gesture, bench: Bench) -> Outcome:  # noqa: ARG002
        """The brush at the hand."""
        return Outcome(cursor="brush")

    def press(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The first stamp."""
        erases = self.erases or gesture.alt
        target = eraser_target(gesture, bench) if erases else brush_target(gesture, bench)
        if target is None:
            self._stroke = None
            return Outcome(cursor="brush", busy=True)
        place = (gesture.x, gesture.y)
        self._stroke = _Stroke(target, target.mask, place, erases)
        return self._stamped(self._stroke, place, bench)

    def drag(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Stamps on the way from the last place to this one."""
        if self._stroke is None:
            return Outcome(cursor="brush", busy=True)
        return self._stamped(self._stroke, (gesture.x, gesture.y), bench)

    def release(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The stroke as one edit."""
        stroke = self._stroke
        if stroke is None:
            return Outcome(cursor="brush")
        if (gesture.x, gesture.y) != stroke.last:
            self._stamped(stroke, (gesture.x, gesture.y), bench)
        self._stroke = None
        edit, was = _edit(stroke, bench), stroke.target.was
        # What was not selected stays so: the key of another label must choose what is painted next, not rename this.
        followed = edit is not None and was is not None and was.id in bench.selection
        select = frozenset(a.id for a in edit.put) if edit is not None and followed else None
        return Outcome(edit, select, cursor="brush")

    def finish(self, bench: Bench) -> Outcome:  # noqa: ARG002
        """Nothing to complete."""
        return Outcome(cursor="brush", busy=self._stroke is not None)

    def back(self, bench: Bench) -> Outcome:  # noqa: ARG002
        """Drop the stroke."""
        return self.cancel()

    def cancel(self) -> Outcome:
        """Drop the stroke."""
        self._stroke = None
        return Outcome(cursor="brush")

    def _stamped(self, stroke: _Stroke, place: Point, bench: Bench) -> Outcome:
        across, down = bench.size.on_plane(bench.plane.axis)
        x, y, bits = swept(stroke.last, place, bench.brush, across, down)
        stroke.last = place
        if bits.size:
            stroke.mask = stroke.mask.painted(bench.plane.index, x, y, bits, value=not stroke.erases)
        return Outcome(live=(_painted(stroke, bench),), cursor="brush", busy=True)


def _painted(stroke: _Stroke, bench: Bench) -> Annotation:
    """The annotation as the stroke leaves it, by the person who paints."""
    target, was = stroke.target, stroke.target.was
    if isinstance(was, Annotation):
        return corrected(was, bench.author, geometry=stroke.mask)
    origin, score = (was.id, was.score) if isinstance(was, Proposal) else ("", None)
    return Annotation(target.id, target.label, stroke.mask, bench.author, now(), score, origin)


def _edit(stroke: _Stroke, bench: Bench) -> Edit | None:
    """What the stroke changes; a mask with nothing left is removed, a proposal with nothing left rejected."""
    was = stroke.target.was
    if stroke.mask is stroke.target.mask or stroke.mask.tiles == stroke.target.mask.tiles:
        return None
    if stroke.mask.is_empty:
        if isinstance(was, Annotation):
            rejected = (was.origin,) if was.origin else ()
            return Edit("Erase", remove=(was.id,), reject=rejected)
        return Edit("Erase", reject=(was.id,)) if was is not None else None
    return Edit("Erase" if stroke.erases else "Paint", put=(_painted(stroke, bench),))
