"""Connected parts of a bitmap."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

AREA = 4
"""The column of `connected`'s figures that holds the area."""


def connected(bits: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """8-connected parts numbered from 1, and a row of x, y, width, height, area for each (0: the rest)."""
    import cv2

    _, numbers, figures, _ = cv2.connectedComponentsWithStats(bits.astype(np.uint8), connectivity=8)
    return np.asarray(numbers, np.int32), np.asarray(figures, np.int32)
