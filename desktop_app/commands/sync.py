"""`overread sync`: send a dataset upstream."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from desktop_app.command import DONE, Console


class SyncCommand:
    """Sends what changed to a folder or an object store; safe to repeat."""

    name = "sync"
    help = "send a dataset to a folder or an object store; only what changed travels"

    def configure(self, parser: ArgumentParser) -> None:
        """Add the dataset, the place, and the server."""
        parser.add_argument("--dataset", type=Path, required=True, metavar="DIR")
        parser.add_argument("--to", required=True, metavar="URL", help="a folder, file://… or s3://bucket/prefix")
        parser.add_argument("--endpoint", default="", metavar="URL", help="the S3 server (or AWS_ENDPOINT_URL)")
        parser.add_argument("--check", action="store_true", help="then read everything back and compare it")

    def run(self, arguments: Namespace, console: Console) -> int:
        """Sync, and say how much travelled."""
        from dataset.folder import Dataset
        from export.sync import check_upstream, sync_dataset
        from export.synced import SyncMemory, memory_place
        from export.upstream import connect

        destination = connect(arguments.to, arguments.endpoint)
        dataset = Dataset.open(arguments.dataset)
        memory = SyncMemory(memory_place(dataset.folder, destination.where))
        try:
            with console.progress("sync") as progress:
                report = sync_dataset(dataset, destination, progress, memory=memory)
                checked = check_upstream(dataset.id, destination, progress) if arguments.check else None
        finally:
            dataset.close()
        facts: dict[str, object] = {
            "destination": destination.where,
            "transferred": report.transferred,
            "bytes": report.bytes,
            "unchanged": report.unchanged,
            "seconds": round(report.seconds, 3),
        }
        text = f"{report.transferred} objects sent ({report.bytes / 1e6:.1f} MB), {report.unchanged} unchanged"
        if checked is not None:
            facts["checked"] = checked
            text += f", {checked} read back and right"
        console.say(f"{text}: {destination.where}", facts)
        return DONE


PLUGIN = SyncCommand()
