"""Finding scans in files, folders and discs, and who they are."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imaging.errors import ScanProblem
from imaging.identity import SLIDE_WHOLE_UP_TO, file_digest, has_digest, scan_key, source_digests
from imaging.opening import find_scans, natural_key, open_scan
from imaging.progress import Cancelled, Progress
from tests.imaging.dicom_files import save, series, slice_of
from tests.imaging.dicom_slides import level, smooth

PIXELS = np.arange(16, dtype=np.int16).reshape(4, 4)


def test_a_folder_gives_all_its_scans_and_passes_over_the_rest(tmp_path: Path):
    series(tmp_path / "ct", [0, 1, 2])
    Image.fromarray(np.zeros((3, 3), np.uint8)).save(tmp_path / "x.png")
    (tmp_path / "readme.txt").write_text("words")
    (tmp_path / ".hidden.png").write_bytes((tmp_path / "x.png").read_bytes())
    found = find_scans([tmp_path])
    assert sorted((source.format, len(source.paths)) for source in found) == [("dicom", 3), ("picture", 1)]


def test_named_files_of_one_series_are_one_scan(tmp_path: Path):
    series(tmp_path, [0, 1, 2])
    assert len(find_scans(sorted(tmp_path.iterdir()))) == 1


def test_a_named_file_that_is_no_scan_is_told_when_opened(tmp_path: Path):
    (tmp_path / "a.txt").write_text("words")
    save(tmp_path / "b.dcm", slice_of(PIXELS))
    found = find_scans([tmp_path / "a.txt", tmp_path / "b.dcm"])
    assert [source.format for source in found] == ["dicom", ""]
    with pytest.raises(ScanProblem, match="is no scan Overread knows"):
        open_scan(found[1])


def test_a_path_with_several_scans_is_not_opened_as_one(tmp_path: Path):
    series(tmp_path / "a", [0, 1])
    series(tmp_path / "b", [0, 1], SeriesInstanceUID="9.9")
    with pytest.raises(ScanProblem, match="holds 2 scans, not one"):
        open_scan(tmp_path)


def test_a_file_without_an_ending_is_known_by_its_bytes(tmp_path: Path):
    assert find_scans([save(tmp_path / "IM0001", slice_of(PIXELS))])[0].format == "dicom"


def test_links_in_a_circle_do_not_hang(tmp_path: Path):
    series(tmp_path / "a", [0, 1])
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    assert len(find_scans([tmp_path])) == 1


def test_a_dicomdir_gives_the_scans_it_lists(data: Path):
    folder = data / "dicom/pydicom/dicomdirtests"
    listed = find_scans([folder / "DICOMDIR"])
    assert sum(len(source.paths) for source in listed) == 31
    assert {source.format for source in listed} == {"dicom"}


def test_a_dicomdir_is_not_a_scan_beside_the_files_it_lists(data: Path, tmp_path: Path):
    shutil.copytree(data / "dicom/pydicom/dicomdirtests/98892001", tmp_path / "98892001")
    shutil.copy(data / "dicom/pydicom/dicomdirtests/DICOMDIR", tmp_path)
    found = find_scans([tmp_path])
    assert sum(len(source.paths) for source in found) == 7
    assert sum(len(source.paths) for source in find_scans([tmp_path / "DICOMDIR"])) == 7


@pytest.mark.slow
def test_ten_thousand_files_are_found_in_seconds(tmp_path: Path):
    first = save(tmp_path / "first.dcm", slice_of(PIXELS)).read_bytes()
    for index in range(10_000):
        (tmp_path / f"{index}.dcm").write_bytes(first.replace(b"1.2.3.4.5\0", b"1.2.3.4.%d" % (index % 10) + b"\0"))
    start = time.monotonic()
    find_scans([tmp_path])
    assert time.monotonic() - start < 20


def test_looking_for_scans_can_be_stopped(tmp_path: Path):
    series(tmp_path, [0, 1])
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        find_scans([tmp_path], progress)


def test_natural_order():
    assert sorted(["s10", "s9", "a2b", "a10", "S1"], key=natural_key) == ["a2b", "a10", "S1", "s9", "s10"]


def test_the_key_is_the_content_wherever_it_lies(tmp_path: Path):
    series(tmp_path / "a", [0, 1, 2])
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for path in (tmp_path / "b").iterdir():
        path.rename(path.with_name(f"x{path.name}"))
    one, other = open_scan(tmp_path / "a"), open_scan(tmp_path / "b")
    assert scan_key(one) == scan_key(other)
    assert len(scan_key(one)) == 32
    (tmp_path / "b" / "x000.dcm").unlink()
    assert scan_key(open_scan(tmp_path / "b")) != scan_key(one)


def test_digests_are_the_files_sha256(tmp_path: Path):
    import hashlib

    series(tmp_path, [0, 1])
    scan = open_scan(tmp_path)
    for path, digest in source_digests(scan).items():
        assert digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_huge_files_are_sampled_and_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("imaging.identity.WHOLE_UP_TO", 1 << 20)
    monkeypatch.setattr("imaging.identity._BLOCK", 1 << 12)
    path = tmp_path / "a"
    path.write_bytes(bytes(3 << 20))
    digest = file_digest(path)
    assert digest.startswith("sampled-")
    raw = bytearray(path.read_bytes())
    raw[-1] = 1
    (tmp_path / "b").write_bytes(raw)
    assert file_digest(tmp_path / "b") != digest


def test_slides_are_sampled_from_a_lower_bound_on_and_found_again_by_either_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = level(tmp_path / "a.dcm", smooth(200, 150))
    whole = source_digests(open_scan(path))[path]
    monkeypatch.setattr("imaging.identity.SLIDE_WHOLE_UP_TO", 1 << 14)
    sampled = source_digests(open_scan(path))[path]
    assert not whole.startswith("sampled-")
    assert sampled.startswith("sampled-")
    moved = tmp_path / "moved.dcm"
    moved.write_bytes(path.read_bytes())
    assert has_digest(moved, whole)
    assert has_digest(moved, sampled)
    moved.write_bytes(path.read_bytes()[:-1] + b"x")
    assert not has_digest(moved, whole)
    assert not has_digest(moved, sampled)


def test_the_key_of_a_large_slide_reads_a_bounded_part_of_it(tmp_path: Path):
    path = tmp_path / "a"
    with path.open("wb") as stream:
        stream.truncate(3 << 30)
    start = time.monotonic()
    assert file_digest(path, whole_up_to=SLIDE_WHOLE_UP_TO).startswith("sampled-")
    assert time.monotonic() - start < 5


def test_a_closed_scan_reads_no_more(tmp_path: Path):
    from imaging.geometry import Plane, whole_plane

    scan = open_scan(save(tmp_path / "a.dcm", slice_of(PIXELS)))
    scan.close()
    with pytest.raises(ScanProblem, match="is closed"):
        scan.read(whole_plane(scan.info.size, Plane(0, 0)))
