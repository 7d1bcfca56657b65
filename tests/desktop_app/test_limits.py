"""Limits: which proposals are shown."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Proposal, WholeScan
from desktop_app.display import Display
from desktop_app.findings import numbered
from desktop_app.limits import SHOW_ALL, SHOW_NONE, Limits

LABELS = ("disc", "cyst", "tumour")
SCORE = st.integers(0, 20).map(lambda n: n / 20)
LIMITS = st.builds(
    Limits, SCORE, st.dictionaries(st.sampled_from(LABELS), SCORE).map(lambda d: tuple(sorted(d.items())))
)
PROPOSALS = st.lists(st.builds(Proposal, st.just("p"), st.sampled_from(LABELS), st.just(WholeScan()), SCORE)).map(tuple)


@given(LIMITS, PROPOSALS)
def test_one_by_one_in_a_row_and_as_arrays_limits_say_the_same(limits: Limits, proposals: tuple[Proposal, ...]) -> None:
    one_by_one = [limits.passes(p.label, p.score) for p in proposals]
    numbers, labels = numbered(p.label for p in proposals)
    scores = np.array([p.score for p in proposals])
    assert (scores >= limits.each(numbers, labels)).tolist() == one_by_one
    assert limits.passing(proposals) == tuple(p for p, passes in zip(proposals, one_by_one, strict=True) if passes)


@given(LIMITS, st.sampled_from(LABELS), SCORE)
def test_a_limit_of_one_label_leaves_the_others_and_can_be_taken_back(limits: Limits, label: str, limit: float) -> None:
    moved = limits.with_label(label, limit)
    assert moved.of(label) == limit
    assert [moved.of(other) for other in LABELS if other != label] == [limits.of(o) for o in LABELS if o != label]
    assert moved.with_label(label, None).of(label) == limits.common
    assert hash(moved) == hash(limits.with_label(label, limit))


def test_the_limits_of_a_display_are_its_threshold_and_those_of_single_labels() -> None:
    display = Display(threshold=0.4, thresholds=(("cyst", 0.8),))
    assert display.limits == Limits(0.4, (("cyst", 0.8),))
    assert not display.limits.passes("cyst", 0.7)
    assert display.limits.passes("disc", 0.4)


@given(PROPOSALS)
def test_there_are_limits_that_all_and_that_none_reach(proposals: tuple[Proposal, ...]) -> None:
    assert SHOW_ALL.passing(proposals) == proposals
    assert SHOW_NONE.passing(proposals) == ()
