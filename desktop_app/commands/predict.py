"""`overread predict`: let a model read scans."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.command import DONE, FAILED, Console
from imaging.errors import Problem

if TYPE_CHECKING:
    from dataset.folder import Dataset
    from dataset.prediction import Prediction
    from imaging.geometry import Region
    from imaging.progress import Progress
    from imaging.scan import Scan, ScanSource
    from models.model_predictor import ModelPredictor
    from models.pipeline_predictor import PipelinePredictor


class PredictCommand:
    """Runs a model over scans and keeps what it proposes in a dataset."""

    name = "predict"
    help = "let a model read scans; its proposals are kept in the dataset"

    def configure(self, parser: ArgumentParser) -> None:
        """Add paths, model, dataset, device and what a person may say of the scan."""
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--model", required=True, metavar="NAME", help="a name, name@version, or a package folder")
        parser.add_argument("--dataset", type=Path, metavar="DIR", help="keep the predictions here")
        parser.add_argument("--device", default="auto", metavar="NAME", help="auto (default), cpu, cuda …")
        parser.add_argument("--plane", type=int, metavar="N", help="read this plane only, counted from 1")
        parser.add_argument("--pixel-size", type=float, metavar="MM", help="for scans that do not say it")
        parser.add_argument("--explain", action="store_true", help="also say which parts mattered")

    def run(self, arguments: Namespace, console: Console) -> int:
        """Read every scan; one that cannot be read does not stop the others."""
        from dataset.folder import Dataset
        from imaging.opening import find_scans
        from models.catalogue import find
        from models.choices import Choices
        from models.problem import ModelProblem

        if arguments.explain:
            raise ModelProblem("cannot be explained yet", arguments.model, "Run it without --explain")
        if arguments.pixel_size is not None and not 0 < arguments.pixel_size < 1000:
            raise ModelProblem("is no pixel size in millimetres", arguments.pixel_size)
        predictor = find(arguments.model, Choices(arguments.device, arguments.pixel_size))
        dataset = Dataset.open_or_create(arguments.dataset) if arguments.dataset else None
        failed = 0
        try:
            with console.progress(arguments.model) as progress:
                sources = find_scans(arguments.paths, progress)
                for index, source in enumerate(sources):
                    part = progress.part(index / len(sources), 1 / len(sources))
                    try:
                        _read(source, predictor, dataset, arguments.plane, part, console)
                    except Problem as problem:
                        failed += 1
                        console.complain(problem)
        finally:
            if dataset is not None:
                dataset.close()
        return FAILED if failed else DONE


def _read(
    source: ScanSource,
    predictor: ModelPredictor | PipelinePredictor,
    dataset: Dataset | None,
    plane: int | None,
    progress: Progress,
    console: Console,
) -> None:
    """Open one scan, predict, keep, tell."""
    from imaging.identity import scan_key
    from imaging.opening import open_scan

    scan = open_scan(source, progress)
    try:
        key = scan_key(scan, progress.part(0.0, 0.05))
        region = None if plane is None else _plane(scan, predictor, plane)
        prediction = predictor.predict(scan, key, region, progress.part(0.05, 0.9))
        if dataset is not None:
            dataset.add_scan(scan, key, progress.part(0.95, 0.04))
            dataset.add_labels(predictor.labels)
            dataset.save_prediction(prediction)
    finally:
        scan.close()
    first = source.paths[0]
    _say(str(first.parent if len(source.paths) > 1 else first), prediction, console)


def _plane(scan: Scan, predictor: ModelPredictor | PipelinePredictor, number: int) -> Region:
    from imaging.geometry import Plane, whole_plane
    from models.problem import ModelProblem
    from models.turning import reading_axis

    axis = reading_axis(predictor.reads, scan.info)
    count = scan.info.size.count(axis)
    if not 1 <= number <= count:
        raise ModelProblem(f"has no plane {number}", scan.info.name, f"It has {count}, counted from 1")
    return whole_plane(scan.info.size, Plane(axis, number - 1))


def _say(place: str, prediction: Prediction, console: Console) -> None:
    """What was found: labels with their best score, and how many proposals each."""
    counts: dict[str, int] = {}
    best: dict[str, float] = dict(prediction.scores)
    for proposal in prediction.proposals:
        counts[proposal.label] = counts.get(proposal.label, 0) + 1
        if not prediction.scores:
            best[proposal.label] = max(best.get(proposal.label, 0.0), proposal.score)
    labels = [{"label": label, "score": score, "proposals": counts.get(label, 0)} for label, score in best.items()]
    facts: dict[str, object] = {
        "path": place,
        "scan": prediction.scan,
        "model": str(prediction.model),
        "device": prediction.device,
        "prediction": prediction.id,
        "labels": labels,
        "proposals": len(prediction.proposals),
        "seconds": round(prediction.seconds, 3),
        "notes": list(prediction.notes),
    }
    ranked = sorted(best.items(), key=lambda pair: -pair[1])[:8]
    found = ", ".join(f"{label} {score:.3f}" for label, score in ranked) or "nothing"
    many = len(prediction.proposals)
    said = (
        f"{place}: {found} ({many} proposal{'' if many == 1 else 's'}, {prediction.device}, {prediction.seconds:.2f} s)"
    )
    console.say("\n  note: ".join([said, *prediction.notes]), facts)


PLUGIN = PredictCommand()
