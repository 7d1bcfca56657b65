"""Slides: letting a model read a part of a slide, its heat map, and the places worth a visit; a part of the session.

What is read nearest to where the reader looks comes first. A reading that is stopped keeps what it has done, and goes
on from there when the same is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal

from dataset.annotation import Annotation, Polygon, RotatedBox, bounds, new_id, now
from dataset.document import Edit
from dataset.heat_map import HeatMap
from dataset.label import Label
from desktop_app.choosing import Choosing
from desktop_app.heat_look import HeatLook
from desktop_app.heat_spots import hot_spots
from desktop_app.predicting import Reading, benign_of
from imaging.errors import Problem
from imaging.geometry import Plane, Region
from imaging.progress import Progress
from imaging.scan import TiledScan
from models.slide_choices import EVERYWHERE, Point, SlideChoices

FINDER = "model:tissue@1.0.0"
"""Who outlines tissue: the program, not the reader."""
SPOTS = 50
LEAST_SPOT = 0.5


@dataclass(frozen=True, slots=True)
class Acts:
    """What the session does when it is asked to."""

    predict: Callable[[str, Region | None, SlideChoices], None]
    commit: Callable[[Edit], None]
    add_labels: Callable[[Iterable[Label]], None]


class Slides(QObject):
    """Readings of the open slide. Main thread only, but for what `centre` answers."""

    heat_changed = Signal()
    """The heat map, or which label of it is shown."""
    place_wanted = Signal(float, float)
    """A point of the slide to show in the middle of the view."""

    _heated = Signal(str, object)

    def __init__(self, session: Choosing, acts: Acts) -> None:
        super().__init__(session)
        self._session, self._acts = session, acts
        self._centre: Point | None = None
        self._streamed: HeatMap | None = None
        self.heat_look = HeatLook()
        """How the heat map is shown; an opacity of 0 hides it."""
        self._spots: tuple[Point, ...] = ()
        self._spot = -1
        self._heated.connect(self._on_heated, Qt.ConnectionType.QueuedConnection)
        session.scan_changed.connect(self._on_scan)
        session.predicting.ended_without.connect(self._on_ended)
        session.predicting.predicted.connect(self._on_predicted)

    # Where to read.

    def look_at(self, centre: Point | None) -> None:
        """Say where the reader looks: what is near is read first."""
        self._centre = centre

    @property
    def is_slide(self) -> bool:
        """Whether the open scan is one."""
        return isinstance(self._session.scan, TiledScan)

    @property
    def tissue(self) -> tuple[Polygon, ...]:
        """What is marked as tissue."""
        if not self.is_slide:
            return ()
        from models.tissue import TISSUE

        marks = self._session.document.annotations
        return tuple(m.geometry for m in marks if m.label == TISSUE.id and isinstance(m.geometry, Polygon))

    def run(self) -> None:
        """Let the chosen model read the open scan: of a slide its tissue, what the reader looks at first."""
        if self.is_slide:
            self.read_tissue()
        else:
            self._read(None)

    def read_view(self, region: Region) -> None:
        """Let the chosen model read what is on screen."""
        self._read(region)

    def read_all(self) -> None:
        """Let the chosen model read the whole slide."""
        self._read(None)

    def read_selection(self) -> None:
        """Let the chosen model read what lies in the selected outlines."""
        chosen = [m.geometry for m in map(self._session.document.get, self._session.selection) if m is not None]
        turned = (shape.outline() if isinstance(shape, RotatedBox) else shape for shape in chosen)
        outlines = tuple(shape for shape in turned if isinstance(shape, Polygon))
        if outlines:
            self._read(_around(outlines), outlines)
        else:
            self._session.problem_raised.emit(Problem("no outline is selected", advice="Draw one with P and select it"))

    def read_tissue(self) -> None:
        """Let the chosen model read the tissue; where none is marked yet it is found first."""
        if self.tissue:
            self._read(_around(self.tissue), self.tissue)
        else:
            self.find_tissue(self.read_tissue)

    def find_tissue(self, then: Callable[[], None] | None = None) -> None:
        """Outline the tissue; the outlines are marks like any other, to be seen and edited."""
        session, scan, key = self._session, self._session.scan, self._session.scan_key
        if not isinstance(scan, TiledScan):
            return
        from models.tissue import TISSUE, find_tissue

        def work(progress: Progress) -> tuple[Polygon, ...]:
            return find_tissue(scan, progress)

        def found(outlines: tuple[Polygon, ...]) -> None:
            if session.scan_key != key:
                return
            if not outlines:
                session.told.emit("No tissue was found")
                return
            self._acts.add_labels([TISSUE])
            old = tuple(mark.id for mark in session.document.annotations if mark.label == TISSUE.id)
            put = tuple(Annotation(new_id(), TISSUE.id, outline, FINDER, now()) for outline in outlines)
            self._acts.commit(Edit("Find tissue", put=put, remove=old))
            if then is not None:
                then()

        session.jobs.start("Finding tissue", work, found)

    def _read(self, region: Region | None, within: tuple[Polygon, ...] = ()) -> None:
        session, key = self._session, self._session.scan_key
        if session.scan is None or not session.model:
            return
        if not self.is_slide:
            self._acts.predict(session.model, region, EVERYWHERE)
            return

        def tell(heat: HeatMap) -> None:
            self._heated.emit(key, heat)

        self._acts.predict(session.model, region, SlideChoices(within, lambda: self._centre, tell))

    # The heat map.

    @property
    def heat(self) -> HeatMap | None:
        """The newest heat map of the open slide; while a model reads, as far as it is."""
        if self._streamed is not None:
            return self._streamed
        maps = [heat for prediction in self._session.predictions for heat in prediction.heat_maps]
        return maps[-1] if maps else None

    @property
    def heat_label(self) -> str:
        """The label whose scores are shown: the chosen one, else the first that is a finding."""
        heat = self.heat
        if heat is None:
            return ""
        if self.heat_look.label in heat.labels:
            return self.heat_look.label
        benign = benign_of(self._session.labels.labels)
        return next((label for label in heat.labels if label not in benign), heat.labels[0])

    def set_heat_look(self, look: HeatLook) -> None:
        """Show the heat map another way, or another label of it."""
        if look == self.heat_look:
            return
        is_other, self.heat_look = look.label != self.heat_look.label, look
        if is_other:
            self._forget_spots()
        self.heat_changed.emit()

    @property
    def spots(self) -> tuple[Point, ...]:
        """The places where the shown label scores highest, the highest first."""
        heat = self.heat
        if heat is not None and not self._spots:
            self._spots = hot_spots(heat, self.heat_label, SPOTS, LEAST_SPOT)
        return self._spots

    @property
    def spot(self) -> int:
        """Which of the spots was gone to last, or -1."""
        return self._spot

    def next_spot(self, step: int) -> None:
        """Go to the next place worth a visit, or the one before."""
        spots = self.spots
        if not spots:
            self._session.told.emit("There are no hot spots: let a classifier read the slide first")
            return
        self._spot = max(0, self._spot + step) % len(spots) if self._spot >= 0 or step > 0 else len(spots) - 1
        self.place_wanted.emit(*spots[self._spot])
        self._session.told.emit(f"Hot spot {self._spot + 1} of {len(spots)}")

    def _on_heated(self, key: str, heat: HeatMap) -> None:
        if key == self._session.scan_key:
            self._streamed = heat
            self._changed()

    def _on_ended(self, key: str) -> None:
        if key == self._session.scan_key and self._streamed is not None:
            self._streamed = None
            self._changed()

    def _on_predicted(self, _reading: Reading) -> None:
        self._changed()

    def _on_scan(self) -> None:
        self._streamed, self._centre = None, None
        self._changed()

    def _changed(self) -> None:
        self._forget_spots()
        self.heat_changed.emit()

    def _forget_spots(self) -> None:
        self._spots, self._spot = (), -1


def _around(outlines: tuple[Polygon, ...]) -> Region:
    """The whole pixels around some outlines."""
    boxes = [box for box in map(bounds, outlines) if box is not None]
    x0, y0 = int(min(box[0] for box in boxes)), int(min(box[1] for box in boxes))
    x1, y1 = (int(max(box[i] + box[i + 2] for box in boxes)) + 1 for i in (0, 1))
    plane = outlines[0].plane if outlines else Plane()
    return Region(plane, x0, y0, x1 - x0, y1 - y0)
