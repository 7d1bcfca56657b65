"""Bad slides read by OpenSlide and as DICOM: one clear line each, soon; one bad tile does not spoil the rest."""

import os
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.sequence import Sequence as Items
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless

from imaging.errors import ScanProblem
from imaging.geometry import Plane, Region
from imaging.opening import find_scans, open_scan
from imaging.scan import TiledScan
from tests.imaging.dicom_slides import header_of, level, placed, pyramid, smooth, tiles_of, write
from tests.imaging.openslide_files import mrxs, picture, scn, vms

FIRST = Plane(0, 0)
PIXELS = smooth(100, 70)
WIDE = smooth(1024, 768)


def opened(path: Path) -> TiledScan:
    """The one slide of a path."""
    scan = open_scan(path)
    assert isinstance(scan, TiledScan)
    return scan


def refused(path: Path) -> ScanProblem:
    """The problem of opening a path; one line that names it, within seconds."""
    start = time.monotonic()
    with pytest.raises(ScanProblem) as caught:
        open_scan(path)
    assert time.monotonic() - start < 10
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)
    return caught.value


def unreadable(scan: TiledScan, number: int, column: int, row: int) -> str:
    """What is said of a tile that cannot be read; one line, soon."""
    start = time.monotonic()
    with pytest.raises(ScanProblem) as caught:
        scan.tile(FIRST, number, column, row)
    with pytest.raises(ScanProblem):
        scan.screen_tile(FIRST, number, column, row)
    assert time.monotonic() - start < 10
    assert "\n" not in str(caught.value)
    return caught.value.what


def compressed(path: Path) -> tuple[Path, list[np.ndarray]]:
    """A DICOM slide of JPEG-LS frames."""
    import imagecodecs

    frames = tiles_of(PIXELS, (32, 24))
    ds = header_of((100, 70), frames[0], len(frames))
    return write(path, ds, frames, lambda one: bytes(imagecodecs.jpegls_encode(one)), JPEGLSLossless), frames


# --- OpenSlide ---


@pytest.mark.parametrize("name", ["wsi_broken/broken.svs", "broken/truncated.ndpi"])
def test_real_broken_slides_are_refused(data: Path, name: str):
    refused(data / name)


def test_a_mirax_slide_without_its_folder_or_a_part_of_it_says_what_is_missing(tmp_path: Path):
    path = mrxs(tmp_path / "a.mrxs", WIDE)
    (tmp_path / "a/Data0000.dat").rename(tmp_path / "elsewhere.dat")
    assert refused(path).what == "needs Data0000.dat, which is not there"
    (tmp_path / "a").rename(tmp_path / "b")
    problem = refused(path)
    assert problem.what == "needs its folder a with Slidedat.ini, which is not there"
    assert problem.advice == "Put the folder a of the same slide beside it"
    refused(tmp_path / "b/Slidedat.ini")


def test_a_hamamatsu_slide_without_its_pictures_says_which(tmp_path: Path):
    path = vms(tmp_path / "a.vms", WIDE)
    (tmp_path / "image.jpg").unlink()
    (tmp_path / "map.jpg").unlink()
    assert refused(path).what == "needs image.jpg and 1 more, which is not there"


@pytest.mark.parametrize(
    "name", ["../outside.dat", "/etc/hostname", "C:\\\\outside.dat", "a\\\\..\\\\..\\\\outside.dat"]
)
def test_a_slide_that_names_files_outside_of_its_folder_is_refused(tmp_path: Path, name: str):
    path = mrxs(tmp_path / "x/a.mrxs", WIDE)
    settings = tmp_path / "x/a/Slidedat.ini"
    settings.write_text(settings.read_text().replace("Data0000.dat", name))
    (tmp_path / "outside.dat").write_bytes(b"x")
    assert refused(path).what == "names a file outside of its folder"


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("part", ["Slidedat.ini", "Index.dat", "Data0000.dat"])
def test_a_mirax_slide_whose_parts_are_cut_is_refused_or_says_which_tiles_are_bad(
    tmp_path: Path, part: str, share: float
):
    path = mrxs(tmp_path / "a.mrxs", WIDE)
    file = tmp_path / "a" / part
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    try:
        scan = open_scan(path)
    except ScanProblem as problem:
        said = str(problem)
    else:
        with pytest.raises(ScanProblem) as caught:
            scan.read(Region(FIRST, 0, 0, 1024, 768))
        said = str(caught.value)
    assert "\n" not in said


def test_one_unreadable_tile_in_the_middle_leaves_the_rest_readable(tmp_path: Path):
    path = mrxs(tmp_path / "a.mrxs", WIDE)
    data = tmp_path / "a/Data0000.dat"
    content = bytearray(data.read_bytes())
    at = content.find(b"\xff\xd8\xff", 37 + len(picture(WIDE[:128, :128])))
    content[at : at + 600] = bytes(600)
    data.write_bytes(content)
    scan = opened(path)
    first = unreadable(scan, 0, 0, 0)
    assert "cannot be read" in first or "JPEG" in first
    for _ in range(3):
        assert unreadable(scan, 0, 0, 0) == first  # told again without opening the file anew
    assert np.abs(scan.tile(FIRST, 0, 1, 0).astype(int) - WIDE[:512, 512:]).mean() < 3
    assert scan.tile(FIRST, 1, 0, 0).shape == (384, 512, 3)
    scan.close()


def test_an_openslide_slide_that_goes_away_and_comes_back(tmp_path: Path):
    path = mrxs(tmp_path / "x/a.mrxs", WIDE)
    scan = opened(path)
    assert scan.tile(FIRST, 0, 0, 0).shape == (512, 512, 3)
    (tmp_path / "x").rename(tmp_path / "y")
    for _ in range(3):
        unreadable(scan, 0, 1, 0)
    (tmp_path / "y").rename(tmp_path / "x")
    assert np.abs(scan.tile(FIRST, 0, 1, 0).astype(int) - WIDE[:512, 512:]).mean() < 3


def test_many_threads_meet_a_bad_tile_while_others_read_on(tmp_path: Path):
    path = mrxs(tmp_path / "a.mrxs", WIDE)
    data = tmp_path / "a/Data0000.dat"
    content = bytearray(data.read_bytes())
    content[100:700] = bytes(600)
    data.write_bytes(content)
    scan = opened(path)
    read, failed = list[int](), list[int]()

    def work(number: int) -> None:
        for turn in range(8):
            try:
                scan.tile(FIRST, 0, (number + turn) % 2, 0)
                read.append(number)
            except ScanProblem:
                failed.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    assert len(read) == len(failed) == 16
    scan.close()
    with pytest.raises(ScanProblem, match="is closed"):
        scan.tile(FIRST, 0, 1, 0)


def test_a_leica_slide_with_absurd_sizes_is_refused(tmp_path: Path):
    path = scn(tmp_path / "a.scn", WIDE)
    content = path.read_bytes().replace(b'sizeX="1024" sizeY="768" r="0"', b'sizeX="9999" sizeY="999" r="0"')
    path.write_bytes(content)
    with suppress(ScanProblem):  # OpenSlide goes by the directory's own size, which is right
        opened(path).tile(FIRST, 0, 0, 0)


@pytest.mark.parametrize("seed", range(6))
def test_damaged_bytes_of_an_openslide_slide_never_end_in_a_traceback(tmp_path: Path, seed: int):
    random = np.random.default_rng(seed)
    path = mrxs(tmp_path / "a.mrxs", WIDE)
    for name in ("Slidedat.ini", "Index.dat", "Data0000.dat"):
        file = tmp_path / "a" / name
        content = bytearray(file.read_bytes())
        for at in random.integers(0, len(content), 1 + seed):
            content[at] = int(random.integers(0, 256))
        file.write_bytes(content)
    with suppress(ScanProblem):
        scan = opened(path)
        for number in range(len(scan.info.levels)):
            with suppress(ScanProblem):
                scan.tile(FIRST, number, 0, 0)


# --- DICOM ---


@pytest.mark.parametrize("table", ["plain", "compressed"])
def test_a_dicom_slide_cut_in_its_frames_says_how_many_and_reads_the_rest(tmp_path: Path, table: str):
    if table == "plain":
        path, frames = level(tmp_path / "a.dcm", PIXELS), tiles_of(PIXELS, (32, 24))
        left = path.stat().st_size - 3 * frames[0].nbytes - 100
    else:
        path, frames = compressed(tmp_path / "a.dcm")
        left = path.stat().st_size * 2 // 3
    with path.open("r+b") as stream:
        stream.truncate(left)
    scan = opened(path)
    assert any("is cut short" in note and "of 12 tiles" in note for note in scan.info.notes)
    assert np.array_equal(scan.tile(FIRST, 0, 0, 0), frames[0])
    assert "cut short" in unreadable(scan, 0, 3, 2)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3])
def test_a_dicom_slide_cut_in_its_header_is_refused(tmp_path: Path, share: float):
    path = level(tmp_path / "a.dcm", PIXELS)
    at = path.read_bytes().find(struct.pack("<HH", 0x7FE0, 0x0010))
    path.write_bytes(path.read_bytes()[: 132 + int((at - 132) * share)])
    refused(path)


def test_one_garbage_frame_of_a_dicom_slide_leaves_the_rest_readable(tmp_path: Path):
    path, frames = compressed(tmp_path / "a.dcm")
    table = pydicom.dcmread(path).PixelData
    offsets = struct.unpack_from("<12I", table, 8)
    content = bytearray(path.read_bytes())
    start = content.find(table[8 + 48 : 8 + 48 + 64])
    content[start + offsets[5] + 8 : start + offsets[6]] = bytes(offsets[6] - offsets[5] - 8)
    path.write_bytes(content)
    scan = opened(path)
    assert "cannot be read" in unreadable(scan, 0, 1, 1)
    assert np.array_equal(scan.tile(FIRST, 0, 2, 1), frames[6])


def test_a_frame_of_another_size_is_not_unpacked(tmp_path: Path):
    frames = tiles_of(PIXELS, (32, 24))
    ds = header_of((100, 70), frames[0], len(frames), PhotometricInterpretation="YBR_FULL_422")
    huge = picture(np.zeros((4000, 4000, 3), np.uint8))
    path = write(tmp_path / "a.dcm", ds, frames, lambda _: huge, JPEGBaseline8Bit)
    what = refused(path).what
    assert what.startswith("none of the tiles that were tried can be read")
    assert "its pixels are 4000 × 4000" in what


def test_headers_that_contradict_themselves_are_refused(tmp_path: Path):
    frame = tiles_of(PIXELS, (32, 24))[0]
    said: tuple[tuple[dict[str, Any], str], ...] = (
        ({"TotalPixelMatrixColumns": 100_000, "TotalPixelMatrixRows": 80_000}, "tiles and holds 12 frames"),
        ({"TotalPixelMatrixColumns": 2**32 - 1, "TotalPixelMatrixRows": 2**32 - 1}, "claims to be"),
        ({"TotalPixelMatrixColumns": 0}, "how large the matrix"),
        ({"Rows": 0}, "holds no pixels"),
        ({"BitsAllocated": 12}, "samples of 12 bits"),
        ({"SamplesPerPixel": 4}, "stores 4 samples"),
        ({"Rows": 60_000, "Columns": 60_000}, "tiles of 60,000 × 60,000"),
    )
    for number, (values, words) in enumerate(said):
        path = level(tmp_path / f"{number}/a.dcm", PIXELS, **values)
        assert words in refused(path).what
    ds = header_of((100, 70), frame, 2_000_000_000)
    path = write(tmp_path / "many/a.dcm", ds, [frame], lambda one: bytes(one.tobytes()[:50]), JPEG2000Lossless)
    assert "more than its file can hold" in refused(path).what


def test_levels_that_disagree_are_left_out_and_noted(tmp_path: Path):
    pyramid(tmp_path, PIXELS)
    level(tmp_path / "other.dcm", smooth(60, 20, 2))
    level(tmp_path / "grey.dcm", np.zeros((9, 13), np.uint16))
    (tmp_path / "cut.dcm").write_bytes((tmp_path / "level1.dcm").read_bytes()[:1200])
    info = opened(tmp_path / "level0.dcm").info
    assert [(one.width, one.height) for one in info.levels] == [(100, 70), (50, 35), (25, 18)]
    assert any("(60 × 20) does not fit the slide and is left out" in note for note in info.notes)
    assert any("13 × 9 has other channels or values and is left out" in note for note in info.notes)


def test_endless_empty_fragments_and_elements_are_not_walked_to_their_end(tmp_path: Path):
    frames = tiles_of(PIXELS, (32, 24))
    path = write(
        tmp_path / "a/a.dcm",
        header_of((32, 24), frames[0], 1),
        frames[:1],
        lambda one: bytes(one.tobytes()),
        JPEG2000Lossless,
        "none",
    )
    content = path.read_bytes()
    at = content.find(struct.pack("<HHI", 0xFFFE, 0xE000, frames[0].nbytes))
    path.write_bytes(content[:at] + struct.pack("<HHI", 0xFFFE, 0xE000, 0) * 1_000_000)
    assert "fragments for 1 frames" in refused(path).what
    ds = header_of((32, 24), frames[0], 1)
    content = write(tmp_path / "b/b.dcm", ds, frames[:1]).read_bytes()
    at = content.find(struct.pack("<HH2s", 0x7FE0, 0x0010, b"OB"))
    empty = struct.pack("<HH2sH", 0x7FDF, 0x0010, b"LO", 0)
    path = tmp_path / "b/b.dcm"
    path.write_bytes(content[:at] + empty * 1_000_000 + content[at:])
    assert refused(path).what == "has no pixels where they are due"


def test_frames_that_lie_outside_or_nowhere(tmp_path: Path):
    frames = [PIXELS[:24, :32]] * 3
    ds = header_of((100, 70), frames[0], 3, DimensionOrganizationType="TILED_SPARSE")
    ds.PerFrameFunctionalGroupsSequence = Items([placed(0, 0), placed(-5000, 3), placed(2_000_000_000, 0)])
    scan = opened(write(tmp_path / "a/a.dcm", ds, frames))
    assert any("2 tiles" in note and "outside" in note for note in scan.info.notes)
    assert np.array_equal(scan.tile(FIRST, 0, 0, 0), frames[0])
    ds.PerFrameFunctionalGroupsSequence = Items([placed(0, 0)])
    assert "says of 1 where they lie" in refused(write(tmp_path / "b/a.dcm", ds, frames)).what


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.100"])
def test_ways_of_storing_that_are_not_read_are_refused(tmp_path: Path, syntax: str):
    path = level(tmp_path / "a.dcm", PIXELS)
    content = path.read_bytes()
    at = content.find(b"1.2.840.10008.1.2.1\0")
    named = syntax.encode() + b"\0" * (len(syntax) % 2)
    meta = struct.unpack_from("<I", content, 140)[0] + len(named) - 20
    head = content[:140] + struct.pack("<I", meta) + content[144 : at - 2] + struct.pack("<H", len(named))
    path.write_bytes(head + named + content[at + 20 :])
    refused(path)


def test_a_dicom_slide_cut_while_it_is_open(tmp_path: Path):
    path, frames = compressed(tmp_path / "a.dcm")
    scan = opened(path)
    assert np.array_equal(scan.tile(FIRST, 0, 0, 0), frames[0])
    os.truncate(path, 1000)
    assert "cut short" in unreadable(scan, 0, 1, 0)
    path.unlink()
    assert "cut short" in unreadable(scan, 0, 1, 0)
    scan.close()
    with pytest.raises(ScanProblem, match="is closed"):
        scan.tile(FIRST, 0, 0, 0)


def test_a_level_that_is_gone_before_it_is_opened(tmp_path: Path):
    pyramid(tmp_path, PIXELS)
    source = find_scans([tmp_path])[0]
    (tmp_path / "level2.dcm").unlink()
    with pytest.raises(ScanProblem, match=r"level2\.dcm: cannot be read"):
        open_scan(source)


@pytest.mark.parametrize("seed", range(12))
def test_damaged_bytes_of_a_dicom_slide_never_end_in_a_traceback(tmp_path: Path, seed: int):
    random = np.random.default_rng(seed)
    frames = tiles_of(PIXELS, (32, 24))
    ds = header_of((100, 70), frames[0], 4, DimensionOrganizationType="TILED_SPARSE")
    ds.PerFrameFunctionalGroupsSequence = Items([placed(index * 32, 0) for index in range(4)])
    sparse = write(tmp_path / "whole/s.dcm", ds, frames[:4]).read_bytes()
    whole = compressed(tmp_path / "whole/a.dcm")[0].read_bytes()
    for turn in range(12):
        damaged = bytearray(sparse if turn % 2 else whole)
        end = damaged.find(struct.pack("<HH", 0x7FE0, 0x0010)) + 80
        for at in random.integers(132, end, 1 + turn % 5):
            damaged[at] = int(random.integers(0, 256))
        path = tmp_path / f"{turn}/a.dcm"
        path.parent.mkdir()
        path.write_bytes(damaged)
        with suppress(ScanProblem):
            for source in find_scans([path]):
                scan = open_scan(source)
                if isinstance(scan, TiledScan):
                    scan.tile(FIRST, 0, 0, 0)
                scan.close()
