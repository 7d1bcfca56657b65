"""What of the marks is shown: single marks and labels that are hidden, and labels that are shown alone. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from dataset.annotation import Annotation, Proposal

M = TypeVar("M", Annotation, Proposal, Annotation | Proposal)
KEPT = 6
"""So many answers are kept: three planes and the proposals."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """What is hidden. Nothing of it is kept with the scan."""

    marks: frozenset[str] = frozenset()
    """Ids of hidden marks."""
    labels: frozenset[str] = frozenset()
    """Ids of labels whose marks are hidden."""
    solo: frozenset[str] = frozenset()
    """Labels that are shown alone; empty: all but the hidden ones."""

    @property
    def is_all(self) -> bool:
        """Whether nothing is hidden."""
        return not (self.marks or self.labels or self.solo)

    def shows_label(self, label: str) -> bool:
        """Whether marks of a label are shown. What is shown alone is shown though its label is hidden."""
        return label in self.solo if self.solo else label not in self.labels

    def shows(self, mark: Annotation | Proposal) -> bool:
        """Whether a mark is shown."""
        return self.shows_label(mark.label) and mark.id not in self.marks

    def hiding(self, ids: Iterable[str]) -> Visibility:
        """With some more marks hidden."""
        return replace(self, marks=self.marks.union(ids))

    def toggling_label(self, label: str) -> Visibility:
        """With a label hidden, or shown again; while labels are shown alone, with this one among them or not."""
        if self.solo:
            return replace(self, solo=self.solo ^ {label})
        return replace(self, labels=self.labels ^ {label})

    def toggling_solo(self, labels: Iterable[str]) -> Visibility:
        """With these labels shown alone, or all again if they are so already."""
        wanted = frozenset(labels)
        return replace(self, solo=frozenset() if wanted == self.solo else wanted)

    def showing_labels(self, labels: Iterable[str]) -> Visibility:
        """With some labels shown, whatever was hidden."""
        wanted = frozenset(labels)
        return replace(self, labels=self.labels - wanted, solo=self.solo | wanted if self.solo else self.solo)

    def for_next_scan(self) -> Visibility:
        """What stays when another scan is opened: labels, not marks."""
        return replace(self, marks=frozenset()) if self.marks else self


EVERYTHING = Visibility()


class Sieve:
    """Leaves out hidden marks; the same value until the marks or the visibility change. Main thread only."""

    def __init__(self) -> None:
        self._kept: list[tuple[object, Visibility, object]] = []

    def of(self, marks: tuple[M, ...], visibility: Visibility) -> tuple[M, ...]:
        """Those that are shown, in their order; the very value that was given where nothing is hidden."""
        if visibility.is_all:
            return marks
        for given, seen_as, found in self._kept:
            if given is marks and seen_as == visibility:
                return found  # type: ignore[return-value]
        shown = _shown(marks, visibility)
        self._kept = [*self._kept[1 - KEPT :], (marks, visibility, shown)]
        return shown


def _shown(marks: tuple[M, ...], visibility: Visibility) -> tuple[M, ...]:
    hidden, labels, solo = visibility.marks, visibility.labels, visibility.solo
    if solo:
        return tuple([mark for mark in marks if mark.label in solo and mark.id not in hidden])
    if labels:
        return tuple([mark for mark in marks if mark.label not in labels and mark.id not in hidden])
    return tuple([mark for mark in marks if mark.id not in hidden])
