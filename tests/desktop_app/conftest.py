"""The window under test: isolated settings, real events, and nothing stray left behind."""

import gc
import os
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from dataset.annotation import Box, Proposal
from dataset.document import Snapshot
from dataset.label import Label, LabelSet
from dataset.prediction import ModelRef, Prediction
from dataset.readings import Person
from desktop_app.app import Arguments, build
from desktop_app.cases import Case
from desktop_app.display import CaseRow
from desktop_app.main_window import MainWindow
from desktop_app.opening import Opened
from desktop_app.session import Session
from imaging.geometry import Affine, Plane, Size
from imaging.loaded import LoadedScan
from imaging.scan import Rescale, Scan, ScanInfo, ScanKind, Window


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that build a whole window are no unit tests."""
    for item in items:
        if "make_window" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.gui)


LABELS = LabelSet(
    "test",
    (
        Label("disc", "Disc", "#4cc9f0", "1"),
        Label("tumour", "Tumour", "#f72585", "2"),
        Label("cyst", "Cyst", "#b5e48c", "3"),
    ),
)


class MemoryDataset:
    """Stands for a dataset folder: what is written is only counted."""

    id = "memory"
    labels = LABELS
    person = Person()

    def __init__(self) -> None:
        self.edits: list[object] = []
        self.revisions: list[object] = []

    def has(self, _key: str) -> bool:
        return True

    def listed(self) -> tuple[object, ...]:
        return ()

    def keep(self, _key: str, edit: object, **_facts: object) -> None:
        self.edits.append(edit)

    def save_revision(self, _key: str, state: object, **facts: object) -> object:
        self.revisions.append((state, facts))
        return type("Saved", (), {"id": str(len(self.revisions))})()

    def record(self, _key: str) -> object:
        return type("Record", (), {"state": "labelled"})()

    def start(self, _key: str) -> object:
        return type("Start", (), {"state": "labelled"})()

    def history(self, _key: str) -> tuple[object, ...]:
        return ()

    def add_labels(self, labels: object) -> None:
        pass

    def change_label(self, label: object) -> None:
        pass

    def close(self) -> None:
        pass


def volume(planes: int = 12, kind: ScanKind = "volume", modality: str = "CT") -> LoadedScan:
    """A small grey scan with a bright block in the middle."""
    voxels = np.full((planes, 64, 80), -900, np.int16)
    voxels[planes // 3 : planes // 3 * 2 + 1, 20:44, 24:56] = 60
    affine = Affine.from_directions((0.0, 0.0, 0.0), (0.8, 0.0, 0.0), (0.0, 0.8, 0.0), (0.0, 0.0, 2.5))
    info = ScanInfo(
        name=f"{modality} test",
        format="test",
        kind=kind,
        size=Size(80, 64, planes),
        dtype="int16",
        spacing_mm=(0.8, 0.8, 2.5),
        affine=affine,
        rescale=Rescale(unit="HU" if modality == "CT" else ""),
        modality=modality,
    )
    return LoadedScan(info, voxels)


def proposal(number: int, *, plane: int = 6, score: float = 0.9, label: str = "disc") -> Proposal:
    """A proposed box; its id is `p<number>`."""
    return Proposal(f"p{number}", label, Box(Plane(0, plane), 10 + 2 * number, 12, 14, 10), score)


def prediction(*proposals: Proposal, scores: tuple[tuple[str, float], ...] = ()) -> Prediction:
    """What a model `finder` proposed."""
    from dataset.annotation import now

    return Prediction("1", "key0", ModelRef("finder", "1.0", "0" * 64), "cpu", now(), 0.4, proposals, scores)


class Reader:
    """A person in front of the window: opens scans and waits until the window has caught up."""

    def __init__(self, window: MainWindow, bot: QtBot) -> None:
        self.window, self.session, self.bot = window, window.session, bot
        self.dataset = MemoryDataset()
        self.session.worklist.dataset = self.dataset  # type: ignore[assignment]
        self.session.add_labels(LABELS.labels, keep=False)

    def list_cases(self, *rows: CaseRow) -> None:
        """Put rows on the worklist."""
        self.session.worklist._set_cases(tuple(Case(row) for row in rows))
        self.session.worklist.rows_changed.emit()
        self.settle()

    def open(self, scan: Scan, *predictions: Prediction, window: Window | None = None) -> None:
        """Open a scan as the first case."""
        if not self.session.cases:
            self.list_cases(CaseRow(scan.info.name, key="key0"))
        self.session.worklist.current = 0
        plane = Plane(0, scan.info.size.planes // 2)
        shown = window or (None if scan.info.is_colour else Window(40, 400))
        self.session.worklist.opened.emit(Opened(scan, "key0", Snapshot(), "", (), predictions, "unseen", shown, plane))
        self.settle()

    def settle(self) -> None:
        """Let everything pending happen."""
        for _ in range(3):
            QCoreApplication.processEvents()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(autouse=True)
def garbage_of_the_main_thread() -> Generator[None]:
    """Garbage is collected after each test, in the main thread: a job of the next that came upon a session or a window
    which refers to itself would destroy Qt's objects in its own thread, under the hands of the event loop."""
    gc.disable()
    yield
    gc.collect(1)
    gc.enable()


def end(session: Session) -> None:
    """Close a session that stands alone, and destroy it now."""
    session.close()
    session.deleteLater()
    QCoreApplication.sendPostedEvents(session, QEvent.Type.DeferredDelete)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty folder for settings and the reader's own dataset."""
    return tmp_path / "home"


@pytest.fixture
def no_stray_threads() -> Generator[None]:
    """Fails when a thread is left behind."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 5
    while (
        left := [t for t in threading.enumerate() if t not in before and not t.daemon]
    ) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left, f"threads left behind: {left}"


@pytest.fixture
def make_window(qtbot: QtBot, home: Path, no_stray_threads: None) -> Generator[Callable[..., MainWindow]]:
    """Builds windows by the composition root; closes them and their sessions afterwards."""
    made: list[tuple[Session, MainWindow]] = []

    def make(**changes: object) -> MainWindow:
        _, session, window = build(Arguments(home=home, **changes))  # type: ignore[arg-type]
        made.append((session, window))
        with qtbot.waitExposed(window):
            window.show()
        # On a display without a window manager nobody else makes it active, and keys need that.
        with qtbot.waitActive(window):
            window.activateWindow()
        return window

    yield make
    for session, window in made:
        session.scan = None
        window.close()
        session.close()
        window.deleteLater()
        session.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()


@pytest.fixture
def window(make_window: Callable[..., MainWindow]) -> MainWindow:
    """A window without a scan."""
    return make_window(size=(1366, 768))


@pytest.fixture
def reader(window: MainWindow, qtbot: QtBot) -> Reader:
    """A person in front of an empty window."""
    return Reader(window, qtbot)
