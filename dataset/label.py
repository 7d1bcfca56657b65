"""Labels: what a mark may be called."""

from __future__ import annotations

from dataclasses import dataclass

from imaging.errors import Problem


class LabelProblem(Problem):
    """A label set that cannot be used."""


@dataclass(frozen=True, slots=True)
class Code:
    """A coded term: scheme (SCT, RadLex…), value, meaning."""

    scheme: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Label:
    """One entry of a label set. `colour` is #rrggbb; `key` is a digit 1…9 or empty."""

    id: str
    name: str
    colour: str
    key: str = ""
    code: Code | None = None
    assigned_by: str = ""
    """`reader` for labels that no model may propose."""
    is_finding: bool = True
    """False for what is no cause for concern: normal, benign, tissue."""


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The labels of a dataset, in the order shown."""

    id: str
    labels: tuple[Label, ...]

    def get(self, label_id: str) -> Label | None:
        """The label of an id, or `None`."""
        return next((label for label in self.labels if label.id == label_id), None)

    def with_labels(self, more: tuple[Label, ...]) -> LabelSet:
        """This set with the labels whose ids it lacks added at the end; existing ones stay as they are."""
        known = {label.id for label in self.labels}
        added = [label for label in more if label.id not in known]
        return LabelSet(self.id, (*self.labels, *added))
