"""The threshold brush against a plain array of values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataset.mask import Mask
from desktop_app.tool import ToolOptions
from desktop_app.tools.brush import BrushTool
from desktop_app.tools.sampling import BLOCK, Samples, brightness, coarseness
from desktop_app.tools.threshold_brush import ThresholdBrushTool
from imaging.errors import Problem
from imaging.geometry import Axis, Plane, Region, Size
from tests.desktop_app.tools.hand import Reader
from tests.desktop_app.tools.voxels import Voxels

PLANES, ROWS, COLUMNS = 7, 270, 300
limits = st.one_of(st.none(), st.integers(0, 100).map(float))
places = st.tuples(st.floats(0, 60, width=32), st.floats(0, 40, width=32))


def values_of(seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).integers(0, 100, (PLANES, ROWS, COLUMNS)).astype(np.float32)


def reader_of(tool: BrushTool | ThresholdBrushTool, values: NDArray[Any], plane: Plane, options: ToolOptions) -> Reader:
    reader = Reader(tool, plane=plane, size=Size(COLUMNS, ROWS, PLANES))
    reader.bench = replace(reader.bench, read=Voxels(values), options=options, brush=12.0, spacing_mm=(1.0, 1.0, 3.0))
    return reader


def painted(reader: Reader) -> NDArray[np.bool_]:
    out = np.zeros((PLANES, ROWS, COLUMNS), np.bool_)
    for annotation in reader.document.annotations:
        assert isinstance(annotation.geometry, Mask)
        for index in range(PLANES):
            section = annotation.geometry.section(0, index)
            if section is not None:
                x, y, bits = section
                out[index, y : y + bits.shape[0], x : x + bits.shape[1]] = bits
    return out


@given(limits, limits, st.lists(places, min_size=1, max_size=3), st.sampled_from([0, 1, 2]), st.booleans())
def test_it_paints_what_the_brush_covers_where_the_value_is_within_the_limits(
    low: float | None, high: float | None, way: list[tuple[float, float]], axis: Axis, ball: bool
) -> None:
    values, options = values_of(), ToolOptions(low=low, high=high, ball=ball)
    plane = Plane(axis, 3)
    limited, free = (reader_of(tool, values, plane, options) for tool in (ThresholdBrushTool(), BrushTool()))
    # Across the seam of two blocks.
    way = [(x + 240, y + (240 if axis == 0 else 0)) if axis != 2 else (x + 220, y) for x, y in way]
    limited.drag(*way)
    free.drag(*way)
    wanted = painted(free)
    if low is not None:
        wanted &= values >= low
    if high is not None:
        wanted &= values <= high
    assert np.array_equal(painted(limited), wanted)


def test_alt_erases_only_within_the_limits() -> None:
    values = values_of()
    reader = reader_of(ThresholdBrushTool(), values, Plane(0, 3), ToolOptions())
    reader.drag((20, 20), (60, 20))
    before = painted(reader)
    reader.bench = replace(reader.bench, options=ToolOptions(low=50))
    reader.drag((20, 20), (60, 20), alt=True)
    assert np.array_equal(painted(reader), before & (values < 50))


def test_of_colour_the_brightness_counts() -> None:
    values = np.zeros((1, ROWS, COLUMNS, 3), np.uint8)
    values[:, :, 30:] = (0, 200, 0)
    reader = reader_of(ThresholdBrushTool(), values, Plane(0, 0), ToolOptions(low=100))
    reader.bench = replace(reader.bench, size=Size(COLUMNS, ROWS, 1))
    reader.drag((20, 20), (40, 20))
    assert isinstance(reader.only.geometry, Mask)
    bounds = reader.only.geometry.bounds(0)
    assert bounds is not None
    assert bounds[0] == 30
    assert brightness(values)[0, 0, 30] == pytest.approx(0.587 * 200)


def test_every_block_is_read_once_in_a_stroke() -> None:
    reader = reader_of(ThresholdBrushTool(), values_of(), Plane(0, 3), ToolOptions(low=10))
    reader.drag((20, 20), (60, 20), (80, 40))
    assert isinstance(reader.bench.read, Voxels)
    assert reader.bench.read.regions == [Region(Plane(0, 3), 0, 0, BLOCK, BLOCK)]


def test_a_large_plane_is_read_as_coarsely_as_it_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = reader_of(ThresholdBrushTool(), values_of(), Plane(0, 3), ToolOptions())
    assert coarseness(reader.bench, 5.0) == 1
    monkeypatch.setattr("desktop_app.tools.sampling.LARGE", 1000)
    assert [coarseness(reader.bench, pixel) for pixel in (0.5, 1.9, 2, 5)] == [1, 1, 2, 4]
    values = np.repeat(np.repeat(values_of()[:, ::2, ::2], 2, axis=1), 2, axis=2)
    found = Samples(Voxels(values), reader.bench, 2).values(Region(Plane(0, 3), 31, 33, 200, 101))
    assert np.array_equal(found, values[3, 33:134, 31:231])


def test_why_nothing_was_painted_is_told() -> None:
    def broken(region: Region, downsample: float = 1.0) -> NDArray[Any]:
        raise Problem("is cut short", "scan.tif")

    reader = reader_of(ThresholdBrushTool(), values_of(), Plane(0, 3), ToolOptions(low=10))
    reader.bench = replace(reader.bench, read=broken)
    assert reader.drag((20, 20), (60, 20)).told == "scan.tif: is cut short"
    reader.bench = replace(reader.bench, read=None)
    assert reader.drag((20, 20), (60, 20)).told
    reader.bench = replace(reader.bench, read=Voxels(values_of()), options=ToolOptions(low=10, high=5))
    assert "from 10 to 5" in reader.drag((20, 20), (60, 20)).told
    assert reader.titles == []
