"""Blinding: what is hidden from the reader, in this dataset and on this computer; a part of the session. No widgets.

What is hidden is not read from the disk in the first place where that can be: the dataset knows who reads it, so a
scan opens without what must not be seen, and nothing behind it can show it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from dataset.readings import OPEN, Blinding, Hidden, Person
from desktop_app.history import History
from desktop_app.sitting import Sitting
from imaging.errors import Problem

if TYPE_CHECKING:
    from dataset.folder import Dataset

SAID: dict[Hidden, str] = {"names": "names", "proposals": "what models say", "others": "other readers"}
SILENT = "Models are silent while what they say is hidden from you"


class Blinds(QObject):
    """What is hidden from the reader. Main thread only."""

    changed = Signal()

    def __init__(self, session: Sitting, history: History) -> None:
        super().__init__(session)
        self._session, self._history = session, history
        session.worklist.dataset_opened.connect(self._on_dataset)

    @property
    def blinding(self) -> Blinding:
        """What is hidden; nothing without a dataset."""
        dataset = self._session.dataset
        return dataset.person.blinding if dataset is not None else OPEN

    @property
    def hides_models(self) -> bool:
        """Whether nothing that a model says may be shown."""
        return self.blinding.proposals

    def tells_silent(self) -> bool:
        """Whether models must be silent, which is then told."""
        if self.hides_models:
            told = Problem("is hidden from you", "What models say", "See the menu Review")
            self._session.problem_raised.emit(told)
        return self.hides_models

    def toggle(self, name: Hidden) -> None:
        """Hide something, or show it again: kept, said in the audit, and the open scan is opened anew."""
        session, dataset = self._session, self._session.dataset
        if dataset is None:
            return
        blinding = replace(self.blinding, **{name: not getattr(self.blinding, name)})
        session.save()
        author = session.author

        def work() -> None:
            from dataset.blindings import keep_blinding

            hidden = ", ".join(SAID[part] for part in blinding.hidden) or "nothing"
            dataset.audit(author, "blinding changed", hidden=hidden)
            keep_blinding(dataset.id, author, blinding)

        def then(_answer: object) -> None:
            if session.dataset is dataset:
                self._take(dataset, blinding)

        # After what waits to be written: the scan must open from what is on the disk, not from what was seen here.
        session.keeping.write("Keeping what is hidden", work, then)

    def _take(self, dataset: Dataset, blinding: Blinding) -> None:
        session = self._session
        dataset.person = Person(session.author, blinding)
        session.cancel_jobs()
        session.worklist.prefetch.forget()
        session.worklist.list_again()
        self.changed.emit()
        if session.scan is not None:
            session.open_case(session.case)
        session.told.emit(f"Hidden from you: {', '.join(SAID[part] for part in blinding.hidden) or 'nothing'}")

    def read_as(self, author: str) -> None:
        """Somebody reads under another name from now on."""
        session = self._session
        session.author = session.worklist.author = author
        if session.dataset is not None and session.dataset.person.name != author:
            session.dataset.person = person_of(session.dataset, author)
            session.worklist.prefetch.forget()
            session.worklist.list_again()
            self.changed.emit()

    def _on_dataset(self, _old: object) -> None:
        self.changed.emit()

    def name_of(self, author: str) -> str:
        """What to call the author of a mark or of a revision of the open scan; models keep their names."""
        if not self.blinding.names or author.startswith("model:"):
            return author
        known = [revision.author for revision in reversed(self._history.revisions)]
        return self.names_of([*known, author])[author]

    def names_of(self, authors: Iterable[str]) -> dict[str, str]:
        """What to call people: their names, or You and Reader 1, 2, … in the order given where names are hidden."""
        found = list(dict.fromkeys(authors))
        if not self.blinding.names:
            return {author: author for author in found}
        others = [author for author in found if author != self._session.author]
        return dict.fromkeys(found, "You") | {a: f"Reader {n}" for n, a in enumerate(others, 1)}

    def said(self, text: str) -> str:
        """A reason as it may be shown: people who have read the open scan go by what they are called."""
        if self.blinding.names:
            for author in sorted({r.author for r in self._history.revisions}, key=len, reverse=True):
                text = text.replace(author, self.name_of(author))
        return text

    def title_of(self, title: str, key: str) -> str:
        """What to call a scan: its title, or a part of its key where names are hidden."""
        return title if not self.blinding.names else f"Scan {key[:8]}" if key else "Scan"


def person_of(dataset: Dataset, author: str) -> Person:
    """Who reads a dataset on this computer, and what is hidden from them. Reads a small file."""
    from dataset.blindings import blinding_of

    return Person(author, blinding_of(dataset.id, author))
