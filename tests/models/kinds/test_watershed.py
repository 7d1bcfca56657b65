import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.kinds.watershed import grow_instances, shared_out
from tests.models.slides.made import blobs


def disc(shape: tuple[int, int], row: float, column: float, radius: float) -> NDArray[np.float32]:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return (np.hypot(rows - row, columns - column) <= radius).astype(np.float32)


def grow(interior: NDArray[np.float32], seeds: NDArray[np.float32], minimum_area: int = 5) -> NDArray[np.int32]:
    return grow_instances(interior, seeds, threshold=0.5, seed_threshold=0.5, minimum_area=minimum_area)


def test_two_touching_discs_are_cut_where_they_touch() -> None:
    shape = (60, 60)
    left, right = disc(shape, 30, 20, 11), disc(shape, 30, 40, 11)
    seeds = np.maximum(disc(shape, 30, 20, 4), disc(shape, 30, 40, 4))
    found = grow(np.maximum(left, right), seeds)
    assert found.max() == 2
    assert found[30, 12] != found[30, 48]
    sizes = np.bincount(found.ravel())[1:]
    assert abs(int(sizes[0]) - int(sizes[1])) <= 0.1 * sizes.sum()


def test_every_inside_pixel_belongs_to_a_piece_and_none_outside_does() -> None:
    shape = (60, 60)
    interior = np.maximum(disc(shape, 30, 20, 11), disc(shape, 30, 40, 11))
    found = grow(interior, disc(shape, 30, 20, 4))
    assert ((found > 0) == (interior > 0)).all()


def test_an_interior_without_a_seed_stays_one_piece() -> None:
    shape = (40, 40)
    interior = np.maximum(disc(shape, 10, 10, 5), disc(shape, 30, 30, 5))
    found = grow(interior, disc(shape, 10, 10, 2))
    assert found.max() == 2
    assert found[10, 10] != found[30, 30] != 0


def test_pieces_below_the_minimum_area_are_dropped() -> None:
    shape = (40, 40)
    interior = np.maximum(disc(shape, 10, 10, 6), disc(shape, 30, 30, 1))
    found = grow(interior, interior, minimum_area=20)
    assert found.max() == 1
    assert found[30, 30] == 0


def test_an_empty_map_has_no_pieces() -> None:
    empty = np.zeros((8, 9), np.float32)
    found = grow(empty, empty)
    assert found.shape == (8, 9)
    assert found.dtype == np.int32
    assert not found.any()


def test_maps_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="same height and width"):
        grow(np.zeros((8, 8), np.float32), np.zeros((8, 9), np.float32))


@given(st.integers(0, 2**32 - 1))
def test_pieces_are_numbered_without_gaps_in_reading_order(seed: int) -> None:
    generator = np.random.default_rng(seed)
    interior, seeds = generator.random((2, 24, 31)).astype(np.float32)
    found = grow(interior, seeds, minimum_area=3)
    numbers, first = np.unique(found[found > 0], return_index=True)
    assert numbers.tolist() == list(range(1, len(numbers) + 1))
    assert (np.diff(first) > 0).all()
    assert not found[interior < 0.5].any()


@pytest.mark.parametrize("seed", range(4))
def test_scores_as_bytes_are_shared_out_as_scores_are(seed: int) -> None:
    inside, middle = blobs(150, 130, seed, 3.0), blobs(150, 130, seed + 9, 2.0)
    pieces, count = shared_out(np.where(inside >= 102, inside, 0).astype(np.uint8), middle, 153)
    scores = inside / np.float32(255), middle / np.float32(255)
    wanted = grow_instances(*scores, threshold=102 / 255, seed_threshold=153 / 255, minimum_area=1)
    assert pieces.max() <= count
    pairs = set(zip(pieces.ravel().tolist(), wanted.ravel().tolist(), strict=True))
    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs}) > 20
