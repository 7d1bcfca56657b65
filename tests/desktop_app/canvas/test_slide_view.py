"""A slide in the view: the right pixels at every scale, place and angle; never empty, never stuck."""

import threading
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QPainter
from pytestqt.qtbot import QtBot

from desktop_app.canvas.hovering import HoverInfo
from desktop_app.canvas.scan_view import ScanView
from desktop_app.canvas.tile_engine import TileEngine
from desktop_app.canvas.viewport import Viewport
from desktop_app.display import ChannelLook, Display
from imaging.errors import Problem
from imaging.geometry import Plane
from imaging.opening import open_scan
from imaging.scan import Channel, Window
from tests.desktop_app.canvas.known_slide import KnownSlide, complete, shown, slide_of, tissue, until
from tests.desktop_app.canvas.test_scan_view import LEFT, Taker, drag, wheel

RIM = 55
"""Corner text and bar stand nearer to the edge than this."""


@pytest.fixture
def engine() -> TileEngine:
    return TileEngine(threads=2)


@pytest.fixture
def view(qtbot: QtBot, engine: TileEngine) -> Generator[ScanView]:
    made = ScanView(engine=engine)
    qtbot.addWidget(made)
    made.resize(300, 220)
    made.show()
    yield made
    made.show_scan(None)


@pytest.fixture
def slide() -> KnownSlide:
    return slide_of(tissue())


def go(view: ScanView, x: float, y: float, scale: float, angle: float = 0.0) -> Viewport:
    """Show a place and wait until it is complete."""
    assert view.viewport is not None
    view.move_to(replace(view.viewport, centre=(x, y), scale=scale, angle=angle))
    complete(view)
    return view.viewport


def sampled(slide: KnownSlide, port: Viewport) -> NDArray[Any]:
    """What should be shown, pixel by pixel, by the viewport's own reckoning; the place rounded to whole pixels."""
    number = port.level(slide.info.levels)
    level, pixels = slide.info.levels[number], slide._pixels[number]
    ox, oy = replace(port, centre=(0.0, 0.0), width=0, height=0).to_screen(*port.centre)
    off = (round(ox - port.width / 2) - (ox - port.width / 2), round(oy - port.height / 2) - (oy - port.height / 2))
    places = [
        [port.to_plane(i + 0.5 + off[0], j + 0.5 + off[1]) for i in range(port.width)] for j in range(port.height)
    ]
    at = np.array(places, np.float32) / level.downsample - 0.5
    return cv2.remap(pixels, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def inner(pixels: NDArray[Any]) -> NDArray[np.int16]:
    return pixels[RIM:-RIM, RIM:-RIM].astype(np.int16)


@pytest.mark.parametrize(
    ("scale", "angle"),
    [(1.0, 0.0), (0.7, 0.0), (0.5, 0.0), (0.37, 0.0), (2.3, 0.0), (7.1, 0.0), (1.0, 30.0), (0.6, 90.0), (3.0, 211.5)],
)
def test_each_pixel_is_what_the_viewport_says(view: ScanView, slide: KnownSlide, scale: float, angle: float) -> None:
    view.show_scan(slide)
    port = go(view, 310.3, 205.6, scale, angle)
    difference = np.abs(inner(shown(view)) - inner(sampled(slide, port)))
    assert difference.max() <= (0 if scale == 1 and not angle else 4)
    assert difference.mean() < 1.1


def test_one_to_one_is_the_slide_to_the_bit(view: ScanView, slide: KnownSlide) -> None:
    view.show_scan(slide)
    go(view, 300, 200, 1.0)
    assert np.array_equal(inner(shown(view)), inner(tissue()[90:310, 150:450]))


def test_pans_leave_what_a_fresh_picture_shows(view: ScanView, slide: KnownSlide) -> None:
    view.show_scan(slide)
    go(view, 300, 200, 0.8)
    for way in ((40, 0), (-13, 9), (0, -60), (200, 70), (-3.7, 2.2)):
        assert view.viewport is not None
        view.move_to(view.viewport.panned(*way))
        complete(view)
    moved, port = shown(view), view.viewport
    go(view, 100, 100, 2.0)
    view.move_to(port)
    complete(view)
    assert np.array_equal(moved, shown(view))


def test_a_pan_before_the_tiles_have_come_is_caught_up(view: ScanView, slide: KnownSlide) -> None:
    view.show_scan(slide)
    go(view, 300, 200, 1.0)
    slide.gate.clear()
    assert view.viewport is not None
    view.move_to(view.viewport.panned(-80, -30))
    shown(view)
    view.move_to(view.viewport.panned(11, 23))
    shown(view)
    assert not view.is_complete
    slide.gate.set()
    complete(view)
    moved, port = shown(view), view.viewport
    go(view, 100, 100, 2.0)
    go(view, *port.centre, port.scale)
    assert np.array_equal(moved, shown(view))


def test_the_view_shows_coarser_tiles_until_the_right_ones_come(view: ScanView, slide: KnownSlide) -> None:
    view.show_scan(slide)
    complete(view)
    slide.gate.clear()
    assert view.viewport is not None
    view.move_to(replace(view.viewport, centre=(300, 200), scale=1.0))
    early = inner(shown(view))
    assert not view.is_complete
    slide.gate.set()
    complete(view)
    difference = np.abs(early - inner(shown(view)))
    assert 0 < difference.mean() < 12


def test_a_view_that_is_painted_in_pieces_ends_as_one_that_was_painted_once(view: ScanView, slide: KnownSlide) -> None:
    view.show_scan(slide)
    complete(view)
    slide.gate.clear()
    assert view.viewport is not None
    view.move_to(replace(view.viewport, centre=(290, 210), scale=0.61))
    shown(view)
    for _ in range(3):  # a few tiles at a time
        slide.gate.set()
        QCoreApplication.processEvents()
        slide.gate.clear()
        shown(view)
    slide.gate.set()
    complete(view)
    pieces, port = shown(view), view.viewport
    go(view, 100, 100, 2.0)
    go(view, *port.centre, port.scale)
    # Qt rounds a pixel by where in memory its source begins, so one grey level may differ.
    assert np.abs(pieces.astype(np.int16) - shown(view)).max() <= 1


def test_completed_comes_once_for_a_move_and_the_tiles_are_read_once(view: ScanView, slide: KnownSlide) -> None:
    view.show_scan(slide)
    told: list[bool] = []
    view.completed.connect(lambda: told.append(view.is_complete))
    complete(view)
    go(view, 200, 200, 1.0)
    shown(view)
    assert told == [True, True]
    assert len(slide.asked) == len(set(slide.asked))


def test_the_bytes_kept_stay_under_the_bound_and_a_small_bound_still_shows_all(
    view: ScanView, slide: KnownSlide, engine: TileEngine
) -> None:
    engine.cache.set_bound(100_000)
    view.show_scan(slide)
    for x in range(100, 600, 100):
        go(view, x, 200, 1.0)
        assert engine.cache.byte_count <= 100_000
    assert np.array_equal(shown(view)[RIM:-RIM, RIM:200], tissue()[90:310][RIM:-RIM, 350 + RIM : 350 + 200])


def test_an_unreadable_tile_is_hatched_told_once_and_tried_again(
    view: ScanView, slide: KnownSlide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop_app.canvas.slide_canvas.RETRY_MS", 30)
    monkeypatch.setattr("desktop_app.canvas.slide_picture.RETRY_SECONDS", 0.02)
    told: list[Problem] = []
    view.problem_raised.connect(told.append)
    slide.lost = {(0, 4, 4), (0, 5, 4)}
    view.show_scan(slide)
    go(view, 300, 200, 1.0)
    whole = tissue()[90:310, 150:450]
    bad = shown(view)[192 - 90 : 240 - 90, 256 - 150 : 384 - 150]
    assert len(np.unique(bad.reshape(-1, 3), axis=0)) == 3
    assert np.array_equal(shown(view)[60:100, 60:240], whole[60:100, 60:240])
    assert [str(problem) for problem in told] == [str(told[0])]
    assert "cannot be read" in str(told[0])
    slide.lost = set()
    until(lambda: np.array_equal(inner(shown(view)), inner(whole)))


def test_a_share_that_has_gone_leaves_what_was_read(view: ScanView, slide: KnownSlide) -> None:
    view.show_scan(slide)
    go(view, 300, 200, 1.0)
    slide.lost = {(level, column, row) for level in range(3) for column in range(20) for row in range(20)}
    assert view.viewport is not None
    view.move_to(view.viewport.panned(-100, 0))
    complete(view)
    assert np.array_equal(shown(view)[60:160, 60:140], tissue()[150:250, 310:390])


def test_closing_while_tiles_are_read_is_clean(view: ScanView, slide: KnownSlide, engine: TileEngine) -> None:
    slide.delay = 0.05
    view.show_scan(slide)
    view.show_scan(None)
    assert len(engine.cache) <= 4
    view.show_scan(slide)
    slide.delay = 0.0
    complete(view)


def test_a_view_that_goes_lets_go_of_its_slide(engine: TileEngine, slide: KnownSlide) -> None:
    view = ScanView(engine=engine)
    view.resize(300, 220)
    view.show()
    view.show_scan(slide)
    complete(view)
    assert engine.cache.byte_count > 0
    view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert engine.cache.byte_count == 0
    until(lambda: not [t for t in threading.enumerate() if t.name == "overread-tiles"])


def test_a_slide_without_a_pyramid_is_given_up_midway_when_the_view_moves_on(view: ScanView) -> None:
    pixels = np.broadcast_to(np.arange(2400, dtype=np.uint8)[:, None, None], (2400, 2400, 3))
    slide = slide_of(np.ascontiguousarray(pixels), downsamples=(1,), tile=(64, 64))
    slide.delay = 0.005
    view.show_scan(slide)
    until(lambda: len(slide.asked) > 10)
    assert not view.is_complete
    go(view, 1200, 1200, 1.0)
    assert len(slide.asked) < 200
    assert np.array_equal(inner(shown(view)), inner(pixels[1090:1310, 1050:1350]))
    slide.delay = 0.0
    view.fit()
    complete(view)
    assert len(slide.asked) >= 38 * 38


def test_two_views_share_their_tiles(view: ScanView, slide: KnownSlide, engine: TileEngine, qtbot: QtBot) -> None:
    other = ScanView(engine=engine)
    qtbot.addWidget(other)
    other.resize(300, 220)
    other.show()
    view.show_scan(slide)
    other.show_scan(slide)
    go(view, 300, 200, 1.0)
    until(lambda: engine.loader.is_idle)
    count = len(slide.asked)
    go(other, 300, 200, 1.0)
    assert len(slide.asked) == count
    other.show_scan(None)
    go(view, 100, 100, 2.0)


def test_planes_of_a_slide_are_stepped_through(view: ScanView) -> None:
    slide = slide_of(tissue() // 2, planes=3)
    view.show_scan(slide)
    go(view, 300, 200, 1.0)
    view.show_plane(Plane(0, 2))
    complete(view)
    assert np.array_equal(inner(shown(view)), inner(tissue()[90:310, 150:450] // 2 + 2))


def test_reading_ahead_waits_for_rest_and_brings_what_comes_next(
    view: ScanView, slide: KnownSlide, engine: TileEngine
) -> None:
    view.show_scan(slide)
    go(view, 200, 150, 2.0)
    go(view, 260, 150, 2.0)
    count = len(slide.asked)
    until(lambda: len(slide.asked) > count)
    until(lambda: engine.loader.is_idle)
    read = set(slide.asked)
    go(view, 320, 150, 2.0)
    assert {tile for tile in slide.asked if tile[0] == 0} - read == set()


# Colours.


def lit(rows: int = 200, columns: int = 300) -> NDArray[np.uint16]:
    y, x = np.mgrid[0:rows, 0:columns]
    return np.stack([x * 10, y * 20, (x + y) * 3], axis=2).astype(np.uint16)


CHANNELS = (
    Channel("DAPI", 0x0000FF, Window(1000, 2000)),
    Channel("CD8", 0x00FF00, Window(1000, 2000)),
    Channel("CD3", 0xFFFF00, Window(500, 1000)),
)


def light(values: NDArray[np.uint16], low: float, high: float) -> NDArray[np.float64]:
    return np.clip((values.astype(np.float64) - low) / (high - low), 0, 1) * 255


def test_channels_are_added_up_in_their_colours(view: ScanView) -> None:
    stored = lit()
    view.show_scan(slide_of(stored, fluorescence=CHANNELS, downsamples=(1, 2)))
    go(view, 150, 100, 1.0)
    dapi, cd8, cd3 = (light(stored[..., n], 0, high) for n, high in ((0, 2000), (1, 2000), (2, 1000)))
    expected = np.clip(np.stack([cd3, cd8 + cd3, dapi], axis=2), 0, 255)[:, :]
    seen = shown(view)[10:210][RIM:-RIM, RIM:-RIM]
    assert np.abs(seen - expected[RIM:-RIM, RIM:-RIM]).max() <= 1.1


def test_another_range_or_colour_reads_nothing(view: ScanView) -> None:
    stored, slide = lit(), slide_of(lit(), fluorescence=CHANNELS, downsamples=(1, 2))
    view.show_scan(slide)
    go(view, 150, 100, 1.0)
    count = len(slide.asked)
    off = ChannelLook(on=False, colour=0, low=0, high=1)
    view.set_display(Display(channels=(ChannelLook(on=True, colour=0xFF00FF, low=500, high=1500), off, off)))
    complete(view)
    first = light(stored[..., 0], 500, 1500)
    seen = shown(view)[10:210][RIM:-RIM, RIM:-RIM].astype(np.float64)
    expected = np.stack([first, first * 0, first], axis=2)[RIM:-RIM, RIM:-RIM]
    assert np.abs(seen - expected).max() <= 1
    assert len(slide.asked) == count


def test_channels_without_a_range_get_one_from_their_values(view: ScanView) -> None:
    unnamed = tuple(replace(channel, window=None) for channel in CHANNELS)
    view.show_scan(slide_of(lit(), fluorescence=unnamed, downsamples=(1, 2)))
    go(view, 150, 100, 1.0)
    assert shown(view)[..., 2].max() == 255


def test_a_grey_slide_follows_the_window(view: ScanView) -> None:
    stored = lit()[..., 0]
    view.show_scan(slide_of(stored, downsamples=(1, 2)))
    view.set_display(Display(window=Window(1500, 1000)))
    go(view, 150, 100, 1.0)
    grey = light(stored, 1000, 2000)
    assert np.abs(shown(view)[10:210, :, 1][RIM:-RIM, RIM:-RIM] - grey[RIM:-RIM, RIM:-RIM]).max() <= 1


def test_colours_are_inverted_on_request(view: ScanView, slide: KnownSlide) -> None:
    view.show_scan(slide)
    view.set_display(Display(inverted=True))
    go(view, 300, 200, 1.0)
    assert np.array_equal(inner(shown(view)), 255 - inner(tissue()[90:310, 150:450]))


def test_the_slides_own_colour_profile_is_used_on_request(view: ScanView, slide: KnownSlide) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    slide.profile = profile.tobytes()
    view.show_scan(slide)
    view.set_display(Display(colour_managed=True))
    go(view, 300, 200, 1.0)
    assert np.abs(inner(shown(view)) - inner(tissue()[90:310, 150:450])).max() <= 4
    slide = slide_of(tissue())
    slide.profile = b"no profile"
    told: list[Problem] = []
    view.problem_raised.connect(told.append)
    view.show_scan(slide)
    go(view, 300, 200, 1.0)
    assert np.array_equal(inner(shown(view)), inner(tissue()[90:310, 150:450]))
    assert len(told) == 1


# Hands.


def test_the_wheel_zooms_and_a_left_drag_pans_whatever_the_channels(view: ScanView, qtbot: QtBot) -> None:
    view.show_scan(slide_of(lit()[..., 0], planes=2))
    taker = Taker()
    taker.keeps = False
    view.set_taker(taker)
    assert view.viewport is not None
    scale = view.viewport.scale
    wheel(view, 120, at=QPointF(100, 100))
    assert view.viewport.scale == pytest.approx(scale * 1.2)
    x, y = view.viewport.to_plane(100, 100)
    drag(qtbot, view, LEFT, QPointF(100, 100).toPoint(), QPointF(30, 12).toPoint())
    assert view.viewport.to_screen(x, y) == pytest.approx((130, 112))


def test_a_turned_slide_keeps_its_middle_and_pans_with_the_hand(view: ScanView, slide: KnownSlide) -> None:
    view.show_scan(slide)
    go(view, 300, 200, 1.0)
    view.set_angle(40)
    view.rotate(-10)
    assert view.viewport is not None
    assert view.viewport.angle == pytest.approx(30)
    assert view.viewport.centre == (300, 200)
    x, y = view.viewport.to_plane(150, 110)
    assert view.viewport.panned(20, -7).to_screen(x, y) == pytest.approx((170, 103))


def test_arrows_pan_by_whole_pixels(view: ScanView, slide: KnownSlide, qtbot: QtBot) -> None:
    view.show_scan(slide)
    before = go(view, 300, 200, 1.0).centre
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.viewport is not None
    assert view.viewport.centre == (before[0] + 22, before[1])


def test_hovering_reads_nothing(view: ScanView, slide: KnownSlide) -> None:
    view.show_scan(slide)
    go(view, 300, 200, 1.0)
    count = len(slide.asked)
    told: list[HoverInfo] = []
    view.hovered.connect(told.append)
    view.hover_at(310.5, 190.5, crosshair=False)
    view.hover_at(5.5, 5.5, crosshair=False)
    assert told[0].values == tuple(float(v) for v in tissue()[190, 310])
    assert told[1].values == ()
    assert len(slide.asked) == count


def test_underlays_are_painted_over_the_picture(view: ScanView, slide: KnownSlide) -> None:
    class Red:
        def paint(self, painter: QPainter, viewport: Viewport, ratio: float) -> None:
            assert ratio == 1.0
            painter.fillRect(100, 100, 20, 20, Qt.GlobalColor.red)
            painter.translate(50, 50)
            assert viewport.width == 300

    view.show_scan(slide)
    view.set_underlays((Red(), Red()))
    go(view, 300, 200, 1.0)
    assert tuple(shown(view)[110, 110]) == (255, 0, 0)
    assert np.array_equal(shown(view)[130:150, 60:240], tissue()[220:240, 210:390])


# Real slides.


PYRAMID = "derived/cmu1_region_pyramid_jpeg.tif"


@pytest.mark.parametrize(("name", "scale"), [("CMU-1-Small-Region.svs", 1.0), (PYRAMID, 1.0), (PYRAMID, 0.25)])
def test_a_real_slide_shows_what_openslide_reads_there(view: ScanView, data: Path, name: str, scale: float) -> None:
    import openslide

    path = data / "wsi" / name
    scan = open_scan(path)
    view.show_scan(scan)
    view.resize(400, 300)
    go(view, 1200, 1400, scale)
    with openslide.OpenSlide(path) as other:
        number = other.get_best_level_for_downsample(1 / scale * 1.001)
        corner = (round(1200 - 200 / scale), round(1400 - 150 / scale))
        theirs = np.asarray(other.read_region(corner, number, (400, 300)))[..., :3]
    difference = np.abs(inner(shown(view)) - inner(theirs))
    assert difference.mean() < (0.6 if scale == 1 else 3)
    view.show_scan(None)
    scan.close()
