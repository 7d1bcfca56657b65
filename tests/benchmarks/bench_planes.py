"""Three linked planes of a 512 × 512 × 300 volume, from the moved crosshair to all views painted, and slabs.

Bound: one view of each axis by itself, as large as among the three, in the same run and alternating: the mean of them
is what one plane costs. Prints the ratio of medians: all three for one (at most 3.3), a step that moves only one of
three, and slabs of ten planes for one. Run it with QT_QPA_PLATFORM=offscreen, or under Xvfb.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from dataset.annotation import Annotation, now
from dataset.document import Edit
from dataset.label import Label, LabelSet
from dataset.mask import Mask
from desktop_app import tools
from desktop_app.canvas.view_grid import ViewGrid
from desktop_app.crosshair import AXES
from desktop_app.display import Display, Slab
from desktop_app.session import Session
from desktop_app.tool import Tool
from imaging.geometry import Axis, Plane, Size
from imaging.loaded import LoadedScan
from imaging.plugins import gather
from imaging.scan import ScanInfo
from imaging.windowing import load_opencv
from tests.benchmarks.bench_view import COLUMNS, PLANES, ROWS, WINDOW, Cost, Step, make_mask, make_volume, measure

SIDE = 600


class Bench:
    """Views over a session without a dataset: three planes, or one of an axis as large as it is among three."""

    def __init__(
        self, scan: LoadedScan, mask: Mask | None, axis: Axis | None = None, size: QSize | None = None
    ) -> None:
        self.session = Session(gather(tools, Tool), "bench")
        self.session.labels = LabelSet("b", (Label("liver", "Liver", "#3cb44b"),))
        self.session.scan = scan
        self.session.start_at(Plane(axis or 0, 150))
        self.session.display = Display(window=WINDOW)
        self.grid = ViewGrid(self.session)
        self.grid.resize(size or QSize(2 * SIDE, 2 * SIDE))
        self.grid.show()
        if mask is not None:
            self.session.document.commit(Edit("put", (Annotation("m", "liver", mask, "bench", now()),)))
        self.session._tell_everything()
        if axis is None:
            self.grid.show_planes(True)
        QApplication.processEvents()

    def view_size(self, axis: Axis) -> QSize:
        return self.grid._panes[axis].view.size()

    def all_planes(self, number: int) -> None:
        """The crosshair moves along all axes: every view shows another plane."""
        self.session.set_position((100.5 + number, 130.5 + number, 100.5 + number))
        QApplication.processEvents()

    def one_plane(self, axis: Axis) -> Step:
        """The crosshair moves along one axis: one view shows another plane, on others a line moves."""

        def step(number: int) -> None:
            self.session.set_plane(Plane(axis, 170 + number))
            QApplication.processEvents()

        return step

    def slabbed(self, axis: Axis, slab: Slab) -> Step:
        """A step of a slab."""
        self.session.set_display(replace(self.session.display, slab=slab))
        return self.one_plane(axis)

    def close(self) -> None:
        self.grid.close()
        self.session.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    app = QApplication.instance() or QApplication([])
    load_opencv()  # as opening a case does
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

    size = Size(COLUMNS, ROWS, PLANES)
    info = ScanInfo("bench", "made", "volume", size, "int16", spacing_mm=(0.7, 0.7, 0.7), modality="CT")
    scan = LoadedScan(info, make_volume())
    for mask in (None, make_mask()):
        three, with_mask = Bench(scan, mask), ", mask" if mask is not None else ""
        alone = {axis: Bench(scan, mask, axis, three.view_size(axis)) for axis in AXES}
        steps: dict[str, Step] = {"three": three.all_planes}
        for axis in AXES:
            steps[f"alone {axis}"], steps[f"one of three {axis}"] = alone[axis].one_plane(axis), three.one_plane(axis)
        found = measure(steps, arguments.rounds)
        single = [found[f"alone {axis}"] for axis in AXES]
        one = Cost(sum(cost.wall for cost in single) / 3, sum(cost.cpu for cost in single) / 3)
        tell(f"three planes move{with_mask}", found["three"], one)
        for axis in AXES:
            tell(f"one of three moves (axis {axis}){with_mask}", found[f"one of three {axis}"], single[axis])
        for mode in ("max", "mean") if mask is None else ():
            for axis in AXES:
                slab = Bench(scan, mask, axis, three.view_size(axis))
                pair = {"slab": slab.slabbed(axis, Slab(mode, 10)), "plane": alone[axis].one_plane(axis)}
                found = measure(pair, arguments.rounds)
                tell(f"slab of 10 planes, {mode} (axis {axis})", found["slab"], found["plane"])
                slab.close()
        for bench in (three, *alone.values()):
            bench.close()
    if arguments.json:
        print(json.dumps({"workload": "three planes", "rows": rows}))
    del app


if __name__ == "__main__":
    main()
