"""Limits: from which score on proposals are shown, of all labels and of single ones. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Proposal

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Limits:
    """The least scores (0 … 1) of proposals that are shown."""

    common: float = 0.0
    by_label: tuple[tuple[str, float], ...] = ()
    """Labels with a limit of their own, each once; those not named have the common one."""

    def of(self, label: str) -> float:
        """The limit of a label."""
        return next((limit for name, limit in self.by_label if name == label), self.common)

    def passes(self, label: str, score: float) -> bool:
        """Whether a proposal of this label and score is shown."""
        return score >= self.of(label)

    def with_label(self, label: str, limit: float | None) -> Limits:
        """With a limit for one label alone; with `None` it has the common one again."""
        others = tuple(pair for pair in self.by_label if pair[0] != label)
        return Limits(self.common, others if limit is None else tuple(sorted((*others, (label, limit)))))

    def each(self, numbers: NDArray[np.int32], labels: Sequence[str]) -> Scores:
        """The limit of each of many proposals, whose labels are numbers in `labels`; shape (n,)."""
        if not self.by_label or not labels:
            return np.full(len(numbers), self.common)
        return np.array([self.of(label) for label in labels])[numbers]

    def passing(self, proposals: Iterable[Proposal]) -> tuple[Proposal, ...]:
        """Those that are shown, in their order."""
        common, own = self.common, dict(self.by_label)
        if not own:
            return tuple([p for p in proposals if p.score >= common])
        return tuple([p for p in proposals if p.score >= own.get(p.label, common)])


SHOW_ALL = Limits(0.0)
SHOW_NONE = Limits(2.0)
"""A limit that no score reaches."""
