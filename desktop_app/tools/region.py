"""Measure a region: drag an ellipse, or with Alt held a box; its values are told at the mark."""

from __future__ import annotations

import math

from dataset.annotation import Box, Point, Polygon
from dataset.document import Edit
from dataset.measurement import measurement
from desktop_app.measure_text import area_text
from desktop_app.tool import Bench, Gesture, OptionName, Outcome
from desktop_app.tools.shaping import clamped

LEAST_ON_SCREEN = 4.0
"""A region smaller than this many screen pixels either way is a slip of the hand."""
CORNERS = 48
"""Of an ellipse's outline."""
_WIDER = math.sqrt(2 * math.pi / (CORNERS * math.sin(2 * math.pi / CORNERS)))
"""How much wider than the ellipse its outline is, so that both have the same area: 0.14 %."""


class RegionTool:
    """Press at one corner of what is around it, release at the other. Shift keeps it as wide as it is high."""

    name = "region"
    title = "Region values"
    key = "Q"
    icon = "region"
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
        """The region so far, and its area."""
        if self._start is None:
            return Outcome(cursor="cross")
        shape = self._shape(self._start, gesture, bench)
        texts = ((_corner(gesture, bench), area_text(shape, bench.spacing_mm)),)
        return Outcome(preview=(shape,), cursor="cross", busy=True, texts=texts)

    def release(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The other corner: a measurement, selected."""
        start, self._start = self._start, None
        if start is None:
            return Outcome(cursor="cross")
        box = self._box(start, gesture, bench)
        across, down = gesture.pixel, gesture.pixel * gesture.stretch
        if box.width < LEAST_ON_SCREEN * across or box.height < LEAST_ON_SCREEN * down:
            return Outcome(cursor="cross")
        made = measurement("region", self._shape(start, gesture, bench), bench.author)
        return Outcome(Edit("Measure region", put=(made,)), frozenset({made.id}), cursor="cross")

    def finish(self, bench: Bench) -> Outcome:  # noqa: ARG002
        """Nothing to complete."""
        return Outcome(cursor="cross", busy=self._start is not None)

    def back(self, bench: Bench) -> Outcome:  # noqa: ARG002
        """Drop the region."""
        return self.cancel()

    def cancel(self) -> Outcome:
        """Drop the region."""
        self._start = None
        return Outcome(cursor="cross")

    def _shape(self, start: Point, gesture: Gesture, bench: Bench) -> Box | Polygon:
        box = self._box(start, gesture, bench)
        return box if gesture.alt else ellipse_in(box)

    def _box(self, start: Point, gesture: Gesture, bench: Bench) -> Box:
        x, y = _corner(gesture, bench)
        if gesture.shift:
            # As wide as high on screen, and so in millimetres.
            side = min(abs(x - start[0]), abs(y - start[1]) / gesture.stretch)
            x = start[0] + math.copysign(side, x - start[0])
            y = start[1] + math.copysign(side * gesture.stretch, y - start[1])
        left, top = min(x, start[0]), min(y, start[1])
        return Box(bench.plane, left, top, abs(x - start[0]), abs(y - start[1]))


def ellipse_in(box: Box) -> Polygon:
    """The outline of the ellipse in a box, of the same area."""
    x, y = box.x + box.width / 2, box.y + box.height / 2
    across, down = box.width / 2 * _WIDER, box.height / 2 * _WIDER
    turns = (2 * math.pi * number / CORNERS for number in range(CORNERS))
    return Polygon(box.plane, tuple((x + across * math.cos(turn), y + down * math.sin(turn)) for turn in turns))


def _corner(gesture: Gesture, bench: Bench) -> Point:
    return clamped(gesture.x, gesture.y, *bench.size.on_plane(bench.plane.axis))


PLUGIN = RegionTool()
