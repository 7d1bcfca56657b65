"""A day at the window: thousands of cases opened, corrected by real events and saved. What is left behind?

`python -m tests.benchmarks.day [--cases 2000]` prints memory, handles, threads and timers as the day goes on, and at
the end what they are against those after the first fifty cases.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from dataset.annotation import Box, Proposal, new_id, now
from dataset.folder import Dataset
from dataset.label import Label, LabelSet
from dataset.mask import mask_of_plane
from dataset.prediction import ModelRef, Prediction
from desktop_app.app import Arguments, build, start
from desktop_app.main_window import MainWindow
from imaging.geometry import Affine, Plane, Size
from imaging.loaded import LoadedScan
from imaging.progress import silent
from imaging.scan import ScanInfo, Window

WARM = 50
LABELS = LabelSet("day", (Label("disc", "Disc", "#4cc9f0", "1"), Label("tumour", "Tumour", "#f72585", "2")))


def make_day(folder: Path, cases: int) -> None:
    """A dataset of small volumes and larger pictures, each read by a model."""
    dataset = Dataset.create(folder, LABELS)
    rows, columns = np.mgrid[0:320, 0:320]
    for number in range(cases):
        is_volume = number % 2 == 0
        across = 128 if is_volume else 320
        soft = ((columns + 3 * number) % 97 + rows % 61)[:across, :across].astype(np.int16)
        voxels = np.stack([soft + plane for plane in range(24 if is_volume else 1)])
        affine = Affine.from_directions((0.0, 0.0, float(number)), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 2.0))
        info = ScanInfo(
            f"case {number}", "made", "volume" if is_volume else "picture", Size(across, across, len(voxels)), "int16",
            spacing_mm=affine.spacing(), affine=affine, windows=(Window(80.0, 160.0),), modality="MR",
        )  # fmt: skip
        key = f"case{number:05}"
        dataset.add_scan(LoadedScan(info, voxels), key, silent())
        plane = Plane(0, len(voxels) // 2)
        boxes = tuple(Proposal(f"{key}-{n}", "disc", Box(plane, 10 + 25 * n, 20, 20, 30), 0.9) for n in range(4))
        mask = Proposal(f"{key}-m", "tumour", mask_of_plane(np.ones((20, 30), np.bool_), plane.index, x=60, y=70), 0.8)
        prediction = Prediction(new_id(), key, ModelRef("day", "1", "0" * 64), "cpu", now(), 0.1, (*boxes, mask))
        dataset.save_prediction(prediction)
    dataset.close()


@dataclass(frozen=True, slots=True)
class Held:
    """What the program holds at one moment."""

    memory_mb: float
    handles: int
    threads: int
    timers: int
    objects: int
    widgets: int


def held(window: MainWindow) -> Held:
    """Count it, after everything that can go has gone."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Held(
        pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        len(os.listdir("/proc/self/fd")),
        threading.active_count(),
        len(window.findChildren(QTimer)) + len(window.session.findChildren(QTimer)),
        len(window.findChildren(QObject)) + len(window.session.findChildren(QObject)),
        len(QApplication.allWidgets()),
    )


class Person:
    """Acts on the window by real events."""

    def __init__(self, window: MainWindow) -> None:
        self.window, self.session = window, window.session

    def until(self, condition: Callable[[], object]) -> None:
        """Let the window work until a condition holds."""
        end = time.monotonic() + 60
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("the window did not follow")
            QApplication.processEvents()
            time.sleep(0.001)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key."""
        target: QWidget = QApplication.focusWidget() or self.window.pane.view
        QTest.keyClick(target, key, modifiers)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag from one point of the scan to another."""
        view = self.window.pane.view
        viewport = view.viewport
        assert viewport is not None
        a, b = (QPointF(*viewport.to_screen(*place)).toPoint() for place in (start, end))
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QTest.mouseMove(view, a)
        QTest.mousePress(view, left, none, a)
        for step in range(1, 5):
            QTest.mouseMove(view, a + QPoint(*((b - a) * step / 4).toTuple()))
            QApplication.processEvents()
        QTest.mouseRelease(view, left, none, b)

    def correct(self, number: int) -> None:
        """One box put right, another drawn, a mask painted; on some cases undone, erased, deleted."""
        self.key(Qt.Key.Key_V)
        self.drag((30.0, 50.0), (33.0, 54.0))
        self.key(Qt.Key.Key_R)
        self.drag((20.0, 75.0), (45.0, 95.0))
        self.key(Qt.Key.Key_B)
        self.drag((50.0, 80.0), (80.0, 100.0))
        if number % 3 == 0:
            self.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        if number % 4 == 0:
            self.key(Qt.Key.Key_E)
            self.drag((60.0, 75.0), (85.0, 75.0))
        if number % 5 == 0 and self.session.info is not None and self.session.info.size.planes > 1:
            self.key(Qt.Key.Key_PageDown)


def live_through(folder: Path, home: Path, cases: int) -> tuple[Held, Held]:
    """The whole day; what was held after the first fifty cases, and at the end."""
    _application, session, window = build(Arguments(dataset=folder, home=home, size=(1366, 768)))
    window.show()
    window.activateWindow()
    start(Arguments(dataset=folder, home=home), session)
    person = Person(window)
    person.until(lambda: len(session.cases) == cases)
    session.open_case(0)
    person.until(lambda: session.scan is not None)
    first: Held | None = None
    began = time.monotonic()
    for number in range(cases):
        key = session.scan_key
        person.correct(number)
        if number + 1 == cases:
            session.accept_all()
            session.save()
            break
        person.key(Qt.Key.Key_G)
        person.until(lambda key=key: session.scan_key not in {"", key})
        if number + 1 == WARM:
            person.until(lambda: session.keeping.is_settled)
            first = held(window)
        if number + 1 == WARM or (number + 1) % 200 == 0:
            rate = (number + 1) / (time.monotonic() - began) * 60
            print(f"{number + 1:5} cases, {rate:4.0f} a minute: {held(window)}", flush=True)
    person.until(lambda: session.keeping.is_settled and not session.jobs.running)
    last = held(window)
    window.close()
    session.close()
    assert first is not None
    return first, last


def main() -> int:
    """Make the day, live through it, and say what is left."""
    parser = argparse.ArgumentParser(description="A simulated day at the window")
    parser.add_argument("--cases", type=int, default=2000)
    cases = parser.parse_args().cases
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        os.environ |= {"OVERREAD_HOME": str(root), "OVERREAD_CACHE": str(root), "XDG_STATE_HOME": str(root)}
        make_day(root / "dataset", cases)
        first, last = live_through(root / "dataset", root / "home", cases)
        dataset = Dataset.open(root / "dataset")
        labelled = sum(record.state == "labelled" for record in dataset.records())
        dataset.close()
    print(f"labelled {labelled} of {cases}")
    print(f"memory at the end / after the first {WARM}: {last.memory_mb / first.memory_mb:.3f} (budget 1.10)")
    for name in ("handles", "threads", "timers", "objects", "widgets"):
        print(f"{name}: {getattr(first, name)} -> {getattr(last, name)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
