"""What differs between masks, and a history made of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Annotation, new_id, now
from dataset.document import Document, Edit, Snapshot
from dataset.mask import TILE, Mask, empty_mask, mask_of_stack
from dataset.mask_delta import delta_of


def random_mask(seed: int, density: float) -> Mask:
    return mask_of_stack(np.random.default_rng(seed).random((2, 300, 280)) < density)


densities = st.sampled_from([0.0, 0.00002, 0.4, 1.0])


@given(st.integers(0, 99), densities, st.integers(0, 99), densities)
def test_a_delta_leads_from_either_mask_to_the_other(one: int, few: float, other: int, many: float) -> None:
    first, second = random_mask(one, few), random_mask(other, many)
    delta = delta_of(first, second)
    assert delta is not None
    assert delta.applied(first) == second
    assert delta.applied(second) == first
    assert all(
        tile.is_all for tile in delta.applied(first).tiles.values() if tile.bits.shape == (TILE, TILE) and many == 1
    )


def test_masks_of_different_axes_have_none() -> None:
    assert delta_of(empty_mask(0), empty_mask(1)) is None


def test_a_mask_without_a_difference_stays_the_same_object() -> None:
    mask = random_mask(1, 0.4)
    delta = delta_of(mask, replace(mask))
    assert delta is not None
    assert delta.applied(mask) is mask


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 250), st.integers(0, 250), st.booleans()), max_size=12))
def test_strokes_are_undone_and_done_again_exactly(strokes: list[tuple[int, int, int, bool]]) -> None:
    annotation = Annotation(new_id(), "disc", random_mask(3, 0.4), "ada", now())
    document = Document(Snapshot((annotation,)))
    states = [document.annotations]
    for plane, x, y, value in strokes:
        mask = document.annotations[0].geometry
        assert isinstance(mask, Mask)
        painted = mask.painted(plane, x, y, np.ones((30, 20), np.bool_), value=value)
        document.commit(Edit("Paint", put=(replace(annotation, geometry=painted),)))
        states.append(document.annotations)
    for wanted in reversed(states[:-1]):
        document.undo()
        assert document.annotations == wanted
    for wanted in states[1:]:
        document.redo()
        assert document.annotations == wanted


def test_a_stroke_costs_the_history_about_the_pixels_it_changed() -> None:
    annotation = Annotation(new_id(), "disc", mask_of_stack(np.ones((3, 500, 500), np.bool_)), "ada", now())
    document = Document(Snapshot((annotation,)))
    mask = annotation.geometry
    for number in range(20):
        assert isinstance(mask, Mask)
        mask = mask.painted(1, 10 * number, 10, np.ones((40, 5), np.bool_), value=False)
        document.commit(Edit("Erase", put=(replace(annotation, geometry=mask),)))
    assert document.history_bytes < 20 * 2000
