"""An operation at work for tests: marks in scan coordinates, all of them selected."""

from __future__ import annotations

import numpy as np

from dataset.annotation import Annotation, Geometry, Polygon, Proposal
from dataset.document import Document, Snapshot
from dataset.mask import Bits, Mask, empty_mask
from desktop_app.operation import Operation
from desktop_app.tool import USUAL_OPTIONS, Bench, Mark, Outcome, ToolOptions
from imaging.geometry import Axis, Plane, Size
from imaging.progress import silent
from imaging.scan import Spacing
from tests.desktop_app.tools.hand import AXIAL

SIZE = Size(300, 200, 12)
Rectangle = tuple[int, int, int, int]
"""x, y, right, bottom."""


def mask(planes: dict[int, list[Rectangle]], axis: Axis = 0) -> Mask:
    """A mask of rectangles on planes."""
    made = empty_mask(axis)
    for plane, rectangles in planes.items():
        for x, y, right, bottom in rectangles:
            made = made.painted(plane, x, y, np.ones((bottom - y, right - x), np.bool_), value=True)
    return made


def square(x: float, y: float, side: float, *holes: tuple[float, float, float], plane: Plane = AXIAL) -> Polygon:
    """A square outline with square holes."""
    rings = [((a, b), (a + s, b), (a + s, b + s), (a, b + s)) for a, b, s in ((x, y, side), *holes)]
    return Polygon(plane, rings[0], tuple(rings[1:]))


def bits(geometry: Geometry, plane: int = 3) -> Bits:
    assert isinstance(geometry, Mask)
    return geometry.crop(plane, 0, 0, 300, 200)


class Work:
    """What an operation made of marks."""

    def __init__(
        self,
        operation: Operation,
        *marks: Mark,
        size: Size = SIZE,
        spacing: Spacing = (None, None, None),
        options: ToolOptions = USUAL_OPTIONS,
    ) -> None:
        self.document = Document(Snapshot(tuple(m for m in marks if isinstance(m, Annotation))))
        proposals = tuple(m for m in marks if isinstance(m, Proposal))
        bench = Bench(
            AXIAL, size, self.document.snapshot(), proposals, frozenset(m.id for m in marks), "disc", "grace",
            spacing_mm=spacing, options=options,
        )  # fmt: skip
        assert operation.can(marks, size)
        self.outcome: Outcome = operation.apply(bench, silent())
        if self.outcome.edit is not None:
            self.document.commit(self.outcome.edit)

    @property
    def left(self) -> tuple[Annotation, ...]:
        return self.document.annotations

    @property
    def only(self) -> Annotation:
        (annotation,) = self.left
        return annotation

    @property
    def title(self) -> str:
        return self.outcome.edit.title if self.outcome.edit is not None else ""
