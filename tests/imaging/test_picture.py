"""Pictures of every kind, their turns, pages and stacks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from imaging.geometry import Plane, Region, whole_plane
from imaging.opening import find_scans, open_scan
from imaging.progress import silent
from imaging.scan import Scan, Volume

RANDOM = np.random.default_rng(11)
GREY = RANDOM.integers(0, 255, (6, 9)).astype(np.uint8)
RGB = RANDOM.integers(0, 255, (6, 9, 3)).astype(np.uint8)


def voxels(scan: Scan) -> np.ndarray:
    assert isinstance(scan, Volume)
    return scan.voxels()


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif"])
@pytest.mark.parametrize("pixels", [GREY, RGB], ids=["grey", "rgb"])
def test_lossless_pictures_are_what_was_written(tmp_path: Path, suffix: str, pixels: np.ndarray):
    Image.fromarray(pixels).save(tmp_path / f"a.{suffix}")
    scan = open_scan(tmp_path / f"a.{suffix}")
    assert np.array_equal(voxels(scan)[0], pixels)
    assert (scan.info.kind, scan.info.channels) == ("picture", 1 if pixels.ndim == 2 else 3)
    assert scan.info.spacing_mm == (None, None, None)


def test_jpeg_is_what_pillow_decodes(tmp_path: Path):
    Image.fromarray(RGB).save(tmp_path / "a.jpg")
    assert np.array_equal(voxels(open_scan(tmp_path / "a.jpg"))[0], np.asarray(Image.open(tmp_path / "a.jpg")))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_exif_orientation_is_obeyed_and_noted(tmp_path: Path, orientation: int, suffix: str):
    path = tmp_path / f"a.{suffix}"
    exif = Image.Exif()
    exif[274] = orientation
    if suffix == "tif":
        tifffile.imwrite(path, GREY, extratags=[(274, "H", 1, orientation, True)])
    else:
        Image.fromarray(GREY).save(path, exif=exif)
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image)) if suffix != "tif" else turn_by_pillow(orientation)
    scan = open_scan(path)
    assert np.array_equal(voxels(scan)[0], expected)
    assert bool(scan.info.notes) == (orientation != 1)


def turn_by_pillow(orientation: int) -> np.ndarray:
    image = Image.fromarray(GREY)
    image.getexif()[274] = orientation
    return np.asarray(ImageOps.exif_transpose(image))


@pytest.mark.parametrize(
    ("mode", "channels", "dtype"),
    [
        ("1", 1, "uint8"),
        ("P", 3, "uint8"),
        ("RGBA", 3, "uint8"),
        ("LA", 1, "uint8"),
        ("I;16", 1, "uint16"),
    ],
)
def test_png_modes(tmp_path: Path, mode: str, channels: int, dtype: str):
    source: Any = Image.fromarray(RGB if mode in {"P", "RGBA"} else GREY)
    image = Image.fromarray(GREY.astype(np.uint16) * 257) if mode == "I;16" else source.convert(mode)
    image.save(tmp_path / "a.png")
    scan = open_scan(tmp_path / "a.png")
    assert (scan.info.channels, scan.info.dtype) == (channels, dtype)
    expected = {"1": "L", "P": "RGB", "RGBA": "RGB", "LA": "L"}.get(mode)
    assert np.array_equal(voxels(scan)[0], np.asarray(image.convert(expected) if expected else image))


@pytest.mark.parametrize("kind", ["uint8", "int16", "uint16", "int32", "uint32", "float32", "float64", "bool"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
def test_tiff_of_every_type(tmp_path: Path, kind: str, tile: Any):
    pixels = RANDOM.integers(0, 2 if kind == "bool" else 99, (20, 33)).astype(kind)
    tifffile.imwrite(tmp_path / "a.tif", pixels, tile=tile)
    scan = open_scan(tmp_path / "a.tif")
    assert scan.info.dtype == ("uint8" if kind == "bool" else kind)
    assert np.array_equal(voxels(scan)[0], pixels * np.uint8(255) if kind == "bool" else pixels)


def test_pages_are_planes(tmp_path: Path):
    pixels = RANDOM.integers(0, 9999, (4, 5, 6)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    scan = open_scan(tmp_path / "a.tif")
    assert scan.info.kind == "sequence"
    assert np.array_equal(voxels(scan), pixels)


def test_white_is_zero_is_inverted(tmp_path: Path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, photometric="miniswhite")
    assert open_scan(tmp_path / "a.tif").info.inverted


def test_palette_and_planar_tiff(tmp_path: Path):
    colours = RANDOM.integers(0, 65535, (3, 256)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "p.tif", GREY, photometric="palette", colormap=colours)
    assert np.array_equal(voxels(open_scan(tmp_path / "p.tif"))[0], (colours[:, GREY] >> 8).transpose(1, 2, 0))
    tifffile.imwrite(tmp_path / "s.tif", RGB.transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
    assert np.array_equal(voxels(open_scan(tmp_path / "s.tif"))[0], RGB)


def write_run(folder: Path, numbers: list[int], pattern: str = "s_{:03d}.png", shape: tuple[int, int] = (4, 5)) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        Image.fromarray(np.full(shape, number % 256, np.uint8)).save(folder / pattern.format(number))


def test_a_numbered_run_is_one_stack_in_numeric_order(tmp_path: Path):
    write_run(tmp_path, [8, 9, 10, 11], "s{}.png")
    scan = open_scan(tmp_path)
    assert voxels(scan)[:, 0, 0].tolist() == [8, 9, 10, 11]
    assert scan.info.kind == "sequence"
    assert "4 numbered pictures are read as one stack" in scan.info.notes


@pytest.mark.parametrize("numbers", [[1, 2], [1, 2, 4], [1427, 1430, 1431]])
def test_two_pictures_or_uneven_numbers_are_no_stack(tmp_path: Path, numbers: list[int]):
    write_run(tmp_path, numbers)
    assert len(find_scans([tmp_path])) == len(numbers)


def test_pictures_of_different_sizes_are_no_stack(tmp_path: Path):
    write_run(tmp_path, [1, 2])
    write_run(tmp_path, [3], shape=(9, 9))
    assert len(find_scans([tmp_path])) == 3


def test_numbers_may_outgrow_their_zeros(tmp_path: Path):
    write_run(tmp_path, [98, 99, 100, 101], "s{:02d}.png")
    assert open_scan(tmp_path).info.size.planes == 4


def test_real_sequences_are_stacks(data: Path):
    planes = [open_scan(source).info.size.planes for source in find_scans([data / "image_sequence"])]
    assert planes == [16, 16]


def test_a_region_over_the_edge_is_filled_and_shrunk_by_area(tmp_path: Path):
    Image.fromarray(np.full((8, 8), 100, np.uint8)).save(tmp_path / "a.png")
    scan = open_scan(tmp_path / "a.png")
    region = Region(whole_first_plane(), -2, 0, 8, 8)
    assert scan.read(region)[:, :2].max() == 0
    assert scan.read(region, 2.0).shape == (4, 4)


def whole_first_plane():
    from imaging.geometry import Plane

    return Plane(0, 0)


def test_a_grey_picture_kept_as_colour_is_read_as_grey(tmp_path: Path) -> None:
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    Image.fromarray(np.repeat(grey[..., None], 3, axis=2)).save(tmp_path / "grey.png")
    scan = open_scan(tmp_path / "grey.png")
    assert scan.info.channels == 1
    assert "its three channels are equal, so it is read as grey" in scan.info.notes
    np.testing.assert_array_equal(scan.read(whole_plane(scan.info.size, Plane())), grey)
    coloured = np.repeat(grey[..., None], 3, axis=2)
    coloured[0, 0, 2] = 9
    Image.fromarray(coloured).save(tmp_path / "colour.png")
    assert open_scan(tmp_path / "colour.png").info.channels == 3


def test_numbered_files_among_many_others_are_pictures_of_their_own(tmp_path: Path) -> None:
    names = [*(f"person7_bacteria_{n}" for n in (20, 21, 22)), *(f"person{n}_virus_5" for n in range(30, 34))]
    for number, name in enumerate(names):
        Image.fromarray(np.full((8, 8), number, np.uint8)).save(tmp_path / f"{name}.png")
    assert len(find_scans([tmp_path], silent())) == len(names)
