"""Cases read ahead: there at once when they are asked for, and never older than what was said of them."""

import random
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from dataset.annotation import Annotation, Box, new_id, now
from dataset.document import Edit, Snapshot
from dataset.folder import Dataset
from desktop_app import tools
from desktop_app.session import Session
from desktop_app.tool import Tool
from imaging.geometry import Plane
from imaging.plugins import gather
from tests.desktop_app.conftest import end

NAMES = ("ash", "birch", "cedar", "elm", "fir")
COUNT = len(NAMES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    scans = tmp_path / "scans"
    scans.mkdir()
    for number in range(COUNT):
        pixels = np.random.default_rng(number).integers(0, 255, (40, 60), np.uint8)
        Image.fromarray(pixels).save(scans / f"{NAMES[number]}.png")
    return tmp_path


@pytest.fixture
def make(qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[[], Session]]:
    monkeypatch.setattr("desktop_app.prefetch.AGAIN_MS", 60)
    made: list[Session] = []

    def session() -> Session:
        one = Session(gather(tools, Tool), "Ada")
        made.append(one)
        one.open_dataset(folder / "dataset")
        one.open_paths(sorted((folder / "scans").iterdir()))
        qtbot.waitUntil(lambda: one.scan is not None, timeout=10_000)
        return one

    yield session
    for one in made:
        end(one)


def box(number: int = 0) -> Annotation:
    return Annotation(new_id(), "finding", Box(Plane(), number, 2, 3, 4), "Ada", now())


def at_hand(qtbot: QtBot, session: Session, *numbers: int) -> None:
    """Wait until these cases are read ahead."""

    def is_done() -> bool:
        names = {session.worklist.table[number].source.paths[0].name for number in numbers}  # type: ignore[union-attr]
        held = {ahead.opened.scan.info.name for ahead in session.worklist.prefetch._held.values()}
        return names <= held and not session.jobs.running

    qtbot.waitUntil(is_done, timeout=10_000)


def reached(qtbot: QtBot, session: Session, number: int) -> None:
    """Wait until a case is open."""
    name = f"{NAMES[number]}.png"
    qtbot.waitUntil(lambda: session.scan is not None and session.scan.info.name == name, timeout=5000)


def settled(qtbot: QtBot, session: Session) -> None:
    qtbot.waitUntil(lambda: session.keeping.is_settled and not session.jobs.running, timeout=10_000)


def test_the_next_case_is_there_when_it_is_asked_for(qtbot: QtBot, make: Callable[[], Session]) -> None:
    session = make()
    at_hand(qtbot, session, 1, 2)
    told: list[object] = []
    session.scan_changed.connect(lambda: told.append(session.case))
    first = session.scan_key
    session.next_case()
    assert (session.case, told) == (1, [1])
    assert session.scan_key != first
    assert session.scan is not None
    assert session.scan.info.name == "birch.png"
    at_hand(qtbot, session, 0, 2, 3)
    session.previous_case()
    assert session.scan_key == first


def test_what_another_program_said_since_is_shown(qtbot: QtBot, make: Callable[[], Session], folder: Path) -> None:
    first = make()
    for number in range(3):
        first.open_case(number)
        reached(qtbot, first, number)
        first.commit(Edit("Draw", put=(box(number),)))
    settled(qtbot, first)
    first.open_case(0)
    reached(qtbot, first, 0)
    at_hand(qtbot, first, 1, 2)
    key = first.cases[1].key
    other, mark = Dataset.open(folder / "dataset"), box(9)
    base = other.head(key).revision
    assert base is not None
    other.save_revision(key, Snapshot((mark,)), author="Grace", base=base.id)
    other.close()
    first.next_case()
    qtbot.waitUntil(lambda: first.scan_key == key, timeout=5000)
    assert first.document.annotations == (mark,)


def test_edits_that_another_session_left_are_restored(qtbot: QtBot, make: Callable[[], Session]) -> None:
    first, mark = make(), box()
    at_hand(qtbot, first, 1)
    first.next_case()
    first.commit(Edit("Draw", put=(mark,)))
    key = first.scan_key
    settled(qtbot, first)
    first.saving.begin(None)
    first.close()
    second = make()
    at_hand(qtbot, second, 2)
    assert second.worklist.prefetch.held == 1
    second.next_case()
    qtbot.waitUntil(lambda: second.scan_key == key, timeout=5000)
    assert second.document.annotations == (mark,)


def test_what_does_not_fit_is_not_read_ahead_and_opens_as_ever(qtbot: QtBot, make: Callable[[], Session]) -> None:
    session = make()
    settled(qtbot, session)
    session.worklist.prefetch.forget()
    session.worklist.prefetch.bound = 100
    session.worklist.look_ahead()
    qtbot.waitUntil(lambda: not session.jobs.running, timeout=5000)
    assert session.worklist.prefetch.held == 0
    key = session.scan_key
    session.next_case()
    assert session.scan_key == key
    qtbot.waitUntil(lambda: session.scan_key != key, timeout=5000)


def test_what_is_not_used_is_closed(qtbot: QtBot, make: Callable[[], Session], monkeypatch: pytest.MonkeyPatch) -> None:
    session = make()
    at_hand(qtbot, session, 1, 2)
    closed: list[str] = []
    for ahead in session.worklist.prefetch._held.values():
        name = ahead.opened.scan.info.name
        monkeypatch.setattr(ahead.opened.scan, "close", lambda name=name: closed.append(name))
    session.open_case(4)
    reached(qtbot, session, 4)
    qtbot.waitUntil(lambda: sorted(closed) == ["birch.png", "cedar.png"], timeout=5000)
    at_hand(qtbot, session, 3)
    scans = [ahead.opened.scan for ahead in session.worklist.prefetch._held.values()]
    session.worklist.prefetch.forget()
    assert session.worklist.prefetch.held == 0
    for scan in scans:
        with pytest.raises(Exception, match="closed"):
            scan.voxels()  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_opened_shows_what_was_last_said_of_it(
    qtbot: QtBot, make: Callable[[], Session], seed: int
) -> None:
    session, chance = make(), random.Random(seed)
    said: dict[str, tuple[Annotation, ...]] = {}
    for _ in range(60):
        what = chance.choice(("next", "previous", "any", "draw", "draw", "wait"))
        if what == "draw":
            mark = box(chance.randrange(40))
            session.commit(Edit("Draw", put=(mark,)))
            said[session.scan_key] = (*said.get(session.scan_key, ()), mark)
        elif what == "wait":
            qtbot.wait(chance.choice((1, 30, 150)))
        else:
            step = {"next": session.worklist.neighbour(1), "previous": session.worklist.neighbour(-1)}
            number = step.get(what, chance.randrange(COUNT))
            session.open_case(number)
            if number >= 0:
                reached(qtbot, session, number)
        assert session.document.annotations == said.get(session.scan_key, ())
