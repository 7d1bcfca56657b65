"""How labels are shown: in their own colours or in some that colour-blind readers tell apart, and with a pattern.

Nothing of it is ever written into a dataset. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from dataset.label import Label, LabelSet

LabelColours = Literal["given", "safe"]

SAFE_COLOURS = ("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#f2f2f2")
"""Okabe and Ito, "Color Universal Design" (2008), without black, which is not seen on scans; white in its place."""

PATTERNS = 5
"""Hatchings there are: /, \\, —, |, and crossed."""


@dataclass(frozen=True, slots=True)
class LabelLook:
    """How every label is shown."""

    colours: LabelColours = "given"
    patterns: bool = False

    def shown(self, label: Label, labels: LabelSet) -> Label:
        """The label in the colour it is shown in."""
        if self.colours == "given" or not label.id:
            return label
        place = _place(label, labels)
        return label if place is None else replace(label, colour=SAFE_COLOURS[place % len(SAFE_COLOURS)])

    def pattern(self, label: Label, labels: LabelSet) -> int:
        """The number of a label's hatching (1 … `PATTERNS`), 0 for none.

        Colours and patterns have no common divisor, so that 40 labels differ in one or the other.
        """
        place = _place(label, labels) if self.patterns and label.id else None
        return 0 if place is None else place % PATTERNS + 1


def _place(label: Label, labels: LabelSet) -> int | None:
    return next((number for number, known in enumerate(labels.labels) if known.id == label.id), None)
