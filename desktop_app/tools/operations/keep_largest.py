"""Keep the largest piece of masks."""

from __future__ import annotations

import numpy as np

from dataset.annotation import Geometry
from dataset.mask import Mask
from dataset.mask_pieces import pieces_of
from desktop_app.tool import Bench
from desktop_app.tools.operations.changing import EachMark
from imaging.progress import Progress


class KeepLargest(EachMark):
    """Pieces are connected by the sides of their pixels, also from plane to plane."""

    name = "keep-largest"
    title = "Keep the largest piece"
    keys: tuple[str, ...] = ("Shift+K",)
    icon = "keep-largest"
    tip = "Keep the largest connected piece of each selected mask"
    nothing = "It is one piece already"

    def changed(self, geometry: Geometry, bench: Bench, progress: Progress) -> tuple[Geometry, ...]:  # noqa: ARG002
        """The first of the pieces with most pixels."""
        assert isinstance(geometry, Mask)
        pieces = pieces_of(geometry, progress.part(0.0, 0.6))
        return (pieces.kept(np.arange(len(pieces.sizes)) == 0, progress.part(0.6, 0.4)),)


PLUGIN = KeepLargest()
