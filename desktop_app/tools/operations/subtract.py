"""Cut marks out of another."""

from __future__ import annotations

from collections.abc import Sequence

from dataset.annotation import Geometry
from dataset.mask import Mask
from dataset.mask_shapes import difference
from dataset.measure import measure
from dataset.outline_overlay import first_alone
from desktop_app.tool import Bench, Mark, Outcome
from desktop_app.tools.operations.changing import chosen, outcome_of
from desktop_app.tools.operations.combining import How, are_areas, combined
from imaging.geometry import Size
from imaging.progress import Progress


class Subtract:
    """The largest loses what the others cover; the others stay."""

    name = "subtract"
    title = "Subtract"
    keys: tuple[str, ...] = ("Ctrl+Shift+J",)
    icon = "subtract"
    group = 1
    tip = "Cut the other selected masks or outlines out of the largest; they stay as they are"

    def can(self, selected: Sequence[Mark], size: Size) -> bool:  # noqa: ARG002
        """With two areas selected, or more."""
        return are_areas(selected)

    def apply(self, bench: Bench, progress: Progress) -> Outcome:
        """The largest without the others."""
        marks = sorted(chosen(bench), key=lambda mark: -_pixels(mark.geometry))
        how = How(lambda masks, part: difference(masks[0], masks[1:], part), first_alone)
        # First whether they meet at all: an outline is put together anew, so the same area may look like another.
        made = combined([mark.geometry for mark in marks], how, bench, progress)
        base = marks[0].geometry
        if not isinstance(base, Mask) and sum(map(_pixels, made)) >= _pixels(base) - 1e-3:
            made = (base,)
        return outcome_of(self.title, bench, [(marks[0], made)], nothing="The others do not overlap the largest")


def _pixels(geometry: Geometry) -> float:
    if isinstance(geometry, Mask):
        return float(geometry.count())
    return measure(geometry, (None, None, None)).area_px or 0.0


PLUGIN = Subtract()
