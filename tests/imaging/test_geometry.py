"""Coordinates: round trips, and planes shown the radiological way on axial, oblique, reversed and tilted grids."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.geometry import (
    Affine,
    Axis,
    Orientation,
    Plane,
    Region,
    Size,
    display_orientation,
    plane_name,
    plane_spacing,
    point_to_voxel,
    voxel_to_point,
    whole_plane,
)
from imaging.opening import open_scan
from imaging.scan import Volume

AXES: tuple[Axis, ...] = (0, 1, 2)
coordinate = st.floats(-2000, 2000, allow_nan=False)
axis = st.sampled_from(AXES)


@st.composite
def affines(draw: st.DrawFn) -> Affine:
    """Turned, mirrored and sheared grids, as tilted gantries make them."""
    angles = [draw(st.floats(-3.14, 3.14)) for _ in range(3)]
    turn = np.eye(3)
    for number, angle in enumerate(angles):
        a, b = [index for index in range(3) if index != number]
        step = np.eye(3)
        step[a, a] = step[b, b] = np.cos(angle)
        step[a, b], step[b, a] = -np.sin(angle), np.sin(angle)
        turn = turn @ step
    signs = [draw(st.sampled_from([-1.0, 1.0])) for _ in range(3)]
    steps = turn * signs * [draw(st.floats(0.1, 10)) for _ in range(3)]
    steps[:, 2] += steps[:, 1] * draw(st.floats(-0.4, 0.4))
    return Affine.of(np.column_stack([steps, [draw(coordinate) for _ in range(3)]]))


@given(affines(), st.lists(st.tuples(coordinate, coordinate, coordinate), min_size=1, max_size=5))
def test_voxels_go_to_the_world_and_back(affine: Affine, points: list[tuple[float, float, float]]):
    voxels = np.array(points)
    assert np.allclose(affine.to_voxel(affine.to_world(voxels)), voxels, atol=1e-6)


@given(axis, coordinate, coordinate, st.integers(0, 500))
def test_points_go_to_voxels_and_back(which: Axis, x: float, y: float, index: int):
    plane, back_x, back_y = voxel_to_point(which, *point_to_voxel(Plane(which, index), x, y))
    assert plane == Plane(which, index)
    assert (back_x, back_y) == pytest.approx((x, y))


def test_the_centre_of_the_first_pixel_is_the_first_voxel():
    for which in AXES:
        assert point_to_voxel(Plane(which, 0), 0.5, 0.5) == (0, 0, 0)


@given(axis, st.integers(-50, 50), st.integers(-50, 50), st.integers(0, 80), st.integers(0, 80))
def test_a_clipped_region_lies_on_the_scan(which: Axis, x: int, y: int, width: int, height: int):
    size = Size(30, 20, 10)
    inside = Region(Plane(which, 0), x, y, width, height).clipped(size)
    whole = whole_plane(size, Plane(which, 0))
    assert 0 <= inside.x <= inside.x + inside.width <= whole.width
    assert 0 <= inside.y <= inside.y + inside.height <= whole.height


@given(affines(), axis)
def test_planes_are_shown_the_radiological_way_whatever_the_grid(affine: Affine, which: Axis):
    """After the turn, the axis that is left–right grows to the left, front–back to the back, and the head is on top."""
    shown = display_orientation(affine, which)
    across, down = _screen_directions(affine, which, shown)
    names = {"R": (0, -1), "L": (0, 1), "A": (1, -1), "P": (1, 1), "F": (2, -1), "H": (2, 1)}
    for letters, direction in ((shown.right, across), (shown.left, -across), (shown.bottom, down), (shown.top, -down)):
        strengths = [direction[number] * sign for number, sign in map(names.__getitem__, letters)]
        assert strengths, "there is always one that a direction follows most"
        assert min(strengths) > 0, (letters, direction)
        assert strengths == sorted(strengths, reverse=True), "the stronger letter stands first"
    if np.argmax(np.abs(across)) == np.argmax(np.abs(down)):
        return  # both directions follow one patient axis: shown as stored, no turn is the usual one
    assert (shown.left[0], shown.top[0]) in {("R", "A"), ("R", "H"), ("A", "H")}


def test_an_oblique_plane_has_two_letters_where_it_leads_two_ways():
    """Tilted by 30° about the left–right axis, as a CT with its gantry tilted or an MR along the discs."""
    cosine, sine = math.cos(math.radians(30)), math.sin(math.radians(30))
    affine = Affine.from_directions((0, 0, 0), (0.7, 0, 0), (0, 0.7 * cosine, 0.7 * sine), (0, -2 * sine, 2 * cosine))
    shown = display_orientation(affine, 0)
    assert (shown.left, shown.right, shown.top, shown.bottom) == ("R", "L", "AF", "PH")
    slightly = Affine.from_directions((0, 0, 0), (1, 0, 0), (0, 1, 0.2), (0, -0.2, 1))
    assert display_orientation(slightly, 0).top == "A", "a hair of tilt is no second letter"


def test_real_oblique_planes_say_both_ways_they_lead(data: Path):
    """An MR along oblique sagittal and coronal planes, and a CT whose gantry was tilted."""
    folder = data / "dicom/pydicom"
    letters: list[tuple[str, str, str, str]] = []
    for name in ("dicomdirtests/98892003/MR700/4467", "dicomdirtests/98892003/MR700/4588", "J2K_pixelrep_mismatch.dcm"):
        affine = open_scan(folder / name).info.affine
        shown = display_orientation(affine, 0)
        letters.append((shown.left, shown.right, shown.top, shown.bottom))
    assert letters == [("AR", "PL", "H", "F"), ("RA", "LP", "H", "F"), ("R", "L", "AH", "PF")]


def test_a_reversed_series_is_shown_head_up_like_one_that_is_not():
    upward = Affine.from_directions((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 3))
    downward = Affine.from_directions((0, 0, 90), (1, 0, 0), (0, 1, 0), (0, 0, -3))
    for which in (1, 2):
        first, second = display_orientation(upward, which), display_orientation(downward, which)
        assert (first.top, first.left) == (second.top, second.left)
        assert first.flip_y != second.flip_y


def _screen_directions(affine: Affine, which: Axis, shown: Orientation) -> tuple[np.ndarray, np.ndarray]:
    """The world directions to the right and down on the screen."""
    steps = affine.matrix[:3, :3]
    x, y = {0: (0, 1), 1: (0, 2), 2: (1, 2)}[which]
    across, down = (steps[:, y], steps[:, x]) if shown.transpose else (steps[:, x], steps[:, y])
    return -across if shown.flip_x else across, -down if shown.flip_y else down


def test_the_axes_of_an_axial_scan_have_their_names():
    affine = Affine.from_directions((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 2))
    assert [plane_name(affine, which) for which in AXES] == ["axial", "coronal", "sagittal"]
    assert display_orientation(affine, 0) == Orientation(False, False, False, "R", "L", "A", "P")
    assert display_orientation(affine, 1) == Orientation(False, False, True, "R", "L", "H", "F")
    assert display_orientation(affine, 2) == Orientation(False, False, True, "A", "P", "H", "F")


def test_a_scan_without_an_affine_is_shown_as_stored():
    assert display_orientation(None, 0) == Orientation()
    assert plane_name(None, 0) == ""


def test_spacing_of_planes_keeps_what_is_unknown():
    assert [plane_spacing((1, 2, None), which) for which in AXES] == [(1, 2), (1, None), (2, None)]


def turned(plane: np.ndarray, shown: Orientation) -> np.ndarray:
    """A plane as the screen shows it."""
    plane = plane.T if shown.transpose else plane
    plane = plane[:, ::-1] if shown.flip_x else plane
    return plane[::-1] if shown.flip_y else plane


def test_a_real_ct_has_the_table_at_the_bottom_and_the_spine_below_the_front(data: Path):
    """The patient lies on the back: the table and the spine are behind, so at the bottom of the screen."""
    scan = open_scan(data / "dicom_series/ct_cmb_crc")
    assert isinstance(scan, Volume)
    shown = display_orientation(scan.info.affine, 0)
    assert (shown.left, shown.right, shown.top, shown.bottom) == ("R", "L", "A", "P")
    plane = turned(scan.voxels()[11], shown)
    bone = plane[:, 200:312] > 300
    rows = np.nonzero(bone)[0]
    assert np.median(rows) > plane.shape[0] / 2


def test_a_real_sagittal_mr_has_the_spinal_canal_right_of_the_discs(data: Path):
    """The canal, bright on T2, lies behind the discs: right of them when the front is on the left."""
    scan, mask = open_scan(data / "lumbar/ivd_20_t2.mha"), open_scan(data / "lumbar/ivd_20_t2_mask.mha")
    assert isinstance(scan, Volume)
    assert isinstance(mask, Volume)
    sagittal = next(which for which in AXES if plane_name(scan.info.affine, which) == "sagittal")
    assert sagittal == 0
    shown, middle = display_orientation(scan.info.affine, sagittal), scan.info.size.planes // 2
    picture, discs = turned(scan.voxels()[middle], shown), turned(mask.voxels()[middle], shown) > 0
    rows, columns = np.nonzero(discs)
    behind = picture[rows.min() : rows.max(), columns.max() : columns.max() + 20].mean()
    before = picture[rows.min() : rows.max(), columns.min() - 20 : columns.min()].mean()
    assert behind > 1.5 * before
    assert (shown.left, shown.top) == ("A", "H")


def test_the_letters_painted_into_a_real_head_are_on_their_sides(data: Path):
    """The file has an R painted on the patient's right and an L on the left: R must stand left, its bowl on top."""
    scan = open_scan(data / "volumes/avg152T1_LR_nifti.nii.gz")
    assert isinstance(scan, Volume)
    plane = turned(scan.voxels()[scan.info.size.planes // 2], display_orientation(scan.info.affine, 0))
    letters = plane == 255
    rows = np.nonzero(letters)[0]
    upper = letters[rows.min() : (rows.min() + rows.max()) // 2]
    half = plane.shape[1] // 2
    assert upper[:, :half].sum() > 1.2 * upper[:, half:].sum()


def test_ras_files_are_shown_like_lps_ones(data: Path, tmp_path: Path):
    """The same head in NIfTI (RAS) and in MetaImage (LPS) gives the same picture on screen."""
    import SimpleITK

    name = data / "volumes/hippocampus/images/hippocampus_004.nii.gz"
    flipped = SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(name)), "LPS")
    SimpleITK.WriteImage(flipped, str(tmp_path / "lps.mha"))
    pictures: dict[str, list[np.ndarray]] = {}
    for path in (name, tmp_path / "lps.mha"):
        scan = open_scan(path)
        assert isinstance(scan, Volume)
        affine, voxels = scan.info.affine, scan.voxels()
        for which in AXES:
            shown, middle = display_orientation(affine, which), scan.info.size.count(which) // 2
            steps = affine.matrix[:3, :3] if affine else np.eye(3)
            normal = steps[:, {0: 2, 1: 1, 2: 0}[which]]
            count = scan.info.size.count(which)
            index = middle if normal[np.argmax(np.abs(normal))] > 0 else count - 1 - middle
            plane = {0: voxels[index], 1: voxels[:, index], 2: voxels[:, :, index]}[which]
            pictures.setdefault(plane_name(affine, which), []).append(turned(plane, shown))
    for one, other in pictures.values():
        assert np.array_equal(one, other)
