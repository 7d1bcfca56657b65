"""Make masks of outlines."""

from __future__ import annotations

from dataset.annotation import Box, Geometry, Polygon, RotatedBox
from dataset.outline_shapes import mask_of_area
from desktop_app.tool import Bench
from desktop_app.tools.operations.changing import EachMark
from imaging.geometry import Size
from imaging.progress import Progress


class PolygonToMask(EachMark):
    """The pixels whose centres lie within a polygon or a box."""

    name = "polygon-to-mask"
    title = "Outline to mask"
    icon = "polygon-to-mask"
    group = 4
    tip = "Make masks of the selected polygons and boxes"

    def takes(self, geometry: Geometry, size: Size) -> bool:  # noqa: ARG002
        """Polygons and boxes."""
        return isinstance(geometry, Polygon | Box | RotatedBox)

    def changed(self, geometry: Geometry, bench: Bench, progress: Progress) -> tuple[Geometry, ...]:
        """Its pixels; an outline around no pixel's centre stays what it is."""
        assert isinstance(geometry, Polygon | Box | RotatedBox)
        made = mask_of_area(geometry, bench.size.on_plane(geometry.plane.axis), progress)
        return (geometry if made.is_empty else made,)


PLUGIN = PolygonToMask()
