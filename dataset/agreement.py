"""How far two readers agree: by label, mark by mark, and across scans. Pure.

Marks are paired one to one (`dataset.matching`); masks of a label are also compared pixel by pixel. What a figure is
made of too little for is `None`, never 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from dataset.annotation import Annotation, bounds, geometry_plane
from dataset.document import Snapshot
from dataset.mask import Mask
from dataset.matching import SAME, matches, overlap
from imaging.geometry import Plane
from imaging.progress import Progress, silent

CLOSE = 0.8
"""Paired marks with a lower IoU are the same finding, but drawn differently."""

Kind = Literal["only A", "only B", "label", "outline"]
"""Only one has it; both have it under different labels; both have it but drew it differently."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two readers differ."""

    kind: Kind
    a: Annotation | None
    b: Annotation | None
    likeness: float = 0.0
    """Their IoU, where both have it."""

    @property
    def mark(self) -> Annotation:
        """The mark to show where it is."""
        mark = self.a or self.b
        assert mark is not None
        return mark

    @property
    def plane(self) -> Plane | None:
        """The plane it is first seen on; `None` for a label of the whole scan."""
        return geometry_plane(self.mark.geometry)

    @property
    def b_beside(self) -> Annotation | None:
        """B's mark as it can stand beside A's: with an id of its own where both changed the same mark."""
        if self.a is not None and self.b is not None and self.a.id == self.b.id:
            return replace(self.b, id=f"{self.b.id}-b")
        return self.b


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """How far two readers agree on one label of one scan."""

    label: str
    matched: int = 0
    only_a: int = 0
    only_b: int = 0
    mean_iou: float | None = None
    """Over the paired marks."""
    pixels: tuple[int, int, int] = (0, 0, 0)
    """Pixels in masks of A, of B and of both."""

    @property
    def f1(self) -> float | None:
        """2 × paired / all marks of both."""
        every = 2 * self.matched + self.only_a + self.only_b
        return 2 * self.matched / every if every else None

    @property
    def dice(self) -> float | None:
        """2 × common pixels / pixels of both; `None` where neither has a mask."""
        a, b, common = self.pixels
        return 2 * common / (a + b) if a + b else None

    @property
    def iou(self) -> float | None:
        """Common pixels / pixels of either; `None` where neither has a mask."""
        a, b, common = self.pixels
        return common / (a + b - common) if a + b else None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two readers agree on one scan."""

    labels: tuple[LabelAgreement, ...] = ()
    """By label id."""
    differences: tuple[Difference, ...] = ()
    """In the order of planes, then from top to bottom."""
    agreed: tuple[tuple[Annotation, Annotation], ...] = ()
    """Marks of A and B that are the same."""

    @property
    def overall(self) -> LabelAgreement:
        """All labels together."""
        parts = self.labels
        matched = sum(part.matched for part in parts)
        likeness = sum(part.mean_iou * part.matched for part in parts if part.mean_iou is not None)
        a, b, common = (sum(part.pixels[k] for part in parts) for k in range(3))
        only_a, only_b = sum(part.only_a for part in parts), sum(part.only_b for part in parts)
        return LabelAgreement("", matched, only_a, only_b, likeness / matched if matched else None, (a, b, common))


def compare(a: Snapshot, b: Snapshot, threshold: float = SAME, progress: Progress | None = None) -> Agreement:
    """How far two states of one scan agree; marks are the same from `threshold` IoU on. In any thread."""
    progress = progress or silent()
    by_a, by_b = _by_label(a), _by_label(b)
    labels = sorted(by_a.keys() | by_b.keys())
    rows: list[LabelAgreement] = []
    agreed: list[tuple[Annotation, Annotation]] = []
    differences: list[Difference] = []
    left_a: list[Annotation] = []
    left_b: list[Annotation] = []
    for number, label in enumerate(labels):
        progress.report(number, len(labels), "Comparing")
        mine, theirs = by_a.get(label, []), by_b.get(label, [])
        pairs = matches(mine, theirs, threshold)
        with_a, with_b = {i for i, _, _ in pairs}, {j for _, j, _ in pairs}
        for i, j, likeness in pairs:
            if likeness >= CLOSE:
                agreed.append((mine[i], theirs[j]))
            else:
                differences.append(Difference("outline", mine[i], theirs[j], likeness))
        left_a += [mark for i, mark in enumerate(mine) if i not in with_a]
        left_b += [mark for j, mark in enumerate(theirs) if j not in with_b]
        mean = sum(likeness for _, _, likeness in pairs) / len(pairs) if pairs else None
        pixels = overlap(_masks(mine), _masks(theirs))
        only = len(mine) - len(pairs), len(theirs) - len(pairs)
        rows.append(LabelAgreement(label, len(pairs), *only, mean, pixels))
    differences += _left(left_a, left_b, threshold)
    return Agreement(tuple(rows), tuple(sorted(differences, key=_place)), tuple(agreed))


def changes(before: Snapshot, after: Snapshot) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Ids of marks that were added, removed and changed from one state to another."""
    old, new = ({mark.id: mark for mark in state.annotations} for state in (before, after))
    added = tuple(i for i in new if i not in old)
    removed = tuple(i for i in old if i not in new)
    return added, removed, tuple(i for i, mark in new.items() if i in old and old[i] is not mark and old[i] != mark)


def kappa_of(pairs: Iterable[tuple[Hashable, Hashable]]) -> float | None:
    """Cohen's kappa of what two readers said of the same things.

    (p_o - p_e) / (1 - p_e): 1 is full agreement, 0 what chance would give. `None` without pairs, and where both always
    said the same one thing, of which it says nothing.
    """
    said = list(pairs)
    if not said:
        return None
    total = len(said)
    first, second = Counter(a for a, _ in said), Counter(b for _, b in said)
    observed = sum(a == b for a, b in said) / total
    expected = sum(count * second[word] for word, count in first.items()) / total**2
    return None if expected >= 1.0 else (observed - expected) / (1.0 - expected)


def presence_kappa(scans: Iterable[tuple[Iterable[str], Iterable[str]]]) -> dict[str, float | None]:
    """Kappa of whether each label is there at all, from the labels that two readers used on each scan."""
    said = [(frozenset(a), frozenset(b)) for a, b in scans]
    labels = sorted({label for a, b in said for label in a | b})
    return {label: kappa_of((label in a, label in b) for a, b in said) for label in labels}


def _by_label(state: Snapshot) -> dict[str, list[Annotation]]:
    found: dict[str, list[Annotation]] = {}
    for mark in state.annotations:
        found.setdefault(mark.label, []).append(mark)
    return found


def _masks(marks: Iterable[Annotation]) -> list[Mask]:
    return [mark.geometry for mark in marks if isinstance(mark.geometry, Mask)]


def _left(a: list[Annotation], b: list[Annotation], threshold: float) -> list[Difference]:
    """What has no partner under its own label: the same place under another label, or nothing at all."""
    pairs = matches(a, b, threshold)
    with_a, with_b = {i for i, _, _ in pairs}, {j for _, j, _ in pairs}
    found = [Difference("label", a[i], b[j], likeness) for i, j, likeness in pairs]
    found += [Difference("only A", mark, None) for i, mark in enumerate(a) if i not in with_a]
    return found + [Difference("only B", None, mark) for j, mark in enumerate(b) if j not in with_b]


def _place(difference: Difference) -> tuple[float, ...]:
    plane, box = difference.plane, bounds(difference.mark.geometry)
    if plane is None or box is None:
        return (-1.0, -1.0, 0.0, 0.0)
    return (float(plane.axis), float(plane.index), box[1], box[0])
