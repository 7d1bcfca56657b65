"""`dataset.json`: which dataset this is, its format, and how its patients are grouped and split."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dataset import labelfile
from dataset.annotation import new_id, now
from dataset.durable import make_folder, replace_file, told
from dataset.errors import DatasetProblem
from dataset.facts import Facts, Malformed, to_readable_json
from dataset.files import FORMAT, check_format
from dataset.groups import KEY_FILE, Shares, check_of, new_key
from dataset.label import LabelSet
from dataset.store import Store

FILE = "dataset.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `dataset.json` says."""

    id: str
    title: str
    group_check: str
    """Tells whether a key is the one of the patient groups."""
    shares: Shares


def is_dataset(folder: Path) -> bool:
    """Whether a folder is a dataset, or one whose making a kill interrupted."""
    return (folder / FILE).exists() or (folder / "audit.jsonl").exists()


def create_folder(folder: Path, labels: LabelSet, title: str, shares: Shares | None = None) -> None:
    """Make a dataset in a folder that is absent or empty."""
    with told(folder):
        if folder.exists() and not folder.is_dir():
            raise DatasetProblem("is no folder", folder, "Choose a folder")
        if folder.exists() and any(not n.startswith(".") and n != KEY_FILE for n in os.listdir(folder)):
            raise DatasetProblem("is not empty and holds no dataset", folder, "Choose an empty folder")
        make_folder(folder)
        key, is_outside = new_key()
        if not is_outside:
            replace_file(folder / KEY_FILE, key + b"\n", mode=0o600)
    manifest = Manifest(new_id(), title, check_of(key), shares or Shares())
    files = {FILE: _bytes_of(manifest, labels), labelfile.NAME: to_readable_json(labelfile.labels_to_json(labels))}
    Store(folder).commit("", "dataset created", files, dataset=manifest.id)


def manifest_from_json(facts: Facts) -> Manifest:
    """The manifest of a file; a newer format is refused."""
    check_format(facts)
    splits = facts.inner("splits")
    shares = Shares(splits.number("train"), splits.number("val"))
    if min(shares.train, shares.val) < 0 or shares.train + shares.val > 1:
        raise Malformed("splits are no shares of 1")
    return Manifest(facts.text("id"), facts.text("title"), facts.text("group_check"), shares)


def _bytes_of(manifest: Manifest, labels: LabelSet) -> bytes:
    shares = manifest.shares
    return to_readable_json(
        {
            "format": FORMAT,
            "id": manifest.id,
            "title": manifest.title,
            "created": now().isoformat(),
            "label_set": labels.id,
            "splits": {"train": shares.train, "val": shares.val, "test": round(1 - shares.train - shares.val, 9)},
            "group_check": manifest.group_check,
        }
    )
