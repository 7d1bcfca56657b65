"""Round the rims of masks and the corners of outlines."""

from __future__ import annotations

from dataset.annotation import Geometry, Polygon
from dataset.mask import Mask
from dataset.mask_shapes import smoothed as smoothed_mask
from dataset.outline_shapes import smoothed
from desktop_app.tool import Bench
from desktop_app.tools.operations.changing import EachMark, extent_of
from imaging.geometry import Size
from imaging.progress import Progress

SIGMA = 2.0
"""Pixels; teeth narrower than about twice this go."""


class Smooth(EachMark):
    """Masks: each plane blurred by a Gaussian and cut at one half. Polygons: their corners cut twice (Chaikin)."""

    name = "smooth"
    title = "Smooth"
    icon = "smooth"
    group = 2
    tip = "Round the rims of the selected masks on each plane, and the corners of polygons"
    nothing = "There is nothing to round"

    def takes(self, geometry: Geometry, size: Size) -> bool:  # noqa: ARG002
        """Masks and polygons."""
        return isinstance(geometry, Mask | Polygon)

    def changed(self, geometry: Geometry, bench: Bench, progress: Progress) -> tuple[Geometry, ...]:
        """The same, rounded; a mask too small to be left is left as it is."""
        if isinstance(geometry, Mask):
            made = smoothed_mask(geometry, SIGMA, extent_of(geometry, bench.size), progress)
            return (geometry if made.is_empty else made,)
        progress.check()
        assert isinstance(geometry, Polygon)
        return (smoothed(geometry),)


PLUGIN = Smooth()
