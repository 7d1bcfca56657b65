"""Colour maps: tables of 256 colours from dark to bright."""

import numpy as np
import pytest

from imaging.colour_maps import COLOUR_MAPS, coloured, colours_of
from imaging.scan import Rescale, Window
from imaging.windowing import apply_table, grey_table


def channels(name: str) -> np.ndarray:
    table = colours_of(name)
    return np.stack([table >> 16 & 255, table >> 8 & 255, table & 255], axis=1).astype(int)


@pytest.mark.parametrize("name", list(COLOUR_MAPS))
def test_every_map_has_256_opaque_colours_and_runs_one_way_in_brightness(name: str) -> None:
    table = colours_of(name)
    assert table.shape == (256,)
    assert np.all(table >> 24 == 255)
    light = (channels(name) / 255) ** 2.2 @ np.array([0.2126, 0.7152, 0.0722])
    steps = np.diff(light)
    assert (steps > -0.004).all() or (steps < 0.004).all(), "brightness never turns round, so no edge is made up"
    assert abs(light[-1] - light[0]) > 0.8


def test_an_unknown_name_is_grey() -> None:
    table = grey_table(Rescale(), Window(50, 100), "int16")
    assert coloured(table, "") is table
    assert coloured(table, "gone") is table


def test_the_even_map_rises_by_alike_steps() -> None:
    """Luminance cubed-rooted (as the eye has it) rises nearly straight."""
    linear = (channels("even") / 255) ** 2.2 @ np.array([0.2126, 0.7152, 0.0722])
    straight = np.linspace(np.cbrt(linear[0]), np.cbrt(linear[-1]), 256)
    assert np.abs(np.cbrt(linear) - straight).max() < 0.05


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_values_are_shown_in_the_colours_of_the_map_and_inverted_ones_from_its_other_end(dtype: str) -> None:
    values = np.array([[-50, 0, 50, 100, 900]], dtype)
    for inverted in (False, True):
        table = coloured(grey_table(Rescale(), Window(50, 100), dtype, inverted), "hot")
        shown = apply_table(table, values, np.empty(values.shape, np.uint32))[0]
        ends = (colours_of("hot")[0], colours_of("hot")[255])
        first, last = ends[::-1] if inverted else ends
        assert shown[0] == shown[1] == first
        assert shown[3] == shown[4] == last
