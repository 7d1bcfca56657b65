"""Proposals by need: the order, and stepping through it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Proposal, WholeScan, now
from dataset.prediction import ModelRef, Prediction
from desktop_app.findings import Rows, standing_rows
from desktop_app.limits import Limits
from desktop_app.need import Need, following, needs_of

SCORES = st.lists(st.integers(0, 10).map(lambda n: n / 10), min_size=1, max_size=30)


def table(made: list[Proposal]) -> Rows:
    return standing_rows([Prediction("1", "key", ModelRef("finder", "1", "0"), "cpu", now(), 0.1, tuple(made))])


@given(SCORES, st.integers(0, 10), st.integers(0, 10))
def test_stepping_goes_through_all_in_the_order_of_need_and_back(scores: list[float], common: int, own: int) -> None:
    limits = Limits(common / 10, (("cyst", own / 10),))
    made = [Proposal(f"p{n}", "cyst" if n % 3 else "disc", WholeScan(), s) for n, s in enumerate(scores)]
    needs, rows = needs_of(table(made), np.arange(len(made)), limits), np.arange(len(made)) * 2
    wanted = sorted(range(len(made)), key=lambda n: (abs(made[n].score - limits.of(made[n].label)), n))
    for direction in (1, -1):
        at, met = None, list[int]()
        while (number := following(needs, rows, at, direction)) >= 0:
            met.append(number)
            at = Need(float(needs[number]), int(rows[number]))
        assert met == wanted[::direction]


@given(SCORES, st.data())
def test_from_one_that_is_gone_the_next_is_the_one_that_came_after_it(scores: list[float], data: st.DataObject) -> None:
    made = [Proposal(f"p{n}", "disc", WholeScan(), s) for n, s in enumerate(scores)]
    rows = np.arange(len(made))
    needs = needs_of(table(made), rows, Limits(0.5))
    order = sorted(range(len(made)), key=lambda n: (needs[n], n))
    place = data.draw(st.integers(0, len(made) - 1))
    gone = order[place]
    left = [n for n in range(len(made)) if n != gone]
    number = following(needs[left], rows[left], Need(float(needs[gone]), gone), 1)
    assert (left[number] if number >= 0 else None) == (order[place + 1] if place + 1 < len(order) else None)


def test_where_nothing_is_open_there_is_no_next() -> None:
    assert following(np.zeros(0), np.zeros(0, np.int64), None, 1) == -1
    assert len(needs_of(table([]), np.zeros(0, np.int64), Limits(0.5, (("disc", 0.1),)))) == 0
