"""How far masks grow and shrink: a pixel, or a millimetre where the pixel size is known. Pure."""

from __future__ import annotations

from dataset.annotation import Geometry
from dataset.mask import Mask
from dataset.mask_shapes import PIXEL, Reach, grown, reach_of, shrunk
from dataset.measure import pixel_size
from desktop_app.tool import Bench
from desktop_app.tools.operations.changing import EachMark, extent_of
from imaging.errors import Problem
from imaging.progress import Progress

MILLIMETRES = 1.0
MOST = 48
"""Pixels to grow by at most: the work goes with the square of it."""


class Growing(EachMark):
    """Changes masks by what lies around their pixels."""

    group = 3
    shrinks = False
    in_mm = False

    def changed(self, geometry: Geometry, bench: Bench, progress: Progress) -> tuple[Geometry, ...]:
        """The mask, larger or smaller."""
        assert isinstance(geometry, Mask)
        reach = _millimetre(bench, geometry) if self.in_mm else PIXEL
        work = shrunk if self.shrinks else grown
        return (work(geometry, reach, extent_of(geometry, bench.size), progress),)


def _millimetre(bench: Bench, mask: Mask) -> Reach:
    pixel = pixel_size(bench.spacing_mm, mask.axis)
    if pixel is None:
        raise Problem("does not say how large its pixels are", "This scan", "Grow and shrink by pixels instead")
    if max(MILLIMETRES / pixel[0], MILLIMETRES / pixel[1]) > MOST:
        raise Problem(f"is more than {MOST} pixels here", "A millimetre", "Grow and shrink by pixels instead")
    i, j, k = bench.spacing_mm
    through = {0: k, 1: j, 2: i}[mask.axis]
    return reach_of(MILLIMETRES, *pixel, through or None)
