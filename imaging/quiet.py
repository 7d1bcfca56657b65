"""Keep libraries from writing warnings about a file to the terminal; the reader says what matters in its notes."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager

_lock = threading.Lock()
_inside = 0
_catcher: warnings.catch_warnings[None] | None = None


@contextmanager
def quiet() -> Generator[None]:
    """Ignore warnings while inside. Safe from any thread: the last one out restores the filters."""
    global _inside, _catcher  # noqa: PLW0603 - the filters it guards are global too
    with _lock:
        if _inside == 0:
            _catcher = warnings.catch_warnings()
            _catcher.__enter__()
            warnings.simplefilter("ignore")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0 and _catcher is not None:
                _catcher.__exit__(None, None, None)
                _catcher = None
