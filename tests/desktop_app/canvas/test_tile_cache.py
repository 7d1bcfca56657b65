"""Tiles kept by use, weighed in bytes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.canvas.tile_cache import ENTRY_BYTES, Tile, TileCache, TileKey


def key(number: int, scan: int = 1) -> TileKey:
    return TileKey(scan, 1, 0, 0, number, 0)


def tile(weight: int) -> Tile:
    return Tile(np.zeros(weight // 4, np.uint32))


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(4, 4000)), max_size=60))
def test_the_bound_always_holds_and_the_weight_is_right(puts: list[tuple[int, int]]) -> None:
    cache = TileCache(10_000)
    for number, weight in puts:
        cache.put(key(number), tile(weight))
        assert cache.byte_count <= 10_000
    kept = [found for n in range(21) if (found := cache.peek(key(n))) is not None]
    assert cache.byte_count == sum(found.weight for found in kept)


def test_what_was_used_longest_ago_goes_first() -> None:
    cache = TileCache(3 * (400 + ENTRY_BYTES))
    for number in range(3):
        cache.put(key(number), tile(400))
    cache.get(key(0))
    cache.put(key(3), tile(400))
    assert [n for n in range(4) if key(n) in cache] == [0, 2, 3]


def test_a_smaller_bound_holds_at_once() -> None:
    cache = TileCache(100_000)
    for number in range(10):
        cache.put(key(number), tile(4000))
    cache.set_bound(9000)
    assert cache.byte_count <= 9000
    assert key(9) in cache


def test_the_tiles_of_a_slide_go_with_it() -> None:
    cache = TileCache()
    cache.put(key(1, scan=1), tile(40))
    cache.put(key(1, scan=2), tile(40))
    cache.drop_scan(1)
    assert len(cache) == 1
    cache.clear()
    assert (len(cache), cache.byte_count) == (0, 0)
