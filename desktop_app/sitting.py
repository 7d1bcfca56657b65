"""Sitting: what the parts of the session may ask of it; the session itself says how it is done. No widgets here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_app.editing import Editing
from desktop_app.keeping import Keeping
from desktop_app.saving import Grounds, Saving
from desktop_app.slides import Slides
from desktop_app.worklist import Worklist

if TYPE_CHECKING:
    from dataset.folder import Dataset


class Sitting(Editing):
    """Editing one case after the other of a dataset."""

    keeping: Keeping
    worklist: Worklist
    saving: Saving
    slides: Slides

    @property
    def dataset(self) -> Dataset | None:
        """The dataset everything is kept in."""
        return self.worklist.dataset

    @property
    def case(self) -> int:
        """The row that is open, or -1."""
        return self.worklist.current

    def open_case(self, number: int) -> None:
        """Save, and open the scan of a row."""
        raise NotImplementedError

    def save(self, *, finished: bool = True, confirmed_empty: bool = False) -> None:
        """Write the open document as a revision, if there is something to write."""
        raise NotImplementedError

    def save_on(self, grounds: Grounds) -> None:
        """Write the open document as a revision on the grounds that are given."""
        raise NotImplementedError

    def cancel_jobs(self) -> None:
        """Ask every job to stop that a person was told of."""
        raise NotImplementedError
