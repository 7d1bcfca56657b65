"""Series of DICOM files: sorted by geometry, with what is odd said in notes."""

import math
from pathlib import Path

import numpy as np
import pytest

from imaging.formats import dicom_header, dicom_series
from imaging.formats.dicom_layout import layout_of
from imaging.geometry import Plane, whole_plane
from imaging.opening import find_scans, open_scan
from imaging.progress import Progress
from imaging.scan import Scan, Volume
from tests.imaging.dicom_files import save, series, slice_of


def voxels(scan: Scan) -> np.ndarray:
    assert isinstance(scan, Volume)
    return scan.voxels()


def test_a_series_is_one_volume_in_the_order_of_positions(tmp_path: Path):
    planes = series(tmp_path, [5.0, 0.0, 2.5])
    scan = open_scan(tmp_path)
    assert np.array_equal(voxels(scan), planes[[1, 2, 0]])
    assert scan.info.kind == "volume"
    assert scan.info.spacing_mm == (0.25, 0.5, 2.5)
    assert [path.name for path in scan.info.sources] == ["001.dcm", "002.dcm", "000.dcm"]
    assert scan.info.affine is not None
    assert scan.info.affine.to_world(np.array([[1.0, 1.0, 2.0]])).tolist() == [[0.25, 0.5, 5.0]]


def test_a_reversed_series_says_that_it_was_turned_round(tmp_path: Path):
    series(tmp_path, [4.0, 2.0, 0.0])
    assert any("far end" in note for note in open_scan(tmp_path).info.notes)


def test_an_oblique_series_keeps_its_directions(tmp_path: Path):
    turn = math.radians(30)
    row, column = [math.cos(turn), 0, -math.sin(turn)], [0, 1, 0]
    normal = np.cross(row, column)
    series(tmp_path, [(normal * k * 3).tolist() for k in range(3)], ImageOrientationPatient=[*row, *column])
    info = open_scan(tmp_path).info
    assert info.affine is not None
    assert np.allclose(info.affine.matrix[:3, 2], normal * 3)
    assert info.spacing_mm[2] == pytest.approx(3)
    assert info.notes == ()


def test_gantry_tilt_shears_the_affine_and_is_noted(tmp_path: Path):
    series(tmp_path, [[0, k * math.tan(math.radians(15)) * 2, k * 2] for k in range(4)])
    info = open_scan(tmp_path).info
    assert info.affine is not None
    assert np.allclose(info.affine.matrix[:3, 2], [0, 2 * math.tan(math.radians(15)), 2])
    assert any("sheared by 15.0°" in note for note in info.notes)


def test_missing_planes_leave_the_distance_unknown_and_are_counted(tmp_path: Path):
    series(tmp_path, [0, 1, 2, 5, 6])
    info = open_scan(tmp_path).info
    assert info.spacing_mm == (0.25, 0.5, None)
    assert any("2 planes are missing (after plane 3)" in note for note in info.notes)


def test_unequal_gaps_leave_the_distance_unknown(tmp_path: Path):
    series(tmp_path, [0, 1, 2.4, 3.1])
    info = open_scan(tmp_path).info
    assert info.spacing_mm[2] is None
    assert any("vary from 0.7 to 1.4 mm" in note for note in info.notes)


def test_a_series_without_positions_has_no_affine_and_follows_instance_numbers(tmp_path: Path):
    for index, number in enumerate([3, 1, 2]):
        pixels = np.full((4, 4), number, np.int16)
        ds = slice_of(pixels, InstanceNumber=number, ImagePositionPatient=None, ImageOrientationPatient=None)
        save(tmp_path / f"{index}.dcm", ds)
    scan = open_scan(tmp_path)
    assert voxels(scan)[:, 0, 0].tolist() == [1, 2, 3]
    assert scan.info.affine is None
    assert scan.info.spacing_mm == (0.25, 0.5, None)


def test_missing_spacing_stays_unknown(tmp_path: Path):
    series(tmp_path, [0, 1], PixelSpacing=None)
    info = open_scan(tmp_path).info
    assert info.spacing_mm == (None, None, 1.0)
    assert info.affine is None


def test_positions_that_come_twice_make_two_scans(tmp_path: Path):
    for echo in (1, 2):
        for k in range(3):
            pixels = np.full((4, 4), echo * 10 + k, np.int16)
            ds = slice_of(pixels, Modality="MR", EchoTime=echo * 5, ImagePositionPatient=[0, 0, k], InstanceNumber=k)
            save(tmp_path / f"{echo}{k}.dcm", ds)
    found = [voxels(open_scan(source))[:, 0, 0].tolist() for source in find_scans([tmp_path])]
    assert found == [[10, 11, 12], [20, 21, 22]]


def test_the_same_slice_twice_counts_once(tmp_path: Path):
    series(tmp_path, [0, 1, 2])
    (tmp_path / "copy.dcm").write_bytes((tmp_path / "001.dcm").read_bytes())
    assert open_scan(tmp_path).info.size.planes == 3


def test_several_series_and_directions_in_a_folder_are_several_scans(tmp_path: Path):
    series(tmp_path / "a", [0, 1])
    series(tmp_path / "b", [0, 1, 2], SeriesInstanceUID="1.2.3.4.6")
    series(tmp_path / "c", [[0, 0, 0], [1, 0, 0]], ImageOrientationPatient=[0, 1, 0, 0, 0, -1])
    assert sorted(open_scan(source).info.size.planes for source in find_scans([tmp_path])) == [2, 2, 3]


def test_slices_with_their_own_rescale_become_modality_values(tmp_path: Path):
    for k in range(3):
        ds = slice_of(np.full((4, 4), 10, np.int16), Modality="PT", ImagePositionPatient=[0, 0, k])
        ds.RescaleSlope, ds.RescaleIntercept, ds.Units = k + 1, 0, "BQML"
        save(tmp_path / f"{k}.dcm", ds)
    scan = open_scan(tmp_path)
    assert scan.info.dtype == "float32"
    assert scan.info.rescale.is_identity
    assert scan.info.rescale.unit == "BQML"
    assert voxels(scan)[:, 0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize("name", ["ct_cmb_crc", "ct_head_slicer_64px", "mr_tcga_lihc"])
def test_the_fast_way_and_the_general_way_give_the_same_pixels(data: Path, name: str):
    source = find_scans([data / "dicom_series" / name])[0]
    scan = open_scan(source)
    headers = [dicom_header.read_header(path) for path in scan.info.sources]
    layout = layout_of(headers[0])
    slow = np.empty((len(headers), *layout.frame_shape), layout.dtype)
    dicom_series.load_series(headers, layout, None, slow, Progress(), fast=False)
    assert np.array_equal(slow, voxels(scan))


def test_the_fast_and_the_general_header_say_the_same(data: Path):
    for path in sorted((data / "dicom_series").rglob("*.dcm"))[::9]:
        fast, general = dicom_header.read_header(path), dicom_header.general_header(path)
        assert (fast.syntax, fast.pixels_at, fast.pixels_length) == (
            general.syntax,
            general.pixels_at,
            general.pixels_length,
        )
        for name in dicom_header.TAGS:
            assert fast.text(name) == general.text(name), (path, name)


def test_headers_of_one_structure_are_read_by_it_and_changed_ones_are_walked(tmp_path: Path):
    planes = series(tmp_path, [0, 1, 2, 3])
    (tmp_path / "002.dcm").unlink()
    odd = slice_of(planes[2], ImagePositionPatient=[0, 0, 2], InstanceNumber=3, ImageComments="only here")
    save(tmp_path / "002.dcm", odd)
    scan = open_scan(tmp_path)
    assert np.array_equal(voxels(scan), planes)


def test_a_changed_file_is_read_again(tmp_path: Path):
    path = save(tmp_path / "a.dcm", slice_of(np.full((4, 4), 1, np.int16)))
    assert voxels(open_scan(path)).max() == 1
    save(path, slice_of(np.full((6, 4), 2, np.int16)))
    assert voxels(open_scan(path)).shape == (1, 6, 4)


def test_names_and_ids_stay_out_of_the_header(tmp_path: Path):
    series(tmp_path, [0, 1], PatientBirthDate="19700101", InstitutionName="Secret hospital", AccessionNumber="A77")
    info = open_scan(tmp_path).info
    text = " ".join(value for _, value in info.header)
    assert not any(word in text for word in ("Secret", "P1", "1970", "A77", "1.2.3.4"))
    assert info.examination.patient == "P1"
    assert info.examination.series == "1.2.3.4.5"


def test_a_plane_is_read_without_the_caller_knowing_files(tmp_path: Path):
    planes = series(tmp_path, [0, 1, 2])
    scan = open_scan(tmp_path)
    assert np.array_equal(scan.read(whole_plane(scan.info.size, Plane(1, 0))), planes[:, 0])


def test_titles_follow_the_files_character_set(tmp_path: Path):
    ds = slice_of(np.zeros((4, 4), np.int16), SpecificCharacterSet="ISO_IR 192", SeriesDescription="Schädel Übersicht")
    assert "Schädel Übersicht" in open_scan(save(tmp_path / "a.dcm", ds)).info.examination.title
