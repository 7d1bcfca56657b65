"""Fill the planes between painted ones."""

from __future__ import annotations

from dataset.annotation import Geometry
from dataset.mask import Mask
from dataset.mask_between import interpolated
from dataset.measure import pixel_size
from desktop_app.tool import Bench
from desktop_app.tools.operations.changing import EachMark
from imaging.geometry import Size
from imaging.progress import Progress


class Interpolate(EachMark):
    """Between the painted planes of a mask, on its own axis; what is painted stays."""

    name = "interpolate"
    title = "Fill between planes"
    keys: tuple[str, ...] = ("Shift+I",)
    icon = "interpolate"
    tip = "Fill the planes between the painted ones of the selected mask, or of the one being painted"
    nothing = "No planes between painted ones are left out: paint two planes with some between them"

    def takes(self, geometry: Geometry, size: Size) -> bool:
        """Masks of volumes."""
        return isinstance(geometry, Mask) and size.count(geometry.axis) > 2

    def changed(self, geometry: Geometry, bench: Bench, progress: Progress) -> tuple[Geometry, ...]:
        """The mask with the planes between."""
        assert isinstance(geometry, Mask)
        pixel = pixel_size(bench.spacing_mm, geometry.axis) or (1.0, 1.0)
        return (interpolated(geometry, pixel, bench.size.on_plane(geometry.axis), progress),)


PLUGIN = Interpolate()
