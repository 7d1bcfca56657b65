"""The manifest upstream: what the dataset consists of there. It is written last, so what it names is complete."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from export.destination import SyncProblem

NAME = "manifest.json"
FORMAT = 1
MOST_BYTES = 2**30


@dataclass(frozen=True, slots=True)
class Entry:
    """One object: its bytes, and the tag it got upstream when they were sent."""

    size: int
    sha256: str
    tag: str


def manifest_bytes(dataset: str, entries: Mapping[str, Entry]) -> bytes:
    """The manifest as JSON, one object per line, sorted, so that equal contents are equal bytes."""
    lines = (
        json.dumps({"path": path, "size": e.size, "sha256": e.sha256, "tag": e.tag}, ensure_ascii=False)
        for path, e in sorted(entries.items())
    )
    head = f'{{"format": {FORMAT}, "dataset": {json.dumps(dataset)}, "objects": [\n'
    return (head + ",\n".join(lines) + "\n]}\n").encode()


def read_manifest(data: bytes, where: str, dataset: str) -> dict[str, Entry]:
    """The entries of a manifest; refuses one of another dataset or of a newer program."""
    advice = "Move it away there; the next sync sends everything again"
    try:
        whole = json.loads(data)
        number, owner = int(whole["format"]), str(whole["dataset"])
    except (ValueError, KeyError, TypeError) as error:
        raise SyncProblem(f"holds a {NAME} that cannot be read", where, advice) from error
    if number > FORMAT:
        raise SyncProblem(f"was synced by a newer program (manifest format {number})", where, "Update Overread")
    if owner != dataset:
        raise SyncProblem("holds another dataset already", where, "Give each dataset a folder or prefix of its own")
    try:
        return {str(o["path"]): Entry(int(o["size"]), str(o["sha256"]), str(o["tag"])) for o in whole["objects"]}
    except (ValueError, KeyError, TypeError) as error:
        raise SyncProblem(f"holds a {NAME} that cannot be read", where, advice) from error
