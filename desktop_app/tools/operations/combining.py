"""Areas put together: masks of one axis as masks, outlines of one plane as outlines, both together as masks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from dataset.annotation import Box, Geometry, Polygon, RotatedBox
from dataset.mask import Mask
from dataset.outline_overlay import Rule, overlaid
from dataset.outline_shapes import Area, mask_of_area
from desktop_app.tool import Bench, Mark
from imaging.geometry import Size
from imaging.progress import Progress

Combine = Callable[[Sequence[Mask], Progress], Mask]


@dataclass(frozen=True, slots=True)
class How:
    """One way to put areas together, said of masks and of outlines."""

    masks: Combine
    rule: Rule


def are_areas(selected: Sequence[Mark]) -> bool:
    """Whether marks are two areas or more that can lie over each other."""
    if len(selected) < 2:
        return False
    geometries = [mark.geometry for mark in selected]
    axes = {
        g.axis if isinstance(g, Mask) else g.plane.axis
        for g in geometries
        if isinstance(g, Mask | Polygon | Box | RotatedBox)
    }
    if len(axes) != 1 or not all(isinstance(g, Mask | Polygon | Box | RotatedBox) for g in geometries):
        return False
    planes = {g.plane for g in geometries if isinstance(g, Polygon | Box | RotatedBox)}
    return len(planes) == 1 or any(isinstance(g, Mask) for g in geometries)


def combined(geometries: Sequence[Geometry], how: How, bench: Bench, progress: Progress) -> tuple[Geometry, ...]:
    """The pieces that areas come to; masks come to one mask."""
    if any(isinstance(geometry, Mask) for geometry in geometries):
        return (how.masks([_mask(g, bench.size, progress) for g in geometries], progress),)
    return overlaid([cast("Area", geometry) for geometry in geometries], how.rule, progress)


def _mask(geometry: Geometry, size: Size, progress: Progress) -> Mask:
    if isinstance(geometry, Mask):
        return geometry
    assert isinstance(geometry, Polygon | Box | RotatedBox)
    return mask_of_area(geometry, size.on_plane(geometry.plane.axis), progress)
