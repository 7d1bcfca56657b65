"""What a person may choose for reading a slide, and who is told while it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from dataset.annotation import Polygon
from dataset.heat_map import HeatMap

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class SlideChoices:
    """Where on a slide to look, in which order, and who is told. None of it changes what is found where."""

    within: tuple[Polygon, ...] = ()
    """Only what lies in these is read (the tissue, or a drawn region); everything where there are none."""
    centre: Callable[[], Point | None] | None = None
    """Where the reader looks now, in full-resolution pixels: what is nearest is read first. Any thread."""
    heat: Callable[[HeatMap], None] | None = None
    """Told the whole heat map so far, now and then, in the worker thread."""
    resume: Path | None = None
    """Folder for what a stopped reading has done, so that the same reading goes on there; `None` keeps nothing."""
    block: int = 0
    """Pixels of the model's grid that are read and decoded at once along each side; 0 lets the program choose."""
    order: Literal["nearest", "rows"] = "nearest"


EVERYWHERE = SlideChoices()
"""All of the slide, as the program thinks best."""
