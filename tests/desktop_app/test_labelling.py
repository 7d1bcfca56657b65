"""New labels get an id and a colour of their own."""

from hypothesis import given
from hypothesis import strategies as st

from dataset.label import Label, LabelSet
from desktop_app.labelling import COLOURS, label_named


def test_a_name_that_is_there_is_not_added_again() -> None:
    known = Label("disc", "Disc", "#123456")
    assert label_named("DISC", LabelSet("", (known,))) is known


def test_ids_are_plain_and_unique() -> None:
    labels = LabelSet("", (Label("knochen-os", "other", "#123456"),))
    assert label_named("Knochen (Ös)", labels).id == "knochen-os-2"
    assert label_named("骨", LabelSet("", ())).id == "label"


@given(st.lists(st.text(min_size=1), max_size=40))
def test_many_labels_stay_apart(names: list[str]) -> None:
    labels = LabelSet("", ())
    for name in names:
        labels = labels.with_labels((label_named(name, labels),))
    assert len({label.id for label in labels.labels}) == len(labels.labels)
    assert len({label.colour for label in labels.labels}) >= min(len(labels.labels), len(COLOURS))
