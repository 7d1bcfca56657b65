"""The levels a slide is shown from."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.canvas.tile_pyramid import COARSEST, LARGEST_STEP, Pyramid, pyramid_of
from desktop_app.canvas.viewport import TileRef
from imaging.scan import Level

TILE = (256, 256)


def of_steps(width: int, height: int, downsamples: tuple[float, ...]) -> Pyramid:
    levels = (Level(max(1, round(width / d)), max(1, round(height / d)), d, TILE) for d in downsamples)
    return pyramid_of(tuple(levels))


def test_levels_in_steps_of_two_stay_and_end_small() -> None:
    pyramid = of_steps(4000, 3000, (1.0, 2.0, 4.0, 8.0))
    assert pyramid.stored == (0, 1, 2, 3)


def test_between_levels_in_steps_of_four_there_is_one_more() -> None:
    pyramid = of_steps(46_000, 33_000, (1.0, 4.0001, 16.002))
    assert pyramid.stored[:5] == (0, None, 1, None, 2)
    assert [round(level.downsample) for level in pyramid.levels[:5]] == [1, 2, 4, 8, 16]
    assert pyramid.levels[1].tile == (256, 256)


def test_a_level_that_is_no_coarser_is_left_out() -> None:
    assert of_steps(2000, 1000, (1.0, 1.0, 2.0)).stored[:2] == (0, 2)


@given(st.integers(1, 200_000), st.integers(1, 200_000), st.lists(st.floats(1.3, 70), max_size=3))
def test_no_step_is_large_and_the_coarsest_is_small(width: int, height: int, steps: list[float]) -> None:
    downsamples = [1.0]
    for step in steps:
        if min(width, height) / (downsamples[-1] * step) >= 1:
            downsamples.append(downsamples[-1] * step)
    pyramid = of_steps(width, height, tuple(downsamples))
    ratios = [b.downsample / a.downsample for a, b in pairwise(pyramid.levels)]
    assert all(1 < ratio <= LARGEST_STEP for ratio in ratios)
    assert max(pyramid.levels[-1].width, pyramid.levels[-1].height) <= COARSEST
    assert [n for n in pyramid.stored if n is not None] == list(range(len(downsamples)))


@given(st.integers(300, 5000), st.integers(300, 5000), st.sampled_from([(256, 256), (240, 240), (512, 512), (64, 80)]))
def test_the_parts_of_a_tile_are_what_it_covers_of_the_finer_level(
    width: int, height: int, size: tuple[int, int]
) -> None:
    pyramid = pyramid_of((Level(width, height, 1.0, size),))
    for tile in pyramid.tiles(1) if len(pyramid.levels) > 1 else ():
        parts = pyramid.parts(tile)
        last = parts[-1]
        columns = sum(pyramid.tile_size(part)[0] for part in parts if part.row == last.row)
        rows = sum(pyramid.tile_size(part)[1] for part in parts if part.column == last.column)
        across, down = pyramid.tile_size(tile)
        assert (across, down) == (-(-columns // 2), -(-rows // 2))
        assert len(parts) in {1, 2, 4}


def test_tiles_at_the_rim_are_cut() -> None:
    pyramid = of_steps(600, 300, (1.0,))
    assert pyramid.tile_size(TileRef(0, 2, 1)) == (88, 44)
