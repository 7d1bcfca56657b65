"""What is said of the open scan: its document and its predictions, and the proposals still open. No Qt."""

from __future__ import annotations

from collections.abc import Iterable

from dataset.annotation import Annotation, Proposal, WholeScan, lies_on
from dataset.document import Document
from dataset.mask import Mask
from dataset.prediction import Prediction
from desktop_app.review import Proposed, open_proposals, proposed_by
from desktop_app.tool import Mark
from imaging.geometry import Plane


class Findings:
    """The document and the predictions of one scan. Used from the main thread."""

    def __init__(self, document: Document | None = None, predictions: Iterable[Prediction] = ()) -> None:
        self.document = document or Document()
        self.predictions = tuple(predictions)
        self._streaming: tuple[Proposal, ...] = ()
        self._proposed: dict[str, Proposed] | None = None

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
        """Proposals nobody has settled, with at least the score of the threshold; streamed ones at the end."""
        streamed = tuple(p for p in self._streaming if p.score >= threshold)
        return open_proposals(self.proposed, self.document.settled(), threshold) + streamed

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
        annotations: tuple[Annotation, ...] = self.document.annotations
        return tuple(mark for mark in (*annotations, *self.open(threshold)) if lies_on(mark.geometry, plane))

    def planes_with_marks(self, axis: int, threshold: float) -> tuple[int, ...]:
        """The plane indices of an axis where something is marked or proposed, ascending."""
        found: set[int] = set()
        for mark in (*self.document.annotations, *self.open(threshold)):
            geometry = mark.geometry
            if isinstance(geometry, WholeScan):
                continue
            if isinstance(geometry, Mask):
                found.update(geometry.planes if geometry.axis == axis else ())
            elif geometry.plane.axis == axis:
                found.add(geometry.plane.index)
        return tuple(sorted(found))
