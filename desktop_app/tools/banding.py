"""The band that selects: a rectangle drawn over marks, and those that lie wholly inside. Pure; plane pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dataset.annotation import Box, Geometry
from dataset.mask import Mask
from desktop_app.tool import Bench, Gesture
from desktop_app.tools.hitting import marks_here
from desktop_app.tools.long_rings import bounds_of
from desktop_app.tools.shaping import box_of
from imaging.geometry import Plane


@dataclass(frozen=True, slots=True)
class Band:
    """Where a band began, and the mark that was there: a click with the same key adds it or takes it away."""

    x: float
    y: float
    mark: str = ""

    def box(self, gesture: Gesture, bench: Bench) -> Box:
        """The rectangle to the hand."""
        return box_of((self.x, self.y), (gesture.x, gesture.y), Box(bench.plane, 0, 0, 0, 0))


def marks_inside(box: Box, bench: Bench) -> frozenset[str]:
    """The ids of the marks whose bounds lie inside a rectangle of the plane."""
    if bench.near is None:
        near = marks_here(bench)
    else:
        across, down = box.width / 2, box.height / 2
        near = (m for m in bench.near(box.x + across, box.y + down, across, down) if m.id not in bench.hidden)
    return frozenset(mark.id for mark in near if _is_inside(mark.geometry, box))


def _is_inside(geometry: Geometry, box: Box) -> bool:
    found = _mask_bounds(geometry, box.plane) if isinstance(geometry, Mask) else bounds_of(geometry)
    if found is None:
        return False
    x, y, width, height = found
    return box.x <= x and x + width <= box.x + box.width and box.y <= y and y + height <= box.y + box.height


def _mask_bounds(mask: Mask, plane: Plane) -> tuple[float, float, float, float] | None:
    """What a mask covers of a plane of any axis."""
    if mask.axis == plane.axis:
        return mask.bounds(plane.index)
    found = mask.section(plane.axis, plane.index)
    if found is None:
        return None
    rows, columns = np.nonzero(found[2])
    x, y = found[0] + int(columns.min()), found[1] + int(rows.min())
    return x, y, int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
