"""Which revision stands for a scan."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from dataset.document import Snapshot
from dataset.heads import bases, basis_of, exported, head_of
from dataset.readings import readings_of
from dataset.record import SENT_BACK, Basis, Head, Revision
from tests.dataset.scans import WHEN, annotation


def revision(number: int, basis: Basis = "corrected", base: int | None = None, **more: object) -> Revision:
    facts: dict[str, object] = {"author": "ana", "count": 1, **more}
    when = WHEN + timedelta(seconds=number)
    on = "" if base is None else f"r{base}"
    return Revision(id=f"r{number}", scan="k", created=when, basis=basis, base=on, **facts)  # type: ignore[arg-type]


def ids(head: Head) -> tuple[str, list[str]]:
    return head.revision.id if head.revision else "", [r.id for r in head.conflicts]


def test_without_revisions_there_is_no_head() -> None:
    assert head_of([]) == Head()
    assert exported([]) is None


def test_the_newest_of_a_chain_is_the_head() -> None:
    assert ids(head_of([revision(1), revision(2, base=1), revision(3, base=2)])) == ("r3", [])


def test_two_corrections_of_one_base_are_a_conflict() -> None:
    assert ids(head_of([revision(1), revision(2, base=1), revision(3, base=1)])) == ("r3", ["r2"])


def test_a_reviewed_revision_comes_before_a_newer_one_beside_it() -> None:
    both = [revision(1, is_reviewed=True), revision(2)]
    assert ids(head_of(both)) == ("r1", ["r2"])


def test_what_was_built_on_a_reviewed_revision_replaces_it() -> None:
    assert ids(head_of([revision(1, is_reviewed=True), revision(2, base=1)])) == ("r2", [])


def test_corrections_win_over_acceptances_however_they_came_about() -> None:
    for others in (
        [revision(2, "accepted")],
        [revision(2, "accepted", base=1)],
        [revision(0, "accepted"), revision(2, "accepted", base=0, is_reviewed=True)],
    ):
        head = head_of([revision(1), *others])
        assert ids(head) == ("r1", [])
        assert exported([revision(1), *others]) == revision(1)
    empty = revision(1, "confirmed empty", count=0)
    assert head_of([empty, revision(2, "accepted")]).revision == empty


def test_a_correction_of_an_acceptance_replaces_it() -> None:
    assert ids(head_of([revision(1, "accepted"), revision(2, base=1)])) == ("r2", [])


def test_only_finished_revisions_are_exported() -> None:
    halfway = revision(2, base=1, is_finished=False)
    assert exported([revision(1), halfway]) == revision(1)
    assert head_of([revision(1), halfway]).revision == halfway
    assert exported([halfway]) is None


def test_deleting_every_mark_does_not_say_that_there_is_nothing() -> None:
    assert revision(1, count=0).state == "in progress"
    assert revision(1, "confirmed empty", count=0).state == "confirmed empty"
    assert revision(1, "accepted", count=0).state == "confirmed empty"
    assert revision(1).state == "labelled"
    assert revision(1, is_reviewed=True).state == "reviewed"


def test_the_basis_follows_from_the_marks() -> None:
    own, model = annotation(author="ana"), annotation(author="model:discs@1")
    assert basis_of(Snapshot((model,))) == "accepted"
    assert basis_of(Snapshot((model, own))) == "corrected"
    assert basis_of(Snapshot((model,), frozenset({"p"}))) == "corrected"
    assert basis_of(Snapshot()) == "corrected"
    assert basis_of(Snapshot((model,)), revision(1)) == "corrected"
    assert basis_of(Snapshot((model,)), revision(1, "accepted")) == "accepted"


def test_what_a_reviewed_revision_settles_is_no_conflict_any_more() -> None:
    two = [revision(1), revision(2)]
    assert ids(head_of(two)) == ("r2", ["r1"])
    reviewed = revision(3, base=2, is_reviewed=True, settles=("r1",))
    assert ids(head_of([*two, reviewed])) == ("r3", [])
    assert ids(head_of([*two, reviewed, revision(4, base=3)])) == ("r4", [])


def test_only_a_review_settles_and_only_what_it_names() -> None:
    beside = [revision(1), revision(2), revision(3, base=2, settles=("r1",))]
    assert ids(head_of(beside)) == ("r3", ["r1"])
    later = [revision(1), revision(2, base=1), revision(3), revision(4, base=3, is_reviewed=True, settles=("r1",))]
    assert ids(head_of(later)) == ("r4", ["r2"])


def test_what_was_sent_back_is_in_progress_and_not_exported() -> None:
    first, back = revision(1), revision(2, base=1, is_finished=False, why=SENT_BACK + "the lowest disc is missing")
    assert head_of([first, back]) == Head(back)
    assert back.state == "in progress"
    assert exported([first, back]) is None
    assert exported([first, back, revision(3, base=2)]) == revision(3, base=2)


@st.composite
def histories(draw: st.DrawFn) -> list[Revision]:
    """Revisions as several programs make them: each stands on earlier ones, or on none."""
    made: list[Revision] = []
    for number in range(draw(st.integers(1, 8))):
        base = draw(st.none() | st.integers(0, number - 1)) if number else None
        settles = draw(st.sets(st.integers(0, number - 1), max_size=2)) if number else set[int]()
        basis: Basis = draw(st.sampled_from(get_args(Basis)))
        made.append(
            revision(
                number,
                basis,
                base,
                author=draw(st.sampled_from(("ana", "ben", "eve"))),
                is_reviewed=draw(st.booleans()),
                is_finished=draw(st.booleans()),
                settles=tuple(f"r{settled}" for settled in sorted(settles)),
            )
        )
    return made


@given(histories(), st.randoms())
def test_any_order_of_arrival_gives_the_same_head(made: list[Revision], random: Random) -> None:
    shuffled = list(made)
    random.shuffle(shuffled)
    assert head_of(shuffled) == head_of(made)
    assert exported(shuffled) == exported(made)
    assert readings_of(shuffled) == readings_of(made)


@given(histories())
def test_nothing_that_a_person_said_is_lost(made: list[Revision]) -> None:
    """Every person's revision is the head, is told as a conflict, or one of these stands on it."""
    head = head_of(made)
    told = {r.id for r in (head.revision, *head.conflicts) if r is not None}
    known = {r.id: r for r in made}
    stood_on, open_ids = set(told), list(told)
    while open_ids:
        below = [i for i in bases(known[open_ids.pop()]) if i in known and i not in stood_on]
        stood_on.update(below)
        open_ids += below
    assert {r.id for r in made if r.basis != "accepted"} <= stood_on
    assert head.revision is not None
