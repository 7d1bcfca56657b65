"""`overread models`: list, show, check and import models."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.command import DONE, FAILED, Console
from imaging.errors import Problem

if TYPE_CHECKING:
    from models.catalogue import Entry
    from models.checking import Played
    from models.package import ModelPackage


class ModelsCommand:
    """What models are at hand, whether they are sound, and how others become packages."""

    name = "models"
    help = "list, show, check or import models"

    def configure(self, parser: ArgumentParser) -> None:
        """Add what to do, with which model, and the answers an import may need."""
        parser.add_argument("action", choices=("list", "show", "check", "import"))
        parser.add_argument("what", nargs="?", metavar="NAME|FILE|FOLDER")
        parser.add_argument("--device", default="auto", metavar="NAME", help="check: auto (default), cpu, cuda …")
        answers = parser.add_argument_group("import: what the file does not say of itself")
        answers.add_argument("--to", type=Path, metavar="DIR", help="where packages go (default: your model folder)")
        answers.add_argument("--name", default="")
        answers.add_argument("--version", default="")
        answers.add_argument("--title", default="")
        answers.add_argument("--licence", default="")
        answers.add_argument("--task", default="", choices=("", "classify", "segment", "detect", "instances"))
        answers.add_argument("--labels", default="", metavar="A,B,…", help="in the order of the output channels")
        answers.add_argument("--size", default="", metavar="WIDTHxHEIGHT")
        answers.add_argument("--scale", default="", metavar="NAME", help="unit, imagenet, standardise or none")
        answers.add_argument("--activation", default="", choices=("", "none", "softmax", "sigmoid"))
        answers.add_argument("--decode", default="", metavar="NAME", help="yolo, yolo-objectness, yolox or boxes")
        answers.add_argument("--pixel-size", type=float, metavar="MM", help="the pixel size it was trained at")

    def run(self, arguments: Namespace, console: Console) -> int:
        """Do what was asked."""
        from models.problem import ModelProblem

        if arguments.action == "list":
            return _list(console)
        if not arguments.what and arguments.action != "check":
            raise ModelProblem(f"needs a model to {arguments.action}", "overread models", "Name one")
        if arguments.action == "show":
            return _show(arguments.what, console)
        if arguments.action == "check":
            return _check(arguments, console)
        return _import(arguments, console)


def _list(console: Console) -> int:
    from models.catalogue import entries, user_folder

    found = entries()
    for entry in found:
        origin = "shipped" if entry.shipped else "yours"
        text = f"{entry.name}@{entry.version}  {entry.task}  {entry.title}  ({origin})"
        console.say(f"{text}  unusable: {entry.problem}" if entry.problem else text, _entry_facts(entry))
    if not found:
        console.say(f"no models; import one (they go to {user_folder()})")
    return DONE


def _entry_facts(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "version": entry.version,
        "task": entry.task,
        "title": entry.title,
        "shipped": entry.shipped,
        "folder": str(entry.folder),
        "problem": entry.problem or None,
    }


def _show(name: str, console: Console) -> int:
    from models.catalogue import find
    from models.pipeline_predictor import PipelinePredictor

    predictor = find(name)
    about = predictor.pipeline if isinstance(predictor, PipelinePredictor) else predictor.package
    labels = [label.id for label in predictor.labels]
    facts: dict[str, object] = {
        "name": about.ref.name,
        "version": about.ref.version,
        "sha256": about.ref.sha256,
        "title": about.title,
        "description": about.description,
        "licence": about.licence,
        "reads": {"kinds": about.reads.kinds, "modalities": about.reads.modalities, "planes": about.reads.planes},
        "labels": labels,
        "folder": str(about.folder),
    }
    lines = [f"{about.ref}  {about.title}", about.description, f"licence: {about.licence}"]
    lines += [f"labels: {', '.join(labels)}", f"folder: {about.folder}"]
    console.say("\n".join(line for line in lines if line), facts)
    return DONE


def _check(arguments: Namespace, console: Console) -> int:
    """Play the test vectors of one model, or of all."""
    from models.catalogue import entries, find_folder, open_folder

    folders = [find_folder(arguments.what)] if arguments.what else [entry.folder for entry in entries()]
    failed = 0
    for folder in folders:
        try:
            for package in open_folder(folder).packages:
                failed += _played(package, arguments.device, console)
        except Problem as problem:
            failed += 1
            console.complain(problem)
    return FAILED if failed else DONE


def _played(package: ModelPackage, device: str, console: Console) -> int:
    """Check one package; 1 when a test vector failed."""
    from models.checking import check_package

    with console.progress(str(package.ref)) as progress:
        played = check_package(package, device, progress)
    for one in played:
        console.say(_vector_text(package, one), _vector_facts(package, one))
    if not played:
        console.say(f"{package.ref}: sound, but it has no test vectors", {"model": str(package.ref), "passed": True})
    return int(any(not one.passed for one in played))


def _vector_text(package: ModelPackage, one: Played) -> str:
    verdict = "passed" if one.passed else "FAILED"
    return (
        f"{package.ref}: {one.vector.of} {verdict} on {one.device}, "
        f"largest error {one.error:.3g} (allowed {one.vector.tolerance:g})"
    )


def _vector_facts(package: ModelPackage, one: Played) -> dict[str, object]:
    return {
        "model": str(package.ref),
        "output": one.vector.of,
        "device": one.device,
        "error": one.error,
        "tolerance": one.vector.tolerance,
        "passed": one.passed,
    }


def _import(arguments: Namespace, console: Console) -> int:
    from models.catalogue import user_folder
    from models.draft import Answers
    from models.importer import import_model

    answers = Answers(
        name=arguments.name,
        version=arguments.version,
        title=arguments.title,
        licence=arguments.licence,
        task=arguments.task,
        labels=tuple(label.strip() for label in arguments.labels.split(",") if label.strip()),
        size=_size(arguments.size),
        scale=arguments.scale,
        activation=arguments.activation,
        decode=arguments.decode,
        pixel_size_mm=arguments.pixel_size,
    )
    with console.progress("import") as progress:
        imported = import_model(Path(arguments.what), arguments.to or user_folder(), answers, progress)
    package = imported.package
    facts: dict[str, object] = {
        "model": str(package.ref),
        "task": package.task,
        "labels": len(package.labels),
        "folder": str(package.folder),
        "vectors": [_vector_facts(package, one) for one in imported.played],
        "remarks": list(imported.remarks),
    }
    lines = [f"{package.ref}: {package.task}, {len(package.labels)} labels, in {package.folder}"]
    lines += [f"{package.ref}: {remark}" for remark in imported.remarks]
    console.say("\n".join([*lines, *(_vector_text(package, one) for one in imported.played)]), facts)
    return DONE


def _size(text: str) -> tuple[int, int] | None:
    from models.problem import ModelProblem

    if not text:
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and 0 < int(width) <= 65536 and 0 < int(height) <= 65536):
        raise ModelProblem("is no size", text, "Write it as WIDTHxHEIGHT, such as 512x512")
    return int(width), int(height)


PLUGIN = ModelsCommand()
