"""`overread accept`: the initial predictions are right; save them as the labels."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from desktop_app.command import DONE, Console


class AcceptCommand:
    """Saves initial predictions as labels, on the basis `accepted`; corrections by people stay and win."""

    name = "accept"
    help = "save the initial predictions as the labels of scans that nobody has corrected"

    def configure(self, parser: ArgumentParser) -> None:
        """Add the dataset, the scans, the model and the author."""
        parser.add_argument("--dataset", type=Path, required=True, metavar="DIR")
        parser.add_argument("scans", nargs="*", metavar="SCAN", help="scan keys or their beginnings (default: all)")
        parser.add_argument("--model", metavar="NAME", help="whose predictions, where several models have read")
        parser.add_argument("--threshold", type=float, metavar="SCORE", help="leave out proposals that score less")
        parser.add_argument("--author", default="", help="who accepts (default: the user's name)")

    def run(self, arguments: Namespace, console: Console) -> int:
        """Accept, and say what was saved."""
        from dataset.folder import Dataset
        from dataset.store import user_name

        author = arguments.author or user_name()
        dataset = Dataset.open(arguments.dataset)
        try:
            keys = [dataset.find(name) for name in arguments.scans] or [None]
            saved = [
                revision
                for key in keys
                for revision in dataset.accept(key, author, model=arguments.model, threshold=arguments.threshold)
            ]
        finally:
            dataset.close()
        for revision in saved:
            facts = {"scan": revision.scan, "revision": revision.id, "basis": revision.basis, "count": revision.count}
            console.say(f"{revision.scan}: {revision.count} labels accepted", facts)
        if not arguments.scans:
            console.say(f"{len(saved)} scans accepted; those that people work on or finished are left as they are")
        return DONE


PLUGIN = AcceptCommand()
