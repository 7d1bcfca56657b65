"""Looking: marks that are shown over the scan but are not the document's: another state, or two readers' side by side.

They can neither be selected nor changed. What they stand for is hidden meanwhile, for the eye and for the hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from dataset.annotation import Annotation, lies_on
from dataset.mask import Mask
from desktop_app.visibility import Visibility
from imaging.geometry import Plane

MOST = 400
"""So many are drawn on one plane; where there are more, those that matter come first."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One mark to look at."""

    mark: Annotation
    colour: str
    text: str = ""
    is_dashed: bool = False
    is_strong: bool = False
    """Drawn as what is selected is."""
    is_quiet: bool = False
    """Left out first where there are very many."""


class Looking(QObject):
    """What is looked at, by whoever asked last."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.shown: tuple[Looked, ...] = ()
        self._owner: object = None
        self._hidden: frozenset[str] = frozenset()
        self._seen_as: tuple[Visibility, Visibility] | None = None

    def is_of(self, owner: object) -> bool:
        """Whether what is looked at is this owner's."""
        return self._owner is owner

    def show(self, owner: object, shown: Iterable[Looked], hidden: Iterable[str] = ()) -> None:
        """Show marks, and hide those of the document and of models that have these ids."""
        self._owner, self.shown, self._hidden = owner, tuple(shown), frozenset(hidden)
        self._seen_as = None
        self.changed.emit()

    def clear(self, owner: object) -> None:
        """Show the document again, if this owner is looked at."""
        if self._owner is owner and owner is not None:
            self._owner, self.shown, self._hidden, self._seen_as = None, (), frozenset(), None
            self.changed.emit()

    def hiding(self, visibility: Visibility) -> Visibility:
        """What is hidden altogether; the same value until it changes."""
        if not self._hidden:
            return visibility
        if self._seen_as is None or self._seen_as[0] is not visibility:
            self._seen_as = visibility, replace(visibility, marks=visibility.marks | self._hidden)
        return self._seen_as[1]

    def on(self, plane: Plane) -> tuple[Looked, ...]:
        """What is seen on a plane; masks are on every plane until they are cut."""
        found = [one for one in self.shown if isinstance(one.mark.geometry, Mask) or lies_on(one.mark.geometry, plane)]
        if len(found) > MOST:
            found = sorted(found, key=lambda one: (not one.is_strong, one.is_quiet))[:MOST]
        return tuple(found)
