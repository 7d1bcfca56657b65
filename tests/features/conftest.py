"""Feature tests: they enter through `main()` and act by mouse and keys; positions are said in scan pixels."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from desktop_app.canvas.scan_view import ScanView
from desktop_app.commandline import main
from desktop_app.main_window import MainWindow


class Hand:
    """A person's hand on the window: real events, waits for what follows, a picture of each step."""

    def __init__(self, window: MainWindow, pictures: Path) -> None:
        self.window, self.session = window, window.session
        self._pictures, self._number = pictures, 0

    @property
    def view(self) -> ScanView:
        """The view of the scan."""
        found = self.window.findChild(ScanView)
        assert found is not None
        return found

    def until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Let the window work until a condition holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "waited too long"
            # QTest.qWait would hold Python's lock while it sleeps, and the jobs that are waited for would starve.
            QApplication.processEvents()
            time.sleep(0.01)

    def idle(self) -> None:
        """Wait until no job runs and all is saved."""
        self.until(lambda: not self.session.jobs.running and self.session.keeping.is_settled)
        QTest.qWait(50)

    def at(self, x: float, y: float) -> QPoint:
        """Where a point of the scan is on the view."""
        viewport = self.view.viewport
        assert viewport is not None
        sx, sy = viewport.to_screen(x, y)
        return QPointF(sx, sy).toPoint()

    def drag(self, start: tuple[float, float], end: tuple[float, float], steps: int = 6) -> None:
        """Press, move in steps, release: from one point of the scan to another."""
        a, b = self.at(*start), self.at(*end)
        QTest.mouseMove(self.view, a)
        QTest.mousePress(self.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, a)
        for step in range(1, steps + 1):
            QTest.mouseMove(self.view, a + (b - a) * step / steps)
            QTest.qWait(5)
        QTest.mouseRelease(self.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, b)
        QTest.qWait(20)

    def click(self, x: float, y: float) -> None:
        """Click a point of the scan."""
        QTest.mouseClick(self.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, self.at(x, y))
        QTest.qWait(20)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the focus is."""
        target: QWidget = QApplication.focusWidget() or self.view
        QTest.keyClick(target, key, modifiers)
        QTest.qWait(20)

    def picture(self, name: str) -> None:
        """Save what the window shows."""
        self._number += 1
        QTest.qWait(60)
        path = self._pictures / f"{self._number:02}-{name}.png"
        assert self.window.grab().save(str(path))


@pytest.fixture
def perform(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[list[str], Callable[[Hand], None]], int]:
    """Runs `main(words)` and, inside its event loop, what a hand does; closes the window at the end.

    Pictures of the steps go to `OVERREAD_PICTURES`, or to the test's own folder.
    """
    monkeypatch.setenv("OVERREAD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OVERREAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    pictures = Path(os.environ.get("OVERREAD_PICTURES", tmp_path / "pictures"))
    pictures.mkdir(parents=True, exist_ok=True)

    def run(words: list[str], act: Callable[[Hand], None]) -> int:
        failed: list[BaseException] = []

        def begin() -> None:
            window = next(
                (w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible()), None
            )
            if window is None:
                QTimer.singleShot(20, begin)
                return
            try:
                window.resize(1600, 1000)
                # Without a window manager nobody else makes it active, and keys need that.
                window.activateWindow()
                act(Hand(window, pictures))
            except BaseException as error:  # noqa: BLE001  (told after the window has closed)
                failed.append(error)
            window.close()

        QTimer.singleShot(0, begin)
        code = main(words)
        if failed:
            raise failed[0]
        return code

    return run
