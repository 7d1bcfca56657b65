"""Remove the small pieces of masks."""

from __future__ import annotations

from dataset.annotation import Geometry
from dataset.mask import Mask
from dataset.mask_pieces import pieces_of
from desktop_app.tool import Bench
from desktop_app.tools.operations.changing import EachMark
from imaging.progress import Progress


class RemoveSmall(EachMark):
    """Pieces with fewer pixels than the option `smallest`, counted on all planes."""

    name = "remove-small"
    title = "Remove small pieces"
    keys: tuple[str, ...] = ("Ctrl+Shift+K",)
    icon = "remove-small"
    tip = "Remove the connected pieces of the selected masks that have fewer pixels than the limit for small pieces"
    nothing = "There are no small pieces"

    def changed(self, geometry: Geometry, bench: Bench, progress: Progress) -> tuple[Geometry, ...]:
        """What is large enough; possibly nothing."""
        assert isinstance(geometry, Mask)
        pieces = pieces_of(geometry, progress.part(0.0, 0.6))
        return (pieces.kept(pieces.sizes >= bench.options.smallest, progress.part(0.6, 0.4)),)


PLUGIN = RemoveSmall()
