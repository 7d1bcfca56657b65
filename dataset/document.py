"""The document: the annotations of one scan while it is open. One way in: `commit(edit)`."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from dataset.annotation import Annotation
from dataset.mask import Mask, Tile, TileKey


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
        self._ranks = {annotation_id: rank for rank, annotation_id in enumerate(self._annotations)}
        self._placed: list[Annotation | None] = list(self._annotations.values())
        """Each annotation at its rank, with gaps where one was removed."""
        self._snapshot: Snapshot | None = start
        self._origins: dict[str, int] = dict(Counter(a.origin for a in start.annotations if a.origin))
        self._settled: frozenset[str] | None = None
        self._undo: deque[tuple[Change, int]] = deque()
        self._redo: list[Change] = []
        self._budget = history_bytes
        self._spent = 0

    def snapshot(self) -> Snapshot:
        """The present state; the same value until something changes."""
        if self._snapshot is None:
            has_gaps = len(self._placed) > len(self._annotations)
            placed = filter(None, self._placed) if has_gaps else cast("list[Annotation]", self._placed)
            self._snapshot = Snapshot(tuple(placed), frozenset(self._rejected))
        return self._snapshot

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """All annotations, in the order they were made; one that was removed and came back keeps its place."""
        return self.snapshot().annotations

    @property
    def rejected(self) -> frozenset[str]:
        """Ids of rejected proposals."""
        return self.snapshot().rejected

    def get(self, annotation_id: str) -> Annotation | None:
        """The annotation of an id, or `None`."""
        return self._annotations.get(annotation_id)

    def settled(self) -> frozenset[str]:
        """Ids of proposals that were accepted, corrected or rejected; the same value until one of them changes."""
        if self._settled is None:
            self._settled = frozenset(self._origins) | self._rejected
        return self._settled

    def is_settled(self, proposal_id: str) -> bool:
        """Whether a proposal was accepted, corrected or rejected."""
        return proposal_id in self._origins or proposal_id in self._rejected

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
        """Change the annotations; linear in the size of the edit, whatever the size of the document."""
        annotations = self._annotations
        before: dict[str, Annotation] = {}
        added: dict[str, None] = {}
        for annotation_id in edit.remove:
            old = annotations.pop(annotation_id, None)
            if old is not None:
                before[annotation_id] = old
                self._placed[self._ranks[annotation_id]] = None
                self._count_origin(old.origin, -1)
        removed = tuple(before)
        for annotation in edit.put:
            annotation_id = annotation.id
            old = annotations.get(annotation_id)
            annotations[annotation_id] = annotation
            if old is None:
                self._count_origin(annotation.origin, 1)
                if annotation_id not in before:
                    added[annotation_id] = None
                self._place(annotation)
            else:
                self._placed[self._ranks[annotation_id]] = annotation
                if annotation_id not in before and annotation_id not in added:
                    before[annotation_id] = old
                if old.origin != annotation.origin:
                    self._count_origin(old.origin, -1)
                    self._count_origin(annotation.origin, 1)
        reject, restore = self._reject(edit) if edit.reject or edit.restore else ((), ())
        self._snapshot = None
        applied = Edit(edit.title, edit.put, removed, reject, restore)
        inverse = Edit(edit.title, tuple(before.values()), tuple(added), restore, reject)
        return Change(applied, inverse, frozenset((*before, *added, *reject, *restore)))

    def _reject(self, edit: Edit) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Reject proposals and bring others back; those whose state changed."""
        reject = tuple(i for i in dict.fromkeys(edit.reject) if i not in self._rejected)
        self._rejected.update(reject)
        restore = tuple(i for i in dict.fromkeys(edit.restore) if i in self._rejected)
        self._rejected.difference_update(restore)
        self._settled = None
        return reject, restore

    def _place(self, annotation: Annotation) -> None:
        """Put a new annotation in its place; one that comes back goes to where it stood."""
        rank = self._ranks.setdefault(annotation.id, len(self._ranks))
        if rank == len(self._placed):
            self._placed.append(annotation)
        else:
            self._placed[rank] = annotation

    def _count_origin(self, origin: str, change: int) -> None:
        """Keep count of the annotations made from each proposal."""
        if not origin:
            return
        count = self._origins.get(origin, 0)
        if count + change:
            self._origins[origin] = count + change
        else:
            del self._origins[origin]
        if not (count and count + change):
            self._settled = None

    def _remember(self, change: Change) -> None:
        cost = _cost(change)
        self._undo.append((change, cost))
        self._spent += cost
        # The newest edit stays undoable whatever it costs.
        while self._spent > self._budget and len(self._undo) > 1:
            self._spent -= self._undo.popleft()[1]


def _cost(change: Change) -> int:
    """Bytes that an edit keeps alive: what differs between the annotations before and after."""
    total = 200 + 400 * (len(change.edit.put) + len(change.inverse.put))
    before, after = _masks(change.inverse.put), _masks(change.edit.put)
    for mask_id in {*before, *after}:
        total += _own_bytes(after.get(mask_id), before.get(mask_id))
        total += _own_bytes(before.get(mask_id), after.get(mask_id))
    return total


def _masks(annotations: tuple[Annotation, ...]) -> dict[str, Mask]:
    return {a.id: a.geometry for a in annotations if isinstance(a.geometry, Mask)}


def _own_bytes(mask: Mask | None, other: Mask | None) -> int:
    """Bytes of the tiles of a mask that another one does not share."""
    if mask is None:
        return 0
    shared: Mapping[TileKey, Tile] = other.tiles if other is not None else {}
    return sum(tile.byte_count + 100 for key, tile in mask.tiles.items() if shared.get(key) is not tile)
