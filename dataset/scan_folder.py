"""The scans and labels of a dataset folder; see `dataset.folder`, which adds what is said about them."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from dataset import groups, labelfile
from dataset.catalogue import CHUNK, Catalogue
from dataset.entry import Entry
from dataset.errors import DatasetProblem
from dataset.intake import kept_scan, take_in
from dataset.journals import Journals
from dataset.label import Label, LabelSet
from dataset.listing import Listed, in_order
from dataset.manifest import Manifest
from dataset.record import ScanRecord
from dataset.references import References
from dataset.store import Store
from dataset.trace import Trace, trace_of
from imaging.progress import Progress, silent
from imaging.scan import Scan

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class ScanFolder:
    """Which scans there are, what may be said of them, and their pixels. Every method is safe from any thread."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._store = Store(folder)
        self._manifest = manifest
        self._mutex = threading.RLock()
        self._journals = Journals(folder / "journal")
        self._catalogue = Catalogue(self._store)
        self._references = References(folder, manifest.id)

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self._store.folder

    @property
    def id(self) -> str:
        """Its id, made when it was created."""
        return self._manifest.id

    @property
    def title(self) -> str:
        """What it is called; may be empty."""
        return self._manifest.title

    @property
    def is_writable(self) -> bool:
        """Whether the folder can be written at all."""
        return os.access(self.folder, os.W_OK)

    # Labels.

    @property
    def labels(self) -> LabelSet:
        """The label set as last read or written."""
        return self._catalogue.labels

    def add_labels(self, labels: Iterable[Label]) -> LabelSet:
        """Add labels whose ids the set lacks; those there already stay as they are."""
        with self._mutex:
            wanted, catalogue = tuple(labels), self._catalogue
            if catalogue.labels.with_labels(wanted) != catalogue.labels:
                with self._store.locked():
                    catalogue.read_labels()
                    catalogue.write_labels(catalogue.labels.with_labels(wanted))
            return catalogue.labels

    def change_label(self, label: Label) -> LabelSet:
        """Give the label of an id another name, colour, key or attributes; others stay as they are on the disk."""
        with self._mutex, self._store.locked():
            self._catalogue.read_labels()
            labels = self._catalogue.labels.with_labels((label,)).with_changed(label)
            if labels != self._catalogue.labels:
                self._catalogue.write_labels(labels)
            return labels

    def save_labels(self, labels: LabelSet) -> None:
        """Replace the label set; refuses to drop a label in use."""
        with self._mutex, self._store.locked():
            self._catalogue.refresh()
            lost = self._catalogue.lost_labels(labels)
            if lost:
                advice = "Relabel what uses it before removing it"
                raise DatasetProblem(f"label {lost[0]!r} is in use", labelfile.NAME, advice)
            self._catalogue.write_labels(labels)

    # Scans.

    def add_scan(
        self, scan: Scan, key: str, progress: Progress, *, patient: str = "", keep_pixels: bool | None = None
    ) -> ScanRecord:
        """Take a scan in; one that is there already is returned as it is.

        `patient` names whose it is where the file does not. Pixels are kept unless the scan is a slide, or as
        `keep_pixels` says.
        """
        if not KEY.fullmatch(key):
            raise DatasetProblem(f"scan key {key!r} cannot be a folder's name", self.folder)
        if self.has(key):
            return self._known(key, scan)
        group_key = groups.load_key(self.folder, self._manifest.group_check)
        keep = scan.info.kind != "slide" if keep_pixels is None else keep_pixels
        taken = take_in(scan, key, patient, group_key, self._manifest.shares, progress, keep_pixels=keep)
        with self._mutex, self._store.locked():
            if not self.has(key):
                drawn = self._catalogue.split_of(taken.record.group) or taken.record.split
                files = {f"scans/{key}/{name}": data for name, data in taken.files(drawn).items()}
                self._store.commit("", "scan added", files, scan=key, split=drawn)
        return self._known(key, scan)

    def has(self, key: str) -> bool:
        """Whether a scan is in the dataset."""
        with self._mutex:
            return KEY.fullmatch(key) is not None and self._catalogue.has(key)

    def find(self, name: str) -> str:
        """The key of the scan whose key is `name` or begins with it; a problem where there is none or several."""
        keys = [record.key for record in self.records() if record.key == name or record.key.startswith(name)]
        if name in keys:
            return name
        if len(keys) != 1:
            what = f"holds no scan {name!r}" if not keys else f"holds {len(keys)} scans that begin with {name!r}"
            raise DatasetProblem(what, self.folder, "Give the scan's whole key")
        return keys[0]

    def records(self) -> tuple[ScanRecord, ...]:
        """All scans, in the order they were added; from the index, so cheap.

        A scan with a damaged file has a `problem`; one whose `scan.json` cannot be read is in `problems` only.
        """
        with self._mutex:
            self._catalogue.refresh()
            edited = self._journals.edited()
            found = [_summary(entry, edited.get(key, [])) for key, entry in self._catalogue.all_entries().items()]
        return tuple(sorted((r for r in found if r is not None), key=lambda r: (r.added.timestamp(), r.key)))

    def listed(self) -> tuple[Listed, ...]:
        """All scans as a list shows them, in the order they were added, as last looked at; cheap for very many."""
        with self._mutex:
            found = self._catalogue.listed
            found |= self._edited(found)
        return in_order(found.values())

    def look_again(self, progress: Progress | None = None) -> tuple[tuple[Listed, ...], frozenset[str]]:
        """Notice what other programs did: what a list says of scans that changed or came, and keys of those gone.

        Looks at every scan's folder from outside first, and only then keeps other threads waiting.
        """
        if not self._catalogue.is_whole:
            return (), frozenset()
        touched, gone = self._catalogue.touched(progress)
        changed = self._take_in(touched, gone)
        if not changed:
            return (), gone
        return tuple(item for item in self.listed() if item.key in changed), gone

    def _edited(self, found: Mapping[str, Listed]) -> dict[str, Listed]:
        """What a list says otherwise of scans because of edits that are in no revision yet."""
        others: dict[str, Listed] = {}
        for key, journals in self._journals.edited().items():
            entry = self._catalogue.looked_at(key) if key in found else None
            record = _summary(entry, journals) if entry is not None else None
            if record is not None and record.state != found[key].state:
                others[key] = replace(found[key], state=record.state)
        return others

    def _take_in(
        self,
        keys: frozenset[str],
        gone: frozenset[str],
        progress: Progress | None = None,
        show: Callable[[tuple[Listed, ...]], None] | None = None,
    ) -> frozenset[str]:
        """Look into the folders of some scans, a part at a time, so that nobody waits long; keys of what changed."""
        wanted, changed = sorted(keys), set[str]()
        for start in range(0, max(len(wanted), 1), CHUNK):
            if progress is not None:
                progress.report(start, len(wanted), "Reading what the scans say")
            with self._mutex:
                part = self._catalogue.take_in(frozenset(wanted[start : start + CHUNK]), frozenset() if start else gone)
                said = self._catalogue.said_of(part)
            changed |= part
            if show is not None and said:
                show(said)
        return frozenset(changed)

    def trace(self, key: str) -> Trace:
        """What the files of a scan look like from outside: while it stays equal, nothing was said of the scan.

        Takes no lock and waits for nobody, so any thread may ask at any time.
        """
        return trace_of(self.folder, key)

    def problems(self) -> tuple[DatasetProblem, ...]:
        """What is wrong with files of scans, as far as it was seen without opening them all."""
        with self._mutex:
            return self._catalogue.problems()

    def record(self, key: str) -> ScanRecord:
        """One scan's record; raises what is wrong with any file of it."""
        with self._mutex:
            record = _summary(self._entry(key), self._journals.edited().get(key, []))
            assert record is not None
            return record

    def open_pixels(self, key: str, progress: Progress | None = None) -> Scan:
        """The scan: from the pixels the dataset keeps, or from where it lies when it is kept by reference.

        A moved scan is looked for near where it was; `SlideMissing` when it is not found (`place_scan`).
        """
        with self._mutex:
            entry = self._entry(key)
            record = entry.check()
        return kept_scan(entry) if record.pixels else self._references.open(record, progress or silent())

    def place_scan(self, key: str, path: Path, progress: Progress | None = None) -> None:
        """Say where a scan lies that is kept by reference; another scan is refused. A folder is looked through."""
        self._references.place(self.record(key), path.absolute(), progress or silent())

    # Within.

    def _known(self, key: str, scan: Scan) -> ScanRecord:
        """A scan's record; where it lies is remembered when only a reference is kept."""
        record = self.record(key)
        if not record.pixels:
            self._references.remember(key, scan.info.sources)
        return record

    def _entry(self, key: str) -> Entry:
        if not KEY.fullmatch(key):
            raise DatasetProblem(f"scan key {key!r} cannot be a folder's name", self.folder)
        return self._catalogue.entry(key)


def _summary(entry: Entry, journals: Iterable[str]) -> ScanRecord | None:
    """A scan's record with its state; edits that are in no revision make it one in progress."""
    covered = {name for revision in entry.revisions.values() for name, _number in revision.covers}
    return entry.summary(is_edited=not covered.issuperset(journals))
