"""Slides by OpenSlide: the same pixels tile by tile, what it knows of them, and the files they are made of."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openslide
import pytest

from imaging.formats.slide_openslide import PLUGIN
from imaging.formats.slide_openslide_library import on_white
from imaging.geometry import Plane, Region
from imaging.identity import scan_key
from imaging.opening import find_scans, format_of, open_scan
from imaging.progress import silent
from imaging.scan import ScanSource, TiledScan
from tests.imaging.dicom_slides import smooth
from tests.imaging.openslide_files import bif, czi, mrxs, scn, svs_jpeg_2000, trestle, vms, vmu

FIRST = Plane(0, 0)
PIXELS = smooth(1024, 768)
MAKERS: dict[str, Callable[[Path, np.ndarray], Path]] = {
    "bif": bif,
    "czi": czi,
    "mrxs": mrxs,
    "scn": scn,
    "svs": svs_jpeg_2000,
    "tif": trestle,
    "vms": vms,
    "vmu": vmu,
}


def opened(path: Path) -> TiledScan:
    """The one slide of a path."""
    scan = open_scan(path)
    assert isinstance(scan, TiledScan)
    return scan


def compared(scan: TiledScan, path: Path) -> int:
    """The greatest difference of any tile of any level from OpenSlide's own reading of the whole level."""
    apart = 0
    with openslide.OpenSlide(path) as other:
        assert [(one.width, one.height) for one in scan.info.levels] == list(other.level_dimensions)
        for number, level in enumerate(scan.info.levels):
            region = other.read_region((0, 0), number, (level.width, level.height))
            white = openslide.Image.new("RGBA", region.size, "white")  # type: ignore[attr-defined]
            theirs = np.asarray(openslide.Image.alpha_composite(white, region))[..., :3]  # type: ignore[attr-defined]
            assert level.tile is not None
            across, down = level.tile
            grid = itertools.product(range(-(-level.height // down)), range(-(-level.width // across)))
            for row, column in grid:
                tile = scan.tile(FIRST, number, column, row)
                part = theirs[row * down : (row + 1) * down, column * across : (column + 1) * across]
                assert tile.shape == part.shape
                apart = max(apart, int(np.abs(tile.astype(int) - part).max(initial=0)))
    return apart


@pytest.mark.parametrize("maker", MAKERS)
def test_every_tile_of_every_level_is_what_openslide_reads(tmp_path: Path, maker: str):
    path = MAKERS[maker](tmp_path / f"a.{maker}", PIXELS)
    assert format_of(path) is PLUGIN
    scan = opened(path)
    assert compared(scan, path) == 0
    assert scan.info.spacing_mm[0] == pytest.approx(0.00025 if maker == "mrxs" else 0.0005, rel=1e-3)
    assert scan.info.objective == 20
    assert np.abs(scan.read(Region(FIRST, 300, 200, 400, 300)).astype(int) - PIXELS[200:500, 300:700]).mean() < 3
    scan.close()


@pytest.mark.slow
def test_a_real_ndpi_is_what_openslide_reads(data: Path):
    path = data / "wsi/test3-DAPI-2-(387).ndpi"
    scan = opened(path)
    info = scan.info
    assert (info.format, info.size.columns, info.size.rows, len(info.levels)) == ("hamamatsu", 3968, 4864, 7)
    assert info.spacing_mm[0] == pytest.approx(0.000228175, rel=1e-5)
    assert (info.spacing_from, info.objective, info.objective_from) == (
        *("openslide.mpp-x", 40.0),
        "openslide.objective-power",
    )
    assert compared(scan, path) == 0
    assert info.associated == ("macro",)
    assert scan.associated_image("macro").shape == (406, 1188, 3)
    assert scan.icc_profile() is None


def test_tiles_as_shown_are_the_same_pixels(tmp_path: Path):
    scan = opened(mrxs(tmp_path / "a.mrxs", PIXELS, missing=(0,)))
    for level, column, row in ((0, 0, 0), (0, 1, 1), (1, 0, 0)):
        tile = scan.tile(FIRST, level, column, row).astype(np.uint32)
        screen = scan.screen_tile(FIRST, level, column, row)
        assert screen.flags.c_contiguous
        assert np.array_equal(screen, 0xFF000000 | tile[..., 0] << 16 | tile[..., 1] << 8 | tile[..., 2])


def test_what_was_never_scanned_is_white(tmp_path: Path):
    scan = opened(mrxs(tmp_path / "a.mrxs", PIXELS, missing=(0, 9)))
    assert (scan.read(Region(FIRST, 0, 0, 128, 128)) == 255).all()
    assert (scan.read(Region(FIRST, 128, 128, 128, 128)) == 255).all()
    assert not (scan.read(Region(FIRST, 128, 0, 128, 128)) == 255).all()
    leica = opened(scn(tmp_path / "a.scn", PIXELS))
    assert leica.info.size.columns == 2048
    assert (leica.read(Region(FIRST, 1100, 0, 500, 500)) == 255).all()
    assert any("was scanned in 1,024 × 768 pixels from (0, 0) on" in note for note in leica.info.notes)


def test_half_transparent_pixels_lie_on_white():
    argb = np.array([[0x00000000, 0xFF102030, 0x80400000, 0x01010101]], np.uint32)
    assert on_white(argb).tolist() == [[0xFFFFFFFF, 0xFF102030, 0xFFBF7F7F, 0xFFFFFFFF]]


def test_a_mirax_slide_is_found_by_its_file_and_by_its_folder(tmp_path: Path):
    path = mrxs(tmp_path / "x/a.mrxs", PIXELS)
    for named in (path, tmp_path / "x", tmp_path / "x/a/Slidedat.ini"):
        assert [source.paths for source in find_scans([named])] == [(path,)]
    assert opened(path).info.sources == (path, tmp_path / "x/a/Slidedat.ini")


def test_mirax_slides_without_a_first_picture_are_told_apart(tmp_path: Path):
    keys = []
    for name in ("a", "b"):
        path = mrxs(tmp_path / f"{name}.mrxs", PIXELS)
        settings = tmp_path / name / "Slidedat.ini"
        text = settings.read_text()
        if name == "b":
            settings.write_text(text.replace("ABCDEF0123456789", "ABCDEF0123456780"))
            index = tmp_path / name / "Index.dat"
            index.write_bytes(index.read_bytes().replace(b"ABCDEF0123456789", b"ABCDEF0123456780"))
        path.write_bytes(b"")
        keys.append(scan_key(opened(path)))
    assert len(set(keys)) == 2


@pytest.mark.parametrize(("said", "expected"), [("0", None), ("-0.25", None), ("nan", None), ("0.5", 0.0005)])
def test_pixel_sizes_that_make_no_sense_are_unknown(tmp_path: Path, said: str, expected: float | None):
    path = mrxs(tmp_path / "a.mrxs", PIXELS)
    settings = tmp_path / "a/Slidedat.ini"
    settings.write_text(
        settings.read_text().replace("MICROMETER_PER_PIXEL_X=0.25\n", f"MICROMETER_PER_PIXEL_X={said}\n")
    )
    info = opened(path).info
    if expected is None:
        assert info.spacing_mm[0] in {None, 0.00025}
        assert info.notes
    else:
        assert info.spacing_mm == (expected, 0.00025, None)
        assert info.spacing_from == "openslide.mpp-x"


def test_tiles_are_those_of_the_file_or_squares(tmp_path: Path):
    tiles = [level.tile for level in opened(mrxs(tmp_path / "a.mrxs", PIXELS)).info.levels]
    assert tiles == [(512, 512)] * 3  # four by four of 128
    assert opened(scn(tmp_path / "a.scn", PIXELS)).info.levels[0].tile == (512, 512)


def test_a_title_and_a_second_opening_do_no_harm(tmp_path: Path):
    path = vms(tmp_path / "a.vms", PIXELS)
    one = PLUGIN.open(ScanSource(PLUGIN.name, (path,), "a slide"), silent())
    other = opened(path)
    one.close()
    one.close()
    assert one.info.name == "a slide"
    assert other.tile(FIRST, 0, 0, 0).shape[2] == 3
