# ruff: noqa: ARG002
"""Regions put together from tiles, coarser levels made from finer ones, and which pyramids are believed."""

import threading
import time
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from imaging.coarser import with_coarser
from imaging.errors import ScanProblem
from imaging.geometry import Plane, Region, Size
from imaging.pyramid import downsample_of, fitting_levels, pixel_size
from imaging.scan import Channel, Level, Pixels, ScanInfo, TiledScan
from imaging.tiled import TiledSlide, screen_pixels
from tests.imaging.slide_files import levels_of, tissue

PLANE = Plane()
TILE = (32, 24)
COLOUR = tissue(203, 151)
GREY = (COLOUR[..., 0].astype(np.uint16) << 4) + COLOUR[..., 1]
CHANNELS = np.stack([GREY, GREY // 2, GREY // 3, GREY // 4, GREY // 5], axis=-1)


class Stored:
    """Levels held in memory; counts what is asked for, and can refuse a tile."""

    def __init__(self, levels: list[np.ndarray], tile: tuple[int, int] = TILE) -> None:
        self.levels, self.size = levels, tile
        self.asked: list[tuple[int, int, int]] = []
        self.errors: dict[tuple[int, int, int], BaseException] = {}
        self.closed = 0
        self.gate: threading.Event | None = None

    def tile(self, plane: Plane, level: int, column: int, row: int) -> Pixels:
        self.asked.append((level, column, row))
        if self.gate:
            self.gate.wait(10)
            assert not self.closed
        if (level, column, row) in self.errors:
            raise self.errors[(level, column, row)]
        width, height = self.size
        part = self.levels[level][row * height :, column * width :][:height, :width]
        more = ((0, height - part.shape[0]), (0, width - part.shape[1]), (0, 0))[: part.ndim]
        return np.pad(part, more, constant_values=7)  # whole tiles, with what lies beyond the rim

    def screen_tile(self, plane: Plane, level: int, column: int, row: int) -> NDArray[np.uint32] | None:
        return None

    def associated_image(self, name: str) -> Pixels:
        return np.zeros((2, 3, 3), np.uint8)

    def icc_profile(self) -> bytes | None:
        return b"profile"

    def close(self) -> None:
        self.closed += 1


def slide(pixels: np.ndarray = COLOUR, count: int = 3, tile: tuple[int, int] = TILE) -> tuple[TiledSlide, Stored]:
    levels = levels_of(pixels, count)
    reader = Stored(levels, tile)
    return TiledSlide(info_of(pixels, levels, tile), reader), reader


def info_of(pixels: np.ndarray, levels: list[np.ndarray], tile: tuple[int, int] = TILE) -> ScanInfo:
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    return ScanInfo(
        name="a slide",
        format="memory",
        kind="slide",
        size=Size(width, height),
        dtype=pixels.dtype.name,
        channels=channels,
        levels=tuple(
            Level(one.shape[1], one.shape[0], downsample_of((width, height), (one.shape[1], one.shape[0])), tile)
            for one in levels
        ),
        fluorescence=tuple(Channel(str(c), 0xFFFFFF) for c in range(channels)) if channels == 5 else (),
        associated=("macro",),
    )


def cropped(pixels: np.ndarray, x: int, y: int, width: int, height: int, blank: int) -> np.ndarray:
    """A rectangle of an array, blank where it reaches over the rim."""
    out = np.full((height, width, *pixels.shape[2:]), blank, pixels.dtype)
    for row in range(max(y, 0), min(y + height, pixels.shape[0])):
        left, right = max(x, 0), min(x + width, pixels.shape[1])
        if left < right:
            out[row - y, left - x : right - x] = pixels[row, left:right]
    return out


places = st.integers(-60, 260)
sides = st.integers(1, 120)


@pytest.mark.parametrize(("pixels", "blank"), [(COLOUR, 255), (GREY, 0), (CHANNELS, 0)], ids=["colour", "grey", "five"])
def test_any_region_is_cut_from_the_whole_pixel_by_pixel(pixels: np.ndarray, blank: int):
    scan, _ = slide(pixels)

    @given(places, places, sides, sides)
    def check(x: int, y: int, width: int, height: int):
        assert np.array_equal(
            scan.read(Region(PLANE, x, y, width, height)), cropped(pixels, x, y, width, height, blank)
        )

    check()


@given(places, places, sides, sides)
def test_a_region_on_the_grid_of_a_level_is_cut_from_that_level(x: int, y: int, width: int, height: int):
    scan, reader = slide()
    got = scan.read(Region(PLANE, 4 * x, 4 * y, 4 * width, 4 * height), 4.0)
    assert np.array_equal(got, cropped(reader.levels[2], x, y, width, height, 255))


@given(places, places, st.integers(1, 200), st.integers(1, 200), st.floats(0.2, 40))
def test_every_answer_has_the_promised_size_and_type(x: int, y: int, width: int, height: int, downsample: float):
    scan, _ = slide()
    got = scan.read(Region(PLANE, x, y, width, height), downsample)
    assert got.shape == (max(1, round(height / downsample)), max(1, round(width / downsample)), 3)
    assert got.dtype == np.uint8


@pytest.mark.parametrize("pixels", [COLOUR, GREY, CHANNELS], ids=["colour", "grey", "five"])
def test_an_answer_put_together_from_blocks_is_the_answer_read_at_once(
    pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    scan, _ = slide(pixels)
    region, downsample = Region(PLANE, -7, 3, 230, 140), 2.7
    whole = scan.read(region, downsample).astype(int)
    monkeypatch.setattr("imaging.tiled._BAND", 6000)
    assert np.abs(scan.read(region, downsample).astype(int) - whole).max() <= 1


@given(st.integers(0, 90), st.integers(0, 70), st.floats(1.0, 7.9))
def test_shrinking_takes_means_of_exactly_the_region(x: int, y: int, downsample: float):
    scan, _ = slide(count=1)
    width, height = 100, 80
    got = scan.read(Region(PLANE, x, y, width, height), downsample)
    size = (max(1, round(width / downsample)), max(1, round(height / downsample)))
    expected = cv2.resize(COLOUR[y : y + height, x : x + width], size, interpolation=cv2.INTER_AREA)
    assert np.abs(got.astype(int) - expected).max() <= 1


def test_parts_between_the_pixels_of_a_level_are_weighed():
    ramp = np.repeat(np.arange(0, 200, 2, dtype=np.uint8)[None], 60, axis=0)
    scan, _ = slide(ramp, count=2)
    even = scan.read(Region(PLANE, 20, 0, 40, 40), 4.0)[5]
    odd = scan.read(Region(PLANE, 21, 0, 40, 40), 4.0)[5]
    assert np.abs((odd.astype(int) - even) - 2).max() <= 1  # one pixel further is two brighter


@pytest.mark.parametrize(
    ("downsample", "level"), [(0.5, 0), (1.0, 0), (1.9, 0), (2.0, 1), (3.9, 1), (4.0, 2), (30.0, 2), (1.9999, 1)]
)
def test_the_coarsest_level_that_is_fine_enough_is_read(downsample: float, level: int):
    scan, reader = slide()
    scan.read(Region(PLANE, 0, 0, 60, 60), downsample)
    assert {asked[0] for asked in reader.asked} == {level}


def test_enlarging_repeats_the_nearest_pixel():
    scan, _ = slide()
    got = scan.read(Region(PLANE, 10, 20, 5, 4), 0.25)
    assert np.array_equal(got, COLOUR[20:24, 10:15].repeat(4, 0).repeat(4, 1))


@pytest.mark.parametrize(
    ("region", "downsample"),
    [
        (Region(PLANE, 0, 0, 10**9, 10**9), 1.0),
        (Region(PLANE, 0, 0, 2**31, 2**31), 2.0),
        (Region(PLANE, 0, 0, 100, 100), 1e-6),
        (Region(PLANE, 0, 0, 100, 100), 0.0),
        (Region(PLANE, 0, 0, 100, 100), -1.0),
        (Region(PLANE, 0, 0, 100, 100), float("nan")),
        (Region(PLANE, 0, 0, 100, 100), float("inf")),
        (Region(PLANE, 0, 0, -5, 100), 1.0),
        (Region(Plane(0, 1), 0, 0, 5, 5), 1.0),
        (Region(Plane(1, 0), 0, 0, 5, 5), 1.0),
        (Region(PLANE, 0, 0, 2**30, 2**30), 2.0**29),
    ],
)
def test_absurd_requests_are_refused_in_one_line_at_once(region: Region, downsample: float):
    scan, reader = slide()
    with pytest.raises(ScanProblem) as caught:
        scan.read(region, downsample)
    assert "\n" not in str(caught.value)
    assert not reader.asked


def test_tiles_are_cut_at_the_rim_and_are_what_the_screen_shows():
    scan, _ = slide()
    assert isinstance(scan, TiledScan)
    for level, pixels in enumerate(levels_of(COLOUR, 3)):
        for row in range(-(-pixels.shape[0] // TILE[1])):
            for column in range(-(-pixels.shape[1] // TILE[0])):
                tile = scan.tile(PLANE, level, column, row)
                part = pixels[row * TILE[1] :, column * TILE[0] :][: TILE[1], : TILE[0]]
                assert np.array_equal(tile, part)
                shown = scan.screen_tile(PLANE, level, column, row)
                assert shown.flags.c_contiguous
                assert shown.dtype == np.uint32
                colours = [(shown >> 16) & 255, (shown >> 8) & 255, shown & 255]
                assert np.array_equal(np.stack(colours, axis=-1), part)
                assert (shown >> 24 == 255).all()


@pytest.mark.parametrize("place", [(0, 7, 0), (0, 0, 7), (0, -1, 0), (0, 0, -1), (3, 0, 0), (-1, 0, 0)])
def test_a_tile_that_is_not_there_is_a_problem(place: tuple[int, int, int]):
    scan, _ = slide()
    with pytest.raises(ScanProblem, match="has no tile"):
        scan.tile(PLANE, *place)


@pytest.mark.parametrize("pixels", [GREY, CHANNELS], ids=["grey", "five"])
def test_what_has_no_colours_has_no_tiles_for_the_screen(pixels: np.ndarray):
    scan, _ = slide(pixels)
    with pytest.raises(ScanProblem, match="no colours"):
        scan.screen_tile(PLANE, 0, 0, 0)


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), ValueError("bad\nbytes"), MemoryError()], ids=repr)
def test_an_unreadable_tile_is_one_line_and_leaves_the_rest(error: Exception):
    scan, reader = slide()
    reader.errors[(0, 1, 1)] = error
    for call in (
        lambda: scan.tile(PLANE, 0, 1, 1),
        lambda: scan.screen_tile(PLANE, 0, 1, 1),
        lambda: scan.read(Region(PLANE, 0, 0, 100, 100)),
    ):
        with pytest.raises(ScanProblem, match=r"tile \(1, 1\) of level 0") as caught:
            call()
        assert "\n" not in str(caught.value)
    assert np.array_equal(scan.tile(PLANE, 0, 0, 0), COLOUR[: TILE[1], : TILE[0]])
    assert np.array_equal(scan.read(Region(PLANE, 64, 48, 50, 50)), COLOUR[48:98, 64:114])


@pytest.mark.parametrize("shape", [(10, 10, 3), (24, 32), (24, 32, 4)])
def test_a_tile_of_another_shape_is_a_problem(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch):
    scan, reader = slide()
    monkeypatch.setattr(reader, "tile", lambda *_: np.zeros(shape, np.uint8))
    with pytest.raises(ScanProblem, match="a tile holds"):
        scan.tile(PLANE, 0, 0, 0)


def test_closing_waits_for_reads_under_way_and_later_ones_are_refused():
    scan, reader = slide()
    reader.gate = threading.Event()
    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.append(scan.tile(PLANE, 0, 0, 0)))
    thread.start()
    while not reader.asked:
        time.sleep(0.001)
    scan.close()
    scan.close()
    assert reader.closed == 0
    with pytest.raises(ScanProblem, match="is closed"):
        scan.tile(PLANE, 0, 0, 0)
    reader.gate.set()
    thread.join(10)
    assert len(got) == 1
    assert reader.closed == 1


def test_pictures_beside_it_are_those_it_names():
    scan, _ = slide()
    assert scan.associated_image("macro").shape == (2, 3, 3)
    assert scan.icc_profile() == b"profile"
    with pytest.raises(ScanProblem, match="label"):
        scan.associated_image("label")


def test_colours_become_what_the_screen_wants():
    assert hex(int(screen_pixels(np.array([[[1, 2, 3]]], np.uint8))[0, 0])) == "0xff010203"


# Coarser levels


def coarse(pixels: np.ndarray, tile: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> tuple[TiledSlide, Stored]:
    """A slide of one level, with coarser ones down to 40 pixels."""
    monkeypatch.setattr("imaging.coarser._LARGEST_COARSEST", 64)
    monkeypatch.setattr("imaging.coarser._SMALL", 40)
    reader = Stored([pixels], tile)
    info, joined = with_coarser(info_of(pixels, [pixels], tile), reader)
    return TiledSlide(info, joined), reader


@pytest.mark.parametrize("pixels", [COLOUR, GREY, CHANNELS], ids=["colour", "grey", "five"])
@pytest.mark.parametrize("tile", [(32, 24), (203, 16), (300, 300)], ids=str)
def test_coarser_levels_are_means_of_two_by_two(
    pixels: np.ndarray, tile: tuple[int, int], monkeypatch: pytest.MonkeyPatch
):
    scan, _ = coarse(pixels, tile, monkeypatch)
    levels = scan.info.levels
    assert [(one.width, one.height, one.downsample) for one in levels] == [
        (203, 151, 1.0),
        (102, 76, 2.0),
        (51, 38, 4.0),
        (26, 19, 8.0),
    ]
    assert "coarser ones are made" in scan.info.notes[-1]
    expected = pixels
    for number, level in enumerate(levels[1:], 1):
        even = np.pad(
            expected, ((0, expected.shape[0] % 2), (0, expected.shape[1] % 2), (0, 0))[: expected.ndim], "edge"
        )
        means = even.reshape(level.height, 2, level.width, 2, -1).astype(float).mean((1, 3))
        got = scan.read(
            Region(PLANE, 0, 0, level.width * int(level.downsample), level.height * int(level.downsample)),
            level.downsample,
        )
        expected = got
        assert np.abs(got.reshape(means.shape) - means).max() <= 0.5 + 1e-6, number


def test_a_slide_with_a_small_level_gets_no_others():
    levels = levels_of(COLOUR, 3)
    info, reader = info_of(COLOUR, levels), Stored(levels)
    assert with_coarser(info, reader) == (info, reader)


def test_a_damaged_tile_is_blank_in_coarser_levels_only(monkeypatch: pytest.MonkeyPatch):
    scan, reader = coarse(COLOUR, TILE, monkeypatch)
    reader.errors[(0, 1, 1)] = ValueError("damaged")
    overview = scan.tile(PLANE, 1, 0, 0)
    assert (overview[12:24, 16:32] == 255).all()
    assert np.abs(overview[:12].astype(int) - levels_of(COLOUR, 2)[1][:12, :32]).max() <= 1
    with pytest.raises(ScanProblem):
        scan.tile(PLANE, 0, 1, 1)


def test_made_tiles_are_kept_within_a_bound_the_coarse_ones_longest(monkeypatch: pytest.MonkeyPatch):
    scan, reader = coarse(COLOUR, TILE, monkeypatch)
    scan.tile(PLANE, 3, 0, 0)
    first = len(reader.asked)
    assert first == 7 * 7
    scan.tile(PLANE, 3, 0, 0)
    scan.tile(PLANE, 1, 0, 0)
    assert len(reader.asked) == first
    monkeypatch.setattr("imaging.coarser._HELD", 26 * 19 * 3 + 1)
    scan, reader = coarse(COLOUR, TILE, monkeypatch)
    scan.tile(PLANE, 3, 0, 0)
    held: Any = scan._reader
    assert held._bytes <= 26 * 19 * 3 + 1
    again = len(reader.asked)
    scan.tile(PLANE, 3, 0, 0)
    assert len(reader.asked) == again
    scan.tile(PLANE, 1, 0, 0)
    assert len(reader.asked) == again + 4


# What is believed


@pytest.mark.parametrize(
    ("full", "size", "expected"),
    [
        ((2220, 2967), (1110, 1483), 2.0),
        ((2220, 2967), (278, 371), 8.0),
        ((2220, 2967), (277, 370), 8.0),
        ((46000, 32914), (2875, 2057), 16.0),
        ((1000, 1000), (300, 300), 10 / 3),
        ((5, 5), (1, 1), 5.0),
    ],
)
def test_the_downsample_of_a_level_is_whole_where_rounding_allows(
    full: tuple[int, int], size: tuple[int, int], expected: float
):
    assert downsample_of(full, size) == pytest.approx(expected)


def test_levels_that_do_not_fit_are_left_out_and_told():
    sizes = [(10000, 8000), (5000, 4000), (5000, 4000), (2500, 3000), (2502, 2001), (0, 5), (12000, 9600), (2, 1)]
    kept, notes = fitting_levels([Level(w, h, 1.0, (256, 256)) for w, h in sizes], "a")
    assert kept == (0, 1, 4, 7)
    assert len(notes) == 4
    assert "2,500 × 3,000" in notes[1]


@pytest.mark.parametrize(
    ("width", "height", "tile"),
    [(0, 5, (1, 1)), (5, -1, (1, 1)), (2**31, 5, (1, 1)), (50, 50, (0, 9)), (10**5, 10**5, (10**5, 10**5))],
)
def test_absurd_sizes_are_refused(width: int, height: int, tile: tuple[int, int]):
    with pytest.raises(ScanProblem) as caught:
        fitting_levels([Level(width, height, 1.0, tile)], "a.svs")
    assert str(caught.value).startswith("a.svs: ")


@pytest.mark.parametrize("value", [0.0, -0.001, float("nan"), float("inf"), 5.0, 1e-9])
def test_a_pixel_size_that_cannot_be_true_is_unknown_and_told(value: float):
    found, notes = pixel_size(value, 0.0005)
    assert found is None
    assert "cannot be true" in notes[0]


def test_a_pixel_size_of_one_side_counts_for_both_and_none_is_unknown():
    assert pixel_size(None, None) == (None, ())
    assert pixel_size(0.0005, None) == ((0.0005, 0.0005), ())


def test_a_slide_without_tiles_is_a_mistake():
    info = info_of(COLOUR, [COLOUR])
    with pytest.raises(ValueError, match="tiles"):
        TiledSlide(replace(info, levels=(Level(203, 151, 1.0),)), Stored([COLOUR]))
