"""What the folder holds as last seen: every scan's entry and the label set, kept up to date with the disk.

Other programs may add to the folder at any time, so what is asked for is looked at again before it is answered.
"""

from __future__ import annotations

import os
from pathlib import Path

from dataset import labelfile
from dataset.durable import remove_stale_parts, told
from dataset.entry import SCAN, Entry
from dataset.errors import DatasetProblem
from dataset.facts import read_json, to_readable_json
from dataset.index import load_index, save_index
from dataset.label import LabelSet
from dataset.record import Split
from dataset.store import Store


class Catalogue:
    """The scans and labels of one folder. Used under the dataset's lock."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._scans = store.folder / "scans"
        self.entries: dict[str, Entry] = load_index(store.folder)
        self.labels = LabelSet("", ())

    def refresh(self) -> None:
        """Look at all scans again; what has not changed costs little."""
        present = self._present()
        gone = frozenset(self.entries.keys() - present)
        for key in gone:
            del self.entries[key]
        self._find_new(present)
        changed = {key: entry for key, entry in self.entries.items() if entry.refresh()}
        if (changed or gone) and os.access(self._store.folder, os.W_OK):
            save_index(self._store.folder, changed, gone)

    def has(self, key: str) -> bool:
        """Whether a scan is there."""
        return key in self.entries or (self._scans / key / SCAN).exists()

    def entry(self, key: str) -> Entry:
        """A scan's entry, up to date; raises where there is none or a file of it is damaged."""
        entry = self.entries.get(key)
        if entry is None:
            if not self.has(key):
                raise DatasetProblem(f"holds no scan {key!r}", self._store.folder, "Add the scan first")
            entry = self.entries[key] = Entry(self._scans / key)
        entry.refresh()
        entry.check()
        return entry

    def split_of(self, group: str) -> Split | None:
        """The split written down for a patient group, or `None` for a new one."""
        for entry in self._find_new(self._present()):
            entry.refresh()
        records = (entry.record for entry in self.entries.values())
        return next((record.split for record in records if record is not None and record.group == group), None)

    def _present(self) -> set[str]:
        """Names of the scans' folders."""
        with told(self._scans):
            return set(os.listdir(self._scans)) if self._scans.exists() else set()

    def _find_new(self, present: set[str]) -> list[Entry]:
        """Begin an entry for each folder that has none and holds a scan; one without was never committed."""
        found: list[Entry] = []
        for key in sorted(present - self.entries.keys()):
            folder = self._scans / key
            if (folder / SCAN).exists():
                found.append(self.entries.setdefault(key, Entry(folder)))
            else:
                remove_stale_parts(folder)
                remove_stale_parts(folder / "pixels")
        return found

    def read_labels(self) -> None:
        """Read the label set from the disk."""
        self.labels = read_json(self._path, labelfile.labels_from_json)

    def write_labels(self, labels: LabelSet) -> None:
        """Write the label set; the caller holds the folder's lock."""
        data = to_readable_json(labelfile.labels_to_json(labels))
        self._store.commit("", "labels saved", {labelfile.NAME: data}, count=str(len(labels.labels)))
        self.labels = labels

    def lost_labels(self, labels: LabelSet) -> list[str]:
        """Ids of labels in use that a label set lacks."""
        used: set[str] = set()
        for entry in self.entries.values():
            for item in (*entry.revisions.values(), *entry.predictions.values()):
                used.update(item.labels)
        return sorted(used - {label.id for label in labels.labels})

    def require_labels(self, used: set[str], where: str) -> None:
        """Refuse marks whose labels the label set lacks, also after reading it again."""
        if used - {label.id for label in self.labels.labels}:
            self.read_labels()
        missing = sorted(used - {label.id for label in self.labels.labels})
        if missing:
            advice = "Add the label to the dataset first"
            raise DatasetProblem(f"uses label {missing[0]!r}, which the label set lacks", where, advice)

    @property
    def _path(self) -> Path:
        return self._store.folder / labelfile.NAME
