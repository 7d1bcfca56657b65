"""The document: the annotations of one scan while it is open. One way in: `commit(edit)`."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from dataset.annotation import Annotation
from dataset.mask import Mask, empty_mask
from dataset.mask_delta import MaskDelta, delta_of


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
        self._undo: deque[_Step] = deque()
        self._redo: list[_Step] = []
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
            self._remember(_step_of(change))
        return change

    def undo(self) -> Change | None:
        """Take the last edit back, or `None` when there is none."""
        if not self._undo:
            return None
        step = self._undo.pop()
        self._spent -= step.cost
        change = self._apply(step.whole(step.inverse, self._annotations))
        self._redo.append(step)
        return change

    def redo(self) -> Change | None:
        """Do again what was undone last, or `None`."""
        if not self._redo:
            return None
        step = self._redo.pop()
        change = self._apply(step.whole(step.edit, self._annotations))
        self._remember(step)
        return change

    @property
    def undo_title(self) -> str:
        """What undo would take back; empty when nothing."""
        return self._undo[-1].edit.title if self._undo else ""

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

    def _remember(self, step: _Step) -> None:
        self._undo.append(step)
        self._spent += step.cost
        # The newest edit stays undoable whatever it costs.
        while self._spent > self._budget and len(self._undo) > 1:
            self._spent -= self._undo.popleft().cost


@dataclass(frozen=True, slots=True)
class _Step:
    """A change in the history. Of a mask that was there before and after, only the pixels that differ are kept."""

    edit: Edit
    inverse: Edit
    deltas: Mapping[str, MaskDelta]
    cost: int
    """Bytes it keeps alive."""

    def whole(self, edit: Edit, annotations: Mapping[str, Annotation]) -> Edit:
        """The edit or its inverse with its masks, made from those of the present annotations."""
        if not self.deltas:
            return edit
        put: list[Annotation] = []
        for annotation in edit.put:
            delta = self.deltas.get(annotation.id)
            if delta is not None:
                mask = cast("Mask", annotations[annotation.id].geometry)
                annotation = replace(annotation, geometry=delta.applied(mask))  # noqa: PLW2901
            put.append(annotation)
        return replace(edit, put=tuple(put))


def _step_of(change: Change) -> _Step:
    """A change as the history keeps it."""
    before, after = _masks(change.inverse.put), _masks(change.edit.put)
    deltas: dict[str, MaskDelta] = {}
    cost = 200 + 400 * (len(change.edit.put) + len(change.inverse.put))
    for mask_id in {*before, *after}:
        old, new = before.get(mask_id), after.get(mask_id)
        delta = delta_of(old, new) if old is not None and new is not None else None
        if delta is not None:
            deltas[mask_id] = delta
            cost += delta.byte_count
        else:
            cost += _bytes_of(old) + _bytes_of(new)
    return _Step(_without_masks(change.edit, deltas), _without_masks(change.inverse, deltas), deltas, cost)


def _without_masks(edit: Edit, deltas: Mapping[str, MaskDelta]) -> Edit:
    """An edit that does not hold the masks that can be made again from what differs."""
    if not deltas:
        return edit
    nothing = empty_mask()
    return replace(edit, put=tuple(replace(a, geometry=nothing) if a.id in deltas else a for a in edit.put))


def _masks(annotations: tuple[Annotation, ...]) -> dict[str, Mask]:
    last = {annotation.id: annotation.geometry for annotation in annotations}
    return {annotation_id: geometry for annotation_id, geometry in last.items() if isinstance(geometry, Mask)}


def _bytes_of(mask: Mask | None) -> int:
    """Bytes of the tiles of a mask."""
    return 0 if mask is None else sum(tile.byte_count + 100 for tile in mask.tiles.values())
