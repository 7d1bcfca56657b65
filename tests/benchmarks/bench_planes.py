"""Three linked planes of a 512 × 512 × 300 volume, from the moved crosshair to all views painted, and slabs.

Bound: the same views, each alone, stepping one plane of its axis: the mean of the three is what one plane costs.
Prints the ratio of medians: all three for one (at most 3.3), a step that moves only one plane, and slabs of ten planes
for one. Run it with QT_QPA_PLATFORM=offscreen, or under Xvfb.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

from PySide6.QtWidgets import QApplication

from dataset.annotation import Annotation, now
from dataset.document import Edit
from dataset.label import Label, LabelSet
from desktop_app import tools
from desktop_app.canvas.view_grid import ViewGrid
from desktop_app.display import ONE_PLANE, Display, Slab
from desktop_app.session import Session
from desktop_app.tool import Tool
from imaging.geometry import Axis, Plane, Size
from imaging.loaded import LoadedScan
from imaging.plugins import gather
from imaging.scan import ScanInfo
from tests.benchmarks.bench_view import COLUMNS, PLANES, ROWS, WINDOW, Cost, Step, make_mask, make_volume, measure

SIDE = 600
"""Of each view, so that one costs as much alone as beside the others."""


class Bench:
    """A grid of three planes over a session without a dataset."""

    def __init__(self, *, masked: bool) -> None:
        self.session = Session(gather(tools, Tool), "bench")
        self.session.labels = LabelSet("b", (Label("liver", "Liver", "#3cb44b"),))
        size = Size(COLUMNS, ROWS, PLANES)
        info = ScanInfo("bench", "made", "volume", size, "int16", spacing_mm=(0.7, 0.7, 0.7), modality="CT")
        self.session.scan = LoadedScan(info, make_volume())
        self.session.start_at(Plane(0, 150))
        self.session.display = Display(window=WINDOW)
        self.grid = ViewGrid(self.session)
        self.grid.resize(2 * SIDE, 2 * SIDE)
        self.grid.show()
        self.session._tell_everything()
        self.grid.show_planes(True)
        if masked:
            self.session.document.commit(Edit("put", (Annotation("m", "liver", make_mask(), "bench", now()),)))
            self.session._tell_everything()
        QApplication.processEvents()

    def slabbed(self, slab: Slab) -> None:
        self.session.set_display(replace(self.session.display, slab=slab))
        QApplication.processEvents()

    def all_planes(self, number: int) -> None:
        """The crosshair moves along all axes: every view shows another plane."""
        self.session.set_position((100.5 + number, 130.5 + number, 100.5 + number))
        QApplication.processEvents()

    def one_plane(self, axis: Axis) -> Step:
        """The crosshair moves along one axis: one view shows another plane, on the others a line moves."""

        def step(number: int) -> None:
            self.session.set_plane(Plane(axis, 170 + number))
            QApplication.processEvents()

        return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    app = QApplication.instance() or QApplication([])
    rows: list[dict[str, object]] = []

    def tell(work: str, cost: Cost, bound: Cost) -> None:
        ratio, cpu = cost.wall / bound.wall, cost.cpu / bound.cpu
        rows.append(
            {
                "work": work,
                "ms": round(cost.wall, 2),
                "bound_ms": round(bound.wall, 2),
                "ratio": round(ratio, 2),
                "ratio_cpu": round(cpu, 2),
            }
        )
        if not arguments.json:
            print(f"{work:40s} {cost.wall:6.2f} ms = {ratio:.2f} × (cpu {cpu:.2f}) one plane of {bound.wall:.2f} ms")

    for masked in (False, True):
        bench = Bench(masked=masked)
        with_mask = ", mask" if masked else ""
        singles: dict[str, Step] = {f"axis {axis}": bench.one_plane(axis) for axis in (0, 1, 2)}
        found = measure({"three": bench.all_planes, **singles}, arguments.rounds)
        views = {f"axis {axis}": measure_alone(bench, axis, arguments.rounds) for axis in (0, 1, 2)}
        one = Cost(sum(cost.wall for cost in views.values()) / 3, sum(cost.cpu for cost in views.values()) / 3)
        tell(f"three planes move{with_mask}", found["three"], one)
        for name in singles:
            tell(f"three shown, one moves ({name}){with_mask}", found[name], views[name])
        if not masked:
            for mode in ("max", "mean"):
                bench.slabbed(Slab(mode, 10))
                for axis in (0, 1, 2):
                    cost = measure_alone(bench, axis, arguments.rounds)
                    tell(f"slab of 10 planes, {mode} (axis {axis})", cost, views[f"axis {axis}"])
            bench.slabbed(ONE_PLANE)
        bench.grid.close()
        bench.session.close()
    if arguments.json:
        print(json.dumps({"workload": "three planes", "rows": rows}))
    del app


def measure_alone(bench: Bench, axis: Axis, rounds: int) -> Cost:
    """What a step of one view alone costs, with the crosshair hidden and the marks that it has."""
    pane = bench.grid._panes[axis]
    others = [other for other in bench.grid._panes if other is not pane]
    bench.grid.set_crosshair(False)
    for other in others:
        other.view.setUpdatesEnabled(False)
    QApplication.processEvents()
    cost = measure({"alone": bench.one_plane(axis)}, rounds)["alone"]
    for other in others:
        other.view.setUpdatesEnabled(True)
    bench.grid.set_crosshair(True)
    QApplication.processEvents()
    return cost


if __name__ == "__main__":
    main()
