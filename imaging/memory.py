"""Refuse what memory cannot hold, before anything is allocated."""

from __future__ import annotations

from imaging.errors import ScanProblem

_SHARE = 0.8
_GIB = 2**30


def free_bytes() -> int:
    """Bytes this process may still take, by the machine's and the container's own account."""
    import psutil

    return int(psutil.virtual_memory().available)


def require_memory(needed: int, where: object, what: str = "its pixels") -> None:
    """Raise `ScanProblem` with both figures when `needed` bytes are more than four fifths of what is free."""
    free = free_bytes()
    if needed > free * _SHARE:
        raise ScanProblem(
            f"needs {needed / _GIB:.1f} GiB of memory for {what}, {free / _GIB:.1f} GiB are free",
            where,
            "Close other scans, or use a machine with more memory",
        )
