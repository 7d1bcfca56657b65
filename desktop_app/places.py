"""Places on a slide as words: what a person types to go there, and what is copied. No Qt."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from imaging.errors import Problem
from imaging.geometry import Size

Unit = Literal["px", "µm", "mm"]
UNITS: tuple[Unit, ...] = ("px", "µm", "mm")
_UNIT = re.compile(r"\s*(px|µm|μm|um|mm)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Grid:
    """The plane that places lie on."""

    size: Size
    microns: tuple[float | None, float | None] = (None, None)
    """Micrometres per pixel across and down."""

    def per_unit(self, unit: Unit) -> tuple[float, float] | None:
        """Pixels across and down in one of a unit; `None` where the pixel size is unknown."""
        if unit == "px":
            return 1.0, 1.0
        across, down = self.microns
        if not across or not down:
            return None
        length = 1.0 if unit == "µm" else 1000.0
        return length / across, length / down


def place_of(text: str, unit: Unit, grid: Grid) -> tuple[float, float]:
    """The pixel that two numbers mean; a unit behind them counts more than the chosen one, brackets count nothing.

    Raises `Problem` in one line for what is no place on the plane.
    """
    text = text.partition("(")[0]
    found = _UNIT.search(text)
    if found is not None:
        said = found.group(1).lower()
        unit, text = ("px" if said == "px" else "mm" if said == "mm" else "µm"), text[: found.start()]
    words = [word for word in re.split(r"[,;\s]+", text.strip()) if word]
    try:
        x, y = (float(word) for word in words)
    except ValueError:
        raise Problem("is not two numbers", text.strip()[:40], "Write x and y, such as 12000, 8500") from None
    if not (math.isfinite(x) and math.isfinite(y)):
        raise Problem("is not a place", text.strip()[:40], "Write x and y, such as 12000, 8500")
    per = grid.per_unit(unit)
    if per is None:
        raise Problem(f"has no {unit}: its pixel size is unknown", "This slide", "Write the place in px")
    x, y = x * per[0], y * per[1]
    width, height = grid.size.on_plane(0)
    if not (0 <= x <= width and 0 <= y <= height):
        most = f"{width / per[0]:g}, {height / per[1]:g} {unit}"
        raise Problem("lies outside the slide", f"{words[0]}, {words[1]} {unit}", f"It reaches from 0, 0 to {most}")
    return x, y


def place_text(x: float, y: float, grid: Grid) -> str:
    """A place in pixels, and in millimetres where the pixel size is known."""
    text = f"{x:.1f}, {y:.1f} px"
    per = grid.per_unit("mm")
    return text if per is None else f"{text} ({x / per[0]:.4f}, {y / per[1]:.4f} mm)"
