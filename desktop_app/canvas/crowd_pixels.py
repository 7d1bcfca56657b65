"""How lines and squares come into the picture of a crowd of marks: pixels, dashes and rims. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from desktop_app.canvas.crowd_scene import Picture
from desktop_app.mark_index import Rows

RIM_ALPHA = 95
DASH, PERIOD = 7, 11
FINE = 16.0
"""Positions are told to 1/16 pixel."""
FARTHEST = 2.0**26


@dataclass(frozen=True, slots=True)
class LineLook:
    """How a line is drawn."""

    colour: tuple[int, int, int]
    """Blue, green, red."""
    alpha: int
    width: float
    """Widget pixels."""
    is_dashed: bool


def line_picture(pieces: Sequence[NDArray[np.float64]], size: tuple[int, int], look: LineLook, ratio: float) -> Picture:
    """Lines of very many points as a picture (width and height in device pixels), with their rim."""
    import cv2

    out = np.zeros((size[1], size[0], 4), np.uint8)
    share = look.alpha / 255
    colour = (*(round(part * share) for part in look.colour), look.alpha)
    cv2.polylines(out, [told(piece) for piece in pieces], False, colour, 1, cv2.LINE_AA, 4)
    if look.width * ratio >= 1.75:
        cv2.dilate(out, np.ones((round(look.width * ratio), round(look.width * ratio)), np.uint8), dst=out)
    lines = alpha_of(out)
    if look.is_dashed:
        out = in_dashes(out, 0, 0, ratio)
    put_rim_under(out, lines, ratio)
    return out


@lru_cache(maxsize=4)
def ellipses(most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pixels of the outlines of ellipses, by the width and height they fill, each up to `most`."""
    turn = np.arange(3 * most) * (2 * np.pi / (3 * most))
    sides = np.arange(most + 1)
    across, down = (np.floor(sides[:, None] / 2 + (sides[:, None] - 1) / 2 * way(turn)) for way in (np.cos, np.sin))
    shape = (most + 1, most + 1, 3 * most)
    return (
        np.broadcast_to(across[:, None], shape).astype(np.int64),
        np.broadcast_to(down[None], shape).astype(np.int64),
    )


def flat_pixels(picture: Picture) -> tuple[NDArray[np.uint32], int]:
    """The pixels of a picture, which may be a part of another, in a row; and how many there are from line to line."""
    height, width = picture.shape[:2]
    stride = picture.strides[0] // 4
    pixels = picture.view(np.uint32)
    return np.lib.stride_tricks.as_strided(pixels, ((height - 1) * stride + width,), (4,)), stride


def fill_squares(
    flat: NDArray[np.uint32], stride: int, size: tuple[int, int], at: Rows, side: int, tones: NDArray[np.uint32]
) -> None:
    """Squares about pixels, told by their number."""
    if side == 1:
        flat[at] = tones
        return
    rows, columns = np.divmod(at, stride)
    before, after = side - 1 - side // 2, side // 2
    is_whole = (rows >= before) & (rows < size[0] - after) & (columns >= before) & (columns < size[1] - after)
    rim, rim_tones, at, tones = np.flatnonzero(~is_whole), tones[~is_whole], at[is_whole], tones[is_whole]
    for down in range(-before, after + 1):
        for across in range(-before, after + 1):
            flat[at + (down * stride + across)] = tones
            y, x = rows[rim] + down, columns[rim] + across
            inside = (y >= 0) & (y < size[0]) & (x >= 0) & (x < size[1])
            flat[y[inside] * stride + x[inside]] = rim_tones[inside]


def plot_steps(
    out: Picture, places: NDArray[np.float32], steps: NDArray[np.float32], tones: NDArray[np.uint32]
) -> None:
    """Draw a line from each place along its step, without its end."""
    flat, stride = flat_pixels(out)
    height, width = out.shape[:2]
    counts = np.maximum(np.ceil(np.maximum(np.abs(steps[:, 0]), np.abs(steps[:, 1]))), 1).astype(np.int64)
    total = np.cumsum(counts)
    which = np.repeat(np.arange(len(counts)), counts)
    along = (np.arange(int(total[-1])) - (total - counts)[which]).astype(np.float32)
    strides = steps / counts[:, None].astype(np.float32)
    x = places[which, 0] + strides[which, 0] * along
    y = places[which, 1] + strides[which, 1] * along
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    at = y.astype(np.int64) * stride + x.astype(np.int64)
    flat[at[inside]] = tones[which[inside]]


def told(places: NDArray[np.float64]) -> NDArray[np.int32]:
    """Positions as cv2 takes them."""
    near = np.clip(places * FINE, -FARTHEST * FINE, FARTHEST * FINE)
    return np.rint(near).astype(np.int32)


@lru_cache(maxsize=8)
def _dashes(phase: int, width: int, height: int, on: int, period: int) -> NDArray[np.uint8]:
    """Slanting stripes: along every line they are dashes."""
    along = ((np.arange(phase, phase + width + height) % period) < on).astype(np.uint8) * 255
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(along, width)[:height])


def in_dashes(lines: Picture, left: int, top: int, ratio: float) -> Picture:
    """Lines with gaps, which stay where they are on the plane."""
    import cv2

    on, period = round(DASH * ratio), round(PERIOD * ratio)
    height, width = lines.shape[:2]
    out = np.zeros_like(lines)
    cv2.bitwise_and(lines, lines, dst=out, mask=_dashes((left + top) % period, width, height, on, period))
    return out


def alpha_of(picture: Picture) -> NDArray[np.uint8]:
    """How much each pixel is covered."""
    import cv2

    alpha = np.empty(picture.shape[:2], np.uint8)
    cv2.extractChannel(picture, 3, dst=alpha)
    return alpha


def put_rim_under(out: Picture, more: NDArray[np.uint8] | None, ratio: float) -> None:
    """Darken around lines, so that they stand on any tissue; `more` tells of lines that are drawn elsewhere, too."""
    import cv2

    side = 2 * round(ratio) + 1
    alpha = alpha_of(out)
    lines = alpha if more is None else cv2.max(alpha, more)
    rim = cv2.threshold(lines, 100, RIM_ALPHA, cv2.THRESH_BINARY)[1]
    cv2.dilate(rim, np.ones((side, side), np.uint8), dst=rim)
    cv2.insertChannel(cv2.max(alpha, rim), out, 3)
