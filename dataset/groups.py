"""Patient groups and splits: whose scan it is as a keyed hash, and which part of the data that patient belongs to.

A group is HMAC-SHA256 of what names the patient, under a key that never travels with the dataset: nobody who has
only the dataset can find out whether a given patient is in it. Who has the key as well can, by trying names.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from dataset.durable import told
from dataset.errors import DatasetProblem
from dataset.record import Split
from imaging.scan import ScanInfo

ENVIRONMENT = "OVERREAD_GROUP_KEY"
KEY_FILE = "group.key"


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of the patients goes where; the rest is for testing."""

    train: float = 0.7
    val: float = 0.15


@dataclass(frozen=True, slots=True)
class Group:
    """A patient group, and what it was made from: `patient`, `study`, `file name` or `content`."""

    id: str
    made_from: str


def group_of(info: ScanInfo, scan_key: str, patient: str, key: bytes) -> Group:
    """The group of a scan: by its patient, else by its examination, else by its file's name, else by itself.

    A file name counts up to and including its first number (`ivd_20_t2.mha` and `ivd_20_t1.mha` are one group):
    too large a group only makes splits uneven, too small a one lets a patient into two splits.
    """
    stem = Path(info.name).stem if not info.sources else info.sources[0].stem
    leading = re.match(r"\D*\d+", stem)
    choices = (
        ("patient", (patient or info.examination.patient).strip()),
        ("study", info.examination.study.strip()),
        ("file name", leading[0].lower() if leading else stem.lower()),
        ("content", scan_key),
    )
    made_from, text = next((name, value) for name, value in choices if value)
    return Group(_keyed(key, f"{made_from}:{text}")[:32], made_from)


def draw_split(group: str, key: bytes, shares: Shares) -> Split:
    """The part of the data a group belongs to; the same group and key always draw the same."""
    fraction = int(_keyed(key, f"split:{group}")[:16], 16) / 2**64
    if fraction < shares.train:
        return "train"
    return "val" if fraction < shares.train + shares.val else "test"


def new_key() -> tuple[bytes, bool]:
    """A key for a new dataset, and whether it is kept outside the folder (in the environment)."""
    outside = os.environ.get(ENVIRONMENT, "")
    return (outside.encode(), True) if outside else (secrets.token_hex(32).encode(), False)


def check_of(key: bytes) -> str:
    """What the dataset remembers of its key, to tell a wrong one."""
    return _keyed(key, "check")[:16]


def load_key(folder: Path, check: str) -> bytes:
    """The key of a dataset, from the environment or from its file; a missing or wrong one is a problem."""
    key = os.environ.get(ENVIRONMENT, "").encode()
    if key and check_of(key) == check:
        return key
    path = folder / KEY_FILE
    with told(path):
        stored = path.read_bytes().strip() if path.exists() else b""
    if check_of(stored) == check:
        return stored
    what = "is missing" if not (key or stored) else "is not the one this dataset was made with"
    advice = f"Put the file back, or set {ENVIRONMENT}; without it a patient's scans could fall into two splits"
    raise DatasetProblem(f"the key of the patient groups {what}", path, advice)


def _keyed(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
