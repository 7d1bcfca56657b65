"""Finding by a few letters: what is meant comes first."""

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.finding_names import found, rank

NAMES = ["Undo", "Box", "Next case", "Next plane", "Run the model", "New label…", "Full screen", "Reset window"]


def search(query: str, recent: tuple[str, ...] = ()) -> list[str]:
    return found(NAMES, query, lambda name: (name,), lambda name: recent.index(name) if name in recent else 99, 5)


def test_the_beginning_comes_before_words_before_the_inside_before_letters_in_order() -> None:
    ranks = [rank("ne", name) for name in ("Next", "A new one", "Panel", "Name")]
    assert [one[0] if one else None for one in ranks] == [0, 1, 2, 3]


def test_words_may_be_begun_and_first_letters_suffice() -> None:
    assert search("ne pl")[0] == "Next plane"
    assert search("nc")[0] == "Next case"
    assert search("fs")[0] == "Full screen"


def test_what_does_not_answer_is_left_out() -> None:
    assert search("xyz") == []
    assert rank("undo x", "Undo") is None


def test_without_a_query_the_last_chosen_come_first_and_the_rest_keep_their_order() -> None:
    assert search("", ("Reset window", "Box")) == ["Reset window", "Box", "Undo", "Next case", "Next plane"]


def test_of_equals_the_last_chosen_comes_first() -> None:
    assert search("next")[0] == "Next case"
    assert search("next", ("Next plane",))[0] == "Next plane"


@given(st.text(max_size=6), st.text(max_size=20))
def test_a_name_is_found_by_its_own_beginning_in_any_case(begin: str, rest: str) -> None:
    name = begin + rest
    wanted = " ".join(begin.casefold().split())
    if wanted and name.casefold().startswith(wanted):
        assert (rank(begin, name) or (9,))[0] == 0
