"""Refuse what memory cannot hold, before anything is allocated."""

from __future__ import annotations

import os
from contextlib import suppress

from imaging.errors import ScanProblem

_SHARE = 0.8
_GIB = 2**30
_TILES_SHARE = 12
"""Reading slides gets one part in so many of the machine's memory, unless a person chose otherwise."""
_LEAST_TILES, _MOST_TILES = 256, 2048
"""MiB."""


def free_bytes() -> int:
    """Bytes this process may still take, by the machine's and the container's own account."""
    import psutil

    return int(psutil.virtual_memory().available)


def whole_bytes() -> int:
    """Bytes of memory the machine has."""
    with suppress(AttributeError, ValueError, OSError):  # Windows has no such question
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    import psutil

    return int(psutil.virtual_memory().total)


def usual_slide_memory(whole: int | None = None) -> int:
    """MiB for reading slides where nobody chose: a twelfth of the machine's memory, 256 at least, 2048 at most."""
    share = (whole_bytes() if whole is None else whole) // _TILES_SHARE // 2**20
    return min(max(share, _LEAST_TILES), _MOST_TILES)


def require_memory(needed: int, where: object, what: str = "its pixels") -> None:
    """Raise `ScanProblem` with both figures when `needed` bytes are more than four fifths of what is free."""
    free = free_bytes()
    if needed > free * _SHARE:
        raise ScanProblem(
            f"needs {needed / _GIB:.1f} GiB of memory for {what}, {free / _GIB:.1f} GiB are free",
            where,
            "Close other scans, or use a machine with more memory",
        )
