"""How a heat map is shown: a frozen value. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Colours = Literal["viridis", "cividis", "inferno"]


@dataclass(frozen=True, slots=True)
class HeatLook:
    """How a heat map is shown."""

    label: str = ""
    """Whose scores; the first label of the map where it has no such one."""
    opacity: float = 0.6
    colours: Colours = "viridis"
    smooth: bool = True
    """Between the middles of cells, else cell by cell."""
    veil: bool = False
    """Dim what the model has not looked at."""
