"""What is under the mouse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from desktop_app.canvas.source import value_at
from desktop_app.display import ONE_PLANE, Slab
from imaging.geometry import Plane, point_to_voxel
from imaging.scan import Scan


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


def hover_info(
    scan: Scan, plane: Plane, x: float, y: float, values: tuple[float, ...] | None = None, slab: Slab = ONE_PLANE
) -> HoverInfo:
    """What a scan holds at a point of a plane or slab; its `values` where they are known, so that nothing is read."""
    world, place, info = None, None, scan.info
    if info.affine is not None:
        found = info.affine.to_world(np.array([point_to_voxel(plane, x, y)]))[0]
        world = (float(found[0]), float(found[1]), float(found[2]))
    elif info.kind == "slide" and info.spacing_mm[0] and info.spacing_mm[1]:
        place = (x * info.spacing_mm[0], y * info.spacing_mm[1])
    known = value_at(scan, plane, x, y, slab) if values is None else values
    return HoverInfo(plane, x, y, known, info.rescale.unit, world, place)
