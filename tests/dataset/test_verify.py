"""Verifying finds whatever was changed, taken away, put in or moved, and says it in a line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dataset.annotation import Box
from dataset.audit import line_of
from dataset.document import Edit, Snapshot
from dataset.errors import DatasetProblem
from dataset.folder import Dataset
from dataset.mask import mask_of_plane
from dataset.verify import verify_folder
from imaging.geometry import Plane
from imaging.progress import silent
from tests.dataset.scans import annotation, picture, prediction

MASK = mask_of_plane(np.ones((4, 5), np.bool_), 0, x=3, y=3)


@pytest.fixture
def folder(dataset: Dataset) -> Path:
    """A dataset with a bit of everything."""
    given = prediction("flat", MASK)
    dataset.save_prediction(given)
    base = dataset.save_revision("flat", Snapshot((annotation(MASK),)), author="ana", prediction=given.id)
    dataset.save_revision("flat", Snapshot((annotation(),)), author="bob", base=base.id)
    dataset.keep("deep", Edit("Draw", put=(annotation(),)))
    dataset.audit("ana", "looked")
    assert dataset.verify(silent()) == []
    return dataset.folder


def found(folder: Path) -> list[str]:
    return [str(finding) for finding in verify_folder(folder, silent()) if not finding.is_notice]


def only(folder: Path, pattern: str) -> Path:
    return min(folder.glob(pattern))


CHANGED = [
    "dataset.json", "labels.json", "scans/flat/scan.json", "scans/flat/pixels/scan.png", "scans/deep/pixels/scan.nrrd",
    "scans/flat/predictions/*.json", "scans/flat/predictions/*.png", "scans/flat/revisions/*.json",
    "scans/flat/revisions/*.png",
]  # fmt: skip


@pytest.mark.parametrize("pattern", CHANGED)
def test_a_changed_bit_is_found(folder: Path, pattern: str) -> None:
    path = only(folder, pattern)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    name = path.relative_to(folder).as_posix()
    assert f"{name}: was changed since it was written" in found(folder)


@pytest.mark.parametrize("pattern", CHANGED)
def test_a_missing_file_is_found(folder: Path, pattern: str) -> None:
    path = only(folder, pattern)
    if path.name == "dataset.json":
        path.rename(folder / "dataset.old")
    else:
        path.unlink()
    assert f"{path.relative_to(folder).as_posix()}: is missing" in found(folder)


def test_a_file_put_in_by_hand_is_found(folder: Path) -> None:
    path = only(folder, "scans/flat/revisions/*.json")
    shutil.copy(path, path.with_name("01ARZ3NDEKTSV4RRFFQ69G5FAV.json"))
    (folder / "scans" / "flat" / "note.txt").write_text("hello")
    assert "scans/flat/note.txt: is not in the audit chain" in found(folder)
    assert any("says it is" in line for line in found(folder))


LINES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "changed": lambda lines: [*lines[:2], lines[2].replace(b'"who":"', b'"who":"x'), *lines[3:]],
    "first gone": lambda lines: lines[1:],
    "middle gone": lambda lines: lines[:2] + lines[3:],
    "moved": lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
    "twice": lambda lines: [*lines[:3], lines[2], *lines[3:]],
    "no json": lambda lines: [*lines[:2], b"{", *lines[3:]],
    "put in": lambda lines: [*lines[:2], line_of("eve", "x", {}, "", {})[0].strip(), *lines[2:]],
    "files no texts": lambda lines: [*lines[:2], b'{"hash":"","files":[]}', *lines[3:]],
    "all gone": lambda _lines: [],
}


@pytest.mark.parametrize("change", LINES)
def test_a_chain_that_was_tampered_with_is_found(folder: Path, change: str) -> None:
    chain = folder / "audit.jsonl"
    lines = LINES[change](chain.read_bytes().split(b"\n")[:-1])
    chain.write_bytes(b"".join(line + b"\n" for line in lines))
    assert found(folder)


def test_the_last_revisions_line_cannot_be_taken_away_unseen(folder: Path) -> None:
    chain = folder / "audit.jsonl"
    lines = chain.read_bytes().split(b"\n")[:-1]
    chain.write_bytes(b"".join(line + b"\n" for line in lines[:-2]))
    assert any("revisions" in line and "not in the audit chain" in line for line in found(folder))
    chain.unlink()
    assert "audit.jsonl: is missing" in found(folder)


def rewritten(folder: Path, pattern: str, change: Callable[[dict[str, object]], object]) -> list[str]:
    """What is found of a JSON file changed in one place, hashes apart."""
    path = only(folder, pattern)
    value = json.loads(path.read_bytes())
    change(value.get("overread", value))
    path.write_text(json.dumps(value))
    return [line for line in found(folder) if "was changed" not in line]


def test_references_to_nothing_are_found(folder: Path) -> None:
    lines = rewritten(folder, "scans/flat/revisions/*.json", lambda head: head.update(base="gone", prediction="lost"))
    assert any("was made from revision gone" in line for line in lines)
    assert any("answers prediction lost" in line for line in lines)
    lines = rewritten(folder, "scans/flat/revisions/*.json", lambda head: head.update(scan="other"))
    assert any("belongs to another scan" in line for line in lines)
    lines = rewritten(folder, "scans/flat/revisions/*.json", lambda head: head.update(labels=["ghost"]))
    assert any("uses label 'ghost'" in line for line in lines)


def test_a_patient_in_two_splits_is_found(folder: Path) -> None:
    other = "val" if json.loads((folder / "scans/flat/scan.json").read_bytes())["split"] != "val" else "test"
    lines = rewritten(folder, "scans/flat/scan.json", lambda scan: scan.update(split=other))
    assert any("other scans of its patient" in line for line in lines)


def test_pixels_that_are_not_those_of_the_scan_are_found(folder: Path) -> None:
    lines = rewritten(folder, "scans/flat/scan.json", lambda scan: scan["pixels"].update(sha256="0"))  # type: ignore[attr-defined]
    assert "scans/flat/pixels/scan.png: is not what its scan.json says" in lines
    lines = rewritten(folder, "scans/flat/scan.json", lambda scan: scan["pixels"].pop("sha256"))  # type: ignore[attr-defined]
    assert any("sha256 is missing" in line for line in lines)


def test_damaged_journals_and_labels_are_found(folder: Path) -> None:
    (journal,) = (folder / "journal").glob("*.jsonl")
    lines = journal.read_bytes().split(b"\n")
    journal.write_bytes(b"\n".join([lines[0], b"?", *lines[1:]]))
    (folder / "labels.json").write_text("{}")
    assert any("is damaged after its edit 0" in line for line in found(folder))
    assert any(line.startswith("labels.json: is damaged") for line in found(folder))
    journal.write_bytes(b'{"c":"99914b93","e":{"a":1}}\n')
    (folder / "audit.jsonl").write_bytes(b"")
    assert found(folder)


def test_a_chain_that_names_files_outside_is_found_and_they_are_not_read(folder: Path) -> None:
    chain = folder / "audit.jsonl"
    prev = json.loads(chain.read_bytes().split(b"\n")[-2])["hash"]
    chain.write_bytes(chain.read_bytes() + line_of("eve", "x", {"../../etc/passwd": "0"}, prev, {})[0])
    assert any("names a file outside the dataset" in line for line in found(folder))


def test_a_folder_that_is_no_dataset_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(DatasetProblem, match="no dataset folder"):
        verify_folder(tmp_path, silent())


def test_a_journal_with_a_wrong_value_and_a_scan_by_reference(dataset: Dataset) -> None:
    import zlib

    dataset.add_scan(picture(), "ref", silent(), keep_pixels=False)
    dataset.keep("flat", Edit("1", put=(annotation(),)))
    dataset.keep("deep", Edit("1", put=(annotation(),)))
    body = b'{"journal":1}'
    first, second = sorted((dataset.folder / "journal").glob("*.jsonl"))
    first.write_bytes(b'{"c":"%08x","e":%b}\n' % (zlib.crc32(body), body))
    second.write_bytes(b"torn")
    assert [str(finding) for finding in dataset.verify(silent())] == [
        f"journal/{first.name}: is damaged: scan is missing or not text"
    ]


@pytest.mark.parametrize("geometry", [Box(Plane(0, 40), 1, 1, 2, 2), Box(Plane(0, -1), 1, 1, 2, 2)])
def test_marks_on_planes_that_the_scan_lacks_are_found(folder: Path, geometry: Box) -> None:
    dataset = Dataset.open(folder)
    stray = replace(annotation(), geometry=geometry)
    saved = dataset.save_revision("deep", Snapshot((annotation(), stray)), author="ana")
    dataset.close()
    assert found(folder) == [
        f"scans/deep/revisions/{saved.id}.json: has mark {stray.id} on a plane that the scan does not have"
    ]
