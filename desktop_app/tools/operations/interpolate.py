"""Fill the planes between painted ones."""

from __future__ import annotations

from collections.abc import Sequence

from dataset.annotation import Annotation, Geometry
from dataset.mask import Mask
from dataset.mask_between import interpolated
from dataset.measure import pixel_size
from desktop_app.tool import Bench, Mark
from desktop_app.tools.operations.changing import EachMark, chosen
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

    def can(self, selected: Sequence[Mark], size: Size) -> bool:
        """With a mask selected; with nothing selected it is the one that the brush goes on with."""
        return size.planes > 1 and (not selected or super().can(selected, size))

    def worked_on(self, bench: Bench) -> tuple[Mark, ...]:
        """The selected marks, else the last mask of the current label, as the brush takes it."""
        if bench.selection:
            return chosen(bench)
        mine = [mark for mark in bench.document.annotations if _is_mask_of(mark, bench.label)]
        return tuple(mine[-1:])

    def changed(self, geometry: Geometry, bench: Bench, progress: Progress) -> tuple[Geometry, ...]:
        """The mask with the planes between."""
        assert isinstance(geometry, Mask)
        pixel = pixel_size(bench.spacing_mm, geometry.axis) or (1.0, 1.0)
        return (interpolated(geometry, pixel, bench.size.on_plane(geometry.axis), progress),)


def _is_mask_of(mark: Annotation, label: str) -> bool:
    return mark.label == label and isinstance(mark.geometry, Mask)


PLUGIN = Interpolate()
