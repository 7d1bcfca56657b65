"""A reading with every tool that is killed at random moments comes back as it was when it was last kept, or later."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataset.document import Document
from dataset.folder import Dataset
from dataset.verify import verify_folder
from desktop_app import tools
from desktop_app.tool import Tool
from imaging.plugins import gather
from imaging.progress import silent
from tests.desktop_app.random_reading import digest, make_dataset

KILLS = 100
ON_ONE_FOLDER = 10
LONGEST = 0.35


class Readers:
    """Readers begun and killed one after the other, and what they said of each scan."""

    def __init__(self) -> None:
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.desktop_app.killed_reading"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        self.possible: dict[str, set[str]] = {}
        """What each scan may be: the state kept last, and those that were about to be since."""
        self.done: set[str] = set()
        self.edits = 0

    def kill_one_after(self, seconds: float, seed: int, folder: Path) -> None:
        """Begin a reader, kill it so long after it is ready, and note what it said."""
        assert self._program.stdin is not None
        self._program.stdin.write(f"{seed} {folder}\n")
        self._program.stdin.flush()
        for said in self._lines():
            if "ready" in said:
                threading.Thread(target=self._kill, args=(int(said["ready"]), seconds)).start()
            elif "about" in said:
                self.edits += 1
                self.possible[str(said["scan"])].add(str(said["about"]))
            elif "kept" in said:
                self.possible[str(said["scan"])] = {str(said["kept"])}
            elif "done" in said:
                self.done.add(str(said["done"]).strip())
            elif "dead" in said:
                return
        raise AssertionError("the readers' program ended")

    def _lines(self) -> Iterator[dict[str, str | int]]:
        assert self._program.stdout is not None
        for line in self._program.stdout:
            yield json.loads(line)

    def _kill(self, process: int, seconds: float) -> None:
        time.sleep(seconds)
        os.kill(process, signal.SIGKILL)

    def close(self) -> None:
        """End the program."""
        self._program.communicate(timeout=10)


def what_came_back(folder: Path) -> dict[str, str]:
    """The state of each scan as the next reader would find it."""
    dataset = Dataset.open(folder)
    try:
        found: dict[str, str] = {}
        for record in dataset.records():
            head = dataset.head(record.key).revision
            document = Document(dataset.snapshot(head) if head else None)
            for edit in dataset.unsaved_edits(record.key):
                document.commit(edit)
            found[record.key] = digest({a.id: a for a in document.annotations}, set(document.rejected))
        return found
    finally:
        dataset.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks its readers")
def test_a_reading_with_every_tool_survives_a_hundred_kills(tmp_path: Path) -> None:
    readers, chance = Readers(), random.Random(5)
    try:
        for number in range(KILLS):
            folder = tmp_path / f"set{number // ON_ONE_FOLDER}"
            if number % ON_ONE_FOLDER == 0:
                make_dataset(folder)
                readers.possible = {key: {state} for key, state in what_came_back(folder).items()}
            readers.kill_one_after(chance.uniform(0.0, LONGEST), number, folder)
            assert [str(f) for f in verify_folder(folder, silent()) if not f.is_notice] == []
            for key, state in what_came_back(folder).items():
                assert state in readers.possible[key], f"{key} came back as what it never was, after kill {number}"
                readers.possible[key] = {state}
    finally:
        readers.close()
    assert readers.edits > 5 * KILLS
    used = {said.split()[1] for said in readers.done if said.startswith("use_a_tool")}
    assert used == {tool.name for tool in gather(tools, Tool)}, "not every tool was used"
