"""Give outlines and lines fewer points."""

from __future__ import annotations

from dataset.annotation import Geometry, Polygon, Polyline
from dataset.outline_shapes import simplified
from desktop_app.tool import Bench
from desktop_app.tools.operations.changing import EachMark
from imaging.geometry import Size
from imaging.progress import Progress


class Simplify(EachMark):
    """No point left out lies further from the new outline than the option `simplify`; holes stay."""

    name = "simplify"
    title = "Simplify outline"
    icon = "simplify"
    group = 2
    tip = "Give the selected polygons and lines as few points as their shape needs"
    nothing = "They have no points to spare"

    def takes(self, geometry: Geometry, size: Size) -> bool:  # noqa: ARG002
        """Polygons and lines."""
        return isinstance(geometry, Polygon | Polyline)

    def changed(self, geometry: Geometry, bench: Bench, progress: Progress) -> tuple[Geometry, ...]:
        """The same with fewer points."""
        progress.check()
        if isinstance(geometry, Polygon):
            return (simplified(geometry, bench.options.simplify),)
        assert isinstance(geometry, Polyline)
        return (simplified(geometry, bench.options.simplify),)


PLUGIN = Simplify()
