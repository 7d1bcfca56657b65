"""A reader's hand for tests: gestures in scan coordinates, and a document that takes the edits."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from dataset.annotation import Annotation, Geometry, Proposal, new_id, now
from dataset.document import Document, Snapshot
from desktop_app.tool import Bench, Gesture, Outcome, Tool
from imaging.geometry import Plane, Size

AXIAL = Plane(0, 3)


def mark(geometry: Geometry, label: str = "disc", *, locked: bool = False, author: str = "ada") -> Annotation:
    return Annotation(new_id(), label, geometry, author, now(), locked=locked)


def proposal(geometry: Geometry, label: str = "disc", score: float = 0.9) -> Proposal:
    return Proposal(new_id(), label, geometry, score)


class Reader:
    """Moves a tool over a document, as the pane does."""

    def __init__(
        self, tool: Tool, *marks: Annotation | Proposal, size: Size | None = None, plane: Plane = AXIAL
    ) -> None:
        self.tool = tool
        annotations = tuple(m for m in marks if isinstance(m, Annotation))
        proposals = tuple(m for m in marks if isinstance(m, Proposal))
        self.document = Document(Snapshot(annotations))
        self.pixel = 1.0
        self.bench = Bench(
            plane, size or Size(200, 100, 10), self.document.snapshot(), proposals, frozenset(), "disc", "grace", 5.0
        )
        self.last = Outcome()
        self.titles: list[str] = []

    def _take(self, outcome: Outcome) -> Outcome:
        self.last = outcome
        if outcome.edit is not None:
            self.document.commit(outcome.edit)
            self.titles.append(outcome.edit.title)
            settled = self.document.settled()
            left = tuple(p for p in self.bench.proposals if p.id not in settled)
            self.bench = replace(self.bench, document=self.document.snapshot(), proposals=left)
        if outcome.select is not None:
            self.bench = replace(self.bench, selection=outcome.select)
        return outcome

    def at(self, x: float, y: float, **held: bool) -> Gesture:
        return Gesture(x, y, self.pixel, **held)  # type: ignore[arg-type]

    def hover(self, x: float, y: float, **held: bool) -> Outcome:
        return self._take(self.tool.hover(self.at(x, y, **held), self.bench))

    def press(self, x: float, y: float, **held: bool) -> Outcome:
        return self._take(self.tool.press(self.at(x, y, **held), self.bench))

    def move(self, x: float, y: float, **held: bool) -> Outcome:
        return self._take(self.tool.drag(self.at(x, y, **held), self.bench))

    def release(self, x: float, y: float, **held: bool) -> Outcome:
        return self._take(self.tool.release(self.at(x, y, **held), self.bench))

    def click(self, x: float, y: float, **held: bool) -> Outcome:
        self.press(x, y, **held)
        return self.release(x, y, **held)

    def key(self, name: Literal["finish", "back"]) -> Outcome:
        return self._take(self.tool.finish(self.bench) if name == "finish" else self.tool.back(self.bench))

    def double_click(self, x: float, y: float) -> Outcome:
        self.click(x, y)
        self._take(self.tool.press(replace(self.at(x, y), clicks=2), self.bench))
        return self.release(x, y)

    def drag(self, *points: tuple[float, float], **held: bool) -> Outcome:
        self.press(*points[0], **held)
        for point in points[1:]:
            self.move(*point, **held)
        return self.release(*points[-1], **held)

    @property
    def only(self) -> Annotation:
        (annotation,) = self.document.annotations
        return annotation
