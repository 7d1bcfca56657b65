"""Volume files against SimpleITK, nibabel and pynrrd, made here and real."""

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK

from imaging.errors import ScanProblem
from imaging.opening import open_scan
from imaging.scan import Scan, Volume

RANDOM = np.random.default_rng(5)


def voxels(scan: Scan) -> np.ndarray:
    assert isinstance(scan, Volume)
    return scan.voxels()


def image(kind: str = "int16", size: tuple[int, ...] = (5, 6, 7)) -> Any:
    """An image of (columns, rows, planes) voxels with an oblique, left-handed grid."""
    found = SimpleITK.GetImageFromArray(RANDOM.integers(0, 100, size[::-1]).astype(kind))
    if len(size) == 3:
        found.SetSpacing((0.5, 0.7, 3.0))
        found.SetOrigin((-10.0, 20.0, 5.0))
        found.SetDirection((0.0, 1.0, 0.0, 0.8, 0.0, 0.6, 0.6, 0.0, -0.8))
    return found


def same_grid(scan: Scan, other: Any) -> bool:
    assert scan.info.affine is not None
    steps = np.array(other.GetDirection()).reshape(3, 3) * np.array(other.GetSpacing())
    matrix = scan.info.affine.matrix
    return np.allclose(matrix[:3, :3], steps, atol=1e-5) and np.allclose(matrix[:3, 3], other.GetOrigin(), atol=1e-4)


KINDS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["a.mha", "a.mhd", "a.nii", "a.nii.gz", "a.nrrd", "a.nhdr"])
def test_what_simpleitk_writes_is_read_alike(tmp_path: Path, name: str, kind: str):
    written = image(kind)
    SimpleITK.WriteImage(written, str(tmp_path / name))
    scan = open_scan(tmp_path / name)
    assert scan.info.dtype == kind
    assert np.array_equal(voxels(scan), SimpleITK.GetArrayFromImage(written))
    assert same_grid(scan, written)
    assert scan.info.spacing_mm == pytest.approx((0.5, 0.7, 3.0))


def test_packed_mha_is_read_alike(tmp_path: Path):
    written = image()
    SimpleITK.WriteImage(written, str(tmp_path / "a.mha"), useCompression=True)
    assert b"CompressedData = True" in (tmp_path / "a.mha").read_bytes()
    assert np.array_equal(voxels(open_scan(tmp_path / "a.mha")), SimpleITK.GetArrayFromImage(written))


def test_gipl_is_read_and_its_place_left_unknown(tmp_path: Path):
    written = image("uint16")
    SimpleITK.WriteImage(written, str(tmp_path / "a.gipl"))
    scan = open_scan(tmp_path / "a.gipl")
    assert np.array_equal(voxels(scan), SimpleITK.GetArrayFromImage(written))
    assert scan.info.affine is None


def test_colour_mha_is_colour(tmp_path: Path):
    pixels = RANDOM.integers(0, 255, (3, 4, 5, 3)).astype(np.uint8)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(pixels, isVector=True), str(tmp_path / "a.mha"))
    scan = open_scan(tmp_path / "a.mha")
    assert scan.info.channels == 3
    assert np.array_equal(voxels(scan), pixels)


def test_big_endian_mha(tmp_path: Path):
    pixels = RANDOM.integers(-99, 99, (2, 3, 4)).astype(">i2")
    head = "NDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = True\nDimSize = 4 3 2\n"
    head += "ElementSpacing = 1 1 2\nElementType = MET_SHORT\nElementDataFile = LOCAL\n"
    (tmp_path / "a.mha").write_bytes(head.encode() + pixels.tobytes())
    scan = open_scan(tmp_path / "a.mha")
    assert np.array_equal(voxels(scan), pixels)
    assert (scan.info.affine, scan.info.spacing_mm) == (None, (1, 1, 2))


def test_mha_without_spacing_says_so(tmp_path: Path):
    head = "NDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n"
    (tmp_path / "a.mha").write_bytes(head.encode() + bytes(8))
    info = open_scan(tmp_path / "a.mha").info
    assert info.spacing_mm == (None, None, None)
    assert "does not say its spacing" in info.notes


@pytest.mark.parametrize("version", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("endian", ["<", ">"])
def test_nifti_of_both_versions_and_byte_orders(tmp_path: Path, version: Any, endian: str):
    values = RANDOM.integers(-99, 99, (3, 4, 5)).astype(np.int16)
    affine = np.array([[0, -2, 0, 7], [1.5, 0, 0, -8], [0, 0, 3, 9], [0, 0, 0, 1.0]])
    header = version.header_class(endianness=endian)
    header.set_data_dtype(np.int16)
    header.set_xyzt_units("mm")
    nibabel.save(version(values, affine, header), tmp_path / "a.nii.gz")
    scan = open_scan(tmp_path / "a.nii.gz")
    assert np.array_equal(voxels(scan), values.transpose(2, 1, 0))
    assert scan.info.affine is not None
    assert np.allclose(scan.info.affine.matrix, np.diag([-1, -1, 1, 1]) @ affine)
    assert scan.info.spacing_mm == pytest.approx((1.5, 2, 3))


def test_nifti_scaling_is_the_scans_rescale(tmp_path: Path):
    made = nibabel.Nifti1Image(np.arange(8, dtype=np.int16).reshape(2, 2, 2), np.eye(4))
    made.header.set_slope_inter(0.5, -3)
    nibabel.save(made, tmp_path / "a.nii")
    scan = open_scan(tmp_path / "a.nii")
    read: Any = nibabel.load(tmp_path / "a.nii")
    assert np.allclose(scan.info.rescale.values(voxels(scan)), read.get_fdata().transpose(2, 1, 0))


def test_nifti_without_a_transform_has_no_place(tmp_path: Path):
    made = nibabel.Nifti1Image(np.zeros((2, 2, 2), np.uint8), None)
    made.header.set_zooms((1, 2, 3))
    nibabel.save(made, tmp_path / "a.nii")
    info = open_scan(tmp_path / "a.nii").info
    assert (info.affine, info.spacing_mm) == (None, (1, 2, 3))
    assert "does not say how it lies in the patient" in info.notes


def test_the_first_of_several_volumes_is_shown_and_said(tmp_path: Path):
    values = RANDOM.integers(0, 99, (2, 3, 4, 5)).astype(np.uint8)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "a.nii.gz")
    scan = open_scan(tmp_path / "a.nii.gz")
    assert np.array_equal(voxels(scan), values[..., 0].transpose(2, 1, 0))
    assert any("5 volumes" in note for note in scan.info.notes)


def test_gzip_of_several_members_is_one_volume(tmp_path: Path):
    made = nibabel.Nifti1Image(RANDOM.integers(0, 99, (4, 4, 4)).astype(np.uint8), np.eye(4))
    raw = made.to_bytes()
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(raw[:370]) + gzip.compress(raw[370:]))
    assert np.array_equal(voxels(open_scan(tmp_path / "a.nii.gz")), np.asarray(made.dataobj).transpose(2, 1, 0))


def test_nrrd_without_a_patient_space_has_no_place(tmp_path: Path):
    head = "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 2 2 2\nspacings: 1 2 3\nencoding: raw\n\n"
    (tmp_path / "a.nrrd").write_bytes(head.encode() + bytes(range(8)))
    scan = open_scan(tmp_path / "a.nrrd")
    assert (scan.info.affine, scan.info.spacing_mm) == (None, (1, 2, 3))
    assert voxels(scan).ravel().tolist() == list(range(8))


@pytest.mark.parametrize("name", ["a.mhd", "a.nhdr"])
def test_a_header_may_not_reach_out_of_its_folder(tmp_path: Path, name: str):
    (tmp_path / "secret.raw").write_bytes(bytes(8))
    (tmp_path / "in").mkdir()
    heads = {
        "a.mhd": "NDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile = ../secret.raw\n",
        "a.nhdr": "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 2 2 2\nencoding: raw\ndata file: ../secret.raw\n\n",
    }
    (tmp_path / "in" / name).write_text(heads[name])
    with pytest.raises(ScanProblem, match="outside its folder"):
        open_scan(tmp_path / "in" / name)


@pytest.mark.parametrize("name", ["lumbar/ivd_20_t2.mha", "lumbar/ivd_42_t2.nii.gz"])
def test_real_volumes_are_what_simpleitk_reads(data: Path, name: str):
    other = SimpleITK.ReadImage(str(data / name))
    scan = open_scan(data / name)
    assert np.array_equal(voxels(scan), SimpleITK.GetArrayFromImage(other))
    assert same_grid(scan, other)
