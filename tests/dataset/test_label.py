"""Labels and their attributes: what may be said, and that the file keeps exactly what is defined."""

from pathlib import Path
from typing import Any

import pytest

from dataset.errors import DatasetProblem
from dataset.facts import parse_json, to_readable_json
from dataset.folder import Dataset
from dataset.label import AttributeDef, Label, LabelSet
from dataset.labelfile import labels_from_json, labels_to_json

GRADE = AttributeDef("Grade", "choice", ("low", "high"), is_required=True)
LABELS = LabelSet(
    "set",
    (
        Label("disc", "Disc", "#4cc9f0", "1"),
        Label(
            "tumour", "Tumour", "#f72585",
            attributes=(GRADE, AttributeDef("Sure", "yes-no"), AttributeDef("Size", "number"), AttributeDef("Note")),
        ),
    ),
)  # fmt: skip


def read(value: object) -> LabelSet:
    return parse_json(to_readable_json(value), Path("labels.json"), labels_from_json)


def with_attributes(*attributes: Any) -> dict[str, Any]:
    label = {"id": "a", "name": "A", "colour": "#ffffff", "attributes": list(attributes)}
    return {"format": 1, "id": "set", "labels": [label]}


def test_the_file_keeps_what_is_defined_and_older_files_have_no_attributes() -> None:
    assert read(labels_to_json(LABELS)) == LABELS
    old = {"format": 1, "id": "set", "labels": [{"id": "a", "name": "A", "colour": "#ffffff"}]}
    assert read(old).labels == (Label("a", "A", "#ffffff"),)
    assert "attributes" not in str(labels_to_json(LabelSet("set", LABELS.labels[:1])))


@pytest.mark.parametrize(
    ("attribute", "why"),
    [
        ({"name": "Grade", "kind": "colour"}, "unknown kind 'colour'"),
        ({"name": "Grade", "kind": "choice", "choices": ["low"]}, "at least two choices"),
        ({"name": "Grade", "kind": "choice", "choices": ["a", "a"]}, "same choice twice"),
        ({"name": "Grade", "kind": "text", "choices": ["a", "b"]}, "has choices but is none"),
        ({"name": " ", "kind": "text"}, "has no name"),
        ({"name": "measures", "kind": "text"}, "keeps for itself"),
        ({"kind": "text"}, "name is missing"),
        ("Grade", "no JSON object"),
        ({"name": "Grade", "kind": "choice", "choices": "ab"}, "is not a list"),
    ],
)
def test_a_definition_that_cannot_be_is_one_clear_problem(attribute: object, why: str) -> None:
    with pytest.raises(DatasetProblem, match=why) as caught:
        read(with_attributes(attribute))
    assert "\n" not in str(caught.value)


def test_two_attributes_of_one_name_are_refused() -> None:
    with pytest.raises(DatasetProblem, match="same name"):
        read(with_attributes({"name": "A", "kind": "text"}, {"name": "A", "kind": "number"}))


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [("choice", "low", "middle"), ("yes-no", "yes", "true"), ("number", "-1.5e3", "inf"), ("number", "3", "three")],
)
def test_values_are_of_their_kind(kind: Any, good: str, bad: str) -> None:
    asked = AttributeDef("x", kind, ("low", "high") if kind == "choice" else ())
    assert asked.allows(good)
    assert asked.allows("")
    assert not asked.allows(bad)


def test_what_is_required_and_not_said_is_named() -> None:
    tumour = LABELS.labels[1]
    assert tumour.missing((("Grade", "low"),)) == ()
    assert tumour.missing((("Grade", ""), ("Sure", "yes"))) == ("Grade",)


def test_a_label_is_changed_without_touching_those_that_others_added(tmp_path: Path) -> None:
    mine, theirs = Dataset.create(tmp_path / "set", LABELS), Dataset.open(tmp_path / "set")
    theirs.add_labels([Label("cyst", "Cyst", "#00ff00")])
    changed = Label("disc", "Intervertebral disc", "#ff0000", "1", attributes=(GRADE,))
    assert [label.id for label in mine.change_label(changed).labels] == ["disc", "tumour", "cyst"]
    again = Dataset.open(tmp_path / "set")
    assert again.labels.get("disc") == changed
    for dataset in (mine, theirs, again):
        dataset.close()
