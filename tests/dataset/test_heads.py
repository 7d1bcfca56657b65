"""Which revision stands for a scan."""

from __future__ import annotations

from datetime import timedelta

from dataset.document import Snapshot
from dataset.heads import basis_of, exported, head_of
from dataset.record import Basis, Head, Revision
from tests.dataset.scans import WHEN, annotation


def revision(number: int, basis: Basis = "corrected", base: int | None = None, **more: object) -> Revision:
    facts: dict[str, object] = {"count": 1, **more}
    name = f"r{number}"
    when = WHEN + timedelta(seconds=number)
    return Revision(name, "k", "ana", when, basis, "" if base is None else f"r{base}", **facts)  # type: ignore[arg-type]


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
