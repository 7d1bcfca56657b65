"""Bring pixels to a network's input exactly as the product's runtime does."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from typing import cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Pixels = NDArray[np.generic]


def scale_percentiles(plane: Pixels, low: float, high: float) -> Floats:
    """Return the plane with its percentiles `low` and `high` at 0 and 1, clipped."""
    values = plane.astype(np.float32)
    bottom, top = (float(v) for v in np.percentile(values, [low, high]))
    return np.clip((values - bottom) / max(top - bottom, 1e-6), 0.0, 1.0).astype(np.float32)


def resize(plane: Pixels, width: int, height: int) -> Floats:
    """Resample to width × height: by area where neither side grows, else bilinear."""
    import cv2

    source = np.ascontiguousarray(plane, dtype=np.float32)
    if source.shape[:2] == (height, width):
        return source
    shrinks = width <= source.shape[1] and height <= source.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cast(Floats, cv2.resize(source, (width, height), interpolation=method))


def normalise(values: Floats, mean: float, std: float) -> Floats:
    """Return (values - mean) / std."""
    return ((values - np.float32(mean)) / np.float32(std)).astype(np.float32)


def read_gray(path: str) -> NDArray[np.generic]:
    """Read a picture as gray values in their own bit depth."""
    import cv2

    pixels = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError(f"{path} cannot be read as a picture")
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels[..., :3], cv2.COLOR_BGR2GRAY)
    return cast(NDArray[np.generic], pixels)


def read_label_map(path: str) -> NDArray[np.int32]:
    """Read a label map as 0 for the background and 1…n without gaps."""
    import cv2

    pixels = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError(f"{path} cannot be read as a label map")
    numbers = np.unique(np.append(np.asarray(pixels).ravel(), 0), return_inverse=True)[1]
    return numbers[:-1].reshape(pixels.shape).astype(np.int32)


def read_rgb(path: str) -> NDArray[np.uint8]:
    """Read a picture as 8-bit RGB."""
    import cv2

    pixels = cv2.imread(path, cv2.IMREAD_COLOR)
    if pixels is None:
        raise ValueError(f"{path} cannot be read as a picture")
    return cast(NDArray[np.uint8], cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
