"""Progress and cancelling, and gathering plugins."""

import sys
import threading
from pathlib import Path

import pytest

from imaging.errors import Problem, ScanProblem, one_line
from imaging.plugins import gather
from imaging.progress import Cancelled, Progress, Step, silent
from imaging.scan import ScanFormat


def test_steps_reach_the_listener():
    steps: list[Step] = []
    Progress(steps.append).report(1, 4, "reading")
    assert steps == [Step(1, 4, "reading")]


def test_a_cancelled_progress_stops_the_next_report():
    progress = Progress()
    progress.cancel()
    assert progress.is_cancelled
    with pytest.raises(Cancelled):
        progress.report(1, 2)


def test_callbacks_run_once_on_cancel_and_at_once_when_late():
    calls: list[str] = []
    progress = Progress()
    progress.when_cancelled(lambda: calls.append("early"))
    forget = progress.when_cancelled(lambda: calls.append("forgotten"))
    forget()
    forget()
    progress.cancel()
    progress.cancel()
    progress.when_cancelled(lambda: calls.append("late"))
    assert calls == ["early", "late"]


def test_a_part_fills_its_share_and_is_cancelled_with_the_whole():
    steps: list[Step] = []
    whole = Progress(steps.append)
    part = whole.part(0.5, 0.25, "headers")
    part.report(1, 2)
    part.part(0.5, 0.5).report(4, 2)
    assert steps == [Step(0.625, 1.0, "headers"), Step(0.75, 1.0, "headers")]
    calls: list[int] = []
    part.when_cancelled(lambda: calls.append(1))
    part.cancel()
    assert whole.is_cancelled
    assert calls == [1]
    with pytest.raises(Cancelled):
        part.check()


def test_cancelling_from_another_thread_stops_the_work():
    progress, started, stopped = silent(), threading.Event(), threading.Event()

    def work() -> None:
        try:
            while True:
                progress.check()
                started.set()
        except Cancelled:
            stopped.set()

    thread = threading.Thread(target=work)
    thread.start()
    started.wait(5)
    progress.cancel()
    assert stopped.wait(5)
    thread.join()


def make_package(folder: Path, name: str, modules: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("")
    for module, text in modules.items():
        (folder / name / f"{module}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    __import__(name)
    return sys.modules[name]


def test_plugins_are_gathered_by_name_and_shared_modules_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    modules = {"b": "PLUGIN = 'two'", "a": "PLUGIN = 'one'", "shared": "THING = 'none'", "c": "from plugs_a.b import *"}
    package = make_package(tmp_path, "plugs_a", modules, monkeypatch)
    assert gather(package, str)[:2] == ("one", "two")


def test_a_plugin_of_the_wrong_family_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    package = make_package(tmp_path, "plugs_b", {"a": "PLUGIN = 3"}, monkeypatch)
    with pytest.raises(TypeError, match=r"plugs_b\.a\.PLUGIN is no ScanFormat"):
        gather(package, ScanFormat)


def test_problems_are_one_line_and_survive_pickling():
    import pickle

    problem = ScanProblem("is cut\n short", Path("a.dcm"), "Get it again")
    assert str(problem) == "a.dcm: is cut short. Get it again"
    back = pickle.loads(pickle.dumps(problem))  # noqa: S301
    assert (type(back), str(back)) == (ScanProblem, str(problem))
    assert str(Problem("is full")) == "is full"


def test_library_errors_are_cut_to_one_line():
    assert one_line(ValueError("first.\nsecond")) == "first"
    assert one_line(KeyError()) == "KeyError"
