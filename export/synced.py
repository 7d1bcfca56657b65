"""What this computer remembers of a sync: digests of files it has read, and what it sent.

A line is appended when an object has arrived, so a sync that was cut off goes on where it was. Losing the file
costs time only.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True, slots=True)
class Remembered:
    """A file as it was when it was sent: size, time of change, SHA-256, and the tag it got upstream."""

    size: int
    changed_ns: int
    sha256: str
    tag: str


def memory_place(folder: Path, where: str) -> Path:
    """Where this computer remembers a sync: outside the dataset, which may be read-only or shared."""
    import hashlib

    from platformdirs import user_state_path

    key = hashlib.sha256(f"{folder.resolve()}\n{where}".encode()).hexdigest()[:20]
    return user_state_path("overread", appauthor=False) / "sync" / f"{key}.jsonl"


class SyncMemory:
    """The remembered files of one dataset folder and one place upstream. Safe from any thread."""

    def __init__(self, place: Path | None) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._lines: IO[str] | None = None
        self.files: dict[str, Remembered] = {}
        self.manifest_tag = ""
        """The tag of the manifest upstream that names all of `files`; empty when something was sent after it."""
        if place is not None:
            self._load(place)

    def add(self, path: str, file: Remembered) -> None:
        """Remember one file that has arrived, at once."""
        with self._lock:
            self.files[path] = file
            self.manifest_tag = ""
            self._append(_line(path, file))

    def finish(self, files: Mapping[str, Remembered], manifest_tag: str) -> None:
        """Keep exactly these files, under this manifest."""
        self.close()
        with self._lock:
            if (self.files, self.manifest_tag) == (files, manifest_tag):
                return
            self.files, self.manifest_tag = dict(files), manifest_tag
            lines = [_line(path, file) for path, file in files.items()]
            self._replace("\n".join([*lines, json.dumps({"manifest": manifest_tag})]) + "\n")

    def close(self) -> None:
        """Let go of the file; what was added is in it."""
        with self._lock:
            if self._lines is not None:
                self._lines.close()
                self._lines = None

    def _load(self, place: Path) -> None:
        try:
            lines = place.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return
        for line in lines:
            try:
                found = json.loads(line)
                if "manifest" in found:
                    self.manifest_tag = str(found["manifest"])
                    continue
                path = str(found["path"])
                size, changed = int(found["size"]), int(found["changed_ns"])
                self.files[path] = Remembered(size, changed, str(found["sha256"]), str(found["tag"]))
                self.manifest_tag = ""
            except (ValueError, KeyError, TypeError):
                continue  # the last line of a sync that was killed

    def _append(self, line: str) -> None:
        if self._place is None:
            return
        try:
            if self._lines is None:
                self._place.parent.mkdir(parents=True, exist_ok=True)
                # The newline first ends a line that was cut short.
                self._lines = self._place.open("a", encoding="utf-8", buffering=1)
                self._lines.write("\n")
            self._lines.write(line + "\n")
        except OSError:
            self._place = None  # memory is a convenience; a full disk must not stop the sync

    def _replace(self, text: str) -> None:
        if self._place is None:
            return
        unfinished = self._place.with_suffix(".part")
        try:
            self._place.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(self._place)
        except OSError:
            self._place = None


def _line(path: str, file: Remembered) -> str:
    facts = {"path": path, "size": file.size, "changed_ns": file.changed_ns, "sha256": file.sha256, "tag": file.tag}
    return json.dumps(facts)
