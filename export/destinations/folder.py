"""Sync to a folder: another disk, a share, a mounted drive."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from export.destination import Destination, Stored, SyncProblem, Upload

BLOCK = 2**20


class FolderDestination:
    """A folder upstream; each file appears there under its name only when it is complete and read back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def where(self) -> str:
        """The folder's path."""
        return str(self._folder)

    def listing(self) -> Mapping[str, Stored]:
        """Every file below the folder except hidden ones (unfinished copies are hidden)."""
        found: dict[str, Stored] = {}
        waiting = [self._folder] if self._folder.exists() else []
        try:
            while waiting:
                for entry in os.scandir(waiting.pop()):
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    elif entry.is_file(follow_symlinks=False):
                        path = Path(entry.path).relative_to(self._folder).as_posix()
                        found[path] = _stored(entry.stat())
        except OSError as error:
            raise self._problem(error) from error
        return found

    def blocks(self, path: str) -> Iterator[bytes]:
        """The bytes of one file."""
        try:
            with self._place(path).open("rb") as source:
                while block := source.read(BLOCK):
                    yield block
        except OSError as error:
            raise self._problem(error) from error

    def put(self, upload: Upload) -> str:
        """Write beside the place, read it back, then rename."""
        place = self._place(upload.path)
        unfinished = place.with_name(f".{place.name[:100]}.{secrets.token_hex(6)}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                sent = _write(unfinished, upload.blocks())
                if _digest(unfinished) != sent:
                    raise SyncProblem("did not keep what was written", str(place), "Check that disk")
                unfinished.replace(place)
                _sync_folder(place.parent)
            finally:
                unfinished.unlink(missing_ok=True)
            return _stored(place.stat()).tag
        except OSError as error:
            raise self._problem(error) from error

    def _place(self, path: str) -> Path:
        parts = path.split("/")
        if any(part in ("", ".", "..") for part in parts) or Path(path).is_absolute() or "\\" in path:
            raise SyncProblem(f"holds an object outside its folder ({path[:80]!r})", self.where)
        return self._folder.joinpath(*parts)

    def _problem(self, error: OSError) -> SyncProblem:
        place = error.filename if isinstance(error.filename, str) else self.where
        return SyncProblem(f"could not be used ({error.strerror or error})", place, "Nothing is lost; sync again")


class FolderKind:
    """Folders, as a path or as file://…."""

    name = "folder"
    title = "A folder"
    example = "/mnt/share/dataset"

    def accepts(self, url: str) -> bool:
        """Paths and file URLs; a single letter before `:` is a Windows drive."""
        return "://" not in url or url.lower().startswith("file://")

    def connect(self, url: str, endpoint: str) -> Destination:
        """The folder, which need not exist yet; what lies above it must."""
        if endpoint:
            raise SyncProblem("is a folder and has no endpoint", url, "Leave --endpoint away")
        folder = _path_of(url)
        if folder.exists() and not folder.is_dir():
            raise SyncProblem("is a file, not a folder", str(folder), "Name a folder")
        if not folder.exists() and not folder.parent.is_dir():
            raise SyncProblem("does not exist, nor the folder above it", str(folder), "Is the disk connected?")
        return FolderDestination(folder.absolute())


def _path_of(url: str) -> Path:
    if not url.lower().startswith("file://"):
        return Path(url).expanduser()
    path = unquote(urlsplit(url).path)
    # file:///C:/data is /C:/data to a URL parser.
    return Path(path[1:] if os.name == "nt" and path[2:3] == ":" else path)


def _write(place: Path, blocks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    with place.open("xb") as target:
        for block in blocks:
            target.write(block)
            digest.update(block)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


def _digest(place: Path) -> str:
    with place.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; Windows has no such call."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _stored(stat: os.stat_result) -> Stored:
    return Stored(stat.st_size, f"{stat.st_size}-{stat.st_mtime_ns}")


PLUGIN = FolderKind()
