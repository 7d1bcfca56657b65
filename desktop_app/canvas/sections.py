"""Masks of one axis as they are seen on planes of another. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

from dataset.mask import Mask, mask_of_plane
from imaging.geometry import Plane

MOST_KEPT = 200


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    mask: Mask
    plane: Plane
    section: Mask | None


class Sections:
    """Cuts masks by the plane of one view; a cut is kept while neither mask nor plane changes."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def forget(self) -> None:
        """Another scan is open."""
        self._kept.clear()

    def on_plane(self, mark_id: str, mask: Mask, plane: Plane) -> Mask | None:
        """The mask itself on planes of its axis, else its cut by the plane; `None` where that is empty."""
        if mask.axis == plane.axis:
            return mask
        kept = self._kept.get(mark_id)
        if kept is None or kept.mask is not mask or kept.plane != plane:
            found = mask.section(plane.axis, plane.index)
            section = None
            if found is not None:
                x, y, bits = found
                section = mask_of_plane(bits, plane.index, axis=plane.axis, x=x, y=y)
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            kept = self._kept[mark_id] = _Kept(mask, plane, section)
        return kept.section
