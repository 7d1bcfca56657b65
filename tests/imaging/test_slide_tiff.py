"""Slides kept as tiled TIFF: every tile against independent readers, what they say of themselves, and hostile files."""

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import openslide
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from imaging.errors import ScanProblem
from imaging.formats.slide_tiff_layout import family
from imaging.geometry import Plane, Region, Size, whole_plane
from imaging.opening import find_scans, open_scan
from imaging.scan import TiledScan
from tests.imaging import slide_files as files
from tests.imaging.slide_files import levels_of, tissue

PLANE = Plane()
PIXELS = tissue(333, 217)
GREY16 = PIXELS[..., 0].astype(np.uint16) * 200 + PIXELS[..., 1]
REAL = [
    "CMU-1-Small-Region.svs",
    "small_vectra.qptiff",
    "derived/cmu1_region_pyramid_jpeg.tif",
    "derived/cmu1_region_pyramid.ome.tif",
    "openslide_python_fixtures/boxes.tiff",
    "openslide_python_fixtures/small.svs",
]


def opened(path: Path) -> TiledScan:
    scan = open_scan(path)
    assert isinstance(scan, TiledScan)
    assert scan.info.kind == "slide"
    return scan


def joined(scan: TiledScan, level: int, plane: Plane = PLANE) -> np.ndarray:
    """A level put together from its tiles."""
    shown = scan.info.levels[level]
    assert shown.tile
    return np.concatenate(
        [
            np.concatenate(
                [scan.tile(plane, level, c, r) for c in range(-(-shown.width // shown.tile[0]))],
                axis=1,
            )
            for r in range(-(-shown.height // shown.tile[1]))
        ]
    )


def shown(scan: TiledScan, level: int) -> np.ndarray:
    """A level put together from what the screen would get, as RGB."""
    size = scan.info.levels[level]
    assert size.tile
    rows = [
        np.concatenate([scan.screen_tile(PLANE, level, c, r) for c in range(-(-size.width // size.tile[0]))], axis=1)
        for r in range(-(-size.height // size.tile[1]))
    ]
    whole = np.concatenate(rows)
    assert (whole >> 24 == 255).all()
    return np.stack([(whole >> shift) & 255 for shift in (16, 8, 0)], axis=-1).astype(np.uint8)


def by_tifffile(path: Path) -> list[np.ndarray]:
    """All levels of the first series."""
    with tifffile.TiffFile(path) as tiff:
        return [level.asarray() for level in tiff.series[0].levels]


def refused(path: Path) -> ScanProblem:
    start = time.monotonic()
    with pytest.raises(ScanProblem) as caught:
        open_scan(path)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - start < 5
    return caught.value


def check_line(problem: ScanProblem) -> None:
    assert "\n" not in str(problem)


# Pixels


@pytest.mark.parametrize("name", REAL)
def test_every_tile_of_real_slides_is_what_tifffile_reads(data: Path, name: str):
    scan, expected = opened(data / "wsi" / name), by_tifffile(data / "wsi" / name)
    assert len(scan.info.levels) == len(expected)
    for level, pixels in enumerate(expected):
        stored = np.moveaxis(pixels, 0, -1) if scan.info.fluorescence else pixels
        assert np.array_equal(joined(scan, level), stored)
        if scan.info.is_colour:
            assert np.array_equal(shown(scan, level), stored)


@pytest.mark.parametrize("name", [name for name in REAL if "ome" not in name and "qptiff" not in name])
def test_real_slides_are_what_openslide_reads(data: Path, name: str):
    scan = opened(data / "wsi" / name)
    with openslide.OpenSlide(data / "wsi" / name) as other:
        assert [(level.width, level.height) for level in scan.info.levels] == list(other.level_dimensions)
        for level, size in enumerate(other.level_dimensions):
            pixels = np.asarray(other.read_region((0, 0), level, size))
            assert (pixels[..., 3] == 255).all()
            assert np.abs(joined(scan, level).astype(int) - pixels[..., :3]).max() <= 2
        size_of_pixel = other.properties.get("openslide.mpp-x")
        if scan.info.spacing_mm[0] is not None:
            assert scan.info.spacing_mm[0] * 1000 == pytest.approx(float(size_of_pixel or 0))


@pytest.mark.parametrize("maker", ["aperio", "aperio, JPEG 2000", "philips"])
def test_written_slides_are_what_openslide_reads(tmp_path: Path, maker: str):
    path = tmp_path / "a.tiff"
    if maker == "philips":
        files.philips(path, tissue(620, 500))
    else:
        more: dict[str, Any] = {"compression": "aperio_jp2000_rgb", "compressionargs": {}} if "2000" in maker else {}
        files.svs(path, tissue(640, 500), levels=3, **more)
    scan = opened(path)
    with openslide.OpenSlide(path) as other:
        assert maker.startswith(other.properties["openslide.vendor"])
        levels = scan.info.levels
        assert [(level.width, level.height) for level in levels] == list(other.level_dimensions)
        assert [level.downsample for level in levels] == pytest.approx(list(other.level_downsamples))
        assert float(other.properties["openslide.mpp-x"]) == pytest.approx((scan.info.spacing_mm[0] or 0) * 1000)
        assert set(scan.info.associated) == set(other.associated_images)
        for level, size in enumerate(other.level_dimensions):
            pixels = np.asarray(other.read_region((0, 0), level, size))[..., :3]
            assert np.abs(joined(scan, level).astype(int) - pixels).max() <= 2
        for name, picture in other.associated_images.items():
            assert np.array_equal(np.asarray(picture)[..., :3], scan.associated_image(name))


@pytest.mark.slow
def test_the_giant_mosaic_is_what_openslide_reads_and_opens_at_once(data: Path):
    path = data / "wsi/derived/synthetic_giant_mosaic_98304.tif"
    scan = opened(path)
    places = random.Random(5)
    with openslide.OpenSlide(path) as other:
        assert [(level.width, level.height) for level in scan.info.levels] == list(other.level_dimensions)
        for level, (width, height) in enumerate(other.level_dimensions):
            for _ in range(20):
                column, row = places.randrange(width // 256), places.randrange(height // 256)
                down = int(other.level_downsamples[level])
                at = (column * 256 * down, row * 256 * down)
                pixels = np.asarray(other.read_region(at, level, (256, 256)))[..., :3]
                assert np.abs(scan.tile(PLANE, level, column, row).astype(int) - pixels).max() <= 2


KINDS: dict[str, tuple[np.ndarray, dict[str, Any]]] = {
    "none": (PIXELS, {"compression": None}),
    "deflate": (PIXELS, {"compression": "zlib"}),
    "deflate, differences": (PIXELS, {"compression": "zlib", "predictor": True}),
    "LZW, differences": (PIXELS, {"compression": "lzw", "predictor": True}),
    "PackBits": (PIXELS, {"compression": "packbits"}),
    "Zstandard": (PIXELS, {"compression": "zstd"}),
    "JPEG": (PIXELS, {"compression": "jpeg"}),
    "JPEG, RGB": (PIXELS, {"compression": "jpeg", "compressionargs": {"outcolorspace": "rgb"}}),
    "JPEG, grey": (PIXELS[..., 0], {"compression": "jpeg"}),
    "JPEG 2000": (PIXELS, {"compression": "jpeg2000"}),
    "JPEG 2000 of Aperio": (PIXELS, {"compression": "aperio_jp2000_rgb"}),
    "JPEG XL": (PIXELS, {"compression": "jpegxl"}),
    "JPEG XR": (PIXELS, {"compression": "jpegxr"}),
    "WebP": (PIXELS, {"compression": "webp"}),
    "BigTIFF": (PIXELS, {"bigtiff": True}),
    "big-endian": (GREY16, {"byteorder": ">"}),
    "big-endian, differences": (GREY16, {"byteorder": ">", "predictor": True}),
    "big-endian, uncompressed": (GREY16, {"byteorder": ">", "compression": None}),
    "signed": (PIXELS[..., 0].astype(np.int16) - 300, {"predictor": True}),
    "floating": (GREY16.astype(np.float32) / 7, {}),
    "floating, differences": (GREY16.astype(np.float32) / 7, {"predictor": True}),
    "floating, big-endian, differences": (GREY16.astype(np.float32) / 7, {"predictor": True, "byteorder": ">"}),
    "oblong tiles": (PIXELS, {"tile": (32, 112)}),
    "below the first": (PIXELS, {"below": True}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_tile_of_every_kind_is_what_tifffile_reads(tmp_path: Path, kind: str):
    pixels, options = KINDS[kind]
    path = files.pyramid(tmp_path / "a.tif", pixels, **options)
    scan, expected = opened(path), by_tifffile(path)
    assert len(scan.info.levels) == len(expected) == 3
    assert scan.info.spacing_mm == pytest.approx((0.0005, 0.0005, None))
    assert scan.info.dtype == pixels.dtype.name
    for level, stored in enumerate(expected):
        assert np.array_equal(joined(scan, level), stored)
        if scan.info.is_colour:
            assert np.array_equal(shown(scan, level), stored)
    if "JPEG" not in kind and "WebP" not in kind:
        assert np.array_equal(joined(scan, 0), pixels)


def test_samples_kept_apart_are_put_together(tmp_path: Path):
    apart = np.ascontiguousarray(PIXELS.transpose(2, 0, 1))
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        for number, step in enumerate((1, 2)):
            stored = np.ascontiguousarray(apart[:, ::step, ::step])
            out.write(
                stored,
                tile=(64, 64),
                photometric="rgb",
                planarconfig="separate",
                compression="lzw",
                metadata=None,
                subfiletype=number,
            )
    scan = opened(tmp_path / "a.tif")
    assert np.array_equal(joined(scan, 0), PIXELS)
    assert np.array_equal(shown(scan, 1), PIXELS[::2, ::2])


def test_palettes_transparency_and_16_bits_become_rgb_and_are_told(tmp_path: Path):
    numbers = (PIXELS[..., 0] // 4).astype(np.uint8)
    palette = np.random.default_rng(1).integers(0, 65536, (3, 256)).astype(np.uint16)
    deep = PIXELS.astype(np.uint16) * 257
    with_alpha = np.dstack([PIXELS, np.full(PIXELS.shape[:2], 9, np.uint8)])
    cases: dict[str, tuple[np.ndarray, dict[str, Any]]] = {
        "palette": (numbers, {"photometric": "palette", "colormap": palette}),
        "deep": (deep, {"photometric": "rgb"}),
        "alpha": (with_alpha, {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
    }
    for name, (pixels, options) in cases.items():
        path = tmp_path / f"{name}.tif"
        with tifffile.TiffWriter(path) as out:
            for number, step in enumerate((1, 2)):
                out.write(
                    np.ascontiguousarray(pixels[::step, ::step]),
                    tile=(64, 64),
                    compression="zlib",
                    metadata=None,
                    subfiletype=number,
                    **options,
                )
        scan = opened(path)
        expected = (palette[:, numbers] >> 8).transpose(1, 2, 0) if name == "palette" else PIXELS
        assert np.array_equal(joined(scan, 0), expected)
        assert np.array_equal(shown(scan, 0), expected)
        assert bool(scan.info.notes) == (name != "palette")


def test_tiles_that_were_left_out_are_white_or_nothing(tmp_path: Path):
    for name, pixels, blank in (("colour.tif", PIXELS, 255), ("grey.tif", GREY16, 0)):
        path = files.pyramid(tmp_path / name, pixels)
        files.with_number(path, 325, 0, index=1)
        scan = opened(path)
        expected = pixels.copy()
        expected[:64, 64:128] = blank
        assert np.array_equal(joined(scan, 0), expected)
    jpeg = files.pyramid(tmp_path / "jpeg.tif", PIXELS, compression="jpeg")
    files.with_number(jpeg, 325, 0, index=1)
    assert (opened(jpeg).screen_tile(PLANE, 0, 1, 0) == 0xFFFFFFFF).all()


def test_jpeg_tiles_cut_to_the_rim_are_read(tmp_path: Path):
    path = files.pyramid(tmp_path / "a.tif", PIXELS, levels=2, compression="jpeg")
    cut = imagecodecs.jpeg8_encode(np.ascontiguousarray(PIXELS[:64, 320:333]), level=40)
    offset = path.stat().st_size
    with path.open("ab") as stream:
        stream.write(cut)
    files.with_number(path, 324, offset, index=5)
    files.with_number(path, 325, len(cut), index=5)
    scan = opened(path)
    expected = imagecodecs.jpeg8_decode(cut)
    assert np.array_equal(scan.tile(PLANE, 0, 5, 0), expected)
    assert scan.screen_tile(PLANE, 0, 5, 0).shape == (64, 13)


@given(st.integers(-50, 350), st.integers(-50, 250), st.integers(1, 150), st.integers(1, 150))
def test_any_region_is_cut_from_the_whole_level(
    tmp_path_factory: pytest.TempPathFactory, x: int, y: int, width: int, height: int
):
    path = tmp_path_factory.getbasetemp() / "regions.tif"
    if not path.exists():
        files.pyramid(path, PIXELS, compression="jpeg")
    scan = opened(path)
    whole = np.pad(joined(scan, 0), ((200, 300), (200, 300), (0, 0)), constant_values=255)
    got = scan.read(Region(PLANE, x, y, width, height))
    assert np.array_equal(got, whole[y + 200 : y + 200 + height, x + 200 : x + 200 + width])
    scan.close()


def test_many_threads_read_what_one_reads(tmp_path: Path):
    scan = opened(files.svs(tmp_path / "a.svs", PIXELS))
    places = [(0, c, r) for c in range(6) for r in range(4)] * 5
    alone = [scan.tile(PLANE, *place) for place in places]
    with ThreadPoolExecutor(8) as threads:
        for one, other in zip(alone, threads.map(lambda place: scan.tile(PLANE, *place), places), strict=True):
            assert np.array_equal(one, other)


def test_systems_without_reads_at_a_position_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = files.svs(tmp_path / "a.svs", PIXELS)
    expected = joined(opened(path), 0)
    monkeypatch.delattr(os, "pread", raising=False)
    scan = opened(path)
    with ThreadPoolExecutor(4) as threads:
        assert all(np.array_equal(got, expected) for got in threads.map(lambda _: joined(scan, 0), range(8)))


# What it says of itself


def test_an_aperio_slide_says_what_it_is_and_names_nobody(tmp_path: Path):
    scan = opened(files.svs(tmp_path / "a.svs", PIXELS))
    info = scan.info
    assert (info.format, info.objective, info.objective_from) == ("Aperio SVS", 20.0, "aperio.AppMag")
    assert (info.spacing_mm, info.spacing_from) == ((0.0005, 0.0005, None), "aperio.MPP")
    assert set(info.associated) == {"thumbnail", "label", "macro"}
    assert scan.associated_image("label").shape == (30, 40, 3)
    assert (scan.associated_image("macro") == 220).all()
    assert np.array_equal(scan.associated_image("thumbnail"), PIXELS[::4, ::4])
    assert "SECRET" not in repr(info)
    assert [(level.width, level.downsample) for level in info.levels] == [(333, 1.0), (166, 2.0)]


@pytest.mark.parametrize("said", ["0", "-0.5", "nan", "inf", "400000", "a half", ""])
def test_a_pixel_size_that_cannot_be_true_is_unknown(tmp_path: Path, said: str):
    scan = opened(files.svs(tmp_path / "a.svs", PIXELS, description=files.APERIO.replace("0.5000", said)))
    assert scan.info.spacing_mm == (None, None, None)
    assert scan.info.spacing_from == ""
    assert any("cannot be true" in note for note in scan.info.notes) == (said not in {"a half", ""})


@pytest.mark.parametrize("dots_per_inch", [72, 96, 300])
def test_a_resolution_for_printing_is_no_pixel_size(tmp_path: Path, dots_per_inch: int):
    scan = opened(files.pyramid(tmp_path / "a.tif", PIXELS, micrometres=25400 / dots_per_inch))
    assert scan.info.spacing_mm == (None, None, None)
    assert f"{dots_per_inch} dpi" in scan.info.notes[0]


def test_no_resolution_is_no_pixel_size(tmp_path: Path):
    scan = opened(files.pyramid(tmp_path / "a.tif", PIXELS, micrometres=None))
    assert (scan.info.spacing_mm, scan.info.notes) == ((None, None, None), ())


def test_the_colour_profile_is_handed_over(data: Path, tmp_path: Path):
    path = data / "wsi/openslide_python_fixtures/boxes.tiff"
    scan = opened(path)
    profile = scan.icc_profile()
    with tifffile.TiffFile(path) as tiff:
        page: Any = tiff.pages[0]
        assert profile == page.tags[34675].value
    assert opened(files.pyramid(tmp_path / "a.tif", PIXELS)).icc_profile() is None


def test_channels_of_an_ome_tiff_have_names_and_colours(tmp_path: Path):
    channels = np.ascontiguousarray(PIXELS.transpose(2, 0, 1))
    said = {"Name": ["DAPI", "CD8", "PanCK"], "Color": [65535, -16776961, 0x00FF00FF]}
    files.ome(
        tmp_path / "a.ome.tif",
        channels,
        "CYX",
        Channel=said,
        PhysicalSizeX=250.0,
        PhysicalSizeXUnit="nm",
        PhysicalSizeY=0.25,
    )
    scan = opened(tmp_path / "a.ome.tif")
    info = scan.info
    assert [(one.name, hex(one.colour)) for one in info.fluorescence] == [
        ("DAPI", "0xff"),
        ("CD8", "0xff0000"),
        ("PanCK", "0xff00"),
    ]
    assert not info.is_colour
    assert info.spacing_mm == pytest.approx((0.00025, 0.00025, None))
    assert info.spacing_from == "OME PhysicalSizeX"
    assert np.array_equal(joined(scan, 0), PIXELS)
    assert np.array_equal(joined(scan, 1), PIXELS[::2, ::2])


@pytest.mark.parametrize("axes", ["TZCYX", "TCZYX", "ZTCYX", "ZCTYX", "CTZYX", "CZTYX"])
def test_depths_and_times_are_planes_whatever_their_order(tmp_path: Path, axes: str):
    counts = {"T": 2, "Z": 3, "C": 2}
    pixels = np.random.default_rng(2).integers(0, 4000, (*(counts[a] for a in axes[:3]), 70, 90)).astype(np.uint16)
    files.ome(tmp_path / "a.ome.tif", pixels, axes, PhysicalSizeZ=2.0)
    scan = opened(tmp_path / "a.ome.tif")
    assert scan.info.size == Size(90, 70, 6)
    assert scan.info.spacing_mm == (None, None, pytest.approx(0.002))
    assert "2 times of 3 depths, the depth changing fastest" in scan.info.notes[0]
    in_order = np.moveaxis(pixels, [axes.index(a) for a in "TZC"], [0, 1, 4])
    for time_ in range(2):
        for depth in range(3):
            plane = Plane(0, 3 * time_ + depth)
            assert np.array_equal(joined(scan, 0, plane), in_order[time_, depth])
            assert np.array_equal(joined(scan, 1, plane), in_order[time_, depth, ::2, ::2])


def test_a_small_series_of_depths_and_times_opens_with_all_planes(data: Path):
    scan = open_scan(data / "wsi/4D-series.ome.tiff")
    assert scan.info.size == Size(439, 167, 35)
    assert scan.info.notes == ("its planes are 7 times of 5 depths, the depth changing fastest",)
    stored = tifffile.imread(data / "wsi/4D-series.ome.tiff")
    for plane in (0, 4, 5, 34):
        got = scan.read(whole_plane(scan.info.size, Plane(0, plane)))
        assert np.array_equal(got, stored[plane // 5, plane % 5])


def test_a_qptiff_has_a_channel_for_each_page(tmp_path: Path):
    planes = files.qptiff(tmp_path / "a.qptiff", [("DAPI", "0,0,255"), ("CD8", "255,0,0")])
    scan = opened(tmp_path / "a.qptiff")
    info = scan.info
    assert [(one.name, one.colour) for one in info.fluorescence] == [("DAPI", 0xFF), ("CD8", 0xFF0000)]
    assert (info.objective, info.objective_from, info.spacing_from) == (20.0, "QPTIFF Objective", "QPTIFF resolution")
    assert np.array_equal(joined(scan, 0), np.dstack(planes))
    assert np.array_equal(joined(scan, 1), np.dstack(planes)[::2, ::2])
    assert info.associated == ("label",)
    assert (scan.associated_image("label") == 90).all()
    assert "SECRET" not in repr(info)


def test_a_philips_slide_has_the_sizes_its_pixel_sizes_tell(tmp_path: Path):
    path = files.philips(tmp_path / "a.tiff", tissue(600, 500))
    scan = opened(path)
    assert [(one.width, one.height, one.downsample) for one in scan.info.levels] == [
        (640, 512, 1.0),
        (320, 256, 2.0),
        (160, 128, 4.0),
    ]
    assert (scan.info.spacing_mm[0], scan.info.spacing_from) == (0.00025, "philips.DICOM_PIXEL_SPACING")
    with tifffile.TiffFile(path) as tiff:
        for level, size in enumerate(scan.info.levels):
            page = tiff.pages[level]
            assert np.array_equal(joined(scan, level), page.asarray()[: size.height, : size.width])


def test_pages_of_one_size_are_planes(tmp_path: Path):
    stack = [tissue(5000, 40, seed) for seed in range(3)]
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        for one in stack:
            out.write(one, tile=(64, 64), photometric="rgb", compression="zlib", metadata=None)
    scan = opened(tmp_path / "a.tif")
    assert scan.info.size == Size(5000, 40, 3)
    for index, one in enumerate(stack):
        assert np.array_equal(scan.read(whole_plane(scan.info.size, Plane(0, index))), one)


def test_a_large_slide_of_one_level_gets_coarser_ones(tmp_path: Path):
    pixels = tissue(5000, 300)
    scan = opened(files.pyramid(tmp_path / "a.tif", pixels, levels=1))
    assert [(one.width, one.height) for one in scan.info.levels] == [(5000, 300), (2500, 150), (1250, 75)]
    expected = levels_of(pixels, 3)[2]
    assert np.abs(scan.read(whole_plane(scan.info.size, PLANE), 4.0).astype(int) - expected).max() <= 2
    assert "coarser ones are made" in scan.info.notes[-1]


def test_small_tiled_pictures_stay_pictures(tmp_path: Path):
    path = files.pyramid(tmp_path / "a.tif", PIXELS, levels=1)
    assert family(path) == ""
    assert open_scan(path).info.kind == "picture"
    assert find_scans([files.svs(tmp_path / "b.svs", PIXELS, levels=1)])[0].format == "slide_tiff"


def test_what_only_its_maker_can_put_together_is_left_to_others(data: Path, tmp_path: Path):
    assert family(data / "wsi/test3-DAPI-2-(387).ndpi") == "other"
    subsampled = files.svs(tmp_path / "a.svs", PIXELS, compression="aperio_jp2000_ycbc", compressionargs={})
    assert family(subsampled) == "other"
    assert family(tmp_path / "gone") == ""
    assert family(tmp_path) == ""


# Hostile files


def test_the_broken_slides_are_refused(data: Path):
    for name in ("broken.svs", "unreadable.svs"):
        assert name in str(refused(data / "wsi_broken" / name))


def test_a_slide_cut_anywhere_is_refused_or_tells_which_tiles_are_gone(tmp_path: Path):
    path = files.svs(tmp_path / "whole.svs", PIXELS)
    whole, expected = path.read_bytes(), joined(opened(path), 0)
    outcomes: set[str] = set()
    for size in [*range(0, len(whole), max(1, len(whole) // 60)), len(whole) - 1]:
        cut = tmp_path / "cut.svs"
        cut.write_bytes(whole[:size])
        try:
            scan = opened(cut)
        except ScanProblem as problem:
            check_line(problem)
            outcomes.add("refused")
            continue
        for row in range(4):
            for column in range(6):
                try:
                    tile = scan.tile(PLANE, 0, column, row)
                except ScanProblem as problem:
                    check_line(problem)
                    outcomes.add("a tile is gone")
                else:
                    part = expected[row * 64 : row * 64 + 64, column * 64 : column * 64 + 64]
                    assert np.array_equal(tile, part)
        scan.close()
    assert "refused" in outcomes


def test_a_pyramid_without_its_last_directories_is_read_as_far_as_it_goes(tmp_path: Path):
    path = files.pyramid(tmp_path / "a.tif", PIXELS)
    with tifffile.TiffFile(path) as tiff:
        second = tiff.pages[1].offset
    with path.open("r+b") as stream:
        stream.truncate(second)
    scan = opened(path)
    assert len(scan.info.levels) == 1
    assert "only 1 of its directories can be read" in scan.info.notes
    assert np.array_equal(joined(scan, 0), PIXELS)


def test_tiles_behind_the_end_of_the_file_are_told_when_it_is_opened(tmp_path: Path):
    path = files.pyramid(tmp_path / "a.tif", PIXELS)
    files.with_number(path, 324, 2**31, index=3)
    scan = opened(path)
    assert "1 tiles of its finest level lie behind the end" in scan.info.notes[-1]
    with pytest.raises(ScanProblem, match="behind the end"):
        scan.tile(PLANE, 0, 3, 0)
    assert np.array_equal(scan.tile(PLANE, 0, 2, 0), PIXELS[:64, 128:192])


@pytest.mark.parametrize("compression", ["jpeg", "zlib", "lzw", "jpeg2000", "webp", "jpegxl"])
def test_a_damaged_tile_in_the_middle_is_one_problem_and_the_rest_is_readable(tmp_path: Path, compression: str):
    path = files.pyramid(tmp_path / "a.tif", PIXELS, compression=compression)
    before = opened(path)
    expected = [before.tile(PLANE, 0, column, 1) for column in range(6)]
    before.close()
    scan = opened(files.with_bad_tile(path, 8))
    for call in (
        lambda: scan.tile(PLANE, 0, 2, 1),
        lambda: scan.screen_tile(PLANE, 0, 2, 1),
        lambda: scan.read(Region(PLANE, 100, 50, 100, 100)),
    ):
        with pytest.raises(ScanProblem, match=r"tile \(2, 1\)") as caught:
            call()
        assert str(path) in str(caught.value)
    for column in (0, 1, 3, 4, 5):
        assert np.array_equal(scan.tile(PLANE, 0, column, 1), expected[column])


BOMBS = {
    "jpeg": lambda: imagecodecs.jpeg8_encode(np.zeros((6000, 6000, 3), np.uint8)),
    "zlib": lambda: imagecodecs.zlib_encode(bytes(50_000_000)),
    "zstd": lambda: imagecodecs.zstd_encode(bytes(50_000_000)),
    "jpeg2000": lambda: imagecodecs.jpeg2k_encode(np.zeros((2000, 2000, 3), np.uint8), codecformat="j2k"),
    "webp": lambda: imagecodecs.webp_encode(np.zeros((4000, 4000, 3), np.uint8)),
    "jpegxl": lambda: imagecodecs.jpegxl_encode(np.zeros((600, 600, 3), np.uint8)),
}


@pytest.mark.parametrize("compression", BOMBS)
def test_a_tile_that_would_unpack_to_another_size_is_refused_before_it_does(tmp_path: Path, compression: str):
    path = files.pyramid(tmp_path / "a.tif", PIXELS, compression=compression)
    bomb, offset = BOMBS[compression](), path.stat().st_size
    with path.open("ab") as stream:
        stream.write(bomb)
    files.with_number(path, 324, offset, index=8)
    files.with_number(path, 325, len(bomb), index=8)
    scan = opened(path)
    start = time.process_time()
    with pytest.raises(ScanProblem):
        scan.tile(PLANE, 0, 2, 1)
    assert time.process_time() - start < 0.2


def test_a_jpeg_that_claims_gigapixels_is_refused(tmp_path: Path):
    path = files.pyramid(tmp_path / "a.tif", PIXELS, compression="jpeg")
    with tifffile.TiffFile(path) as tiff:
        page: Any = tiff.pages[0]
        at, count = page.dataoffsets[8], page.databytecounts[8]
    data = path.read_bytes()[at : at + count]
    frame = data.index(b"\xff\xc0")
    files.overwritten(path, at + frame + 5, b"\xff\xff\xff\xff")
    with pytest.raises(ScanProblem, match="65,535 × 65,535"):
        opened(path).screen_tile(PLANE, 0, 2, 1)


def test_directories_that_bite_their_tail_are_read_once(tmp_path: Path):
    path = files.pyramid(tmp_path / "a.tif", PIXELS, levels=3)
    with tifffile.TiffFile(path) as tiff:
        places = [page.offset for page in tiff.pages]
    data = path.read_bytes()
    entries = int.from_bytes(data[places[2] : places[2] + 2], "little")
    files.overwritten(path, places[2] + 2 + 12 * entries, places[0].to_bytes(4, "little"))
    assert len(opened(path).info.levels) == 3


@pytest.mark.parametrize(
    ("tag", "value"),
    [(256, 2**31), (257, 2**31 - 1), (256, 0), (322, 2**22), (322, 0), (323, 1), (256, 10**6), (257, 5000)],
)
def test_absurd_sizes_are_refused_or_leave_what_is_readable(tmp_path: Path, tag: int, value: int):
    path = files.pyramid(tmp_path / "a.tif", PIXELS)
    with tifffile.TiffFile(path) as tiff:
        page: Any = tiff.pages[0]
        kind = {3: "<H", 4: "<I"}[int(page.tags[tag].dtype)]
    if kind == "<H":
        files.overwritten(path, place_of_entry(path, tag) + 2, (4).to_bytes(2, "little"))
        files.overwritten(path, place_of_entry(path, tag) + 8, value.to_bytes(4, "little"))
    else:
        files.with_number(path, tag, value, kind=kind)
    refused(path)


def place_of_entry(path: Path, tag: int, directory: int = 0) -> int:
    """Where the entry of a tag lies."""
    data = path.read_bytes()
    with tifffile.TiffFile(path) as tiff:
        start = tiff.pages[directory].offset
    for at in range(start + 2, start + 2 + 12 * int.from_bytes(data[start : start + 2], "little"), 12):
        if int.from_bytes(data[at : at + 2], "little") == tag:
            return at
    raise AssertionError(tag)


@pytest.mark.parametrize("tag", [324, 325, 258, 270, 277, 262])
def test_a_tag_that_claims_billions_of_values_is_no_allocation(tmp_path: Path, tag: int):
    path = files.svs(tmp_path / "a.svs", PIXELS)
    files.overwritten(path, place_of_entry(path, tag) + 4, b"\xff\xff\xff\xff")
    try:
        scan = open_scan(path)
    except ScanProblem as problem:
        check_line(problem)
    else:
        assert scan.info.size.columns == 333


def test_levels_that_disagree_are_left_out_and_told(tmp_path: Path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        stored: dict[str, Any] = {"tile": (64, 64), "photometric": "rgb", "compression": "zlib", "metadata": None}
        out.write(PIXELS, **stored)
        out.write(tissue(166, 108), subfiletype=1, **stored)
        out.write(tissue(90, 90), subfiletype=1, **stored)
        out.write(tissue(41, 27), subfiletype=1, **stored)
    scan = opened(tmp_path / "a.tif")
    assert [(one.width, one.height) for one in scan.info.levels] == [(333, 217), (166, 108), (41, 27)]
    assert "level 2 (90 × 90) does not fit" in scan.info.notes[0]
    assert np.array_equal(joined(scan, 2), tissue(41, 27))


def test_a_level_of_another_kind_or_compression_is_left_out(tmp_path: Path):
    path = files.pyramid(tmp_path / "a.tif", PIXELS)
    files.with_number(path, 259, 34677, directory=1, kind="<H")
    scan = opened(path)
    assert [one.width for one in scan.info.levels] == [333, 83]
    assert "is left out" in scan.info.notes[0]


@pytest.mark.parametrize(("tag", "value"), [(259, 34677), (259, 6), (258, 12), (266, 2), (317, 9), (262, 5)])
def test_kinds_of_pixels_that_are_not_read_are_refused(tmp_path: Path, tag: int, value: int):
    path = files.pyramid(tmp_path / "a.tif", GREY16, predictor=True)
    if tag == 266:
        path = files.pyramid(tmp_path / "b.tif", GREY16, extratags=[(65000, 3, 1, 2, True)])
        files.overwritten(path, place_of_entry(path, 65000), (266).to_bytes(2, "little"))
    else:
        files.with_number(path, tag, value, kind="<H")
    assert "readable" in str(refused(path))


def test_a_slide_that_shrinks_or_is_closed_while_open_is_one_problem(tmp_path: Path):
    path = files.svs(tmp_path / "a.svs", PIXELS)
    scan = opened(path)
    with path.open("r+b") as stream:
        stream.truncate(200)
    with pytest.raises(ScanProblem, match="has become shorter"):
        scan.tile(PLANE, 0, 3, 2)
    with pytest.raises(ScanProblem, match="has become shorter"):
        scan.associated_image("label")
    path.unlink()
    scan.close()
    with pytest.raises(ScanProblem, match="is closed"):
        scan.tile(PLANE, 0, 0, 0)


@pytest.mark.parametrize("kind", ["svs", "ome", "qptiff", "philips", "pyramid"])
def test_random_damage_never_ends_in_anything_but_a_problem(tmp_path: Path, kind: str):
    path = tmp_path / "a.tif"
    small = tissue(140, 90)
    makers: dict[str, Any] = {
        "svs": lambda: files.svs(path, small),
        "ome": lambda: files.ome(path, np.ascontiguousarray(small.transpose(2, 0, 1)), "CYX"),
        "qptiff": lambda: files.qptiff(path, [("a", "1,2,3")], 140, 90),
        "philips": lambda: files.philips(path, small, 2),
        "pyramid": lambda: files.pyramid(path, small, compression="jpeg"),
    }
    makers[kind]()
    whole = path.read_bytes()
    with tifffile.TiffFile(path) as tiff:
        heads = [page.offset for page in tiff.pages]
    chance = random.Random(kind)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            start = chance.choice([0, *heads])
            at = min(start + chance.randrange(0, 220), len(damaged) - 1)
            damaged[at] = chance.choice([0, 1, 127, 128, 255, chance.randrange(256)])
        path.write_bytes(damaged)
        try:
            scan = open_scan(path)
            scan.read(Region(PLANE, 0, 0, 64, 64))
            scan.close()
        except ScanProblem as problem:
            check_line(problem)
