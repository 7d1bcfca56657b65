"""W2: one step in a 900 × 900 view of a 512 × 512 × 300 volume, from the changed value to the painted widget.

Bound: window one slice in numpy and blit it scaled, in a bare widget, in the same run and alternating with ours; once
with nearest pixels (the least there is) and once smoothed as ours is. Peer: pyqtgraph's ImageItem, where it is
installed. Prints the ratio of medians to the nearest bound. Run it with QT_QPA_PLATFORM=offscreen, or under Xvfb.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from dataset.annotation import Box
from dataset.mask import Mask, mask_of_volume
from desktop_app.canvas.marks import Shown
from desktop_app.canvas.scan_view import ScanView
from desktop_app.display import Display
from desktop_app.tools.stroke import swept
from imaging.geometry import Axis, Plane, Size
from imaging.loaded import LoadedScan
from imaging.scan import ScanInfo, Window
from imaging.windowing import load_opencv

COLUMNS, ROWS, PLANES = 512, 512, 300
SIDE = 900
WINDOW = Window(40, 400)
COLOURS = ("#e6194b", "#3cb44b", "#ffe119", "#4363d8", "#f58231")


def make_volume() -> NDArray[np.int16]:
    """A body-like volume with noise: smooth tissue, so that look-ups behave as on a real CT."""
    rng = np.random.default_rng(2)
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float32)
    body = np.hypot((x - 256) / 220, (y - 256) / 160) < 1
    plane = np.where(body, 40 + 30 * np.sin(x / 40) * np.cos(y / 30), -1000).astype(np.int16)
    noise = rng.normal(0, 12, (8, ROWS, COLUMNS)).astype(np.int16)
    volume = np.empty((PLANES, ROWS, COLUMNS), np.int16)
    for k in range(PLANES):
        volume[k] = plane + noise[k % 8] + k // 10
    return volume


def make_mask() -> Mask:
    """An ellipsoid on every plane, as large as a liver."""
    z, y, x = np.ogrid[0:PLANES, 0:ROWS, 0:COLUMNS]
    return mask_of_volume(((z - 150) / 170) ** 2 + ((y - 240) / 110) ** 2 + ((x - 200) / 130) ** 2 < 1)


def make_boxes(plane: Plane) -> tuple[Shown, ...]:
    """Fifty boxes with chips, half of them proposals."""
    rng = np.random.default_rng(plane.index)
    corners = rng.uniform(10, 440, (50, 2))
    return tuple(
        Shown(f"b{n}", Box(plane, float(x), float(y), 40.0, 30.0), COLOURS[n % 5], f"finding 0.{n:02d}", n % 2 == 0)
        for n, (x, y) in enumerate(corners)
    )


class Bare(QWidget):
    """The least: window a slice in numpy, blit it scaled."""

    def __init__(self, *, smooth: bool) -> None:
        super().__init__()
        self.resize(SIDE, SIDE)
        self._smooth = smooth
        self.values: NDArray[np.int16] = np.zeros((1, 1), np.int16)
        self.shown = WINDOW

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002
        low, width = self.shown.low, self.shown.width
        scaled = (self.values.astype(np.float32) - np.float32(low)) * np.float32(255 / width)
        grey = np.clip(scaled, 0, 255).astype(np.uint8)
        rows, columns = grey.shape
        image = QImage(grey.data, columns, rows, columns, QImage.Format.Format_Grayscale8)
        scale = min(SIDE / columns, SIDE / rows)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth)
        painter.drawImage(QRectF(0, 0, columns * scale, rows * scale), image, QRectF(0, 0, columns, rows))


Step = Callable[[int], None]


class Bench:
    """The widgets and one step of each kind of work."""

    def __init__(self) -> None:
        load_opencv()  # as opening a case does
        self.volume = make_volume()
        self.mask = make_mask()
        size = Size(COLUMNS, ROWS, PLANES)
        info = ScanInfo("bench", "made", "volume", size, "int16", spacing_mm=(0.7, 0.7, 0.7), modality="CT")
        self.view = ScanView()
        self.view.resize(SIDE, SIDE)
        self.view.set_display(Display(window=WINDOW))
        self.view.show_scan(LoadedScan(info, self.volume), Plane(0, 150))
        self.nearest, self.smooth = Bare(smooth=False), Bare(smooth=True)
        for widget in (self.view, self.nearest, self.smooth):
            widget.show()
        self.stroke = self.mask
        self.looks = tuple(make_boxes(Plane(0, k)) for k in range(60))
        self.boxes = _on(self.looks[0], 150)

    def values(self, axis: Axis, index: int) -> NDArray[np.int16]:
        return self.volume[index] if axis == 0 else self.volume[:, :, index]

    def bare(self, widget: Bare, axis: Axis) -> Step:
        def step(number: int) -> None:
            widget.values = self.values(axis, 100 + number)
            widget.repaint()

        return step

    def plane(self, axis: Axis) -> Step:
        def step(number: int) -> None:
            self.view.show_plane(Plane(axis, 100 + number))
            self.view.repaint()

        return step

    def drag(self, number: int) -> None:
        self.view.set_display(Display(window=Window(40 + number, 400 + number)))
        self.view.repaint()

    def all_marks(self, index: int) -> tuple[Shown, ...]:
        """The mask and the fifty boxes of a plane."""
        return Shown("mask", self.mask, COLOURS[1], "liver"), *_on(self.looks[index % 60], index)

    def marked(self, *, boxes: bool) -> Step:
        mask = (Shown("mask", self.mask, COLOURS[1], "liver"),)
        marks = [self.all_marks(100 + number) if boxes else mask for number in range(60)]

        def step(number: int) -> None:
            self.view.show_plane(Plane(0, 100 + number))
            self.view.set_marks(marks[number])
            self.view.repaint()

        return step

    def stamp(self, number: int) -> None:
        """A 40-px brush moves by some pixels; what it changed is painted before the event loop goes on."""
        start, end = (150.0 + 3 * number, 400.0), (153.0 + 3 * number, 400.0)
        x, y, bits = swept(start, end, 40.0, COLUMNS, ROWS)
        self.stroke = self.stroke.painted(150, x, y, bits, value=True)
        live = Shown("mask", self.stroke, COLOURS[1], "liver", is_live=True)
        self.view.set_marks((live, *self.boxes))
        QApplication.processEvents()


def _on(boxes: tuple[Shown, ...], index: int) -> list[Shown]:
    return [replace(b, geometry=replace(b.geometry, plane=Plane(0, index))) for b in boxes]  # type: ignore[type-var]


def peer_step(bench: Bench) -> dict[str, Step]:
    """pyqtgraph's ImageItem with a look-up table, as its fast examples do it."""
    if importlib.util.find_spec("pyqtgraph") is None:
        return {}
    import pyqtgraph as pg  # type: ignore[import-not-found]

    pg.setConfigOptions(imageAxisOrder="row-major")
    widget = pg.GraphicsView()
    widget.resize(SIDE, SIDE)
    box = pg.ViewBox(lockAspect=True, invertY=True, enableMouse=False)
    widget.setCentralItem(box)
    item = pg.ImageItem(bench.volume[150], levels=(WINDOW.low, WINDOW.high))
    box.addItem(item)
    widget.show()
    QApplication.processEvents()

    def shown(axis: Axis) -> Step:
        def step(number: int) -> None:
            item.setImage(bench.values(axis, 100 + number), autoLevels=False)
            widget.viewport().repaint()

        return step

    def drag(number: int) -> None:
        item.setLevels((WINDOW.low + number, WINDOW.high + number))
        widget.viewport().repaint()

    return {"axial step": shown(0), "sagittal step": shown(2), "window drag": drag}


@dataclass(frozen=True)
class Cost:
    """Medians in milliseconds: of the clock, and of the processor time of all threads (steady on a busy machine)."""

    wall: float
    cpu: float


def measure(steps: dict[str, Step], rounds: int) -> dict[str, Cost]:
    """What each step costs, alternating so that the machine's moods fall on all alike."""
    wall: dict[str, list[float]] = {name: [] for name in steps}
    cpu: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 3):
        for name, step in steps.items():
            start, busy = time.perf_counter(), time.process_time()
            step(number % 60)
            if number >= 3:
                wall[name].append((time.perf_counter() - start) * 1000)
                cpu[name].append((time.process_time() - busy) * 1000)
    return {name: Cost(statistics.median(wall[name]), statistics.median(cpu[name])) for name in steps}


def works_of(bench: Bench) -> dict[str, tuple[Axis, Step]]:
    return {
        "axial step": (0, bench.plane(0)),
        "sagittal step": (2, bench.plane(2)),
        "window drag": (0, bench.drag),
        "axial step, mask": (0, bench.marked(boxes=False)),
        "axial step, mask and 50 boxes": (0, bench.marked(boxes=True)),
        "window drag, mask and 50 boxes": (0, bench.drag),
        "brush stamp": (0, bench.stamp),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    app = QApplication.instance() or QApplication([])
    bench = Bench()
    peer = peer_step(bench)
    QApplication.processEvents()
    rows: list[dict[str, object]] = []
    for name, (axis, ours) in works_of(bench).items():
        bench.view.show_plane(Plane(axis, 150))
        bench.view.set_marks(bench.all_marks(150) if name.startswith("window drag,") else ())
        bench.view.fit()
        bench.view.repaint()
        steps = {"ours": ours, "bound": bench.bare(bench.nearest, axis), "smooth": bench.bare(bench.smooth, axis)}
        if name in peer:
            steps["pyqtgraph"] = peer[name]
        found = measure(steps, arguments.rounds)
        rows.append(row_of(name, found))
        if not arguments.json:
            print(line_of(name, found))
    if arguments.json:
        print(json.dumps({"workload": "W2", "rows": rows}))
    del app


def row_of(name: str, found: dict[str, Cost]) -> dict[str, object]:
    bound = found["bound"]
    ratios = {key: round(cost.wall / bound.wall, 2) for key, cost in found.items() if key != "bound"}
    cpu = {f"{key}_cpu": round(cost.cpu / bound.cpu, 2) for key, cost in found.items() if key != "bound"}
    return {"work": name, "bound_ms": round(bound.wall, 2), "ours_ms": round(found["ours"].wall, 2), **ratios, **cpu}


def line_of(name: str, found: dict[str, Cost]) -> str:
    row = row_of(name, found)
    peers = "".join(f"   {key} {row[key]} × (cpu {row[f'{key}_cpu']})" for key in found if key not in {"ours", "bound"})
    ours = f"ours {row['ours_ms']} ms = {row['ours']} × (cpu {row['ours_cpu']})"
    return f"{name:32s} bound {row['bound_ms']} ms   {ours}{peers}"


if __name__ == "__main__":
    main()
