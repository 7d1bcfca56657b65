"""Who a scan is, by its content: the same files give the same key wherever they lie."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from imaging.errors import ScanProblem
from imaging.progress import Progress, silent
from imaging.scan import Scan

WHOLE_UP_TO = 2 << 30
"""Files up to this many bytes are read whole; of larger ones a bounded sample stands for the content."""
SLIDE_WHOLE_UP_TO = 128 << 20
"""The same for slides, of which nothing else is ever read whole: opening one must not wait for its checksum."""
_BLOCK = 1 << 20
_SAMPLES, _SAMPLE = 64, 256 << 10
_SAMPLED = "sampled-"
_REMEMBERED = 100_000

_known: OrderedDict[tuple[str, int, int, bool], str] = OrderedDict()
_known_lock = threading.Lock()


def scan_key(scan: Scan, progress: Progress | None = None) -> str:
    """32 hexadecimal digits: SHA-256 over the sorted digests of the scan's source files.

    Neither names nor places of the files matter, nor their order. Raises `ScanProblem`.
    """
    digests = sorted(source_digests(scan, progress).values())
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:32]


def source_digests(scan: Scan, progress: Progress | None = None) -> dict[Path, str]:
    """The digest of each source file, as `file_digest` gives it."""
    progress = progress or silent()
    paths = list(dict.fromkeys(scan.info.sources))
    found: dict[Path, str] = {}
    bound = SLIDE_WHOLE_UP_TO if scan.info.kind == "slide" else WHOLE_UP_TO

    def digest_of(path: Path) -> str:
        return file_digest(path, progress, bound)

    with ThreadPoolExecutor(2) as threads:
        for path, digest in zip(paths, threads.map(digest_of, paths), strict=True):
            found[path] = digest
            progress.report(len(found), len(paths), "checksums")
    return found


def file_digest(path: Path, progress: Progress | None = None, whole_up_to: int | None = None) -> str:
    """SHA-256 of a file's bytes in hexadecimal; remembered while the file does not change.

    Of files over `whole_up_to` bytes (2 GiB where nothing is said): `sampled-` and the SHA-256 of the size, of the
    first and last MiB, and of 64 blocks of 256 KiB spread evenly between: 18 MiB are read of a slide of any size.
    """
    bound = WHOLE_UP_TO if whole_up_to is None else whole_up_to
    progress = progress or silent()
    try:
        stat = path.stat()
        sampled = stat.st_size > bound
        key = (str(path), stat.st_mtime_ns, stat.st_size, sampled)
        with _known_lock:
            if key in _known:
                return _known[key]
        digest = _sampled(path, stat.st_size, progress) if sampled else _whole(path, progress)
    except OSError as error:
        raise ScanProblem(f"cannot be read ({error.strerror or error})", path) from error
    with _known_lock:
        _known[key] = digest
        if len(_known) > _REMEMBERED:
            _known.popitem(last=False)
    return digest


def has_digest(path: Path, digest: str, progress: Progress | None = None) -> bool:
    """Whether a file has the content of a digest, whole or sampled as the digest says. Raises `ScanProblem`."""
    return file_digest(path, progress, 0 if digest.startswith(_SAMPLED) else sys.maxsize) == digest


def _whole(path: Path, progress: Progress) -> str:
    """SHA-256 of all bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            progress.check()
            digest.update(block)
    return digest.hexdigest()


def _sampled(path: Path, size: int, progress: Progress) -> str:
    """SHA-256 of the size, of both ends, and of evenly spread blocks."""
    digest = hashlib.sha256(str(size).encode())
    places = [((size - _SAMPLE) * index // (_SAMPLES - 1), _SAMPLE) for index in range(_SAMPLES)]
    with path.open("rb") as stream:
        for place, length in ((0, _BLOCK), (max(0, size - _BLOCK), _BLOCK), *places):
            progress.check()
            stream.seek(max(0, place))
            digest.update(stream.read(length))
    return _SAMPLED + digest.hexdigest()
