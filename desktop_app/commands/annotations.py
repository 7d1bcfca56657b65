"""`overread annotations`: marks of one scan in from GeoJSON, and out to it (QuPath)."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.command import DONE, Console
from imaging.errors import Problem

if TYPE_CHECKING:
    from dataset.folder import Dataset
    from imaging.progress import Progress


class AnnotationsCommand:
    """Imports marks into a scan as a new revision, and exports the marks that stand for it."""

    name = "annotations"
    help = "import or export the marks of one scan as GeoJSON (QuPath)"

    def configure(self, parser: ArgumentParser) -> None:
        """Add what to do, the file, the scan and the dataset."""
        parser.add_argument("action", choices=("import", "export"))
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="import: .geojson, .json, .gz or .zip")
        parser.add_argument("--scan", required=True, metavar="KEY|PATH", help="a scan of the dataset, or a file to add")
        parser.add_argument("--dataset", type=Path, required=True, metavar="DIR")
        parser.add_argument("--to", type=Path, metavar="FILE", help="export: where to")
        parser.add_argument("--finished", action="store_true", help="import: the scan is done, it may be exported")
        parser.add_argument("--author", default="", help="whose marks they are (default: the user's name)")

    def run(self, arguments: Namespace, console: Console) -> int:
        """Import or export, and say how many marks."""
        from dataset.folder import Dataset
        from dataset.store import user_name

        file: Path | None = arguments.file if arguments.action == "import" else arguments.to
        if file is None:
            wanted = "FILE" if arguments.action == "import" else "--to FILE"
            raise Problem(f"needs a file to {arguments.action}", "overread annotations", f"Add {wanted}")
        dataset = Dataset.open(arguments.dataset)
        try:
            with console.progress(f"annotations {arguments.action}") as progress:
                key = _key_of(dataset, arguments.scan, progress)
                if arguments.action == "import":
                    author = arguments.author or user_name()
                    count = _import(dataset, key, file, author, finished=arguments.finished)
                else:
                    count = _export(dataset, key, file)
        finally:
            dataset.close()
        done = "imported from" if arguments.action == "import" else "written to"
        facts = {"action": arguments.action, "scan": key, "file": str(file), "count": count}
        console.say(f"{key}: {count} marks {done} {file}", facts)
        return DONE


def _key_of(dataset: Dataset, scan: str, progress: Progress) -> str:
    """The key of a scan of the dataset; a file is added where the dataset lacks it."""
    if not Path(scan).exists():
        return dataset.find(scan)
    from imaging.identity import scan_key
    from imaging.opening import open_scan

    opened = open_scan(Path(scan), progress.part(0.0, 0.2, "Opening"))
    try:
        key = scan_key(opened, progress.part(0.2, 0.3, "Recognising"))
        dataset.add_scan(opened, key, progress.part(0.5, 0.4, "Adding"))
    finally:
        opened.close()
    return key


def _import(dataset: Dataset, key: str, file: Path, author: str, *, finished: bool) -> int:
    """Add a file's marks to those of the scan's head, in a revision of its own."""
    from dataset.document import Document, Edit, Snapshot
    from dataset.qupath import import_marks

    labels, annotations = import_marks(file, dataset.labels, author=author)
    head = dataset.head(key).revision
    document = Document(dataset.snapshot(head) if head else Snapshot())
    document.commit(Edit(f"Import {file.name}", put=annotations))
    dataset.add_labels(labels)
    base = head.id if head else ""
    dataset.save_revision(key, document.snapshot(), author=author, basis="corrected", base=base, finished=finished)
    return len(annotations)


def _export(dataset: Dataset, key: str, file: Path) -> int:
    """Write the marks of the scan's head."""
    from dataset.annotation import WholeScan
    from dataset.durable import replace_file, told
    from dataset.qupath_write import write_geojson

    head = dataset.head(key).revision
    if head is None:
        raise Problem("has no marks yet", dataset.record(key).title, "Mark something, or accept a prediction, first")
    marks = [mark for mark in dataset.snapshot(head).annotations if not isinstance(mark.geometry, WholeScan)]
    with told(file):
        replace_file(file.absolute(), write_geojson(marks, dataset.labels))
    return len(marks)


PLUGIN = AnnotationsCommand()
