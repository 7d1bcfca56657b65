"""Masks put together, cut, grown, taken apart and filled, against plain arrays of booleans."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from dataset.errors import DatasetProblem
from dataset.mask import TILE, Bits, Mask, empty_mask, mask_of_plane, mask_of_stack
from dataset.mask_between import interpolated
from dataset.mask_pieces import filled, pieces_of
from dataset.mask_shapes import PIXEL, difference, grown, intersection, reach_of, shrunk, smoothed, union
from imaging.progress import Cancelled, Progress, silent

SHAPE = (2, 262, 300)
EXTENT = (300, 262, 2)


@st.composite
def volumes(draw: st.DrawFn) -> Bits:
    """Blobs, specks, whole tiles and nothing, over more than one tile each way."""
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    kind = draw(st.sampled_from(["blobs", "specks", "boxes", "nothing"]))
    if kind == "nothing":
        return np.zeros(SHAPE, np.bool_)
    if kind == "blobs":
        return np.asarray(ndimage.uniform_filter(random.random(SHAPE), (1, 9, 9)) > 0.5)
    if kind == "specks":
        return np.asarray(random.random(SHAPE) < draw(st.sampled_from([0.001, 0.5])))
    bits = np.zeros(SHAPE, np.bool_)
    for _ in range(draw(st.integers(1, 4))):
        x, y, z = (int(random.integers(0, n)) for n in (250, 200, 2))
        bits[z:, y : y + int(random.integers(1, 262)), x : x + int(random.integers(1, 300))] = True
    return bits


def plain(mask: Mask) -> Bits:
    return np.stack([mask.crop(plane, 0, 0, SHAPE[2], SHAPE[1]) for plane in range(SHAPE[0])])


def is_trimmed(mask: Mask) -> bool:
    """Whether every tile is as a mask made anew would have it."""
    return mask.tiles == mask_of_stack(plain(mask), axis=mask.axis).tiles


@given(volumes(), volumes(), volumes())
def test_masks_are_joined_cut_and_met_as_arrays_are(a: Bits, b: Bits, c: Bits) -> None:
    masks = [mask_of_stack(bits) for bits in (a, b, c)]
    for made, wanted in (
        (union(masks, silent()), a | b | c),
        (intersection(masks, silent()), a & b & c),
        (difference(masks[0], masks[1:], silent()), a & ~(b | c)),
    ):
        assert np.array_equal(plain(made), wanted)
        assert is_trimmed(made)


@given(volumes())
def test_pieces_are_those_that_scipy_finds(bits: Bits) -> None:
    mask = mask_of_stack(bits)
    pieces = pieces_of(mask, silent())
    labels, count = ndimage.label(bits)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    assert pieces.sizes.tolist() == sorted(sizes.tolist(), reverse=True)
    if count:
        kept = pieces.kept(pieces.sizes >= 20, silent())
        assert np.array_equal(plain(kept), np.concatenate([[False], sizes >= 20])[labels])
        assert is_trimmed(kept)


@given(volumes())
def test_pieces_taken_apart_make_the_mask_again_and_never_meet(bits: Bits) -> None:
    mask = mask_of_stack(bits)
    pieces = pieces_of(mask, silent())
    large = pieces.kept(pieces.sizes >= 100, silent())
    parts = pieces_of(large, silent()).each(silent())
    assert [part.count() for part in parts] == [size for size in pieces.sizes.tolist() if size >= 100]
    if parts:
        assert np.array_equal(plain(union(parts, silent())), plain(large))
        assert sum(part.count() for part in parts) == large.count()


@given(volumes())
def test_holes_are_filled_plane_by_plane_as_scipy_does(bits: Bits) -> None:
    made = filled(mask_of_stack(bits), silent())
    wanted = np.stack([ndimage.binary_fill_holes(plane) for plane in bits])
    assert np.array_equal(plain(made), wanted)
    assert is_trimmed(made)


def test_a_hole_as_large_as_several_tiles_is_filled() -> None:
    ring = np.ones((4 * TILE, 4 * TILE), np.bool_)
    ring[2:-2, 2:-2] = False
    assert filled(mask_of_plane(ring, 5, axis=1), silent()).count() == (4 * TILE) ** 2
    ring[0:3, 7] = False
    assert filled(mask_of_plane(ring, 5), silent()).count() == int(ring.sum())


@given(volumes(), st.sampled_from([(1.0, 1.0, 1.0, None), (2.5, 1.0, 1.0, 2.0), (3.0, 1.5, 0.7, 1.5)]))
def test_growing_reaches_what_lies_within_the_distance(
    bits: Bits, how: tuple[float, float, float, float | None]
) -> None:
    distance, across, down, through = how
    mask, reach = mask_of_stack(bits), reach_of(distance, across, down, through)
    grow = grown(mask, reach, EXTENT, silent())
    away = np.full(SHAPE, np.inf)
    if through is not None and bits.any():
        away = ndimage.distance_transform_edt(~bits, sampling=(through, down, across))
    elif through is None:
        for number, plane in enumerate(bits):
            if plane.any():
                away[number] = ndimage.distance_transform_edt(~plane, sampling=(down, across))
    assert np.array_equal(plain(grow), away <= distance + 1e-9)
    assert is_trimmed(grow)


@given(volumes())
def test_shrinking_a_pixel_is_growing_what_is_not_set(bits: Bits) -> None:
    made = shrunk(mask_of_stack(bits), PIXEL, EXTENT, silent())
    cross = np.array([[[0, 1, 0], [1, 1, 1], [0, 1, 0]]], np.bool_)
    assert np.array_equal(plain(made), ndimage.binary_erosion(bits, cross, border_value=1))
    assert is_trimmed(made)


def test_smoothing_takes_off_a_spike_and_keeps_a_disc() -> None:
    y, x = np.mgrid[:300, :530]
    disc = (x - 256) ** 2 + (y - 150) ** 2 <= 60**2
    spiked = disc.copy()
    spiked[150, 256:400] = True
    made = smoothed(mask_of_plane(spiked, 1), 2.0, (530, 300, 3), silent())
    bits = made.crop(1, 0, 0, 530, 300)
    assert np.count_nonzero(bits ^ disc) < 20
    whole = mask_of_plane(np.ones((300, 530), np.bool_), 0)
    assert smoothed(whole, 2.0, (530, 300, 1), silent()) == whole


def disc(radius: float, x: float, y: float) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:200, :300]
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


@given(st.integers(0, 1000), st.sampled_from([0, 1, 2]))
def test_painted_planes_stay_and_what_is_between_lies_between(seed: int, axis: int) -> None:
    random = np.random.default_rng(seed)
    one, other = (np.asarray(ndimage.uniform_filter(random.random((200, 300)), 15) > 0.5) for _ in range(2))
    one[100:110, 100:110] = other[100:110, 100:110] = True
    mask = mask_of_plane(one, 2, axis=axis).painted(7, 0, 0, other, value=True)  # type: ignore[arg-type]
    made = interpolated(mask, (1.0, 1.0), (300, 200), silent())
    assert made.planes == (2, 3, 4, 5, 6, 7)
    assert made.axis == axis
    for plane, wanted in ((2, one), (7, other)):
        assert np.array_equal(made.crop(plane, 0, 0, 300, 200), wanted)
    for plane in range(3, 7):
        bits = made.crop(plane, 0, 0, 300, 200)
        assert np.all(bits[one & other])
        assert not np.any(bits & ~(one | other))


def test_between_two_discs_the_radius_goes_evenly() -> None:
    mask = mask_of_plane(disc(20, 150, 100), 0).painted(4, 0, 0, disc(40, 150, 100), value=True)
    made = interpolated(mask, (1.0, 1.0), (300, 200), silent())
    radii = [np.sqrt(np.count_nonzero(made.crop(plane, 0, 0, 300, 200)) / np.pi) for plane in range(5)]
    assert radii == pytest.approx([20, 25, 30, 35, 40], abs=0.7)


def test_discs_that_do_not_overlap_are_joined_by_one_that_moves() -> None:
    mask = mask_of_plane(disc(10, 40, 50), 0).painted(2, 0, 0, disc(10, 140, 90), value=True)
    made = interpolated(mask, (1.0, 1.0), (300, 200), silent())
    assert np.array_equal(made.crop(1, 0, 0, 300, 200), disc(10, 90, 70))


def test_a_plane_painted_between_two_others_counts() -> None:
    mask = mask_of_plane(disc(20, 150, 100), 0).painted(4, 0, 0, disc(20, 150, 100), value=True)
    mask = mask.painted(2, 0, 0, disc(40, 150, 100), value=True)
    made = interpolated(mask, (1.0, 1.0), (300, 200), silent())
    assert np.array_equal(made.crop(2, 0, 0, 300, 200), disc(40, 150, 100))
    assert made.bounds(1) == made.bounds(3)


def test_shapes_too_large_to_interpolate_are_refused_in_one_line() -> None:
    mask = empty_mask()
    for plane in (0, 2):
        for corner in (0, 20_000):
            mask = mask.painted(plane, corner, corner, np.ones((2, 2), np.bool_), value=True)
    with pytest.raises(DatasetProblem, match="too large"):
        interpolated(mask, (1.0, 1.0), (30_000, 30_000), silent())


def test_work_on_tiles_stops_when_it_should() -> None:
    progress = Progress()
    progress.cancel()
    mask = mask_of_plane(np.ones((600, 600), np.bool_), 0)
    for work in (pieces_of, filled):
        with pytest.raises(Cancelled):
            work(mask, progress)
    with pytest.raises(Cancelled):
        union([mask, mask], progress)
