"""Predicting: a model reads the open scan in a job; what it proposes streams in and is kept in the dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from dataset.annotation import Proposal
from dataset.label import Label
from dataset.prediction import Prediction
from desktop_app.findings import Rows, standing_rows
from desktop_app.jobs import Job, Jobs
from desktop_app.review import suspicion
from imaging.errors import Problem
from imaging.geometry import Region
from imaging.progress import Progress, silent
from imaging.scan import Scan
from models.slide_choices import EVERYWHERE, SlideChoices

if TYPE_CHECKING:
    from dataset.folder import Dataset

BENIGN = frozenset({"normal", "background", "other"})
"""Label ids that are no finding, whatever their labels say."""
STREAM_MS = 100
"""What came within this time is shown at once: a model may find something on every plane, many times a second."""

ASK_PIXEL_SIZE = "Type the pixel size, in mm, under Models and run it again"

Tell = Callable[[tuple[Proposal, ...], tuple[Label, ...]], None]
"""Takes proposals of a prediction under way, and the labels of its model. Called in the worker thread."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A finished prediction, kept in the dataset, and the labels it uses."""

    prediction: Prediction
    labels: tuple[Label, ...]
    suspicion: tuple[float, str] | None = None
    """The highest score of a finding and its label's id."""
    rows: Rows | None = None
    """Its proposals as the findings hold them."""

    @property
    def summary(self) -> str:
        """What was found, on what device, in what time."""
        prediction = self.prediction
        if prediction.scores:
            label, score = max(prediction.scores, key=lambda item: item[1])
            name = next((known.name for known in self.labels if known.id == label), label)
            found = f"{name} {score:.0%}"
        else:
            count = len(prediction.proposals)
            found = f"{count} proposal{'' if count == 1 else 's'}"
        return f"{prediction.model}: {found} · {prediction.device} · {prediction.seconds:.1f} s"


def benign_of(labels: Iterable[Label]) -> frozenset[str]:
    """The ids of labels that are no finding."""
    return BENIGN | {label.id for label in labels if not label.is_finding}


class Predicting(QObject):
    """Starts the jobs in which models read."""

    streamed = Signal(str, object, object)
    """Scan key, proposals of a prediction under way, and the labels of its model."""
    predicted = Signal(object)
    ended_without = Signal(str)
    problem_raised = Signal(object)
    pixel_size_wanted = Signal()
    """A model needs the pixel size of the open scan, which does not say it."""

    _found = Signal(str, object, object)

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._under_way: dict[int, str] = {}
        self.device = "auto"
        """Where the reader wants models to run."""
        self.pixel_size_mm: float | None = None
        """The pixel size of the open scan as the reader gave it, where the scan does not say."""
        self._waiting: dict[str, tuple[list[Proposal], tuple[Label, ...]]] = {}
        self._showing = QTimer(self)
        self._showing.setSingleShot(True)
        self._showing.setInterval(STREAM_MS)
        self._showing.timeout.connect(self._show)
        self._found.connect(self._on_found, Qt.ConnectionType.QueuedConnection)
        jobs.ended.connect(self._on_ended)

    def start(
        self,
        model: str,
        scan: Scan,
        key: str,
        region: Region | None,
        dataset: Dataset,
        slide: SlideChoices = EVERYWHERE,
    ) -> Job[Reading]:
        """Let a model (a name, `name@version` or a folder) read a region of a scan, or all of it."""

        def tell(proposals: tuple[Proposal, ...], labels: tuple[Label, ...]) -> None:
            self._found.emit(key, proposals, labels)

        wanted = self.device, self.pixel_size_mm, slide

        def work(progress: Progress) -> Reading:
            return read_scan(model, scan, key, region, dataset, progress, tell, wanted)

        def failed(problem: Problem) -> None:
            from models.problem import PixelSizeUnknown

            if isinstance(problem, PixelSizeUnknown) and None in scan.info.spacing_mm[:2]:
                problem = Problem(problem.what, problem.where, ASK_PIXEL_SIZE)
                self.pixel_size_wanted.emit()
            self.problem_raised.emit(problem)

        title = f"Reading with {model}"
        job = self._jobs.start(title, work, self.predicted.emit, failed, keeps_part=True, heavy=True)
        self._under_way[job.number] = key
        return job

    def _on_found(self, key: str, proposals: tuple[Proposal, ...], labels: tuple[Label, ...]) -> None:
        self._waiting.setdefault(key, ([], labels))[0].extend(proposals)
        if not self._showing.isActive():
            self._showing.start()

    def _show(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for key, (proposals, labels) in waiting.items():
            self.streamed.emit(key, tuple(proposals), labels)

    def _on_ended(self, job: Job[object]) -> None:
        key = self._under_way.pop(job.number, None)
        if key is not None:
            self._waiting.pop(key, None)
            # Before the answer, if one comes: what was streamed gives way to the whole.
            self.ended_without.emit(key)


def read_scan(
    model: str,
    scan: Scan,
    key: str,
    region: Region | None,
    dataset: Dataset,
    progress: Progress,
    tell: Tell,
    wanted: tuple[str, float | None, SlideChoices] = ("auto", None, EVERYWHERE),
) -> Reading:
    """Run a model and keep what it says, before anybody sees it as finished. In a worker thread.

    `wanted` is the device, the pixel size in mm and where on a slide, as a person chose. Of a slide, what was read
    before the person stopped it is kept, too.
    """
    from models.catalogue import find
    from models.choices import Choices
    from models.stopped import Stopped
    from models.trust import cache_folder

    device, pixel_size_mm, slide = wanted
    slide = replace(slide, resume=cache_folder() / "stopped") if slide.resume is None else slide
    predictor = find(model, Choices(device, pixel_size_mm, slide))

    def partial(proposals: tuple[Proposal, ...]) -> None:
        if proposals:
            tell(proposals, predictor.labels)

    try:
        prediction = predictor.predict(scan, key, region, progress.part(0.0, 0.95), partial)
    except Stopped as stopped:
        prediction, progress = stopped.prediction, silent()
    if not dataset.has(key):
        dataset.add_scan(scan, key, progress.part(0.95, 0.04, "Keeping the scan"))
    dataset.add_labels(predictor.labels)
    dataset.save_prediction(prediction)
    suspect = suspicion([prediction], benign_of(predictor.labels))
    return Reading(prediction, predictor.labels, suspect, standing_rows([prediction]))
