"""Tiles as they are shown: levels that the file has not, colours, and what cannot be read."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from desktop_app.canvas.tile_cache import STORED, TileCache
from desktop_app.canvas.tile_channels import ChannelMix, first_looks
from desktop_app.canvas.tile_engine import TileEngine
from desktop_app.canvas.tile_source import MOST_SHADERS, TileSource, halved, hatching
from desktop_app.canvas.viewport import TileRef
from desktop_app.display import ChannelLook, Display
from imaging.geometry import Plane
from imaging.scan import Channel, Window
from imaging.tiled import screen_pixels
from tests.desktop_app.canvas.known_slide import slide_of, tissue


def source_of(pixels: NDArray[Any], downsamples: tuple[int, ...] = (1,)) -> TileSource:
    return TileSource(slide_of(pixels, downsamples=downsamples, tile=(64, 48)), 1, TileCache())


def whole(source: TileSource, number: int, look: int) -> NDArray[Any]:
    """All tiles of a level put together."""
    level = source.pyramid.levels[number]
    out: NDArray[Any] | None = None
    across, down = level.tile or (1, 1)
    for tile in source.pyramid.tiles(number):
        pixels = source.read(source.key(look, Plane(), tile)).pixels
        if out is None:
            out = np.zeros((level.height, level.width, *pixels.shape[2:]), pixels.dtype)
        x, y = tile.column * across, tile.row * down
        out[y : y + pixels.shape[0], x : x + pixels.shape[1]] = pixels
    assert out is not None
    return out


@pytest.mark.parametrize("size", [(700, 900), (701, 899), (1300, 650)])
def test_a_level_that_the_file_has_not_is_the_half_of_the_next(size: tuple[int, int]) -> None:
    pixels = tissue(*size)
    source = source_of(pixels)
    look = source.look(Display())
    assert source.pyramid.stored[1] is None
    first, second = whole(source, 0, look), whole(source, 1, look)
    assert np.array_equal(first, screen_pixels(pixels))
    assert np.array_equal(second, halved(first))


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_a_half_is_the_mean_of_four(rows: int, columns: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 60_000, (2 * rows, 2 * columns, 2)).astype(np.uint16)
    means = values.reshape(rows, 2, columns, 2, 2).mean(axis=(1, 3))
    assert np.abs(halved(values) - means).max() <= 0.51
    colours = (values[..., 0].astype(np.uint32) & 255) * np.uint32(0x010101) | np.uint32(0xFF000000)
    grey = (halved(colours) & 255).astype(float)
    exact = (colours & 255).reshape(rows, 2, columns, 2).mean(axis=(1, 3))
    assert np.abs(grey - exact).max() <= 0.51
    assert (halved(colours) >> 24 == 255).all()


def test_a_part_that_cannot_be_read_is_hatched_in_the_coarser_tile_too() -> None:
    slide = slide_of(tissue(900, 900), downsamples=(1,), tile=(64, 64))
    slide.lost = {(0, 0, 0)}
    source = TileSource(slide, 1, TileCache())
    found = source.read(source.key(source.look(Display()), Plane(), TileRef(1, 0, 0)))
    assert "cannot be read" in found.problem
    assert np.array_equal(found.pixels[:32, :32], halved(hatching(64, 64)))


def test_an_error_of_any_kind_becomes_a_tile_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    slide = slide_of(tissue())
    monkeypatch.setattr(slide, "screen_tile", lambda *_: 1 / 0)
    source = TileSource(slide, 1, TileCache())
    found = source.read(source.key(source.look(Display()), Plane(), TileRef(0, 0, 0)))
    assert found.problem == "known slide: division by zero"
    assert found.pixels.shape == (48, 64)


def test_displays_that_show_a_slide_alike_share_tiles() -> None:
    source = source_of(tissue())
    plain = source.look(Display())
    assert source.look(Display(threshold=0.9, overlay_opacity=0.1, window=Window(1, 2))) == plain
    assert source.look(Display(inverted=True)) != plain
    assert source.look(Display(colour_managed=True)) != plain
    assert STORED not in {plain, source.look(Display(inverted=True))}


def test_dragging_a_range_keeps_few_tables() -> None:
    source = source_of(np.zeros((100, 100), np.uint16))
    for centre in range(50):
        look = source.look(Display(window=Window(centre, 10)))
        source.read(source.key(look, Plane(), TileRef(0, 0, 0)))
    assert len(source._shaders) <= MOST_SHADERS


def test_views_of_one_slide_share_its_source_until_the_last_one_goes() -> None:
    engine, slide = TileEngine(threads=1), slide_of(tissue())
    one, other = engine.open(slide), engine.open(slide)
    assert one is other
    engine.cache.put(one.key(1, Plane(), TileRef(0, 0, 0)), one.read(one.key(STORED, Plane(), TileRef(0, 0, 0))))
    engine.let_go(one)
    assert len(engine.cache) == 1
    engine.let_go(one)
    engine.let_go(one)
    assert len(engine.cache) == 0
    assert engine.open(slide) is not one


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32", "int16"])
def test_lights_add_up_and_stop_at_white(kind: str) -> None:
    stored = np.arange(0, 120, 1).reshape(10, 12).astype(kind)
    both = np.stack([stored, stored], axis=2)
    channels = (Channel("a", 0xFF8000), Channel("b", 0xFF8000))
    looks = tuple(ChannelLook(on=True, colour=c.colour, low=0, high=100) for c in channels)
    info = slide_of(both, downsamples=(1,), fluorescence=channels).info
    shown = ChannelMix(info, looks).screen(both)
    share = np.clip(stored.astype(float) / 100, 0, 1)
    assert np.abs((shown >> 16 & 255) - np.minimum(share * 510, 255)).max() <= 1.1
    assert np.abs((shown >> 8 & 255) - np.minimum(share * 256, 255)).max() <= 1.1
    assert ((shown & 255) == 0).all()
    dark = ChannelMix(info, (ChannelLook(on=False, colour=1, low=0, high=1),) * 2).screen(both)
    assert (dark == 0xFF000000).all()


def test_the_first_range_is_the_files_or_comes_from_the_values() -> None:
    stored = np.stack([np.full((200, 300), 7), np.arange(60_000).reshape(200, 300)], axis=2).astype(np.uint16)
    slide = slide_of(
        stored, downsamples=(1, 2), fluorescence=(Channel("a", 0xFF, Window(50, 100)), Channel("b", 0xFF00))
    )
    first, second = first_looks(slide)
    assert (first.low, first.high, first.colour) == (0, 100, 0xFF)
    assert 0 <= second.low < 2000
    assert 57_000 < second.high <= 60_000
