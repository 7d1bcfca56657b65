"""Mark what is alike: click floods the connected pixels near the clicked value; Alt erases them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dataset.mask import Bits, Mask
from desktop_app.tool import Bench, Gesture, OptionName, Outcome, Reader
from desktop_app.tools.flooding import MOST_VOXELS, Frame, TooLarge, flood, flood_planes
from desktop_app.tools.painting import Target, brush_target, eraser_target, finished, painted
from desktop_app.tools.sampling import LARGE, coarseness
from imaging.errors import Problem
from imaging.geometry import Plane, Region

WINDOW = 1024
"""So many pixels as shown, each way, are looked at around the click where a plane is very large, or through planes."""
COARSEST = 8
SLACK = 4.0
"""Screen pixels within which a click is no drag."""
PER_PIXEL = 0.002
"""How much tolerance each screen pixel of a drag adds."""

_READY = Outcome(cursor="cross")


@dataclass(slots=True)
class _Pick:
    """A click that is held: what was clicked, and how far everything around it is from that."""

    target: Target
    region: Region
    step: int
    """Full-resolution pixels per pixel looked at."""
    start: Gesture
    erases: bool
    read: Reader
    value: NDArray[np.float32]
    away: NDArray[np.float32]
    """Of each pixel looked at, how far its value (of colour: its farthest channel) is from the clicked one."""
    shown: float
    """What tolerance is a share of: from black to white."""
    tolerance: float = -1.0
    mask: Mask | None = None

    @property
    def seed(self) -> tuple[int, int]:
        """Row and column of the click in what is looked at."""
        row = (math.floor(self.start.y) - self.region.y) // self.step
        column = (math.floor(self.start.x) - self.region.x) // self.step
        return min(row, self.away.shape[0] - 1), min(column, self.away.shape[1] - 1)

    def flooded(self) -> Bits:
        """What is alike and connected to the click on its plane."""
        return flood(self.away <= self.tolerance * self.shown, *self.seed)

    def alike_on(self, index: int, frame: Frame) -> Bits:
        """What is alike in a frame of the same region of another plane."""
        plane = Plane(self.region.plane.axis, index)
        x, y = self.region.x + frame.left, self.region.y + frame.top
        stored = self.read(Region(plane, x, y, frame.right - frame.left, frame.bottom - frame.top))
        return _away(stored, self.value) <= self.tolerance * self.shown


class WandTool:
    """Press on something; drag away from it for more tolerance; release to keep."""

    name = "wand"
    title = "Wand"
    key = "W"
    icon = "wand"
    options: tuple[OptionName, ...] = ("tolerance", "all_planes")

    def __init__(self) -> None:
        self._pick: _Pick | None = None

    def hover(self, gesture: Gesture, bench: Bench) -> Outcome:  # noqa: ARG002
        """Ready to click."""
        return _READY

    def press(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Look at the pixels around, and show what is alike."""
        self._pick = None
        across, down = bench.size.on_plane(bench.plane.axis)
        if bench.read is None or not (0 <= gesture.x < across and 0 <= gesture.y < down):
            return _READY
        target = eraser_target(gesture, bench) if gesture.alt else brush_target(gesture, bench)
        if target is None:
            return replace(_READY, told="There is no mask to erase from")
        try:
            self._pick = _picked(gesture, bench, target, bench.read)
        except Problem as problem:
            return replace(_READY, told=str(problem))
        return self._shown(self._pick, gesture, bench)

    def drag(self, gesture: Gesture, bench: Bench) -> Outcome:
        """More tolerance the farther from the click."""
        return _READY if self._pick is None else self._shown(self._pick, gesture, bench)

    def release(self, gesture: Gesture, bench: Bench) -> Outcome:
        """Keep what is alike as one edit."""
        pick = self._pick
        if pick is None:
            return _READY
        self._shown(pick, gesture, bench)
        self._pick = None
        mask, told = pick.mask or pick.target.mask, ""
        if bench.options.all_planes and bench.size.count(bench.plane.axis) > 1:
            try:
                mask, told = _through_planes(pick, bench)
            except TooLarge:
                return replace(_READY, told=f"More than {MOST_VOXELS // 10**6} million voxels: use less tolerance")
            except Problem as problem:
                return replace(_READY, told=str(problem))
        elif _is_cut(pick, bench, pick.flooded()):
            told = _looked(pick)
        title = "Erase with the wand" if pick.erases else "Mark with the wand"
        return replace(finished(pick.target, mask, title, bench), cursor="cross", told=told)

    def finish(self, bench: Bench) -> Outcome:  # noqa: ARG002
        """Nothing to complete."""
        return replace(_READY, busy=self._pick is not None)

    def back(self, bench: Bench) -> Outcome:  # noqa: ARG002
        """Drop what was clicked."""
        return self.cancel()

    def cancel(self) -> Outcome:
        """Drop what was clicked."""
        self._pick = None
        return _READY

    def _shown(self, pick: _Pick, gesture: Gesture, bench: Bench) -> Outcome:
        """What is alike on this plane at the tolerance of the drag."""
        tolerance = tolerance_of(pick.start, gesture, bench.options.tolerance)
        if tolerance != pick.tolerance or pick.mask is None:
            pick.tolerance = tolerance
            pick.mask = _laid(pick, pick.flooded(), bench)
        words = f"Tolerance {tolerance * 100:.0f} %"
        live = painted(pick.target, pick.mask, bench)
        return Outcome(live=(live,), cursor="cross", busy=True, texts=(((gesture.x, gesture.y), words),))


def tolerance_of(start: Gesture, now: Gesture, usual: float) -> float:
    """The tolerance at the usual one and a drag, in whole percents (0 … 1)."""
    far = math.hypot((now.x - start.x) / now.pixel, (now.y - start.y) / (now.pixel * now.stretch))
    return min(round(usual + max(far - SLACK, 0.0) * PER_PIXEL, 2), 1.0)


def _picked(gesture: Gesture, bench: Bench, target: Target, read: Reader) -> _Pick:
    """Look at the pixels around a click; raises `Problem`."""
    across, down = bench.size.on_plane(bench.plane.axis)
    through = bench.options.all_planes and bench.size.count(bench.plane.axis) > 1
    step = 1 if through else min(coarseness(bench, gesture.pixel), COARSEST)
    region = Region(bench.plane, 0, 0, across, down)
    if through or across * down > LARGE:
        half = WINDOW * step // 2
        # A grid that does not depend on the place, so that what is seen coarsely lies on the same pixels every time.
        x, y = (math.floor(v) // step * step - half for v in (gesture.x, gesture.y))
        region = Region(bench.plane, x, y, 2 * half, 2 * half).clipped(bench.size)
    stored = read(region, float(step))
    row, column = (math.floor(gesture.y) - region.y) // step, (math.floor(gesture.x) - region.x) // step
    value = stored[min(row, stored.shape[0] - 1), min(column, stored.shape[1] - 1)].astype(np.float32)
    if stored.ndim == 3:
        shown = 255.0
    elif bench.window is not None:
        shown = bench.window.width
    else:
        shown = float(np.ptp(stored))
    return _Pick(target, region, step, gesture, gesture.alt, read, value, _away(stored, value), shown)


def _away(stored: NDArray[np.generic], value: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far values are from one; of colours the farthest channel."""
    away: NDArray[np.float32] = np.abs(stored.astype(np.float32) - value)
    return away.max(axis=2) if away.ndim == 3 else away


def _through_planes(pick: _Pick, bench: Bench) -> tuple[Mask, str]:
    """The target with what is alike through the planes, and what has to be told; raises `TooLarge`, `Problem`."""
    axis, index = bench.plane.axis, bench.plane.index
    first, bits = flood_planes(pick.alike_on, (index, pick.flooded()), bench.size.count(axis))
    x, y = pick.region.x, pick.region.y
    mask = pick.target.mask.painted_stack(first, x, y, bits, value=not pick.erases, axis=axis)
    return mask, _looked(pick) if any(_is_cut(pick, bench, plane) for plane in bits) else ""


def _laid(pick: _Pick, bits: Bits, bench: Bench) -> Mask:
    """The target with what is alike on the plane set or cleared, at full resolution."""
    plane, x, y = bench.plane, pick.region.x, pick.region.y
    if pick.step > 1:
        rows, columns = np.flatnonzero(bits.any(axis=1)), np.flatnonzero(bits.any(axis=0))
        part = bits[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        y, x = y + int(rows[0]) * pick.step, x + int(columns[0]) * pick.step
        bits = part.repeat(pick.step, axis=0).repeat(pick.step, axis=1)
        bits = bits[: pick.region.y + pick.region.height - y, : pick.region.x + pick.region.width - x]
    return pick.target.mask.painted_across(plane.axis, plane.index, x, y, bits, value=not pick.erases)


def _is_cut(pick: _Pick, bench: Bench, bits: Bits) -> bool:
    """Whether what is alike reaches the edge of what was looked at, within the scan."""
    region, (across, down) = pick.region, bench.size.on_plane(bench.plane.axis)
    right, below = region.x + region.width, region.y + region.height
    return bool(
        (region.x > 0 and bits[:, 0].any())
        or (region.y > 0 and bits[0].any())
        or (right < across and bits[:, -1].any())
        or (below < down and bits[-1].any())
    )


def _looked(pick: _Pick) -> str:
    return f"The wand looked at {pick.region.width} × {pick.region.height} pixels around the click; click again beyond"


PLUGIN = WandTool()
