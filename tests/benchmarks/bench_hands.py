"""The brush and the undo: strokes on a painted CT of 512 × 512 × 400 and on a painted slide, and a thousand undone.

`python -m tests.benchmarks.bench_hands [--rounds 60] [--strokes 1000]`. A step is one move of the hand: the tool, the
mask, the view, painted. Bound: W2's, one slice windowed in numpy and blitted, in the same run and alternating. An undo
is the document's; it is set beside the commit of a stroke. Run it with QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication

from dataset.annotation import Annotation, now
from dataset.document import Document, Edit, Snapshot
from dataset.mask import TILE, Mask, mask_of_plane, mask_of_volume
from desktop_app.findings import Findings
from desktop_app.tool import Gesture
from desktop_app.tools.stroke import swept
from imaging.geometry import Plane, Size
from imaging.loaded import LoadedScan
from imaging.scan import Scan, ScanInfo, Window
from tests.benchmarks import bench_view
from tests.benchmarks.bench_marks import LABELS, Desk, MadeSlide

PLANES = 400
BRUSH = 40.0


def make_ct() -> LoadedScan:
    """A CT of 400 planes."""
    volume = bench_view.make_volume()
    voxels = np.concatenate([volume, volume[: PLANES - len(volume)]])
    size = Size(voxels.shape[2], voxels.shape[1], PLANES)
    info = ScanInfo("ct", "made", "volume", size, "int16", spacing_mm=(0.7, 0.7, 1.0), modality="CT")
    return LoadedScan(info, voxels)


def ct_mask() -> Mask:
    """An organ over all planes."""
    z, y, x = np.ogrid[0:PLANES, 0:512, 0:512]
    return mask_of_volume(((z - 200) / 230) ** 2 + ((y - 240) / 110) ** 2 + ((x - 200) / 130) ** 2 < 1)


def slide_mask(side: int = 40_000) -> Mask:
    """A field of tissue, frayed so that few tiles are wholly set."""
    mask = mask_of_plane(np.ones((TILE, TILE), np.bool_), 0)
    tile = np.ones((side // 20, side // 20), np.bool_)
    tile[::97, ::89] = False
    for number in range(64):
        x, y = 20_000 + number % 8 * len(tile), 20_000 + number // 8 * len(tile)
        mask = mask.painted(0, x, y, tile, value=True)
    return mask


def painted_desk(scan: Scan, mask: Mask, plane: Plane) -> Desk:
    """A pane in which a mask can be gone on with."""
    desk = Desk(scan)
    session = desk.session
    session.display = replace(session.display, window=Window(40, 400) if not scan.info.is_colour else None)
    mark = Annotation("mask", LABELS[0].id, mask, "Ada", now())
    session.findings = Findings(Document(Snapshot((mark,))))
    session.plane = plane
    session.set_label(LABELS[0].id)
    session.set_tool("brush")
    session.set_brush(BRUSH)
    session.scan_changed.emit()
    session.display_changed.emit()
    return desk


def tell_stroke(name: str, desk: Desk, at: tuple[float, float], scale: float, wanted: float, rounds: int) -> None:
    """Print what a step of a stroke costs beside the bound."""
    view, bare = desk.pane.view, bench_view.Bare(smooth=False)
    bare.values = bench_view.make_volume()[100]
    desk.pane.resize(bench_view.SIDE, bench_view.SIDE)
    bare.show()
    assert view.viewport is not None
    view.move_to(replace(view.viewport, centre=at, scale=scale))
    end = time.perf_counter() + 3
    while time.perf_counter() < end:
        QApplication.processEvents()
    ours: list[float] = []
    bound: list[float] = []
    pixel = 1 / scale
    desk.pane.press(Gesture(at[0] - 60 * pixel, at[1], pixel))
    QApplication.processEvents()
    for number in range(rounds):
        start = time.perf_counter()
        desk.pane.drag(Gesture(at[0] + (3 * number - 60) * pixel, at[1] + number % 7 * pixel, pixel))
        QApplication.processEvents()
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        bare.repaint()
        bound.append(time.perf_counter() - start)
    desk.pane.release(Gesture(at[0], at[1], pixel))
    mine, least = statistics.median(ours) * 1000, statistics.median(bound) * 1000
    print(
        f"{name:28s} step {mine:.2f} ms, slowest {max(ours) * 1000:.1f}; "
        f"bound {least:.2f} = {mine / least:.2f} × (wanted: {wanted})"
    )
    bare.close()


def memory_mb() -> float:
    """Of the program, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def tell_undo(strokes: int) -> None:
    """Print what a history of strokes takes, and what each undo costs beside making the stroke."""
    mask = ct_mask()
    document = Document(Snapshot((Annotation("mask", "organ", mask, "Ada", now()),)))
    rng = np.random.default_rng(6)
    before, made, undone = memory_mb(), list[float](), list[float]()
    for _ in range(strokes):
        start = time.perf_counter()
        plane = int(rng.integers(0, PLANES))
        x, y = rng.uniform(60, 440, 2)
        for _step in range(10):
            x, y, old = x + rng.uniform(-12, 12), y + rng.uniform(-12, 12), (x, y)
            px, py, bits = swept(old, (x, y), BRUSH, 512, 512)
            mask = mask.painted(plane, px, py, bits, value=bool(rng.random() < 0.7))
        document.commit(Edit("Paint", put=(Annotation("mask", "organ", mask, "Ada", now()),)))
        made.append(time.perf_counter() - start)
    grown, counted = memory_mb() - before, document.history_bytes / 2**20
    kept = 0
    while True:
        start = time.perf_counter()
        if document.undo() is None:
            break
        undone.append(time.perf_counter() - start)
        kept += 1
    back, forth = statistics.median(undone) * 1000, statistics.median(made) * 1000
    print(
        f"{strokes} strokes of ten steps: history {counted:.0f} MiB by its own count, the program grew by {grown:.0f} "
        f"MB (budget 200);\n  {kept} taken back, each {back:.3f} ms, slowest {max(undone) * 1000:.2f}; "
        f"a stroke {forth:.2f} = {back / forth:.3f} × (wanted: 1.0)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--strokes", type=int, default=1000)
    arguments = parser.parse_args()
    app = QApplication.instance() or QApplication([])
    tell_undo(arguments.strokes)
    desk = painted_desk(make_ct(), ct_mask(), Plane(0, 200))
    tell_stroke("stroke, CT 512 × 512 × 400", desk, (200.0, 350.0), bench_view.SIDE / 512, 1.0, arguments.rounds)
    desk.pane.close()
    desk.session.jobs.close()
    desk = painted_desk(MadeSlide(), slide_mask(), Plane())
    desk.session.set_brush(BRUSH * 4)
    tell_stroke("stroke, slide at a quarter", desk, (24_000.0, 20_000.0), 0.25, 2.0, arguments.rounds)
    desk.session.set_brush(BRUSH)
    tell_stroke("stroke, slide 1:1", desk, (24_000.0, 20_000.0), 1.0, 2.0, arguments.rounds)
    desk.pane.close()
    desk.session.jobs.close()
    del app


if __name__ == "__main__":
    main()
