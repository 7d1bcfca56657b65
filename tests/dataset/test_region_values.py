"""Values in a region: exact on planes, bounded on large ones, the same for every shape."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataset.annotation import Box, Geometry, Polygon, Polyline
from dataset.mask import mask_of_plane, mask_of_volume
from dataset.measure import inside_of
from dataset.region_values import RegionValues, region_values
from imaging.geometry import Plane, Region, Size
from imaging.progress import Cancelled, Progress, silent

SIZE = Size(60, 50, 4)
VOXELS = np.random.default_rng(3).normal(40, 20, (4, 50, 60)).astype(np.float32)
PLANE = Plane(0, 2)


def read(region: Region, downsample: float = 1.0) -> NDArray[Any]:
    step = int(downsample)
    part = VOXELS[region.plane.index, region.y : region.y + region.height, region.x : region.x + region.width]
    return part[::step, ::step]


def values(geometry: Geometry) -> RegionValues | None:
    return region_values(geometry, read, SIZE, silent(), "HU")


def test_a_box_takes_the_pixels_whose_centre_lies_in_it() -> None:
    found = values(Box(PLANE, 10.4, 20.6, 4.0, 3.0))
    inside = VOXELS[2, 21:24, 10:14]
    assert found is not None
    assert (found.pixels, found.unit, found.downsample) == (12, "HU", 1)
    assert (found.mean, found.deviation) == pytest.approx((inside.mean(), inside.std()))
    assert (found.low, found.high) == pytest.approx((inside.min(), inside.max()))


def _beside_centres(least: int, most: int) -> st.SearchStrategy[float]:
    """Places that no sum rounds, and on no line of pixel centres."""
    return st.integers(least * 16, most * 16 - 1).map(lambda number: (2 * number + 1) / 32)


@given(
    st.lists(st.tuples(_beside_centres(-10, 70), _beside_centres(-10, 60)), min_size=3, max_size=9),
    st.lists(st.tuples(_beside_centres(0, 60), _beside_centres(0, 50)), min_size=3, max_size=4),
)
def test_a_polygon_takes_what_the_even_odd_rule_says(
    ring: list[tuple[float, float]], hole: list[tuple[float, float]]
) -> None:
    polygon = Polygon(PLANE, tuple(ring), (tuple(hole),))
    x, y = np.meshgrid(np.arange(60) + 0.5, np.arange(50) + 0.5)
    places = np.stack((x.ravel(), y.ravel()), 1).astype(np.float64)
    by_rule = inside_of(Polygon(PLANE, polygon.exterior), places) ^ inside_of(Polygon(PLANE, tuple(hole)), places)
    # Only what lies in the bounds of the outer ring is read.
    xs, ys = [p[0] for p in ring], [p[1] for p in ring]
    near = (np.abs(x.ravel() - np.clip(x.ravel(), np.floor(min(xs)), np.ceil(max(xs)))) == 0) & (
        np.abs(y.ravel() - np.clip(y.ravel(), np.floor(min(ys)), np.ceil(max(ys)))) == 0
    )
    found = values(polygon)
    assert (found.pixels if found else 0) == np.count_nonzero(by_rule & near)


def test_a_mask_is_taken_on_all_its_planes() -> None:
    voxels = np.zeros((4, 50, 60), np.bool_)
    voxels[1, 5:9, 7:12] = voxels[3, 20:22, 30:31] = True
    found = values(mask_of_volume(voxels))
    assert found is not None
    assert found.pixels == 22
    assert found.mean == pytest.approx(VOXELS[voxels].mean())


def test_what_is_too_large_is_read_coarser_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataset.region_values.MOST_PIXELS", 800)
    found = values(Box(PLANE, 0, 0, 60, 50))
    assert found is not None
    assert found.downsample == 2
    assert found.pixels == pytest.approx(3000, rel=0.1)
    painted = values(mask_of_plane(np.ones((50, 60), np.bool_), 2))
    assert painted is not None
    assert painted.mean == pytest.approx(found.mean)


def test_of_colour_the_brightness_is_told() -> None:
    def colour(region: Region, downsample: float = 1.0) -> NDArray[Any]:
        assert downsample == 1
        return np.full((region.height, region.width, 3), (255, 0, 0), np.uint8)

    found = region_values(Box(PLANE, 1, 1, 2, 2), colour, SIZE, silent())
    assert found is not None
    assert found.unit == "brightness"
    assert found.mean == pytest.approx(0.299 * 255)
    assert found.deviation == pytest.approx(0, abs=1e-3)


def test_of_several_channels_the_mean_is_told() -> None:
    def channels(region: Region, downsample: float = 1.0) -> NDArray[Any]:
        assert downsample == 1
        return np.full((region.height, region.width, 4), (1000, 2000, 3000, 6000), np.uint16)

    found = region_values(Box(PLANE, 1, 1, 2, 2), channels, SIZE, silent())
    assert found is not None
    assert (found.mean, found.unit) == (3000, "channels")


@pytest.mark.parametrize(
    "geometry", [Box(PLANE, 3.6, 3.6, 0.5, 0.5), Box(PLANE, 80, 3, 5, 5), Polyline(PLANE, ((1, 1), (9, 9)))]
)
def test_a_region_without_pixels_has_no_values(geometry: Geometry) -> None:
    assert values(geometry) is None


def test_it_stops_when_asked() -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        region_values(Box(PLANE, 0, 0, 9, 9), read, SIZE, progress)
