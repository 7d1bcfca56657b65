"""A reader who uses every tool and is killed at random moments.

`python -m tests.desktop_app.killed_reading` forks a reader for each line on its input (a seed and a folder). A reader
says what a document is about to be, before the edit is made, and what it is, once the session says that it is kept.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

from tests.desktop_app.random_reading import RandomReader, digest


def tell(**facts: object) -> None:
    """Say something at once."""
    os.write(1, json.dumps(facts).encode() + b"\n")


def read(folder: Path, seed: int) -> None:
    """Go on reading until killed."""
    from PySide6.QtCore import QCoreApplication

    application = QCoreApplication([])
    reader = RandomReader(folder, seed)
    session = reader.session

    def say(word: str) -> None:
        if session.plain is not None:
            tell(**{word: digest(session.plain.marks, session.plain.rejected), "scan": session.scan_key})

    session.before_edit = lambda: say("about")
    say("kept")
    tell(ready=os.getpid())
    for _ in range(10_000):
        said = reader.step()
        reader.settle()
        say("kept")
        tell(done=said)
    application.quit()


def main() -> None:
    """Fork a reader for each line on the input."""
    for name in ("imaging.identity", "imaging.opening"):  # once for all of them
        importlib.import_module(name)

    for line in sys.stdin:
        seed, _, folder = line.strip().partition(" ")
        child = os.fork()
        if child == 0:
            read(Path(folder), int(seed))
        os.waitpid(child, 0)
        tell(dead=child)


if __name__ == "__main__":
    main()
