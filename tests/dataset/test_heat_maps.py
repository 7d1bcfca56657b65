"""Heat maps: written with a prediction, read back exactly, never rewritten, and missed when damaged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.errors import DatasetProblem
from dataset.facts import Facts, Malformed
from dataset.folder import Dataset
from dataset.heat_map import HeatMap
from dataset.heatfile import read_heat_maps, write_heat_maps
from imaging.geometry import Plane
from imaging.progress import silent
from tests.dataset.scans import prediction


def heat(seed: int, count: int, rows: int, columns: int) -> HeatMap:
    draw = np.random.default_rng(seed)
    scores = draw.integers(0, 256, (count, rows, columns), np.uint8)
    labels = tuple(["disc", "nodule"][:count])
    return HeatMap(Plane(0, 2), -3.5, 7.25, (112.0, 56.5), labels, scores, draw.random((rows, columns)) < 0.5)


def equal(a: HeatMap, b: HeatMap) -> bool:
    same = (a.plane, a.x, a.y, a.cell, a.labels) == (b.plane, b.x, b.y, b.cell, b.labels)
    return same and np.array_equal(a.scores, b.scores) and np.array_equal(a.read, b.read)


@given(st.integers(0, 99), st.integers(0, 2), st.integers(0, 40), st.integers(0, 40))
def test_heat_maps_come_back_exactly(seed: int, count: int, rows: int, columns: int) -> None:
    maps = [heat(seed, count, rows, columns), heat(seed + 1, 2, 3, 4)]
    said, files = write_heat_maps(maps)
    back = read_heat_maps(Facts({"heat_maps": said}), files)
    assert len(back) == 2
    assert all(equal(a, b) for a, b in zip(maps, back, strict=True))
    assert not back[0].scores.flags.writeable
    assert not back[0].read.flags.writeable


def test_a_prediction_keeps_its_heat_maps_and_how_far_it_came(dataset: Dataset) -> None:
    made = prediction("flat", heat_maps=(heat(1, 2, 20, 30),), done=0.25)
    dataset.save_prediction(made)
    (back,) = Dataset.open(dataset.folder).predictions("flat")
    assert equal(back.heat_maps[0], made.heat_maps[0])
    assert replace(back, heat_maps=()) == replace(made, heat_maps=())
    names = [name for name in dataset.travelling_files() if "heat-0" in name]
    assert [name.rpartition(".heat-")[2] for name in sorted(names)] == ["0-0.png", "0-1.png", "0-read.png"]
    assert dataset.verify(silent()) == []


def test_predictions_without_heat_maps_read_as_before(dataset: Dataset) -> None:
    dataset.save_prediction(prediction("flat"))
    (back,) = dataset.predictions("flat")
    assert (back.heat_maps, back.done) == ((), 1.0)


@pytest.mark.parametrize("damage", [b"", b"\x89PNG", None])
def test_a_damaged_heat_map_is_one_line_and_found_by_verify(dataset: Dataset, damage: bytes | None) -> None:
    dataset.save_prediction(prediction("flat", heat_maps=(heat(1, 2, 20, 30),)))
    (path,) = Path(dataset.folder).rglob("*.heat-0-1.png")
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    with pytest.raises(DatasetProblem) as caught:
        dataset.predictions("flat")
    assert "heat-0-1.png" in str(caught.value)
    assert any("heat-0-1.png" in str(finding) for finding in dataset.verify(silent()))


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 21},
        {"rows": -1},
        {"rows": 2**20, "columns": 2**20},
        {"cell": [0, 1]},
        {"at": [1]},
        {"plane": [7, 0]},
        {"labels": ["disc"]},
        {"files": ["../x", "y"]},
        {"read": "heat-0-9.png"},
    ],
)
def test_what_a_prediction_says_wrongly_of_a_heat_map_is_refused(change: dict[str, object]) -> None:
    said, files = write_heat_maps([heat(1, 2, 20, 30)])
    with pytest.raises(Malformed):
        read_heat_maps(Facts({"heat_maps": [{**said[0], **change}]}), files)
