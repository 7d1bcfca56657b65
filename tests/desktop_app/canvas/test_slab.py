"""Slabs: several planes as one, on every axis."""

import numpy as np
import pytest

from desktop_app.canvas.slab import read_slab, slab_count, slab_range
from desktop_app.display import ONE_PLANE, Slab
from imaging.geometry import Axis, Plane, Region, whole_plane
from imaging.loaded import LoadedScan
from tests.desktop_app.canvas.known import scan_of

REDUCED = {"mean": np.mean, "max": np.max, "min": np.min}


def noise(dtype: str = "int16") -> LoadedScan:
    voxels = np.random.default_rng(5).integers(-900, 1500, (11, 20, 16)).astype(dtype)
    return scan_of(voxels, spacing=(0.5, 1.0, 2.0))


@pytest.mark.parametrize("mode", ["mean", "max", "min"])
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("dtype", ["int16", "float32", "int32"])
def test_a_slab_is_numpys_reduction_of_its_planes(mode: str, axis: Axis, dtype: str) -> None:
    scan, slab = noise(dtype), Slab(mode, 5)  # type: ignore[arg-type]
    stack = np.moveaxis(scan.voxels(), axis, 0)[3:8].astype(np.float64)
    wanted = REDUCED[mode](stack, axis=0)
    found = read_slab(scan, whole_plane(scan.info.size, Plane(axis, 5)), 1.0, slab)
    assert found.dtype == dtype
    assert np.abs(found - wanted).max() <= (0.5 if dtype != "float32" else 1e-3)


def test_a_slab_ends_with_the_scan() -> None:
    assert slab_range(0, 5, 11) == range(3)
    assert slab_range(10, 5, 11) == range(8, 11)
    scan = noise()
    found = read_slab(scan, whole_plane(scan.info.size, Plane(0, 0)), 1.0, Slab("max", 5))
    assert np.array_equal(found, scan.voxels()[0:3].max(0))


def test_a_slab_in_millimetres_has_as_many_planes_of_each_axis_as_fit() -> None:
    info = noise().info
    counts = [slab_count(Slab("mean", 1, 4.0), info, axis) for axis in (0, 1, 2)]
    assert counts == [2, 4, 8]
    assert slab_count(ONE_PLANE, info, 0) == 1


def test_a_region_reaching_over_the_rim_reads_like_one_plane_does() -> None:
    scan = noise()
    region = Region(Plane(0, 5), -3, -2, 12, 9)
    assert read_slab(scan, region, 1.0, Slab("max", 3)).shape == scan.read(region).shape


def test_of_falling_scales_the_lowest_stored_value_is_the_brightest() -> None:
    from dataclasses import replace

    from imaging.scan import Rescale

    scan = noise()
    falling = LoadedScan(replace(scan.info, rescale=Rescale(-1.0, 0.0)), scan.voxels().copy())
    found = read_slab(falling, whole_plane(scan.info.size, Plane(0, 5)), 1.0, Slab("max", 5))
    assert np.array_equal(found, scan.voxels()[3:8].min(0))
