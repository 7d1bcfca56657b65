"""`overread export`: write a dataset in a format that trainers read."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from desktop_app.command import DONE, Console


class ExportCommand:
    """Writes the scans that were looked at; a person's corrections win over acceptances."""

    name = "export"
    help = "write a dataset for trainers: yolo, yolo-obb, coco, crops, nifti, nrrd, csv, geojson"

    def configure(self, parser: ArgumentParser) -> None:
        """Add the dataset, the format and the folder."""
        parser.add_argument("--dataset", type=Path, required=True, metavar="DIR")
        parser.add_argument("--format", required=True, metavar="NAME")
        parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="a new folder, or an earlier export")
        parser.add_argument("--split", choices=("train", "val", "test"), help="only this split")

    def run(self, arguments: Namespace, console: Console) -> int:
        """Export, and say what was written and what was left out."""
        from dataset.folder import Dataset
        from export.report import facts_of
        from export.writing import export, exporter_named, view_of

        exporter = exporter_named(arguments.format)
        dataset = Dataset.open(arguments.dataset)
        try:
            with console.progress(f"export {exporter.name}") as progress:
                report = export(view_of(dataset, arguments.split), exporter, arguments.to, progress)
        finally:
            dataset.close()
        console.say(f"{report}: {arguments.to}", {**facts_of(report), "folder": str(arguments.to)})
        for reason, count in report.left_out.items():
            console.say(f"  left out: {count} × {reason}")
        for note in report.notes:
            console.say(f"  note: {note}")
        return DONE


PLUGIN = ExportCommand()
