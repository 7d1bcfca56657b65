"""The document: the annotations of one scan while it is open. One way in: `commit(edit)`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dataset.annotation import Annotation
from dataset.mask import Mask


@dataclass(frozen=True, slots=True)
class Edit:
    """Annotations to put, ids to remove, proposals to reject or to bring back. Its inverse is computed."""

    title: str
    put: tuple[Annotation, ...] = ()
    remove: tuple[str, ...] = ()
    reject: tuple[str, ...] = ()
    restore: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing."""
        return not (self.put or self.remove or self.reject or self.restore)


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit, undo or redo did: the edit as applied, its inverse, and the ids touched."""

    edit: Edit
    inverse: Edit
    touched: frozenset[str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a document at one moment."""

    annotations: tuple[Annotation, ...] = ()
    rejected: frozenset[str] = frozenset()


class Document:
    """The annotations of one scan, with an undo history bounded in bytes. Used from one thread."""

    def __init__(self, start: Snapshot | None = None, *, history_bytes: int = 256 * 2**20) -> None:
        start = start or Snapshot()
        self._annotations = {annotation.id: annotation for annotation in start.annotations}
        self._rejected = set(start.rejected)
        self._undo: list[tuple[Change, int]] = []
        self._redo: list[Change] = []
        self._budget = history_bytes
        self._spent = 0

    def snapshot(self) -> Snapshot:
        """The present state; cheap, because annotations are shared."""
        return Snapshot(tuple(self._annotations.values()), frozenset(self._rejected))

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """All annotations, in the order they were made."""
        return tuple(self._annotations.values())

    @property
    def rejected(self) -> frozenset[str]:
        """Ids of rejected proposals."""
        return frozenset(self._rejected)

    def get(self, annotation_id: str) -> Annotation | None:
        """The annotation of an id, or `None`."""
        return self._annotations.get(annotation_id)

    def settled(self) -> frozenset[str]:
        """Ids of proposals that were accepted, corrected or rejected."""
        return frozenset(a.origin for a in self._annotations.values() if a.origin) | self._rejected

    def commit(self, edit: Edit) -> Change:
        """Apply an edit; it can be undone, and what was undone before can no longer be redone."""
        change = self._apply(edit)
        if not change.edit.is_empty:
            self._redo.clear()
            self._remember(change)
        return change

    def undo(self) -> Change | None:
        """Take the last edit back, or `None` when there is none."""
        if not self._undo:
            return None
        change, cost = self._undo.pop()
        self._spent -= cost
        self._redo.append(change)
        return self._apply(change.inverse)

    def redo(self) -> Change | None:
        """Do again what was undone last, or `None`."""
        if not self._redo:
            return None
        change = self._apply(self._redo.pop().edit)
        self._remember(change)
        return change

    @property
    def undo_title(self) -> str:
        """What undo would take back; empty when nothing."""
        return self._undo[-1][0].edit.title if self._undo else ""

    @property
    def redo_title(self) -> str:
        """What redo would do again; empty when nothing."""
        return self._redo[-1].edit.title if self._redo else ""

    @property
    def history_bytes(self) -> int:
        """Bytes the undo history holds beyond the present state (an upper estimate)."""
        return self._spent

    def _apply(self, edit: Edit) -> Change:
        put_before: list[Annotation] = []
        remove_before: list[str] = []
        removed = tuple(i for i in dict.fromkeys(edit.remove) if i in self._annotations)
        for annotation_id in removed:
            put_before.append(self._annotations.pop(annotation_id))
        for annotation in edit.put:
            old = self._annotations.get(annotation.id)
            if old is None:
                remove_before.append(annotation.id)
            elif annotation.id not in {a.id for a in put_before}:
                put_before.append(old)
            self._annotations[annotation.id] = annotation
        remove_before = [i for i in remove_before if i not in {a.id for a in put_before}]
        reject = tuple(i for i in dict.fromkeys(edit.reject) if i not in self._rejected)
        restore = tuple(i for i in dict.fromkeys(edit.restore) if i in self._rejected)
        self._rejected.update(reject)
        self._rejected.difference_update(restore)
        applied = Edit(edit.title, edit.put, removed, reject, restore)
        inverse = Edit(edit.title, tuple(put_before), tuple(remove_before), restore, reject)
        touched = frozenset((*removed, *(a.id for a in edit.put), *reject, *restore))
        return Change(applied, inverse, touched)

    def _remember(self, change: Change) -> None:
        cost = _cost(change)
        self._undo.append((change, cost))
        self._spent += cost
        # The newest edit stays undoable whatever it costs.
        while self._spent > self._budget and len(self._undo) > 1:
            self._spent -= self._undo.pop(0)[1]


def _cost(change: Change) -> int:
    """Bytes that an edit keeps alive: what differs between the annotations before and after."""
    before = {a.id: a for a in change.inverse.put}
    total = 200
    for annotation in (*change.edit.put, *change.inverse.put):
        total += 400
        geometry = annotation.geometry
        if not isinstance(geometry, Mask):
            continue
        other = before.get(annotation.id)
        shared: Iterable[int] = ()
        if other is not None and other is not annotation and isinstance(other.geometry, Mask):
            shared = {id(tile) for tile in other.geometry.tiles.values()}
        total += sum(t.bits.nbytes + 100 for t in geometry.tiles.values() if id(t) not in shared)
    return total
