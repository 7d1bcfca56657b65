"""Who a scan is, by its content: the same files give the same key wherever they lie."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from imaging.errors import ScanProblem
from imaging.progress import Progress, silent
from imaging.scan import Scan

WHOLE_UP_TO = 2 << 30
"""Files up to this many bytes are read whole; of larger ones a bounded sample stands for the content."""
_BLOCK = 1 << 20
_SAMPLES = 256
_REMEMBERED = 100_000

_known: OrderedDict[tuple[str, int, int], str] = OrderedDict()
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
    with ThreadPoolExecutor(2) as threads:
        for path, digest in zip(paths, threads.map(file_digest, paths, [progress] * len(paths)), strict=True):
            found[path] = digest
            progress.report(len(found), len(paths), "checksums")
    return found


def file_digest(path: Path, progress: Progress | None = None) -> str:
    """SHA-256 of a file's bytes in hexadecimal; remembered while the file does not change.

    Of files over 2 GiB: `sampled-` and the SHA-256 of the size and of 256 blocks of 1 MiB spread evenly
    from the first to the last byte, so that a slide of 20 GB has its key in about a second.
    """
    progress = progress or silent()
    try:
        stat = path.stat()
        key = (str(path), stat.st_mtime_ns, stat.st_size)
        with _known_lock:
            if key in _known:
                return _known[key]
        digest = _sampled(path, stat.st_size, progress) if stat.st_size > WHOLE_UP_TO else _whole(path, progress)
    except OSError as error:
        raise ScanProblem(f"cannot be read ({error.strerror or error})", path) from error
    with _known_lock:
        _known[key] = digest
        if len(_known) > _REMEMBERED:
            _known.popitem(last=False)
    return digest


def _whole(path: Path, progress: Progress) -> str:
    """SHA-256 of all bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            progress.check()
            digest.update(block)
    return digest.hexdigest()


def _sampled(path: Path, size: int, progress: Progress) -> str:
    """SHA-256 of the size and of evenly spread blocks."""
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as stream:
        for index in range(_SAMPLES):
            progress.check()
            stream.seek((size - _BLOCK) * index // (_SAMPLES - 1))
            digest.update(stream.read(_BLOCK))
    return f"sampled-{digest.hexdigest()}"
