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
ON_ONE_FOLDER = 10


class Readers:
    """Readers, begun and killed one after the other, and what they said of the present folder."""

    def __init__(self) -> None:
        root = Path(__file__).parents[2]
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.dataset.reading"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root,
        )  # fmt: skip
        self.kept: set[int] = set()
        self.saved: set[str] = set()

    def kill_one_after(self, seconds: float, folder: Path) -> None:
        """Begin a reader, kill it so long after it is ready, and note what it had said until then."""
        first = max(self.kept, default=-1) + 2
        assert self._program.stdin is not None
        self._program.stdin.write(f"{first} {folder}\n")
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
    readers, chance = Readers(), random.Random(7)
    kept = saved = unsaved = 0
    try:
        for number in range(KILLS // ON_ONE_FOLDER):
            dataset = Dataset.create(tmp_path / f"set{number}", LABELS)
            dataset.add_scan(picture(), "flat", silent())
            dataset.close()
            readers.kept, readers.saved = set(), set()
            for _ in range(ON_ONE_FOLDER):
                readers.kill_one_after(chance.uniform(0.0, 0.12), dataset.folder)
                wrong = [str(f) for f in verify_folder(dataset.folder, silent()) if not f.is_notice]
                assert wrong == []
                unsaved += check_everything_kept(dataset.folder, readers)
            kept, saved = kept + len(readers.kept), saved + len(readers.saved)
    finally:
        readers.close()
    assert kept > KILLS
    assert saved > KILLS / 10
    assert unsaved > 0, "no kill came between an edit and its revision; the test tests nothing"


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
    assert len(extra) <= ON_ONE_FOLDER
    return unsaved
