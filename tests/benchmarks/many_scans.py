"""A dataset folder of very many scans, written directly: what a year of reading leaves behind, without its pixels.

Every fifth scan has a prediction and every twentieth a revision; both are small.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dataset.annotation import new_id, now
from dataset.document import Snapshot
from dataset.files import prediction_files, revision_files, scan_to_json
from dataset.folder import Dataset
from dataset.label import Label, LabelSet
from dataset.prediction import ModelRef, Prediction
from dataset.record import Revision, ScanRecord, SourceFile
from imaging.geometry import Size
from imaging.scan import ScanInfo

LABELS = LabelSet("many", (Label("pneumonia", "Pneumonia", "#4cc9f0"), Label("nodule", "Nodule", "#f72585")))
MODEL = ModelRef("finder", "1.0", "0" * 64)
READERS = ("Ada", "Grace", "Lin")


def key_of(number: int) -> str:
    """The scan key of a number: as long as a real one."""
    return f"{number * 2654435761 % 2**32:08x}{number:056x}"


def write_many(folder: Path, count: int) -> Path:
    """Make a dataset of so many scans."""
    Dataset.create(folder, LABELS, title="Many").close()
    info = ScanInfo("scan", "dicom", "radiograph", Size(2048, 2500), "uint16", modality="DX")
    begun = datetime(2025, 1, 1, tzinfo=UTC)
    template = ""
    for number in range(count):
        key = key_of(number)
        home = f"{folder}/scans/{key}"
        os.makedirs(home)
        if not template:
            source = SourceFile(".dcm", "0" * 64, 10_000_000)
            record = ScanRecord("KEY", "t", info, (source,), "GROUP", "content", "train", begun, "pixels/pixels.dcm")
            template = json.dumps(scan_to_json(record, info, {"file": "pixels/pixels.dcm"}))
            template = template.replace(begun.isoformat(), "ADDED")
        added = (begun + timedelta(minutes=number)).isoformat()
        text = template.replace("KEY", key).replace("GROUP", key[::-1]).replace("ADDED", added)
        with open(f"{home}/scan.json", "w") as file:
            file.write(text)
        if number % 5 == 0:
            _write_prediction(home, key, number, info)
        if number % 20 == 0:
            _write_revision(home, key, number, info)
    return folder


def _write_prediction(home: str, key: str, number: int, info: ScanInfo) -> None:
    score = number * 7919 % 1000 / 1000
    label = LABELS.labels[number // 5 % 2].id
    made = Prediction(new_id(), key, MODEL, "cpu", now(), 0.1, (), ((label, score),))
    _write(f"{home}/predictions", prediction_files(made, info, LABELS))


def _write_revision(home: str, key: str, number: int, info: ScanInfo) -> None:
    made = Revision(new_id(), key, READERS[number % 3], now(), "confirmed empty")
    _write(f"{home}/revisions", revision_files(made, Snapshot(), info, LABELS))


def _write(home: str, files: dict[str, bytes]) -> None:
    os.makedirs(home)
    for name, data in files.items():
        with open(f"{home}/{name}", "wb") as file:
            file.write(data)
