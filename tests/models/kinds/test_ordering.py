import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.kinds.ordering import Place, assign_in_order

LEVELS = [Place(5, repeats=True), *(Place(level) for level in range(5)), Place(5, repeats=True)]


def rows(*favourites: int, sure: float = 0.8, columns: int = 6) -> np.ndarray:
    scores = np.full((len(favourites), columns), (1 - sure) / (columns - 1))
    scores[np.arange(len(favourites)), favourites] = sure
    return scores


def test_a_right_row_stays_as_it_is() -> None:
    assert assign_in_order(rows(5, 5, 0, 1, 2, 3, 4, 5), LEVELS, skip_cost=3) == (5, 5, 0, 1, 2, 3, 4, 5)


def test_a_label_given_twice_is_moved_to_the_one_between() -> None:
    assert assign_in_order(rows(0, 1, 1, 3, 4), LEVELS, skip_cost=3) == (0, 1, 2, 3, 4)


def test_a_missing_piece_leaves_its_label_free_where_the_scores_are_sure() -> None:
    assert assign_in_order(rows(0, 1, 3, 4, sure=0.99), LEVELS, skip_cost=3) == (0, 1, 3, 4)


def test_a_great_skip_cost_keeps_labels_consecutive() -> None:
    found = assign_in_order(rows(0, 1, 3, 4), LEVELS, skip_cost=50)
    assert [second - first for first, second in itertools.pairwise(found) if first != 5 != second] == [1, 1, 1] or (
        5 in found
    )


def test_no_pieces_get_no_labels() -> None:
    assert assign_in_order(np.zeros((0, 6)), LEVELS, skip_cost=3) == ()


def test_more_pieces_than_places_leaves_the_worst_without_a_label() -> None:
    scores = np.array([[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]])
    assert assign_in_order(scores, [Place(0), Place(1)], skip_cost=1) == (0, -1, 1)


def test_an_empty_sequence_gives_no_labels() -> None:
    assert assign_in_order(rows(0, 1), [], skip_cost=1) == (-1, -1)


def brute_force(scores: np.ndarray, skip_cost: float) -> float:
    best = -np.inf
    for places in itertools.combinations_with_replacement(range(len(LEVELS)), len(scores)):
        steps = list(itertools.pairwise(places))
        if any(first == second and not LEVELS[first].repeats for first, second in steps):
            continue
        passed = sum(not LEVELS[p].repeats for first, second in steps for p in range(first + 1, second))
        total = sum(np.log(row[LEVELS[place].column]) for row, place in zip(scores, places, strict=True))
        best = max(best, float(total) - skip_cost * passed)
    return best


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.floats(0, 6))
def test_the_sum_is_the_greatest_there_is(seed: int, count: int, skip_cost: float) -> None:
    scores = np.random.default_rng(seed).dirichlet(np.ones(6), count) * 0.99 + 0.01 / 6
    found = assign_in_order(scores, LEVELS, skip_cost=skip_cost)
    assert -1 not in found
    # `other` stands at both ends of the sequence, so the places are those of the cheaper reading.
    firsts = list(itertools.product(*[[0, 6] if column == 5 else [column + 1] for column in found]))
    allowed = [places for places in firsts if list(places) == sorted(places)]
    total = max(
        sum(float(np.log(row[column])) for row, column in zip(scores, found, strict=True))
        - skip_cost
        * sum(max(0, sum(not LEVELS[p].repeats for p in range(a + 1, b))) for a, b in itertools.pairwise(ps))
        for ps in allowed
    )
    assert total == pytest.approx(brute_force(scores, skip_cost))
