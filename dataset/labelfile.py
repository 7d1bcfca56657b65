"""The label set's file, `labels.json`."""

from __future__ import annotations

from dataset.facts import Facts
from dataset.label import Code, Label, LabelSet

NAME = "labels.json"


def labels_to_json(labels: LabelSet) -> dict[str, object]:
    """The label set as JSON."""
    return {"format": 1, "id": labels.id, "labels": [_label_to_json(label) for label in labels.labels]}


def labels_from_json(facts: Facts) -> LabelSet:
    """The label set of a file."""
    return LabelSet(facts.text("id"), facts.each("labels", _label_from_json))


def _label_to_json(label: Label) -> dict[str, object]:
    said: dict[str, object] = {"id": label.id, "name": label.name, "colour": label.colour}
    if label.key:
        said["key"] = label.key
    if label.code:
        said["code"] = {"scheme": label.code.scheme, "value": label.code.value, "meaning": label.code.meaning}
    if label.assigned_by:
        said["assigned_by"] = label.assigned_by
    if not label.is_finding:
        said["finding"] = False
    return said


def _label_from_json(facts: Facts) -> Label:
    code = None
    if "code" in facts:
        said = facts.inner("code")
        code = Code(said.text("scheme"), said.text("value"), said.text("meaning"))
    return Label(
        facts.text("id"),
        facts.text("name"),
        facts.text("colour"),
        facts.text("key", ""),
        code,
        facts.text("assigned_by", ""),
        facts.truth("finding", True),
    )
