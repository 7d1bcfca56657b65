"""What a kind of model does on a slide: cells decoded, blocks put together, findings as they become final."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias, TypeVar

from numpy.typing import NDArray

from dataset.annotation import Proposal
from dataset.heat_map import HeatMap
from models.runtime import Outputs
from models.slides.grid import Cell
from models.slides.kept import Arrays

Array: TypeAlias = NDArray[Any]
Given = TypeVar("Given")
"""What a block gives, in the form of one kind."""


class SlideKind(Protocol[Given]):
    """One model reading one region. `decode` is called from any thread, the rest by one thread at a time."""

    def decode(self, outputs: Outputs) -> Array:
        """What is kept of one cell's outputs (a batch of one)."""
        ...

    def put_together(self, block: Cell, cells: Mapping[Cell, Array], /) -> Given:
        """What a block gives, from its cells that could be read."""
        ...

    def add(self, block: Cell, given: Given) -> list[Proposal]:
        """Take in what a block gives; the proposals that are final now."""
        ...

    def as_arrays(self, given: Given) -> Arrays:
        """What a block gives as it is kept on disk."""
        ...

    def from_arrays(self, block: Cell, arrays: Arrays) -> Given:
        """The way back. Raises `ValueError` where they cannot be those of the block."""
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
