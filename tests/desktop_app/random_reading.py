"""A reader who does anything at all: every tool, every operation, undo, redo, planes, cases, saving and coming back.

Beside the session stands a plain model of what a document is: whole states, copied before each edit.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias, cast

import numpy as np
from PySide6.QtCore import QCoreApplication

from dataset.annotation import Annotation, Box, Polygon, Proposal, new_id, now
from dataset.document import Document, Edit
from dataset.folder import Dataset
from dataset.label import Label, LabelSet
from dataset.mask import Mask, mask_of_plane
from dataset.prediction import ModelRef, Prediction
from desktop_app import tools
from desktop_app.session import Session
from desktop_app.tool import Gesture, Outcome, Tool, ToolOptions
from imaging.geometry import Affine, Plane, Size
from imaging.loaded import LoadedScan
from imaging.plugins import gather
from imaging.progress import silent
from imaging.scan import Rescale, ScanInfo

LABELS = LabelSet("test", tuple(Label(name, name.title(), "#4cc9f0") for name in ("disc", "tumour", "cyst")))
ACROSS, DOWN, PLANES = 290, 270, 6
PATIENCE = 60.0
State: TypeAlias = tuple[dict[str, Annotation], set[str]]


def make_dataset(folder: Path) -> None:
    """A volume and a colour picture, wider than a tile of a mask, each read by a model."""
    dataset = Dataset.create(folder, LABELS)
    pixels = np.random.default_rng(3).integers(-200, 200, (PLANES, DOWN, ACROSS)).astype(np.int16)
    pixels[2:5, 60:200, 80:270] += 900
    affine = Affine.from_directions((0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, 0.7, 0.0), (0.0, 0.0, 3.0))
    volume = ScanInfo(
        "volume.mha", "mha", "volume", Size(ACROSS, DOWN, PLANES), "int16", spacing_mm=affine.spacing(),
        affine=affine, rescale=Rescale(unit="HU"), modality="CT",
    )  # fmt: skip
    colours = np.random.default_rng(4).integers(0, 255, (1, DOWN, ACROSS, 3)).astype(np.uint8)
    picture = ScanInfo("picture.png", "pictures", "picture", Size(ACROSS, DOWN), "uint8", 3)
    for key, scan in (("volume", LoadedScan(volume, pixels)), ("picture", LoadedScan(picture, colours))):
        dataset.add_scan(scan, key, silent())
        plane = Plane(0, scan.info.size.planes // 2)
        blob = np.zeros((60, 70), np.bool_)
        blob[10:50, 5:60] = True
        proposals = (
            *(Proposal(f"{key}-{n}", "disc", Box(plane, 20.0 + 40 * n, 30, 35, 50), 0.5 + n / 20) for n in range(6)),
            Proposal(f"{key}-m", "tumour", mask_of_plane(blob, plane.index, x=210, y=200), 0.9),
            Proposal(f"{key}-p", "cyst", Polygon(plane, ((10, 200), (60, 190), (70, 240))), 0.7),
        )
        dataset.save_prediction(Prediction(new_id(), key, ModelRef("any", "1", "0" * 64), "cpu", now(), 0.1, proposals))
    dataset.close()


class PlainDocument:
    """What a document is, without any cleverness: a state is copied whole before each edit."""

    def __init__(self, document: Document) -> None:
        self.marks = {annotation.id: annotation for annotation in document.annotations}
        self.rejected = set(document.rejected)
        self._undo: list[State] = self._restored(document)
        self._redo: list[State] = []

    def _restored(self, document: Document) -> list[State]:
        """The states before each edit that an opening document has from an earlier run's journal."""
        states: list[State] = []
        while document.undo() is not None:
            states.append(({a.id: a for a in document.annotations}, set(document.rejected)))
        while document.redo() is not None:
            pass
        return states[::-1]

    def commit(self, edit: Edit) -> None:
        """Apply an edit."""
        before = dict(self.marks), set(self.rejected)
        for gone in edit.remove:
            self.marks.pop(gone, None)
        for annotation in edit.put:
            self.marks[annotation.id] = annotation
        self.rejected |= set(edit.reject)
        self.rejected -= set(edit.restore)
        if edit.put or self.marks != before[0] or self.rejected != before[1]:
            self._undo.append(before)
            self._redo.clear()

    def undo(self) -> None:
        """Go back to the state before."""
        self._step(self._undo, self._redo)

    def redo(self) -> None:
        """Go on again."""
        self._step(self._redo, self._undo)

    def _step(self, source: list[State], target: list[State]) -> None:
        if source:
            target.append((dict(self.marks), set(self.rejected)))
            self.marks, self.rejected = source.pop()

    def is_like(self, document: Document) -> bool:
        """Whether a document holds the same."""
        return {a.id: a for a in document.annotations} == self.marks and set(document.rejected) == self.rejected


def digest(marks: dict[str, Annotation], rejected: set[str]) -> str:
    """A word for a state: equal states have equal ones."""
    found = hashlib.sha256()
    for mark_id in sorted(marks):
        mark = marks[mark_id]
        found.update(repr(replace(mark, geometry=Box(Plane(), 0, 0, 0, 0))).encode())
        if isinstance(mark.geometry, Mask):
            for plane, x, y, bits in sorted(mark.geometry.pieces(), key=lambda piece: piece[:3]):
                found.update(
                    f"{mark.geometry.axis} {plane} {x} {y} {bits.shape}".encode() + np.packbits(bits).tobytes()
                )
        else:
            found.update(repr(mark.geometry).encode())
    found.update(repr(sorted(rejected)).encode())
    return found.hexdigest()


class WatchedSession(Session):
    """A session whose edits are told before they are made."""

    plain: PlainDocument | None = None
    before_edit: Callable[[], None] = staticmethod(lambda: None)

    def commit(self, edit: Edit) -> None:
        """Tell the plain model first."""
        if self.plain is not None and self.scan is not None and not edit.is_empty:
            self.plain.commit(edit)
            self.before_edit()
        super().commit(edit)

    def undo(self) -> None:
        """Tell the plain model first."""
        if self.plain is not None:
            self.plain.undo()
            self.before_edit()
        super().undo()

    def redo(self) -> None:
        """Tell the plain model first."""
        if self.plain is not None:
            self.plain.redo()
            self.before_edit()
        super().redo()


class RandomReader:
    """Does one thing after another, drawn from a seed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.session = WatchedSession(gather(tools, Tool), "Ada")
        self.problems: list[object] = []
        self.session.keeping.problem_raised.connect(self.problems.append)
        self.session.open_dataset(folder)
        self.until(lambda: self.session.dataset is not None)
        self.settle()
        self.done: list[str] = []
        self.open(0)

    def until(self, condition: Callable[[], object]) -> None:
        """Let the session work until a condition holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, "waited too long"
            QCoreApplication.processEvents()
            time.sleep(0.001)

    def settle(self) -> None:
        """Wait until everything is on the disk and no job runs."""
        session = self.session
        self.until(lambda: session.keeping.is_settled and not [j for j in session.jobs.running if not j.is_quiet])
        QCoreApplication.processEvents()

    def open(self, number: int) -> None:
        """Save, open a case and compare what comes back with what was left."""
        session = self.session
        left = (session.scan_key, session.plain) if session.plain is not None else None
        session.plain = None
        opened: list[None] = []
        session.scan_changed.connect(lambda: opened.append(None))
        session.open_case(number)
        self.until(lambda: opened and session.scan is not None)
        self.settle()
        if left is not None and left[0] == session.scan_key:
            assert left[1] is not None
            assert left[1].is_like(session.document), "the case came back as another one"
        session.plain = PlainDocument(session.document)

    def step(self) -> str:
        """Do any one thing, and say what."""
        acts = (
            (self.use_a_tool, 50), (self.operate, 10), (self.undo, 12), (self.redo, 6), (self.select, 8),
            (self.judge, 8), (self.relabel, 4), (self.move, 8), (self.set_up, 6), (self.save, 2), (self.reopen, 1),
        )  # fmt: skip
        act = self.chance.choices([act for act, _weight in acts], [weight for _act, weight in acts])[0]
        said = f"{act.__name__} {act() or ''}"
        self.done.append(said)
        return said

    def use_a_tool(self) -> str:
        """Any gesture with any tool, also one that makes no sense."""
        session, chance = self.session, self.chance
        tool = chance.choice(list(session.tools.values()))
        session.set_tool(tool.name)
        self._gesture = Gesture(
            self._place(ACROSS), self._place(DOWN), chance.choice([0.2, 1.0, 3.0]), 1.0,
            chance.random() < 0.15, chance.random() < 0.15, chance.random() < 0.15,
        )  # fmt: skip
        for _ in range(chance.randint(1, 4)):
            self._take(tool.hover(self._moved(30), session.bench()))
            self._take(tool.press(replace(self._moved(60), clicks=chance.choice([1, 1, 1, 2])), session.bench()))
            for _ in range(chance.randint(0, 4)):
                self._take(tool.drag(self._moved(40), session.bench()))
            self._take(tool.release(self._gesture, session.bench()))
        ending = chance.choice([tool.finish, tool.finish, tool.back, None])
        if ending is not None:
            self._take(ending(session.bench()))
        self._take(tool.cancel())
        return tool.name

    def _place(self, extent: int) -> float:
        return self.chance.uniform(-5, extent + 5)

    def _moved(self, reach: float) -> Gesture:
        x, y = (at + self.chance.uniform(-reach, reach) for at in (self._gesture.x, self._gesture.y))
        self._gesture = replace(self._gesture, x=x, y=y)
        return self._gesture

    def _take(self, outcome: Outcome) -> None:
        self.session.handle(outcome)
        held = {a.id for a in self.session.document.annotations} | set(self.session.findings.proposed)
        assert self.session.selection <= held, "something is selected that is not there"

    def operate(self) -> str:
        """Any operation."""
        name = self.chance.choice(list(self.session.operating.operations) or [""])
        if name:
            self.session.operating.run(name)
            self.settle()
        return name

    def undo(self) -> None:
        """Take some edits back."""
        for _ in range(self.chance.randint(1, 4)):
            self.session.undo()

    def redo(self) -> None:
        """Do some again."""
        for _ in range(self.chance.randint(1, 3)):
            self.session.redo()

    def select(self) -> None:
        """Any marks."""
        ids = [mark.id for mark in (*self.session.document.annotations, *self.session.proposals)]
        self.session.select(self.chance.sample(ids, min(len(ids), self.chance.choice([0, 1, 1, 2, 5]))))

    def judge(self) -> None:
        """Accept, reject or delete."""
        session = self.session
        ids = tuple(session.selection) or tuple(p.id for p in session.proposals[:1])
        self.chance.choice(
            [lambda: session.accept(ids), lambda: session.reject(ids), session.delete_selection, session.accept_all]
        )()

    def relabel(self) -> None:
        """Another label."""
        self.session.choose_label(self.chance.choice([label.id for label in LABELS.labels]))

    def move(self) -> None:
        """Another plane, maybe of another axis."""
        size = self.session.info.size if self.session.info is not None else Size(0, 0, 0)
        axis = cast("Literal[0, 1, 2]", self.chance.choice([0, 0, 0, 1, 2]) if size.planes > 1 else 0)
        self.session.set_plane(Plane(axis, self.chance.randrange(size.count(axis))))

    def set_up(self) -> None:
        """Other options of the tools."""
        chance = self.chance
        self.session.set_brush(chance.choice([1.0, 3.0, 17.0, 60.0]))
        unit = cast("Literal['pixels', 'mm', 'screen']", chance.choice(["pixels", "mm", "screen"]))
        low, high = chance.choice([(None, None), (100.0, None), (-50.0, 500.0)])
        self.session.set_options(
            ToolOptions(chance.random() < 0.3, unit, low, high, chance.random() / 2, chance.random() < 0.3)
        )

    def save(self) -> None:
        """Write a revision."""
        self.session.save(finished=self.chance.random() < 0.5)
        self.settle()

    def reopen(self) -> None:
        """Save, and open this or the other case."""
        self.open(self.chance.randrange(2))

    def close(self) -> None:
        """End, with everything saved."""
        assert self.session.close()
