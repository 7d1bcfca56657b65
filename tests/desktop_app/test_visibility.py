"""Hide, show alone, lock: what is left to see and to take, and that accepting leaves alone what nobody sees."""

from __future__ import annotations

from typing import cast

from dataset.annotation import Annotation, Box, WholeScan, now
from dataset.document import Document, Snapshot
from desktop_app.mark_edits import attribute_edit, attribute_of, lock_edit, whole_scan_edit, whole_scan_marks
from desktop_app.review import Proposed
from desktop_app.visibility import EVERYTHING, Sieve, Visibility
from imaging.geometry import Plane
from tests.desktop_app.conftest import Reader, prediction, proposal, volume

PLANE = Plane(0, 6)


def mark(mark_id: str, label: str = "disc", *, locked: bool = False) -> Annotation:
    return Annotation(mark_id, label, Box(PLANE, 10, 10, 20, 20), "ada", now(), locked=locked)


MARKS = (mark("a"), mark("b", "tumour"), mark("c", "cyst"), mark("d"))


def shown(visibility: Visibility) -> str:
    return "".join(one.id for one in Sieve().of(MARKS, visibility))


def test_marks_and_labels_are_hidden_and_shown_alone() -> None:
    assert shown(EVERYTHING.hiding(["a", "c"])) == "bd"
    without = EVERYTHING.toggling_label("disc")
    assert shown(without) == "bc"
    assert without.toggling_label("disc") == EVERYTHING
    alone = without.hiding(["d"]).toggling_solo(["disc"])
    assert shown(alone) == "a", "what is shown alone is shown though its label is hidden; a hidden mark is not"
    assert shown(alone.toggling_label("cyst")) == "ac"
    assert shown(alone.toggling_solo(["disc"])) == "bc"


def test_the_next_scan_begins_with_all_marks_and_the_same_labels() -> None:
    assert EVERYTHING.hiding("a").toggling_label("cyst").for_next_scan() == EVERYTHING.toggling_label("cyst")


def test_the_same_marks_give_the_same_value_so_that_nothing_is_drawn_again() -> None:
    sieve, hidden = Sieve(), EVERYTHING.hiding(["a"])
    assert sieve.of(MARKS, EVERYTHING) is MARKS
    assert sieve.of(MARKS, hidden) is sieve.of(MARKS, EVERYTHING.hiding(["a"]))


def test_locking_is_an_edit_and_leaves_the_author() -> None:
    document = Document(Snapshot((mark("a"), mark("b", locked=True))))
    document.commit(lock_edit(document.annotations, True))
    assert all(one.locked and one.author == "ada" for one in document.annotations)
    assert document.undo_title == "Lock"
    document.undo()
    assert [one.locked for one in document.annotations] == [False, True]


def test_an_attribute_is_set_for_all_and_taken_away_again() -> None:
    document = Document(Snapshot((mark("a"), mark("b"))))
    offered = {"p1": Proposed(proposal(1), "finder@1.0")}
    document.commit(attribute_edit(document, offered, ("a", "b", "p1"), "Grade", "high", "grace"))
    assert [attribute_of(one, "Grade") for one in document.annotations] == ["high"] * 3
    assert document.is_settled("p1")
    document.commit(attribute_edit(document, offered, ("a", "b"), "Grade", "", "grace"))
    assert [one.attributes for one in document.annotations] == [(), (), (("Grade", "high"),)]
    assert attribute_edit(document, offered, ("a",), "Grade", "", "grace").is_empty


def test_a_label_of_the_scan_accepts_what_a_model_proposed_and_unsaying_it_rejects_that() -> None:
    from dataset.annotation import Proposal

    document = Document(Snapshot())
    offered = {"w": Proposed(Proposal("w", "pneumonia", WholeScan(), 0.8), "chest@1.0")}
    document.commit(whole_scan_edit(document, offered, "pneumonia", True, "ada", "Pneumonia"))
    ((accepted,),) = whole_scan_marks(document).values()
    assert (accepted.author, accepted.origin) == ("model:chest@1.0", "w")
    document.commit(whole_scan_edit(document, offered, "effusion", True, "ada", "Effusion"))
    assert set(whole_scan_marks(document)) == {"pneumonia", "effusion"}
    assert whole_scan_edit(document, offered, "effusion", True, "ada", "Effusion").is_empty
    document.commit(whole_scan_edit(document, offered, "pneumonia", False, "ada", "Pneumonia"))
    assert set(whole_scan_marks(document)) == {"effusion"}
    assert document.is_settled("w")


def test_hidden_proposals_are_neither_drawn_nor_taken_nor_accepted(reader: Reader) -> None:
    session = reader.session
    reader.open(volume(), prediction(proposal(1), proposal(2, label="tumour"), proposal(9)))
    session.select(["p1", "p9"])
    session.set_visibility(session.visibility.toggling_label("tumour").hiding(["p9"]))
    assert session.selection == {"p1"}
    reader.settle()
    assert {chip.text for chip in reader.window.pane.view.plan.chips} == {"Disc 0.90"}
    assert [one.id for one in session.bench().proposals] == ["p1"]
    session.accept_all()
    assert [one.origin for one in session.document.annotations] == ["p1"]
    session.save()
    assert session.dataset is reader.dataset
    session.keeping.flush()
    _, facts = cast("tuple[object, dict[str, object]]", reader.dataset.revisions[-1])
    assert facts["finished"] is False, "what is hidden still waits"
    reader.window._actions.actions["show-all"].trigger()
    assert len(session.marks_on(session.plane)) == 3


def test_what_is_drawn_with_a_hidden_label_is_seen(reader: Reader) -> None:
    from dataset.document import Edit
    from desktop_app.tool import Outcome

    session = reader.session
    reader.open(volume())
    session.set_visibility(session.visibility.toggling_label("disc").toggling_solo(["cyst"]))
    session.handle(Outcome(Edit("Draw", put=(mark("a"),))))
    assert [one.id for one in session.marks_on(PLANE)] == ["a"]


def test_locked_marks_are_not_deleted(reader: Reader) -> None:
    from dataset.document import Edit

    session = reader.session
    reader.open(volume())
    session.commit(Edit("Draw", put=(mark("a"), mark("b"))))
    session.select(["a"])
    reader.window._actions.actions["lock"].trigger()
    session.select(["a", "b"])
    session.delete_selection()
    assert [one.id for one in session.document.annotations] == ["a"]
    session.select(["a"])
    assert reader.window._actions.actions["lock"].text() == "Unlock"
    reader.window._actions.actions["lock"].trigger()
    session.delete_selection()
    assert not session.document.annotations
