"""Documents against a plain model: edits, undo, redo, rejected and settled proposals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Annotation, Box, Geometry
from dataset.document import Document, Edit, Snapshot
from dataset.mask import empty_mask, mask_of_plane
from imaging.geometry import Plane
from tests.dataset.scans import WHEN

IDS = ["a", "b", "c", "d"]
PROPOSALS = ["p", "q", "r"]


def mark(identity: str, number: int, origin: str = "") -> Annotation:
    """A box or, for every third number, a mask."""
    geometry: Geometry = Box(Plane(), number, 0.0, 1.0, 1.0)
    if number % 3 == 0:
        geometry = mask_of_plane(np.ones((1, 1 + number), np.bool_), number)
    return Annotation(identity, f"label{number}", geometry, "ana", WHEN, origin=origin)


marks = st.builds(mark, st.sampled_from(IDS), st.integers(0, 9), st.sampled_from(["", *PROPOSALS]))
some_ids = st.lists(st.sampled_from(IDS), max_size=3).map(tuple)
some_proposals = st.lists(st.sampled_from(PROPOSALS), max_size=2).map(tuple)
edits = st.builds(
    Edit, st.just("edit"), st.lists(marks, max_size=3).map(tuple), some_ids, some_proposals, some_proposals
)
steps = st.lists(st.one_of(edits, st.sampled_from(["undo", "redo"])), max_size=25)


class PlainModel:
    """The same, by keeping every state whole."""

    def __init__(self, start: Snapshot) -> None:
        self.states = [({a.id: a for a in start.annotations}, set(start.rejected))]
        self.at = 0

    def apply(self, edit: Edit) -> bool:
        """Apply an edit; whether it said anything to do."""
        annotations, rejected = self.states[self.at]
        annotations, rejected = dict(annotations), set(rejected)
        is_something = bool(edit.put) or any(i in annotations for i in edit.remove)
        for identity in edit.remove:
            annotations.pop(identity, None)
        annotations.update({a.id: a for a in edit.put})
        is_something |= bool(set(edit.reject) - rejected)
        rejected |= set(edit.reject)
        is_something |= bool(set(edit.restore) & rejected)
        rejected -= set(edit.restore)
        if is_something:
            del self.states[self.at + 1 :]
            self.states.append((annotations, rejected))
            self.at += 1
        return is_something

    def settled(self) -> set[str]:
        annotations, rejected = self.states[self.at]
        return {a.origin for a in annotations.values() if a.origin} | rejected


@given(st.lists(marks, max_size=3), some_proposals, steps)
def test_any_edits_undone_and_done_again_lead_where_a_plain_model_does(
    start: Sequence[Annotation], rejected: tuple[str, ...], sequence: Sequence[Edit | str]
) -> None:
    unique = {a.id: a for a in start}
    first = Snapshot(tuple(unique.values()), frozenset(rejected))
    document, plain = Document(first), PlainModel(first)
    for step in sequence:
        before = document.snapshot()
        if isinstance(step, Edit):
            change = document.commit(step)
            assert plain.apply(step) == (not change.edit.is_empty)
        elif step == "undo":
            change = document.undo()
            assert (change is None) == (plain.at == 0)
            plain.at = max(plain.at - 1, 0)
        else:
            change = document.redo()
            assert (change is None) == (plain.at == len(plain.states) - 1)
            plain.at = min(plain.at + 1, len(plain.states) - 1)
        annotations, refused = plain.states[plain.at]
        after = document.snapshot()
        assert {a.id: a for a in after.annotations} == annotations
        assert after.rejected == refused
        assert document.settled() == plain.settled()
        assert all(document.is_settled(p) == (p in plain.settled()) for p in PROPOSALS)
        if change is not None:
            assert touched_between(before, after) <= change.touched
            # The inverse of what was done leads back, order and all.
            assert Document(after).commit(change.inverse).touched == change.touched
    for _ in range(plain.at):
        document.undo()
    assert document.snapshot() == first


def touched_between(before: Snapshot, after: Snapshot) -> set[str]:
    old, new = {a.id: a for a in before.annotations}, {a.id: a for a in after.annotations}
    return {i for i in {*old, *new} if old.get(i) != new.get(i)} | (before.rejected ^ after.rejected)


def test_what_comes_back_stands_where_it_stood() -> None:
    document = Document(Snapshot((mark("a", 1), mark("b", 1), mark("c", 1))))
    document.commit(Edit("remove", remove=("b",)))
    document.commit(Edit("add", put=(mark("d", 2),)))
    assert [a.id for a in document.annotations] == ["a", "c", "d"]
    document.undo()
    document.undo()
    assert [a.id for a in document.annotations] == ["a", "b", "c"]


def test_titles_say_what_would_be_undone_and_redone() -> None:
    document = Document()
    assert (document.undo_title, document.redo_title) == ("", "")
    document.commit(Edit("Draw", put=(mark("a", 1),)))
    document.commit(Edit("Reject", reject=("p",)))
    document.undo()
    assert (document.undo_title, document.redo_title) == ("Draw", "Reject")
    document.commit(Edit("Draw 2", put=(mark("b", 1),)))
    assert document.redo_title == ""


def test_an_edit_that_changes_nothing_is_not_remembered() -> None:
    document = Document()
    change = document.commit(Edit("Delete", remove=("nobody",), restore=("p",)))
    assert change.edit.is_empty
    assert document.undo() is None
    assert document.get("nobody") is None


def test_the_history_is_bounded_and_keeps_the_newest_edit() -> None:
    document = Document(history_bytes=5000)
    for number in range(50):
        document.commit(Edit(str(number), put=(mark("a", number + 1),)))
    assert document.history_bytes <= 5000
    assert document.undo_title == "49"
    tiny = Document(history_bytes=1)
    tiny.commit(Edit("Paint", put=(mark("a", 3),)))
    assert tiny.undo_title == "Paint"


def test_a_stroke_on_a_large_mask_costs_the_history_only_its_tiles() -> None:
    bits = np.ones((2048, 2048), np.bool_)
    bits[100::256, 100::256] = False
    large = mask_of_plane(bits, 0)
    document = Document(Snapshot((replace(mark("m", 1), geometry=large),)))
    stroke = large.painted(0, 5, 5, np.ones((3, 3), np.bool_), value=False)
    document.commit(Edit("Erase", put=(replace(mark("m", 1), geometry=stroke),)))
    assert document.history_bytes < 2000
    erased = replace(mark("m", 1), geometry=empty_mask())
    document.commit(Edit("Clear", put=(erased,)))
    # Of a whole mask that goes, too, only what it takes to make it again.
    assert document.history_bytes < 256 * 256
    document.undo()
    document.undo()
    assert document.annotations[0].geometry == large


def test_the_inside_of_a_large_area_costs_the_history_next_to_nothing() -> None:
    area = mask_of_plane(np.broadcast_to(np.True_, (20_000, 20_000)), 0)
    assert (area.count(), area.byte_count < 10 * 2**20) == (20_000 * 20_000, True)
    document = Document()
    document.commit(Edit("Fill", put=(replace(mark("m", 1), geometry=area),)))
    assert document.history_bytes < 12 * 2**20


def test_marks_that_come_back_stand_where_they_stood_and_the_rest_stays() -> None:
    document = Document(Snapshot(tuple(mark(str(number), 1) for number in range(5))))
    document.commit(Edit("Delete", remove=("1", "3")))
    document.commit(Edit("Add", put=(mark("5", 1),)))
    assert [a.id for a in document.annotations] == ["0", "2", "4", "5"]
    document.undo()
    document.undo()
    assert [a.id for a in document.annotations] == ["0", "1", "2", "3", "4"]
