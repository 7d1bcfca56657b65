"""Pixels of single DICOM files: every way of storing them, and what does not hold any."""

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
)

from imaging.errors import ScanProblem
from imaging.formats.dicom_codecs import decode_frame
from imaging.formats.dicom_facts import read_dataset
from imaging.formats.dicom_header import read_header
from imaging.formats.dicom_layout import layout_of
from imaging.formats.dicom_pixels import compressed_frames, load_frames
from imaging.opening import open_scan
from imaging.progress import Progress
from imaging.scan import Scan, Volume
from tests.imaging.dicom_files import save, slice_of


def voxels(scan: Scan) -> np.ndarray:
    assert isinstance(scan, Volume)
    return scan.voxels()


RANDOM = np.random.default_rng(3)
CT = RANDOM.integers(-1000, 2000, (16, 20)).astype(np.int16)


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        (JPEGLSLossless, lambda plane: imagecodecs.jpegls_encode(plane.view(np.uint16))),
        (JPEG2000Lossless, lambda plane: imagecodecs.jpeg2k_encode(plane, codecformat="j2k", reversible=True, level=0)),
        (JPEGLosslessSV1, lambda plane: imagecodecs.ljpeg_encode(plane.view(np.uint16))),
        (HTJ2KLossless, lambda plane: imagecodecs.htj2k_encode(plane, reversible=True)),
    ],
)
def test_lossless_syntaxes_give_the_stored_values(tmp_path: Path, syntax: Any, encode: Any):
    path = save(tmp_path / "a.dcm", slice_of(CT), syntax, [bytes(encode(CT))])
    assert np.array_equal(voxels(open_scan(path))[0], CT)


@pytest.mark.parametrize("kind", ["uint8", "int8", "uint16", "int16", "uint32", "int32"])
def test_plain_values_of_every_type(tmp_path: Path, kind: str):
    pixels = RANDOM.integers(0, 100, (5, 7)).astype(kind)
    if pixels.dtype.kind == "i":
        pixels -= 50
    for syntax in (ImplicitVRLittleEndian, "1.2.840.10008.1.2.1"):
        scan = open_scan(save(tmp_path / "a.dcm", slice_of(pixels), syntax))
        assert scan.info.dtype == kind
        assert np.array_equal(voxels(scan)[0], pixels)


def test_bits_above_the_stored_ones_are_cleared_or_extended(tmp_path: Path):
    pixels = np.array([[0x0FFF, 0xF001], [0x0800, 0x17FF]], np.uint16)
    facts = {"BitsStored": 12, "HighBit": 11}
    plain = voxels(open_scan(save(tmp_path / "a.dcm", slice_of(pixels, **facts))))[0]
    assert plain.tolist() == [[0x0FFF, 1], [0x0800, 0x07FF]]
    signed = voxels(open_scan(save(tmp_path / "b.dcm", slice_of(pixels, PixelRepresentation=1, **facts))))[0]
    assert signed.tolist() == [[-1, 1], [-2048, 2047]]


def test_monochrome1_keeps_its_values_and_says_it_is_inverted(tmp_path: Path):
    info = open_scan(save(tmp_path / "a.dcm", slice_of(CT, PhotometricInterpretation="MONOCHROME1"))).info
    assert info.inverted


def test_colour_by_plane_is_colour_by_pixel(tmp_path: Path):
    pixels = RANDOM.integers(0, 255, (4, 6, 3)).astype(np.uint8)
    ds = slice_of(pixels, PlanarConfiguration=1, Modality="OT", PixelData=pixels.transpose(2, 0, 1).tobytes())
    scan = open_scan(save(tmp_path / "a.dcm", ds))
    assert (scan.info.channels, scan.info.kind, scan.info.windows) == (3, "picture", ())
    assert np.array_equal(voxels(scan)[0], pixels)


def test_frames_of_a_cine_are_a_sequence(tmp_path: Path):
    frames = RANDOM.integers(0, 255, (3, 4, 5)).astype(np.uint8)
    ds = slice_of(frames[0], Modality="US", NumberOfFrames=3, PixelData=frames.tobytes() + b"", PixelSpacing=None)
    del ds.ImagePositionPatient, ds.ImageOrientationPatient
    scan = open_scan(save(tmp_path / "a.dcm", ds))
    assert (scan.info.kind, scan.info.size.planes, scan.info.spacing_mm) == ("sequence", 3, (None, None, None))
    assert np.array_equal(voxels(scan), frames)


def _group(name: str, **values: Any) -> Dataset:
    inner, outer = Dataset(), Dataset()
    for key, value in values.items():
        setattr(inner, key, value)
    setattr(outer, name, [inner])
    return outer


def enhanced(positions: list[float]) -> Dataset:
    frames = np.stack([np.full((4, 4), index, np.uint16) for index in range(len(positions))])
    ds = slice_of(frames[0], NumberOfFrames=len(positions), PixelData=frames.tobytes(), Modality="MR")
    del ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.PixelSpacing
    shared = _group("PlaneOrientationSequence", ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    shared.update(_group("PixelMeasuresSequence", PixelSpacing=[0.5, 0.25], SliceThickness=2))
    ds.SharedFunctionalGroupsSequence = [shared]
    ds.PerFrameFunctionalGroupsSequence = [
        _group("PlanePositionSequence", ImagePositionPatient=[0, 0, position]) for position in positions
    ]
    return ds


def test_enhanced_frames_are_sorted_by_their_groups(tmp_path: Path):
    scan = open_scan(save(tmp_path / "a.dcm", enhanced([4, 0, 2])))
    assert scan.info.kind == "volume"
    assert scan.info.spacing_mm == (0.25, 0.5, 2.0)
    assert voxels(scan)[:, 0, 0].tolist() == [1, 2, 0]


def test_enhanced_frames_at_one_position_are_a_sequence_in_their_own_order(tmp_path: Path):
    info = open_scan(save(tmp_path / "a.dcm", enhanced([0, 2, 0, 2]))).info
    assert (info.kind, info.affine) == ("sequence", None)
    assert any("several at each position" in note for note in info.notes)


def test_rescale_windows_and_units_are_the_files(tmp_path: Path):
    ds = slice_of(CT, RescaleSlope=2, RescaleIntercept=-1024, WindowCenter=[40, -600], WindowWidth=[400, 1500])
    info = open_scan(save(tmp_path / "a.dcm", ds)).info
    assert (info.rescale.slope, info.rescale.intercept, info.rescale.unit) == (2, -1024, "HU")
    assert [(window.centre, window.width) for window in info.windows] == [(40, 400), (-600, 1500)]


def test_a_radiograph_has_the_detectors_spacing_and_says_so(tmp_path: Path):
    ds = slice_of(CT.view(np.uint16), Modality="DX", PixelSpacing=None, ImagerPixelSpacing=[0.2, 0.1])
    del ds.ImagePositionPatient, ds.ImageOrientationPatient
    info = open_scan(save(tmp_path / "a.dcm", ds)).info
    assert (info.kind, info.spacing_mm) == ("radiograph", (0.1, 0.2, None))
    assert any("detector" in note for note in info.notes)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("highdicom/sr_document.dcm", "is a structured report, not an image"),
        ("pydicom/rtstruct.dcm", "is a set of radiotherapy contours, not an image"),
        ("pydicom/rtplan.dcm", "is a radiotherapy plan, not an image"),
        ("pydicom/waveform_ecg.dcm", "is a waveform, not an image"),
        ("pydicom/dicomdirtests/DICOMDIR-empty.dcm", "is a DICOMDIR whose files are not there"),
    ],
)
def test_objects_that_are_no_images_are_refused_by_name(data: Path, name: str, words: str):
    with pytest.raises(ScanProblem) as caught:
        open_scan(data / "dicom" / name)
    assert caught.value.what == words


FAST_OR_NOT = ("CT_small.dcm", "MR_small_RLE.dcm", "SC_rgb_jpeg_dcmtk.dcm", "MR_small_bigendian.dcm", "JPEG2000.dcm")


@pytest.mark.parametrize("name", FAST_OR_NOT)
def test_the_fast_way_gives_what_pydicom_gives(data: Path, name: str):
    header = read_header(data / "dicom/pydicom" / name)
    layout, dataset = layout_of(header), read_dataset(header.path)
    both = [np.empty((layout.frames, *layout.frame_shape), layout.dtype) for _ in range(2)]
    for out, fast in zip(both, (True, False), strict=True):
        load_frames(header, layout, dataset, out, Progress(), fast=fast)
    assert np.abs(both[0].astype(int) - both[1]).max() <= (2 if layout.is_colour else 0)


def test_twelve_bit_jpeg_is_what_gdcm_gives(data: Path):
    import SimpleITK

    path = data / "dicom/pydicom/JPGExtended.dcm"
    assert np.array_equal(voxels(open_scan(path)), SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))))


def test_a_signed_stream_in_an_unsigned_file_is_taken_as_signed(data: Path):
    scan = open_scan(data / "dicom/pylibjpeg/TOSHIBA_J2K_SIZ1_PixRep0.dcm")
    assert int(voxels(scan).min()) == -2048
    assert any("signed" in note for note in scan.info.notes)


@pytest.mark.parametrize(
    "name",
    [
        "MR_small_RLE.dcm",
        "SC_rgb_rle_16bit.dcm",
        "rtdose_rle_1frame.dcm",
        "MR_small_jp2klossless.dcm",
        "JPEGLSNearLossless_16.dcm",
        "JPGExtended.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
    ],
)
def test_compressed_frames_are_decoded_by_the_fast_way_and_not_by_a_fallback(data: Path, name: str):
    header = read_header(data / "dicom/pydicom" / name)
    layout = layout_of(header)
    frame = next(iter(compressed_frames(header, layout.frames)))
    shape = (layout.rows, layout.columns, layout.samples)
    samples, _ = decode_frame(frame, header.syntax, shape, layout.stored_dtype, layout.photometric)
    assert samples.shape == (shape if layout.samples > 1 else shape[:2])
    assert samples.dtype == layout.stored_dtype
