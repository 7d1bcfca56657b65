"""W3: 60 pans and zooms through a slide in a 1600 × 1000 view, until the view is complete and painted.

`python -m tests.benchmarks.bench_slide [--full] [--file SLIDE…]`: makes slides of both layouts (`slide_maker`; kept in
`OVERREAD_BENCH` or the cache folder) and replays the same seeded steps in `ScanView` and in what is compared with it,
taking turns in one run: OpenSlide's `read_region` of the same view (the baseline, a fresh handle for each cold round),
the bare bytes of the same tiles, and pyvips where it is installed. Prints ratios to OpenSlide and asserts nothing.
Memory is measured in a process of its own, without the others. Cold means: no tile in any cache of the program; the
file is in the system's cache for all alike. Run it with QT_QPA_PLATFORM=offscreen or under Xvfb.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeAlias

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from desktop_app.canvas.scan_view import ScanView
from desktop_app.canvas.tile_cache import CACHE_BYTES
from desktop_app.canvas.tile_engine import shared_engine
from imaging.opening import open_scan
from imaging.scan import Scan
from tests.benchmarks.bench_marks import Desk, outlines
from tests.benchmarks.beside_model import tell_model
from tests.benchmarks.slide_maker import Recipe, kept_slide
from tests.benchmarks.slide_walk import HEIGHT, WIDTH, Look, OpenSlideReader, RawReader, Reader, peers, tile_bytes, walk

POLYGONS = 50_000
PATIENCE_MS = 60_000
MEGABYTE = 2**20


class Cost(NamedTuple):
    """Milliseconds of the clock, and of processor time of all threads (steadier on a busy machine)."""

    wall: float
    cpu: float


class Watch:
    """Runs from its making."""

    def __init__(self) -> None:
        self._start, self._busy = time.perf_counter(), time.process_time()

    def stop(self) -> Cost:
        """What has passed."""
        return Cost((time.perf_counter() - self._start) * 1000, (time.process_time() - self._busy) * 1000)


class Ours:
    """The window's view of a slide, off or on screen."""

    def __init__(self) -> None:
        self.view = ScanView()
        self.view.resize(WIDTH, HEIGHT)
        self.view.show()
        self.scan: Scan | None = None
        self._loop, self._timer = QEventLoop(), QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._loop.quit)
        self.view.completed.connect(self._loop.quit)
        QApplication.processEvents()

    def until_complete(self, begin: Callable[[], None]) -> Cost:
        """What it takes from a change of the view until all of it is painted."""
        watch = Watch()
        self._timer.start(PATIENCE_MS)
        begin()
        self._loop.exec()
        took = watch.stop()
        self._timer.stop()
        assert self.view.is_complete, "the view was not complete in time"
        return took

    def open(self, path: Path) -> Cost:
        """Open a slide with nothing cached and show all of it."""
        self.leave()

        def begin() -> None:
            self.scan = open_scan(path)
            self.view.show_scan(self.scan)

        return self.until_complete(begin)

    def leave(self) -> None:
        """Close the slide and forget its tiles."""
        self.view.show_scan(None)
        if self.scan is not None:
            self.scan.close()
        self.scan = None
        shared_engine().cache.clear()

    def go(self, look: Look) -> Cost:
        """Show another part and wait until it is there."""
        viewport = self.view.viewport
        assert viewport is not None
        return self.until_complete(
            lambda: self.view.move_to(replace(viewport, centre=(look.x, look.y), scale=look.scale))
        )


def timed(reader: Reader, looks: list[Look]) -> list[Cost]:
    """What each view takes."""
    costs = list[Cost]()
    for look in looks:
        watch = Watch()
        reader.read(look)
        costs.append(watch.stop())
    return costs


Rounds: TypeAlias = list[list[Cost]]
Passes: TypeAlias = dict[str, Rounds]
"""Of each reader and state, the rounds; of each round, the steps."""


def replay(path: Path, looks: list[Look], rounds: int) -> Passes:
    """Every reader's way, cold and again warm, taking turns."""
    ours = Ours()
    readers: dict[str, Callable[[Path], Reader]] = {"OpenSlide": OpenSlideReader, "bytes": RawReader, **peers()}
    passes: Passes = {}
    for _ in range(rounds):
        ours.open(path)
        for state in ("cold", "warm"):
            passes.setdefault(f"ours {state}", []).append([ours.go(look) for look in looks])
        ours.leave()
        for name, make in readers.items():
            reader = make(path)
            for state in ("cold", "warm"):
                passes.setdefault(f"{name} {state}", []).append(timed(reader, looks))
            reader.close()
    ours.view.close()
    return passes


def tell_steps(passes: Passes) -> None:
    """Print medians, slowest steps and sums, each as a ratio to OpenSlide in the same state."""
    for state, wanted in (("cold", "median 0.25, slowest 0.2"), ("warm", "median 0.08")):
        base = passes[f"OpenSlide {state}"]
        print(f"  {state} (wanted: {wanted})")
        for name in [key.removesuffix(f" {state}") for key in passes if key.endswith(state)]:
            own = passes[f"{name} {state}"]
            figures = [(shape(own), shape(base)) for shape in (middle, slowest, total, effort)]
            print(
                f"    {name:10s} "
                + "   ".join(f"{title} {_told(*both)}" for title, both in zip(TITLES, figures, strict=True))
            )


TITLES = ("median", "slowest", "sum", "processor")


def _told(mine: float, theirs: float) -> str:
    return f"{mine:7.1f} ms = {mine / theirs:5.3f}"


def middle(rounds: Rounds) -> float:
    """The median step."""
    return statistics.median(step.wall for steps in rounds for step in steps)


def slowest(rounds: Rounds) -> float:
    """The slowest step of a usual round."""
    return statistics.median(max(step.wall for step in steps) for steps in rounds)


def total(rounds: Rounds) -> float:
    """All steps of a usual round."""
    return statistics.median(sum(step.wall for step in steps) for steps in rounds)


def effort(rounds: Rounds) -> float:
    """Processor time of all steps of a usual round."""
    return statistics.median(sum(step.cpu for step in steps) for steps in rounds)


SHAPES = {"median": middle, "slowest": slowest, "sum": total, "processor": effort}


def tell_opening(path: Path, size: tuple[int, int], rounds: int) -> None:
    """Print from file to the first complete view, against OpenSlide's opening and first read."""
    ours, mine, theirs = Ours(), list[Cost](), list[Cost]()
    whole = Look(size[0] / 2, size[1] / 2, min(WIDTH / size[0], HEIGHT / size[1]))
    for _ in range(rounds):
        mine.append(ours.open(path))
        ours.leave()
        watch = Watch()
        reader = OpenSlideReader(path)
        reader.read(whole)
        theirs.append(watch.stop())
        reader.close()
    ours.view.close()
    one, other = middle([mine]), middle([theirs])
    print(f"  open to first complete view {one:.1f} ms, OpenSlide {other:.1f} ms = {one / other:.2f} (wanted: 0.7)")


def tell_marks(path: Path, size: tuple[int, int], looks: list[Look], rounds: int) -> None:
    """Print what 50,000 outlines that a model proposed add to the same steps in the pane of the window."""
    desk, watch = Desk(open_scan(path)), Watch()
    marks = outlines((0.1 * size[0], 0.1 * size[1], 0.9 * size[0], 0.9 * size[1]), POLYGONS)
    times: Passes = {}
    for number in range(2 * rounds):
        name = "with" if number % 2 else "without"
        watch = Watch()
        desk.mark(marks if number % 2 else ())
        QApplication.processEvents()
        if number == 1:
            print(f"  {POLYGONS} polygons shown after {watch.stop().wall:.0f} ms")
        for state in ("cold", "warm"):
            if state == "cold":
                shared_engine().cache.clear()
            desk.go(Look(size[0] * 0.2, size[1] * 0.2, 1.2))
            steps = [Cost(*desk.go(look)) for look in looks]
            times.setdefault(f"{name} {state}", []).append(steps)
    desk.pane.close()
    desk.session.jobs.close()
    for state in ("cold", "warm"):
        own, base = times[f"with {state}"], times[f"without {state}"]
        print(
            f"  {POLYGONS} polygons, {state}: median {_told(middle(own), middle(base))}, "
            f"slowest {_told(slowest(own), slowest(base))}, window's thread {_told(effort(own), effort(base))} "
            f"× without (wanted: 1.5; more in bench_marks)"
        )


def resident(field: str) -> int:
    """A figure of this process in bytes (`VmRSS`, `VmHWM`); 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(field)), 0)


def tell_memory(path: Path, looks: list[Look]) -> None:
    """Print the greatest memory while reading, above what the empty view has."""
    ours = Ours()
    gc.collect()
    floor = resident("VmRSS")
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        print("  memory: this system does not tell")
        return
    ours.open(path)
    for _ in range(3):
        for look in looks:
            ours.go(look)
    peak = resident("VmHWM") - floor
    bound, cached = CACHE_BYTES, shared_engine().cache.byte_count
    ours.leave()
    print(
        f"  peak memory over the empty view ({floor / MEGABYTE:.0f} MB): {peak / MEGABYTE:.0f} MB; "
        f"bound of the cache {bound / MEGABYTE:.0f} MB, in it {cached / MEGABYTE:.0f} MB "
        f"(wanted: at most {bound / MEGABYTE + 150:.0f} MB)"
    )


PARTS = ("steps", "open", "memory", "marks", "model")


def measure(path: Path, parts: list[str], rounds: int) -> None:
    """Print one slide's figures."""
    application = QApplication.instance() or QApplication([])
    scan = open_scan(path)
    size = (scan.info.size.columns, scan.info.size.rows)
    print(f"{path.name}: {size[0]} × {size[1]}, {scan.info.format}, {len(scan.info.levels)} levels")
    scan.close()
    looks = walk(*size)
    levels = [(level.width, level.height, level.downsample) for level in scan.info.levels]
    weight = tile_bytes(looks, levels) / MEGABYTE
    print(f"  all tiles of the steps {weight:.0f} MB, bound of the cache {CACHE_BYTES / MEGABYTE:.0f} MB")
    if "open" in parts:
        tell_opening(path, size, 3 * rounds)
    if "steps" in parts:
        tell_steps(replay(path, looks, rounds))
    if "memory" in parts:
        command = [sys.executable, "-m", "tests.benchmarks.bench_slide", "--memory-of", str(path)]
        print(subprocess.run(command, capture_output=True, text=True, check=True).stdout, end="")
    if "marks" in parts:
        tell_marks(path, size, looks, rounds)
    if "model" in parts:
        tell_model(path, looks)
    del application


def main() -> None:
    """Measure both layouts, or the files named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="100,000 × 80,000 instead of 40,000 × 30,000")
    parser.add_argument("--file", type=Path, nargs="*", help="measure these slides instead")
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    choice = parser.parse_args()
    os.environ.setdefault("OVERREAD_HOME", tempfile.gettempdir())
    if choice.memory_of is not None:
        application = QApplication([])
        scan = open_scan(choice.memory_of)
        size = scan.info.size
        scan.close()
        tell_memory(choice.memory_of, walk(size.columns, size.rows))
        del application
        return
    side = (100_000, 80_000) if choice.full else (40_000, 30_000)
    files = choice.file or [kept_slide(Recipe(*side, layout=layout)) for layout in ("tiff", "svs")]
    for path in files:
        measure(path, choice.parts, choice.rounds)


if __name__ == "__main__":
    main()
