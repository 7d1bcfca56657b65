"""What is said of the open scan: its document and its predictions, and the proposals still open. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from dataset.annotation import Annotation, Proposal, WholeScan
from dataset.document import Document
from dataset.mask import Mask
from dataset.prediction import Prediction
from desktop_app.review import Proposed, open_proposals, proposed_by
from desktop_app.tool import Mark
from imaging.geometry import Plane

_OpenKey: TypeAlias = tuple[dict[str, Proposed], frozenset[str], tuple[Proposal, ...], float]
_PlacesKey: TypeAlias = tuple[tuple[Annotation, ...], tuple[Proposal, ...], int]


class Findings:
    """The document and the predictions of one scan. Used from the main thread."""

    def __init__(self, document: Document | None = None, predictions: Iterable[Prediction] = ()) -> None:
        self.document = document or Document()
        self.predictions = tuple(predictions)
        self._streaming: tuple[Proposal, ...] = ()
        self._proposed: dict[str, Proposed] | None = None
        self._open: tuple[_OpenKey, tuple[Proposal, ...]] | None = None
        self._places: tuple[_PlacesKey, dict[int, list[Mark]]] | None = None
        self._mask_planes: dict[str, tuple[Mask, tuple[int, ...]]] = {}

    def add_prediction(self, prediction: Prediction) -> None:
        """Take a finished prediction; what was streamed of it is replaced by it."""
        self.predictions = (*self.predictions, prediction)
        self._streaming, self._proposed = (), None

    def stream(self, proposals: tuple[Proposal, ...]) -> None:
        """Show proposals of a prediction under way; they cannot be settled yet."""
        self._streaming = (*self._streaming, *proposals)

    def stop_streaming(self) -> None:
        """Forget what was streamed."""
        self._streaming = ()

    @property
    def proposed(self) -> dict[str, Proposed]:
        """Every proposal of the newest predictions, by id."""
        if self._proposed is None:
            self._proposed = proposed_by(self.predictions)
        return self._proposed

    def open(self, threshold: float) -> tuple[Proposal, ...]:
        """Proposals nobody has settled, with at least the score of the threshold; streamed ones at the end.

        The same value until one of them comes or goes.
        """
        key = (self.proposed, self.document.settled(), self._streaming, threshold)
        if self._open is None or not _are_same(self._open[0], key):
            streamed = tuple(p for p in self._streaming if p.score >= threshold)
            self._open = (key, open_proposals(self.proposed, self.document.settled(), threshold) + streamed)
        return self._open[1]

    def is_settleable(self, proposal_id: str) -> bool:
        """Whether a proposal can be accepted or rejected now (not while it is only streamed)."""
        return proposal_id in self.proposed and proposal_id not in self.document.settled()

    def get(self, mark_id: str) -> Mark | None:
        """The annotation or proposal of an id."""
        mark = self.document.get(mark_id)
        if mark is None and mark_id in self.proposed:
            return self.proposed[mark_id].proposal
        return mark

    def marks_on(self, plane: Plane, threshold: float) -> tuple[Mark, ...]:
        """Annotations, then open proposals, that are seen on a plane."""
        return tuple(self._marks_by_plane(plane.axis, threshold).get(plane.index, ()))

    def planes_with_marks(self, axis: int, threshold: float) -> tuple[int, ...]:
        """The plane indices of an axis where something is marked or proposed, ascending."""
        return tuple(sorted(self._marks_by_plane(axis, threshold)))

    def _marks_by_plane(self, axis: int, threshold: float) -> dict[int, list[Mark]]:
        """The marks of every plane of an axis, in drawing order; kept until a mark changes."""
        key = (self.document.annotations, self.open(threshold), axis)
        if self._places is None or not _are_same(self._places[0], key):
            found: dict[int, list[Mark]] = {}
            for mark in (*key[0], *key[1]):
                geometry = mark.geometry
                if isinstance(geometry, Mask):
                    for index in self._planes_of(mark.id, geometry) if geometry.axis == axis else ():
                        found.setdefault(index, []).append(mark)
                elif not isinstance(geometry, WholeScan) and geometry.plane.axis == axis:
                    found.setdefault(geometry.plane.index, []).append(mark)
            self._places = (key, found)
        return self._places[1]

    def _planes_of(self, mark_id: str, mask: Mask) -> tuple[int, ...]:
        """The planes of a mask; one of a volume has thousands of tiles to look at."""
        kept = self._mask_planes.get(mark_id)
        if kept is None or kept[0] is not mask:
            kept = self._mask_planes[mark_id] = (mask, mask.planes)
        return kept[1]


def _are_same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    """Whether two keys hold the same objects; comparing what is in them would take as long as the work saved."""
    return all(a is b or (isinstance(a, int | float) and a == b) for a, b in zip(one, other, strict=True))
