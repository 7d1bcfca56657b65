"""The label set's file, `labels.json`."""

from __future__ import annotations

from dataset.facts import Facts, Malformed
from dataset.label import ATTRIBUTE_KINDS, AttributeDef, Code, Label, LabelSet

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
    if label.attributes:
        said["attributes"] = [_attribute_to_json(asked) for asked in label.attributes]
    return said


def _attribute_to_json(asked: AttributeDef) -> dict[str, object]:
    said: dict[str, object] = {"name": asked.name, "kind": asked.kind}
    if asked.choices:
        said["choices"] = list(asked.choices)
    if asked.is_required:
        said["required"] = True
    return said


def _attribute_from_json(facts: Facts) -> AttributeDef:
    name, kind = facts.text("name"), facts.text("kind")
    if kind not in ATTRIBUTE_KINDS:
        raise Malformed(f"attribute {name!r} is of the unknown kind {kind!r}")
    asked = AttributeDef(name, kind, facts.texts("choices"), facts.truth("required", False))
    fault = asked.fault()
    if fault:
        raise Malformed(f"attribute {name!r} {fault}")
    return asked


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
        _attributes(facts),
    )


def _attributes(facts: Facts) -> tuple[AttributeDef, ...]:
    found = facts.each("attributes", _attribute_from_json)
    names = [asked.name for asked in found]
    if len(set(names)) < len(names):
        raise Malformed(f"label {facts.text('id')!r} has two attributes of the same name")
    return found
