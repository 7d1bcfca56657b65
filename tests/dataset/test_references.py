"""Slides by reference: opened where they lie, found again when moved, asked for when they are not found."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dataset.folder import Dataset
from dataset.places import SlideMissing
from imaging.errors import Problem
from imaging.identity import scan_key
from imaging.loaded import LoadedScan
from imaging.opening import open_scan
from imaging.progress import Cancelled, Progress, silent
from tests.dataset.scans import LABELS


def slide_file(path: Path, seed: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (40, 60, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def add(dataset: Dataset, path: Path) -> str:
    scan = open_scan(path)
    key = scan_key(scan)
    as_slide = LoadedScan(replace(scan.info, kind="slide"), scan.voxels())  # type: ignore[attr-defined]
    dataset.add_scan(as_slide, key, silent())
    return key


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Dataset]:
    made = Dataset.create(tmp_path / "reading" / "set", LABELS)
    yield made
    made.close()


def sum_of(dataset: Dataset, key: str) -> int:
    scan = dataset.open_pixels(key)
    try:
        return int(scan.voxels().sum())  # type: ignore[attr-defined]
    finally:
        scan.close()


def test_a_slide_is_opened_where_it_lies_and_no_pixel_is_kept(own: Dataset, tmp_path: Path) -> None:
    path = slide_file(tmp_path / "far" / "Roe Jane.png")
    key = add(own, path)
    record = own.record(key)
    assert (record.pixels, len(record.sources), record.sources[0].bytes) == ("", 1, path.stat().st_size)
    assert sum_of(own, key) > 0
    again = Dataset.open(own.folder)
    assert sum_of(again, key) == sum_of(own, key)


def test_no_file_of_the_dataset_says_where_a_slide_lies_or_what_it_is_called(own: Dataset, tmp_path: Path) -> None:
    add(own, slide_file(tmp_path / "Waylon" / "Roe Jane.png"))
    for path in own.folder.rglob("*"):
        assert "Waylon" not in path.name
        if path.is_file():
            data = path.read_bytes()
            assert b"Waylon" not in data
            assert b"Roe" not in data


@pytest.mark.parametrize("place", ["far/other/deep/new name.png", "reading/beside.png", "far/x.png"])
def test_a_moved_slide_is_found_again_by_its_content(own: Dataset, tmp_path: Path, place: str) -> None:
    path = slide_file(tmp_path / "far" / "x.png")
    slide_file(tmp_path / "far" / "y.png", seed=2)
    key = add(own, path)
    expected = sum_of(own, key)
    target = tmp_path / place
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
    assert sum_of(own, key) == expected


def test_a_slide_that_is_nowhere_is_asked_for_and_placed(own: Dataset, tmp_path: Path) -> None:
    path = slide_file(tmp_path / "far" / "x.png")
    key = add(own, path)
    expected = sum_of(own, key)
    hidden = tmp_path / ".away" / "deep" / "z.png"
    hidden.parent.mkdir(parents=True)
    path.rename(hidden)
    with pytest.raises(SlideMissing, match="Where is it") as caught:
        own.open_pixels(key)
    assert caught.value.key == key
    assert pickle.loads(pickle.dumps(caught.value)).key == key  # noqa: S301 - what a worker process would send
    other = slide_file(tmp_path / ".away" / "other.png", seed=3)
    with pytest.raises(Problem, match="is another slide"):
        own.place_scan(key, other)
    with pytest.raises(Problem, match="does not exist"):
        own.place_scan(key, tmp_path / "nowhere.png")
    own.place_scan(key, hidden.parent)
    assert sum_of(own, key) == expected


def test_a_slide_that_was_changed_is_not_taken_for_itself(own: Dataset, tmp_path: Path) -> None:
    path = slide_file(tmp_path / "far" / "x.png")
    key = add(own, path)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(SlideMissing):
        own.open_pixels(key)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', '{"a": [["x", "y", 1]]}', "null", "[" * 10**5])
def test_a_damaged_memory_of_places_costs_only_a_search(own: Dataset, tmp_path: Path, text: str) -> None:
    key = add(own, slide_file(tmp_path / "reading" / "x.png"))
    (memory,) = (tmp_path / "state" / "overread" / "places").glob("*.json")
    memory.write_text(text)
    again = Dataset.open(own.folder)
    assert sum_of(again, key) > 0
    assert key in json.loads(memory.read_text())


def test_looking_for_a_slide_can_be_cancelled(own: Dataset, tmp_path: Path) -> None:
    path = slide_file(tmp_path / "far" / "x.png")
    key = add(own, path)
    path.unlink()
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        own.open_pixels(key, progress)


def test_a_slide_of_several_files_needs_all_of_them(own: Dataset, tmp_path: Path) -> None:
    first, second = slide_file(tmp_path / "far" / "x.png"), tmp_path / "far" / "x" / "Data0000.dat"
    second.parent.mkdir()
    second.write_bytes(b"tiles" * 100)
    scan = open_scan(first)
    info = replace(scan.info, kind="slide", sources=(first, second))
    own.add_scan(LoadedScan(info, scan.voxels()), "several", silent())  # type: ignore[attr-defined]
    assert sum_of(own, "several") > 0
    (tmp_path / "far").rename(tmp_path / "reading" / "moved")
    assert sum_of(own, "several") > 0
    (tmp_path / "reading" / "moved" / "x" / "Data0000.dat").unlink()
    with pytest.raises(SlideMissing):
        own.open_pixels("several")


def test_huge_sources_say_that_they_were_sampled(own: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imaging.identity.WHOLE_UP_TO", 1000)
    monkeypatch.setattr("imaging.identity._BLOCK", 16)
    key = add(own, slide_file(tmp_path / "far" / "x.png", seed=9))
    said = json.loads((own.folder / "scans" / key / "scan.json").read_bytes())["sources"][0]
    assert set(said) == {"suffix", "sampled_sha256", "bytes"}
    assert len(said["sampled_sha256"]) == 64
    assert Dataset.open(own.folder).record(key).sources[0].sha256.startswith("sampled-")
    assert sum_of(own, key) > 0
