"""`overread predict`: let a model read scans."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.command import DONE, FAILED, Console
from imaging.errors import Problem

if TYPE_CHECKING:
    from dataset.annotation import Polygon
    from dataset.folder import Dataset
    from dataset.prediction import Prediction
    from imaging.geometry import Region
    from imaging.progress import Progress
    from imaging.scan import Scan, ScanSource
    from models.model_predictor import ModelPredictor
    from models.pipeline_predictor import PipelinePredictor


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    model: str
    device: str
    pixel_size_mm: float | None
    plane: int | None
    region: tuple[int, int, int, int] | None
    """x, y, width, height in full-resolution pixels."""
    is_tissue: bool

    def predictor(self, within: tuple[Polygon, ...] = ()) -> ModelPredictor | PipelinePredictor:
        """The model, with what was chosen; a slide's reading that is stopped goes on from the cache folder."""
        from models.catalogue import find
        from models.choices import Choices
        from models.slide_choices import SlideChoices
        from models.trust import cache_folder

        slide = SlideChoices(within, resume=cache_folder() / "stopped")
        return find(self.model, Choices(self.device, self.pixel_size_mm, slide))


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
        parser.add_argument("--region", metavar="X,Y,W,H", help="read this rectangle only, in full-resolution pixels")
        parser.add_argument("--tissue", action="store_true", help="of slides read what lies in the tissue only")
        parser.add_argument("--pixel-size", type=float, metavar="MM", help="for scans that do not say it")
        parser.add_argument("--explain", action="store_true", help="also say which parts mattered")

    def run(self, arguments: Namespace, console: Console) -> int:
        """Read every scan; one that cannot be read does not stop the others."""
        from dataset.folder import Dataset
        from imaging.opening import find_scans

        wanted = _wanted(arguments)
        predictor = wanted.predictor()
        dataset = Dataset.open_or_create(arguments.dataset) if arguments.dataset else None
        failed = 0
        try:
            with console.progress(arguments.model) as progress:
                sources = find_scans(arguments.paths, progress)
                for index, source in enumerate(sources):
                    part = progress.part(index / len(sources), 1 / len(sources))
                    try:
                        _read(source, predictor, dataset, wanted, part, console)
                    except Problem as problem:
                        failed += 1
                        console.complain(problem)
        finally:
            if dataset is not None:
                dataset.close()
        return FAILED if failed else DONE


def _wanted(arguments: Namespace) -> Wanted:
    """The arguments, refused where they cannot be meant."""
    from models.problem import ModelProblem

    if arguments.explain:
        raise ModelProblem("cannot be explained yet", arguments.model, "Run it without --explain")
    if arguments.pixel_size is not None and not 0 < arguments.pixel_size < 1000:
        raise ModelProblem("is no pixel size in millimetres", arguments.pixel_size)
    region: tuple[int, int, int, int] | None = None
    if arguments.region is not None:
        words = str(arguments.region).split(",")
        if len(words) != 4 or not all(_is_whole(word) for word in words) or min(int(words[2]), int(words[3])) < 1:
            raise ModelProblem("is no region", arguments.region, "Give it as X,Y,W,H in whole pixels")
        region = int(words[0]), int(words[1]), int(words[2]), int(words[3])
    return Wanted(
        arguments.model, arguments.device, arguments.pixel_size, arguments.plane, region, bool(arguments.tissue)
    )


def _is_whole(word: str) -> bool:
    return word.strip().removeprefix("-").isdecimal() and len(word) < 12


def _read(
    source: ScanSource,
    predictor: ModelPredictor | PipelinePredictor,
    dataset: Dataset | None,
    wanted: Wanted,
    progress: Progress,
    console: Console,
) -> None:
    """Open one scan, predict, keep, tell. What was found before a person stopped it is kept, too."""
    from imaging.identity import scan_key
    from imaging.opening import open_scan
    from imaging.progress import Cancelled, silent
    from models.stopped import Stopped

    scan = open_scan(source, progress)
    is_stopped = False
    try:
        key = scan_key(scan, progress.part(0.0, 0.05, "checksums"))
        region = _region(scan, predictor, wanted)
        if wanted.is_tissue:
            predictor = wanted.predictor(_tissue(scan, region, progress.part(0.05, 0.01)))
        try:
            prediction = predictor.predict(scan, key, region, progress.part(0.05, 0.9))
        except Stopped as stopped:
            is_stopped, prediction, progress = True, stopped.prediction, silent()
        if dataset is not None:
            dataset.add_scan(scan, key, progress.part(0.95, 0.04))
            dataset.add_labels(predictor.labels)
            dataset.save_prediction(prediction)
    finally:
        scan.close()
    first = source.paths[0]
    _say(str(first.parent if len(source.paths) > 1 else first), prediction, console)
    if is_stopped:
        raise Cancelled


def _region(scan: Scan, predictor: ModelPredictor | PipelinePredictor, wanted: Wanted) -> Region | None:
    """What is read of a scan: a plane, a rectangle of one, or all of it (`None`)."""
    from imaging.geometry import Plane, Region, whole_plane
    from models.problem import ModelProblem
    from models.turning import reading_axis

    if wanted.plane is None and wanted.region is None:
        return None
    plane = Plane()
    if wanted.plane is not None:
        axis = reading_axis(predictor.reads, scan.info)
        count = scan.info.size.count(axis)
        if not 1 <= wanted.plane <= count:
            raise ModelProblem(f"has no plane {wanted.plane}", scan.info.name, f"It has {count}, counted from 1")
        plane = Plane(axis, wanted.plane - 1)
    if wanted.region is None:
        return whole_plane(scan.info.size, plane)
    return Region(plane, *wanted.region)


def _tissue(scan: Scan, region: Region | None, progress: Progress) -> tuple[Polygon, ...]:
    """The outlines of a slide's tissue."""
    from imaging.geometry import Plane
    from models.problem import ModelProblem
    from models.tissue import find_tissue

    if scan.info.kind != "slide":
        raise ModelProblem(f"is a {scan.info.kind}; tissue is looked for on slides only", scan.info.name)
    outlines = find_tissue(scan, progress, Plane() if region is None else region.plane)
    if not outlines:
        raise ModelProblem("shows no tissue", scan.info.name, "Run it without --tissue")
    return outlines


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
        "done": prediction.done,
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
