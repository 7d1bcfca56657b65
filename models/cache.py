"""Answers kept, so that the same model asked the same of the same scan answers at once."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from dataset.annotation import Polygon, new_id, now
from dataset.files import prediction_files, read_prediction
from dataset.label import Label, LabelSet
from dataset.mask import Mask
from dataset.prediction import ModelRef, Prediction
from imaging.errors import Problem
from imaging.scan import ScanInfo

MEMORY = 256 * 2**20
"""*Memory bound*: bytes of answers kept in memory; the one used longest ago goes first."""
ON_DISK = 500
Settings: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What an answer depends on: the scan's content, the model's bytes, and every choice."""

    scan: str
    model: ModelRef
    settings: Settings

    @property
    def key(self) -> str:
        """The sha256 of all of it."""
        return hashlib.sha256(repr((self.scan, self.model, self.settings)).encode()).hexdigest()


class Answers:
    """Predictions by question, in memory and, if given, in a folder. Safe from any thread."""

    def __init__(self, memory: int = MEMORY, folder: Path | None = None, on_disk: int = ON_DISK) -> None:
        self._limit, self._folder, self._on_disk = memory, folder, on_disk
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[Prediction, int]] = OrderedDict()
        self._bytes = 0

    @property
    def byte_count(self) -> int:
        """Bytes kept in memory, about."""
        return self._bytes

    def ask(self, question: Question, *, same_ids: bool = False) -> Prediction | None:
        """The kept answer, as a prediction of its own (present time, new ids unless `same_ids`), or `None`."""
        if not question.scan:
            return None
        key = question.key
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
        prediction = found[0] if found else self._read(key)
        if prediction is None or (prediction.scan, prediction.model) != (question.scan, question.model):
            return None
        note = f"the same answer as prediction {prediction.id}, kept from {prediction.created:%Y-%m-%d %H:%M} UTC"
        proposals = prediction.proposals
        if not same_ids:
            proposals = tuple(replace(proposal, id=new_id()) for proposal in proposals)
        return replace(prediction, id=new_id(), created=now(), proposals=proposals, notes=(*prediction.notes, note))

    def keep(self, question: Question, prediction: Prediction, info: ScanInfo, labels: tuple[Label, ...]) -> None:
        """Keep an answer."""
        if not question.scan:
            return
        key, size = question.key, size_of(prediction)
        with self._lock:
            if size <= self._limit:
                self._bytes += size - self._kept.pop(key, (prediction, 0))[1]
                self._kept[key] = (prediction, size)
            while self._bytes > self._limit:
                _, (_, gone) = self._kept.popitem(last=False)
                self._bytes -= gone
        self._write(key, prediction, info, labels)

    def forget(self) -> None:
        """Drop what is kept in memory."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0

    def _read(self, key: str) -> Prediction | None:
        if self._folder is None:
            return None
        try:
            (file,) = (self._folder / key).glob("*.json")
            return read_prediction(file)
        except (OSError, ValueError, Problem):
            shutil.rmtree(self._folder / key, ignore_errors=True)
            return None

    def _write(self, key: str, prediction: Prediction, info: ScanInfo, labels: tuple[Label, ...]) -> None:
        """Put an answer into the folder; a disk that does not take it costs only the memory of it."""
        if self._folder is None or prediction.heat_maps:  # heat maps have no place in the files
            return
        place, scratch = self._folder / key, self._folder / f".{key}"
        try:
            shutil.rmtree(scratch, ignore_errors=True)
            for name, data in prediction_files(prediction, info, LabelSet("kept", labels)).items():
                file = scratch / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
            shutil.rmtree(place, ignore_errors=True)
            scratch.rename(place)
            oldest = sorted(self._folder.iterdir(), key=lambda entry: entry.stat().st_mtime)
            for entry in oldest[: max(0, len(oldest) - self._on_disk)]:
                shutil.rmtree(entry, ignore_errors=True)
        except (OSError, Problem):
            shutil.rmtree(scratch, ignore_errors=True)


ANSWERS = Answers()


def size_of(prediction: Prediction) -> int:
    """Bytes of a prediction, about: what its masks, outlines and heat maps hold and some for every proposal."""
    shapes = 0
    for one in prediction.proposals:
        if isinstance(one.geometry, Mask):
            shapes += one.geometry.byte_count
        elif isinstance(one.geometry, Polygon):
            shapes += 120 * (len(one.geometry.exterior) + sum(len(hole) for hole in one.geometry.holes))
    heat = sum(one.byte_count for one in prediction.heat_maps)
    return shapes + heat + 600 * len(prediction.proposals) + 2000
