"""A reading that a person stopped, and what it had done by then."""

from __future__ import annotations

from dataset.prediction import Prediction
from imaging.progress import Cancelled


class Stopped(Cancelled):
    """The reading was stopped; `prediction` holds what was found before (its `done` is less than 1)."""

    def __init__(self, prediction: Prediction) -> None:
        super().__init__()
        self.prediction = prediction
