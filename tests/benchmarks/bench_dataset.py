"""W8: keeping. A journal line and a revision with a mask, against bare durable writes of the same bytes.

Bounds, alternating with ours in the same run: for an edit, one append and one fsync of the same line; for a revision,
the same bytes written durably in one file (file fsynced, renamed, folder fsynced). Peer: an SQLite commit (WAL,
synchronous FULL) of the same bytes. Also, without bounds: edits on a document of 100,000 marks, and opening a
dataset of many scans with and without its index. Prints medians and ratios of medians.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Annotation, Box
from dataset.document import Document, Edit, Snapshot
from dataset.folder import Dataset
from dataset.mask import mask_of_plane
from imaging.geometry import Plane
from imaging.progress import silent
from tests.dataset.scans import LABELS, WHEN, annotation, picture


def milliseconds(work: Callable[[], object]) -> float:
    """How long a piece of work takes."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def atomic_write(path: Path, data: bytes) -> None:
    """The least a durable save takes: write, fsync, rename, fsync the folder."""
    part = path.with_suffix(".tmp")
    with part.open("wb", buffering=0) as file:
        file.write(data)
        os.fsync(file.fileno())
    part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def told(name: str, ours: list[float], bound: list[float], peer: list[float]) -> None:
    """Print medians and ratios."""
    a, b, c = (statistics.median(times) for times in (ours, bound, peer))
    print(f"{name:28} ours {a:6.2f} ms   bound {b:6.2f} ms   ratio {a / b:4.2f}   sqlite {c / b:4.2f}")


def sqlite_commit(base: sqlite3.Connection, data: bytes) -> None:
    """One durable transaction."""
    base.execute("INSERT INTO kept VALUES (?)", (data,))
    base.commit()


def blobs(width: int) -> NDArray[np.bool_]:
    """A plane with sixty discs, as lesions and cells are."""
    random = np.random.default_rng(1)
    rows, columns = np.mgrid[:width, :width]
    bits = np.zeros((width, width), np.bool_)
    for x, y, radius in random.integers((0, 0, 5), (width, width, 40), (60, 3)):
        bits |= (columns - x) ** 2 + (rows - y) ** 2 < radius**2
    return bits


def keep_edits(root: Path, rounds: int) -> None:
    """A journal line: a box moved, and a stroke on a painted mask."""
    dataset = Dataset.create(root / "set", LABELS)
    dataset.add_scan(picture(np.zeros((1, 512, 512), np.uint8)), "k", silent())
    base = sqlite3.connect(root / "peer.sqlite")
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("PRAGMA synchronous = FULL")
    base.execute("CREATE TABLE kept (data BLOB)")
    painted = mask_of_plane(blobs(512), 0)
    box, mask = annotation(), annotation(painted)
    stamp = np.hypot(*np.mgrid[-20:20, -20:20]) < 20
    dataset.keep("k", Edit("Paint", put=(mask,)))
    bare = os.open(root / "bare", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    (journal,) = (dataset.folder / "journal").glob("*.jsonl")
    for name in ("edit: a box moved", "edit: a 40-pixel stroke"):
        ours, bound, peer = list[float](), list[float](), list[float]()
        for number in range(rounds):
            if "box" in name:
                edit = Edit("Move", put=(replace(box, geometry=Box(Plane(), number, 1.0, 20.0, 30.0)),))
            else:
                x, y = 40 + number * 13 % 400, 40 + number * 29 % 400
                painted = painted.painted(0, x, y, stamp, value=number % 2 == 0)
                edit = Edit("Stroke", put=(replace(mask, geometry=painted),))
            before = journal.stat().st_size
            ours.append(milliseconds(lambda edit=edit: dataset.keep("k", edit)))
            line = os.urandom(journal.stat().st_size - before)
            bound.append(milliseconds(lambda line=line: (os.write(bare, line), os.fsync(bare))))
            peer.append(milliseconds(lambda line=line: sqlite_commit(base, line)))
        told(name, ours, bound, peer)
    save_revisions(dataset, base, Snapshot((box, replace(mask, geometry=painted))), root, rounds)
    dataset.close()
    base.close()


def save_revisions(dataset: Dataset, peer_base: sqlite3.Connection, state: Snapshot, root: Path, rounds: int) -> None:
    """A revision with a mask of 512 × 512."""
    ours, bound, peer = list[float](), list[float](), list[float]()
    folder = dataset.folder / "scans" / "k" / "revisions"
    base = ""
    for number in range(rounds):

        def save(base: str = base) -> str:
            return dataset.save_revision("k", state, author="ana", base=base).id

        start = time.perf_counter()
        base = save()
        ours.append((time.perf_counter() - start) * 1000)
        data = b"".join(path.read_bytes() for path in folder.glob(f"{base}*"))
        bound.append(milliseconds(lambda data=data, number=number: atomic_write(root / f"bare{number}", data)))
        peer.append(milliseconds(lambda data=data: sqlite_commit(peer_base, data)))
    told("revision with a mask", ours, bound, peer)


def edit_many(count: int) -> None:
    """Edits on a large document."""
    marks = [Annotation(str(n), "disc", Box(Plane(), n, n, 1, 1), "m", WHEN, origin=f"p{n}") for n in range(count)]
    document = Document(Snapshot(tuple(marks)))
    singles = [Edit("Relabel", put=(replace(mark, label="b"),)) for mark in marks[:2000]]
    one = milliseconds(lambda: [document.commit(edit) for edit in singles]) / len(singles)
    everything = Edit("Relabel all", put=tuple(replace(mark, label="c") for mark in marks))
    relabel = statistics.median(milliseconds(lambda: document.commit(everything)) for _ in range(5))
    undo = milliseconds(document.undo)
    print(f"document of {count} marks       one edit {one:.4f} ms   relabel all {relabel:.0f} ms   undo {undo:.0f} ms")


def open_many(root: Path, count: int) -> None:
    """Open a dataset of many scans, with its index and without."""
    with mock.patch("os.fsync"):
        dataset = Dataset.create(root / "many", LABELS)
        dataset.add_scan(picture(), "scan0", silent())
        dataset.save_revision("scan0", Snapshot((annotation(),)), author="ana")
        dataset.close()
        first = dataset.folder / "scans" / "scan0"
        for number in range(1, count):
            folder = first.with_name(f"scan{number}")
            shutil.copytree(first, folder)
            for path in (folder / "scan.json", *(folder / "revisions").glob("*.json")):
                path.write_text(path.read_text().replace('"scan0"', f'"scan{number}"'))
        time.sleep(0.3)
        without = milliseconds(lambda: Dataset.open(dataset.folder).records())
        with_index = milliseconds(lambda: Dataset.open(dataset.folder).records())
    print(f"open a dataset of {count} scans  {with_index:.0f} ms   without its index {without:.0f} ms")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--scans", type=int, default=2000)
    parser.add_argument("--folder", type=Path, help="where to write (a folder on the disk to be measured)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        keep_edits(Path(name), arguments.rounds)
        edit_many(100_000)
        open_many(Path(name), arguments.scans)


if __name__ == "__main__":
    main()
