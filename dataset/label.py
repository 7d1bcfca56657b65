"""Labels: what a mark may be called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from imaging.errors import Problem

AttributeKind: TypeAlias = Literal["choice", "text", "yes-no", "number"]
ATTRIBUTE_KINDS: tuple[AttributeKind, ...] = get_args(AttributeKind)
YES, NO = "yes", "no"


class LabelProblem(Problem):
    """A label set that cannot be used."""


@dataclass(frozen=True, slots=True)
class Code:
    """A coded term: scheme (SCT, RadLex…), value, meaning."""

    scheme: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class AttributeDef:
    """What a reader says of each mark with a label. Values are texts: a choice, `yes` or `no`, a number, or free."""

    name: str
    kind: AttributeKind = "text"
    choices: tuple[str, ...] = ()
    """Of a choice; empty for other kinds."""
    is_required: bool = False

    def allows(self, value: str) -> bool:
        """Whether a value may be given; an empty one takes the attribute away."""
        if not value:
            return True
        if self.kind == "choice":
            return value in self.choices
        if self.kind == "yes-no":
            return value in (YES, NO)
        return self.kind == "text" or _is_number(value)

    def fault(self) -> str:
        """What is wrong with the definition; empty where nothing is."""
        if not self.name.strip():
            return "has no name"
        if self.name in RESERVED:
            return f"is called {self.name!r}, which the program keeps for itself"
        if self.kind == "choice" and (len(self.choices) < 2 or not all(map(str.strip, self.choices))):
            return "needs at least two choices"
        if len(set(self.choices)) < len(self.choices):
            return "has the same choice twice"
        return "has choices but is none" if self.choices and self.kind != "choice" else ""


RESERVED = frozenset({"measures", "qupath", "qupath-piece"})
"""Names of attributes with a meaning of their own (`dataset.measurement`, `dataset.qupath`)."""


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False


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
    attributes: tuple[AttributeDef, ...] = ()
    """What is said of each mark with it, in the order asked."""

    def missing(self, said: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
        """The names of required attributes that a mark lacks."""
        given = {name for name, value in said if value}
        return tuple(asked.name for asked in self.attributes if asked.is_required and asked.name not in given)


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

    def with_changed(self, label: Label) -> LabelSet:
        """This set with the label of an id as it is now."""
        return replace(self, labels=tuple(label if old.id == label.id else old for old in self.labels))
