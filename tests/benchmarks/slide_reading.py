"""Ten minutes of reading a slide in the real window, and what memory it takes.

`python -m tests.benchmarks.slide_reading [--minutes 10] FILE…`: opens each slide in the window and reads it by seeded
gestures (drags, wheel turns at the cursor, jumps, arrow keys, the whole slide now and then), a few each second, as a
person in a hurry would. The memory of the process is sampled meanwhile; a dozen points, the least, the greatest and
the last are printed against the stated bound: what the window takes before a slide is opened, plus the bound of the
tile cache, plus 150 MB. Run it with QT_QPA_PLATFORM=offscreen or under Xvfb.
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop_app.app import Arguments, build, start
from desktop_app.canvas.scan_view import ScanView
from desktop_app.canvas.tile_cache import CACHE_BYTES
from tests.benchmarks.bench_gui_thread import Heartbeat, wait_for
from tests.benchmarks.bench_slide import MEGABYTE, resident

ROOM = 150 * MEGABYTE
SAMPLE_SECONDS = 2.0
REST_SECONDS = 0.12


class Hand:
    """Moves through a slide by events, seeded."""

    def __init__(self, view: ScanView, seed: int) -> None:
        self._view, self._rng = view, np.random.default_rng(seed)
        self.gestures: dict[str, int] = {"drag": 0, "wheel": 0, "jump": 0, "keys": 0, "whole": 0}

    def act(self) -> None:
        """One gesture."""
        name = str(self._rng.choice(list(self.gestures), p=[0.4, 0.35, 0.12, 0.1, 0.03]))
        self.gestures[name] += 1
        getattr(self, f"_{name}")()

    def _place(self) -> QPoint:
        view = self._view
        x, y = self._rng.uniform(0.15, 0.85, 2)
        return QPoint(int(x * view.width()), int(y * view.height()))

    def _drag(self) -> None:
        first, last = self._place(), self._place()
        button, none = Qt.MouseButton.MiddleButton, Qt.KeyboardModifier.NoModifier
        QTest.mousePress(self._view, button, none, first)
        for part in np.linspace(0, 1, 9)[1:].tolist():
            QTest.mouseMove(self._view, first + (last - first) * part)
            wait_for(lambda: False, 0.01)
        QTest.mouseRelease(self._view, button, none, last)

    def _wheel(self) -> None:
        viewport = self._view.viewport
        assert viewport is not None
        inwards = self._rng.random() < (0.65 if viewport.scale < 0.5 else 0.35)
        place = self._place()
        for _ in range(int(self._rng.integers(2, 9))):
            turn = QPoint(0, 120 if inwards else -120)
            where, none = QPointF(place), Qt.KeyboardModifier.NoModifier
            there = QPointF(self._view.mapToGlobal(place))
            buttons, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
            event = QWheelEvent(where, there, QPoint(), turn, buttons, none, phase, False)
            QApplication.sendEvent(self._view, event)
            wait_for(lambda: False, 0.015)

    def _jump(self) -> None:
        viewport = self._view.viewport
        assert viewport is not None
        x, y = self._rng.uniform(0.15, 0.85, 2)
        centre = (float(x) * viewport.plane_width, float(y) * viewport.plane_height)
        self._view.move_to(replace(viewport, centre=centre, scale=float(np.exp(self._rng.uniform(np.log(0.02), 0)))))

    def _keys(self) -> None:
        keys = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
        key = keys[int(self._rng.integers(4))]
        for _ in range(6):
            QTest.keyClick(self._view, key)
            wait_for(lambda: False, 0.02)

    def _whole(self) -> None:
        self._view.fit()


def read(path: Path, minutes: float, seed: int) -> None:
    """Read one slide and print its curve."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        arguments = Arguments(paths=(), dataset=root / "dataset", home=root / "home", size=(1600, 1000))
        _application, session, window = build(arguments)
        window.show()
        start(arguments, session)
        wait_for(lambda: False, 2)
        gc.collect()
        floor = resident("VmRSS")
        session.open_paths((path,))
        assert wait_for(lambda: session.scan is not None and not session.jobs.running, 120), "the slide did not open"
        view = next(found for found in window.findChildren(ScanView) if found.viewport is not None)
        hand, heart = Hand(view, seed), Heartbeat()
        heart.begin()
        begun = time.monotonic()
        samples, problems = [(0.0, resident("VmRSS"))], list[str]()
        session.problem_raised.connect(lambda problem: problems.append(str(problem)))
        while time.monotonic() - begun < minutes * 60:
            hand.act()
            wait_for(lambda: False, REST_SECONDS)
            now = time.monotonic() - begun
            if now - samples[-1][0] >= SAMPLE_SECONDS:
                samples.append((now, resident("VmRSS")))
        assert wait_for(lambda: view.is_complete, 60), "the last view was not complete in time"
        tell(path, floor, samples, hand.gestures)
        print(f"  GUI thread: {heart.told()}; problems told: {len(problems)} {problems[:1]}")
        window.close()
        session.close()


def tell(path: Path, floor: int, samples: list[tuple[float, int]], gestures: dict[str, int]) -> None:
    """Print the curve against the stated bound."""
    sizes = [size for _, size in samples]
    bound = floor + CACHE_BYTES + ROOM
    print(f"{path.name}: {samples[-1][0] / 60:.1f} minutes, {sum(gestures.values())} gestures {gestures}")
    print(
        f"  window before {floor / MEGABYTE:.0f} MB; stated bound {bound / MEGABYTE:.0f} MB "
        f"(+ cache {CACHE_BYTES / MEGABYTE:.0f} + {ROOM / MEGABYTE:.0f}); least {min(sizes) / MEGABYTE:.0f}, "
        f"greatest {max(sizes) / MEGABYTE:.0f}, last {sizes[-1] / MEGABYTE:.0f} MB: "
        f"{'within' if max(sizes) <= bound else 'OVER'} the bound"
    )
    chosen = np.linspace(0, len(samples) - 1, 13).round().astype(int).tolist()
    print("  " + "  ".join(f"{samples[n][0] / 60:.1f} min {samples[n][1] / MEGABYTE:.0f} MB" for n in chosen))


def main() -> None:
    """Read the slides named, one after the other, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=4)
    choice = parser.parse_args()
    if len(choice.files) == 1:
        read(choice.files[0], choice.minutes, choice.seed)
        return
    how = ["--minutes", str(choice.minutes), "--seed", str(choice.seed)]
    for path in choice.files:
        subprocess.run([sys.executable, "-m", "tests.benchmarks.slide_reading", str(path), *how], check=True)


if __name__ == "__main__":
    main()
