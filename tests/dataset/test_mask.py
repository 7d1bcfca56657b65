"""Masks against plain arrays of booleans."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataset.mask import TILE, Mask, empty_mask, mask_of_plane, mask_of_stack, mask_of_volume
from imaging.geometry import Axis

WIDTH, HEIGHT = 600, 300


@st.composite
def stamps(draw: st.DrawFn) -> tuple[int, int, int, NDArray[np.bool_], bool]:
    """A plane, a place that may reach over every edge, and what is painted or erased there."""
    width, height = draw(st.integers(1, 320)), draw(st.integers(1, 300))
    x, y = draw(st.integers(-40, WIDTH - width)), draw(st.integers(-40, HEIGHT - height))
    seed, density = draw(st.integers(0, 1000)), draw(st.sampled_from([0.0, 0.01, 0.5, 1.0]))
    bits = np.random.default_rng(seed).random((height, width)) < density
    return draw(st.integers(0, 2)), x, y, bits, draw(st.booleans())


def paint(plain: NDArray[np.bool_], x: int, y: int, bits: NDArray[np.bool_], *, value: bool) -> None:
    """The same on a plain array."""
    height, width = bits.shape
    part = bits[max(-y, 0) :, max(-x, 0) :]
    target = plain[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)]
    target[part[: target.shape[0], : target.shape[1]]] = value


@given(st.lists(stamps(), max_size=8), st.sampled_from([0, 1, 2]))
def test_painted_masks_hold_the_same_pixels_as_plain_arrays(
    strokes: list[tuple[int, int, int, NDArray[np.bool_], bool]], axis: Axis
) -> None:
    plain = np.zeros((3, HEIGHT, WIDTH), np.bool_)
    mask = empty_mask(axis)
    for plane, x, y, bits, value in strokes:
        mask = mask.painted(plane, x, y, bits, value=value)
        paint(plain[plane], x, y, bits, value=value)
    for plane in range(3):
        np.testing.assert_array_equal(mask.crop(plane, 0, 0, WIDTH, HEIGHT), plain[plane])
        assert mask.bounds(plane) == bounds_of(plain[plane])
    assert mask.count() == int(plain.sum())
    assert mask.planes == tuple(int(p) for p in np.flatnonzero(plain.any(axis=(1, 2))))
    assert mask.is_empty == (not plain.any())
    # However it came about, the same set of pixels is the same mask, in the same trimmed tiles.
    again = mask_of_stack(plain, axis=axis)
    assert mask == again
    assert hash(mask) == hash(again)
    assert mask.byte_count == again.byte_count


def bounds_of(plain: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    rows, columns = np.nonzero(plain)
    if rows.size == 0:
        return None
    x, y = int(columns.min()), int(rows.min())
    return x, y, int(columns.max()) - x + 1, int(rows.max()) - y + 1


@given(stamps(), st.integers(-20, 620), st.integers(-20, 320), st.integers(0, 90), st.integers(0, 90))
def test_a_crop_is_the_rectangle_it_was_asked_for(
    stamp: tuple[int, int, int, NDArray[np.bool_], bool], x: int, y: int, width: int, height: int
) -> None:
    _plane, left, top, bits, _value = stamp
    mask = mask_of_plane(bits, 0, x=left, y=top)
    plain = np.zeros((HEIGHT + 300, WIDTH + 300), np.bool_)
    paint(plain[100:, 100:], max(left, 0), max(top, 0), bits[max(-top, 0) :, max(-left, 0) :], value=True)
    expected = plain[100 + y : 100 + y + height, 100 + x : 100 + x + width]
    np.testing.assert_array_equal(mask.crop(0, x, y, width, height), expected)


def test_a_stroke_copies_only_the_tiles_it_changes() -> None:
    mask = mask_of_plane(np.ones((2 * TILE, 2 * TILE), np.bool_), 0)
    after = mask.painted(0, 10, 10, np.ones((5, 5), np.bool_), value=False)
    changed = [key for key in mask.tiles if after.tiles[key] is not mask.tiles[key]]
    assert len(changed) == 1


def test_painting_what_is_painted_already_changes_no_tile() -> None:
    mask = mask_of_plane(np.ones((TILE, TILE), np.bool_), 0)
    after = mask.painted(0, 10, 10, np.ones((5, 5), np.bool_), value=True)
    assert all(after.tiles[key] is tile for key, tile in mask.tiles.items())
    blank = mask.painted(0, 300, 300, np.ones((5, 5), np.bool_), value=False)
    assert blank == mask


def test_masks_do_not_share_memory_with_what_they_were_made_from() -> None:
    bits = np.ones((TILE, TILE), np.bool_)
    mask = mask_of_plane(bits, 0)
    bits[:] = False
    assert mask.count() == TILE * TILE
    tile = next(iter(mask.tiles.values()))
    with pytest.raises(ValueError, match="read-only"):
        tile.bits[0, 0] = False


def test_a_mask_of_a_volume_lies_on_its_stored_planes() -> None:
    bits = np.zeros((4, 5, 6), np.bool_)
    bits[2, 1:3, 4] = True
    mask = mask_of_volume(bits)
    assert (mask.axis, mask.planes, mask.bounds(2)) == (0, (2,), (4, 1, 1, 2))


def test_nothing_is_painted_outside_the_plane() -> None:
    mask = empty_mask().painted(0, -10, -10, np.ones((5, 5), np.bool_), value=True)
    assert mask.is_empty
    assert mask.bounds(0) is None


def test_a_tile_is_no_other_thing() -> None:
    mask: Mask = mask_of_plane(np.ones((2, 2), np.bool_), 0)
    tile = next(iter(mask.tiles.values()))
    assert tile != "a tile"
    assert len({tile, next(iter(mask_of_plane(np.ones((2, 2), np.bool_), 7).tiles.values()))}) == 1
