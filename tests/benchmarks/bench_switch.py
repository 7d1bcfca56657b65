"""From one case to the next: 100 cases with predictions, read ahead and not, against drawing one that is decoded.

`python -m tests.benchmarks.bench_switch [COUNT]`: makes a dataset of radiographs (2000 × 2000) and CT volumes
(512 × 512 × 40), each with a prediction of 30 boxes, and goes through it in the real window. A step is measured from
the key until the view is painted in full. The bound is the same window showing the same case when its pixels, marks
and predictions are in memory; both are measured in turn on every case, so the ratio compares like with like.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from PySide6.QtCore import QCoreApplication

from dataset.annotation import Box, Proposal, new_id, now
from dataset.folder import Dataset
from dataset.label import Label, LabelSet
from dataset.prediction import ModelRef, Prediction
from desktop_app.canvas.scan_view import ScanView
from desktop_app.opening import Opened
from desktop_app.session import Session
from imaging.geometry import Plane, Size
from imaging.loaded import LoadedScan
from imaging.progress import silent
from imaging.scan import ScanInfo
from tests.benchmarks.bench_gui_thread import wait_for

RATIO, BUDGET_MS, EVERY = 1.2, 100.0, 4
LABELS = LabelSet("switch", (Label("nodule", "Nodule", "#f72585", "1"),))
MODEL = ModelRef("finder", "1.0", "0" * 64)


def scan_of(number: int) -> LoadedScan:
    """A radiograph, or every fourth time a CT."""
    is_ct = number % EVERY == EVERY - 1
    size = Size(512, 512, 40) if is_ct else Size(2000, 2000)
    across = np.linspace(0, 900, size.columns, dtype=np.float32)
    down = np.linspace(0, 900, size.rows, dtype=np.float32)[:, None]
    plane = (across * np.sin(down / 90 + number) + 1000).astype(np.int16)
    voxels = np.stack([plane + index for index in range(size.planes)])
    kind, modality = ("volume", "CT") if is_ct else ("radiograph", "DX")
    info = ScanInfo(f"case {number}", "test", kind, size, "int16", spacing_mm=(0.7, 0.7, 2.0), modality=modality)
    return LoadedScan(info, voxels)


def make(folder: Path, count: int) -> None:
    """Write the dataset."""
    dataset = Dataset.create(folder, LABELS)
    for number in range(count):
        scan, chance = scan_of(number), np.random.default_rng(number)
        key = f"{number:064x}"
        dataset.add_scan(scan, key, silent())
        plane = Plane(0, scan.info.size.planes // 2)
        places = chance.integers(20, scan.info.size.rows - 60, (30, 2)).tolist()
        boxes = [Box(plane, x, y, 40, 30) for x, y in places]
        found = tuple(Proposal(new_id(), "nodule", box, 0.6 + 0.01 * n) for n, box in enumerate(boxes))
        dataset.save_prediction(Prediction(new_id(), key, MODEL, "cpu", now(), 0.1, found))
    dataset.close()


class Watch:
    """A window and how long it takes to show things."""

    def __init__(self, root: Path) -> None:
        from desktop_app.app import Arguments, build, start

        arguments = Arguments(dataset=root / "set", home=root / "home", size=(1366, 768))
        _application, self.session, self.window = build(arguments)
        self.window.show()
        start(arguments, self.session)
        assert wait_for(lambda: bool(self.session.cases) and not self.session.jobs.running, 60)
        self.opened: list[Opened] = []
        self.session.worklist.opened.connect(self._on_opened)

    def _on_opened(self, opened: Opened) -> None:
        self.opened.append(opened)

    def until_drawn(self, ask: Callable[[], object], key: str) -> float:
        """Milliseconds from asking until a case is painted in full."""
        session, begun = self.session, time.perf_counter()
        ask()
        while session.scan_key != key or not self.is_drawn():
            QCoreApplication.processEvents()
            assert time.perf_counter() - begun < 30, "the case did not come"
        self.window.repaint()
        return (time.perf_counter() - begun) * 1000

    def is_drawn(self) -> bool:
        """Whether all views that are seen are complete."""
        views = [view for view in self.window.findChildren(ScanView) if view.isVisible()]
        return bool(views) and all(view.is_complete for view in views)

    def rest(self) -> None:
        """Wait as a person would who looks at the case."""
        wait_for(lambda: not self.session.jobs.running and self.session.keeping.is_settled, 30)
        wait_for(lambda: False, 0.4)
        wait_for(lambda: not self.session.jobs.running, 30)

    def close(self) -> None:
        """End."""
        self.window.close()
        self.session.close()


def walk(watch: Watch, *, is_ahead: bool) -> tuple[list[float], list[float]]:
    """Go through all cases: milliseconds for the next one, and for drawing the same one from memory."""
    session: Session = watch.session
    worklist, steps, drawn = session.worklist, list[float](), list[float]()
    worklist.prefetch.bound = worklist.prefetch.bound if is_ahead else 0
    worklist.prefetch.forget()
    watch.until_drawn(lambda: session.open_case(0), session.cases[0].key)
    watch.rest()
    for number in range(1, len(session.cases)):
        before = watch.opened[-1]
        steps.append(watch.until_drawn(session.next_case, session.cases[number].key))
        watch.rest()
        there = watch.opened[-1]
        # The case before and this one again, both from memory: no job, no disk.
        watch.until_drawn(lambda shown=before: worklist.opened.emit(shown), before.key)
        watch.rest()
        drawn.append(watch.until_drawn(lambda shown=there: worklist.opened.emit(shown), there.key))
        watch.rest()
        del watch.opened[:-1]
    return steps, drawn


def say(title: str, steps: list[float], drawn: list[float]) -> None:
    """One block."""
    ordered, ratio = sorted(steps), median(steps) / median(drawn)
    out = sys.stdout.write
    out(f"{title}: median {median(steps):.1f} ms, slowest of twenty {ordered[-max(len(steps) // 20, 1)]:.1f} ms")
    out(f", slowest {ordered[-1]:.1f} ms; drawing alone: median {median(drawn):.1f} ms; ratio {ratio:.2f}\n")
    if title.startswith("read ahead"):
        out(f"  bound {RATIO:g} ×: {'held' if ratio <= RATIO else 'MISSED'}; ")
        out(f"budget {BUDGET_MS:g} ms: {'held' if median(steps) <= BUDGET_MS else 'MISSED'}\n")


def main() -> None:
    """Print both walks."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        make(root / "set", count)
        for title, is_ahead in (("read ahead", True), ("opened when asked for", False)):
            watch = Watch(root)
            say(title, *walk(watch, is_ahead=is_ahead))
            watch.close()


if __name__ == "__main__":
    main()
