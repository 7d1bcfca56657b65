"""JSON read strictly: every value is asked for with its type, and what is missing or wrong is said with its name."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar, cast

from dataset.durable import told
from dataset.errors import DatasetProblem
from dataset.piecewise import LARGE, Convert, collector_paused, decode, encode

T = TypeVar("T")
LARGEST_JSON = 2**30
_ADVICE = "It is left as it is; restore it from a copy, or move it away"


class Malformed(ValueError):
    """A value that is missing or of another kind than expected."""


class Newer(Malformed):
    """A file of a format that a later version of the program writes."""


class Facts:
    """A JSON object whose values are asked for with their types. Wrong or missing ones raise `Malformed`."""

    def __init__(self, value: object, name: str = "") -> None:
        if not isinstance(value, dict):
            raise Malformed(f"{name or 'it'} is no JSON object")
        self._values = cast("Mapping[str, object]", value)
        self._name = name

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    @property
    def values(self) -> Mapping[str, object]:
        """All values as they are, by name."""
        return self._values

    def raw(self, key: str) -> object:
        """A value as it is; `None` where it is missing."""
        return self._values.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        """A text."""
        value = self._values.get(key, default)
        if not isinstance(value, str):
            raise self._wrong(key, "text")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number."""
        return number(self._values.get(key, default), self._path(key))

    def maybe_number(self, key: str) -> float | None:
        """A finite number, or `None` where it is null or missing."""
        return None if self._values.get(key) is None else self.number(key)

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number."""
        value = self._values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(key, "a whole number")
        return value

    def truth(self, key: str, default: bool | None = None) -> bool:
        """True or false."""
        value = self._values.get(key, default)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def time(self, key: str) -> datetime:
        """A moment with its zone (ISO 8601)."""
        try:
            moment = datetime.fromisoformat(self.text(key))
        except ValueError as error:
            raise self._wrong(key, "a time") from error
        if moment.tzinfo is None:
            raise self._wrong(key, "a time with its zone")
        return moment

    def items(self, key: str) -> Sequence[object]:
        """A list; empty where it is missing."""
        return items(self._values.get(key, []), self._path(key))

    def each(self, key: str, make: Callable[[Facts], T]) -> tuple[T, ...]:
        """What is made of each object of a list; empty where it is missing."""
        return tuple(make(Facts(item, f"{self._path(key)}[{i}]")) for i, item in enumerate(self.items(key)))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty where it is missing."""
        values = self.items(key)
        if not all(isinstance(value, str) for value in values):
            raise self._wrong(key, "a list of texts")
        return tuple(cast("Sequence[str]", values))

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of finite numbers; empty where it is missing."""
        return tuple(number(value, self._path(key)) for value in self.items(key))

    def inner(self, key: str) -> Facts:
        """An object inside."""
        return Facts(self._values.get(key), self._path(key))

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """A list of pairs of texts; empty where it is missing."""
        found = [items(value, self._path(key)) for value in self.items(key)]
        for pair in found:
            if len(pair) != 2 or not all(isinstance(value, str) for value in pair):
                raise self._wrong(key, "a list of pairs")
        return tuple((cast("str", a), cast("str", b)) for a, b in found)

    def scores(self, key: str) -> tuple[tuple[str, float], ...]:
        """A list of pairs of a text and a number; empty where it is missing."""
        found = [items(value, self._path(key)) for value in self.items(key)]
        for pair in found:
            if len(pair) != 2 or not isinstance(pair[0], str):
                raise self._wrong(key, "a list of names with numbers")
        return tuple((cast("str", a), number(b, self._path(key))) for a, b in found)

    def _path(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

    def _wrong(self, key: str, kind: str) -> Malformed:
        return Malformed(f"{self._path(key)} is missing or not {kind}")


def number(value: object, name: str) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Malformed(f"{name} is missing or not a number")
    return float(value)


def items(value: object, name: str) -> Sequence[object]:
    """A list."""
    if not isinstance(value, list):
        raise Malformed(f"{name} is not a list")
    return cast("Sequence[object]", value)


def to_json(value: object) -> bytes:
    """Compact JSON; numbers that are not finite are refused."""
    return encode(value)


def to_readable_json(value: object) -> bytes:
    """JSON for small files that people read."""
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n"


def parse_json(data: bytes, where: Path, make: Callable[[Facts], T], each: Mapping[str, Convert] | None = None) -> T:
    """What `make` makes of a JSON object; a file that is not as it should be is a `DatasetProblem`.

    `each` names lists of the object whose elements are replaced as they are read (`dataset.piecewise.decode`).
    """
    with collector_paused(len(data) > LARGE):
        try:
            value = decode(data, each)
        except Malformed as error:
            raise DatasetProblem(f"is damaged: {error}", where, _ADVICE) from error
        except (ValueError, RecursionError) as error:
            raise DatasetProblem(f"is damaged: no JSON ({_first_line(error)})", where, _ADVICE) from error
        return make_from(value, where, make)


def make_from(value: object, where: Path, make: Callable[[Facts], T]) -> T:
    """What `make` makes of a parsed JSON object; see `parse_json`."""
    try:
        return make(Facts(value))
    except Newer as error:
        raise DatasetProblem(str(error), where, "Update Overread to open it") from error
    except (Malformed, OverflowError) as error:
        raise DatasetProblem(f"is damaged: {error}", where, _ADVICE) from error


def read_json(path: Path, make: Callable[[Facts], T]) -> T:
    """Read a file and make of its JSON object what `make` does; see `parse_json`."""
    return parse_json(read_bytes(path), path, make)


def read_bytes(path: Path, limit: int = LARGEST_JSON) -> bytes:
    """A file's bytes; a missing, unreadable or absurdly large file is a `DatasetProblem`."""
    with told(path), path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise DatasetProblem(f"is larger than {limit // 2**20} MiB", path, "It is no file this program wrote")
    return data


def _first_line(error: BaseException) -> str:
    text = str(error).splitlines()
    return text[0][:120] if text else type(error).__name__
