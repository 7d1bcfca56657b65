"""Several readers of one scan: compared, decided between, reviewed, hidden from each other; and the scan's history."""

from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from dataset.agreement import compare
from dataset.annotation import Annotation, Box, Proposal, new_id, now
from dataset.document import Document, Edit, Snapshot
from dataset.folder import Dataset
from dataset.prediction import ModelRef, Prediction
from dataset.record import SENT_BACK, Revision
from desktop_app import tools
from desktop_app.adjudicating import Choice, agreed_edit, looked_at, stands, take_edit
from desktop_app.history import revert_edit
from desktop_app.session import Session
from desktop_app.tool import Tool
from imaging.geometry import Plane
from imaging.plugins import gather
from imaging.progress import silent
from tests.dataset.scans import LABELS, picture
from tests.desktop_app.conftest import end

CHOICES: tuple[Choice, ...] = ("a", "b", "both", "neither")


def mark(x: float, label: str = "disc", author: str = "ana", mark_id: str = "") -> Annotation:
    return Annotation(mark_id or new_id(), label, Box(Plane(), x, 4, 8, 8), author, now())


ANA = Snapshot((mark(0), mark(12), mark(24)), frozenset({"p1", "p2"}))
BEN = Snapshot(
    (mark(0.2, author="ben"), mark(24, "nodule", author="ben"), mark(36, author="ben")), frozenset({"p2", "p3"})
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two scans that ana has read, one of them ben as well."""
    dataset = Dataset.create(tmp_path / "set", LABELS)
    for number in range(2):
        dataset.add_scan(picture(name=f"img_{number}.png"), f"key{number}", silent())
    dataset.save_revision("key0", ANA, author="ana")
    dataset.save_revision("key0", BEN, author="ben")
    dataset.save_revision("key1", ANA, author="ana")
    dataset.save_prediction(
        Prediction("1", "key0", ModelRef("finder", "1", "0" * 64), "cpu", now(), 0.1, (
            Proposal("p9", "disc", Box(Plane(), 2, 20, 6, 6), 0.9),
        ))
    )  # fmt: skip
    dataset.close()
    return dataset.folder


@pytest.fixture
def make(qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[..., Session]]:
    monkeypatch.setenv("XDG_STATE_HOME", str(folder.parent / "state"))
    made: list[Session] = []

    def session(author: str = "eve", case: int = 0) -> Session:
        one = Session(gather(tools, Tool), author)
        made.append(one)
        one.open_dataset(folder)
        qtbot.waitUntil(lambda: one.dataset is not None, timeout=10_000)
        one.open_case(case)
        settle(qtbot, one)
        return one

    yield session
    for one in made:
        end(one)


def settle(qtbot: QtBot, session: Session) -> None:
    qtbot.waitUntil(lambda: session.keeping.is_settled and not session.jobs.running, timeout=10_000)
    qtbot.wait(1)
    qtbot.waitUntil(lambda: session.keeping.is_settled and not session.jobs.running, timeout=10_000)


def last(session: Session, key: str = "key0") -> Revision:
    assert session.dataset is not None
    return session.dataset.revisions(key)[-1]


def compared(qtbot: QtBot, session: Session) -> Session:
    session.readers.toggle()
    settle(qtbot, session)
    assert session.readers.comparison is not None
    return session


# Deciding, without a session.


@given(st.lists(st.sampled_from(CHOICES), min_size=4, max_size=4), st.sampled_from((ANA, BEN, Snapshot())))
def test_what_was_decided_is_what_the_document_holds(choices: list[Choice], start: Snapshot) -> None:
    agreement, document = compare(ANA, BEN), Document(start)
    for difference, choice in zip(agreement.differences, choices, strict=False):
        document.commit(take_edit(difference, choice, document.get))
        assert stands(difference, choice, document.get)
    held = {(m.label, m.geometry) for m in document.annotations}
    for difference, choice in zip(agreement.differences, choices, strict=False):
        for side, name in ((difference.a, "a"), (difference.b, "b")):
            if side is not None:
                assert ((side.label, side.geometry) in held) == (choice in {name, "both"})


def test_two_versions_of_one_mark_can_both_be_taken() -> None:
    first = mark(0)
    other = replace(first, geometry=Box(Plane(), 3, 4, 8, 8), label="nodule")
    (difference,) = compare(Snapshot((first,)), Snapshot((other,)), threshold=0.3).differences
    document = Document(Snapshot((other,)))
    document.commit(take_edit(difference, "both", document.get))
    assert {m.label for m in document.annotations} == {"disc", "nodule"}
    document.commit(take_edit(difference, "b", document.get))
    assert document.annotations == (other,)


def test_what_both_have_is_taken_as_a_drew_it() -> None:
    document = Document(BEN)
    edit = agreed_edit(compare(ANA, BEN), ANA, BEN, document.get)
    document.commit(edit)
    assert document.get(ANA.annotations[0].id) == ANA.annotations[0]
    assert document.get(BEN.annotations[0].id) is None
    assert "p2" in document.rejected
    assert len(document.annotations) == 3


def test_a_is_solid_and_b_is_dashed_in_two_colours() -> None:
    shown = looked_at(compare(ANA, BEN), 0, {}, str)
    assert {one.is_dashed: one.colour for one in shown}.keys() == {True, False}
    assert len({one.colour for one in shown}) == 2
    assert {one.mark.id for one in shown if one.is_dashed} == {m.id for m in BEN.annotations}
    assert sum(one.is_strong for one in shown) in {1, 2}


def test_going_back_is_one_edit_that_can_be_undone() -> None:
    changed = Snapshot((*ANA.annotations[1:], mark(40)), frozenset({"p3"}))
    document = Document(changed)
    document.commit(revert_edit(document.snapshot(), ANA, "Go back"))
    assert set(document.annotations) == set(ANA.annotations)
    assert document.rejected == ANA.rejected
    document.undo()
    assert document.snapshot() == changed


# With a session.


def test_two_readers_are_compared_and_their_marks_stand_for_the_documents(qtbot: QtBot, make) -> None:
    session = compared(qtbot, make())
    readers = session.readers
    assert [reading.author for reading in readers.readings] == ["ana", "ben"]
    assert [d.kind for d in readers.differences] == ["only A", "label", "only B"]
    assert readers.kappas.scans == 1
    assert session.marks_on(session.plane) == ()
    assert len(session.looking.on(session.plane)) == 6
    readers.toggle()
    assert session.looking.shown == ()
    assert len(session.marks_on(session.plane)) == 4  # three of ben's, and a proposal


def test_differences_are_stepped_through_round_and_round(qtbot: QtBot, make) -> None:
    readers = compared(qtbot, make()).readers
    places = [readers.at]
    for _ in range(3):
        readers.step(1)
        places.append(readers.at)
    assert places == [0, 1, 2, 0]
    readers.step(-1)
    assert readers.at == 2


def test_a_decision_is_one_edit_and_open_again_when_it_is_undone(qtbot: QtBot, make) -> None:
    session = compared(qtbot, make())
    session.readers.take("a")
    assert session.readers.choice(0) == "a"
    assert session.readers.at == 1
    assert session.document.get(ANA.annotations[1].id) == ANA.annotations[1]
    assert session.readers.open_count == 2
    session.undo()
    assert session.readers.choice(0) is None
    assert session.document.get(ANA.annotations[1].id) is None
    session.redo()
    assert session.readers.choice(0) == "a"


def test_a_review_waits_until_everything_is_decided_and_settles_both(qtbot: QtBot, make) -> None:
    session = compared(qtbot, make())
    readers = session.readers
    readers.save_reviewed()
    settle(qtbot, session)
    assert last(session).author == "ben"
    for choice in ("a", "both", "neither"):
        readers.take(choice)
    assert readers.open_count == 0
    readers.save_reviewed()
    settle(qtbot, session)
    reviewed = last(session)
    assert session.dataset is not None
    assert (reviewed.author, reviewed.is_reviewed, reviewed.why) == ("eve", True, "Decided between ana and ben")
    assert session.dataset.head("key0").revision == reviewed
    assert session.dataset.head("key0").conflicts == ()
    assert session.cases[0].state == "reviewed"
    assert readers.comparison is None


def test_what_is_half_decided_is_in_progress(qtbot: QtBot, make) -> None:
    session = compared(qtbot, make())
    session.readers.take("a")
    session.open_case(1)
    settle(qtbot, session)
    assert last(session).state == "in progress"


def test_a_finished_case_of_somebody_else_is_approved_with_one_key(qtbot: QtBot, make) -> None:
    session = make(case=1)
    assert session.readers.can_review
    session.readers.approve()
    settle(qtbot, session)
    reviewed = last(session, "key1")
    assert (reviewed.author, reviewed.state, reviewed.why) == ("eve", "reviewed", "Approved")
    assert session.dataset.snapshot(reviewed) == ANA
    assert session.scan_key == "key0"


def test_nobody_reviews_the_own_work(qtbot: QtBot, make) -> None:
    session = make("ana", case=1)
    told: list[str] = []
    session.told.connect(told.append)
    session.readers.approve()
    settle(qtbot, session)
    assert last(session, "key1").is_reviewed is False
    assert any("somebody else" in text for text in told)


def test_a_case_is_sent_back_with_a_reason(qtbot: QtBot, make) -> None:
    session = make(case=1)
    session.readers.send_back("one disc is missing")
    settle(qtbot, session)
    back = last(session, "key1")
    assert back.why == SENT_BACK + "one disc is missing"
    assert session.dataset.record("key1").state == "in progress"
    assert all(looked.record.key != "key1" for looked in session.dataset.export_view())


# History.


def test_every_saved_state_is_listed_newest_first_and_can_be_looked_at(qtbot: QtBot, make) -> None:
    session = make()
    history = session.history
    assert [revision.author for revision in history.revisions] == ["ben", "ana"]
    assert history.head == history.revisions[0].id
    history.look(history.revisions[1].id)
    settle(qtbot, session)
    assert {one.mark.id for one in session.looking.shown} == {m.id for m in ANA.annotations}
    assert session.marks_on(session.plane) == ()
    history.back()
    assert session.looking.shown == ()


def test_a_state_is_compared_with_now(qtbot: QtBot, make) -> None:
    session = make()
    session.commit(Edit("Draw", put=(mark(40),), remove=(BEN.annotations[0].id,)))
    moved = replace(BEN.annotations[2], geometry=Box(Plane(), 37, 4, 8, 8))
    session.commit(Edit("Move", put=(moved,)))
    session.history.compare_with_now(session.history.revisions[0].id)
    settle(qtbot, session)
    found = session.history.compared
    assert found is not None
    assert (found.added, found.removed, found.changed) == (1, 1, 1)


def test_going_back_is_saved_with_its_reason_and_can_be_undone(qtbot: QtBot, make) -> None:
    session = make()
    before = session.document.snapshot()
    session.history.revert(session.history.revisions[1].id)
    settle(qtbot, session)
    assert set(session.document.annotations) == set(ANA.annotations)
    assert last(session).why.startswith("Reverted to ")
    assert last(session).author == "eve"
    session.undo()
    assert session.document.snapshot() == before
    session.save()
    settle(qtbot, session)
    assert last(session).why == ""


def test_an_edit_ends_looking(qtbot: QtBot, make) -> None:
    session = make()
    session.history.look(session.history.revisions[1].id)
    settle(qtbot, session)
    session.commit(Edit("Draw", put=(mark(40),)))
    assert session.history.looked == ""
    assert session.looking.shown == ()


# Blinding.


def test_who_does_not_see_the_others_starts_empty_and_sees_no_trace_of_them(qtbot: QtBot, make) -> None:
    session = make()
    told: list[str] = []
    session.told.connect(told.append)
    session.blinds.toggle("others")
    settle(qtbot, session)
    assert session.document.annotations == ()
    assert session.history.revisions == ()
    assert not session.readers.can_compare
    assert [row.state for row in session.cases] == ["unseen", "unseen"]
    assert [row.readings for row in session.cases] == [(), ()]
    assert not any("other revision" in text for text in told)
    own = mark(30, author="eve")
    session.commit(Edit("Draw", put=(own,)))
    session.open_case(1)
    settle(qtbot, session)
    session.open_case(0)
    settle(qtbot, session)
    assert session.document.annotations == (own,)
    assert last(session).base == ""
    assert session.dataset.readings("key0")[-1].author == "eve"
    assert session.cases[0].state == "in progress"  # a proposal is open


def test_what_is_hidden_stays_hidden_at_the_next_start(qtbot: QtBot, make) -> None:
    first = make()
    first.blinds.toggle("others")
    settle(qtbot, first)
    first.close()
    second = make()
    assert second.blinds.blinding.hidden == ("others",)
    assert second.document.annotations == ()
    other = make("ana")
    assert other.blinds.blinding.hidden == ()


def test_models_are_silent_while_what_they_say_is_hidden(qtbot: QtBot, make) -> None:
    session = make()
    assert len(session.proposals) == 1
    problems: list[object] = []
    session.problem_raised.connect(problems.append)
    session.blinds.toggle("proposals")
    settle(qtbot, session)
    assert session.predictions == ()
    assert session.proposals == ()
    assert [row.suspicion for row in session.cases] == [None, None]
    session.predict("finder")
    assert len(problems) == 1
    assert not session.jobs.running
    session.blinds.toggle("proposals")
    settle(qtbot, session)
    assert len(session.proposals) == 1


def test_names_give_way_to_numbers(qtbot: QtBot, make) -> None:
    session = make()
    session.blinds.toggle("names")
    settle(qtbot, session)
    assert session.blinds.name_of("ana") == "Reader 1"
    assert session.blinds.name_of("ben") == "Reader 2"
    assert session.blinds.name_of("eve") == "You"
    assert session.blinds.name_of("model:finder@1") == "model:finder@1"
    assert session.title == "Scan key0"
    assert not {"ana", "ben"} & {who for row in session.cases for who, _ in row.readings}
    assert '"hidden":"names"' in (session.dataset.folder / "audit.jsonl").read_text()


# Saving.


def test_a_scan_opened_again_stands_on_what_others_saved_meanwhile(qtbot: QtBot, make, folder: Path) -> None:
    session = make("ana", case=1)
    session.commit(Edit("Draw", put=(mark(40),)))
    session.open_case(0)
    settle(qtbot, session)
    other = Dataset.open(folder)
    theirs = other.save_revision("key1", BEN, author="ben", base=other.revisions("key1")[-1].id)
    other.close()
    session.open_case(1)
    settle(qtbot, session)
    session.commit(Edit("Draw", put=(mark(38),)))
    session.save()
    settle(qtbot, session)
    assert last(session, "key1").base == theirs.id
    assert session.dataset.head("key1").conflicts == ()
    assert last(session, "key1").created - theirs.created < timedelta(hours=1)
