"""Masks over slides: where they are, at every scale, and what a stroke costs."""

import time
from collections.abc import Generator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from dataset.mask import TILE, Mask, TileKey, empty_mask, mask_of_plane
from desktop_app.canvas.marks import Shown
from desktop_app.canvas.mask_samples import ATLAS_STEP, ATLAS_TILES, MaskSamples, differing
from desktop_app.canvas.overlay import MaskLook
from desktop_app.canvas.scan_view import ScanView
from desktop_app.canvas.slide_masks import changed_on_slide
from desktop_app.canvas.tile_engine import TileEngine
from desktop_app.display import Display
from imaging.geometry import Plane, Region
from tests.desktop_app.canvas.known_slide import complete, shown, slide_of

WHITE = np.full((400, 600, 3), 255, np.uint8)


@pytest.fixture
def view(qtbot: QtBot) -> Generator[ScanView]:
    made = ScanView(engine=TileEngine(threads=1))
    qtbot.addWidget(made)
    made.resize(300, 220)
    made.show()
    made.show_scan(slide_of(WHITE))
    complete(made)
    yield made
    made.show_scan(None)


def block(x: int, y: int, width: int, height: int) -> Mask:
    return mask_of_plane(np.ones((height, width), np.bool_), 0, x=x, y=y)


def coloured(view: ScanView) -> tuple[int, int, int, int]:
    """The rectangle of the screen that is not white, in the middle of the view."""
    pixels = shown(view)[45:-45, 60:-60].astype(int)
    rows, columns = np.nonzero(pixels.sum(axis=2) < 3 * 250)
    return columns.min() + 60, rows.min() + 45, columns.max() + 61, rows.max() + 46


@pytest.mark.parametrize("scale", [0.46, 0.5, 0.8, 1.0, 2.0, 3.3])
@pytest.mark.parametrize("angle", [0.0, 90.0])
def test_a_mask_lies_where_the_viewport_says(view: ScanView, scale: float, angle: float) -> None:
    view.set_marks((Shown("m", block(290, 190, 20, 12), "#ff0000"),))
    assert view.viewport is not None
    view.move_to(replace(view.viewport, centre=(301, 197), scale=scale, angle=angle))
    complete(view)
    port = view.viewport
    corners = [port.to_screen(x, y) for x, y in ((290, 190), (310, 202))]
    (ax, bx), (ay, by) = sorted(c[0] for c in corners), sorted(c[1] for c in corners)
    assert coloured(view) == pytest.approx((ax, ay, bx, by), abs=1.6 + max(scale, 1 / scale) * 0.6)


def test_masks_move_with_the_slide_and_go_with_the_marks(view: ScanView) -> None:
    view.set_marks((Shown("m", block(290, 190, 20, 12), "#ff0000"),))
    assert view.viewport is not None
    view.move_to(replace(view.viewport, centre=(300, 200), scale=1.0))
    complete(view)
    before = coloured(view)
    view.move_to(view.viewport.panned(21, -13))
    complete(view)
    assert coloured(view) == (before[0] + 21, before[1] - 13, before[2] + 21, before[3] - 13)
    view.set_display(Display(show_marks=False))
    complete(view)
    assert shown(view)[60:160, 60:240].min() == 255


def test_a_stroke_shows_at_once_and_only_where_it_was(view: ScanView) -> None:
    assert view.viewport is not None
    view.move_to(replace(view.viewport, centre=(300, 200), scale=1.0))
    complete(view)
    mask = block(290, 190, 20, 12)
    view.set_marks((Shown("m", mask, "#ff0000", is_live=True),))
    first = shown(view)
    grown = mask.painted(0, 310, 190, np.ones((12, 10), np.bool_), value=True)
    view.set_marks((Shown("m", grown, "#ff0000", is_live=True),))
    second = shown(view)
    differs = np.nonzero((first != second).any(axis=2))
    assert (differs[1].min(), differs[1].max()) == pytest.approx((310 - 150, 319 - 150), abs=2)
    cleared = grown.painted(0, 280, 180, np.ones((40, 60), np.bool_), value=False)
    view.set_marks((Shown("m", cleared, "#ff0000", is_live=True),))
    assert shown(view)[60:160, 60:240].min() == 255


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([1, 2, 4, 8, 16, 64, 512]), st.integers(0, 2**32 - 1))
def test_every_piece_of_a_mask_is_the_same_as_the_whole(x: int, y: int, step: int, seed: int) -> None:
    bits = np.random.default_rng(seed).random((400, 700)) < 0.01
    mask, samples = mask_of_plane(bits, 0, x=130, y=77), MaskSamples()
    full = np.zeros((1024, 1024), np.bool_)
    full[77:477, 130:830] = bits
    side = 1024 // step
    if step <= 4:
        expected = full[step // 2 :: step, step // 2 :: step]
    else:
        expected = np.logical_or.reduce(full.reshape(side, step, side, step), axis=(1, 3))
    x, y = x % side, y % side
    found = samples.bits("m", mask, Plane(), step, (x, y, x + 30, y + 30))
    assert np.array_equal(found[: side - y, : side - x], expected[y : y + 30, x : x + 30])


def vast() -> Mask:
    """Many tiles, each a little different."""
    side = 50
    assert side * side > ATLAS_TILES
    bits = np.zeros((side * TILE, side * TILE), np.bool_)
    bits[100::TILE, 100::TILE] = True
    return mask_of_plane(bits, 0)


def test_a_vast_mask_seen_from_afar_follows_strokes() -> None:
    mask, samples = vast(), MaskSamples()
    box = (0, 0, 50 * TILE // ATLAS_STEP, 50 * TILE // ATLAS_STEP)
    first = samples.bits("m", mask, Plane(), ATLAS_STEP, box)
    assert first.sum() == 2500
    for value, corner in ((True, 3000), (False, 2990), (True, 9000)):
        mask = mask.painted(0, corner, corner, np.ones((300, 300), np.bool_), value=value)
        found = samples.bits("m", mask, Plane(), ATLAS_STEP, box)
        assert np.array_equal(found, MaskSamples().bits("n", mask, Plane(), ATLAS_STEP, box))


def test_the_tiles_that_differ_are_found_whatever_their_order() -> None:
    mask = block(0, 0, 600, 300)
    more = mask.painted(0, 5000, 100, np.ones((3, 3), np.bool_), value=True)
    less = mask.painted(0, 0, 0, np.ones((256, 256), np.bool_), value=False)
    assert {(k.column, k.row) for k in differing(mask, more)} == {(19, 0)}
    assert {(k.column, k.row) for k in differing(mask, less)} == {(0, 0)}
    assert {(k.column, k.row) for k in differing(less, more)} == {(0, 0), (19, 0)}
    assert len(differing(mask, empty_mask())) == len(mask.tiles)


def test_what_changed_on_a_slide_is_where_the_stroke_was() -> None:
    mask = block(0, 0, 600, 300)
    grown = mask.painted(0, 700, 310, np.ones((5, 7), np.bool_), value=True)
    region = Region(Plane(), 0, 0, 1000, 1000)
    one, other = (MaskLook("m", m, 0xFF0000) for m in (mask, grown))
    assert changed_on_slide((one,), (other,), region) == (699, 309, 708, 316)
    assert changed_on_slide((one,), (one,), region) is None
    assert changed_on_slide((one,), (), region) is not None
    assert changed_on_slide((one,), (replace(one, is_selected=True),), region) == (-1, -1, 601, 301)


@pytest.mark.slow
def test_a_mask_of_a_hundred_thousand_tiles_is_painted_in_bounded_time() -> None:
    """The first time all of it is shrunk; after that only what changed."""
    tiles = vast().tiles
    many = {
        TileKey(key.plane, key.row + 50 * i, key.column + 50 * j): tile
        for key, tile in tiles.items()
        for i in range(6)
        for j in range(7)
    }
    mask, samples = Mask(0, many), MaskSamples()
    box = (0, 0, 1400, 1200)
    samples.bits("m", mask, Plane(), 64, box)
    grown = mask.painted(0, 500, 500, np.ones((40, 40), np.bool_), value=True)
    begun = time.perf_counter()
    samples.bits("m", grown, Plane(), 64, box)
    assert time.perf_counter() - begun < 0.25
