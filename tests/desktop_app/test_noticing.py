"""What others write into the dataset is seen, and the worklist keeps its places."""

import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dataset.document import Snapshot
from dataset.folder import Dataset
from desktop_app import tools
from desktop_app.noticing import Noticing
from desktop_app.session import Session
from desktop_app.tool import Tool
from imaging.plugins import gather
from imaging.progress import silent
from tests.dataset.scans import picture, volume
from tests.desktop_app.conftest import end
from tests.desktop_app.test_prefetch import box


@pytest.fixture(autouse=True)
def _own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("OVERREAD_GROUP_KEY", raising=False)


def test_what_another_reader_does_is_seen_in_the_worklist(qtbot: QtBot, tmp_path: Path) -> None:
    other = Dataset.create(tmp_path / "set")
    other.add_scan(picture(), "flat", silent())
    session = Session(gather(tools, Tool), "Ada")
    noticing = Noticing(session, session)
    session.open_dataset(tmp_path / "set")
    qtbot.waitUntil(lambda: len(session.cases) == 1, timeout=5000)
    session.open_case(0)
    qtbot.waitUntil(lambda: session.scan_key == "flat", timeout=5000)
    other.add_scan(volume(), "deep", silent())
    time.sleep(0.12)
    noticing.look()
    qtbot.waitUntil(lambda: len(session.cases) == 2, timeout=5000)
    assert (session.case, session.cases[1].key, session.cases[1].state) == (0, "deep", "unseen")
    other.add_labels([session.labels.labels[0]])
    other.save_revision("deep", Snapshot((box(),)), author="Grace")
    noticing.look()
    qtbot.waitUntil(lambda: session.cases[1].state == "labelled", timeout=5000)
    assert [who for who, _when in session.cases[1].readings] == ["Grace"]
    end(session)
    other.close()
