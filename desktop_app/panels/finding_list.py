"""The list of findings: proposals and annotations as rows, sorted and filtered."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import compress
from operator import attrgetter
from typing import TypeAlias

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from dataset.annotation import Annotation, Proposal, WholeScan, geometry_plane, lies_on
from desktop_app.finding_order import Facts, Filter, Sort
from desktop_app.finding_words import author_of, made_at, sentence_of, tip_of
from desktop_app.mark_index import difference
from desktop_app.session import Session
from desktop_app.tool import Mark
from desktop_app.translation import tr
from imaging.geometry import Plane

Index = QModelIndex | QPersistentModelIndex
Place: TypeAlias = tuple[int, int, str]
MANY = 2000
"""From so many marks on the list is ordered as a whole."""
_LABEL = attrgetter("label")


class _AsDrawn:
    """Whole-scan labels first, then all in the order they were proposed or drawn, at the cost of what changed.

    While a model reads, some come to very many; sorting all of them would hold the window up each time.
    """

    def __init__(self) -> None:
        self._taken: tuple[Mark, ...] = ()
        self._found: tuple[Mark, ...] = ()
        self._keys: list[str] = []

    def of(self, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
        """The marks in order."""
        gone, come = difference(self._taken, marks)
        known, keys = self._found, self._keys
        if not gone and not come:
            self._taken = marks
            return known
        if gone:
            lost = set(map(id, gone))
            stays = [id(mark) not in lost for mark in known]
            known, keys = tuple(compress(known, stays)), list(compress(keys, stays))
        both, keys = (*known, *come), [*keys, *map(_key, come)]
        # What is sorted already is gone through once.
        rows = sorted(range(len(both)), key=keys.__getitem__)
        self._taken, self._found = marks, tuple(map(both.__getitem__, rows))
        self._keys = list(map(keys.__getitem__, rows))
        return self._found


def _key(mark: Mark) -> str:
    made_as = (mark.origin if type(mark) is Annotation else "") or mark.id
    return f"\0{made_as}" if type(mark.geometry) is WholeScan else made_as


def place_in_list(mark: Mark) -> Place:
    """Whole-scan labels first, then by plane, then in the order they were proposed or drawn."""
    plane = geometry_plane(mark.geometry)
    made_as = (mark.origin if isinstance(mark, Annotation) else "") or mark.id
    return (-1, -1, made_as) if plane is None else (plane.axis, plane.index, made_as)


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """What a list is made from."""

    proposals: tuple[Proposal, ...]
    annotations: tuple[Annotation, ...]
    rejected: frozenset[str]
    plane: Plane | None
    sort: Sort
    has_rejected: bool

    def is_like(self, other: _Parts | None) -> bool:
        """Whether the same marks come in the same order."""
        return (
            other is not None
            and self.proposals is other.proposals
            and self.annotations is other.annotations
            and self.rejected is other.rejected
            and (self.plane, self.has_rejected) == (other.plane, other.has_rejected)
            and (self.sort == "plane") == (other.sort == "plane")
        )


class MarkModel(QAbstractListModel):
    """The marks of the session in order; what is made of a proposal stands where the proposal stood."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.marks: tuple[Mark, ...] = ()
        self.this_plane, self.filter = False, Filter()
        self.sorting: Sort = "plane"
        self.total = 0
        """How many marks there are, listed or not."""
        self._ids: list[str] = []
        self._rows: dict[str, int] | None = None
        """Made when it is asked for: there may be very many."""
        self._places: dict[str, tuple[Mark, Place]] = {}
        self._as_drawn = _AsDrawn()
        self._parts: _Parts | None = None
        self._facts: Facts | None = None

    def forget(self) -> None:
        """People go by other names."""
        self._parts = None

    def refresh(self) -> bool:
        """Take the marks as they are now; whether rows came, went or changed their places."""
        marks = self._arranged(self._gathered())
        ids = [mark.id for mark in marks]
        if ids == self._ids:
            self.marks = marks
            if marks:
                self.dataChanged.emit(self.index(0), self.index(len(marks) - 1))
            return False
        self.beginResetModel()
        self.marks, self._ids, self._rows = marks, ids, None
        self.endResetModel()
        return True

    def counts(self) -> list[tuple[str, int]]:
        """How many there are of each label, the most first."""
        return Counter(map(_LABEL, self.marks)).most_common()

    @property
    def facts(self) -> Facts:
        """What is known of all marks, also of those that are not listed."""
        return self._gathered()

    def _gathered(self) -> Facts:
        """The marks there are, by place or as they were drawn; the same until they change."""
        session = self._session
        state, has_rejected = session.document.snapshot(), "rejected" in self.filter.states
        plane = session.plane if self.this_plane else None
        parts = _Parts(session.proposals, state.annotations, state.rejected, plane, self.sorting, has_rejected)
        if self._facts is None or not parts.is_like(self._parts):
            marks: tuple[Mark, ...] = (*parts.proposals, *parts.annotations)
            if has_rejected:
                marks = (*marks, *self._rejected(state.rejected))
            if plane is not None:
                marks = tuple(mark for mark in marks if lies_on(mark.geometry, plane))
            self._facts = Facts(
                self._in_place(marks), state.rejected, lambda m: author_of(m, session), lambda m: made_at(m, session)
            )
        self._parts = parts
        return self._facts

    def _rejected(self, ids: frozenset[str]) -> tuple[Proposal, ...]:
        rows = self._session.findings.rows
        return tuple(rows.proposals[row] for row in sorted(rows.row_of[i] for i in ids if i in rows.row_of))

    def _in_place(self, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
        """By plane, or as they were drawn."""
        info = self._session.info
        if self.sorting != "plane" or (len(marks) > MANY and info is not None and info.size.planes == 1):
            return self._as_drawn.of(marks)
        # Places are kept, because finding the plane of a large mask takes a while.
        places: dict[str, tuple[Mark, Place]] = {}
        for mark in marks:
            known = self._places.get(mark.id)
            places[mark.id] = known if known is not None and known[0] is mark else (mark, place_in_list(mark))
        self._places = places
        return tuple(sorted(marks, key=lambda mark: places[mark.id][1]))

    def _arranged(self, facts: Facts) -> tuple[Mark, ...]:
        """Sorted, and without those that are not wanted."""
        session, marks = self._session, facts.marks
        self.total = len(marks)
        if self.filter.is_usual and self.sorting in {"plane", "drawn"}:
            return marks
        rows = facts.order(self.sorting, session.display.limits, self._label_name)
        if not self.filter.is_usual:
            rows = rows[facts.passing(self.filter, self._label_name, tr)[rows]]
        return tuple(map(marks.__getitem__, rows.tolist()))

    def _label_name(self, label: str) -> str:
        return self._session.label_of(label).name

    def row_of(self, mark_id: str) -> int:
        """The row of a mark, or -1."""
        if self._rows is None:
            self._rows = dict(zip(self._ids, range(len(self._ids)), strict=True))
        return self._rows.get(mark_id, -1)

    def rowCount(self, parent: Index | None = None) -> int:
        """How many marks there are."""
        return 0 if parent is not None and parent.isValid() else len(self.marks)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Label name for reading, the mark for painting, a sentence for screen readers."""
        if not index.isValid() or index.row() >= len(self.marks):
            return None
        mark = self.marks[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._session.label_of(mark.label).name
        if role == Qt.ItemDataRole.UserRole:
            return mark
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return sentence_of(mark, self._session)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip_of(mark, self._session)
        return None
