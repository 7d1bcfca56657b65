"""Keep what marks have in common."""

from __future__ import annotations

from collections.abc import Sequence

from dataset.mask import Mask
from dataset.mask_shapes import intersection
from dataset.outline_overlay import all_of
from desktop_app.tool import Bench, Mark, Outcome
from desktop_app.tools.operations.changing import chosen, outcome_of
from desktop_app.tools.operations.combining import How, are_areas, combined
from imaging.geometry import Size
from imaging.progress import Progress


class Intersect:
    """What all of them cover stays, in the first; the others go."""

    name = "intersect"
    title = "Keep what they share"
    keys: tuple[str, ...] = ()
    icon = "intersect"
    group = 1
    tip = "Make one mark of what all selected masks or outlines cover; it has the label of the first"

    def can(self, selected: Sequence[Mark], size: Size) -> bool:  # noqa: ARG002
        """With two areas selected, or more."""
        return are_areas(selected)

    def apply(self, bench: Bench, progress: Progress) -> Outcome:
        """What is in all of them; nothing is done where that is nothing."""
        marks = chosen(bench)
        made = combined([mark.geometry for mark in marks], How(intersection, all_of), bench, progress)
        if not made or (isinstance(made[0], Mask) and made[0].is_empty):
            return Outcome(told="The selected marks share nothing")
        return outcome_of(self.title, bench, [(marks[0], made)], gone=marks[1:], nothing="")


PLUGIN = Intersect()
