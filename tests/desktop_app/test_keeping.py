"""Keeping: in order, truthful about what is saved, and patient with a full disk."""

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.keeping import Keeping
from imaging.errors import Problem


@pytest.fixture
def keeping(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("desktop_app.keeping.RETRY_MS", 20)
    made = Keeping()
    yield made
    made.close()


def test_writes_happen_in_the_order_asked_for(qtbot: QtBot, keeping: Keeping) -> None:
    written: list[int] = []
    for number in range(50):
        keeping.write("n", lambda number=number: written.append(number))
    qtbot.waitUntil(lambda: keeping.is_settled)
    assert written == list(range(50))


def test_it_says_saved_only_when_everything_is_on_the_disk(qtbot: QtBot, keeping: Keeping) -> None:
    assert keeping.text == ""
    keeping.write("one", lambda: None)
    assert keeping.text == "saving…"
    qtbot.waitUntil(lambda: keeping.is_settled)
    assert keeping.text.startswith("all saved ")


def test_what_could_not_be_written_is_tried_once_more_before_anybody_is_asked(
    qtbot: QtBot, keeping: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop_app.keeping.RETRY_MS", 60_000)
    patient, full = Keeping(), [True]

    def write() -> None:
        if full[0]:
            raise Problem("the disk is full", "dataset", "Make room")

    patient.write("a", write)
    qtbot.waitUntil(lambda: patient.problem is not None)
    assert not patient.flush(5)
    full[0] = False
    assert patient.flush(5)
    assert patient.text.startswith("all saved ")
    patient.close()


def test_what_could_not_be_written_is_written_when_there_is_room_again(qtbot: QtBot, keeping: Keeping) -> None:
    full, written = [True], []

    def write(what: str) -> None:
        if full[0]:
            raise Problem("the disk is full", "dataset", "Make room")
        written.append(what)

    problems: list[Problem] = []
    keeping.problem_raised.connect(problems.append)
    keeping.write("a", lambda: write("a"))
    keeping.write("b", lambda: write("b"))
    qtbot.waitUntil(lambda: keeping.problem is not None)
    assert keeping.text == "not saved: the disk is full"
    assert not keeping.flush(0.05)
    full[0] = False
    qtbot.waitUntil(lambda: keeping.is_settled, timeout=8000)
    assert written == ["a", "b"]
    assert len(problems) == 1
    assert keeping.text.startswith("all saved ")
