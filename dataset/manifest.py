"""`dataset.json`: which dataset this is, its format, and how its patients are grouped and split."""

from __future__ import annotations

from dataclasses import dataclass

from dataset import labelfile
from dataset.annotation import new_id, now
from dataset.facts import Facts, Malformed, to_readable_json
from dataset.files import FORMAT, check_format
from dataset.groups import Shares, check_of, new_key
from dataset.label import LabelSet

FILE = "dataset.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `dataset.json` says."""

    id: str
    title: str
    group_check: str
    """Tells whether a key is the one of the patient groups."""
    shares: Shares


def new_manifest(
    title: str, labels: LabelSet, shares: Shares | None = None
) -> tuple[Manifest, dict[str, bytes], bytes]:
    """A new dataset's manifest, the files it begins with, and its key's file (empty when kept outside the folder)."""
    key, is_outside = new_key()
    manifest = Manifest(new_id(), title, check_of(key), shares or Shares())
    files = {FILE: _bytes_of(manifest, labels), labelfile.NAME: to_readable_json(labelfile.labels_to_json(labels))}
    return manifest, files, b"" if is_outside else key + b"\n"


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
