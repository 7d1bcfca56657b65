"""Which cases are shown, in what order, and which needs a person most."""

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.case_index import SORTS, Order, Wanted, narrowed, next_by_need, sorted_numbers, wanted_of
from desktop_app.case_table import CaseTable
from desktop_app.cases import Case
from desktop_app.display import CaseRow

ROWS = (
    CaseRow("alpha", "labelled", "a", suspicion=0.99, suspect="Disc", score=0.99, added=3),
    CaseRow("beta", "unseen", "b", detail="MR · 512 × 512", added=1),
    CaseRow("gamma", "in progress", "c", suspicion=0.3, score=0.3, added=2),
    CaseRow("delta", "unseen", "d", suspicion=0.8, suspect="Tumour", score=0.8, added=5),
    CaseRow("epsilon", "labelled", "e", conflicts=1, readings=(("Ada Jones", 9.0),), added=4),
    CaseRow("broken", "unseen", "f", problem="cannot be read", added=6),
    CaseRow("zeta", "unseen", "g", score=0.98, added=7),
)
TABLE = CaseTable(Case(row) for row in ROWS)


def found(text: str, state: str = "") -> list[str]:
    return [ROWS[number].title for number in narrowed(TABLE, range(len(ROWS)), wanted_of(text, state))]


def in_order(sort: str) -> list[str]:
    return [ROWS[number].title for number in sorted_numbers(ROWS, sort)]  # type: ignore[arg-type]


def test_words_are_found_wherever_they_stand_and_all_have_to_be_there() -> None:
    assert found("MR ·") == ["beta"]
    assert found("tum") == ["delta"]
    assert found("TA unseen") == ["beta", "delta", "zeta"]
    assert found("alpha beta") == []
    assert len(found("")) == len(ROWS)


def test_named_words_ask_for_a_state_a_label_or_a_reader() -> None:
    assert found("state:progress") == ["gamma"]
    assert found("label:tum state:unseen") == ["delta"]
    assert found("reader:jones") == ["epsilon"]
    assert found("reader:tumour") == []
    assert found("label:epsilon") == []
    assert found("", "unseen") == ["beta", "delta", "broken", "zeta"]
    assert found("state:labelled", "unseen") == ["alpha", "epsilon"]


def test_a_name_without_a_value_asks_for_nothing_yet() -> None:
    assert wanted_of("label:") == wanted_of("reader:") == wanted_of("state:") == Wanted()
    assert wanted_of("state:", "unseen") == Wanted(state="unseen")
    assert wanted_of("12:30") == Wanted(("12:30",))


def test_need_puts_disagreement_first_then_what_is_uncertain_and_what_is_done_last() -> None:
    assert in_order("need") == ["epsilon", "gamma", "delta", "beta", "zeta", "alpha", "broken"]


def test_the_other_sorts_say_what_they_do() -> None:
    assert in_order("listed") == [row.title for row in ROWS]
    assert in_order("suspicious")[:3] == ["alpha", "delta", "gamma"]
    assert in_order("uncertain")[:2] == ["gamma", "delta"]
    assert in_order("disagreement")[:2] == ["epsilon", "alpha"]
    assert in_order("newest")[0] == in_order("oldest")[-1] == "zeta"


@given(st.lists(st.sampled_from(ROWS), max_size=30))
def test_every_sort_has_each_row_once(rows: list[CaseRow]) -> None:
    for sort, _title, _tip in SORTS:
        assert sorted(sorted_numbers(rows, sort)) == list(range(len(rows)))


def test_the_next_case_by_need_is_open_and_another_one() -> None:
    assert next_by_need(ROWS, -1) == 4
    assert next_by_need(ROWS, 4) == 2
    assert next_by_need(ROWS, 4, seen={2}) == 3
    assert next_by_need(ROWS, 4, seen={3, 2, 1, 6}) == 2
    assert next_by_need((ROWS[0], ROWS[5]), -1) == -1
    assert next_by_need((ROWS[1],), 0) == -1


def test_of_cases_in_equal_need_the_one_after_the_open_one_comes() -> None:
    rows = [CaseRow(str(n)) for n in range(5)]
    assert [next_by_need(rows, current) for current in (-1, 0, 2, 4)] == [0, 1, 3, 0]


@given(st.lists(st.sampled_from(ROWS), max_size=30), st.sets(st.integers(0, 30)), st.integers(-1, 30))
def test_no_unseen_case_in_greater_need_is_passed_over(rows: list[CaseRow], seen: set[int], current: int) -> None:
    from desktop_app.case_index import need_of

    chosen = next_by_need(rows, current, seen)
    others = [number for number, row in enumerate(rows) if number != current and need_of(row) >= 0]
    assert (chosen in others) == bool(others)
    fresh = [number for number in others if number not in seen] or others
    assert not fresh or need_of(rows[chosen]) == max(need_of(rows[number]) for number in fresh)


@given(st.permutations(range(12)), st.integers(0, 12))
def test_an_order_knows_where_each_number_stands(numbers: list[int], count: int) -> None:
    order = Order(numbers[:count])
    assert [order.place(number) for number in order] == list(range(count))
    assert all(order.place(number) == -1 for number in [*numbers[count:], -1, 99])
