"""Several people's readings of one scan, kept apart; and what a blinded reader starts from."""

from __future__ import annotations

from pathlib import Path

import pytest

from dataset.document import Edit, Snapshot
from dataset.errors import DatasetProblem
from dataset.folder import Dataset
from dataset.readings import Blinding, Person, Start, may_review, readings_of, start_for, state_for, visible_to
from dataset.record import SENT_BACK, Revision
from imaging.progress import silent
from tests.dataset.scans import LABELS, annotation, picture
from tests.dataset.test_heads import revision

APART = Blinding(others=True)


def test_each_person_has_the_newest_that_nobody_of_the_own_built_on() -> None:
    ana, ben = revision(1), revision(2, author="ben")
    later, reviewed = revision(3, base=1), revision(4, base=2, author="eve", is_reviewed=True)
    found = readings_of([later, reviewed, ben, ana])
    assert [(r.author, r.revision.id) for r in found] == [("ben", "r2"), ("ana", "r3"), ("eve", "r4")]
    assert all(reading.is_done for reading in found)


def test_giving_a_scan_back_is_no_reading() -> None:
    back = revision(2, base=1, author="ben", is_finished=False, why=SENT_BACK + "look again")
    assert [r.author for r in readings_of([revision(1), back])] == ["ana"]


def test_a_reader_starts_from_the_head_and_a_blinded_one_from_the_own_work() -> None:
    known = [revision(1), revision(2, author="ben")]
    assert start_for(known, "ana") == known[1]
    assert start_for(known, "ana", APART) == known[0]
    assert start_for(known, "eve", APART) is None
    assert state_for(known, "eve", APART) == "unseen"
    assert state_for(known, "eve") == "labelled"
    assert visible_to(known, "ana", APART) == (known[0],)
    assert visible_to(known, "eve", APART) == ()
    assert visible_to(known, "eve") == tuple(known)


def test_a_blinded_reader_goes_on_from_where_the_scan_was_sent_back() -> None:
    back = revision(3, base=1, author="eve", is_finished=False, why=SENT_BACK + "look again")
    known = [revision(1), revision(2, author="ben"), back]
    assert start_for(known, "ana", APART) == back
    assert start_for(known, "ben", APART) == known[1]
    assert visible_to(known, "ana", APART) == (known[0], back)
    assert state_for(known, "ana", APART) == "in progress"


def test_who_must_not_see_what_models_say_never_starts_from_an_acceptance() -> None:
    accepted = revision(1, "accepted")
    silent_ = Blinding(proposals=True)
    assert start_for([accepted], "ana") == accepted
    assert start_for([accepted], "ana", silent_) is None
    assert start_for([accepted], "ana", Blinding(proposals=True, others=True)) is None
    assert visible_to([accepted], "ana", silent_) == ()


def test_a_review_is_of_finished_work_of_somebody_else() -> None:
    assert may_review(revision(1), "eve")
    assert may_review(revision(1, "confirmed empty", count=0), "eve")
    assert not may_review(revision(1), "ana")
    assert not may_review(revision(1, is_finished=False), "eve")
    assert not may_review(revision(1, is_reviewed=True), "eve")
    assert not may_review(None, "eve")


def test_what_is_hidden_has_names() -> None:
    assert not Blinding().is_on
    assert Blinding(names=True, others=True).hidden == ("names", "others")


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    made = Dataset.create(tmp_path / "set", LABELS)
    made.add_scan(picture(), "k", silent())
    return made


def saved(dataset: Dataset, author: str, **more: object) -> Revision:
    return dataset.save_revision("k", Snapshot((annotation(author=author),)), author=author, **more)  # type: ignore[arg-type]


def test_two_readers_are_kept_apart_until_a_review_settles_it(dataset: Dataset) -> None:
    ana, ben = saved(dataset, "ana"), saved(dataset, "ben")
    assert [r.revision for r in dataset.readings("k")] == [ana, ben]
    assert dataset.head("k").conflicts == (ana,)
    reviewed = saved(dataset, "eve", base=ben.id, reviewed=True, settles=(ana.id,), why="Compared ana and ben")
    dataset.close()
    again = Dataset.open(dataset.folder)
    assert again.head("k").revision == reviewed
    assert again.head("k").conflicts == ()
    assert reviewed.settles == (ana.id,)
    assert again.revisions("k")[-1].why == "Compared ana and ben"
    assert again.record("k").state == "reviewed"
    assert list(again.read_by("ben", "ana")) == [tuple(reversed(again.readings("k")[:2]))]
    assert list(again.read_by("ben", "nobody")) == []
    assert again.verify(silent()) == []
    again.close()


def test_a_review_cannot_settle_what_is_not_there(dataset: Dataset) -> None:
    with pytest.raises(DatasetProblem, match="no revision"):
        saved(dataset, "eve", reviewed=True, settles=("01GONE",))


def test_verify_misses_a_settled_revision_that_is_gone(dataset: Dataset) -> None:
    ana = saved(dataset, "ana")
    saved(dataset, "eve", reviewed=True, settles=(ana.id,))
    (dataset.folder / f"scans/k/revisions/{ana.id}.json").unlink()
    assert any("settles revision" in finding.what for finding in dataset.verify(silent()))


def test_a_revision_without_reason_is_written_as_ever(dataset: Dataset) -> None:
    plain = saved(dataset, "ana")
    text = (dataset.folder / f"scans/k/revisions/{plain.id}.json").read_text()
    assert '"why"' not in text
    assert '"settles"' not in text


def test_what_another_reader_left_unsaved_waits_for_that_reader(dataset: Dataset) -> None:
    edit = Edit("Draw", put=(annotation(author="ben"),))
    dataset.keep("k", edit, author="ben")
    dataset.close()
    again = Dataset.open(dataset.folder)
    again.person = Person("ana", APART)
    assert again.unsaved_edits("k") == ()
    saved(again, "ana")
    again.person = Person("ben", APART)
    assert again.unsaved_edits("k") == (edit,)
    saved(again, "ben")
    assert again.unsaved_edits("k") == ()
    again.close()


def test_where_a_person_starts_says_no_more_than_may_be_known(dataset: Dataset) -> None:
    ana, ben = saved(dataset, "ana"), saved(dataset, "ben")
    assert dataset.start("k") == Start(ben, "labelled", 1)
    dataset.person = Person("ana", APART)
    assert dataset.start("k") == Start(ana, "labelled", 0)
    dataset.person = Person("eve", APART)
    assert dataset.start("k") == Start(None, "unseen", 0)
    dataset.person = Person("eve", Blinding(names=True))
    assert dataset.start("k") == Start(ben, "labelled", 1)
