"""Choosing: which models are at hand, and which of them reads next; a part of the session. No widgets here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app.jobs import Jobs
from desktop_app.predicting import Predicting
from desktop_app.tool import Tool
from desktop_app.viewing import Viewing
from imaging.progress import Progress
from imaging.scan import Spacing

if TYPE_CHECKING:
    from models.catalogue import Entry


class Choosing(Viewing):
    """The open scan as it is seen, and the models that may read it."""

    models_changed = Signal()
    problem_raised = Signal(object)
    told = Signal(str)

    def __init__(self, tools: Iterable[Tool], author: str, parent: QObject | None = None) -> None:
        super().__init__(tools, author, parent)
        self.jobs = Jobs(self)
        self.predicting = Predicting(self.jobs, self)
        self.models: tuple[Entry, ...] = ()
        self.model = ""

    @property
    def spacing_mm(self) -> Spacing:
        """Millimetres per pixel of the open scan; where it does not say, what the reader gave."""
        (across, down, between), given = super().spacing_mm, self.predicting.pixel_size_mm
        return (across or given, down or given, between) if self.scan is not None else super().spacing_mm

    def list_models(self) -> None:
        """Look which models are at hand; told by `models_changed`."""

        def work(_progress: Progress) -> tuple[Entry, ...]:
            from models.catalogue import entries

            return entries()

        self.jobs.start("Looking for models", work, self._on_models, quiet=True)

    def _on_models(self, models: tuple[Entry, ...]) -> None:
        newest: dict[str, Entry] = {}
        for entry in models:
            newest.setdefault(entry.name, entry)
        self.models = tuple(newest.values())
        usable = [entry.name for entry in self.models if not entry.problem]
        if self.model not in usable:
            self.model = usable[0] if usable else ""
        self._offer_model()
        self.models_changed.emit()

    def _offer_model(self) -> None:
        """Choose the model that goes best with the open scan, unless the chosen one goes as well."""
        info = self.info
        usable = [entry for entry in self.models if not entry.problem]
        if info is None or not usable:
            return
        best = max(usable, key=lambda entry: entry.fitness(info))
        chosen = next((entry for entry in usable if entry.name == self.model), None)
        if chosen is None or chosen.fitness(info) < best.fitness(info):
            self.choose_model(best.name)

    def choose_model(self, name: str) -> None:
        """Choose the model that reads next; one that is not listed yet counts once it is."""
        if name != self.model:
            self.model = name
            self.models_changed.emit()
