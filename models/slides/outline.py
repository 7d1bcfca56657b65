"""Outlines of pixel sets, through the middles of the sides of their pixels. Pure functions."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ring: TypeAlias = NDArray[np.int32]
"""(points, 2): x and y in half pixels, corner convention; closed, the last point is not repeated."""
LOOSE = 0.34
"""How far, in pixels, a point left out may lie from the outline.

A line through the middles of the sides keeps 0.354 pixels from the middle of every pixel; below that, every pixel's
middle stays on its side, so that an outline filled by pixel middles gives exactly the pixels it was made from.
"""


def rings_of(bits: NDArray[np.bool_], x: int = 0, y: int = 0, loose: float = LOOSE) -> tuple[Ring, ...]:
    """The outline of an 8-connected pixel set, and those of its holes; its corner lies at pixel (x, y).

    Filled by pixel middles they give exactly `bits`; no point of the pixels' own border is further than 0.7 away.
    """
    import cv2

    # Twice as large, the border's pixels stand for the pixels' corners: index u for corner (u + 1) // 2.
    large = bits.view(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    contours, tree = cv2.findContours(large, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    outer: list[Ring] = []
    holes: list[Ring] = []
    shift = np.array([2 * x, 2 * y], np.int32)
    for contour, family in zip(contours, tree[0].tolist(), strict=True):
        corners = (np.asarray(contour, np.int32)[:, 0] + 1) >> 1
        following = np.concatenate([corners[1:], corners[:1]])
        corners = corners[(corners != following).any(axis=1)]
        middles = corners + np.concatenate([corners[1:], corners[:1]])
        kept = _thinned(middles, loose)
        (outer if family[3] < 0 else holes).append(kept + shift)
    return (*outer, *holes)


def _thinned(points: Ring, loose: float) -> Ring:
    import cv2

    thin: Any = cv2.approxPolyDP(points[:, None], 2 * loose, True)
    return np.asarray(thin, np.int32)[:, 0] if len(thin) >= 3 else points
