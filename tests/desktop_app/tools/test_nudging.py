"""Moving by whole pixels, in scan coordinates."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Annotation, Box, Geometry, Polyline, RotatedBox, WholeScan
from dataset.mask import TILE, empty_mask, mask_of_plane, mask_of_stack
from desktop_app.tools.nudging import MOST_TILES, nudged
from desktop_app.tools.select import SelectTool
from tests.desktop_app.tools.hand import AXIAL, Reader, mark, proposal


def with_all_selected(*marks_: object) -> Reader:
    reader = Reader(SelectTool(), *marks_)  # type: ignore[arg-type]
    every = (*reader.document.annotations, *reader.bench.proposals)
    reader.bench = replace(reader.bench, selection=frozenset(one.id for one in every))
    return reader


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Box(AXIAL, 10, 10, 20, 20), Box(AXIAL, 13, 8, 20, 20)),
        (RotatedBox(AXIAL, 50, 50, 20, 10, 30), RotatedBox(AXIAL, 53, 48, 20, 10, 30)),
        (Polyline(AXIAL, ((10, 10), (20, 20))), Polyline(AXIAL, ((13, 8), (23, 18)))),
    ],
)
def test_what_is_selected_moves_as_one_edit(before: Geometry, after: Geometry) -> None:
    reader = with_all_selected(mark(before))
    reader._take(nudged(reader.bench, 3, -2))
    assert reader.only.geometry == after
    assert reader.titles == ["Nudge"]


def test_what_was_locked_by_hand_stays_and_what_was_accepted_moves_because_it_is_selected() -> None:
    own, locked = mark(Box(AXIAL, 10, 10, 20, 20)), mark(Box(AXIAL, 50, 10, 20, 20), locked=True)
    accepted = mark(Box(AXIAL, 90, 10, 20, 20), author="model:m@1")
    reader = with_all_selected(own, locked, accepted)
    reader._take(nudged(reader.bench, 1, 0))
    assert [m.geometry.x for m in reader.document.annotations if isinstance(m.geometry, Box)] == [11, 50, 91]
    assert reader.bench.selection == {own.id, locked.id, accepted.id}
    alone = with_all_selected(locked)
    assert nudged(alone.bench, 1, 0).told == "Locked marks stay where they are"


def test_a_proposal_becomes_the_readers_own_and_stays_selected() -> None:
    proposed = proposal(Box(AXIAL, 10, 10, 20, 20))
    reader = with_all_selected(proposed)
    reader._take(nudged(reader.bench, 0, 1))
    assert reader.only.origin == proposed.id
    assert reader.bench.selection == {reader.only.id}


def test_the_middle_of_a_mark_stays_on_the_plane() -> None:
    reader = with_all_selected(mark(Box(AXIAL, 185, 10, 20, 20)))
    reader._take(nudged(reader.bench, 10, 0))
    assert reader.only.geometry == Box(AXIAL, 190, 10, 20, 20)
    assert nudged(reader.bench, 10, 0).told == "It ends here"


def test_nothing_selected_is_nothing_done() -> None:
    reader = Reader(SelectTool(), mark(Box(AXIAL, 10, 10, 20, 20)))
    assert nudged(reader.bench, 1, 0).edit is None
    whole = with_all_selected(mark(WholeScan()))
    assert nudged(whole.bench, 1, 0).edit is None
    across = with_all_selected(mark(mask_of_stack(np.ones((200, 12, 90), np.bool_), axis=1)))
    assert nudged(across.bench, 1, 0).edit is None


def test_a_very_large_mask_stays_and_says_so() -> None:
    bits = np.zeros((TILE, (MOST_TILES + 1) * TILE), np.bool_)
    bits[3, ::TILE] = True
    reader = with_all_selected(mark(mask_of_plane(bits, 3)))
    assert "too large" in nudged(reader.bench, 1, 0).told


@given(st.integers(-60, 60), st.integers(-60, 60), st.integers(0, 999))
def test_a_mask_moves_with_every_pixel_or_as_far_as_it_can(dx: int, dy: int, seed: int) -> None:
    bits = np.random.default_rng(seed).random((3, 20, 30)) < 0.2
    bits[0, 0, 0] = bits[0, -1, -1] = True
    before = mask_of_stack(bits, plane=2, x=100, y=40)
    reader = with_all_selected(mark(before))
    outcome = nudged(reader.bench, dx, dy)
    dx, dy = min(max(dx, -100), 70), min(max(dy, -40), 40)
    middle = before.bounds(3)
    assert middle is not None
    if outcome.edit is None:
        return
    after = outcome.edit.put[0].geometry
    assert isinstance(outcome.edit.put[0], Annotation)
    assert after == mask_of_stack(bits, plane=2, x=100 + dx, y=40 + dy) or abs(dx) > 30 or abs(dy) > 30
    assert after.count() == before.count()  # type: ignore[union-attr]


def test_an_empty_mask_does_no_harm() -> None:
    reader = with_all_selected(mark(empty_mask()))
    assert nudged(reader.bench, 1, 0).edit is None
