"""Pixels of a rectangle at another size: area means when shrinking, nearest pixels when enlarging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.scan import Pixels

_NEAR = 1e-6


def nearest(stored: Pixels, downsample: float, width: int, height: int) -> Pixels:
    """Pixels enlarged by repeating the nearest; `downsample` is below 1."""
    rows = np.minimum((np.arange(height) * downsample).astype(np.intp), stored.shape[0] - 1)
    columns = np.minimum((np.arange(width) * downsample).astype(np.intp), stored.shape[1] - 1)
    return stored[rows[:, None], columns[None, :]]


def area_mean(stored: Pixels, span: tuple[float, float, float, float], width: int, height: int) -> Pixels:
    """`width` × `height` means over equal parts of a span (left, right, top, bottom) of the stored pixels.

    Bounds may lie between pixels: a pixel counts by the share of it that is inside, so an answer put
    together from blocks is the answer read at once.
    """
    left, right, top, bottom = span
    rows, columns = stored.shape[:2]
    if abs(left) < _NEAR and abs(top) < _NEAR and abs(right - columns) < _NEAR and abs(bottom - rows) < _NEAR:
        if (width, height) == (columns, rows):
            return stored
        return _by_opencv(stored, width, height)
    values = stored.reshape(rows, columns, -1).astype(np.float32 if stored.dtype.itemsize < 4 else np.float64)
    values = _along_rows(values, _means(top, bottom, height, rows))
    values = _along_rows(values.transpose(1, 0, 2), _means(left, right, width, columns)).transpose(1, 0, 2)
    values = values.reshape(height, width, *stored.shape[2:])
    return (np.rint(values) if stored.dtype.kind in "iu" else values).astype(stored.dtype)


def _by_opencv(stored: Pixels, width: int, height: int) -> Pixels:
    """Means over the whole of the stored pixels."""
    import cv2

    plain = stored.dtype.name in {"uint8", "uint16", "int16", "float32"}
    channels = stored.shape[2] if stored.ndim == 3 else 1
    source = np.ascontiguousarray(stored if plain else stored.astype(np.float64))
    if channels > 4:  # OpenCV takes four channels at a time for every interpolation
        parts = [
            cv2.resize(np.ascontiguousarray(source[..., c]), (width, height), interpolation=cv2.INTER_AREA)
            for c in range(channels)
        ]
        small = np.stack(parts, axis=-1)
    else:
        small = np.asarray(cv2.resize(source, (width, height), interpolation=cv2.INTER_AREA))
    if not plain and stored.dtype.kind in "iu":
        small = np.rint(small)
    return small.reshape(height, width, *stored.shape[2:]).astype(stored.dtype, copy=False)


@dataclass(frozen=True, slots=True)
class _Means:
    """A sparse matrix that takes means: its values, their columns, and where each row begins."""

    shares: NDArray[np.float64]
    columns: NDArray[np.intp]
    starts: NDArray[np.intp]
    size: int


def _along_rows(values: NDArray[Any], means: _Means) -> NDArray[Any]:
    """Means over the first axis."""
    from scipy.sparse import csr_array

    shape = (len(means.starts) - 1, means.size)
    matrix = csr_array((means.shares.astype(values.dtype), means.columns, means.starts), shape=shape)
    flat = np.ascontiguousarray(values).reshape(values.shape[0], -1)
    return np.asarray(matrix @ flat).reshape(-1, *values.shape[1:])


def _means(low: float, high: float, count: int, size: int) -> _Means:
    """`count` means over equal parts of [low, high) of `size` values."""
    edges = low + (high - low) * np.arange(count + 1) / count
    first = np.clip(np.floor(edges[:-1] + _NEAR).astype(np.intp), 0, size - 1)
    last = np.clip(np.ceil(edges[1:] - _NEAR).astype(np.intp), first + 1, size)
    starts = np.zeros(count + 1, np.intp)
    np.cumsum(last - first, out=starts[1:])
    owner = np.repeat(np.arange(count, dtype=np.intp), last - first)
    columns: NDArray[np.intp] = np.arange(int(starts[-1]), dtype=np.intp) - starts[owner] + first[owner]
    share = np.maximum(np.minimum(columns + 1, edges[owner + 1]) - np.maximum(columns, edges[owner]), 1e-12)
    return _Means(share / np.add.reduceat(share, starts[:-1])[owner], columns, starts, size)
