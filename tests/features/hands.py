"""What the ten tasks of `docs/hands.md` are done on, and a hand that counts its gestures."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from dataset.annotation import Annotation, Box, Proposal, new_id, now
from dataset.document import Snapshot
from dataset.folder import Dataset
from dataset.label import Label, LabelSet
from dataset.mask import mask_of_plane
from dataset.prediction import ModelRef, Prediction
from desktop_app.panels.scrubber import Track
from imaging.geometry import Affine, Plane, Size
from imaging.loaded import LoadedScan
from imaging.progress import silent
from imaging.scan import ScanInfo, Window
from tests.features.conftest import Hand

LABELS = LabelSet("spine", (Label("disc", "Disc", "#4cc9f0", "1"), Label("tumour", "Tumour", "#f72585", "2")))
SHOWN = 8
"""The plane with the proposals; discs are bright from plane 1 to plane 15."""
BOXES = ((20.0, 30.0), (60.0, 30.0), (100.0, 30.0), (60.0, 80.0))
"""Corners of the proposed boxes, 24 × 20 each."""
DISC = (120.0, 90.0, 14.0)
"""Middle and radius of a disc that no model found."""
PAGE = Path(__file__).parents[2] / "docs" / "hands.md"


def make_dataset(folder: Path) -> None:
    """Three cases that a model has read: the first two certain, the third in doubt; and another reader's marks."""
    dataset = Dataset.create(folder, LABELS)
    rng = np.random.default_rng(1)
    rows, columns = np.mgrid[0:120, 0:160]
    disc = (columns - DISC[0]) ** 2 + (rows - DISC[1]) ** 2 < DISC[2] ** 2
    affine = Affine.from_directions((0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, 0.5, 0.0), (0.0, 0.0, 2.0))
    for number, score in enumerate((0.97, 0.96, 0.55)):
        voxels = rng.integers(0, 60, (17, 120, 160)).astype(np.int16)
        for x, y in BOXES:
            voxels[:, int(y) : int(y) + 20, int(x) : int(x) + 24] += 300
        voxels[1:16, disc] += 500
        info = ScanInfo(
            f"case {number}.mha", "mha", "volume", Size(160, 120, 17), "int16", spacing_mm=affine.spacing(),
            affine=affine, modality="MR", windows=(Window(300.0, 700.0),),
        )  # fmt: skip
        key = f"case{number}"
        dataset.add_scan(LoadedScan(info, voxels), key, silent())
        plane = Plane(0, SHOWN)
        boxes = tuple(
            Proposal(f"{key}-{n}", "disc", Box(plane, x, y, 24, 20), score - n / 100) for n, (x, y) in enumerate(BOXES)
        )
        block = np.ones((20, 20), np.bool_)
        mask = Proposal(f"{key}-mask", "tumour", mask_of_plane(block, SHOWN, x=20, y=80), score)
        proposals = (*boxes, mask)
        dataset.save_prediction(
            Prediction(new_id(), key, ModelRef("finder", "1", "0" * 64), "cpu", now(), 0.1, proposals)
        )
    dataset.close()


def add_reading(folder: Path, key: str, reader: str, shift: float) -> None:
    """A finished revision of another reader, whose boxes lie a little beside the proposed ones."""
    dataset = Dataset.open(folder)
    plane = Plane(0, SHOWN)
    marks = tuple(
        Annotation(new_id(), "disc", Box(plane, x + shift, y, 24, 20), reader, now(), None, f"{key}-{n}")
        for n, (x, y) in enumerate(BOXES)
    )
    dataset.save_revision(key, Snapshot(marks, frozenset({f"{key}-mask"})), author=reader)
    dataset.close()


def counts_on_the_page() -> dict[int, int]:
    """How many gestures `docs/hands.md` says each task takes here."""
    rows = re.findall(r"^\| *(\d+) *\|[^|]*\|[^|]*\| *\*\*(\d+)\*\* *\|", PAGE.read_text("utf-8"), re.MULTILINE)
    return {int(number): int(count) for number, count in rows}


class CountingHand(Hand):
    """Counts gestures: a key with whatever is held, a click, a drag. Where the mouse only moves, nothing is counted."""

    count = 0

    def drag(self, start: tuple[float, float], end: tuple[float, float], steps: int = 6) -> None:
        """One gesture."""
        self.count += 1
        super().drag(start, end, steps)

    def click(self, x: float, y: float) -> None:
        """One gesture."""
        self.count += 1
        super().click(x, y)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """One gesture."""
        self.count += 1
        super().key(key, modifiers)

    def point_at(self, x: float, y: float) -> None:
        """Move the mouse there: no gesture."""
        QTest.mouseMove(self.view, self.at(x, y) + QPoint(3, 3))
        QTest.mouseMove(self.view, self.at(x, y))
        QTest.qWait(30)

    def jump(self, plane: int) -> None:
        """One click on the bar of planes."""
        self.count += 1
        bar = self.window.findChild(Track)
        assert bar is not None
        place = QPoint(round(bar.x_of(plane)), bar.height() // 2)
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        QTest.qWait(20)
