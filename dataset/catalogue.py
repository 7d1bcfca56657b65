"""What the folder holds as last seen: every scan's entry and the label set, kept up to date with the disk.

Other programs may add to the folder at any time, so what is asked for is looked at again before it is answered.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

from dataset import labelfile
from dataset.durable import remove_stale_parts, told
from dataset.entry import SCAN, Entry, may_have_changed, stamps_of
from dataset.errors import DatasetProblem
from dataset.facts import read_json, to_readable_json
from dataset.index import Kept, load_entries, read_pages, save_index
from dataset.label import LabelSet
from dataset.listing import Listed, in_order, listed_of
from dataset.record import Split
from dataset.store import Store
from imaging.progress import Progress

CHUNK = 1000
MOST_AHEAD = 200
"""So many scans may be known better than the index knows them; then it is told, and their headers are let go."""
KEPT = 5000
"""So many entries are held in memory once the index has them; of more, the index alone knows the headers."""


class Catalogue:
    """The scans and labels of one folder. Used under the dataset's lock, but for `touched`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._scans = store.folder / "scans"
        self._entries: dict[str, Entry] = {}
        """Of scans that were asked for; the index holds the others'."""
        self._kept: dict[str, Kept] = {}
        self._pages = read_pages(store.folder)
        self.is_whole = False
        """Whether every folder was looked at once since it was opened."""
        self._ahead: set[str] = set()
        """Keys of scans of which more is known than the index says."""
        self._splits: dict[str, Split] = {}
        self.labels = LabelSet("", ())

    @property
    def listed(self) -> dict[str, Listed]:
        """What a list says of each scan, by key, as far as it was read; unsaved edits do not count."""
        return {key: kept.listed for key, kept in self._kept.items()}

    def load_page(self) -> tuple[Listed, ...]:
        """Take in more of what the index says; empty when that is all."""
        for page in self._pages:
            new = {key: kept for key, kept in page.items() if key not in self._kept}
            self._kept |= new
            for kept in new.values():
                self._splits.setdefault(kept.listed.group, cast("Split", kept.listed.split))
            return tuple(kept.listed for kept in new.values()) or self.load_page()
        return ()

    def load_pages(self) -> None:
        """Take in all that the index says."""
        while self.load_page():
            pass

    def refresh(self) -> frozenset[str]:
        """Look at all scans again; what has not changed costs little. Keys of those that changed, came or went."""
        self.load_pages()
        return self.take_in(*self.touched())

    def touched(self, progress: Progress | None = None) -> tuple[frozenset[str], frozenset[str]]:
        """Keys of folders that have to be looked into, and of those that are gone. Needs no lock."""
        present, kept, where = self._present(), dict(self._kept), str(self._scans)
        found = set(present - kept.keys())
        for number, (key, known) in enumerate(kept.items()):
            if key in present and may_have_changed(f"{where}/{key}", known.stamps):
                found.add(key)
            if progress is not None and number % CHUNK == 0:
                progress.report(number, len(kept), "Looking for changes")
        return frozenset(found), frozenset((kept.keys() | self._entries.keys()) - present)

    def take_in(self, keys: frozenset[str], gone: frozenset[str]) -> frozenset[str]:
        """Look into the folders of some scans and forget others; keys of those that changed, came or went."""
        for key in gone:
            self._entries.pop(key, None)
            self._kept.pop(key, None)
        changed: set[str] = set(gone)
        wanted = sorted(keys)
        for start in range(0, max(len(wanted), 1), CHUNK):
            changed |= self._take_chunk(tuple(wanted[start : start + CHUNK]), gone if start == 0 else frozenset())
        return frozenset(changed)

    def said_of(self, keys: Iterable[str]) -> tuple[Listed, ...]:
        """What a list says of some scans, those that were added first first."""
        return in_order(self._kept[key].listed for key in keys if key in self._kept)

    def _take_chunk(self, keys: tuple[str, ...], gone: frozenset[str]) -> set[str]:
        """Look into some folders and keep what they say in the index, which then stands for them."""
        self._load(keys)
        new = [key for key in keys if key not in self._entries]
        self._find_new(new)
        looked = {key: self._entries[key] for key in keys if key in self._entries}
        changed = {key: entry for key, entry in looked.items() if entry.refresh() or key not in self._kept}
        self._list(changed)
        is_kept = False
        if (changed or gone) and os.access(self._store.folder, os.W_OK):
            rows = {key: (entry, self._kept[key].listed) for key, entry in changed.items() if key in self._kept}
            is_kept = save_index(self._store.folder, rows, gone)
        if is_kept and len(self._entries) > KEPT:
            for key in [key for key, entry in looked.items() if not entry.problems]:
                del self._entries[key]
        return set(changed)

    def _list(self, entries: Mapping[str, Entry]) -> None:
        for key, entry in entries.items():
            record = entry.summary(is_edited=False)
            if record is None:
                self._kept.pop(key, None)
            else:
                self._splits.setdefault(record.group, record.split)
                self._kept[key] = Kept(stamps_of(entry), listed_of(record, entry.revisions.values()))

    def _load(self, keys: tuple[str, ...] | None) -> None:
        """Have the entries of scans at hand as the index has them."""
        missing = tuple(key for key in (self._kept if keys is None else keys) if key not in self._entries)
        missing = tuple(key for key in missing if key in self._kept)
        if missing:
            wanted = set(missing)
            for key, entry in load_entries(self._store.folder, missing if len(missing) < CHUNK else None):
                if key in wanted:
                    self._entries[key] = entry

    def all_entries(self) -> dict[str, Entry]:
        """Every scan's entry, as last looked at: dear where there are very many."""
        self._load(None)
        for key in [key for key in self._kept if key not in self._entries]:
            self._entries[key] = Entry(self._scans / key)
            self._entries[key].refresh()
        return self._entries

    def has(self, key: str) -> bool:
        """Whether a scan is there."""
        return key in self._kept or key in self._entries or (self._scans / key / SCAN).exists()

    def entry(self, key: str) -> Entry:
        """A scan's entry, up to date; raises where there is none or a file of it is damaged."""
        entry = self.looked_at(key)
        if entry is None:
            raise DatasetProblem(f"holds no scan {key!r}", self._store.folder, "Add the scan first")
        entry.check()
        return entry

    def looked_at(self, key: str) -> Entry | None:
        """A scan's entry, up to date, whatever is wrong with it; `None` where there is none."""
        self._load((key,))
        if key not in self._entries:
            if not self.has(key):
                return None
            self._entries[key] = Entry(self._scans / key)
        entry = self._entries[key]
        if entry.refresh() or key not in self._kept:
            self._list({key: entry})
            self._ahead.add(key)
        if len(self._ahead) > MOST_AHEAD:
            self._let_go(self._ahead - {key})
        return entry

    def _let_go(self, keys: set[str]) -> None:
        """Tell the index what is known of scans, and hold their headers no longer: a day's cases would add up."""
        self.keep_index()
        for key in keys:
            if key in self._entries and not self._entries[key].problems:
                del self._entries[key]

    def relist(self, key: str) -> None:
        """Take what an entry says by now, which was told of a commit, into the list."""
        if key in self._entries:
            self._list({key: self._entries[key]})
            self._ahead.add(key)
        else:
            self.looked_at(key)

    def keep_index(self) -> None:
        """Let the index know what was learned since it was read: the next opening need not learn it again."""
        ahead, self._ahead = self._ahead & self._entries.keys() & self._kept.keys(), set()
        if ahead and os.access(self._store.folder, os.W_OK):
            entries = {key: self._entries[key] for key in ahead if key in self._kept}
            save_index(self._store.folder, {key: (entry, self._kept[key].listed) for key, entry in entries.items()})

    def split_of(self, group: str) -> Split | None:
        """The split written down for a patient group, or `None` for a new one."""
        self.load_pages()
        present = self._present()
        self.take_in(frozenset(present - self._kept.keys()), frozenset())
        return self._splits.get(group)

    def problems(self) -> tuple[DatasetProblem, ...]:
        """What is wrong with files of scans, as far as they were looked at."""
        return tuple(problem for entry in self._entries.values() for problem in entry.problems.values())

    def _present(self) -> set[str]:
        """Names of the scans' folders."""
        with told(self._scans):
            return set(os.listdir(self._scans)) if self._scans.exists() else set()

    def _find_new(self, keys: Iterable[str]) -> None:
        """Begin an entry for each folder that holds a scan; one without was never committed."""
        for key in keys:
            folder = self._scans / key
            if (folder / SCAN).exists():
                self._entries[key] = Entry(folder)
            else:
                remove_stale_parts(folder)
                remove_stale_parts(folder / "pixels")

    def read_labels(self) -> None:
        """Read the label set from the disk."""
        self.labels = read_json(self._path, labelfile.labels_from_json)

    def write_labels(self, labels: LabelSet) -> None:
        """Write the label set; the caller holds the folder's lock."""
        data = to_readable_json(labelfile.labels_to_json(labels))
        self._store.commit("", "labels saved", {labelfile.NAME: data}, count=str(len(labels.labels)))
        self.labels = labels

    def lost_labels(self, labels: LabelSet, among: Iterable[Listed] | None = None) -> list[str]:
        """Ids of labels in use, by any scan or only `among` some, that a label set lacks."""
        used: set[str] = set()
        for listed in (kept.listed for kept in self._kept.values()) if among is None else among:
            used.update(listed.labels)
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
