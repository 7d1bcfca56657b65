"""50,000 outlines on a slide: what they add to 60 pans and zooms, and what is done with all of them at once.

`python -m tests.benchmarks.bench_marks [SLIDE]`: replays the same steps in the pane of the window with and without
outlines of 20 corners, alternating, and prints the ratio of medians. A step ends when all of it is painted, slide and
outlines. That the edges of a crowd are smooth a moment later is told apart. Without a slide one is made
up from a few tiles, so that little but the marks is measured. The outlines lie once all over the slide and once
crowded in a quarter of its sides, where the steps are. Run it with QT_QPA_PLATFORM=offscreen, or under Xvfb.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from dataset.annotation import Polygon, Proposal, now
from dataset.document import Document
from dataset.label import Label
from dataset.prediction import ModelRef, Prediction
from desktop_app.canvas.scan_pane import ScanPane
from desktop_app.finding_order import SORTS, Filter
from desktop_app.findings import Findings
from desktop_app.panels.finding_list import MarkModel
from desktop_app.session import Session
from desktop_app.tool import Gesture, Tool
from desktop_app.tools.hitting import hit
from imaging.geometry import Plane, Region, Size
from imaging.scan import Level, Scan, ScanInfo
from tests.benchmarks.slide_walk import HEIGHT, WIDTH, Look, walk

LABELS = (Label("nucleus", "Nucleus", "#2ec27e"), Label("mitosis", "Mitosis", "#e01b24"))
PATIENCE_MS = 10_000


class MadeSlide:
    """A slide of a few tiles again and again."""

    def __init__(self, columns: int = 100_000, rows: int = 80_000) -> None:
        levels = tuple(Level(columns >> n, rows >> n, 2.0**n, (256, 256)) for n in range(0, 9, 2))
        spacing = (0.00025, 0.00025, None)
        self.info = ScanInfo(
            "made", "made", "slide", Size(columns, rows, 1), "uint8", 3, spacing_mm=spacing, levels=levels
        )
        rng = np.random.default_rng(0)
        soft = rng.integers(0, 40, (8, 32, 32, 3)).repeat(8, 1).repeat(8, 2)
        self._tiles = (np.array([225, 180, 210]) - soft).astype(np.uint8)

    def tile(self, plane: Plane, level: int, column: int, row: int) -> NDArray[Any]:
        del plane
        known = self.info.levels[level]
        tile = self._tiles[(column * 3 + row * 5) % 8]
        return tile[: min(256, known.height - row * 256), : min(256, known.width - column * 256)]

    def screen_tile(self, plane: Plane, level: int, column: int, row: int) -> NDArray[np.uint32]:
        stored = self.tile(plane, level, column, row).astype(np.uint32)
        red, green = stored[..., 0] << np.uint32(16), stored[..., 1] << np.uint32(8)
        return np.ascontiguousarray(red | green | stored[..., 2] | np.uint32(0xFF000000))

    def read(self, region: Region, downsample: float = 1.0) -> NDArray[Any]:
        return np.full((max(round(region.height / downsample), 1), max(round(region.width / downsample), 1), 3), 220)

    def associated_image(self, name: str) -> NDArray[Any]:
        raise KeyError(name)

    def icc_profile(self) -> bytes | None:
        return None

    def close(self) -> None:
        pass


def outlines(area: tuple[float, float, float, float], count: int) -> tuple[Proposal, ...]:
    """Nucleus-like outlines of 20 corners in an area (x0, y0, x1, y1)."""
    rng, turn = np.random.default_rng(8), np.linspace(0, 2 * np.pi, 20, endpoint=False)
    middles = rng.uniform(area[:2], area[2:], (count, 2))
    reach = rng.uniform(9, 18, (count, 1)) * rng.uniform(0.9, 1.1, (count, 20))
    points = np.stack((middles[:, :1] + reach * np.cos(turn), middles[:, 1:] + reach * np.sin(turn)), -1)
    scores = rng.uniform(0.3, 1.0, count).tolist()
    return tuple(
        Proposal(f"p{n:06d}", LABELS[n % 20 == 0].id, Polygon(Plane(), tuple(map(tuple, ring))), score)
        for n, (ring, score) in enumerate(zip(points.tolist(), scores, strict=True))
    )


class Desk:
    """The pane of the window, with a session of its own."""

    def __init__(self, scan: Scan) -> None:
        self.session = Session(list[Tool](_tools()), "Ada")
        self.session.add_labels(LABELS, keep=False)
        self.session.display = replace(self.session.display, threshold=0.0)
        self.pane = ScanPane(self.session)
        self.pane.resize(WIDTH, HEIGHT)
        self.pane.show()
        self.session.scan, self.session.scan_key = scan, "key"
        self.session.scan_changed.emit()
        self._loop, self._timer = QEventLoop(), QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._loop.quit)
        self.pane.view.completed.connect(self._loop.quit)
        QApplication.processEvents()

    def mark(self, proposals: tuple[Proposal, ...]) -> None:
        """Let a model have proposed these."""
        found = Prediction("1", "key", ModelRef("made", "1", "0" * 64), "cpu", now(), 1.0, proposals)
        self.session.findings = Findings(Document(), (found,) if proposals else ())
        self.session.proposals_changed.emit()

    def go(self, look: Look) -> tuple[float, float]:
        """Milliseconds until another part is painted, and those of them the thread of the window had a processor."""
        view = self.pane.view
        assert view.viewport is not None
        there = replace(view.viewport, centre=(look.x, look.y), scale=look.scale)
        if there == view.viewport:
            return 0.0, 0.0
        start, began = time.perf_counter(), time.thread_time()
        self._timer.start(PATIENCE_MS)
        view.move_to(there)
        self._loop.exec()
        took = (time.perf_counter() - start) * 1000, (time.thread_time() - began) * 1000
        self._timer.stop()
        return took

    def settle(self) -> float:
        """Milliseconds until the crowd has smooth edges."""
        start = time.perf_counter()
        while not self.pane.marks.crowd.is_settled and time.perf_counter() - start < 20:
            QApplication.processEvents()
        return (time.perf_counter() - start) * 1000


def _tools() -> tuple[Tool, ...]:
    import desktop_app.tools
    from imaging.plugins import gather

    return gather(desktop_app.tools, Tool)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def tell_steps(desk: Desk, looks: list[Look], proposals: tuple[Proposal, ...], where: str, rounds: int) -> None:
    """Print the same steps without and with the marks, tiles warm."""
    steps: dict[bool, list[list[tuple[float, float]]]] = {False: [], True: []}
    settling: list[float] = []
    for number in range(2 * rounds + 2):
        is_marked = number % 2 == 1
        desk.mark(proposals if is_marked else ())
        desk.go(Look(10, 10, 1.0))
        times = [desk.go(look) for look in looks]
        if number > 1:
            steps[is_marked].append(times)
        elif is_marked:
            for look in looks[::6]:
                desk.go(look)
                settling.append(desk.settle())
    for number, name in enumerate(("until painted", "window's thread")):
        bare, marked = ([min(t[number] for t in ts) for ts in zip(*steps[w], strict=True)] for w in (False, True))
        more = sorted(m - b for m, b in zip(marked, bare, strict=True))
        ratio = statistics.median(marked) / statistics.median(bare)
        print(
            f"  {where:18s} {name:16s} {statistics.median(marked):.2f} ms, without {statistics.median(bare):.2f} = "
            f"{ratio:.2f} × (wanted: 1.5); sums {sum(marked) / sum(bare):.2f} ×; "
            f"more: median {more[len(more) // 2]:.2f}, most {more[-1]:.1f} ms"
        )
    print(f"  {where:18s} smooth after {statistics.median(settling):.0f} ms, at most {max(settling):.0f}")


def tell_handling(desk: Desk, proposals: tuple[Proposal, ...]) -> None:
    """Print what is done with single marks and with all."""
    session, count = desk.session, len(proposals)
    desk.mark(())
    print(f"  {count} marks shown first  {timed(lambda: desk.mark(proposals)):.0f} ms")
    bench = session.bench()
    places = [p.geometry.exterior[0] for p in proposals[:1000] if isinstance(p.geometry, Polygon)]
    found: list[bool] = []
    took = timed(lambda: found.extend(hit(Gesture(x, y, 1.0), bench) is not None for x, y in places))
    print(f"  hit test                   {took / len(places):.3f} ms, {sum(found)} of {len(places)} hit")
    for threshold in (0.5, 0.9, 0.3):
        took = timed(lambda value=threshold: session.set_display(replace(session.display, threshold=value)))
        print(f"  threshold to {threshold}           {took:.1f} ms")
    print(f"  one accepted               {timed(lambda: session.accept([proposals[7].id])):.1f} ms")
    print(f"  all accepted               {timed(session.accept_all):.0f} ms")
    print(f"  that undone                {timed(session.undo):.0f} ms")
    print(f"  one selected               {timed(lambda: session.select([proposals[9].id])):.1f} ms")
    every = [proposal.id for proposal in proposals]
    print(f"  all selected               {timed(lambda: session.select(every)):.0f} ms")
    session.select(())
    desk.mark(())
    ticks: list[float] = []
    for start in range(0, count, 500):
        session.findings.stream(proposals[start : start + 500])
        ticks.append(timed(session.proposals_changed.emit) + timed(desk.pane.view.repaint))
    print(f"  500 more of {count} streamed  {statistics.median(ticks):.1f} ms, the longest {max(ticks):.1f}")


def tell_list(desk: Desk, proposals: tuple[Proposal, ...]) -> None:
    """Print what is done with limits of labels and with the list of findings; each the median of some."""
    session, count = desk.session, len(proposals)
    desk.mark(proposals)
    limits = [((LABELS[1].id, 0.4 + step / 100),) for step in range(20)]

    def move(own: tuple[tuple[str, float], ...]) -> None:
        session.set_display(replace(session.display, thresholds=own))

    took = [timed(lambda own=own: move(own)) for own in limits]
    print(f"  a limit of one label moved {statistics.median(took):.1f} ms (of {count})")
    move(())
    model = MarkModel(session)
    model.refresh()
    for sort, title, _tip in SORTS:
        model.sorting = "drawn" if sort != "drawn" else "plane"
        model.refresh()
        model.sorting = sort
        print(f"  list: {title.lower():20s} {timed(model.refresh):.1f} ms, again {timed(model.refresh):.1f}")
    model.sorting = "drawn"
    model.refresh()
    for text in ("m", "mi", "mit"):
        model.filter = Filter(text)
        print(f"  list: filter {text:13s} {timed(model.refresh):.1f} ms, {len(model.marks)} left")
    model.filter, model.sorting = Filter(), "need"
    model.refresh()
    took = [timed(lambda: session.stepping.step(1)) for _ in range(9)]
    print(f"  next proposal by need      {statistics.median(took):.1f} ms")
    took = [timed(lambda: session.reject(tuple(session.selection))) + timed(model.refresh) for _ in range(5)]
    print(f"  rejected, on, listed anew  {statistics.median(took):.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("slide", nargs="?", type=Path)
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    app = QApplication.instance() or QApplication([])
    if arguments.slide is None:
        scan: Scan = MadeSlide()
    else:
        from imaging.opening import open_scan

        scan = open_scan(arguments.slide)
    across, down = scan.info.size.columns, scan.info.size.rows
    desk = Desk(scan)
    spread = outlines((0.1 * across, 0.1 * down, 0.9 * across, 0.9 * down), arguments.count)
    tell_steps(desk, walk(across, down), spread, "all over the slide", arguments.rounds)
    side = min(across, down) / 4
    crowded = outlines((across / 2, down / 2, across / 2 + side, down / 2 + side), arguments.count)
    inner = [Look(across / 2 + k.x * side / across, down / 2 + k.y * side / down, k.scale) for k in walk(across, down)]
    dense = [replace(look, scale=min(max(look.scale * 6, 0.02), 1.5)) for look in inner]
    tell_steps(desk, dense, crowded, "crowded", arguments.rounds)
    tell_handling(desk, crowded)
    tell_list(desk, crowded)
    desk.pane.close()
    desk.session.jobs.close()
    del app


if __name__ == "__main__":
    main()
