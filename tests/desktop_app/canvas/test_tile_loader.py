"""Threads that read tiles: in which order, how often, and what is left undone."""

import threading
import time
from collections.abc import Callable, Generator

import numpy as np
import pytest

from desktop_app.canvas.tile_cache import Tile, TileCache, TileKey
from desktop_app.canvas.tile_loader import Asker, TileLoader


def key(number: int) -> TileKey:
    return TileKey(1, 1, 0, 0, number, 0)


class Reader:
    """Reads when it may, and remembers what."""

    def __init__(self) -> None:
        self.read: list[int] = []
        self.gate = threading.Semaphore(0)

    def __call__(self, wanted: TileKey) -> Tile:
        self.read.append(wanted.column)
        self.gate.acquire()
        return Tile(np.zeros(1, np.uint32))

    def let(self, count: int = 1) -> None:
        for _ in range(count):
            self.gate.release()


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def loader(reader: Reader) -> Generator[TileLoader]:
    made = TileLoader(TileCache(), reader, threads=1)
    yield made
    made.close()
    reader.let(100)
    until(lambda: not [t for t in threading.enumerate() if t.name == "overread-tiles"])


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.001)


def test_tiles_come_in_the_order_asked_and_the_view_is_told_once(reader: Reader, loader: TileLoader) -> None:
    told: list[int] = []
    asker = Asker(lambda: told.append(1))
    loader.ask(asker, [key(3), key(1), key(2)])
    reader.let(3)
    until(lambda: told)
    assert reader.read == [3, 1, 2]
    assert [k.column for k, _ in loader.take(asker)] == [3, 1, 2]
    assert loader.take(asker) == []
    assert loader.is_idle
    assert told == [1]


def test_what_is_wanted_no_more_is_never_begun(reader: Reader, loader: TileLoader) -> None:
    asker = Asker(lambda: None)
    loader.ask(asker, [key(n) for n in range(50)])
    until(lambda: reader.read)
    loader.ask(asker, [key(100)])
    reader.let(10)
    until(lambda: loader.is_idle)
    assert reader.read == [0, 100]
    assert [k.column for k, _ in loader.take(asker)] == [100]


def test_the_newest_view_comes_first_and_reading_ahead_last(reader: Reader, loader: TileLoader) -> None:
    older, newer = Asker(lambda: None), Asker(lambda: None)
    loader.ask(older, [key(0), key(1)], ahead=[key(2)])
    until(lambda: reader.read)
    loader.ask(newer, [key(10)], ahead=[key(11)])
    reader.let(20)
    until(lambda: loader.is_idle)
    assert reader.read == [0, 10, 1, 11, 2]


def test_two_views_that_want_a_tile_read_it_once(reader: Reader, loader: TileLoader) -> None:
    told: list[str] = []
    one, other = Asker(lambda: told.append("one")), Asker(lambda: told.append("other"))
    loader.ask(one, [key(1)])
    until(lambda: reader.read)
    loader.ask(other, [key(1)])
    reader.let(5)
    until(lambda: len(told) == 2)
    assert reader.read == [1]
    assert loader.take(one)[0][1] is loader.take(other)[0][1]
    third = Asker(lambda: told.append("third"))
    loader.ask(third, [key(1)])
    assert told[-1] == "third"
    assert reader.read == [1]


def test_a_view_that_is_gone_is_not_read_for(reader: Reader, loader: TileLoader) -> None:
    asker = Asker(lambda: None)
    loader.ask(asker, [key(n) for n in range(10)])
    until(lambda: reader.read)
    loader.leave(asker)
    reader.let(10)
    until(lambda: loader.is_idle)
    assert reader.read == [0]


def test_closing_ends_the_threads_even_while_a_reading_hangs(reader: Reader, loader: TileLoader) -> None:
    asker = Asker(lambda: None)
    loader.ask(asker, [key(1), key(2)])
    until(lambda: reader.read)
    begun = time.monotonic()
    loader.close()
    assert time.monotonic() - begun < 0.5
    loader.ask(asker, [key(7)])
    until(lambda: 7 in reader.read)
    reader.let(5)
    until(lambda: loader.is_idle)
    assert reader.read == [1, 7]


def test_nothing_is_begun_while_a_view_paints_and_all_comes_after(reader: Reader, loader: TileLoader) -> None:
    asker = Asker(lambda: None)
    loader.ask(asker, [key(n) for n in range(4)])
    until(lambda: reader.read)
    with loader.held():
        reader.let(1)
        until(lambda: loader.take(asker))
        time.sleep(0.02)
        assert reader.read == [0]
    reader.let(3)
    until(lambda: loader.is_idle)
    assert reader.read == [0, 1, 2, 3]
