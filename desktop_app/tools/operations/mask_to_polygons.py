"""Make outlines of masks."""

from __future__ import annotations

from dataset.annotation import Geometry
from dataset.mask import Mask
from dataset.outline import polygons_of
from desktop_app.tool import Bench
from desktop_app.tools.operations.changing import EachMark
from imaging.errors import Problem
from imaging.progress import Progress

MOST = 5000


class MaskToPolygons(EachMark):
    """Exactly along the edges of the pixels, a polygon for each piece on each plane, with its holes."""

    name = "mask-to-polygons"
    title = "Mask to polygons"
    icon = "mask-to-polygons"
    group = 4
    tip = "Make polygons of the selected masks, exactly along their pixels; simplify or smooth them afterwards"

    def changed(self, geometry: Geometry, bench: Bench, progress: Progress) -> tuple[Geometry, ...]:  # noqa: ARG002
        """Its pieces, plane by plane."""
        assert isinstance(geometry, Mask)
        found: list[Geometry] = []
        planes = geometry.planes
        for number, plane in enumerate(planes):
            progress.report(number, len(planes))
            found += polygons_of(geometry, plane)
            if len(found) > MOST:
                raise Problem(f"has more than {MOST:,} pieces", "This mask", "Remove its small pieces first")
        return tuple(found)


PLUGIN = MaskToPolygons()
