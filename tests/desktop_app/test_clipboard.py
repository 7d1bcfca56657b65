"""Copying and pasting marks: what an edit comes of it, and what the system's clipboard gets and gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit

from dataset.annotation import Annotation, Box, Geometry, Points, Polygon, Polyline, Proposal, RotatedBox, WholeScan
from dataset.document import Document, Snapshot
from dataset.mask import Mask, mask_of_plane
from dataset.qupath import PIECE, TEMPLATE
from desktop_app.clipboard import Clip, copied, cut, pasted
from desktop_app.clipping import read_text
from desktop_app.tool import Bench, Mark, Outcome
from imaging.errors import Problem
from imaging.geometry import Axis, Plane, Size
from tests.desktop_app.conftest import LABELS, Reader, prediction, volume
from tests.desktop_app.conftest import proposal as proposed_box
from tests.desktop_app.tools.hand import AXIAL, mark, proposal

SIZE = Size(200, 100, 10)
BOX = Box(AXIAL, 10, 20, 30, 40)


class Hand:
    """A document with marks, all of them selected."""

    def __init__(self, *marks: Mark, size: Size = SIZE, plane: Plane = AXIAL, key: str = "one") -> None:
        self.document = Document(Snapshot(tuple(m for m in marks if isinstance(m, Annotation))))
        self.proposals = tuple(m for m in marks if isinstance(m, Proposal))
        self.size, self.key = size, key
        self.plane = plane
        self.selection = frozenset(m.id for m in marks)
        self.outcome = Outcome()

    @property
    def bench(self) -> Bench:
        left = tuple(p for p in self.proposals if not self.document.is_settled(p.id))
        return Bench(self.plane, self.size, self.document.snapshot(), left, self.selection, "disc", "grace")

    def copy(self) -> Clip:
        return copied(self.bench, self.key)

    def cut(self) -> Clip:
        clip, outcome = cut(self.bench, self.key)
        self._take(outcome)
        return clip

    def paste(self, clip: Clip, plane: int | None = None, axis: Axis = 0) -> tuple[Annotation, ...]:
        """What pasting puts there."""
        self.plane = self.plane if plane is None else Plane(axis, plane)
        self._take(pasted(clip, self.bench, self.key))
        edit = self.outcome.edit
        return edit.put if edit is not None else ()

    def _take(self, outcome: Outcome) -> None:
        self.outcome = outcome
        if outcome.edit is not None:
            self.document.commit(outcome.edit)
        if outcome.select is not None:
            self.selection = outcome.select

    def get(self, mark_id: str) -> Annotation:
        found = self.document.get(mark_id)
        assert found is not None
        return found


def square(*planes: int, x: int = 20, side: int = 10, axis: Axis = 0) -> Mask:
    made = mask_of_plane(np.ones((side, side), np.bool_), planes[0], axis=axis, x=x, y=20)
    for plane in planes[1:]:
        made = made.painted(plane, x, 20, np.ones((side, side), np.bool_), value=True)
    return made


def test_a_box_is_pasted_at_the_same_place_of_another_plane_as_the_reader_s_own() -> None:
    hand = Hand(was := replace(mark(BOX), attributes=(("side", "left"), (TEMPLATE, "{}"), (PIECE, "x/0")), locked=True))
    (made,) = hand.paste(hand.copy(), 7)
    assert made.geometry == replace(BOX, plane=Plane(0, 7))
    assert (made.label, made.author, made.attributes, made.locked) == ("disc", "grace", (("side", "left"),), False)
    assert made.id != was.id
    assert hand.selection == {made.id}
    assert hand.outcome.told == "Pasted 1 mark on plane 8"
    assert hand.get(was.id) == was


def test_a_proposal_is_pasted_as_a_mark_of_its_own_and_stays_open() -> None:
    hand = Hand(was := proposal(BOX))
    (made,) = hand.paste(hand.copy(), 7)
    assert (made.origin, made.score) == ("", None)
    assert not hand.document.is_settled(was.id)


def test_marks_of_several_planes_keep_their_distance_to_the_plane_shown() -> None:
    marks = [mark(replace(BOX, plane=Plane(0, index))) for index in (3, 4, 9)]
    hand = Hand(*marks)
    made = hand.paste(hand.copy(), 7)
    assert [m.geometry.plane.index for m in made if isinstance(m.geometry, Box)] == [7, 8]
    assert "1 outside this scan" in hand.outcome.told
    assert hand.outcome.edit is not None
    assert hand.outcome.edit.title == "Paste 2"


def test_the_part_of_a_mask_on_the_plane_shown_goes_into_the_same_mask() -> None:
    hand = Hand(was := mark(square(2, 3)))
    (made,) = hand.paste(hand.copy(), 6)
    assert made.id == was.id
    assert made.geometry == square(2, 3, 6)
    assert hand.paste(hand.copy(), 6) == ()
    assert hand.outcome.told == "Nothing was pasted; 1 already here"


def test_a_mask_is_pasted_on_planes_of_other_directions_when_it_was_copied_there() -> None:
    hand = Hand(was := mark(square(2, 3)), plane=Plane(1, 25))
    (made,) = hand.paste(hand.copy(), 40, axis=1)
    assert isinstance(made.geometry, Mask)
    assert (made.id, made.geometry.axis) == (was.id, 0)
    found = made.geometry.section(1, 40)
    assert found is not None
    assert (found[0], found[1], found[2].shape) == (20, 2, (2, 10))


def test_in_another_case_a_mask_of_one_plane_joins_one_of_its_label_there_or_is_new() -> None:
    clip = Hand(mark(square(3))).copy()
    there, other = mark(square(6, x=60)), mark(square(6, x=90), "tumour")
    hand = Hand(there, other, key="two")
    (made,) = hand.paste(clip, 6)
    assert made.id == there.id
    assert isinstance(made.geometry, Mask)
    assert made.geometry.count() == 200
    (alone,) = hand.paste(clip, 8)
    assert alone.id not in {there.id, other.id}
    assert alone.geometry == square(8)


def test_a_proposed_mask_that_takes_in_a_plane_becomes_the_reader_s_own() -> None:
    hand = Hand(was := proposal(square(3)))
    (made,) = hand.paste(hand.copy(), 4)
    assert (made.origin, made.geometry) == (was.id, square(3, 4))
    (again,) = hand.paste(Clip((was,), AXIAL, SIZE, "one"), 5)
    assert again.id == made.id


def test_a_mask_locked_by_hand_takes_nothing_in() -> None:
    hand = Hand(was := mark(square(3), locked=True))
    (made,) = hand.paste(hand.copy(), 4)
    assert made.id != was.id
    assert made.geometry == square(4)


def test_in_another_case_of_the_same_size_a_mask_keeps_its_planes() -> None:
    hand = Hand(key="two")
    (made,) = hand.paste(Hand(mark(square(2, 3, 5))).copy(), 9)
    assert made.geometry == square(2, 3, 5)
    smaller = Hand(key="two", size=Size(25, 100, 4), plane=Plane(0, 1))
    (made,) = smaller.paste(Hand(mark(square(2, 3, 5))).copy())
    assert isinstance(made.geometry, Mask)
    assert made.geometry.bounds(1) == (20, 20, 5, 10)
    assert made.geometry.planes == (1,)
    assert smaller.outcome.told == (
        "Pasted 1 mark on plane 2 at the same pixels of a scan of another size; 1 cut at the edge of this scan"
    )


def test_outlines_are_cut_at_the_edge_of_a_smaller_scan() -> None:
    shapes: dict[Geometry, object] = {
        BOX: Box(AXIAL, 10, 20, 15, 10),
        Polygon(AXIAL, ((10, 10), (40, 10), (40, 20), (10, 20))): ((10, 10), (25, 10), (25, 20), (10, 20)),
        Polyline(AXIAL, ((10, 10), (40, 10))): Polyline(AXIAL, ((10, 10), (25, 10))),
        Points(AXIAL, ((10, 10), (40, 10))): Points(AXIAL, ((10, 10),)),
        RotatedBox(AXIAL, 20, 20, 30, 4, 45): RotatedBox(AXIAL, 20, 20, 30, 4, 45),
        Box(AXIAL, 30, 20, 30, 40): None,
    }
    hand = Hand(key="two", size=Size(25, 30, 10))
    made = hand.paste(Hand(*map(mark, shapes)).copy())
    for annotation, wanted in zip(made, shapes.values(), strict=False):
        shape = annotation.geometry
        assert set(shape.exterior) == set(wanted) if isinstance(shape, Polygon) else shape == wanted  # type: ignore[call-overload]
    assert len(made) == 5
    assert "1 outside this scan" in hand.outcome.told


def test_what_lies_on_planes_of_another_direction_is_not_pasted_and_that_is_told() -> None:
    hand = Hand(mark(BOX), mark(square(3)))
    assert hand.paste(hand.copy(), 5, axis=1) == ()
    assert hand.outcome.told == "Nothing was pasted; 2 drawn on planes of another direction"


def test_a_label_of_the_whole_scan_is_pasted_once() -> None:
    clip = Hand(mark(WholeScan(), "normal")).copy()
    hand = Hand(key="two")
    (made,) = hand.paste(clip)
    assert (made.label, made.geometry) == ("normal", WholeScan())
    assert hand.paste(clip) == ()


def test_cutting_takes_marks_away_and_of_masks_what_is_shown() -> None:
    box, several, single = mark(BOX), mark(square(2, 3)), replace(mark(square(3, x=60)), origin="p9")
    hand = Hand(box, several, single, proposed := proposal(BOX), held := mark(BOX, locked=True))
    clip = hand.cut()
    assert [m.id for m in hand.document.annotations] == [several.id, held.id]
    assert hand.get(several.id).geometry == square(2)
    assert hand.document.rejected == {proposed.id, "p9"}
    assert hand.selection == frozenset()
    assert hand.outcome.told == "Cut 4 marks; 1 locked, only copied"
    made = hand.paste(clip, 8)
    assert {m.id for m in made} & {several.id}
    assert hand.get(several.id).geometry == square(2, 8)
    assert len(made) == 5


def test_what_was_cut_from_one_plane_of_a_mask_is_all_that_another_case_gets() -> None:
    clip = Hand(mark(square(2, 3))).cut()
    (made,) = Hand(key="two").paste(clip, 5)
    assert made.geometry == square(5)


@pytest.mark.parametrize(
    ("text", "said"), [("{nonsense", "is no GeoJSON"), ('{"type": "Feature", "geometry": {"type": "Cube"}}', "Cube")]
)
def test_a_text_that_holds_no_marks_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(Problem, match=said) as caught:
        read_text(text, LABELS, "grace")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("The text on the clipboard")


def test_a_text_too_large_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_app.clipping.LARGEST_TEXT", 100)
    with pytest.raises(Problem, match="Import it as a file"):
        read_text("[" * 101, LABELS, "grace")


def wait_for(reader: Reader, what: Callable[[], bool]) -> None:
    reader.bot.waitUntil(what, timeout=5000)


def opened(reader: Reader) -> Reader:
    reader.open(volume(), prediction(proposed_box(1)))
    QGuiApplication.clipboard().clear()
    reader.session.set_plane(Plane(0, 6))
    return reader


def key(reader: Reader, code: Qt.Key, *, shift: bool = False) -> None:
    held = Qt.KeyboardModifier.ControlModifier
    if shift:
        held |= Qt.KeyboardModifier.ShiftModifier
    reader.bot.keyClick(reader.window, code, held)
    reader.settle()


def test_keys_copy_paste_cut_and_duplicate(reader: Reader) -> None:
    session = opened(reader).session
    session.select(["p1"])
    key(reader, Qt.Key.Key_C)
    wait_for(reader, lambda: bool(QGuiApplication.clipboard().text()))
    feature = json.loads(QGuiApplication.clipboard().text())["features"][0]
    assert feature["properties"]["classification"]["name"] == "Disc"
    session.set_plane(Plane(0, 2))
    key(reader, Qt.Key.Key_V)
    (made,) = session.document.annotations
    assert made.geometry == replace(proposed_box(1).geometry, plane=Plane(0, 2))  # type: ignore[type-var]
    assert session.selection == {made.id}
    key(reader, Qt.Key.Key_D, shift=True)
    assert session.plane == Plane(0, 3)
    assert len(session.document.annotations) == 2
    key(reader, Qt.Key.Key_X)
    assert session.document.annotations == (made,)
    session.undo()
    assert len(session.document.annotations) == 2


def test_on_the_last_plane_there_is_no_next_one(reader: Reader) -> None:
    session = opened(reader).session
    session.set_plane(Plane(0, 11))
    session.select(["p1"])
    with reader.bot.waitSignal(session.told) as told:
        session.clipping.duplicate()
    assert told.args == ["This is the last plane"]
    assert session.document.annotations == ()


def test_marks_of_another_program_are_pasted_with_their_labels(reader: Reader) -> None:
    session = opened(reader).session
    line = {"type": "LineString", "coordinates": [[1, 2], [30, 40]]}
    text = {"type": "Feature", "geometry": line, "properties": {"classification": {"name": "Vessel"}}}
    session.select(["p1"])
    key(reader, Qt.Key.Key_C)
    wait_for(reader, lambda: bool(QGuiApplication.clipboard().text()))
    QGuiApplication.clipboard().setText(json.dumps(text))
    key(reader, Qt.Key.Key_V)
    wait_for(reader, lambda: bool(session.document.annotations))
    (made,) = session.document.annotations
    assert made.geometry == Polyline(Plane(0, 6), ((1, 2), (30, 40)))
    assert session.label_of(made.label).name == "Vessel"
    assert made.author == session.author


def test_a_broken_text_is_told_and_other_words_leave_what_was_copied_here(reader: Reader) -> None:
    session = opened(reader).session
    QGuiApplication.clipboard().setText("{broken")
    with reader.bot.waitSignal(session.problem_raised) as raised:
        key(reader, Qt.Key.Key_V)
    assert "GeoJSON" in str(raised.args[0])  # type: ignore[index]
    session.select(["p1"])
    key(reader, Qt.Key.Key_C)
    wait_for(reader, lambda: QGuiApplication.clipboard().text() != "{broken")
    QGuiApplication.clipboard().setText("a word")
    key(reader, Qt.Key.Key_V)
    assert len(session.document.annotations) == 1


def test_an_outline_that_cannot_be_cut_at_the_edge_is_told_of(reader: Reader) -> None:
    session = opened(reader).session
    ring = [[1, 1], [1e9, 1], [1, 1e9], [1, 1]]
    QGuiApplication.clipboard().setText(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    with reader.bot.waitSignal(session.problem_raised) as raised:
        key(reader, Qt.Key.Key_V)
    assert "too far outside" in str(raised.args[0])  # type: ignore[index]
    assert session.document.annotations == ()


def test_a_text_field_takes_the_keys_first(reader: Reader) -> None:
    session = opened(reader).session
    session.select(["p1"])
    field = QLineEdit("seen", reader.window)
    field.show()
    field.setFocus()
    field.selectAll()
    reader.bot.keyClick(field, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "seen"
    reader.bot.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert session.document.annotations == ()
    assert session.clipping._clip is None
