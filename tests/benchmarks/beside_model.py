"""Reading on in the real window while a model reads, from its start until all it found is accepted and saved.

The part `model` of `bench_slide`; alone: `python -m tests.benchmarks.beside_model --file SLIDE [--side 20000]
[--stacks]`. With `--stacks` a watchdog says what was at work while the window's thread was held up.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from desktop_app.canvas.scan_view import ScanView
from desktop_app.canvas.tile_engine import shared_engine
from desktop_app.session import Session
from imaging.geometry import Plane, Region
from imaging.opening import open_scan
from tests.benchmarks.bench_gui_thread import Heartbeat, wait_for
from tests.benchmarks.slide_walk import HEIGHT, WIDTH, Look, walk
from tests.benchmarks.stalls import Watchdog

LOOKING_SECONDS = 0.1
"""Between a view that is there and the next step."""
PATIENCE_SECONDS = 1200


class _Life:
    """The window, a reader who goes from view to view, and what the window's thread feels of it."""

    def __init__(self, session: Session, view: ScanView, dog: Watchdog | None) -> None:
        self._session, self._view, self._dog = session, view, dog
        self._heart = Heartbeat(dog.beat if dog is not None else None)

    def begin(self) -> None:
        """A new phase."""
        self._heart.begin()
        if self._dog is not None:
            self._dog.told()

    def tell(self, phase: str) -> None:
        """Print what was felt in the phase."""
        print(f"  {phase:20s} {self._heart.told()}", flush=True)
        for line in self._dog.told() if self._dog is not None else ():
            print(f"      {line}")

    def steps(self, looks: list[Look], is_over: Callable[[], bool]) -> list[float]:
        """Walk, and the milliseconds until each view was complete."""
        times = list[float]()
        for look in looks:
            if is_over():
                break
            begun, viewport = time.perf_counter(), self._view.viewport
            assert viewport is not None
            self._view.move_to(replace(viewport, centre=(look.x, look.y), scale=look.scale))
            wait_for(lambda: self._view.is_complete, 60)
            times.append((time.perf_counter() - begun) * 1000)
            wait_for(lambda: False, LOOKING_SECONDS)
        return times


def tell_model(path: Path, looks: list[Look], side: int = 20_000, *, stacks: bool = False) -> None:
    """Print reading on in the real window while `nuclei` reads a region, and the longest stall of its thread."""
    from desktop_app.app import Arguments, build, start

    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        arguments = Arguments(paths=(path,), dataset=root / "dataset", home=root / "home", size=(WIDTH, HEIGHT))
        _application, session, window = build(arguments)
        window.show()
        start(arguments, session)
        assert wait_for(lambda: session.scan is not None and not session.jobs.running, 120), "the slide did not open"
        view = next(found for found in window.findChildren(ScanView) if found.viewport is not None)
        dog = Watchdog() if stacks else None
        _live(session, _Life(session, view, dog), looks, side)
        if dog is not None:
            dog.stop()
        window.close()
        session.close()


def _live(session: Session, life: _Life, looks: list[Look], side: int) -> None:
    """All phases."""
    assert session.scan is not None
    size = session.scan.info.size
    shared_engine().cache.clear()
    life.begin()
    alone = life.steps(looks, lambda: False)
    life.tell("window alone")
    shared_engine().cache.clear()
    life.begin()
    x, y = max(0, (size.columns - side) // 2), max(0, (size.rows - side) // 2)
    session.predict("nuclei", Region(Plane(), x, y, side, side).clipped(size))
    wait_for(lambda: bool(session.proposals), 30)
    life.tell("nuclei begins")

    def is_over() -> bool:
        return not any(job.keeps_part for job in session.jobs.running)

    life.begin()
    beside = life.steps(looks, is_over)
    life.tell("while nuclei reads")
    one, other = statistics.median(beside), statistics.median(alone)
    print(f"  reading on, {len(beside)} steps: median {one:.2f} ms, alone {other:.2f} = {one / other:.2f} (wanted: 2)")
    life.begin()
    begun = time.perf_counter()
    while not _is_ending(session) and not is_over() and time.perf_counter() - begun < PATIENCE_SECONDS:
        life.steps(looks, lambda: is_over() or _is_ending(session))
    life.tell("until nearly done")
    _end(session, life, looks, is_over)


def _is_ending(session: Session) -> bool:
    return any(job.keeps_part and (job.fraction or 0.0) > 0.93 for job in session.jobs.running)


def _end(session: Session, life: _Life, looks: list[Look], is_over: Callable[[], bool]) -> None:
    """The prediction comes, is accepted, and is saved."""
    wait_for(is_over, 0.2)
    print(f"  {len(session.proposals)} proposals streamed")
    life.begin()
    while not is_over():
        life.steps(looks[:5], is_over)
    life.steps(looks[:10], lambda: False)
    life.tell("it is there")
    print(f"  {len(session.proposals)} proposals")
    life.begin()
    session.accept_all()
    wait_for(lambda: session.keeping.is_settled, 120)
    life.steps(looks[:10], lambda: False)
    life.tell("all accepted")
    life.begin()
    session.save()
    wait_for(lambda: False, 0.2)
    wait_for(lambda: session.keeping.is_settled, 120)
    life.tell("saved")


def main() -> None:
    """Measure one slide."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--side", type=int, default=20_000)
    parser.add_argument("--stacks", action="store_true", help="say what was at work in long pauses")
    choice = parser.parse_args()
    scan = open_scan(choice.file)
    size = scan.info.size
    scan.close()
    tell_model(choice.file, walk(size.columns, size.rows), choice.side, stacks=choice.stacks)


if __name__ == "__main__":
    main()
