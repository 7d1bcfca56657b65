"""What a kind of model does on a slide: cells decoded, blocks put together, findings as they become final."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from numpy.typing import NDArray

from dataset.annotation import Proposal
from dataset.heat_map import HeatMap
from models.runtime import Outputs
from models.slides.grid import Cell
from models.slides.kept import Arrays

Array: TypeAlias = NDArray[Any]


class SlideKind(Protocol):
    """One model reading one region. `decode` is called from any thread, the rest by one thread at a time."""

    def decode(self, outputs: Outputs) -> Array:
        """What is kept of one cell's outputs (a batch of one)."""
        ...

    def put_together(self, block: Cell, cells: Mapping[Cell, Array], /) -> Arrays:
        """What a block gives, from its cells that could be read; this is what is kept of it on disk."""
        ...

    def add(self, block: Cell, arrays: Arrays) -> list[Proposal]:
        """Take in what a block gives; the proposals that are final now. `ValueError` where it cannot be."""
        ...

    def heat(self) -> HeatMap | None:
        """The heat map so far, of kinds that make one."""
        ...

    def scores(self) -> tuple[tuple[str, float], ...]:
        """Scores of all of it, of kinds that give them."""
        ...

    def notes(self) -> list[str]:
        """What must be told about the findings."""
        ...

    def close(self) -> None:
        """Let go of what waits."""
        ...
