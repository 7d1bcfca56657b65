"""Headers walked without pydicom say what pydicom says, in every way of writing them that the walk knows."""

import contextlib
import struct
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from imaging.errors import ScanProblem
from imaging.formats import dicom_header
from imaging.formats.dicom_header import Header, general_header, read_header
from imaging.opening import open_scan
from imaging.scan import Volume
from tests.imaging.dicom_files import slice_of

PLANES = np.arange(3 * 4 * 6, dtype=np.int16).reshape(3, 4, 6) - 30


def write(path: Path, plane: int, syntax: str, bare: bool = False, no_meta: bool = False) -> Path:
    """A slice with sequences of defined and undefined length before its pixels."""
    inner, item = Dataset(), Dataset()
    inner.CodeValue, item.ReferencedSOPInstanceUID = "inside", "1.2.3"
    item.PurposeOfReferenceCodeSequence = [inner]
    ds = slice_of(PLANES[plane], ImagePositionPatient=[0, 0, plane], InstanceNumber=plane + 1)
    ds.SourceImageSequence, ds.ReferencedImageSequence = [item], [item]
    ds["SourceImageSequence"].is_undefined_length = True
    ds["SourceImageSequence"].value[0].is_undefined_length_sequence_item = True
    if syntax == ExplicitVRBigEndian:
        ds.PixelData = PLANES[plane].astype(">i2").tobytes()
        ds["PixelData"].VR = "OW"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = UID(syntax)
    implicit, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
    whole = FileDataset(str(path), ds, b"\0" * 128, meta, is_implicit_VR=implicit, is_little_endian=little)
    whole.save_as(path, enforce_file_format=True)
    data = path.read_bytes()
    at = 144 + struct.unpack_from("<I", data, 140)[0]
    path.write_bytes(data[at:] if no_meta else data[132:] if bare else data)
    return path


def same(one: Header, other: Header) -> bool:
    """Whether two headers say the same of a file."""
    facts = [
        (header.syntax, header.pixels_at, header.pixels_length, header.little, header.has_preamble)
        for header in (one, other)
    ]
    return facts[0] == facts[1] and all(one.text(name) == other.text(name) for name in dicom_header.TAGS)


@pytest.mark.parametrize(
    ("syntax", "kind"),
    [
        (syntax, kind)
        for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
        for kind in ("with a preamble", "without a preamble", "without file meta")
        if (syntax, kind) != (ExplicitVRBigEndian, "without file meta")
    ],
)
def test_the_walk_reads_headers_as_pydicom_does_and_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, syntax: str, kind: str
):
    for plane in (2, 0, 1):
        write(
            tmp_path / f"{plane}.dcm",
            plane,
            syntax,
            bare=kind == "without a preamble",
            no_meta=kind == "without file meta",
        )
    general = {path: general_header(path) for path in tmp_path.iterdir()}
    monkeypatch.setattr(dicom_header, "general_header", None)
    for path, header in general.items():
        assert same(read_header(path), header), path
    scan = open_scan(tmp_path)
    assert isinstance(scan, Volume)
    assert np.array_equal(scan.voxels(), PLANES)


def test_a_big_endian_file_without_file_meta_is_read_by_pydicom(tmp_path: Path):
    path = write(tmp_path / "a.dcm", 1, ExplicitVRBigEndian, no_meta=True)
    scan = open_scan(path)
    assert isinstance(scan, Volume)
    assert np.array_equal(scan.voxels()[0], PLANES[1])


def test_the_class_of_the_file_meta_stands_in_for_the_dataset_s(tmp_path: Path):
    path = write(tmp_path / "a.dcm", 0, ExplicitVRLittleEndian)
    data = path.read_bytes()
    at = data.index(b"\x08\x00\x16\x00UI")
    path.write_bytes(data[:at] + data[at + 8 + struct.unpack_from("<H", data, at + 6)[0] :])
    assert read_header(path).text("SOPClassUID") == general_header(path).text("SOPClassUID") != ""


def test_a_header_that_is_cut_short_at_any_byte_is_never_taken_for_a_whole_one(tmp_path: Path):
    whole = write(tmp_path / "a.dcm", 0, ExplicitVRLittleEndian)
    at = read_header(whole).pixels_at
    data = whole.read_bytes()
    for end in range(140, at, 37):
        part = tmp_path / "part.dcm"
        part.write_bytes(data[:end])
        with contextlib.suppress(ScanProblem):
            assert not read_header(part).has_pixels
