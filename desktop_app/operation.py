"""What an operation is: it changes what is selected in one go, without a gesture. Knows scan pixels, no widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from desktop_app.tool import Bench, Mark, Outcome
from imaging.geometry import Size
from imaging.progress import Progress


@runtime_checkable
class Operation(Protocol):
    """One file in `desktop_app/tools/operations`: from what is on the bench to an edit."""

    name: str
    title: str
    keys: tuple[str, ...]
    """May be empty: everything can be found in the command palette."""
    icon: str
    group: int
    """Operations of one group stand together in the menu."""
    tip: str
    """What it does, in one sentence."""

    def can(self, selected: Sequence[Mark], size: Size) -> bool:
        """Whether it makes sense for these selected marks on a scan of that size; asked very often, so quick."""
        ...

    def apply(self, bench: Bench, progress: Progress) -> Outcome:
        """What it leads to. In a worker thread, on frozen values; raises `Problem`, or `Cancelled` when stopped."""
        ...
