"""JSON in pieces is the same JSON, and no other thread waits long for it."""

from __future__ import annotations

import json
import threading
import time
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.piecewise import Stream, collector_paused, decode, encode, peek

texts = st.text(alphabet='ab],[{}":\\é\n🙂 1.', max_size=12)
scalars = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=40,
)


@given(values, st.sampled_from([(7, 3), (40, 10), (2**16, 2**12)]), st.integers(0, 99))
def test_values_are_written_and_read_as_json_does_whatever_the_pieces(
    value: object, sizes: tuple[int, int], cut: int
) -> None:
    with patch("dataset.piecewise.PIECE", sizes[0]), patch("dataset.piecewise.HEAVY", sizes[1]):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        assert encode(value) == text
        for data in (text, json.dumps(value).encode(), json.dumps(value, indent=1).encode()):
            assert decode(data) == value
        part = text[: len(text) * cut // 100]
        assert _or_none(decode, part) == _or_none(json.loads, part)


def _or_none(read: object, data: bytes) -> object:
    try:
        return "read", read(data)  # type: ignore[operator]
    except ValueError:
        return None


def test_elements_are_made_and_taken_as_they_come() -> None:
    data = encode({"a": Stream(lambda: iter([1, [2], {"b": 3}])), "c": Stream(lambda: ())})
    assert data == b'{"a":[1,[2],{"b":3}],"c":[]}'
    assert decode(data, {"a": str}) == {"a": ["1", "[2]", "{'b': 3}"], "c": []}


def test_the_beginning_of_a_text_is_enough_for_what_stands_there() -> None:
    assert peek(b'{"a":[1,2],"b":{"c":3},"d":[1,', "b") == {"c": 3}
    for text in (b'{"a":1}', b"[1]", b'{"b":{"c":', b""):
        with pytest.raises(json.JSONDecodeError):
            peek(text, "b")


@pytest.mark.slow
def test_absurd_nesting_is_refused() -> None:
    for text in (b"[" * 10**6, b'{"a":' * 10**5, (b"[" + b"1," * 10**4) * 200):
        with pytest.raises((ValueError, RecursionError)):
            decode(text)


@pytest.mark.slow
def test_other_threads_go_on_while_much_is_written_and_read() -> None:
    value = {"features": [{"at": [[[n + 0.25, k * 0.5] for k in range(20)]], "id": str(n)} for n in range(30_000)]}
    value["long"] = [{"at": [[n * 0.5, n * 0.25] for n in range(300_000)]}]  # type: ignore[list-item]
    gaps: list[float] = []
    is_over = threading.Event()

    def look() -> None:
        while not is_over.is_set():
            before = time.perf_counter()
            time.sleep(0.001)
            gaps.append(time.perf_counter() - before)

    watcher = threading.Thread(target=look)
    watcher.start()
    with collector_paused(is_large=True):
        data = encode(value)
        assert decode(data) == value
    is_over.set()
    watcher.join()
    gaps.sort()
    assert gaps[int(len(gaps) * 0.99)] < 0.05
