"""What a place upstream can do: list, read and take objects. It is never asked to delete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from imaging.errors import Problem


class SyncProblem(Problem):
    """A place upstream that cannot be reached, or that does not hold what it should."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One object upstream. `tag` changes whenever the object is written again; empty where the place has none."""

    size: int
    tag: str


@dataclass(frozen=True, slots=True)
class Upload:
    """One object to send: its path (with `/`), its size, and its bytes, which may be read more than once."""

    path: str
    size: int
    blocks: Callable[[], Iterator[bytes]]


class Destination(Protocol):
    """One connected place upstream. Every method may be called from any thread and raises `SyncProblem`."""

    @property
    def where(self) -> str:
        """The place as a person wrote it."""
        ...

    def listing(self) -> Mapping[str, Stored]:
        """Every object there."""
        ...

    def blocks(self, path: str) -> Iterator[bytes]:
        """The bytes of one object, in pieces."""
        ...

    def put(self, upload: Upload) -> str:
        """Write one object, whole or not at all; returns its new tag. Bytes that arrive changed are refused."""
        ...


@runtime_checkable
class DestinationKind(Protocol):
    """A family of places upstream."""

    name: str
    title: str
    example: str
    """A URL as a person would write it."""

    def accepts(self, url: str) -> bool:
        """Whether a URL is of this family."""
        ...

    def connect(self, url: str, endpoint: str) -> Destination:
        """The place of a URL; `endpoint` is another server than the family's usual one, or empty."""
        ...
