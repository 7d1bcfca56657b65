"""Stored values of grey and fluorescence slides as screen pixels: a table for each channel, lights added up. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from desktop_app.display import ChannelLook
from imaging.geometry import Plane
from imaging.scan import Level, Pixels, ScanInfo, TiledScan

Rgb32 = NDArray[np.uint32]
COLOURS = (0x4C7DFF, 0x3CD070, 0xFF4D4D, 0xF5CC42, 0xE05CFF, 0x42D9E8, 0xFF9A3C, 0xFFFFFF)
"""Given in turn to channels whose file names no colour."""
SAMPLED_TILES = 9
"""So many tiles of the coarsest level are looked at to find a range."""
FAINTEST, BRIGHTEST = 1.0, 99.7
"""The percentiles of a channel's values that are shown black and full."""
_STEPS = 4096
_OPAQUE = np.uint32(0xFF000000)


def first_looks(scan: TiledScan, plane: Plane | None = None) -> tuple[ChannelLook, ...]:
    """How the channels of a slide are shown at first: as the file says, else by the values of its coarsest level.

    Reads tiles, so not for the window's thread. Raises `ScanProblem` when they cannot be read.
    """
    info = scan.info
    named = [channel.window for channel in info.fluorescence]
    needs_values = len(named) < info.channels or any(window is None for window in named)
    sample = _sample(scan, plane or Plane()) if needs_values else None
    looks: list[ChannelLook] = []
    for number in range(info.channels):
        channel = info.fluorescence[number] if number < len(info.fluorescence) else None
        colour = channel.colour if channel is not None else COLOURS[number % len(COLOURS)]
        window = channel.window if channel is not None else None
        if window is not None:
            low, high = window.low, window.high
        else:
            assert sample is not None
            low, high = _range(sample[:, number])
        looks.append(ChannelLook(on=True, colour=colour, low=low, high=high))
    return tuple(looks)


def _sample(scan: TiledScan, plane: Plane) -> NDArray[Any]:
    """Values of some tiles of the coarsest level, (pixels, channels)."""
    number = max(range(len(scan.info.levels)), key=lambda n: scan.info.levels[n].downsample)
    columns, rows = _grid(scan.info.levels[number])
    step = max(1, columns * rows // SAMPLED_TILES)
    places = list(range(step // 2, columns * rows, step))[:SAMPLED_TILES]
    tiles = [scan.tile(plane, number, place % columns, place // columns) for place in places]
    return np.concatenate([tile.reshape(-1, scan.info.channels)[:: max(1, tile.size // 200_000)] for tile in tiles])


def _grid(level: Level) -> tuple[int, int]:
    across, down = level.tile or (level.width, level.height)
    return -(-level.width // across), -(-level.height // down)


def _range(values: NDArray[Any]) -> tuple[float, float]:
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if finite.size == 0:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(finite, (FAINTEST, BRIGHTEST)))
    return low, max(high, low + (1.0 if values.dtype.kind != "f" else 1e-6))


class ChannelMix:
    """Makes stored values of several channels into screen pixels. Safe from any thread."""

    def __init__(self, info: ScanInfo, looks: Sequence[ChannelLook]) -> None:
        self._kind = np.dtype(info.dtype)
        self._lit = [(number, look) for number, look in enumerate(looks[: info.channels]) if look.on]
        self._tables = [_table(look, self._kind) for _, look in self._lit]

    def screen(self, stored: Pixels) -> Rgb32:
        """A tile of (rows, columns[, channels]) as 0xFFRRGGBB."""
        import cv2

        out = np.full(stored.shape[:2], _OPAQUE, np.uint32)
        light = np.empty(stored.shape[:2], np.uint32)
        sums, added = out.view(np.uint8), light.view(np.uint8)
        for (number, look), table in zip(self._lit, self._tables, strict=True):
            values = stored if stored.ndim == 2 else stored[..., number]
            np.take(table, _indices(values, look, self._kind), out=light, mode="wrap")
            cv2.add(sums, added, dst=sums)
        return out


def _is_small(kind: np.dtype[Any]) -> bool:
    return kind.kind == "u" and kind.itemsize <= 2


def _indices(values: NDArray[Any], look: ChannelLook, kind: np.dtype[Any]) -> NDArray[Any]:
    """What to look up in a channel's table."""
    if _is_small(kind):
        return values
    span = max(look.high - look.low, 1e-12)
    share = (values.astype(np.float32) - np.float32(look.low)) * np.float32((_STEPS - 1) / span)
    return np.rint(np.clip(np.nan_to_num(share), 0, _STEPS - 1)).astype(np.uint16)


def _table(look: ChannelLook, kind: np.dtype[Any]) -> Rgb32:
    """The light of every value of a small type, or of many steps through the range."""
    if _is_small(kind):
        values = np.arange(1 << (8 * kind.itemsize), dtype=np.float32)
        share = np.clip((values - np.float32(look.low)) / np.float32(max(look.high - look.low, 1e-12)), 0, 1)
    else:
        share = np.linspace(0, 1, _STEPS, dtype=np.float32)
    red, green, blue = (
        np.rint(share * (look.colour >> shift & 255)).astype(np.uint32) << np.uint32(shift) for shift in (16, 8, 0)
    )
    return red | green | blue
