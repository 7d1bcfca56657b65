"""Make one mark of several."""

from __future__ import annotations

from collections.abc import Sequence

from dataset.mask_shapes import union
from dataset.outline_overlay import any_of
from desktop_app.tool import Bench, Mark, Outcome
from desktop_app.tools.operations.changing import chosen, outcome_of
from desktop_app.tools.operations.combining import How, are_areas, combined
from imaging.geometry import Size
from imaging.progress import Progress


class Merge:
    """The first takes in the others; pieces that do not touch it become marks of their own, with its label."""

    name = "merge"
    title = "Merge"
    keys: tuple[str, ...] = ("Ctrl+J",)
    icon = "merge"
    group = 1
    tip = "Make one mark of the selected masks or outlines; it has the label of the first"

    def can(self, selected: Sequence[Mark], size: Size) -> bool:  # noqa: ARG002
        """With two areas selected, or more."""
        return are_areas(selected)

    def apply(self, bench: Bench, progress: Progress) -> Outcome:
        """Everything into the first; the others go."""
        marks = chosen(bench)
        made = combined([mark.geometry for mark in marks], How(union, any_of), bench, progress)
        if len(made) >= len(marks):
            return Outcome(told="The selected outlines do not touch, so there is nothing to merge")
        return outcome_of(self.title, bench, [(marks[0], made)], gone=marks[1:], nothing="")


PLUGIN = Merge()
