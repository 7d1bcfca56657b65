"""Outlines that follow edges, in scan coordinates."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dataset.annotation import Points, Polygon, Polyline
from dataset.mask import Mask
from dataset.outline_shapes import mask_of_area
from desktop_app.tool import ToolOptions
from desktop_app.tools.edge_ways import CELLS, edge_ways, step_for
from desktop_app.tools.scissors import ScissorsTool
from imaging.errors import ScanProblem
from imaging.geometry import Plane, Region, Size
from imaging.progress import silent
from imaging.scan import Window
from tests.desktop_app.tools.hand import AXIAL, Reader

SIZE = Size(200, 180, 10)
ROWS, COLUMNS = np.mgrid[:180, :200]
DISC = (COLUMNS + 0.5 - 100) ** 2 + (ROWS + 0.5 - 90) ** 2 <= 60**2


class Pixels:
    """A bright disc on noise, read as a scan is."""

    def __init__(self, values: NDArray[Any] | None = None) -> None:
        noise = np.random.default_rng(1).normal(0, 20, DISC.shape)
        self.values = (np.where(DISC, 150, -100) + noise).astype(np.float32) if values is None else values
        self.asked: list[tuple[Region, float]] = []

    def __call__(self, region: Region, downsample: float = 1.0) -> NDArray[Any]:
        self.asked.append((region, downsample))
        step = round(downsample)
        return self.values[region.y : region.y + region.height : step, region.x : region.x + region.width : step]


def on_circle(degrees: float, radius: float = 60) -> tuple[float, float]:
    return 100 + radius * math.cos(math.radians(degrees)), 90 + radius * math.sin(math.radians(degrees))


def hand(pixels: Pixels | None = None) -> Reader:
    reader = Reader(ScissorsTool(), size=SIZE)
    reader.bench = replace(reader.bench, read=pixels or Pixels(), window=Window(0, 400))
    return reader


def overlap(reader: Reader) -> float:
    shape = reader.only.geometry
    assert isinstance(shape, Polygon)
    bits = mask_of_area(shape, (200, 180), silent()).crop(3, 0, 0, 200, 180)
    return float(2 * np.count_nonzero(bits & DISC) / (bits.sum() + DISC.sum()))


def line_of(reader: Reader) -> tuple[tuple[float, float], ...]:
    line = reader.last.preview[0]
    assert isinstance(line, Polyline)
    return line.points


def test_a_few_clicks_near_the_edge_of_a_disc_outline_it() -> None:
    reader = hand()
    for degrees in (0, 100, 190, 280):
        reader.click(*on_circle(degrees))
    reader._take(reader.tool.finish(reader.bench))
    assert overlap(reader) > 0.97
    assert reader.titles == ["Draw along edges"]
    assert reader.bench.selection == {reader.only.id}
    assert isinstance(reader.only.geometry, Polygon)
    assert 8 <= len(reader.only.geometry.exterior) <= 120
    assert not reader.tool.cancel().busy


def test_the_way_to_the_hand_is_shown_along_the_edge() -> None:
    reader = hand()
    reader.click(*on_circle(0))
    reader.hover(*on_circle(90))
    away = [abs(math.hypot(x - 100, y - 90) - 60) for x, y in line_of(reader)]
    assert max(away) < 4
    assert len(away) > 40
    assert reader.last.busy
    assert reader.last.preview[-1] == Points(AXIAL, (on_circle(0),))


@pytest.mark.parametrize("how", ["double-click", "first point"])
def test_a_double_click_or_the_first_point_closes(how: str) -> None:
    reader = hand()
    for degrees in (0, 120):
        reader.click(*on_circle(degrees))
    if how == "double-click":
        reader.double_click(*on_circle(240))
    else:
        reader.click(*on_circle(240))
        reader.click(on_circle(0)[0] + 3, on_circle(0)[1] + 2)
    assert overlap(reader) > 0.95


def test_two_points_are_no_outline_yet_and_that_is_told() -> None:
    reader = hand()
    for degrees in (0, 120):
        reader.click(*on_circle(degrees))
    outcome = reader._take(reader.tool.finish(reader.bench))
    assert outcome.edit is None
    assert outcome.told
    assert outcome.busy


def test_backspace_takes_a_point_back_and_escape_all() -> None:
    reader = hand()
    for degrees in (0, 60, 120):
        reader.click(*on_circle(degrees))
    reader._take(reader.tool.back(reader.bench))
    reader.hover(*on_circle(90))
    assert reader.last.preview[-1] == Points(AXIAL, (on_circle(0), on_circle(60)))
    assert line_of(reader)[-1] == on_circle(90)
    assert not reader.tool.cancel().busy
    assert reader.hover(*on_circle(90)).preview == ()


def test_costs_are_found_once_for_each_point_not_for_each_move() -> None:
    pixels = Pixels()
    reader = hand(pixels)
    reader.click(*on_circle(0))
    for degrees in range(0, 90, 5):
        reader.hover(*on_circle(degrees))
    assert len(pixels.asked) == 1
    assert pixels.asked[0] == (Region(AXIAL, 48, 0, 152, 180), 1.0)


def test_far_away_the_window_is_wider_and_no_finer_than_the_screen() -> None:
    assert step_for((0, 0), (20, 90), 1.0) == 1
    assert step_for((0, 0), (20, 150), 1.0) == 2
    assert step_for((0, 0), (0, 0), 12.0) == 8
    wide = Pixels(np.zeros((4000, 4000), np.float32))
    bench = replace(hand(wide).bench, size=Size(4000, 4000, 10))
    found = edge_ways((2000.0, 2000.0), 8, bench)
    assert found is not None
    assert found.shape == (CELLS, CELLS)
    way = found.to((2800.0, 2000.0))
    assert (way[0], way[-1]) == ((2000.0, 2000.0), (2800.0, 2000.0))
    assert all(abs(y - 2000) <= 8 for _, y in way)


def test_colours_have_edges_too() -> None:
    pixels = np.zeros((180, 200, 3), np.uint8)
    pixels[DISC] = (200, 60, 60)
    reader = hand(Pixels(pixels))
    reader.bench = replace(reader.bench, window=None, options=ToolOptions(simplify=0.5))
    for degrees in (0, 120, 240):
        reader.click(*on_circle(degrees))
    reader._take(reader.tool.finish(reader.bench))
    assert overlap(reader) > 0.97


def test_without_pixels_the_ways_are_straight() -> None:
    def refuse(_region: Region, _downsample: float = 1.0) -> NDArray[Any]:
        raise ScanProblem("is gone", "scan.nii")

    for read in (None, refuse):
        reader = hand()
        reader.bench = replace(reader.bench, read=read)
        reader.click(10, 10)
        reader.hover(50, 10)
        assert line_of(reader) == ((10, 10), (50, 10))
        assert ("is gone" in reader.last.told) == (read is not None)


def test_a_plane_change_begins_anew() -> None:
    reader = hand()
    reader.click(*on_circle(0))
    reader.bench = replace(reader.bench, plane=Plane(0, 5))
    assert reader.hover(10, 10).preview == ()
    reader.click(20, 20)
    assert reader.last.preview[-1] == Points(Plane(0, 5), ((20.0, 20.0),))
    assert not any(isinstance(a.geometry, Mask) for a in reader.document.annotations)
