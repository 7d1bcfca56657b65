"""A package as a predictor."""

from __future__ import annotations

from functools import cache

from dataset.annotation import Proposal
from dataset.label import Label
from dataset.prediction import ModelRef, Prediction
from imaging.geometry import Region
from imaging.plugins import gather
from imaging.progress import Progress
from imaging.scan import Scan
from models import kinds
from models.answering import Read, answered
from models.cache import ANSWERS, Answers, Question
from models.choices import Choices
from models.package import ModelPackage, Reads
from models.problem import ModelProblem
from models.reading import Findings, ModelKind, Partial, Reading, check_offer
from models.runtime import Runner, stoppable
from models.slides.reading import read_slide, reads_slides
from models.trust import ensure_tried
from models.turning import Turned, turned_scan


class ModelPredictor:
    """Reads scans with one package. See `models.predictor.Predictor`."""

    def __init__(self, package: ModelPackage, choices: Choices | None = None, answers: Answers = ANSWERS) -> None:
        self._package, self._choices, self._answers = package, choices or Choices(), answers
        self._kind = kind_of(package)

    @property
    def package(self) -> ModelPackage:
        """What it runs."""
        return self._package

    @property
    def packages(self) -> tuple[ModelPackage, ...]:
        """The packages it runs: this one."""
        return (self._package,)

    @property
    def reads(self) -> Reads:
        """Which scans and planes it is for."""
        return self._package.reads

    @property
    def model(self) -> ModelRef:
        """Which model this is."""
        return self._package.ref

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels it can propose; of a classifier all it scores."""
        entries = self._package.labels if self._package.task == "classify" else self._package.foreground
        return tuple(entry.label for entry in entries)

    def predict(
        self, scan: Scan, scan_key: str, region: Region | None, progress: Progress, partial: Partial | None = None
    ) -> Prediction:
        """See `Predictor.predict`. A slide's reading that is stopped raises `Stopped`, with what was final by then."""
        package = self._package
        check_offer(package.title, package.reads, scan.info)
        question = Question(scan_key, package.ref, (*self._choices.settings(region), *_limits(package)))

        def read() -> Read:
            return self._read(scan, turned_scan(scan, package.reads, region), question, progress, partial)

        return answered(question, self._answers, scan.info, self.labels, read, partial)

    def _read(
        self, scan: Scan, turned: Turned, question: Question, progress: Progress, partial: Partial | None
    ) -> Read:
        package, choices = self._package, self._choices
        notes = [*choices.notes(), *turned.notes]

        def tell(proposals: tuple[Proposal, ...]) -> None:
            if partial is not None:
                partial(tuple(turned.back(proposal) for proposal in proposals))

        ensure_tried(package, choices.device, progress)
        with stoppable(progress) as stop:
            runner = Runner(package, choices.device, progress, stop, notes)
            spacing = turned.spacing(choices.spacing(scan.info))
            reading = Reading(package, turned.scan, runner, progress, spacing, tell)
            if reads_slides(package, turned.scan):
                key = question.key if question.scan else ""
                findings = read_slide(reading, turned.region, choices.slide, key)
            else:
                findings = self._kind.read(reading, turned.region)
            device = runner.device
        if not turned.is_turned:
            return findings, device, notes
        back = tuple(turned.back(proposal) for proposal in findings.proposals)
        return Findings(back, findings.scores), device, notes


def _limits(package: ModelPackage) -> tuple[tuple[str, str], ...]:
    """The thresholds that shaped the proposals; with a softmax the best label wins whatever its score."""
    if package.outputs[0].activation == "softmax":
        return ()
    return ("threshold", f"{package.thresholds.score:g}"), ("iou", f"{package.thresholds.iou:g}")


def kind_of(package: ModelPackage) -> ModelKind:
    """The kind that decodes a package; refused where none can."""
    kind = _kinds().get(package.task)
    if kind is None:
        raise ModelProblem(f"is of the task {package.task!r}, which nothing here decodes", package.ref)
    kind.check(package)
    return kind


@cache
def _kinds() -> dict[str, ModelKind]:
    """Every kind by its task."""
    return {kind.task: kind for kind in gather(kinds, ModelKind)}
