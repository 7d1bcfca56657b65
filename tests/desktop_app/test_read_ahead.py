"""Reading ahead: the chosen model reads the next cases, and only those it is for."""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from pytestqt.qtbot import QtBot

from dataset.annotation import Box, Proposal, new_id, now
from dataset.label import Label
from dataset.prediction import ModelRef, Prediction
from desktop_app.action_worklist import open_neediest, worklist_rows
from desktop_app.predicting import Reading
from desktop_app.read_ahead import AHEAD
from desktop_app.session import Session
from imaging.errors import Problem
from imaging.geometry import Plane
from imaging.progress import Progress
from tests.desktop_app.test_prefetch import COUNT, at_hand, folder, make, settled

__all__ = ("folder", "make")
NODULE = Label("nodule", "Nodule", "#f72585")


@dataclass
class Finder:
    """Stands for a model that is at hand."""

    name: str = "finder"
    problem: str = ""
    fit: int = 1

    def fitness(self, _info: object) -> int:
        return self.fit


@pytest.fixture
def finder(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lets a model find one nodule in whatever it reads; the keys it read."""
    read: list[str] = []

    def read_scan(
        name: str, scan: object, key: str, _r: object, dataset: object, progress: Progress, *_: object
    ) -> Reading:
        read.append(key)
        found = Proposal(new_id(), "nodule", Box(Plane(), 1, 2, 3, 4), 0.7)
        made = Prediction(new_id(), key, ModelRef(name, "1.0", "0" * 64), "cpu", now(), 0.1, (found,))
        if not dataset.has(key):  # type: ignore[attr-defined]
            dataset.add_scan(scan, key, progress)  # type: ignore[attr-defined]
        dataset.add_labels((NODULE,))  # type: ignore[attr-defined]
        dataset.save_prediction(made)  # type: ignore[attr-defined]
        return Reading(made, (NODULE,), (0.7, "nodule"))

    monkeypatch.setattr("desktop_app.read_ahead.read_scan", read_scan)
    return read


def choose(session: Session, model: Finder) -> None:
    session.models = (model,)  # type: ignore[assignment]
    session.model = model.name


def test_the_model_reads_the_next_cases_while_a_person_reads(
    qtbot: QtBot, make: Callable[[], Session], finder: list[str]
) -> None:
    session = make()
    choose(session, Finder())
    assert not session.read_ahead.is_on
    session.read_ahead.toggle()
    ahead = min(AHEAD, COUNT - 1)
    qtbot.waitUntil(lambda: len(finder) == ahead and not session.jobs.running, timeout=10_000)
    assert session.scan_key not in finder
    assert [row.suspect for row in session.cases[1:]] == ["Nodule"] * ahead
    assert session.cases[1].models == ("finder",)
    at_hand(qtbot, session, 1)
    session.next_case()
    assert len(session.proposals) == 1
    settled(qtbot, session)
    assert len(finder) == ahead


def test_a_model_is_not_asked_about_what_it_is_not_for(
    qtbot: QtBot, make: Callable[[], Session], finder: list[str]
) -> None:
    session = make()
    choose(session, Finder(fit=-1))
    session.read_ahead.toggle()
    settled(qtbot, session)
    assert finder == []
    assert session.read_ahead.is_on


def test_a_model_that_cannot_read_ends_it_with_one_word(
    qtbot: QtBot, make: Callable[[], Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Reading:
        raise Problem("has no weights", "finder")

    monkeypatch.setattr("desktop_app.read_ahead.read_scan", refuse)
    session, told = make(), list[Problem]()
    session.problem_raised.connect(told.append)
    choose(session, Finder())
    session.read_ahead.toggle()
    qtbot.waitUntil(lambda: bool(told), timeout=5000)
    settled(qtbot, session)
    assert not session.read_ahead.is_on
    assert [problem.what for problem in told] == ["has no weights"]


def test_the_case_that_needs_a_person_most_is_one_key_away_and_none_comes_twice(
    qtbot: QtBot, make: Callable[[], Session]
) -> None:
    session = make()
    for number, score in ((1, 0.1), (2, 0.9), (3, 0.5), (4, 0.2)):
        session.worklist.table.change(number, suspicion=score, score=score)
    seen: list[int] = []
    for _ in range(COUNT - 1):
        open_neediest(session)
        number = session.case
        qtbot.waitUntil(lambda: session.worklist._under_way is None, timeout=5000)
        seen.append(number)
    assert seen == [3, 2, 4, 1]


def test_it_is_said_when_no_case_is_open_any_more(qtbot: QtBot, make: Callable[[], Session]) -> None:
    session, told = make(), list[str]()
    for number in range(1, COUNT):
        session.worklist.table.change(number, state="reviewed")
    session.told.connect(told.append)
    open_neediest(session)
    assert told == ["No other case is open: all are done"]
    assert session.case == 0


def test_the_actions_have_their_keys() -> None:
    rows = {row.id: row for row in worklist_rows()}
    assert rows["next-by-need"].keys == ("Shift+D",)
    assert rows["read-ahead"].keys == ("Ctrl+Alt+R",)
    is_on = rows["read-ahead"].is_on
    assert is_on is not None
    assert is_on(SimpleNamespace(read_ahead=SimpleNamespace(is_on=True)))  # type: ignore[arg-type]
