"""W3: `nuclei` over a region of a slide.

`python -m tests.benchmarks.bench_slide_models [--side 20000] [--slide FILE] [--at X,Y] [--rounds 1]`

Bounds, alternating with ours: onnxruntime as it comes (its own threads) in a bare loop over the same number of the
region's input tiles, prepared and in memory before (up to 256 of them, over and over: what a tile shows costs a
network nothing), outputs dropped; and the same as ours schedules it, side by side with one thread each, which is
the tighter bound. Ours goes the whole way: tiles decoded, prepared, run, watershed, polygons whole across borders.
Prints tiles a second, ratios of the time and of the processor time, and the greatest memory above that of the bare
run. Without a slide one is made (`slide_maker`).
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import Plane, Region
from imaging.opening import open_scan
from imaging.progress import silent
from imaging.scan import TiledScan
from models.catalogue import find
from models.choices import Choices
from models.model_predictor import ModelPredictor
from models.runtime import core_count
from models.slide_choices import SlideChoices
from models.slides.cover import Cover
from models.slides.grid import grid_of
from models.slides.pixels import InputMaker, read_block
from models.slides.plan import Plan
from tests.benchmarks.bench_models import bare_session
from tests.benchmarks.slide_maker import Recipe, kept_slide

SAMPLE = 256
MEGABYTE = 2**20


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock and of the processors."""

    clock: float
    work: float


class Peak:
    """The greatest resident memory while it is on, looked at fifty times a second."""

    def __init__(self) -> None:
        self.highest, self._stop = 0, threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.02):
            self.highest = max(self.highest, resident())


def resident() -> int:
    """Bytes of this process in memory; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def measured(work: Callable[[], object]) -> Cost:
    """What a piece of work costs."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - clock, time.process_time() - cpu)


def sample_of(scan: TiledScan, predictor: ModelPredictor, region: Region) -> tuple[int, list[NDArray[Any]]]:
    """How many tiles the region has, and some of them as they enter the network."""
    across, down, _ = scan.info.spacing_mm
    grid = grid_of(predictor.package, scan.info, (across, down), region)
    plan = Plan(grid, Cover((), grid), None, "rows")
    maker = InputMaker(predictor.package, scan, grid, lambda _what: None)  # type: ignore[arg-type, return-value]
    ready: list[NDArray[Any]] = []
    for block in plan.blocks[:: max(1, len(plan.blocks) // 16)]:
        cells = plan.cells_of(block)
        pixels = read_block(scan, grid, cells, silent())
        made = (maker.make(pixels, cell, lambda _cell, why: print(why)) for cell in cells)
        ready += [one for one in made if one is not None]
    return plan.cell_count, ready[:SAMPLE]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=20_000, help="full-resolution pixels along each side of the region")
    parser.add_argument("--slide", type=Path)
    parser.add_argument("--at", help="X,Y of the region's corner; its middle is the slide's where it is not given")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--model", default="nuclei")
    choice = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OVERREAD_CACHE"] = folder
        scan = open_scan(choice.slide or kept_slide(Recipe(40_000, 30_000)))
        assert isinstance(scan, TiledScan)
        size = scan.info.size
        x, y = (
            (int(part) for part in choice.at.split(","))
            if choice.at
            else (
                max(0, (size.columns - choice.side) // 2),
                max(0, (size.rows - choice.side) // 2),
            )
        )
        region = Region(Plane(), x, y, choice.side, choice.side).clipped(size)
        measure(scan, region, choice.model, choice.rounds)
        scan.close()


def measure(scan: TiledScan, region: Region, model: str, rounds: int) -> None:
    """Print the figures of one region."""
    predictor = find(model, Choices("cpu", slide=SlideChoices(order="rows")))
    assert isinstance(predictor, ModelPredictor)
    count, ready = sample_of(scan, predictor, region)
    weights, name = predictor.package.weights, predictor.package.input.name
    session, alone = bare_session(weights), bare_session(weights, threads=1)

    def bare() -> None:
        for index in range(count):
            session.run(None, {name: ready[index % len(ready)]})

    def side_by_side() -> None:
        with ThreadPoolExecutor(core_count()) as pool:
            for _ in pool.map(lambda index: alone.run(None, {name: ready[index % len(ready)]}), range(count)):
                pass

    found: list[int] = []
    peaks: list[int] = []

    def ours() -> None:
        with Peak() as peak:
            prediction = predictor.predict(scan, "", region, silent())
        found.append(len(prediction.proposals))
        peaks.append(peak.highest)

    for one in ready[:4]:
        session.run(None, {name: one})
        alone.run(None, {name: one})
    predictor.predict(scan, "", Region(region.plane, region.x, region.y, 600, 600), silent())
    floor = resident()
    costs: dict[str, list[Cost]] = {}
    for _ in range(rounds):
        # The bare loop before and after ours, so that what drifts on the machine meets both.
        for title, work in (("bare", bare), ("tight", side_by_side), ("ours", ours), ("bare", bare)):
            costs.setdefault(title, []).append(measured(work))
    clock = {title: statistics.mean(cost.clock for cost in all_) for title, all_ in costs.items()}
    cpu = {title: statistics.mean(cost.work for cost in all_) for title, all_ in costs.items()}
    print(
        f"{scan.info.name}: {region.width} × {region.height} at {region.x},{region.y}; {count} tiles; {found[0]} found"
    )
    for title, said in (
        ("bare", "bare onnxruntime loop, its own threads"),
        ("tight", "side by side, one thread each"),
        ("ours", "overread: the whole way"),
    ):
        print(
            f"W3  {said:40} {clock[title]:8.1f} s  {count / clock[title]:6.1f} tiles/s  "
            f"{clock[title] / clock['bare']:6.3f} × bare by the clock  {cpu[title] / cpu['bare']:6.3f} × of processors"
        )
    print(f"W3  greatest memory above the bare run's: {(max(peaks) - floor) / MEGABYTE:.0f} MB")
    assert len(set(found)) == 1
    assert np.isfinite(list(clock.values())).all()


if __name__ == "__main__":
    main()
