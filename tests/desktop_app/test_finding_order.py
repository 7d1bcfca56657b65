"""How findings are sorted and filtered."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Annotation, Box, Proposal
from desktop_app.finding_order import SORTS, USUAL, Facts, Filter, Sort
from desktop_app.finding_words import STATES, state_of
from desktop_app.limits import Limits
from desktop_app.tool import Mark
from imaging.geometry import Plane

START = datetime(2026, 1, 1, tzinfo=UTC)
BOX = Box(Plane(), 0, 0, 1, 1)
NAMES = {"a": "Disc", "b": "abscess", "c": "Cyst"}
AUTHORS = ("ann", "Bob", "model:finder@1")
SCORE = st.none() | st.integers(0, 10).map(lambda n: n / 10)


def author(mark: Mark) -> str:
    return mark.author if isinstance(mark, Annotation) else "finder@1"


def made(mark: Mark) -> datetime | None:
    return mark.created if isinstance(mark, Annotation) else START


@st.composite
def marks(draw: st.DrawFn) -> tuple[tuple[Mark, ...], frozenset[str]]:
    found: list[Mark] = []
    for number in range(draw(st.integers(0, 25))):
        label = draw(st.sampled_from("abc"))
        if draw(st.booleans()):
            found.append(Proposal(f"p{number}", label, BOX, draw(st.integers(0, 10)) / 10))
        else:
            when = START + timedelta(seconds=draw(st.integers(0, 5)))
            origin = draw(st.sampled_from(["", f"o{number}"]))
            found.append(
                Annotation(f"m{number}", label, BOX, draw(st.sampled_from(AUTHORS)), when, draw(SCORE), origin)
            )
    ids = [mark.id for mark in found if isinstance(mark, Proposal)]
    return tuple(found), frozenset(draw(st.sets(st.sampled_from(ids))) if ids else ())


def key_of(sort: Sort, mark: Mark, rejected: frozenset[str], limits: Limits) -> object:
    """What the list is sorted by, said one by one."""
    if sort == "score":
        return -(mark.score if mark.score is not None else -1)
    if sort == "need":
        is_open = state_of(mark, rejected) == "proposed"
        return (0, abs((mark.score or 0) - limits.of(mark.label))) if is_open else (1, 0)
    if sort == "label":
        return NAMES[mark.label].casefold()
    if sort == "author":
        return author(mark).casefold()
    when = made(mark)
    assert when is not None
    return -when.timestamp() if sort == "newest" else 0


@given(marks(), st.sampled_from([sort for sort, _, _ in SORTS]), st.integers(0, 10))
def test_every_order_is_that_of_its_key_and_leaves_alike_ones_in_their_places(
    given_marks: tuple[tuple[Mark, ...], frozenset[str]], sort: Sort, common: int
) -> None:
    every, rejected = given_marks
    limits = Limits(common / 10, (("b", 0.8),))
    rows = Facts(every, rejected, author, made).order(sort, limits, NAMES.__getitem__).tolist()
    assert rows == sorted(range(len(every)), key=lambda n: (key_of(sort, every[n], rejected, limits), n))


@given(
    marks(),
    st.sets(st.sampled_from(STATES)),
    st.sets(st.sampled_from("abc")),
    st.sampled_from(["", "disc", "BOB", "cyst finder", "accepted", "abgelehnt", "no such words"]),
)
def test_a_mark_is_listed_if_its_state_and_label_are_wanted_and_all_words_are_said_of_it(
    given_marks: tuple[tuple[Mark, ...], frozenset[str]], states: set[str], labels: set[str], text: str
) -> None:
    every, rejected = given_marks
    wanted = Filter(text, frozenset(states), frozenset(labels))
    german = {"rejected": "abgelehnt"}

    def is_listed(mark: Mark) -> bool:
        state = state_of(mark, rejected)
        said = f"{NAMES[mark.label]} {author(mark)} {state} {german.get(state, state)}".casefold()
        fits = all(word in said for word in text.casefold().split())
        return state in states and (not labels or mark.label in labels) and fits

    facts = Facts(every, rejected, author, made)
    assert facts.passing(wanted, NAMES.__getitem__, lambda s: german.get(s, s)).tolist() == list(map(is_listed, every))


def test_what_was_rejected_is_listed_on_request_only() -> None:
    usual = Filter()
    assert usual.is_usual
    assert "rejected" not in usual.states
    assert usual.toggling_state("rejected").states == USUAL | {"rejected"}
    assert usual.toggling_label("a").toggling_label("a") == usual
    assert not Filter(text="x").is_usual


@pytest.mark.parametrize("sort", [sort for sort, _, _ in SORTS])
def test_an_empty_list_has_an_order(sort: Sort) -> None:
    facts = Facts((), frozenset(), author, made)
    assert facts.order(sort, Limits(), NAMES.__getitem__).tolist() == []
    assert facts.passing(Filter("x"), NAMES.__getitem__, str).tolist() == []
