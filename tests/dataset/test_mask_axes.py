"""Masks on planes of every axis against plain numpy volumes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dataset.annotation import lies_on
from dataset.mask import Mask, empty_mask, mask_of_stack
from imaging.geometry import Axis, Plane, Size

SIZE = Size(columns=300, rows=270, planes=7)
AXES: tuple[Axis, ...] = (0, 1, 2)
axes = st.sampled_from(AXES)

Volume = NDArray[np.bool_]
"""Planes, rows, columns: k, j, i."""


def plane_of(volume: Volume, axis: Axis, index: int) -> Volume:
    """A plane as (height, width), a view; see `imaging.geometry.Plane`."""
    return volume.swapaxes(0, axis)[index] if axis < 2 else volume[:, :, index]


def volume_of(mask: Mask) -> Volume:
    out = np.zeros((SIZE.planes, SIZE.rows, SIZE.columns), np.bool_)
    for plane, x, y, bits in mask.pieces():
        plane_of(out, mask.axis, plane)[y : y + bits.shape[0], x : x + bits.shape[1]] |= bits
    return out


def paint(volume: Volume, axis: Axis, index: int, x: int, y: int, bits: Volume, *, value: bool) -> None:
    target = plane_of(volume, axis, index)
    height, width = target.shape
    for row, column in np.argwhere(bits).tolist():
        if 0 <= y + row < height and 0 <= x + column < width:
            target[y + row, x + column] = value


@st.composite
def stamps(draw: st.DrawFn) -> tuple[Axis, int, int, int, Volume, bool]:
    """A plane of any axis, a place that may reach over the upper and left edge, and what is painted or erased."""
    axis = draw(axes)
    across, down = SIZE.on_plane(axis)
    index = draw(st.integers(0, SIZE.count(axis) - 1))
    width, height = draw(st.integers(1, min(40, across))), draw(st.integers(1, min(40, down)))
    x, y = draw(st.integers(-5, across - width)), draw(st.integers(-5, down - height))
    bits = np.random.default_rng(draw(st.integers(0, 99))).random((height, width)) < draw(
        st.sampled_from([0.0, 0.1, 0.6, 1.0])
    )
    return axis, index, x, y, bits, draw(st.sampled_from([True, True, False]))


@given(axes, st.lists(stamps(), max_size=8))
def test_strokes_on_planes_of_every_axis_are_what_a_plain_volume_holds(
    own: Axis, strokes: list[tuple[Axis, int, int, int, Volume, bool]]
) -> None:
    plain = np.zeros((SIZE.planes, SIZE.rows, SIZE.columns), np.bool_)
    mask = empty_mask(own)
    for axis, index, x, y, bits, value in strokes:
        mask = mask.painted_across(axis, index, x, y, bits, value=value)
        paint(plain, axis, index, x, y, bits, value=value)
    np.testing.assert_array_equal(volume_of(mask), plain)
    assert mask.axis == own
    # However it was painted, the same set of pixels is the same mask, in the same trimmed tiles.
    stack = np.stack([plane_of(plain, own, index) for index in range(SIZE.count(own))])
    assert mask == mask_of_stack(stack, axis=own)


@given(axes, st.integers(0, 99), st.sampled_from([0.0, 0.00002, 0.3, 1.0]))
def test_a_section_is_the_slice_of_the_volume(own: Axis, seed: int, density: float) -> None:
    random = np.random.default_rng(seed)
    plain = random.random((SIZE.planes, SIZE.rows, SIZE.columns)) < density
    mask = mask_of_stack(np.stack([plane_of(plain, own, index) for index in range(SIZE.count(own))]), axis=own)
    for axis in AXES:
        seen = [index for index in range(SIZE.count(axis)) if plane_of(plain, axis, index).any()]
        assert mask.planes_along(axis) == tuple(seen)
        for index in {0, SIZE.count(axis) - 1, *random.integers(0, SIZE.count(axis), 3).tolist(), *seen[:2]}:
            wanted = plane_of(plain, axis, index)
            found = np.zeros_like(wanted)
            section = mask.section(axis, index)
            if section is not None:
                x, y, bits = section
                found[y : y + bits.shape[0], x : x + bits.shape[1]] = bits
            np.testing.assert_array_equal(found, wanted)
            assert (section is None) == (not wanted.any())
            assert lies_on(mask, Plane(axis, index)) == bool(wanted.any())


@given(axes, axes, st.integers(0, 99), st.tuples(*[st.integers(-3, 5)] * 3), st.booleans())
def test_a_stack_is_painted_plane_by_plane(
    own: Axis, axis: Axis, seed: int, corner: tuple[int, int, int], value: bool
) -> None:
    random = np.random.default_rng(seed)
    start = mask_of_stack(random.random((8, 30, 20)) < 0.5, axis=own)
    plane, x, y = corner
    bits = random.random((4, 7, 5)) < 0.5
    mask = start
    for number in range(4):
        mask = mask.painted_across(axis, plane + number, x, y, bits[number], value=value)
    assert start.painted_stack(plane, x, y, bits, value=value, axis=axis) == mask
    if own == axis:
        assert start.painted_stack(plane, x, y, bits, value=value) == mask


@given(axes, st.integers(0, 99))
def test_a_pixel_is_set_on_planes_of_every_axis_where_its_voxel_is(own: Axis, seed: int) -> None:
    random = np.random.default_rng(seed)
    plain = random.random((SIZE.planes, SIZE.rows, SIZE.columns)) < 0.3
    plain[:, :250] = False
    mask = mask_of_stack(np.stack([plane_of(plain, own, index) for index in range(SIZE.count(own))]), axis=own)
    for _ in range(30):
        k, j, i = (int(v) for v in random.integers((0, 245, 0), plain.shape))
        wanted = bool(plain[k, j, i])
        assert (mask.has(0, k, i, j), mask.has(1, j, i, k), mask.has(2, i, j, k)) == (wanted,) * 3
    assert not mask.has(0, -1, 0, 0)


@pytest.mark.parametrize("axis", AXES)
def test_a_line_across_the_planes_copies_only_the_tiles_it_meets(axis: Axis) -> None:
    mask = mask_of_stack(np.ones((7, 300, 300), np.bool_), axis=axis)
    other: Axis = 1 if axis == 0 else 0
    after = mask.painted_across(other, 3, 2, 2, np.ones((3, 3), np.bool_), value=False)
    changed = [key for key in mask.tiles if after.tiles[key] is not mask.tiles[key]]
    assert len(changed) == 3
    assert after.painted_across(other, 3, 2, 2, np.ones((3, 3), np.bool_), value=True) == mask


def test_nothing_is_seen_or_painted_beyond_the_first_planes() -> None:
    mask = mask_of_stack(np.ones((2, 5, 5), np.bool_))
    assert mask.painted_across(1, -1, 0, 0, np.ones((2, 2), np.bool_), value=False) == mask
    assert mask.section(2, 5) is None
    assert mask.section(1, -1) is None
    assert not lies_on(mask, Plane(2, 5))
