"""Colour maps: what the greys of a scan may be shown as. Small tables of our own, made from control points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from imaging.windowing import GreyTable

Colours = NDArray[np.float64]
"""(256, 3) red, green and blue, 0 … 1, from black's place to white's."""


def _between(*points: tuple[float, float, float, float]) -> Colours:
    """Straight between control points: share of the window, then red, green, blue."""
    known = np.array(points)
    share = np.linspace(0, 1, 256)
    return np.column_stack([np.interp(share, known[:, 0], known[:, part]) for part in (1, 2, 3)])


def _inverted_grey() -> Colours:
    return _between((0, 1, 1, 1), (1, 0, 0, 0))


def _hot() -> Colours:
    """Red rises first, then green, then blue: black, red, orange, yellow, white."""
    share = np.linspace(0, 1, 256)
    return np.column_stack(
        [np.clip(share * 8 / 3 - begin, 0, 1) for begin in (0.0, 1.0)] + [np.clip(share * 4 - 3, 0, 1)]
    )


def _bone() -> Colours:
    """Grey with a cool shade: seven parts grey, one part of the hot map with red and blue changed."""
    grey = np.linspace(0, 1, 256)[:, None]
    return (7 * grey + _hot()[:, ::-1]) / 8


def _even() -> Colours:
    """Lightness rises evenly in Oklab while the hue turns from violet over teal to yellow.

    Björn Ottosson's Oklab (2020, public domain); colours beyond sRGB lose chroma until they are in it.
    """
    share = np.linspace(0, 1, 256)
    light = 0.22 + 0.74 * share
    hue = np.deg2rad(np.interp(share, (0, 0.5, 1), (305, 205, 105)))
    chroma = np.interp(share, (0, 0.25, 0.5, 0.8, 1), (0.11, 0.14, 0.11, 0.17, 0.19))
    found = _from_oklab(light, chroma, hue)
    for _ in range(60):
        beyond = ((found < 0) | (found > 1)).any(1)
        if not beyond.any():
            break
        chroma = np.where(beyond, chroma * 0.95, chroma)
        found = _from_oklab(light, chroma, hue)
    linear = np.clip(found, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _from_oklab(light: NDArray[np.float64], chroma: NDArray[np.float64], hue: NDArray[np.float64]) -> Colours:
    """Linear red, green and blue."""
    a, b = chroma * np.cos(hue), chroma * np.sin(hue)
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return np.column_stack(
        [
            4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
        ]
    )


COLOUR_MAPS: dict[str, tuple[str, Callable[[], Colours]]] = {
    "inverted": ("Inverted grey", _inverted_grey),
    "hot": ("Hot", _hot),
    "bone": ("Bone", _bone),
    "even": ("Even steps", _even),
}
"""By name: what a person reads, and the colours. Grey itself is the empty name."""


@cache
def colours_of(name: str) -> NDArray[np.uint32]:
    """0xFFRRGGBB for each grey from 0 to 255; greys themselves for a name that is none."""
    known = COLOUR_MAPS.get(name)
    shares = _between((0, 0, 0, 0), (1, 1, 1, 1)) if known is None else known[1]()
    red, green, blue = np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint32).T
    found = np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue
    found.flags.writeable = False
    return found


def coloured(table: GreyTable, name: str) -> GreyTable:
    """A table of greys in the colours of a map."""
    if name not in COLOUR_MAPS:
        return table
    return replace(table, entries=np.take(colours_of(name), table.entries & np.uint32(255)))
