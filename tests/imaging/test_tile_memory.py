"""Memory for tiles: nothing is given out twice, what goes is used again, and little stays."""

import gc
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.memory import usual_slide_memory, whole_bytes
from imaging.tile_memory import LEAST, MOST, PIECE, TileMemory

TILE = (256, 256, 4)


@given(st.lists(st.tuples(st.sampled_from([TILE, (256, 256, 3), (128, 256, 4), (7, 9)]), st.booleans()), max_size=80))
def test_what_is_in_use_is_never_given_out_again(steps: list[tuple[tuple[int, ...], bool]]) -> None:
    memory = TileMemory()
    held: list[tuple[int, np.ndarray]] = []
    for number, (shape, goes) in enumerate(steps):
        if goes and held:
            held.pop(number % len(held))
        array = memory.room(shape)
        assert array.shape == shape
        array[...] = number % 256
        held.append((number % 256, array))
    assert all((array == value).all() for value, array in held)


def test_a_place_is_used_again_only_when_the_last_view_of_it_has_gone() -> None:
    memory = TileMemory()
    first = memory.room(TILE)
    address, part = first.ctypes.data, first.view("<u4")[10:20, 5:9, 0]
    part[...] = 7
    del first
    assert memory.room(TILE).ctypes.data != address
    assert (part == 7).all()
    del part
    gc.collect()
    assert address in {memory.room(TILE).ctypes.data for _ in range(3)}


def test_trimming_leaves_one_piece_and_what_is_in_use() -> None:
    memory = TileMemory()
    count = 4 * PIECE // (256 * 256 * 4)
    held = [memory.room(TILE) for _ in range(count)]
    for number, array in enumerate(held):
        array[...] = number % 256
    kept = held[5]
    array = kept
    del held, array
    memory.trim()
    pieces = {id(whole) for free in memory._free.values() for whole, _ in free}
    assert len(pieces) == 1
    assert (kept == 5).all()


@pytest.mark.parametrize("size", [LEAST - 64, MOST + 64, LEAST + 1])
def test_what_is_too_small_too_large_or_askew_comes_from_the_system(size: int) -> None:
    memory = TileMemory()
    array = memory.room((size,))
    assert array.shape == (size,)
    assert not memory._free


def test_many_threads_never_share_a_place() -> None:
    memory = TileMemory()
    wrong: list[int] = []

    def work(value: int) -> None:
        for turn in range(60):
            arrays = [memory.room(TILE) for _ in range(turn % 5 + 1)]
            for array in arrays:
                array[:4] = value
            if turn % 20 == 0:
                memory.trim()
            if not all((array[:4] == value).all() for array in arrays):
                wrong.append(value)

    threads = [threading.Thread(target=work, args=(value,)) for value in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize(("gibibytes", "mebibytes"), [(2, 256), (8, 682), (16, 1365), (64, 2048)])
def test_slides_take_a_twelfth_of_the_machine_within_bounds(gibibytes: int, mebibytes: int) -> None:
    assert usual_slide_memory(gibibytes * 2**30) == mebibytes
    assert 256 <= usual_slide_memory() <= 2048
    assert whole_bytes() > 2**28
