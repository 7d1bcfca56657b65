"""Reading the parts of a scan that are shown."""

import numpy as np
import pytest

from desktop_app.canvas.source import NearColumns, Part, ScanParts
from desktop_app.display import ONE_PLANE, Slab
from imaging.geometry import Axis, Plane, Region, Size
from imaging.loaded import LoadedScan
from imaging.scan import ScanInfo


def volume(kind: str, columns: int = 48, channels: int = 1) -> LoadedScan:
    shape = (9, 20, columns, *((channels,) if channels > 1 else ()))
    values = np.random.default_rng(1).integers(0, 250, shape).astype(kind)
    size = Size(columns, 20, 9)
    return LoadedScan(ScanInfo("v", "made", "volume", size, kind, channels=channels), values)


@pytest.mark.parametrize("kind", ["uint8", "int16", "float32", "float64"])
@pytest.mark.parametrize("columns", [48, 37])
def test_every_plane_is_read_as_the_scan_has_it(kind: str, columns: int) -> None:
    scan = volume(kind, columns)
    parts = ScanParts(scan)
    axes: tuple[Axis, ...] = (0, 1, 2)
    for axis in axes:
        width, height = scan.info.size.on_plane(axis)
        last = scan.info.size.count(axis) - 1
        for index in (0, 1, 2, 7, 8, 3, last):
            for region in (
                Region(Plane(axis, index), 0, 0, width, height),
                Region(Plane(axis, index), 2, 3, width - 4, height - 3),
            ):
                for downsample in (1.0, 2.0):
                    seen = parts.pixels(Part(region, downsample))
                    assert np.array_equal(seen, scan.read(region, downsample))


def test_colours_and_what_reaches_over_the_rim_have_no_short_cut() -> None:
    assert NearColumns(volume("uint8", channels=3)).read(Region(Plane(2, 3), 0, 0, 20, 9)) is None
    assert NearColumns(volume("int16")).read(Region(Plane(2, 3), -1, 0, 20, 9)) is None
    assert NearColumns(volume("int16", columns=37)).read(Region(Plane(2, 3), 0, 0, 20, 9)) is None


def test_a_slab_after_a_plane_is_a_slab() -> None:
    scan = volume("int16")
    parts, part = ScanParts(scan), Part(Region(Plane(2, 20), 0, 0, 20, 9))
    one, slab = parts.pixels(part, ONE_PLANE), parts.pixels(part, Slab("max", 5))
    assert np.array_equal(slab, scan.voxels()[:, :, 18:23].max(2))
    assert not np.array_equal(one, slab)
    assert np.array_equal(parts.pixels(part, ONE_PLANE), one)
