"""Jobs: answers, problems, progress and cancelling, in the main thread and in order."""

import gc
import os
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QPaintEvent
from pytestqt.qtbot import QtBot

from desktop_app.jobs import Jobs
from desktop_app.widgets import Spinner
from imaging.errors import Problem
from imaging.progress import Progress


@pytest.fixture
def jobs(qtbot: QtBot):
    made = Jobs()
    yield made
    made.close()


def test_an_instant_job_does_not_answer_inside_start(qtbot: QtBot, jobs: Jobs) -> None:
    answers: list[int] = []
    jobs.start("instant", lambda _: 7, answers.append)
    time.sleep(0.05)
    assert answers == []
    qtbot.waitUntil(lambda: answers == [7])


def test_a_job_that_is_asked_for_after_the_end_is_a_cancelled_one(qtbot: QtBot) -> None:
    jobs, begun = Jobs(), list[object]()
    jobs.started.connect(begun.append)
    jobs.close()
    job = jobs.start("late", begun.append, begun.append, begun.append)
    time.sleep(0.02)
    QCoreApplication.processEvents()
    assert job.progress.is_cancelled
    assert not begun
    assert not jobs.running


def test_a_job_that_is_over_holds_nothing_though_nobody_collects(qtbot: QtBot, jobs: Jobs) -> None:
    class Large:
        """What an answer is for."""

    large, answers = Large(), list[int]()
    held = weakref.ref(large)

    def then(answer: int, large: Large = large) -> None:
        assert large is not None
        answers.append(answer)

    gc.disable()
    try:
        jobs.start("large", lambda _: 1, then)
        del then, large
        qtbot.waitUntil(lambda: bool(answers))
        qtbot.waitUntil(lambda: held() is None, timeout=2000)
    finally:
        gc.enable()


def test_answers_come_in_the_main_thread(qtbot: QtBot, jobs: Jobs) -> None:
    where: list[tuple[str, str]] = []
    jobs.start(
        "where", lambda _: threading.current_thread().name,
        lambda worker: where.append((worker, threading.current_thread().name)),
    )  # fmt: skip
    qtbot.waitUntil(lambda: bool(where))
    worker, main = where[0]
    assert worker.startswith("overread-job")
    assert main == threading.main_thread().name


def test_a_problem_without_a_handler_is_told(qtbot: QtBot, jobs: Jobs) -> None:
    def fail(_: Progress) -> None:
        raise Problem("is cut short", "a.dcm", "Copy it again")

    with qtbot.waitSignal(jobs.problem_raised) as told:
        jobs.start("fails", fail, lambda _: None)
    assert told.args is not None
    assert str(told.args[0]) == "a.dcm: is cut short. Copy it again"


def test_an_unexpected_error_becomes_a_problem(qtbot: QtBot, jobs: Jobs) -> None:
    seen: list[Problem] = []
    jobs.start("breaks", lambda _: 1 // 0, lambda _: None, seen.append)
    qtbot.waitUntil(lambda: bool(seen))
    assert "ZeroDivisionError" in str(seen[0])


def test_a_cancelled_job_neither_answers_nor_fails(qtbot: QtBot, jobs: Jobs) -> None:
    outcomes: list[object] = []
    started = threading.Event()

    def work(progress: Progress) -> int:
        started.set()
        while True:
            progress.check()
            time.sleep(0.002)

    job = jobs.start("long", work, outcomes.append, outcomes.append)
    assert started.wait(2)
    with qtbot.waitSignal(jobs.ended):
        job.cancel()
    assert outcomes == []
    assert jobs.running == ()


def test_progress_tells_the_rate_and_the_time_left(qtbot: QtBot, jobs: Jobs) -> None:
    release = threading.Event()

    def work(progress: Progress) -> None:
        progress.report(50, 100, "tiles")
        release.wait(2)

    with qtbot.waitSignal(jobs.changed):
        job = jobs.start("half", work, lambda _: None)
    assert job.fraction == 0.5
    job.started -= 10
    assert job.seconds_left == pytest.approx(10, rel=0.2)
    assert job.rate == pytest.approx(5, rel=0.2)
    with qtbot.waitSignal(jobs.ended):
        release.set()


def test_no_answer_comes_after_closing(qtbot: QtBot) -> None:
    jobs, answers = Jobs(), []
    jobs.start("late", lambda _: 1, answers.append)
    jobs.close()
    qtbot.wait(30)
    assert answers == []


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux's")
def test_jobs_come_after_the_window_where_both_want_the_processor(qtbot: QtBot, jobs: Jobs) -> None:
    found = list[int]()

    def work(_progress: Progress) -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    jobs.start("Reading", work, found.append)
    qtbot.waitUntil(lambda: bool(found))
    assert found[0] > os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) or found[0] == 19


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux's")
def test_heavy_jobs_and_the_threads_they_start_come_after_the_others(qtbot: QtBot, jobs: Jobs) -> None:
    found = dict[str, int]()

    def own(_progress: Progress) -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def of_thread(progress: Progress) -> int:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(own, progress).result()

    jobs.start("light", of_thread, lambda answer: found.update(light=answer))
    jobs.start("heavy", of_thread, lambda answer: found.update(heavy=answer), heavy=True)
    qtbot.waitUntil(lambda: len(found) == 2)
    assert found["heavy"] > found["light"] or found["heavy"] == 19


def test_a_bar_takes_a_new_value_without_painting_at_once(qtbot: QtBot) -> None:
    class Counted(Spinner):
        painted = 0

        def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
            self.painted += 1
            super().paintEvent(event)

    bar = Counted("Progress")
    qtbot.addWidget(bar)
    bar.resize(500, 10)
    with qtbot.waitExposed(bar):
        bar.show()
    bar.show_fraction(0.25)
    qtbot.waitUntil(lambda: bar.painted > 0)
    QCoreApplication.processEvents()
    before = bar.painted
    for percent in range(26, 90):
        bar.show_fraction(percent / 100)
    assert (bar.painted, bar.value()) == (before, 890)
    qtbot.waitUntil(lambda: bar.painted > before)
    bar.show_fraction(None)
    assert bar.maximum() == 0
