"""Garbage is collected without holding the window up."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.collecting import MANY_MODULES, MANY_ROUNDS, Collecting
from desktop_app.jobs import Jobs


class Node:
    """Refers to itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    made = Jobs()
    # What other tests left would else be set aside as if it were marks, and what these make with it.
    gc.unfreeze()
    gc.collect()
    yield made
    made.close()
    gc.unfreeze()


def _run_a_job(qtbot: QtBot, jobs: Jobs) -> None:
    with qtbot.waitSignal(jobs.ended):
        jobs.start("Loading", lambda _progress: None, lambda _answer: None)


def test_no_full_collection_comes_by_itself_until_the_window_is_gone(qtbot: QtBot, jobs: Jobs) -> None:
    usual = gc.get_threshold()
    held = Collecting(jobs)
    assert gc.get_threshold()[2] > 1_000_000
    with qtbot.waitSignal(held.destroyed):
        held.deleteLater()
    assert gc.get_threshold() == usual


def test_what_refers_to_itself_is_collected_now_and_then(
    qtbot: QtBot, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop_app.collecting.EVERY_MS", 10)
    held = Collecting(jobs)
    gone = weakref.ref(Node())
    qtbot.waitUntil(lambda: gone() is None)
    held.deleteLater()


def test_libraries_are_set_aside_once_they_are_loaded(
    qtbot: QtBot, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    gc.unfreeze()
    held = Collecting(jobs)
    _run_a_job(qtbot, jobs)
    assert gc.get_freeze_count() > 1000
    gc.unfreeze()
    _run_a_job(qtbot, jobs)
    assert gc.get_freeze_count() == 0
    for number in range(MANY_MODULES):
        monkeypatch.setitem(sys.modules, f"made_up_{number}", sys)
    _run_a_job(qtbot, jobs)
    assert gc.get_freeze_count() > 1000
    held.deleteLater()


def test_very_many_marks_are_set_aside_without_a_look(
    qtbot: QtBot, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    gc.unfreeze()
    looks = list[int]()

    def count(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            looks.append(1)

    held = Collecting(jobs)
    marks = [[number] for number in range((MANY_ROUNDS + 2) * 8000)]
    monkeypatch.setattr(gc, "callbacks", [count])
    monkeypatch.setattr("desktop_app.collecting.EVERY_MS", 10)
    later = Collecting(jobs)
    qtbot.waitUntil(lambda: gc.get_freeze_count() > len(marks))
    assert not looks
    gone = weakref.ref(Node())
    qtbot.waitUntil(lambda: gone() is None)
    held.deleteLater()
    later.deleteLater()
