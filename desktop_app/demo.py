"""The demonstration: sample scans, shipped models, a scripted reader, an export and a sync. No Qt here.

Every step calls what the window and the commands call; the scripted reader is named as such in the dataset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dataset.annotation import Annotation, Box, WholeScan, accepted, corrected, new_id, now
from dataset.document import Document, Edit
from dataset.folder import Dataset
from imaging.errors import Problem
from imaging.progress import Progress, silent

READER = "demo reader (scripted)"

Say = Callable[[str, Mapping[str, object]], None]


@dataclass(frozen=True, slots=True)
class Places:
    """Where the demonstration leaves what it makes."""

    root: Path

    @property
    def samples(self) -> Path:
        """The sample scans."""
        return self.root / "samples"

    @property
    def dataset(self) -> Path:
        """The dataset folder."""
        return self.root / "dataset"

    @property
    def export(self) -> Path:
        """One folder per export format."""
        return self.root / "export"

    @property
    def upstream(self) -> Path:
        """The folder the dataset is synced to."""
        return self.root / "upstream"

    @property
    def screenshots(self) -> Path:
        """Pictures of the window."""
        return self.root / "screenshots"


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample scan in the dataset, and the model that reads it."""

    path: Path
    key: str
    model: str


def models_for(name: str) -> str:
    """The shipped model that reads a sample, by the sample's file name; empty for those that only are looked at."""
    fitting = {"ihc": "nuclei", "lumbar": "lumbar-discs", "chest": "chest-pneumonia"}
    return next((model for part, model in fitting.items() if part in name), "")


def prepare(places: Places, say: Say, progress: Progress) -> tuple[Sample, ...]:
    """Write the samples, take them into the dataset, and let the shipped models read them."""
    from imaging.identity import scan_key
    from imaging.opening import find_scans, open_scan
    from models.catalogue import find
    from resources.samples import write_samples

    paths = write_samples(places.samples)
    say(f"{len(paths)} sample scans in {places.samples}", {"step": "samples", "count": len(paths)})
    dataset = Dataset.open_or_create(places.dataset)
    samples: list[Sample] = []
    try:
        for number, path in enumerate(paths):
            progress.report(number, len(paths), path.name)
            scan = open_scan(find_scans([path], silent())[0], silent())
            key, model = scan_key(scan, silent()), models_for(path.name)
            dataset.add_scan(scan, key, silent())
            samples.append(Sample(path, key, model))
            if model and not any(p.model.name == model for p in dataset.predictions(key)):
                predictor = find(model)
                prediction = predictor.predict(scan, key, None, progress.part(number / len(paths), 1 / len(paths)))
                dataset.add_labels(predictor.labels)
                dataset.save_prediction(prediction)
                facts = {"step": "predict", "scan": key, "model": str(prediction.model), "device": prediction.device}
                count = len(prediction.proposals)
                say(
                    f"{path.name}: {prediction.model} proposed {count} on {prediction.device}",
                    {**facts, "proposals": count, "seconds": round(prediction.seconds, 2)},
                )
    finally:
        dataset.close()
    return tuple(samples)


def read_over(places: Places, samples: tuple[Sample, ...], say: Say) -> None:
    """The scripted reader: corrects one box or adds one, and accepts the rest."""
    dataset = Dataset.open(places.dataset)
    try:
        for sample in samples:
            predictions = dataset.predictions(sample.key)
            if not sample.model or not predictions or dataset.head(sample.key).revision is not None:
                continue
            prediction, document = predictions[-1], Document()
            threshold = 0.5
            shown = [p for p in prediction.proposals if p.score >= threshold]
            marks = [accepted(p, str(prediction.model)) for p in shown]
            document.commit(Edit("Accept all", put=tuple(marks)))
            boxes = [mark for mark in marks if isinstance(mark.geometry, Box)]
            if boxes:
                document.commit(Edit("Move a corner", put=(_moved(boxes[0]),)))
            elif not marks:
                document.commit(Edit("Label", put=(_label_of_the_scan(prediction.scores),)))
            revision = dataset.save_revision(
                sample.key, document.snapshot(), author=READER, prediction=prediction.id, finished=True
            )
            say(
                f"{sample.path.name}: {revision.basis} by {READER}, {revision.count} marks",
                {"step": "revision", "scan": sample.key, "basis": revision.basis, "marks": revision.count},
            )
    finally:
        dataset.close()


def _moved(mark: Annotation) -> Annotation:
    """The box with its lower right corner two pixels further out, by the scripted reader."""
    assert isinstance(mark.geometry, Box)
    box = replace(mark.geometry, width=mark.geometry.width + 2, height=mark.geometry.height + 2)
    return corrected(mark, READER, geometry=box)


def _label_of_the_scan(scores: tuple[tuple[str, float], ...]) -> Annotation:
    """The most probable label of the whole scan, set by the scripted reader."""
    if not scores:
        raise Problem("proposed nothing and scored nothing", "demo", "Run `overread doctor`")
    label, score = max(scores, key=lambda item: item[1])
    return Annotation(new_id(), label, WholeScan(), READER, now(), score)


def send_out(places: Places, say: Say, progress: Progress) -> None:
    """Export in every format, sync the dataset to a local folder, and verify it."""
    from export.sync import sync_dataset
    from export.upstream import connect
    from export.writing import export_dataset, exporters

    dataset = Dataset.open(places.dataset)
    try:
        for exporter in exporters():
            report = export_dataset(dataset, exporter.name, places.export / exporter.name, progress)
            say(f"exported {exporter.name}: {report}", {"step": "export", "format": exporter.name})
        sent = sync_dataset(dataset, connect(str(places.upstream)), progress)
        facts = {"step": "sync", "transferred": sent.transferred, "unchanged": sent.unchanged}
        say(f"synced {sent.transferred} objects to {places.upstream}, {sent.unchanged} unchanged", facts)
        findings = [finding for finding in dataset.verify(progress) if not finding.is_notice]
    finally:
        dataset.close()
    if findings:
        raise Problem(f"does not verify: {findings[0]}", places.dataset, "Run `overread verify` for all of it")
    say("the dataset verifies", {"step": "verify", "findings": 0})
