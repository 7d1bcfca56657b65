"""Strokes of a round brush on masks. Pure; plane pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dataset.annotation import Point
from dataset.mask import Bits, Mask
from desktop_app.tool import Bench, Gesture, OptionName, Outcome
from desktop_app.tools.brush_shape import BrushSize, brush_size, swept, swept_ball
from desktop_app.tools.painting import Target, brush_target, eraser_target, finished, painted


@dataclass(frozen=True, slots=True)
class Stamp:
    """Pixels that a step covers: a (planes, rows, columns) stack, its corner at (x, y) of plane `first`."""

    first: int
    x: int
    y: int
    bits: Bits


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
    options: tuple[OptionName, ...] = ("brush", "brush_unit", "ball")
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
        self.begin(gesture, bench)
        if target is None:
            self._stroke = None
            return Outcome(cursor="brush", busy=True)
        self._stroke = _Stroke(target, target.mask, (gesture.x, gesture.y), erases)
        return self._stamped(self._stroke, gesture, bench)

    def drag(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Stamps on the way from the last place to this one."""
        if self._stroke is None:
            return Outcome(cursor="brush", busy=True)
        return self._stamped(self._stroke, gesture, bench)

    def release(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The stroke as one edit."""
        stroke = self._stroke
        if stroke is None:
            return Outcome(cursor="brush")
        if (gesture.x, gesture.y) != stroke.last:
            self._stamped(stroke, gesture, bench)
        self._stroke = None
        title = "Erase" if stroke.erases else "Paint"
        return replace(finished(stroke.target, stroke.mask, title, bench), cursor="brush")

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

    def begin(self, gesture: Gesture, bench: Bench) -> None:
        """A stroke begins; tools that look at pixels forget those of the last one."""

    def kept(self, stamp: Stamp, bench: Bench) -> Stamp:  # noqa: ARG002
        """The pixels of a stamp that are really painted."""
        return stamp

    def _stamped(self, stroke: _Stroke, gesture: Gesture, bench: Bench) -> Outcome:
        place = (gesture.x, gesture.y)
        stamp = _stamp(stroke.last, place, brush_size(bench, gesture), bench)
        stroke.last = place
        if stamp.bits.size:
            stamp = self.kept(stamp, bench)
        if stamp.bits.size:
            stroke.mask = _laid(stroke.mask, stamp, bench, value=not stroke.erases)
        return Outcome(live=(painted(stroke.target, stroke.mask, bench),), cursor="brush", busy=True)


def _stamp(start: Point, end: Point, size: BrushSize, bench: Bench) -> Stamp:
    """What a brush covers on its way."""
    axis, index = bench.plane.axis, bench.plane.index
    across, down = bench.size.on_plane(axis)
    if size.through:
        return Stamp(*swept_ball(start, end, size, index, (across, down, bench.size.count(axis))))
    x, y, bits = swept(start, end, (size.across, size.down), across, down)
    return Stamp(index, x, y, bits[None] if bits.size else np.zeros((0, 0, 0), np.bool_))


def _laid(mask: Mask, stamp: Stamp, bench: Bench, *, value: bool) -> Mask:
    """A mask with a stamp set or cleared."""
    axis = bench.plane.axis
    if len(stamp.bits) == 1:
        return mask.painted_across(axis, stamp.first, stamp.x, stamp.y, stamp.bits[0], value=value)
    return mask.painted_stack(stamp.first, stamp.x, stamp.y, stamp.bits, value=value, axis=axis)
