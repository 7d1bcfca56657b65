"""Pixels that move with a view: what is kept lies where it belongs, and all else is told."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from desktop_app.canvas.tile_mosaic import Scaling
from desktop_app.canvas.tile_screen import ScreenBuffer

steps = st.tuples(st.integers(-70, 70), st.integers(-50, 50))


def wanted(scaling: Scaling) -> NDArray[np.uint32]:
    """A picture in which no pixel looks like those near it."""
    rows, columns = np.mgrid[: scaling.rows, : scaling.columns]
    return ((rows + scaling.y + 5000) * 10_000 + columns + scaling.x + 5000).astype(np.uint32)


@given(st.lists(st.tuples(steps, st.integers(1, 3)), max_size=12), st.booleans())
def test_after_any_moves_every_pixel_is_kept_or_told_to_be_made(
    moves: list[tuple[tuple[int, int], int]], is_smaller: bool
) -> None:
    screen, scaling = ScreenBuffer(), Scaling(1.0, 0.0, 0.0, 1.0, 0, 0, 60, 40)
    screen.follow(scaling)
    for (dx, dy), rests in moves:
        # Some moves follow each other before anything is made.
        for _ in range(rests):
            scaling = replace(scaling, x=scaling.x + dx, y=scaling.y + dy, columns=50 if is_smaller and dx > 60 else 60)
            screen.follow(scaling)
        for (x0, y0, x1, y1), target in screen.pieces():
            target[...] = wanted(scaling)[y0:y1, x0:x1]
        assert screen.pixels.flags.c_contiguous
        assert (screen.pixels == wanted(scaling)).all()
