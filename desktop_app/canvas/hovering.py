"""What is under the mouse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from desktop_app.canvas.source import value_at
from imaging.geometry import Plane, point_to_voxel
from imaging.scan import Scan, TiledScan


@dataclass(frozen=True, slots=True)
class HoverInfo:
    """A point of a plane, its value, and where it lies in the patient."""

    plane: Plane
    x: float
    y: float
    values: tuple[float, ...]
    """Modality value, or red, green, blue; empty outside the scan."""
    unit: str = ""
    world: tuple[float, float, float] | None = None
    """Patient position in mm (LPS), where known."""
    place_mm: tuple[float, float] | None = None
    """Distance in mm from the upper left corner of a slide, where known."""


def hover_info(scan: Scan, plane: Plane, x: float, y: float) -> HoverInfo:
    """What a scan holds at a point of a plane."""
    world = None
    if scan.info.affine is not None:
        found = scan.info.affine.to_world(np.array([point_to_voxel(plane, x, y)]))[0]
        world = (float(found[0]), float(found[1]), float(found[2]))
    # Under the mouse nothing may wait for a disk: the pixels of a slide are not read for their values.
    is_slide = isinstance(scan, TiledScan)
    values = () if is_slide else value_at(scan, plane, x, y)
    across, down = scan.info.spacing_mm[:2]
    place = (x * across, y * down) if is_slide and across and down and world is None else None
    return HoverInfo(plane, x, y, values, scan.info.rescale.unit, world, place)
