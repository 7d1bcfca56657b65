"""The worklist fills while the dataset is still being read, and ends in the order the scans were added."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dataset.folder import Dataset
from desktop_app import tools
from desktop_app.session import Session
from desktop_app.tool import Tool
from imaging.plugins import gather
from tests.benchmarks.many_scans import key_of, write_many

COUNT = 30


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_many(tmp_path / "many", COUNT)


@pytest.fixture
def make(qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[[], Session]]:
    monkeypatch.setattr("dataset.scan_folder.CHUNK", 4)
    monkeypatch.setattr("dataset.index.PAGE", 4)
    monkeypatch.setattr("desktop_app.opening.MOST_ROWS", 4)
    made: list[Session] = []

    def session() -> Session:
        one = Session(gather(tools, Tool), "Ada")
        made.append(one)
        return one

    yield session
    for one in made:
        one.close()


def read(qtbot: QtBot, session: Session, folder: Path) -> list[int]:
    """Open the dataset; how many rows there were each time they were told."""
    counts: list[int] = []
    session.cases_changed.connect(lambda: counts.append(len(session.cases)))
    with qtbot.waitSignal(session.worklist.whole, timeout=20_000):
        session.open_dataset(folder)
    return counts


def test_rows_come_while_the_dataset_is_read_with_and_without_an_index(
    qtbot: QtBot, make: Callable[[], Session], folder: Path
) -> None:
    for _ in ("without", "with"):
        session = make()
        counts = read(qtbot, session, folder)
        assert counts == sorted(counts)
        assert counts[0] <= 4
        assert len(counts) > 4
        assert [row.key for row in session.cases] == [key_of(number) for number in range(COUNT)]


def test_the_open_case_stays_open_when_the_rest_has_come(
    qtbot: QtBot, make: Callable[[], Session], folder: Path
) -> None:
    session, opened = make(), list[str]()

    def choose() -> None:
        if not opened:
            opened.append(session.cases[0].key)
            session.worklist.current = 0

    session.cases_changed.connect(choose)
    read(qtbot, session, folder)
    assert session.cases[session.case].key == opened[0]
    assert {row.key for row in session.cases} == {key_of(number) for number in range(COUNT)}


def test_scans_that_went_since_the_index_was_written_are_not_listed(
    qtbot: QtBot, make: Callable[[], Session], folder: Path
) -> None:
    Dataset.open(folder).close()
    (folder / "scans" / key_of(3)).rename(folder / "elsewhere")
    session = make()
    read(qtbot, session, folder)
    assert len(session.cases) == COUNT - 1
    assert session.worklist.table.with_key(key_of(3)) == -1


def test_a_dataset_that_cannot_be_read_is_told(qtbot: QtBot, make: Callable[[], Session], folder: Path) -> None:
    (folder / "labels.json").write_text("{")
    session = make()
    with qtbot.waitSignal(session.problem_raised, timeout=20_000):
        session.open_dataset(folder)
    assert len(session.cases) == 0
