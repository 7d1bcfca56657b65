"""Where pieces wait for their neighbours: in memory up to a bound, beyond it in a file of their own."""

from __future__ import annotations

import tempfile
from typing import IO, TypeAlias

import numpy as np

from models.slides.parts import Maps

IN_MEMORY = 128 * 2**20
"""*Memory bound*: bytes of waiting pieces kept in memory; those that come then wait in a file."""
_Filed: TypeAlias = tuple[int, tuple[int, ...]]


class Spill:
    """Maps by token. One thread at a time."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._limit = in_memory
        self._bytes = 0
        self._next = 0
        self._kept: dict[int, Maps | _Filed] = {}
        self._filed = 0
        self._file: IO[bytes] | None = None

    def put(self, maps: Maps) -> int:
        """Keep maps; their token."""
        token, self._next = self._next, self._next + 1
        if self._bytes + maps.nbytes <= self._limit:
            self._bytes += maps.nbytes
            self._kept[token] = np.ascontiguousarray(maps)
            return token
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="overread-")  # noqa: SIM115 (closed with the spill)
        start = self._file.seek(0, 2)
        self._file.write(maps.tobytes())
        self._filed += 1
        self._kept[token] = (start, maps.shape)
        return token

    def get(self, token: int) -> Maps:
        """The maps of a token."""
        kept = self._kept[token]
        if isinstance(kept, np.ndarray):
            return kept
        assert self._file is not None
        start, shape = kept
        self._file.seek(start)
        raw = self._file.read(int(np.prod(shape)))
        return np.frombuffer(raw, np.uint8).reshape(shape)

    def drop(self, token: int) -> None:
        """Forget maps."""
        kept = self._kept.pop(token)
        if isinstance(kept, np.ndarray):
            self._bytes -= kept.nbytes
            return
        self._filed -= 1
        if not self._filed and self._file is not None:
            self._file.truncate(0)

    def close(self) -> None:
        """Forget everything."""
        self._kept.clear()
        if self._file is not None:
            self._file.close()
            self._file = None
