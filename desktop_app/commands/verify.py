"""`overread verify`: is a dataset as it was written?"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from desktop_app.command import DONE, FAILED, Console


class VerifyCommand:
    """Checks checksums, the audit chain and references, and says what is wrong, a line each."""

    name = "verify"
    help = "check a dataset's checksums, audit chain and references"

    def configure(self, parser: ArgumentParser) -> None:
        """Add the dataset."""
        parser.add_argument("--dataset", type=Path, required=True, metavar="DIR")

    def run(self, arguments: Namespace, console: Console) -> int:
        """Check everything; exit code 1 when anything is wrong."""
        from dataset.verify import verify_folder

        with console.progress("verify") as progress:
            findings = verify_folder(arguments.dataset, progress)
        for finding in findings:
            kind = "notice" if finding.is_notice else "problem"
            console.say(f"{kind}: {finding}", {"kind": kind, "where": finding.where, "what": finding.what})
        wrong = sum(not finding.is_notice for finding in findings)
        text = f"{arguments.dataset}: " + (f"{wrong} problems" if wrong else "everything is as it was written")
        console.say(text, {"dataset": str(arguments.dataset), "problems": wrong, "notices": len(findings) - wrong})
        return FAILED if wrong else DONE


PLUGIN = VerifyCommand()
