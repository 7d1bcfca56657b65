import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Box, Proposal
from dataset.mask import mask_of_plane
from imaging.geometry import Plane, Region, display_orientation, whole_plane
from models.package import Reads
from models.turning import reading_axis, turn, turned_scan
from tests.models.graphs import scan_of, shape, straight_affine

LEFT, BACK, HEAD = (1, 0, 0), (0, 1, 0), (0, 0, 1)


def opposite(direction):
    return tuple(-value for value in direction)


DIRECTIONS = [
    (first, second, third)
    for axes in ((LEFT, BACK, HEAD), (BACK, HEAD, LEFT), (HEAD, LEFT, BACK), (BACK, LEFT, HEAD), (LEFT, HEAD, BACK))
    for first in (axes[0], opposite(axes[0]))
    for second in (axes[1], opposite(axes[1]))
    for third in (axes[2], opposite(axes[2]))
]
VOXELS = np.random.default_rng(0).integers(0, 255, (5, 7, 9)).astype(np.uint8)


def made(directions):
    return scan_of(VOXELS, affine=straight_affine(*directions), spacing_mm=(1.0, 2.0, 3.0))


@pytest.mark.parametrize("directions", DIRECTIONS)
def test_planes_are_shown_as_they_are_displayed(directions):
    scan = made(directions)
    reads = Reads(planes="sagittal")
    turned = turned_scan(scan, reads, None)
    axis = reading_axis(reads, scan.info)
    orientation = display_orientation(scan.info.affine, axis)
    assert (orientation.top, orientation.left) == ("H", "A")
    size = turned.scan.info.size
    assert size.planes == scan.info.size.count(axis)
    for index in range(size.planes):
        shown = turned.scan.read(whole_plane(size, Plane(0, index)))
        assert np.array_equal(shown, turn(scan.read(whole_plane(scan.info.size, Plane(axis, index))), orientation))


@given(st.sampled_from(DIRECTIONS), st.integers(0, 4), st.integers(0, 4), st.integers(1, 3), st.integers(1, 3))
def test_boxes_and_masks_come_back_to_the_pixels_they_were_found_on(directions, x, y, width, height):
    scan = made(directions)
    turned = turned_scan(scan, Reads(planes="sagittal"), None)
    size = turned.scan.info.size
    region = Region(Plane(0, 1), x, y, width, height).clipped(size)
    seen = turned.scan.read(region)
    if seen.size == 0:
        return
    box = Proposal("1", "a", Box(Plane(0, 1), region.x, region.y, region.width, region.height), 1.0)
    geometry = shape(turned.back(box))
    assert isinstance(geometry, Box)
    place = Region(geometry.plane, int(geometry.x), int(geometry.y), int(geometry.width), int(geometry.height))
    assert sorted(scan.read(place).ravel()) == sorted(seen.ravel())
    bits = seen == seen.max()
    mask = shape(turned.back(Proposal("2", "a", mask_of_plane(bits, 1, x=region.x, y=region.y), 1.0)))
    across, down = scan.info.size.on_plane(geometry.plane.axis)
    found = mask.crop(1, 0, 0, across, down)
    plane = scan.read(whole_plane(scan.info.size, Plane(geometry.plane.axis, 1)))
    assert found.sum() == bits.sum()
    assert set(plane[found]) == {seen.max()}


@pytest.mark.parametrize("directions", DIRECTIONS[:8])
def test_a_region_chosen_on_the_scan_is_read_on_the_turned_planes(directions):
    scan = made(directions)
    reads = Reads(planes="sagittal")
    axis = reading_axis(reads, scan.info)
    region = Region(Plane(axis, 2), 1, 0, 3, 2)
    turned = turned_scan(scan, reads, region)
    assert turned.region is not None
    assert sorted(turned.scan.read(turned.region).ravel()) == sorted(scan.read(region).ravel())
    across, down = turned.spacing(scan.info.spacing_mm)[:2]
    assert {across, down} == {value for k, value in enumerate((1.0, 2.0, 3.0)) if 2 - k != axis}


def test_a_scan_that_lies_so_already_or_does_not_say_how_it_lies_is_taken_as_it_is():
    already = made((BACK, opposite(HEAD), LEFT))
    assert turned_scan(already, Reads(planes="sagittal"), None).scan is already
    unknown = scan_of(VOXELS)
    assert turned_scan(unknown, Reads(planes="sagittal"), None).scan is unknown
    assert turned_scan(made((LEFT, BACK, HEAD)), Reads(), None).is_turned is False


def test_a_plane_of_another_direction_is_read_as_asked_and_told():
    scan = made((LEFT, BACK, HEAD))
    turned = turned_scan(scan, Reads(planes="sagittal"), whole_plane(scan.info.size, Plane(0, 1)))
    assert turned.notes == ("reads sagittal planes; this one is axial",)
