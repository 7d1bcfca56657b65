"""A reading that is killed at a hundred random moments loses nothing that was shown as kept."""

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

from dataset.folder import Dataset
from dataset.mask import Mask
from dataset.verify import verify_folder
from imaging.progress import silent
from tests.dataset.reading import MASK_ID, place_of, restored
from tests.dataset.scans import LABELS, picture

KILLS = 100


class Readers:
    """Readers on one folder, begun and killed one after the other."""

    def __init__(self, folder: Path) -> None:
        root = Path(__file__).parents[2]
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.dataset.reading", str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root,
        )  # fmt: skip
        self.kept: set[int] = set()
        self.saved: set[str] = set()

    def kill_one_after(self, seconds: float, first: int) -> None:
        """Begin a reader, kill it so long after it is ready, and note what it had said until then."""
        assert self._program.stdin is not None
        self._program.stdin.write(f"{first}\n")
        self._program.stdin.flush()
        for said in self._lines():
            if "ready" in said:
                threading.Thread(target=self._kill, args=(int(said["ready"]), seconds)).start()
            elif "kept" in said:
                self.kept.add(int(said["kept"]))
            elif "saved" in said:
                self.saved.add(str(said["saved"]))
            elif "dead" in said:
                return
        raise AssertionError("the readers' program ended")

    def _lines(self) -> Iterator[dict[str, str]]:
        assert self._program.stdout is not None
        for line in self._program.stdout:
            yield json.loads(line)

    def _kill(self, process: int, seconds: float) -> None:
        time.sleep(seconds)
        os.kill(process, signal.SIGKILL)

    def close(self) -> None:
        """End the program."""
        self._program.communicate(timeout=10)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks its readers")
def test_nothing_kept_is_lost_over_a_hundred_kills(tmp_path: Path) -> None:
    dataset = Dataset.create(tmp_path / "set", LABELS)
    dataset.add_scan(picture(), "flat", silent())
    dataset.close()
    readers, chance = Readers(dataset.folder), random.Random(7)
    unsaved_seen = 0
    try:
        for _ in range(KILLS):
            first = max(readers.kept, default=-1) + 2
            readers.kill_one_after(chance.uniform(0.0, 0.12), first)
            wrong = [str(finding) for finding in verify_folder(dataset.folder, silent()) if not finding.is_notice]
            assert wrong == []
            unsaved_seen += check_everything_kept(dataset.folder, readers)
    finally:
        readers.close()
    assert len(readers.kept) > KILLS
    assert len(readers.saved) > KILLS / 10
    assert unsaved_seen > 0, "no kill came between an edit and its revision; the test tests nothing"


def check_everything_kept(folder: Path, readers: Readers) -> int:
    """After a restart, all that was said to be kept is there; how many edits came from the journal."""
    dataset = Dataset.open(folder)
    try:
        document, _base = restored(dataset)
        unsaved = len(dataset.unsaved_edits("flat"))
        known = {revision.id for revision in dataset.revisions("flat")}
        for prediction in dataset.predictions("flat"):
            assert prediction.proposals
    finally:
        dataset.close()
    assert readers.saved <= known
    boxes = {number for number in readers.kept if number % 2}
    assert {f"box-{number}" for number in boxes} <= {a.id for a in document.annotations}
    assert {f"p{number}" for number in boxes} <= document.rejected
    painted = document.get(MASK_ID)
    for number in readers.kept - boxes:
        assert painted is not None
        assert isinstance(painted.geometry, Mask)
        x, y = place_of(number)
        assert painted.geometry.crop(0, x, y, 1, 1).all(), number
    # What is there was either said to be kept, or was on its way when its reader was killed.
    extra = {a.id for a in document.annotations} - {f"box-{number}" for number in boxes} - {MASK_ID}
    assert len(extra) <= KILLS
    return unsaved
