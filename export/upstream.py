"""Finding the place upstream that a URL names."""

from __future__ import annotations

from export.destination import Destination, DestinationKind, SyncProblem
from imaging.plugins import gather


def connect(url: str, endpoint: str = "") -> Destination:
    """The destination of a URL or folder path."""
    from export import destinations

    kinds = gather(destinations, DestinationKind)
    for kind in kinds:
        if kind.accepts(url):
            return kind.connect(url, endpoint)
    raise SyncProblem("is no place to sync to", url, f"Use one like {', '.join(kind.example for kind in kinds)}")
