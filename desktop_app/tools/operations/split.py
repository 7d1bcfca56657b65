"""Make separate marks of separate pieces."""

from __future__ import annotations

from dataset.annotation import Geometry, Polygon
from dataset.mask import Mask
from dataset.mask_pieces import pieces_of
from dataset.outline_overlay import any_of, overlaid
from desktop_app.tool import Bench
from desktop_app.tools.operations.changing import EachMark
from imaging.errors import Problem
from imaging.geometry import Size
from imaging.progress import Progress

MOST = 1000


class Split(EachMark):
    """The largest piece keeps what the mark was; the others become marks like it."""

    name = "split"
    title = "Split into pieces"
    keys: tuple[str, ...] = ("Ctrl+B",)
    icon = "split"
    group = 1
    tip = (
        "Make a mark of each connected piece of the selected masks, and of each loop of outlines that cross themselves"
    )
    nothing = "It is one piece already"

    def takes(self, geometry: Geometry, size: Size) -> bool:  # noqa: ARG002
        """Masks and polygons."""
        return isinstance(geometry, Mask | Polygon)

    def changed(self, geometry: Geometry, bench: Bench, progress: Progress) -> tuple[Geometry, ...]:  # noqa: ARG002
        """The pieces, the largest first."""
        if isinstance(geometry, Polygon):
            parts = overlaid((geometry,), any_of, progress)
            return parts if len(parts) > 1 else (geometry,)
        assert isinstance(geometry, Mask)
        pieces = pieces_of(geometry, progress.part(0.0, 0.6))
        if len(pieces.sizes) > MOST:
            raise Problem(f"falls into {len(pieces.sizes):,} pieces", "This mask", "Remove its small pieces first")
        return pieces.each(progress.part(0.6, 0.4)) if len(pieces.sizes) > 1 else (geometry,)


PLUGIN = Split()
