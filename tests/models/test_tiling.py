import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tiling import cut, lay, spans, tiles


@st.composite
def cuts(draw):
    tile = draw(st.integers(4, 40))
    halo = draw(st.integers(0, (tile - 1) // 2 - 1))
    overlap = draw(st.integers(0, max(0, tile - 2 * halo - 1)))
    return draw(st.integers(1, 200)), tile, halo, overlap


@given(cuts())
def test_every_pixel_is_covered_and_the_weights_sum_to_one(case):
    length, tile, halo, overlap = case
    total = np.zeros(length)
    for span in spans(length, tile, halo, overlap):
        assert span.start >= 0
        assert length <= tile or span.start + tile <= length
        total[span.place] += span.weights
    assert np.allclose(total, 1, atol=1e-5)


@given(cuts())
def test_context_is_kept_at_the_edges_of_the_grid_only(case):
    length, tile, halo, overlap = case
    parts = spans(length, tile, halo, overlap)
    for index, span in enumerate(parts):
        assert span.first == (0 if index == 0 else halo)
        if index < len(parts) - 1:
            assert span.first + len(span.weights) == tile - halo


@given(st.integers(1, 60), st.integers(1, 60), cuts(), st.floats(-5, 5, width=32))
def test_a_constant_comes_back_constant(height, width, case, value):
    _, tile, halo, overlap = case
    grid = np.full((height, width, 1), value, np.float32)
    out = np.zeros((1, height, width), np.float32)
    for one in tiles((height, width), (tile, tile), (halo, halo), overlap):
        lay(out, one, cut(grid, one, (tile, tile)).transpose(2, 0, 1))
    assert np.allclose(out, value, atol=1e-4)


@given(cuts(), st.integers(0, 2**31))
def test_any_tile_size_gives_the_same_result_for_a_local_network(case, seed):
    _, tile, halo, overlap = case
    grid = np.random.default_rng(seed).random((47, 53, 1), np.float32)

    def blurred(values):  # 3 × 3 mean with zeros outside, as a padded convolution computes it
        padded = np.pad(values, 1)
        rows, columns = values.shape
        return np.sum([padded[r : r + rows, c : c + columns] for r in range(3) for c in range(3)], axis=0) / np.float32(
            9
        )

    out = np.zeros((1, 47, 53), np.float32)
    halo = max(halo, 1)
    if tile - 2 * halo - overlap < 1:
        overlap = 0
    if tile - 2 * halo < 1:
        return
    for one in tiles((47, 53), (tile, tile), (halo, halo), overlap):
        lay(out, one, blurred(cut(grid, one, (tile, tile))[..., 0])[None])
    inner = (slice(None), slice(1, -1), slice(1, -1))
    if tile < 47:
        assert np.allclose(out[0], blurred(grid[..., 0]), atol=1e-5)
    else:
        assert np.allclose(out[inner], blurred(grid[..., 0])[None][inner], atol=1e-5)


def test_a_grid_smaller_than_a_tile_is_one_tile_with_its_edge_repeated():
    (only,) = tiles((2, 3), (4, 4), (1, 1), 0)
    part = cut(np.arange(6, dtype=np.float32).reshape(2, 3, 1), only, (4, 4))[..., 0]
    assert part.tolist() == [[0, 1, 2, 2], [3, 4, 5, 5], [3, 4, 5, 5], [3, 4, 5, 5]]


def test_volumes_are_cut_along_three_axes():
    grid = np.random.default_rng(1).random((9, 20, 17, 1), np.float32)
    out = np.zeros((1, 9, 20, 17), np.float32)
    for one in tiles((9, 20, 17), (4, 8, 8), (1, 2, 2), 1):
        lay(out, one, cut(grid, one, (4, 8, 8)).transpose(3, 0, 1, 2))
    assert np.allclose(out[0], grid[..., 0], atol=1e-6)


def test_a_halo_that_leaves_nothing_is_refused():
    with pytest.raises(ValueError, match="leave nothing"):
        spans(100, 8, 4, 0)
