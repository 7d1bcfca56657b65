"""The journal: edits are on the disk when said to be, and come back exactly; torn and damaged lines do not."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Annotation
from dataset.document import Document, Edit, Snapshot
from dataset.errors import DatasetProblem
from dataset.journal import Journal, read_journal
from dataset.mask import Mask, mask_of_plane
from tests.dataset.scans import annotation
from tests.dataset.strategies import masks, some_annotations

IDS = ["a", "b", "c"]
marks = st.builds(lambda mark, identity: replace(mark, id=identity), some_annotations(), st.sampled_from(IDS))
edits = st.builds(
    Edit,
    st.text(max_size=5),
    st.lists(marks, max_size=2).map(tuple),
    st.lists(st.sampled_from(IDS), max_size=2).map(tuple),
    st.lists(st.sampled_from("pq"), max_size=2).map(tuple),
    st.lists(st.sampled_from("pq"), max_size=2).map(tuple),
)


@given(st.lists(st.one_of(edits, st.sampled_from(["undo", "redo"])), max_size=8))
def test_replaying_a_journal_restores_the_document(
    tmp_path_factory: pytest.TempPathFactory, steps: Sequence[Edit | str]
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j.jsonl"
    journal, document = Journal(path, "k", "ana"), Document()
    kept: list[Edit] = []
    for step in steps:
        change = document.commit(step) if isinstance(step, Edit) else getattr(document, step)()
        if change is not None:
            kept.append(change.edit)
            assert journal.append(change.edit) == len(kept)
    journal.close()
    text = read_journal(path) if kept else None
    assert (text.edits if text else ()) == tuple(kept)
    replayed = Document()
    for edit in text.edits if text else ():
        replayed.commit(edit)
    same = {a.id: a for a in document.annotations}
    assert {a.id: a for a in replayed.annotations} == same
    assert replayed.rejected == document.rejected


def stroke_edits(count: int) -> list[Edit]:
    """A mask that grows by a stroke with each edit."""
    mark = annotation(mask_of_plane(np.random.default_rng(3).random((2000, 2000)) < 0.5, 0))
    found = [Edit("Paint", put=(mark,))]
    for number in range(count):
        assert isinstance(mark.geometry, Mask)
        stamp = np.ones((20, 20), np.bool_)
        mark = replace(mark, geometry=mark.geometry.painted(0, 30 * number, 40, stamp, value=number % 2 == 0))
        found.append(Edit("Stroke", put=(mark,)))
    return found


def test_a_stroke_writes_only_the_tiles_it_changed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl", "k", "ana")
    first, *strokes = stroke_edits(10)
    journal.append(first)
    whole = (tmp_path / "j.jsonl").stat().st_size
    for stroke in strokes:
        journal.append(stroke)
    journal.close()
    each = ((tmp_path / "j.jsonl").stat().st_size - whole) / len(strokes)
    assert each < whole / 20
    text = read_journal(tmp_path / "j.jsonl")
    assert text is not None
    assert text.edits == (first, *strokes)


def test_erased_tiles_are_erased_after_a_replay(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl", "k", "ana")
    full = mask_of_plane(np.ones((600, 600), np.bool_), 0)
    mark = annotation(full)
    erased = replace(mark, geometry=full.painted(0, 0, 0, np.ones((600, 300), np.bool_), value=False))
    other_axis = replace(mark, geometry=mask_of_plane(np.ones((3, 3), np.bool_), 0, axis=1))
    kept = [
        Edit("1", put=(mark,)),
        Edit("2", put=(erased,)),
        Edit("3", put=(other_axis,)),
        Edit("4", remove=(mark.id,)),
    ]
    kept.append(Edit("5", put=(mark,)))
    for edit in kept:
        journal.append(edit)
    journal.close()
    text = read_journal(tmp_path / "j.jsonl")
    assert text is not None
    assert text.edits == tuple(kept)
    assert (text.scan, text.author, text.is_damaged) == ("k", "ana", False)


def written(path: Path, count: int = 3) -> list[Edit]:
    """A journal of some edits."""
    journal = Journal(path, "k", "ana")
    kept = [Edit(str(number), put=(annotation(),)) for number in range(count)]
    for edit in kept:
        journal.append(edit)
    journal.close()
    return kept


def test_a_line_cut_short_anywhere_loses_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    kept = written(path)
    data = path.read_bytes()
    ends = [i for i, byte in enumerate(data) if byte == 10]
    for cut in range(0, len(data) + 1, 7):
        path.write_bytes(data[:cut])
        text = read_journal(path)
        whole = sum(end < cut for end in ends)
        if whole == 0:
            assert text is None
        else:
            assert text is not None
            assert text.edits == tuple(kept[: whole - 1])
            assert not text.is_damaged


def test_a_changed_line_ends_what_can_be_replayed_and_is_said(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    kept = written(path)
    lines = path.read_bytes().split(b"\n")
    lines[2] = lines[2].replace(b"disc", b"disk")
    path.write_bytes(b"\n".join(lines))
    text = read_journal(path)
    assert text is not None
    assert (text.edits, text.is_damaged) == (tuple(kept[:1]), True)


class FailingDisk:
    """A disk that is full when told to be, in the middle of a line."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        self.truncates = True
        self._write, self._fsync, self._truncate = os.write, os.fsync, os.ftruncate
        monkeypatch.setattr(os, "write", self.write)
        monkeypatch.setattr(os, "fsync", self.fsync)
        monkeypatch.setattr(os, "ftruncate", self.truncate)

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        if self.is_full:
            self._write(descriptor, bytes(data)[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._fsync(descriptor)

    def truncate(self, descriptor: int, length: int) -> None:
        if not self.truncates:
            raise OSError(errno.EIO, "Input/output error")
        self._truncate(descriptor, length)


def test_a_full_disk_keeps_the_lines_before_and_the_next_try_follows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FailingDisk(monkeypatch)
    journal = Journal(tmp_path / "j.jsonl", "k", "ana")
    first, second = (Edit(n, put=(annotation(),)) for n in "12")
    disk.is_full = True
    with pytest.raises(DatasetProblem, match="no room left"):
        journal.append(first)
    assert not (tmp_path / "j.jsonl").exists()
    disk.is_full = False
    journal.append(first)
    disk.is_full = True
    with pytest.raises(DatasetProblem, match="no room left"):
        journal.append(second)
    disk.is_full = False
    assert journal.append(second) == 2
    journal.close()
    text = read_journal(tmp_path / "j.jsonl")
    assert text is not None
    assert (text.edits, text.is_damaged) == ((first, second), False)


def test_a_line_that_cannot_be_taken_back_ends_its_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FailingDisk(monkeypatch)
    journal = Journal(tmp_path / "j.jsonl", "k", "ana")
    kept = Edit("1", put=(annotation(),))
    journal.append(kept)
    disk.is_full, disk.truncates = True, False
    with pytest.raises(DatasetProblem):
        journal.append(Edit("2", put=(annotation(),)))
    assert journal.is_broken
    journal.close()
    text = read_journal(tmp_path / "j.jsonl")
    assert text is not None
    assert (text.edits, text.is_damaged) == ((kept,), False)


@pytest.mark.parametrize(
    "mask",
    [
        '{"axis":4,"set":[]}',
        '{"axis":0,"on":true,"set":[]}',
        '{"axis":0,"set":[[0,0,0,0,0,3,3]]}',
        '{"axis":0,"set":[[0,0,0,0,0,300,3,"p"]]}',
        '{"axis":0,"set":[[0,0,0,0,0,0,3,"p"]]}',
        '{"axis":0,"set":[[0,0,0,0,0,3,3,"p!!"]]}',
        '{"axis":0,"set":[[0,0,0,0,0,3,3,"z//g="]]}',
        '{"axis":0,"set":[[0,0,0,0,0,3,3,"p"]]}',
        '{"axis":0,"set":[[0,"x",0,0,0,3,3,"p//g="]]}',
        '{"axis":0,"set":[[0,true,0,0,0,3,3,"p//g="]]}',
        '{"axis":0,"set":{}}',
    ],
)
def test_masks_that_are_none_are_refused_in_one_line(tmp_path: Path, mask: str) -> None:
    import zlib

    head = b'{"journal":1,"scan":"k","author":"a","started":"2026-01-01T00:00:00+00:00"}'
    mark = '{"id":"a","label":"l","author":"x","created":"2026-01-01T00:00:00+00:00","mask":' + mask + "}"
    body = ('{"title":"t","put":[' + mark + "]}").encode()
    lines = [b'{"c":"%08x","e":%b}\n' % (zlib.crc32(part), part) for part in (head, body)]
    path = tmp_path / "j.jsonl"
    path.write_bytes(b"".join(lines))
    with pytest.raises(DatasetProblem, match="is damaged") as caught:
        read_journal(path)
    assert "\n" not in str(caught.value)


@given(st.lists(masks(), min_size=1, max_size=4))
def test_masks_that_follow_each_other_come_back(tmp_path_factory: pytest.TempPathFactory, found: list[Mask]) -> None:
    path = tmp_path_factory.mktemp("journal") / "j.jsonl"
    journal = Journal(path, "k", "ana")
    mark: Annotation = annotation()
    kept = [Edit("Paint", put=(replace(mark, geometry=mask),)) for mask in found]
    for edit in kept:
        journal.append(edit)
    journal.close()
    text = read_journal(path)
    assert text is not None
    assert text.edits == tuple(kept)
    assert Document(Snapshot(text.edits[-1].put)).annotations == kept[-1].put
