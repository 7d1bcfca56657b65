"""What is said of the open scan: its document and its predictions, and the proposals still open. No Qt.

There may be hundreds of thousands: what is asked for often is kept, and follows what changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import compress
from operator import attrgetter, is_not

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Annotation, Proposal, WholeScan
from dataset.document import Document
from dataset.mask import Mask
from dataset.prediction import Prediction
from desktop_app.crosshair import AXES
from desktop_app.limits import Limits
from desktop_app.mark_index import between
from desktop_app.review import Proposed, proposed_by
from desktop_app.tool import Mark
from imaging.geometry import Axis, Plane

_SCORE, _LABEL = attrgetter("score"), attrgetter("label")
MOST_SPARE = 50_000
"""So many marks that went are remembered at most, beside four times those that are there."""


@dataclass(frozen=True, slots=True, eq=False)
class _Open:
    """The open proposals at some limits, and what they were found from."""

    proposed: dict[str, Proposed]
    settled: frozenset[str]
    streaming: tuple[Proposal, ...]
    found: tuple[Proposal, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The proposals that stand, by id and one after the other."""

    proposed: dict[str, Proposed]
    proposals: tuple[Proposal, ...]
    scores: NDArray[np.float64]
    label_numbers: NDArray[np.int32]
    """Numbers in `labels`."""
    labels: tuple[str, ...]
    row_of: dict[str, int]


def standing_rows(predictions: Iterable[Prediction]) -> Rows:
    """The proposals of the newest predictions. Takes a while where there are very many; in any thread."""
    proposed = proposed_by(predictions)
    proposals = tuple(item.proposal for item in proposed.values())
    scores = np.fromiter(map(_SCORE, proposals), np.float64, len(proposals))
    numbers, labels = numbered(map(_LABEL, proposals))
    return Rows(proposed, proposals, scores, numbers, labels, dict(zip(proposed, range(len(proposals)), strict=True)))


def numbered(words: Iterable[str]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Words as numbers, and what each number stands for."""
    said = list(words)
    known = {word: number for number, word in enumerate(dict.fromkeys(said))}
    return np.fromiter(map(known.__getitem__, said), np.int32, len(said)), tuple(known)


NO_ROWS = Rows({}, (), np.zeros(0), np.zeros(0, np.int32), (), {})


class Findings:
    """The document and the predictions of one scan. Used from the main thread."""

    def __init__(self, document: Document | None = None, predictions: Iterable[Prediction] = ()) -> None:
        self.document = document or Document()
        self.predictions = tuple(predictions)
        self._streaming: tuple[Proposal, ...] = ()
        self._rows: Rows | None = None
        self._settled: tuple[frozenset[str], NDArray[np.bool_]] = frozenset(), np.zeros(0, np.bool_)
        """What was settled when it was asked last, and which rows that are."""
        self._open: dict[Limits, _Open] = {}
        self._annotated: dict[Axis, _Places] = {axis: _Places(axis) for axis in AXES}
        self._opened: dict[Axis, _Places] = {axis: _Places(axis) for axis in AXES}
        self._marks: dict[Axis, tuple[tuple[object, ...], tuple[Mark, ...]]] = {}

    def add_prediction(self, prediction: Prediction, alone: Rows | None = None) -> None:
        """Take a finished prediction; what was streamed of it is replaced by it.

        `alone` are its `standing_rows`, where they were made before; they hold where there is no other prediction.
        """
        is_first, self.predictions = not self.predictions, (*self.predictions, prediction)
        self._streaming, self._rows = (), None
        if alone is not None and is_first:
            self._take(alone)

    def _take(self, rows: Rows) -> None:
        self._rows = rows
        self._settled = frozenset(), np.zeros(len(rows.proposals), np.bool_)

    def stream(self, proposals: tuple[Proposal, ...]) -> None:
        """Show proposals of a prediction under way; they cannot be settled yet."""
        self._streaming = (*self._streaming, *proposals)

    def stop_streaming(self) -> None:
        """Forget what was streamed."""
        self._streaming = ()

    @property
    def is_streaming(self) -> bool:
        """Whether proposals of a prediction under way are shown."""
        return bool(self._streaming)

    @property
    def proposed(self) -> dict[str, Proposed]:
        """Every proposal of the newest predictions, by id."""
        return self.rows.proposed

    @property
    def rows(self) -> Rows:
        """The proposals of the newest predictions as arrays."""
        if self._rows is None:
            self._take(standing_rows(self.predictions))
        return self._rows or NO_ROWS

    def open(self, limits: Limits) -> tuple[Proposal, ...]:
        """Proposals nobody has settled, with at least the score of their limit; streamed ones at the end.

        The same value until one of them comes or goes.
        """
        proposed, settled, streaming = self.proposed, self.document.settled(), self._streaming
        kept = self._open.get(limits)
        if kept is not None and kept.proposed is proposed and kept.settled is settled:
            if kept.streaming is streaming:
                return kept.found
            if _has_grown(kept.streaming, streaming):
                more = limits.passing(streaming[len(kept.streaming) :])
                found = kept.found + more if more else kept.found
                self._open[limits] = _Open(proposed, settled, streaming, found)
                return found
        found = self._unsettled(settled, limits) + limits.passing(streaming)
        self._open = dict([*self._open.items()][-1:])
        self._open[limits] = _Open(proposed, settled, streaming, found)
        return found

    def _unsettled(self, settled: frozenset[str], limits: Limits) -> tuple[Proposal, ...]:
        """Of the finished predictions."""
        rows = self.rows
        known, is_settled = self._settled
        if settled is not known:
            different = [rows.row_of[i] for i in settled ^ known if i in rows.row_of]
            is_settled[different] = ~is_settled[different]
            self._settled = settled, is_settled
        passes = rows.scores >= limits.each(rows.label_numbers, rows.labels)
        return tuple(compress(rows.proposals, (passes & ~is_settled).tolist()))

    def is_settleable(self, proposal_id: str) -> bool:
        """Whether a proposal can be accepted or rejected now (not while it is only streamed)."""
        return proposal_id in self.proposed and not self.document.is_settled(proposal_id)

    def get(self, mark_id: str) -> Mark | None:
        """The annotation or proposal of an id."""
        mark = self.document.get(mark_id)
        if mark is None and mark_id in self.proposed:
            return self.proposed[mark_id].proposal
        return mark

    def marks_on(self, plane: Plane, limits: Limits) -> tuple[Mark, ...]:
        """Annotations, then open proposals, that are seen on a plane. The same value until one comes or goes."""
        annotations, proposals = self.document.annotations, self.open(limits)
        kept = self._marks.get(plane.axis)
        if kept is not None and kept[0][0] is annotations and kept[0][1] is proposals and kept[0][2] == plane.index:
            return kept[1]
        annotated = self._annotated[plane.axis].follow(annotations).get(plane.index, ())
        opened = self._opened[plane.axis].follow(proposals).get(plane.index, ())
        marks = (*annotated, *opened)
        self._marks[plane.axis] = ((annotations, proposals, plane.index), marks)
        return marks

    def planes_with_marks(self, axis: Axis, limits: Limits) -> tuple[int, ...]:
        """The plane indices of an axis where something is marked or proposed, ascending."""
        annotated = self._annotated[axis].follow(self.document.annotations)
        return tuple(sorted({*annotated, *self._opened[axis].follow(self.open(limits))}))


class _Places:
    """The marks of a sequence by plane of an axis, in order; follows it at the cost of what changed in it."""

    def __init__(self, axis: Axis) -> None:
        self._marks: tuple[Annotation | Proposal, ...] = ()
        self._axis: Axis = axis
        self._found: dict[int, list[Mark]] = {}
        self._mask_planes: dict[str, tuple[Mask, tuple[int, ...]]] = {}
        self._alike: dict[int, Mark] = {}
        """Marks that lie on the only plane there is, by their identity, also some that went."""

    def follow(self, marks: tuple[Annotation, ...] | tuple[Proposal, ...]) -> dict[int, list[Mark]]:
        """The marks of every plane."""
        old = self._marks
        if marks is not old:
            if _has_grown(old, marks):
                self._alike = {}
                for index, more in self._by_plane(marks[len(old) :]).items():
                    self._found.setdefault(index, []).extend(more)
            else:
                self._found = self._changed(marks)
            self._marks = marks
        return self._found

    def _changed(self, marks: tuple[Mark, ...]) -> dict[int, list[Mark]]:
        """By plane, after some went and others came; quick where all lie on one plane, as on a slide."""
        if len(self._found) == 1:
            ((index, known),) = self._found.items()
            if len(known) == len(self._marks):
                come = between(self._marks, marks)[1]
                if come and (not self._alike or len(self._alike) > 4 * len(known) + MOST_SPARE):
                    self._alike = dict(zip(map(id, known), known, strict=True))
                if not all(map(self._alike.__contains__, map(id, come))):
                    new = [mark for mark in come if id(mark) not in self._alike]
                    if len(self._by_plane(new).get(index, ())) < len(new):
                        self._alike = {}
                        return self._by_plane(marks)
                    self._alike.update(zip(map(id, new), new, strict=True))
                return {index: list(marks)} if marks else {}
        self._alike = {}
        return self._by_plane(marks)

    def _by_plane(self, marks: Iterable[Mark]) -> dict[int, list[Mark]]:
        found: dict[int, list[Mark]] = {}
        for mark in marks:
            geometry = mark.geometry
            if isinstance(geometry, Mask):
                for index in self._planes_of(mark.id, geometry):
                    found.setdefault(index, []).append(mark)
            elif not isinstance(geometry, WholeScan) and geometry.plane.axis == self._axis:
                found.setdefault(geometry.plane.index, []).append(mark)
        return found

    def _planes_of(self, mark_id: str, mask: Mask) -> tuple[int, ...]:
        """The planes of a mask; one of a volume has thousands of tiles to look at."""
        kept = self._mask_planes.get(mark_id)
        if kept is None or kept[0] is not mask:
            kept = self._mask_planes[mark_id] = (mask, mask.planes_along(self._axis))
        return kept[1]


def _has_grown(old: tuple[Mark, ...], new: tuple[Mark, ...]) -> bool:
    """Whether the new sequence begins with the very objects of the old one."""
    return len(new) >= len(old) and not any(map(is_not, old, new))
