"""Fill the holes of masks and outlines."""

from __future__ import annotations

from dataclasses import replace

from dataset.annotation import Geometry, Polygon
from dataset.mask import Mask
from dataset.mask_pieces import filled
from desktop_app.tool import Bench
from desktop_app.tools.operations.changing import EachMark
from imaging.geometry import Size
from imaging.progress import Progress


class FillHoles(EachMark):
    """On each plane: what a mask encloses; the holes of a polygon."""

    name = "fill-holes"
    title = "Fill holes"
    keys: tuple[str, ...] = ("Ctrl+F",)
    icon = "fill-holes"
    tip = "Fill what the selected masks enclose on each plane, and drop the holes of polygons"
    nothing = "There are no holes to fill"

    def takes(self, geometry: Geometry, size: Size) -> bool:  # noqa: ARG002
        """Masks and polygons."""
        return isinstance(geometry, Mask | Polygon)

    def changed(self, geometry: Geometry, bench: Bench, progress: Progress) -> tuple[Geometry, ...]:  # noqa: ARG002
        """The same without holes."""
        if isinstance(geometry, Mask):
            return (filled(geometry, progress),)
        assert isinstance(geometry, Polygon)
        return (replace(geometry, holes=()),)


PLUGIN = FillHoles()
