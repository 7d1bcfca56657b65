"""JSON of any size, written and read piece by piece, so that no other thread waits long for Python's lock.

The `json` module's C code holds the lock for a whole call: for seconds where a scan has a hundred thousand outlines,
and the window stands still meanwhile. Here no call is handed more than a small piece, and between pieces the lock is
let go of. What is written and read is the same, character by character.
"""

from __future__ import annotations

import gc
import io
import json
import re
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

PIECE = 64 * 1024
"""Characters handed to the C code at once; about a millisecond's work."""
HEAVY = 1024
"""Numbers and texts encoded at once; half a millisecond's work."""
DEEPEST = 100
BUSY_SECONDS, PAUSE_SECONDS = 0.002, 0.0002
LATE_SECONDS, REST_SECONDS = 0.001, 0.006

LARGE = 2**20
"""Bytes of a text, above which the collector of cycles is not let loose on what is made of it."""
MANY = 50_000

Convert = Callable[[object], object]
_IN_NUMBERS = "0123456789.eE+-"
"""What may follow the part of a number; the empty text, where a window ends, is in it as well."""
_SPACE = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Stream:
    """A list whose elements are made only when they are written, so that they need not all be there at once."""

    items: Callable[[], Iterable[object]]


class Breather:
    """Lets other threads in, now and then, while much is being done."""

    def __init__(self) -> None:
        self._since = time.perf_counter()
        self._is_beside = threading.current_thread() is not threading.main_thread()

    def breathe(self) -> None:
        """Pause for a moment when the lock was held for long enough; for longer where somebody else took it.

        A window that paints lets go of the lock many times, and waits for it each time. Where the main thread itself
        is at work nobody paints.
        """
        begun = time.perf_counter()
        if begun - self._since > BUSY_SECONDS:
            time.sleep(PAUSE_SECONDS)
            if self._is_beside and time.perf_counter() - begun > LATE_SECONDS:
                time.sleep(REST_SECONDS)
            self._since = time.perf_counter()


_pause_lock = threading.Lock()
_pauses = 0


@contextmanager
def collector_paused(is_large: bool) -> Generator[None]:
    """Keep the collector of cycles off while very many values are made, and off those values for good.

    It looks at every value there is, for half a second and more where there are a million, and holds the lock
    meanwhile. Marks hold no cycles, so their memory comes back without it.
    """
    global _pauses  # noqa: PLW0603 - the collector it guards is global too
    if not is_large:
        yield
        return
    with _pause_lock:
        _pauses += 1
        gc.disable()
    try:
        yield
    finally:
        with _pause_lock:
            _pauses -= 1
            if gc.get_count()[0] > MANY:
                gc.freeze()
            if not _pauses:
                gc.enable()


def encode(value: object, *, allow_nan: bool = False) -> bytes:
    """Compact JSON; numbers that are not finite are refused (`ValueError`) unless allowed."""
    encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=allow_nan)
    if _weight(value) <= HEAVY:
        return encoder.encode(value).encode()
    breather = Breather()
    written = io.BytesIO()  # its value is taken out without a copy
    for piece in _pieces(value, encoder.encode):
        written.write(piece.encode())
        breather.breathe()
    return written.getvalue()


def decode(data: bytes, each: Mapping[str, Convert] | None = None) -> object:
    """The value of a JSON text. Raises `ValueError` or `RecursionError` where it is none.

    `each` names lists of the outermost object whose elements are replaced by what is made of them, as they are read.
    """
    return _Reader(data.decode("utf-8-sig"), each or {}).whole()


def peek(head: bytes, name: str) -> object:
    """The value of a member of the outermost object, from the beginning of a JSON text that need not be whole.

    Raises `ValueError` or `RecursionError` where the beginning does not hold it.
    """
    return _Reader(head.decode("utf-8-sig", errors="ignore"), {}).member(name)


def _weight(value: object) -> int:
    """About how many numbers and texts a value holds; never looks at more than a few of a long list."""
    if isinstance(value, dict):
        return sum(map(_weight, cast("dict[str, object]", value).values()))
    if isinstance(value, list | tuple):
        return _weight_of_list(cast("list[object]", value))
    if isinstance(value, Stream):
        return HEAVY + 1
    return 1 + len(value) // 16 if isinstance(value, str) else 1


def _weight_of_list(many: list[object]) -> int:
    if not many or not isinstance(many[0], list | tuple | dict):
        return len(many)
    if len(many) > HEAVY // 2:
        return 2 * len(many)
    first = cast("list[object]", many[0])
    if isinstance(first, list | tuple) and first and isinstance(first[0], float | int):
        return len(many) * len(first)
    return sum(map(_weight, many))


def _pieces(value: object, encode_piece: Callable[[object], str]) -> Iterator[str]:
    """The JSON text of a value in pieces of bounded length."""
    if isinstance(value, Stream):
        yield from _list_pieces(value.items(), encode_piece)
    elif isinstance(value, dict) and _weight(cast("object", value)) > HEAVY:
        before = "{"
        for key, item in cast("dict[str, object]", value).items():
            yield f"{before}{encode_piece(key)}:"
            yield from _pieces(item, encode_piece)
            before = ","
        yield "}"
    elif isinstance(value, list | tuple) and _weight(cast("object", value)) > HEAVY:
        yield from _list_pieces(cast("list[object]", value), encode_piece)
    else:
        yield encode_piece(cast("object", value))


def _list_pieces(items: Iterable[object], encode_piece: Callable[[object], str]) -> Iterator[str]:
    """A long list: light elements many at a time, heavy ones in pieces of their own."""
    group: list[object] = []
    before, held = "[", 0
    for item in items:
        weight = _weight(item)
        if group and held + weight > HEAVY:
            yield before + encode_piece(group)[1:-1]
            group, before, held = [], ",", 0
        if weight > HEAVY:
            yield before
            yield from _pieces(item, encode_piece)
            before = ","
        else:
            group.append(item)
            held += weight
    yield (before + encode_piece(group)[1:-1] if group else "[" if before == "[" else "") + "]"


class _Reader:
    """Reads one text. What fits a window is left to the C code, what does not is taken apart."""

    def __init__(self, text: str, each: Mapping[str, Convert]) -> None:
        self._text = text
        self._each = each
        self._scan = cast("Callable[[str, int], tuple[Any, int]]", cast("Any", json.JSONDecoder()).scan_once)
        self._window, self._start = text[:PIECE], 0
        self._breather = Breather()

    def whole(self) -> object:
        """The value of the whole text."""
        begin = self._skip(0)
        if self._each and self._text[begin : begin + 1] == "{":
            value, end = self._object(begin, 0, self._each)
        else:
            value, end = self._value(begin, 0)
        if self._skip(end) != len(self._text):
            raise json.JSONDecodeError("more than one value", "", end)
        return value

    def member(self, name: str) -> object:
        """The value of one member of the outermost object; what follows it is not looked at."""
        at = self._skip(0)
        if self._text[at : at + 1] != "{":
            raise json.JSONDecodeError("no object", "", at)
        while True:
            key, at = self._value(self._skip(at + 1), 1)
            at = self._skip(at)
            if self._text[at : at + 1] != ":":
                raise json.JSONDecodeError("no name with a value", "", at)
            value, at = self._value(self._skip(at + 1), 1)
            if key == name:
                return value
            at = self._skip(at)
            if self._text[at : at + 1] != ",":
                raise json.JSONDecodeError(f"no {name}", "", at)

    def _value(self, at: int, depth: int) -> tuple[object, int]:
        self._breather.breathe()
        found = self._quick(at)
        if found is not None:
            return found
        if depth > DEEPEST:
            raise RecursionError("nested too deeply")
        opening = self._text[at : at + 1]
        if opening == "{":
            return self._object(at, depth, {})
        if opening == "[":
            return self._list(at, depth, None)
        try:
            return self._scan(self._text, at)
        except StopIteration:
            raise json.JSONDecodeError("no value", "", at) from None

    def _quick(self, at: int) -> tuple[object, int] | None:
        """A value that lies within the window; `None` where it may not."""
        if not self._start <= at < self._start + len(self._window):
            self._move(at)
        while True:
            try:
                value, end = self._scan(self._window, at - self._start)
                # A number that the window's end cuts in two ends too early.
                if self._window[end : end + 1] not in _IN_NUMBERS or self._start + end == len(self._text):
                    return value, self._start + end
            except (ValueError, StopIteration):
                pass
            if self._start == at:
                return None
            self._move(at)

    def _move(self, at: int) -> None:
        self._window, self._start = self._text[at : at + PIECE], at

    def _object(self, at: int, depth: int, each: Mapping[str, Convert]) -> tuple[object, int]:
        found: dict[str, object] = {}
        at = self._skip(at + 1)
        if self._text[at : at + 1] == "}":
            return found, at + 1
        while True:
            key, at = self._value(at, depth + 1)
            at = self._skip(at)
            if not isinstance(key, str) or self._text[at : at + 1] != ":":
                raise json.JSONDecodeError("no name with a value", "", at)
            at = self._skip(at + 1)
            if key in each and self._text[at : at + 1] == "[":
                found[key], at = self._list(at, depth + 1, each[key])
            else:
                found[key], at = self._value(at, depth + 1)
            at, is_last = self._next(at, "}")
            if is_last:
                return found, at

    def _list(self, at: int, depth: int, convert: Convert | None) -> tuple[list[object], int]:
        found: list[object] = []
        at = self._skip(at + 1)
        if self._text[at : at + 1] == "]":
            return found, at + 1
        may_run = convert is None
        while True:
            run = self._run(at) if may_run and self._text[at : at + 1] != "{" else None
            if run is not None:
                found += run[0]
                at = run[1]
            else:
                may_run = False
                value, at = self._value(at, depth + 1)
                found.append(value if convert is None else convert(value))
            at, is_last = self._next(at, "]")
            if is_last:
                return found, at

    def _run(self, at: int) -> tuple[list[object], int] | None:
        """Many short elements at once, such as the points of a long outline; `None` where there are none."""
        self._breather.breathe()
        self._move(at)
        is_nested = self._window.startswith("[")
        for between in ("],[", "], [") if is_nested else (",",):
            cut = self._window.rfind(between) + is_nested
            if cut > is_nested:
                try:
                    return json.loads(f"[{self._window[:cut]}]"), at + cut
                except ValueError:
                    return None
        return None

    def _next(self, at: int, closing: str) -> tuple[int, bool]:
        """Past the comma to the next element, or past the end."""
        at = self._skip(at)
        mark = self._text[at : at + 1]
        if mark == closing:
            return at + 1, True
        if mark != ",":
            raise json.JSONDecodeError("a list or object that does not go on", "", at)
        return self._skip(at + 1), False

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found is not None else at
