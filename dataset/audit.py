"""The audit chain: every line holds the hash of the line before, so that no line can change, go or move unseen.

Each line is one JSON object: who, when, what, from where, the sha256 of every file it wrote (`files`), `prev` (the
hash of the line before, empty in the first) and `hash` (of the line itself without that key, keys sorted).
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from dataset.annotation import now
from dataset.facts import Facts, Malformed


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the chain, as read."""

    who: str
    time: str
    what: str
    files: Mapping[str, str]
    """Relative path → sha256 of the files it wrote."""
    prev: str
    hash: str
    number: int
    """Its line number, from 1."""


def sha256(data: bytes) -> str:
    """The sha256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def line_of(who: str, what: str, files: Mapping[str, str], prev: str, facts: Mapping[str, str]) -> tuple[bytes, str]:
    """The next line of a chain, and its hash."""
    event: dict[str, object] = {**facts, "who": who, "what": what, "time": now().isoformat(), "from": platform.node()}
    event |= {"files": dict(files), "prev": prev}
    digest = _hash(event)
    return _canonical({**event, "hash": digest}) + b"\n", digest


def event_of(line: bytes, number: int) -> Event:
    """A line as an event; raises `Malformed` where it is none or its hash is not its own."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Malformed("it is no JSON") from error
    facts = Facts(value)
    event = cast("dict[str, object]", value)
    digest = facts.text("hash")
    if _hash({key: item for key, item in event.items() if key != "hash"}) != digest:
        raise Malformed("it was changed")
    files = facts.inner("files")
    named = {path: files.text(path) for path in cast("dict[str, object]", event["files"])}
    return Event(facts.text("who"), facts.text("time"), facts.text("what"), named, facts.text("prev"), digest, number)


def read_chain(data: bytes) -> Iterator[Event | str]:
    """The events of a whole chain in order, and a sentence for each thing that is wrong with it."""
    prev: str | None = ""
    lines = data.split(b"\n")
    for number, line in enumerate(lines[:-1], 1):
        try:
            event = event_of(line, number)
        except Malformed as error:
            yield f"line {number}: {error}"
            prev = None
            continue
        if prev is not None and event.prev != prev:
            yield f"line {number}: does not follow the line before; lines were removed, moved or put in"
        yield event
        prev = event.hash
    if lines[-1]:
        yield f"line {len(lines)}: was not written to its end"


def last_hash(data: bytes) -> str:
    """The hash that the next line has to name: that of the last line, or of its bytes where it cannot be read."""
    line = data.rstrip(b"\n").rpartition(b"\n")[2]
    if not line:
        return ""
    try:
        return event_of(line, 0).hash
    except Malformed:
        return sha256(line)


def _hash(event: Mapping[str, object]) -> str:
    return sha256(_canonical(event))


def _canonical(event: Mapping[str, object]) -> bytes:
    return json.dumps(event, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
