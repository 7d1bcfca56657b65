"""The named preprocessing steps, exactly as `docs/model-package.md` says them."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from imaging.scan import Pixels, ScanInfo
from models.package import EARLY_STEPS, ModelInput, ModelPackage, Step

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Range:
    """Modality values that some steps need of more than the region: of its plane, or of the scan."""

    low: float
    high: float
    percentile: Callable[[float, float], tuple[float, float]]


RangeOver: TypeAlias = Callable[[str], Range]
"""The range of the `plane` or of the `scan`, computed when it is asked for."""


def range_of(values: Array) -> Range:
    """The range of some modality values."""
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)

    def percentile(first: float, second: float) -> tuple[float, float]:
        return percentiles(values, first, second)

    return Range(low, high, percentile)


def percentiles(values: Array, low: float, high: float) -> tuple[float, float]:
    """Two percentiles with linear interpolation, by counting where values are 8- or 16-bit integers."""
    if values.dtype.name not in {"uint8", "uint16", "int16"} or values.size < 4096:
        first, second = np.percentile(values, [low, high])
        return float(first), float(second)
    import cv2

    if values.dtype == np.uint8:
        flat = np.ascontiguousarray(values).reshape(-1, 1)
        counts = cv2.calcHist([flat], [0], None, [256], [0, 256]).ravel().astype(np.int64)
        # calcHist counts in float32, exact up to 2**24 of one value.
        if values.size >= 2**24:
            counts = np.bincount(flat.ravel(), minlength=256)
        offset = 0
    else:
        offset = 0 if values.dtype == np.uint16 else 32768
        counts = np.bincount(values.ravel().astype(np.int32) + offset, minlength=65536)
    below = np.cumsum(counts)

    def at(share: float) -> float:
        place = share / 100 * (values.size - 1)
        rank = int(place)
        first = int(np.searchsorted(below, rank, side="right"))
        second = int(np.searchsorted(below, min(rank + 1, values.size - 1), side="right"))
        return first - offset + (second - first) * (place - rank)

    return at(low), at(high)


def early_steps(package: ModelPackage) -> tuple[Step, ...]:
    """The steps on the region's own pixels."""
    return tuple(step for step in package.steps if step.name in EARLY_STEPS)


def late_steps(package: ModelPackage) -> tuple[Step, ...]:
    """The steps on the fitted input."""
    return tuple(step for step in package.steps if step.name not in EARLY_STEPS)


def modality_values(stored: Pixels, info: ScanInfo, described: ModelInput) -> Array:
    """Modality values; integers stay integers where nothing has to be computed.

    Colour stays 0–255, and is turned to gray first for a network that reads gray.
    """
    if info.is_colour:
        return _luminance(stored) if described.channels == "gray" else stored
    return stored if info.rescale.is_identity else info.rescale.values(stored)


def prepare(stored: Pixels, package: ModelPackage, info: ScanInfo, over: RangeOver) -> Array:
    """A region's stored pixels after the early steps and in the package's channels: (…, channels).

    The result is float32, or uint8 where no step changed 8-bit pixels.
    """
    values = modality_values(stored, info, package.input)
    colour = info.is_colour
    flipped: float | None = None
    if info.inverted and not colour:
        whole = over("plane")
        flipped = whole.low + whole.high
        values = np.float32(flipped) - values.astype(np.float32)
    for step in early_steps(package):
        values = _EARLY[step.name](values, step, info, over, flipped)
    return _channels(values, colour and package.input.channels != "gray", package.input)


def finish(values: Array, steps: Sequence[Step]) -> Array:
    """The late steps on a fitted input (…, channels), as float32 (uint8 stays where there are none)."""
    if not steps:
        return values
    values = values.astype(np.float32)  # a copy of its own, worked on in place
    for step in steps:
        if step.name == "divide":
            values /= np.float32(step.settings["by"])
        elif step.name == "normalise":
            values -= np.asarray(step.settings["mean"], np.float32)
            values /= np.asarray(step.settings["std"], np.float32)
        else:
            # In double precision, as trainers compute them; the small addend keeps a flat input finite.
            mean, deviation = float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))
            values -= np.float32(mean)
            values /= np.float32(deviation + 1e-6)
    return values


def as_input(values: Array, described: ModelInput) -> Array:
    """A finished input (rows, columns, channels), or with planes first, laid out and typed for the network."""
    if described.axes == "NHWC":
        laid = values[None]
    elif described.axes == "NCHW":
        laid = values.transpose(2, 0, 1)[None]
    else:
        laid = values.transpose(3, 0, 1, 2)[None]
    if described.type == "uint8" and laid.dtype != np.uint8:
        laid = np.clip(np.rint(laid), 0, 255)
    return np.ascontiguousarray(laid, dtype=np.dtype(described.type))


def _window(values: Array, step: Step, info: ScanInfo, over: RangeOver, flipped: float | None) -> Array:
    low, high = 0.0, 0.0
    if "from" in step.settings:
        if info.windows:
            low, high = info.windows[0].low, info.windows[0].high
        else:
            whole = over("plane")
            low, high = whole.low, whole.high
    else:
        low = step.settings["centre"] - step.settings["width"] / 2
        high = step.settings["centre"] + step.settings["width"] / 2
    return _scaled(values, *_turned(low, high, flipped))


def _percentiles(values: Array, step: Step, _info: ScanInfo, over: RangeOver, flipped: float | None) -> Array:
    low, high = step.settings["low"], step.settings["high"]
    whole = over(step.settings.get("over", "plane"))
    if flipped is None:
        return _scaled(values, *whole.percentile(low, high))
    bottom, top = whole.percentile(100 - high, 100 - low)
    return _scaled(values, *_turned(bottom, top, flipped))


def _clip(values: Array, step: Step, _info: ScanInfo, _over: RangeOver, flipped: float | None) -> Array:
    low, high = _turned(step.settings["low"], step.settings["high"], flipped)
    return np.clip(values.astype(np.float32, copy=False), np.float32(low), np.float32(high))


def _eight_bit(values: Array, _step: Step, info: ScanInfo, over: RangeOver, flipped: float | None) -> Array:
    if np.dtype(info.dtype) == np.uint8 and info.rescale.is_identity:
        return values
    if info.windows:
        low, high = info.windows[0].low, info.windows[0].high
    else:
        whole = over("plane")
        low, high = whole.low, whole.high
    return _scaled(values, *_turned(low, high, flipped)) * np.float32(255)


_EARLY: dict[str, Callable[[Array, Step, ScanInfo, RangeOver, float | None], Array]] = {
    "window": _window,
    "percentiles": _percentiles,
    "clip": _clip,
    "eight-bit": _eight_bit,
}


def _turned(low: float, high: float, flipped: float | None) -> tuple[float, float]:
    """A range of modality values as it lies after MONOCHROME1 was inverted around `flipped`."""
    return (low, high) if flipped is None else (flipped - high, flipped - low)


def _scaled(values: Array, low: float, high: float) -> Array:
    """`low`…`high` to 0…1, clipped; 8-bit values through a table."""
    span = max(high - low, 1e-6)
    if values.dtype == np.uint8:
        table = np.clip((np.arange(256, dtype=np.float32) - np.float32(low)) / np.float32(span), 0.0, 1.0)
        return table.astype(np.float32)[values]
    scaled = (values.astype(np.float32, copy=False) - np.float32(low)) / np.float32(span)
    return np.clip(scaled, 0.0, 1.0, out=scaled)


def _channels(values: Array, colour: bool, described: ModelInput) -> Array:
    """Gray, RGB or BGR channels last, from gray or RGB values."""
    wanted = described.channels
    if not colour:
        return values[..., None] if wanted == "gray" else np.repeat(values[..., None], 3, axis=-1)
    return values if wanted == "rgb" else values[..., ::-1]


def _luminance(colour: Array) -> Array:
    """Rec. 601 luminance of RGB."""
    import cv2

    shape = colour.shape[:-1]
    flat = np.ascontiguousarray(colour.reshape(shape[0], -1, 3))
    if flat.dtype.name not in {"uint8", "uint16", "float32"}:
        flat = flat.astype(np.float32)
    return np.asarray(cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY)).reshape(shape)
