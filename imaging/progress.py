"""Progress and cancelling, as one argument into a plain function."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass


class Cancelled(Exception):
    """The person asked for the work to stop."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far the work is: `done` of `total` (same unit, total 0 when unknown), and what is being done."""

    done: float
    total: float
    text: str = ""


class Progress:
    """Reports how far a piece of work is and says whether to stop. Safe from any thread."""

    def __init__(self, listener: Callable[[Step], None] | None = None) -> None:
        self._listener = listener
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._on_cancel: list[Callable[[], None]] = []

    def report(self, done: float, total: float = 0.0, text: str = "") -> None:
        """Tell how far the work is; raises `Cancelled` when it should stop."""
        self.check()
        if self._listener is not None:
            self._listener(Step(done, total, text))

    def check(self) -> None:
        """Raise `Cancelled` when the work should stop."""
        if self._cancelled.is_set():
            raise Cancelled

    @property
    def is_cancelled(self) -> bool:
        """Whether the work should stop."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask the work to stop; callbacks given to `when_cancelled` run once, in this thread."""
        with self._lock:
            if self._cancelled.is_set():
                return
            self._cancelled.set()
            callbacks, self._on_cancel = self._on_cancel, []
        for callback in callbacks:
            callback()

    def when_cancelled(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` on cancel (at once if already cancelled); returns a function that forgets it."""
        with self._lock:
            if not self._cancelled.is_set():
                self._on_cancel.append(callback)
                return lambda: self._forget(callback)
        callback()
        return lambda: None

    def _forget(self, callback: Callable[[], None]) -> None:
        with self._lock:
            if callback in self._on_cancel:
                self._on_cancel.remove(callback)

    def part(self, start: float, share: float, text: str = "") -> Progress:
        """A progress that fills `start`…`start + share` (of 1) of this one and is cancelled with it."""
        return _Part(self, start, share, text)


class _Part(Progress):
    """A share of another progress."""

    def __init__(self, whole: Progress, start: float, share: float, text: str) -> None:
        super().__init__()
        self._whole, self._start, self._share, self._text = whole, start, share, text

    def report(self, done: float, total: float = 0.0, text: str = "") -> None:
        """Tell the whole how far this share is."""
        fraction = min(done / total, 1.0) if total > 0 else 0.0
        self._whole.report(self._start + self._share * fraction, 1.0, text or self._text)

    def check(self) -> None:
        """Raise `Cancelled` when the whole should stop."""
        self._whole.check()

    @property
    def is_cancelled(self) -> bool:
        """Whether the whole should stop."""
        return self._whole.is_cancelled

    def cancel(self) -> None:
        """Ask the whole to stop."""
        self._whole.cancel()

    def when_cancelled(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` when the whole is cancelled."""
        return self._whole.when_cancelled(callback)


def silent() -> Progress:
    """A progress nobody listens to."""
    return Progress()
