import numpy as np
import pytest

from imaging.geometry import Plane, Region
from imaging.progress import silent
from models.cache import Answers
from models.choices import Choices
from models.model_predictor import ModelPredictor
from models.package import load_package
from models.runtime import LoadedNetwork
from tests.models.graphs import manifest_of, pixel_map, scan_of, shape, write_package


@pytest.fixture
def package(tmp_path):
    manifest = manifest_of("segment", {"as": "map", "activation": "sigmoid"})
    manifest["input"]["size"] = {"policy": "tiles", "width": 32, "height": 32}
    return load_package(write_package(tmp_path / "p", manifest, pixel_map([10], [-5])))


@pytest.fixture
def runs(monkeypatch):
    """How many times a network was run."""
    counted = []
    real = LoadedNetwork.run

    def run(self, batch, stop):
        counted.append(batch.shape)
        return real(self, batch, stop)

    monkeypatch.setattr(LoadedNetwork, "run", run)
    return counted


SCAN = scan_of(np.random.default_rng(0).integers(0, 2, (40, 50)).astype(np.uint8))


def ask(package, answers, key="scan", region=None, partial=None, **choices):
    predictor = ModelPredictor(package, Choices(**choices), answers)
    return predictor.predict(SCAN, key, region, silent(), partial=partial)


def test_the_same_question_is_answered_from_memory_as_a_prediction_of_its_own(package, runs):
    answers = Answers()
    first = ask(package, answers)
    count = len(runs)
    told = []
    second = ask(package, answers, partial=told.append)
    assert len(runs) == count
    assert shape(second.proposals[0]) == shape(first.proposals[0])
    assert second.id != first.id
    assert second.proposals[0].id != first.proposals[0].id
    assert f"the same answer as prediction {first.id}" in second.notes[-1]
    assert told == [second.proposals]


def test_another_scan_region_or_choice_is_another_question(package, runs):
    answers = Answers()
    ask(package, answers)
    count = len(runs)
    ask(package, answers, key="other")
    assert len(runs) > count
    count = len(runs)
    ask(package, answers, region=Region(Plane(), 0, 0, 9, 9))
    assert len(runs) > count
    count = len(runs)
    ask(package, answers, pixel_size_mm=0.5)
    assert len(runs) > count


def test_a_scan_without_a_key_is_never_kept(package, runs):
    answers = Answers()
    ask(package, answers, key="")
    count = len(runs)
    ask(package, answers, key="")
    assert len(runs) > count
    assert answers.byte_count == 0


def test_memory_stays_below_its_bound_and_the_oldest_goes_first(package, runs):
    size = ask(package, answers := Answers(), key="0") and answers.byte_count
    answers = Answers(memory=2 * size)
    for key in ("1", "2", "3"):
        ask(package, answers, key=key)
    assert answers.byte_count <= 2 * size
    count = len(runs)
    ask(package, answers, key="3")
    assert len(runs) == count
    ask(package, answers, key="1")
    assert len(runs) > count


def test_answers_in_a_folder_outlive_the_program_and_a_damaged_one_is_asked_again(package, runs, tmp_path):
    folder = tmp_path / "answers"
    first = ask(package, Answers(folder=folder))
    count = len(runs)
    second = ask(package, Answers(folder=folder))
    assert len(runs) == count
    assert shape(second.proposals[0]).tiles == shape(first.proposals[0]).tiles
    for file in folder.rglob("*.json"):
        file.write_text("{")
    ask(package, Answers(folder=folder))
    assert len(runs) > count
