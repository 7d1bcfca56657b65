"""Make outlines that cross themselves proper ones."""

from __future__ import annotations

from dataset.annotation import Geometry, Polygon
from dataset.outline_overlay import any_of, overlaid
from dataset.outline_pairs import meetings
from dataset.outline_shapes import rings_of
from desktop_app.tool import Bench
from desktop_app.tools.operations.changing import EachMark
from imaging.geometry import Size
from imaging.progress import Progress


class CleanOutline(EachMark):
    """Cuts outlines where they cross themselves; what lies between stays as it is drawn, loops become pieces."""

    name = "clean-outline"
    title = "Untangle outline"
    icon = "clean-outline"
    group = 2
    tip = "Cut the selected polygons where they cross themselves, so that they cover the same area and cross no more"
    nothing = "They do not cross themselves"

    def takes(self, geometry: Geometry, size: Size) -> bool:  # noqa: ARG002
        """Polygons."""
        return isinstance(geometry, Polygon)

    def changed(self, geometry: Geometry, bench: Bench, progress: Progress) -> tuple[Geometry, ...]:  # noqa: ARG002
        """Pieces of the same area; an outline without any stays."""
        assert isinstance(geometry, Polygon)
        if meetings(list(rings_of(geometry))) == 0:
            return (geometry,)
        return overlaid((geometry,), any_of, progress) or (geometry,)


PLUGIN = CleanOutline()
