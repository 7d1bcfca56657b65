"""Lay a region's pixels into the network's input, and bring positions back."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.package import SizePolicy

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted input (rows, columns, channels); input position = grid position × scale + offset."""

    values: Array
    scale_x: float = 1.0
    scale_y: float = 1.0
    offset_x: float = 0.0
    offset_y: float = 0.0

    def to_grid(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Positions on the grid (corner convention) of positions in the input."""
        return (x - self.offset_x) / self.scale_x, (y - self.offset_y) / self.scale_y


def fit(grid: Array, size: SizePolicy) -> Fitted:
    """The grid as one input by the package's policy: fitted to a size, or padded to a multiple."""
    if size.policy == "any":
        return _padded(grid, size.multiple_of)
    height, width = grid.shape[:2]
    if size.fit == "stretch":
        values = resize(grid, size.width, size.height, size.resample)
        return Fitted(values, size.width / width, size.height / height)
    across, down = size.width / width, size.height / height
    scale = min(across, down) if size.fit == "letterbox" else max(across, down)
    inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
    inner = resize(grid, inner_width, inner_height, size.resample)
    left, top = (size.width - inner_width) / 2, (size.height - inner_height) / 2
    # Half a spare pixel goes to the right and bottom, as the trainers' letterbox does it.
    x, y = (0, 0) if size.place == "corner" else (round(left - 0.1), round(top - 0.1))
    return Fitted(_laid(inner, size, x, y), inner_width / width, inner_height / height, x, y)


def unfit(scores: Floats, fitted: Fitted, width: int, height: int) -> Floats:
    """A map over the input (channels first), at any resolution, as a map over the grid of width × height."""
    import cv2

    rows, columns = fitted.values.shape[:2]
    ratio_x, ratio_y = scores.shape[2] / columns, scores.shape[1] / rows
    if (fitted.offset_x, fitted.offset_y) == (0, 0) and (ratio_x, ratio_y) == (1, 1):
        right, bottom = width * fitted.scale_x, height * fitted.scale_y
        if (right, bottom) == (round(right), round(bottom)):
            part = scores[:, : round(bottom), : round(right)]
            return np.stack([resize(channel, width, height, "area") for channel in part])
    # Grid pixel centre (u + 0.5) → input position → map pixel index.
    a, d = fitted.scale_x * ratio_x, fitted.scale_y * ratio_y
    matrix = np.array(
        [
            [a, 0, (0.5 * fitted.scale_x + fitted.offset_x) * ratio_x - 0.5],
            [0, d, (0.5 * fitted.scale_y + fitted.offset_y) * ratio_y - 0.5],
        ],
        np.float64,
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = [
        cv2.warpAffine(channel, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        for channel in scores
    ]
    return np.stack(warped).astype(np.float32, copy=False)


def resize(values: Array, width: int, height: int, resample: str) -> Array:
    """Values (rows, columns[, channels]) at another size: by area where neither side grows, else bilinear.

    Nothing is copied where the size is right already; the result is float32 where it was computed.
    """
    if values.shape[:2] == (height, width):
        return values
    import cv2

    shrinks = width <= values.shape[1] and height <= values.shape[0]
    method = cv2.INTER_AREA if shrinks and resample == "area" else cv2.INTER_LINEAR
    source = np.ascontiguousarray(values, dtype=np.float32)
    resized = np.asarray(cv2.resize(source, (width, height), interpolation=method))
    return resized.reshape(height, width, *values.shape[2:])


def _laid(inner: Array, size: SizePolicy, x: int, y: int) -> Array:
    """The inner picture at (x, y) of an input filled with the pad value; what reaches over is cut off."""
    out = np.full((size.height, size.width, inner.shape[2]), size.pad, np.result_type(inner, np.float32))
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + inner.shape[1], size.width), min(y + inner.shape[0], size.height)
    out[y0:y1, x0:x1] = inner[y0 - y : y1 - y, x0 - x : x1 - x]
    return out


def _padded(grid: Array, multiple: int) -> Fitted:
    """The grid with its edge repeated at the right and bottom up to a multiple."""
    down, across = -grid.shape[0] % multiple, -grid.shape[1] % multiple
    if down or across:
        grid = np.pad(grid, [(0, down), (0, across), (0, 0)], mode="edge")
    return Fitted(grid)
