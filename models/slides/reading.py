"""A slide read by a model: blocks read ahead, run, decoded beside it, kept, and told as they become final.

*Memory bound*: blocks read ahead (`AHEAD` and the one under way), the scores of the blocks under way, pieces that wait
for their neighbours (`spill.IN_MEMORY`), one component while it is decoded (`stitching.GIANT`), and what was found.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from dataset.annotation import Box, Polygon, Proposal
from dataset.piecewise import Breather
from imaging.errors import ScanProblem
from imaging.geometry import Plane, Region, plane_spacing, whole_plane
from imaging.progress import Cancelled
from imaging.scan import Scan, TiledScan
from models.package import ModelPackage
from models.reading import Findings, Reading, range_over
from models.slide_choices import SlideChoices
from models.slides.classify import ClassifyKind
from models.slides.cover import Cover
from models.slides.dense import DenseKind
from models.slides.detect import DetectKind
from models.slides.flow import Work, flow
from models.slides.grid import Cell, SlideGrid, grid_of
from models.slides.kept import Kept
from models.slides.kind import Array, SlideKind
from models.slides.pace import Pace
from models.slides.pixels import BlockPixels, InputMaker, read_block
from models.slides.plan import Plan

AHEAD = 2
"""Blocks whose pixels are read while the model is at another."""
READERS = 2
LOST_IN_A_ROW = 64
"""So many cells one after the other that cannot be read mean that the slide is gone, not that a tile is broken."""
HEAT_SECONDS = 1.0


def reads_slides(package: ModelPackage, scan: Scan) -> bool:
    """Whether a scan is read cell by cell by this package."""
    if scan.info.kind != "slide" or not isinstance(scan, TiledScan) or package.input.axes == "NCDHW":
        return False
    return package.task != "instances" or package.outputs[0].decode == "distance-map"


def read_slide(reading: Reading, region: Region | None, choices: SlideChoices, key: str) -> Findings:
    """Read a region of a slide, or its plane (`None`); `key` names the question, for what is kept of a stopped reading.

    Findings with `done` below 1 are what was final when the person stopped it.
    """
    scan = reading.scan
    assert isinstance(scan, TiledScan)
    place = _place(reading, region)
    spacing = plane_spacing(reading.spacing, place.plane.axis)
    grid = grid_of(reading.package, scan.info, spacing, place, choices.block)
    cover = Cover(choices.within, grid)
    plan = Plan(grid, cover, choices.centre, choices.order)
    _tell_grid(reading, grid, spacing)
    if not plan.blocks:
        reading.runner.note("nothing of the region lies in the outlines")
    kind = _kind(reading.package, grid, cover, plan)
    kept = Kept(choices.resume, f"{key[:40]}-{grid.group[0]}x{grid.group[1]}") if choices.resume and key else None
    run = _Run(reading, scan, grid, plan, kind, choices, kept)
    try:
        return run.findings()
    finally:
        kind.close()


def _place(reading: Reading, region: Region | None) -> Region:
    planes = reading.info.size.planes
    if region is None:
        if planes > 1:
            reading.runner.note(f"read plane {planes // 2 + 1} of {planes}, the middle one")
        return whole_plane(reading.info.size, Plane(0, planes // 2))
    return reading.regions(region)[0]


def _tell_grid(reading: Reading, grid: SlideGrid, spacing: tuple[float | None, float | None]) -> None:
    need = reading.package.input.slide_spacing
    if need is not None and spacing[0]:
        has = spacing[0] * grid.scale[0] * 1000
        asked = "" if abs(has - need.x * 1000) < 5e-4 else f" (it was made for {need.x * 1000:.4g})"
        reading.runner.note(f"read at {has:.4g} µm per pixel{asked}")
    if reading.info.channels > 1 and not reading.info.is_colour:
        names = [channel.name for channel in reading.info.fluorescence[:1]]
        reading.runner.note(f"read the first channel{f', {names[0]}' if names and names[0] else ''}")


def _kind(package: ModelPackage, grid: SlideGrid, cover: Cover, plan: Plan) -> SlideKind[Any]:
    if package.task == "classify":
        return ClassifyKind(package, grid)
    if package.task == "detect":
        return DetectKind(package, grid, cover, plan.blocks)
    return DenseKind(package, grid, cover, plan.blocks)


def _in_order(proposals: list[Proposal]) -> tuple[Proposal, ...]:
    """By place, so that the order of proposals says nothing of the order of reading.

    Sorted as numbers: sorting a hundred thousand tuples would keep every other thread from Python's lock meanwhile.
    """
    breather, places = Breather(), np.empty((4, len(proposals)), np.float64)
    ranks = {label: rank for rank, label in enumerate(sorted({proposal.label for proposal in proposals}))}
    for number, proposal in enumerate(proposals):
        places[:, number] = (ranks[proposal.label], *_place_of(proposal))
        breather.breathe()
    rows: list[int] = np.lexsort(places).tolist()
    return tuple(map(proposals.__getitem__, rows))


def _place_of(proposal: Proposal) -> tuple[float, float, float]:
    """What a proposal is ordered by, what counts most last."""
    geometry = proposal.geometry
    if isinstance(geometry, Polygon):
        x, y = geometry.exterior[0]
        return y, x, min(y for _, y in geometry.exterior)
    assert isinstance(geometry, Box)
    return geometry.height, geometry.x, geometry.y


@dataclass(slots=True)
class _Under:
    """A block under way: its cells so far, and how many are to come."""

    left: int
    cells: dict[Cell, Array] = field(default_factory=dict[Cell, Array])
    lost: int = 0


class _Run:
    """One reading of a slide, from its plan to its findings."""

    def __init__(
        self,
        reading: Reading,
        scan: TiledScan,
        grid: SlideGrid,
        plan: Plan,
        kind: SlideKind[Any],
        choices: SlideChoices,
        kept: Kept | None,
    ) -> None:
        self._reading, self._scan, self._grid, self._plan = reading, scan, grid, plan
        self._kind, self._choices, self._kept = kind, choices, kept
        self._progress = reading.progress
        self._maker = InputMaker(reading.package, scan, grid, range_over(reading, grid.plane))
        self._pace = Pace(plan.cell_count)
        self._under: dict[Cell, _Under] = {}
        self._decoding: deque[tuple[int, Future[list[Proposal]]]] = deque()
        self._proposals: list[Proposal] = []
        self._lost, self._lost_now, self._why = 0, 0, ""
        self._told_heat = time.monotonic()
        self._readers = ThreadPoolExecutor(READERS, "overread-slide")
        self._decoder = ThreadPoolExecutor(1, "overread-decode")

    def findings(self) -> Findings:
        """Read what is planned."""
        stopped = False
        try:
            self._go_on_from_kept()
            works = self._works()
            flow(self._reading.runner, works, self._kind.decode, self._take, self._progress)
            self._collect(all_of_them=True)
        except Cancelled:
            stopped = True
        finally:
            self._readers.shutdown(wait=True, cancel_futures=True)
            self._decoder.shutdown(wait=True)
        if stopped:
            self._collect(all_of_them=True, tell=False)
        return self._ended(stopped)

    def _ended(self, stopped: bool) -> Findings:
        note = self._reading.runner.note
        for text in self._kind.notes():
            note(text)
        if self._lost:
            cells = "1 cell" if self._lost == 1 else f"{self._lost} cells"
            note(f"{cells} could not be read and {'was' if self._lost == 1 else 'were'} left out ({self._why})")
        done = 1.0
        if stopped:
            done = min(self._pace.share, 0.999999)
            note(f"stopped at {100 * done:.0f} %")
        elif self._kept is not None:
            self._kept.forget()
        heat = self._kind.heat()
        if heat is not None and self._choices.heat is not None:
            self._choices.heat(heat)
        return Findings(_in_order(self._proposals), self._kind.scores(), () if heat is None else (heat,), done)

    def _go_on_from_kept(self) -> None:
        """Take in what an earlier, stopped reading has done."""
        if self._kept is None:
            return
        planned = set(self._plan.blocks)
        for block in self._kept.blocks():
            self._progress.check()
            arrays = self._kept.load(block) if block in planned else None
            if arrays is None:
                continue
            try:
                given = self._kind.from_arrays(block, arrays)
            except ValueError:
                continue
            fresh = self._kind.add(block, given)
            self._plan.drop(block)
            self._pace.found_done(len(self._plan.cells_of(block)))
            self._tell(fresh)
            self._progress.report(self._pace.ran_share, 1.0, "going on where it was stopped")

    def _works(self) -> Iterator[Work[tuple[Cell, Cell]]]:
        """The inputs, block by block, with the pixels of the next blocks being read meanwhile."""
        ahead: deque[tuple[Cell, Future[BlockPixels]]] = deque()
        while True:
            while len(ahead) < AHEAD:
                block = self._plan.next()
                if block is None:
                    break
                cells = self._plan.cells_of(block)
                ahead.append((block, self._readers.submit(read_block, self._scan, self._grid, cells, self._progress)))
            if not ahead:
                return
            block, future = ahead.popleft()
            pixels = self._waited_for(future)
            cells = self._plan.cells_of(block)
            self._under[block] = _Under(len(cells))
            for cell in cells:
                yield Work((block, cell), partial(self._maker.make, pixels, cell, self._cannot_read))

    def _waited_for(self, future: Future[BlockPixels]) -> BlockPixels:
        """A block's pixels; a reading that hangs can be stopped."""
        while True:
            self._progress.check()
            try:
                return future.result(timeout=0.2)
            except TimeoutError:
                continue

    def _cannot_read(self, _cell: Cell, why: str) -> None:
        """Remember why a cell could not be read; from any thread."""
        self._why = self._why or why

    def _take(self, token: tuple[Cell, Cell], answer: Array | None) -> None:
        """A cell is done; with the last one of a block the block is decoded, in a thread of its own."""
        block, cell = token
        under = self._under[block]
        under.left -= 1
        if answer is None:
            under.lost += 1
            self._lost, self._lost_now = self._lost + 1, self._lost_now + 1
            if self._lost_now >= LOST_IN_A_ROW:
                raise ScanProblem(
                    f"cannot be read any more ({self._why})", self._reading.info.name, "Check that it is still there"
                )
        else:
            under.cells[cell] = answer
            self._lost_now = 0
        if under.left == 0:
            del self._under[block]
            count = len(under.cells) + under.lost
            self._decoding.append((count, self._decoder.submit(self._decoded, block, under)))
        self._pace.ran(1)
        self._collect()
        self._progress.report(self._pace.ran_share, 1.0, self._pace.text())

    def _decoded(self, block: Cell, under: _Under) -> list[Proposal]:
        """Put a block together, keep it, and say what is final now."""
        given = self._kind.put_together(block, under.cells)
        fresh = self._kind.add(block, given)
        if self._kept is not None and not under.lost:
            self._kept.save(block, self._kind.as_arrays(given))
        return fresh

    def _collect(self, *, all_of_them: bool = False, tell: bool = True) -> None:
        """Tell what blocks gave that are decoded by now; wait where too many are not."""
        while self._decoding and (all_of_them or len(self._decoding) > AHEAD or self._decoding[0][1].done()):
            count, future = self._decoding.popleft()
            fresh = future.result()
            self._pace.decoded(count)
            self._tell(fresh, tell=tell)

    def _tell(self, fresh: list[Proposal], *, tell: bool = True) -> None:
        self._proposals += fresh
        if fresh and tell:
            self._reading.partial(tuple(fresh))
        if self._choices.heat is None or time.monotonic() - self._told_heat < HEAT_SECONDS:
            return
        self._told_heat = time.monotonic()
        heat = self._kind.heat()
        if heat is not None:
            self._choices.heat(heat)
