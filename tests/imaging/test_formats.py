"""Conformance: what every scan format promises, for all formats at once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from PIL import Image

from imaging.errors import ScanProblem
from imaging.geometry import Plane, Region, whole_plane
from imaging.opening import find_scans, open_scan, scan_formats
from imaging.progress import Cancelled, Progress
from imaging.scan import Scan, ScanFormat, ScanSource, TiledScan, Volume
from tests.imaging.dicom_files import series
from tests.imaging.dicom_slides import level, smooth
from tests.imaging.openslide_files import vms
from tests.imaging.slide_files import pyramid, tissue

FORMATS = scan_formats()
RANDOM = np.random.default_rng(2)
SLIDES = {
    "slide_dicom": lambda folder: level(folder / "a.dcm", smooth(100, 70)),
    "slide_openslide": lambda folder: vms(folder / "a.vms", smooth(128, 64)),
    "slide_tiff": lambda folder: pyramid(folder / "a.tif", tissue(100, 70), 2),
}
"""A small slide of each format of slides."""


def sample(folder: Path, name: str) -> Path:
    """A small scan of a format, of 5 × 4 pixels or more, with values that differ."""
    if name == "dicom":
        series(folder / "ct", [0, 1, 2])
        return folder / "ct"
    if name in SLIDES:
        return SLIDES[name](folder)
    pixels = RANDOM.integers(0, 200, (3, 4, 5)).astype(np.uint8)
    if name == "picture":
        Image.fromarray(pixels[0]).save(folder / "a.png")
        return folder / "a.png"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(pixels), str(folder / "a.mha"))
    return folder / "a.mha"


@pytest.fixture(params=FORMATS, ids=lambda known: known.name)
def known(request: pytest.FixtureRequest) -> ScanFormat:
    return request.param


@pytest.fixture
def scan(known: ScanFormat, tmp_path: Path) -> Scan:
    return open_scan(sample(tmp_path, known.name))


def test_the_formats_are_these_and_have_names_of_their_own():
    assert [known.name for known in FORMATS if known.name not in SLIDES] == ["dicom", "picture", "volume"]
    assert all(isinstance(known, ScanFormat) and known.title for known in FORMATS)
    assert all(suffix.startswith(".") and suffix == suffix.lower() for known in FORMATS for suffix in known.suffixes)


def test_a_format_recognises_its_own_files_only(known: ScanFormat, tmp_path: Path):
    for other in FORMATS:
        (tmp_path / other.name).mkdir()
        path = sample(tmp_path / other.name, other.name)
        file = next(path.iterdir()) if path.is_dir() else path
        assert known.recognises(file, file.read_bytes()[:4096]) == (other.name == known.name)


@pytest.mark.parametrize("head", [b"", b"a", bytes(4096), b"\xff" * 200, b"NDims"])
def test_recognising_never_fails_on_short_or_empty_heads(known: ScanFormat, tmp_path: Path, head: bytes):
    (tmp_path / "a").write_bytes(head)
    assert known.recognises(tmp_path / "a", head) is False


def test_sources_name_their_format_and_existing_files(known: ScanFormat, tmp_path: Path):
    for source in find_scans([sample(tmp_path, known.name)]):
        assert source.format == known.name
        assert source.title
        assert all(path.is_file() for path in source.paths)


def test_what_is_read_is_what_the_info_promises(scan: Scan):
    info = scan.info
    plane = scan.read(whole_plane(info.size, Plane(0, 0)))
    shape = (info.size.rows, info.size.columns) + ((3,) if info.is_colour else ())
    assert plane.shape == shape
    assert plane.dtype.name == info.dtype
    assert plane.dtype.isnative
    assert info.name
    assert info.sources


def test_all_axes_and_regions_agree_with_the_whole(scan: Scan):
    if not isinstance(scan, Volume):
        whole = scan.read(whole_plane(scan.info.size, Plane(0, 0)))
        assert np.array_equal(scan.read(Region(Plane(0, 0), 1, 2, 3, 2)), whole[2:4, 1:4])
        return
    voxels = scan.voxels()
    size = scan.info.size
    assert np.array_equal(scan.read(whole_plane(size, Plane(1, 2))), voxels[:, 2])
    assert np.array_equal(scan.read(whole_plane(size, Plane(2, 3))), voxels[:, :, 3])
    assert np.array_equal(scan.read(Region(Plane(0, 0), 1, 2, 3, 2)), voxels[0, 2:4, 1:4])


def test_regions_over_the_edge_keep_their_shape(scan: Scan):
    for region in (Region(Plane(0, 0), -3, -2, 6, 5), Region(Plane(0, 0), 100, 100, 4, 3)):
        assert scan.read(region).shape[:2] == (region.height, region.width)


@pytest.mark.parametrize("downsample", [0.5, 1.5, 2.0, 100.0])
def test_shrunk_and_enlarged_regions_have_the_promised_size(scan: Scan, downsample: float):
    got = scan.read(Region(Plane(0, 0), 0, 0, 4, 4), downsample)
    assert got.shape[:2] == (max(1, round(4 / downsample)),) * 2
    assert got.dtype.name == scan.info.dtype


def test_a_scan_is_held_whole_or_read_by_tiles_and_never_both(scan: Scan):
    assert isinstance(scan, Volume) != isinstance(scan, TiledScan)
    assert isinstance(scan, TiledScan) == (scan.info.kind == "slide")


def test_voxels_are_one_array_for_all_and_read_only(scan: Scan):
    if not isinstance(scan, Volume):
        return
    assert scan.voxels() is scan.voxels()
    with pytest.raises(ValueError, match="read-only"):
        scan.voxels()[0] = 0


def test_planes_that_are_not_there_are_a_problem(scan: Scan):
    with pytest.raises(ScanProblem, match="has no plane"):
        scan.read(Region(Plane(0, 99), 0, 0, 1, 1))


def test_opening_is_stopped_by_its_progress(known: ScanFormat, tmp_path: Path):
    source = find_scans([sample(tmp_path, known.name)])[0]
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        open_scan(source, progress)


def test_a_file_that_is_gone_is_a_problem_in_one_line(known: ScanFormat, tmp_path: Path):
    source = find_scans([sample(tmp_path, known.name)])[0]
    gone = replace(source, paths=(tmp_path / "gone",))
    with pytest.raises(ScanProblem) as caught:
        open_scan(gone)
    assert "gone" in str(caught.value)


def test_a_file_of_another_kind_is_a_problem_in_one_line(known: ScanFormat, tmp_path: Path):
    (tmp_path / "a.bin").write_bytes(b"something else " * 100)
    with pytest.raises(ScanProblem) as caught:
        open_scan(ScanSource(known.name, (tmp_path / "a.bin",)))
    assert "\n" not in str(caught.value)
