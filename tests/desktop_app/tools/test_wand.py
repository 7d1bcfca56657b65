"""The wand and floods against a plain flood, pixel by pixel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataset.mask import Mask, mask_of_plane
from desktop_app.tool import Gesture, ToolOptions
from desktop_app.tools.flooding import TooLarge, flood, flood_planes
from desktop_app.tools.wand import WINDOW, WandTool, tolerance_of
from imaging.errors import Problem
from imaging.geometry import Axis, Plane, Region, Size
from imaging.scan import Window
from tests.desktop_app.tools.hand import Reader, mark
from tests.desktop_app.tools.voxels import Voxels


def plain_flood(alike: NDArray[np.bool_], seed: tuple[int, ...]) -> NDArray[np.bool_]:
    """What is connected to a seed, in any number of dimensions."""
    out = np.zeros_like(alike)
    waiting = [seed]
    out[seed] = True
    while waiting:
        place = waiting.pop()
        for axis in range(alike.ndim):
            for step in (-1, 1):
                other = (*place[:axis], place[axis] + step, *place[axis + 1 :])
                if 0 <= other[axis] < alike.shape[axis] and alike[other] and not out[other]:
                    out[other] = True
                    waiting.append(other)
    return out


FIRST = Plane()
SHOWN = Window(50, 100)


def reader_of(values: NDArray[Any], plane: Plane = FIRST) -> Reader:
    planes, rows, columns = values.shape[:3]
    reader = Reader(WandTool(), plane=plane, size=Size(columns, rows, planes))
    reader.bench = replace(reader.bench, read=Voxels(values), window=None if values.ndim == 4 else SHOWN)
    return reader


def painted(reader: Reader) -> NDArray[np.bool_]:
    """The only mask as a volume (planes, rows, columns)."""
    mask = reader.only.geometry
    assert isinstance(mask, Mask)
    size = reader.bench.size
    return np.stack([_plane(mask, plane, size) for plane in range(size.planes)])


def _plane(mask: Mask, index: int, size: Size) -> NDArray[np.bool_]:
    out = np.zeros((size.rows, size.columns), np.bool_)
    section = mask.section(0, index)
    if section is not None:
        x, y, bits = section
        out[y : y + bits.shape[0], x : x + bits.shape[1]] = bits
    return out


@given(st.integers(0, 999), st.integers(0, 11), st.integers(0, 13), st.sampled_from([0.0, 0.1, 0.2, 1.0]))
def test_a_click_marks_the_connected_pixels_within_the_tolerance(
    seed: int, row: int, column: int, tolerance: float
) -> None:
    values = np.random.default_rng(seed).integers(0, 5, (1, 12, 14)).astype(np.float32) * 10
    reader = reader_of(values)
    reader.bench = replace(reader.bench, options=ToolOptions(tolerance=tolerance))
    reader.click(column + 0.5, row + 0.5)
    alike = np.abs(values[0] - values[0, row, column]) <= tolerance * 100
    assert np.array_equal(painted(reader)[0], plain_flood(alike, (row, column)))


@given(st.integers(0, 999), st.sampled_from([0, 1, 2]), st.tuples(*[st.integers(0, 4)] * 3))
def test_through_the_planes_it_marks_the_connected_voxels(seed: int, axis: Axis, place: tuple[int, int, int]) -> None:
    values = (np.random.default_rng(seed).random((5, 6, 7)) < 0.4).astype(np.float32) * 100
    k, j, i = place
    index, x, y = {0: (k, i, j), 1: (j, i, k), 2: (i, j, k)}[axis]
    reader = reader_of(values, Plane(axis, index))
    reader.bench = replace(reader.bench, options=ToolOptions(all_planes=True))
    reader.click(x + 0.5, y + 0.5)
    assert np.array_equal(painted(reader), plain_flood(values == values[place], place))


@given(st.integers(0, 999), st.floats(0.2, 0.8), st.sampled_from([0, 30]))
def test_a_flood_through_planes_is_the_plain_flood(seed: int, density: float, wide: int) -> None:
    alike = np.random.default_rng(seed).random((6, 8 + wide, 9 + 2 * wide)) < density
    alike[2, 3, 4] = True
    first, found = flood_planes(
        lambda plane, frame: alike[plane][frame.slices].copy(), (2, flood(alike[2], 3, 4)), len(alike)
    )
    out = np.zeros_like(alike)
    out[first : first + len(found)] = found
    assert np.array_equal(out, plain_flood(alike, (2, 3, 4)))
    assert np.array_equal(flood(alike[2], 3, 4), plain_flood(alike[2], (3, 4)))


def test_a_colour_is_alike_when_each_of_its_channels_is() -> None:
    values = np.zeros((1, 3, 4, 3), np.uint8)
    values[0, :, 1] = (20, 0, 25)
    values[0, :, 2] = (0, 26, 0)
    reader = reader_of(values)
    reader.click(0.5, 0.5)
    assert painted(reader)[0].any(axis=0).tolist() == [True, True, False, False]


def step() -> NDArray[np.float32]:
    """A dark block, a brighter one beside it, and a bright one."""
    values = np.zeros((3, 40, 60), np.float32)
    values[:, :, 20:40], values[:, :, 40:] = 30, 90
    return values


def test_dragging_away_marks_more_and_shows_it_before_it_is_kept() -> None:
    reader = reader_of(step())
    few = reader.press(5, 5)
    assert few.texts == (((5, 5), "Tolerance 10 %"),)
    (shown,) = few.live
    assert isinstance(shown.geometry, Mask)
    assert shown.geometry.bounds(0) == (0, 0, 20, 40)
    more = reader.move(5, 125)
    (shown,) = more.live
    assert isinstance(shown.geometry, Mask)
    assert shown.geometry.bounds(0) == (0, 0, 40, 40)
    assert reader.titles == []
    reader.release(5, 125)
    assert reader.titles == ["Mark with the wand"]
    assert painted(reader)[0].sum() == 40 * 40


def test_a_hand_that_trembles_adds_no_tolerance() -> None:
    at = Gesture(10, 10, 2.0)
    assert tolerance_of(at, replace(at, x=17), 0.1) == 0.1
    assert tolerance_of(at, replace(at, x=10 + 2 * 54), 0.1) == 0.2
    assert tolerance_of(at, replace(at, y=9999.0), 0.1) == 1.0


def test_escape_keeps_nothing() -> None:
    reader = reader_of(step())
    reader.press(5, 5)
    assert reader.tool.cancel().live == ()
    assert reader.release(5, 5).edit is None


def test_it_extends_the_mask_of_the_label_and_alt_erases() -> None:
    start = mark(mask_of_plane(np.ones((4, 4), np.bool_), 0, x=50, y=30))
    reader = _with(reader_of(step()), start)
    reader.click(5, 5)
    assert reader.only.id == start.id
    assert painted(reader)[0].sum() == 20 * 40 + 16
    reader.click(5, 5, alt=True)
    assert painted(reader)[0].sum() == 16
    reader.click(25, 5, shift=True)
    assert len(reader.document.annotations) == 2


def _with(reader: Reader, start: Any) -> Reader:
    made = Reader(WandTool(), start, plane=reader.bench.plane, size=reader.bench.size)
    made.bench = replace(made.bench, read=reader.bench.read, window=reader.bench.window)
    return made


def test_alt_where_there_is_no_mask_says_so() -> None:
    reader = reader_of(step())
    assert reader.press(5, 5, alt=True).told
    assert reader.release(5, 5).edit is None


def test_a_flood_without_bounds_is_given_up_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_app.tools.flooding.MOST_VOXELS", 1000)
    reader = reader_of(step())
    reader.bench = replace(reader.bench, options=ToolOptions(all_planes=True))
    assert "less tolerance" in reader.click(5, 5).told
    assert reader.titles == []
    monkeypatch.setattr("desktop_app.tools.flooding.MOST_SEEN", 3000)
    monkeypatch.setattr("desktop_app.tools.flooding.MOST_VOXELS", 10**6)
    with pytest.raises(TooLarge):
        flood_planes(lambda _, frame: np.ones((40, 60), np.bool_)[frame.slices], (0, np.ones((40, 60), np.bool_)), 3)


def test_on_a_very_large_plane_it_looks_around_the_click_as_coarsely_as_is_shown_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desktop_app.tools.wand.LARGE", 1000)
    monkeypatch.setattr("desktop_app.tools.sampling.LARGE", 1000)
    values = np.zeros((1, 100, 6000), np.uint8)
    reader = reader_of(values)
    reader.pixel = 2.5
    told = reader.click(3000.5, 50.5).told
    assert "2048 × 100" in told
    assert painted(reader)[0].sum() == 100 * 2 * WINDOW
    assert painted(reader)[0, :, 3000].all()


def test_what_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(region: Region, downsample: float = 1.0) -> NDArray[Any]:
        raise Problem("is cut short", "scan.tif")

    reader = reader_of(step())
    reader.bench = replace(reader.bench, read=broken)
    assert reader.press(5, 5).told == "scan.tif: is cut short"
    assert reader.press(-5, 5).told == ""
