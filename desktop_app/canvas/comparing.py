"""Two scans side by side: where a place of one is in the other. No Qt.

Where both know where their voxels lie in the patient, a place is the same place in the patient; else it is as far
along as in the other (half-way stays half-way). Positions are voxels, corner convention (see `desktop_app.crosshair`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from desktop_app.canvas.viewport import Viewport
from desktop_app.crosshair import AXES, Position, at_point, middle_of, point_at
from imaging.geometry import Affine, Axis, plane_spacing
from imaging.scan import ScanInfo

Shift: TypeAlias = tuple[float, float, float]
"""Millimetres in the patient (LPS)."""
NO_SHIFT: Shift = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Match:
    """How the places of one scan are found in another."""

    mine: ScanInfo
    other: ScanInfo
    shift: Shift = NO_SHIFT
    """What is added to a place of mine in the patient to get the other's: not 0 where a person or the lack of a
    common frame says so."""

    @property
    def is_by_place(self) -> bool:
        """Whether places in the patient are compared."""
        return is_in_patient(self.mine) and is_in_patient(self.other)

    @property
    def is_same_frame(self) -> bool:
        """Whether both scans say that they share a frame of reference."""
        frame = self.mine.examination.frame
        return bool(frame) and frame == self.other.examination.frame

    @property
    def text(self) -> str:
        """How they are linked, in a few words."""
        if not self.is_by_place:
            return "linked by share of the scan: places in the patient are unknown"
        if self.shift != NO_SHIFT:
            return "linked by place, shifted"
        return "linked by place, same frame" if self.is_same_frame else "linked by place, frames may differ"

    @property
    def word(self) -> str:
        """The same in as few words as there may be room for."""
        if not self.is_by_place:
            return "by share"
        return "shifted" if self.shift != NO_SHIFT else "same frame" if self.is_same_frame else "by place"

    def turned(self) -> Match:
        """From the other to mine."""
        back = (-self.shift[0], -self.shift[1], -self.shift[2])
        return Match(self.other, self.mine, back if self.shift != NO_SHIFT else NO_SHIFT)

    def position(self, position: Position) -> Position:
        """Where a position of mine is in the other; may lie outside of it."""
        mine, other = self.mine.affine, self.other.affine
        if not self.is_by_place or mine is None or other is None:
            x, y, z = (
                value * there / here if here else value
                for value, here, there in zip(position, _counts(self.mine), _counts(self.other), strict=True)
            )
            return x, y, z
        world = mine.to_world(np.array([position]) - 0.5) + self.shift
        x, y, z = (float(value) + 0.5 for value in other.to_voxel(world)[0])
        return x, y, z

    def axis(self, axis: Axis) -> Axis:
        """The other's axis whose planes lie most like mine of an axis."""
        mine, other = self.mine.affine, self.other.affine
        if not self.is_by_place or mine is None or other is None:
            return axis
        wanted = _normal(mine, axis)
        return max(AXES, key=lambda which: abs(float(_normal(other, which) @ wanted)))

    def viewport(self, place: Viewport, position: Position, follower: Viewport) -> Viewport:
        """The follower showing the place that a view of mine shows, as large; `position` is mine on that plane."""
        centre = at_point(position, place.plane, *place.centre)
        x, y = point_at(self.position(centre), follower.plane.axis)
        at = min(max(x, 0.0), float(follower.plane_width)), min(max(y, 0.0), float(follower.plane_height))
        return replace(follower, centre=at, scale=place.scale * self._enlarged(place, follower))

    def _enlarged(self, place: Viewport, follower: Viewport) -> float:
        """The scale of the follower for one of mine: by millimetres, else by how wide the planes are."""
        here, there = _least(self.mine, place.plane.axis), _least(self.other, follower.plane.axis)
        if here and there:
            return there / here
        mine, other = (view.shown_size()[0] for view in (place, follower))
        return mine / other if mine and other else 1.0

    def held(self, position: Position, other: Position) -> Match:
        """Linked so that two positions stay together: as they are when a person links the scans again."""
        if not self.is_by_place or self.is_same_frame or self.mine.affine is None or self.other.affine is None:
            return self
        here = self.mine.affine.to_world(np.array([position]) - 0.5)[0]
        there = self.other.affine.to_world(np.array([other]) - 0.5)[0]
        x, y, z = (round(float(value), 6) for value in there - here)
        return replace(self, shift=(x, y, z))


def match_of(mine: ScanInfo, other: ScanInfo) -> Match:
    """How two scans are linked at first: their middles together where frames differ and they would not overlap."""
    match = Match(mine, other)
    if not match.is_by_place or match.is_same_frame:
        return match
    x, y, z = match.position(middle_of(mine.size))
    columns, rows, planes = _counts(other)
    if 0 <= x <= columns and 0 <= y <= rows and 0 <= z <= planes:
        return match
    return match.held(middle_of(mine.size), middle_of(other.size))


def is_in_patient(info: ScanInfo) -> bool:
    """Whether a scan is a volume that knows where its voxels lie."""
    return info.affine is not None and info.kind == "volume"


def _counts(info: ScanInfo) -> tuple[int, int, int]:
    return info.size.columns, info.size.rows, info.size.planes


def _normal(affine: Affine, axis: Axis) -> np.ndarray:
    column = affine.matrix[:3, 2 - axis]
    return column / (np.linalg.norm(column) or 1.0)


def _least(info: ScanInfo, axis: Axis) -> float | None:
    across, down = plane_spacing(info.spacing_mm, axis)
    return min(across, down) if across and down else None
