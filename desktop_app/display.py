"""How a scan is shown: frozen values, one for every view of the scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from desktop_app.limits import Limits
from imaging.scan import Window


@dataclass(frozen=True, slots=True)
class ChannelLook:
    """How one channel of a fluorescence scan is shown; the channels' lights are added up."""

    on: bool
    colour: int
    """0xRRGGBB: what `high` and brighter is shown as."""
    low: float
    """The stored value shown black."""
    high: float


@dataclass(frozen=True, slots=True)
class Slab:
    """Planes put together into one picture, around the plane shown."""

    mode: Literal["mean", "max", "min"] = "mean"
    planes: int = 1
    """How many where `mm` is none; 1 shows the plane alone."""
    mm: float | None = None
    """How thick, on axes whose distance from plane to plane is known."""

    @property
    def is_on(self) -> bool:
        """Whether it is more than one plane anywhere."""
        return self.planes > 1 or self.mm is not None

    def count(self, step_mm: float | None) -> int:
        """How many planes it is where one follows the other at a distance."""
        if self.mm is not None and step_mm:
            return max(1, round(self.mm / step_mm))
        return max(1, self.planes)


ONE_PLANE = Slab()


@dataclass(frozen=True, slots=True)
class Display:
    """Window, inversion, overlay and thresholds; `window` is `None` on colour scans."""

    window: Window | None = None
    inverted: bool = False
    overlay_opacity: float = 0.45
    show_marks: bool = True
    """Marks and masks; `H` held hides them."""
    threshold: float = 0.5
    """Proposals with a lower score are not shown."""
    smooth: bool = True
    """Bilinear when enlarged, else nearest."""
    channels: tuple[ChannelLook, ...] = ()
    """One for each channel of a fluorescence scan; empty shows them as the file says."""
    slab: Slab = ONE_PLANE
    """Of volumes: how many planes are shown as one."""
    colour_map: str = ""
    """The name of what grey is shown as; empty is grey."""
    thresholds: tuple[tuple[str, float], ...] = ()
    """Labels with a limit of their own; those not named have `threshold`."""
    show_proposed: bool = False
    """Whether what the model said is shown behind what a person made of it."""
    colour_managed: bool = False
    """Colours of a slide by its own ICC profile."""

    @property
    def limits(self) -> Limits:
        """From which score on proposals are shown."""
        return Limits(self.threshold, self.thresholds)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One row of the worklist: a scan, by where it is or by its key in the dataset (or both)."""

    title: str
    state: str = "unseen"
    """One of the dataset's states: unseen, in progress, confirmed empty, labelled, reviewed."""
    key: str = ""
    format: str = ""
    detail: str = ""
    suspicion: float | None = None
    """The model's highest score for a finding; `None` before it has read."""
    suspect: str = ""
    """The label of that score."""
    thumbnail: bytes | None = None
    """PNG bytes, made in the background."""
    problem: str = ""
    """Why it could not be opened; empty when it could."""
    added: float = 0.0
    """When it came into the dataset, in seconds since 1970; 0 where it is in none."""
    readings: tuple[tuple[str, float], ...] = ()
    """Who finished reading it, and when last; oldest first."""
    conflicts: int = 0
    """How many other readers' revisions nobody has resolved."""
    score: float | None = None
    """What the newest prediction is most certain of, 0…1, whether a finding or not."""
    models: tuple[str, ...] = ()
    """Names of the models that have read it."""
    group: str = ""
    """The same for all scans of one patient; empty where that is not known."""
