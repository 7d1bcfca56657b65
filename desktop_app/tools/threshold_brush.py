"""Paint a mask only where the values lie between two limits; Alt erases only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from desktop_app.tool import Bench, Gesture, OptionName, Outcome
from desktop_app.tools.sampling import Samples, coarseness
from desktop_app.tools.stroke import Stamp, StrokeTool
from imaging.errors import Problem
from imaging.geometry import Plane, Region


class ThresholdBrushTool(StrokeTool):
    """A brush that leaves out pixels whose value (of colour: brightness) is below `low` or above `high`."""

    name = "threshold-brush"
    title = "Threshold brush"
    key = "Shift+B"
    icon = "threshold-brush"
    options: tuple[OptionName, ...] = ("brush", "low", "high", "brush_unit", "ball")

    def __init__(self) -> None:
        super().__init__()
        self._samples: Samples | None = None
        self._problem = ""

    def begin(self, gesture: Gesture, bench: Bench) -> None:
        """Forget the values of the last stroke."""
        self._problem = "" if bench.read is not None else "There are no pixels to look at here"
        self._samples = Samples(bench.read, bench, coarseness(bench, gesture.pixel)) if bench.read else None

    def kept(self, stamp: Stamp, bench: Bench) -> Stamp:
        """The pixels of a stamp with a value between the limits."""
        low, high = bench.options.low, bench.options.high
        nothing = Stamp(stamp.first, stamp.x, stamp.y, np.zeros((0, 0, 0), np.bool_))
        if self._samples is None:
            return nothing
        if low is None and high is None:
            return stamp
        planes, height, width = stamp.bits.shape
        bits = stamp.bits.copy()
        try:
            for number in range(planes):
                plane = Plane(bench.plane.axis, stamp.first + number)
                values = self._samples.values(Region(plane, stamp.x, stamp.y, width, height))
                if low is not None:
                    bits[number] &= values >= low
                if high is not None:
                    bits[number] &= values <= high
        except Problem as problem:
            self._problem = str(problem)
            return nothing
        return replace(stamp, bits=bits)

    def release(self, gesture: Gesture, bench: Bench) -> Outcome:
        """The stroke as one edit, and why nothing was painted."""
        outcome = super().release(gesture, bench)
        told, self._problem, self._samples = self._problem, "", None
        low, high = bench.options.low, bench.options.high
        if low is not None and high is not None and low > high:
            told = f"No value lies from {low:g} to {high:g}: nothing was painted"
        return replace(outcome, told=told) if told else outcome


PLUGIN = ThresholdBrushTool()
