"""The predictor: a model, or a chain of models, that can read a scan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from dataset.annotation import Proposal
from dataset.label import Label
from dataset.prediction import ModelRef, Prediction
from imaging.geometry import Region
from imaging.progress import Progress
from imaging.scan import Scan


@runtime_checkable
class Predictor(Protocol):
    """Reads a scan. `predict` runs in a worker thread and is stopped through its progress."""

    @property
    def model(self) -> ModelRef:
        """Which model this is."""
        ...

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels it can propose, and those a reader may add to its findings."""
        ...

    def predict(
        self,
        scan: Scan,
        scan_key: str,
        region: Region | None,
        progress: Progress,
        partial: Callable[[tuple[Proposal, ...]], None] | None = None,
    ) -> Prediction:
        """Read a region of a scan, or all of it (`None`). Raises `ModelProblem` or `Cancelled`.

        `partial` is told, in the worker thread, the proposals that came since the last call; those of the
        returned prediction are final (a mask over many planes is told plane by plane, and returned as one).
        """
        ...
