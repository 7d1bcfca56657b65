"""Predictions: what a model proposed. Frozen, and never silently an annotation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dataset.annotation import Proposal
from dataset.heat_map import HeatMap


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Which model: name, version, and the sha256 of its manifest and weights."""

    name: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one model said of one scan (or a region of it)."""

    id: str
    scan: str
    """Scan key."""
    model: ModelRef
    device: str
    """The provider the session really used, e.g. `cpu` or `cuda:0`."""
    created: datetime
    seconds: float
    proposals: tuple[Proposal, ...]
    scores: tuple[tuple[str, float], ...] = ()
    """Label id and score of the whole scan, for classifiers."""
    settings: tuple[tuple[str, str], ...] = ()
    """Thresholds, region, tile size and other choices that shaped it."""
    notes: tuple[str, ...] = ()
    heat_maps: tuple[HeatMap, ...] = ()
    """What a classifier said of a slide, cell by cell."""
    done: float = 1.0
    """Which share of the region was read before a person stopped it."""
