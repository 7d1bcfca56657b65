"""What is under the mouse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from desktop_app.canvas.source import value_at
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


def hover_info(scan: Scan, plane: Plane, x: float, y: float) -> HoverInfo:
    """What a scan holds at a point of a plane."""
    world = None
    if scan.info.affine is not None:
        found = scan.info.affine.to_world(np.array([point_to_voxel(plane, x, y)]))[0]
        world = (float(found[0]), float(found[1]), float(found[2]))
    return HoverInfo(plane, x, y, value_at(scan, plane, x, y), scan.info.rescale.unit, world)
