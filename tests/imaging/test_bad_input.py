"""Bad files: one clear line each, soon, and without taking memory for what is not there."""

import struct
import time
import zlib
from contextlib import suppress
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image
from pydicom.uid import JPEG2000Lossless, RLELossless

from imaging.errors import ScanProblem
from imaging.geometry import Plane, whole_plane
from imaging.memory import free_bytes
from imaging.opening import find_scans, open_scan
from tests.imaging.dicom_files import save, series, slice_of

PIXELS = np.arange(400, dtype=np.int16).reshape(20, 20)


def read_all(path: Path) -> None:
    """Open every scan of a path and read its first plane."""
    for source in find_scans([path]):
        scan = open_scan(source)
        scan.read(whole_plane(scan.info.size, Plane(0, 0)))


def refused(path: Path) -> ScanProblem:
    """The problem of opening a path and reading its first plane; one line, within seconds."""
    start = time.monotonic()
    with pytest.raises(ScanProblem) as caught:
        read_all(path)
    assert time.monotonic() - start < 10
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value) or path.is_dir()
    return caught.value


@pytest.mark.parametrize("content", [b"", b"x", b"hello, I am no scan\n" * 300, bytes(5000), b"\xff" * 5000])
def test_a_file_that_is_no_scan(tmp_path: Path, content: bytes):
    path = tmp_path / "a.dcm"
    path.write_bytes(content)
    assert refused(path).what == "is no scan Overread knows"


def test_a_path_that_is_not_there_and_a_folder_without_scans(tmp_path: Path):
    assert refused(tmp_path / "none.dcm").what == "does not exist"
    (tmp_path / "notes.txt").write_text("nothing here")
    assert "holds no scan" in refused(tmp_path).what


def test_a_dicom_file_cut_short(tmp_path: Path):
    path = save(tmp_path / "a.dcm", slice_of(PIXELS))
    path.write_bytes(path.read_bytes()[:-300])
    assert refused(path).what == "is cut short: its header promises 800 bytes of pixels, it holds 500"


def test_a_series_with_a_file_cut_short_names_the_file(tmp_path: Path):
    series(tmp_path, [0, 1, 2], side=20)
    path = tmp_path / "001.dcm"
    path.write_bytes(path.read_bytes()[:-300])
    assert "001.dcm" in str(refused(tmp_path))


def test_a_dicom_file_cut_in_its_header(tmp_path: Path):
    path = save(tmp_path / "a.dcm", slice_of(PIXELS))
    path.write_bytes(path.read_bytes()[:400])
    refused(path)


def test_a_dicom_header_that_promises_far_more_than_the_file_holds(tmp_path: Path):
    path = save(tmp_path / "a.dcm", slice_of(PIXELS, Rows=60000, Columns=60000))
    assert "is cut short" in refused(path).what


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_a_compressed_dicom_file_that_lies_about_its_size(tmp_path: Path, syntax: str):
    import imagecodecs

    frame = bytes(imagecodecs.jpeg2k_encode(PIXELS, codecformat="j2k", reversible=True))
    if syntax == RLELossless:
        frame = struct.pack("<16I", 2, 64, 66, *[0] * 13) + b"\x81\x00\x81\x00"
    path = save(tmp_path / "a.dcm", slice_of(PIXELS, Rows=20000, Columns=20000), syntax, [frame])
    assert "cannot be decoded" in refused(path).what


def test_a_dicom_file_with_fewer_frames_than_it_says(tmp_path: Path):
    import imagecodecs

    frame = bytes(imagecodecs.jpeg2k_encode(PIXELS, codecformat="j2k", reversible=True))
    path = save(tmp_path / "a.dcm", slice_of(PIXELS, NumberOfFrames=5), JPEG2000Lossless, [frame])
    refused(path)


def test_a_deflated_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("imaging.formats.dicom_header._INFLATED_MOST", 1 << 20)
    path = save(tmp_path / "a.dcm", slice_of(PIXELS), "1.2.840.10008.1.2.1.99")
    head = path.read_bytes()
    start = 144 + struct.unpack_from("<I", head, 140)[0]
    packer = zlib.compressobj(wbits=-15)
    path.write_bytes(head[:start] + packer.compress(bytes(1 << 24)) + packer.flush())
    assert "unpacks to more than" in refused(path).what


def test_values_in_a_dicom_header_that_make_no_sense(tmp_path: Path):
    ds = slice_of(PIXELS, BitsAllocated=12)
    assert "12 bits per sample" in refused(save(tmp_path / "a.dcm", ds)).what
    ds = slice_of(PIXELS, SamplesPerPixel=7)
    assert "7 samples per pixel" in refused(save(tmp_path / "b.dcm", ds)).what


def test_damaged_bytes_in_a_dicom_file_never_end_in_a_traceback(tmp_path: Path):
    random = np.random.default_rng(1)
    whole = save(tmp_path / "a.dcm", slice_of(PIXELS)).read_bytes()
    for turn in range(60):
        damaged = bytearray(whole)
        for at in random.integers(0, len(whole), 1 + turn % 8):
            damaged[at] = int(random.integers(0, 256))
        path = tmp_path / f"{turn}.dcm"
        path.write_bytes(damaged)
        with suppress(ScanProblem):
            read_all(path)


def test_a_volume_larger_than_memory_is_refused_with_the_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("imaging.memory.free_bytes", lambda: 1000)
    nibabel.save(nibabel.Nifti1Image(np.zeros((20, 20, 20), np.uint8), np.eye(4)), tmp_path / "a.nii")
    problem = refused(tmp_path / "a.nii")
    assert "needs 0.0 GiB of memory for its voxels, 0.0 GiB are free" in problem.what


def test_a_header_hundred_times_larger_than_memory_is_refused_before_anything_is_taken(tmp_path: Path):
    side = round((free_bytes() * 100) ** (1 / 3))
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.uint8)
    header.set_data_shape((min(side, 32767), min(side, 32767), min(side, 32767)))
    raw = bytearray(header.binaryblock + bytes(4))
    struct.pack_into("<f", raw, 108, 352.0)
    raw[344:348] = b"n+1\0"
    path = tmp_path / "a.nii"
    path.write_bytes(raw)
    assert "is cut short" in refused(path).what
    with path.open("r+b") as stream:  # a sparse file that really has that length
        stream.truncate(min(side, 32767) ** 3 + 352)
    assert "GiB of memory" in refused(path).what


@pytest.mark.parametrize("share", [0.2, 0.9])
@pytest.mark.parametrize(
    "name", ["lumbar/ivd_42_t2_mask.nii.gz", "lumbar/ivd_20_t2_mask.mha", "volumes/pyradiomics/brain1_label.nrrd"]
)
def test_volumes_cut_short(data: Path, tmp_path: Path, name: str, share: float):
    whole = (data / name).read_bytes()
    path = tmp_path / Path(name).name
    path.write_bytes(whole[: int(len(whole) * share)])
    refused(path)


def test_a_volume_that_promises_more_than_its_packed_bytes_can_hold(tmp_path: Path):
    head = (
        "NDims = 3\nDimSize = 60000 60000 2\nElementType = MET_UCHAR\nCompressedData = True\nElementDataFile = LOCAL\n"
    )
    path = tmp_path / "a.mha"
    path.write_bytes(head.encode() + zlib.compress(bytes(1000)))
    assert "is cut short" in refused(path).what


def test_a_volume_without_voxels(tmp_path: Path):
    path = tmp_path / "a.mha"
    path.write_text("NDims = 3\nDimSize = 0 5 5\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n")
    assert "0 × 5 × 5" in refused(path).what


def test_a_picture_that_would_unpack_to_gigabytes(tmp_path: Path):
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    path = tmp_path / "a.png"
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1 << 20))) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    assert refused(path).what.startswith("is 60,000 × 60,000 pixels; pictures are read whole up to 178 megapixels")


def test_a_large_tiff_is_refused_as_a_slide_would_be(tmp_path: Path):
    import tifffile

    path = tmp_path / "a.tif"
    tifffile.memmap(path, shape=(14000, 14000), dtype=np.uint8)
    assert "14,000 × 14,000 pixels" in refused(path).what


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "bmp"])
def test_pictures_cut_short(tmp_path: Path, suffix: str):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 90, 3)).astype(np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(path)


@pytest.mark.parametrize("name", ["broken/truncated.png", "broken/truncated.ndpi", "wsi_broken/unreadable.svs"])
def test_real_broken_files_and_slides(data: Path, name: str):
    refused(data / name)


def test_a_file_that_may_not_be_read(tmp_path: Path):
    (tmp_path / "a.dcm").symlink_to(tmp_path / "gone.dcm")
    assert refused(tmp_path / "a.dcm").what == "does not exist"
