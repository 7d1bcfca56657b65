"""What a list says of the scans: from the index, up to date, and noticed when others write."""

import time
from pathlib import Path

import pytest

from dataset.document import Edit, Snapshot
from dataset.folder import Dataset
from dataset.index import load_index
from dataset.listing import Listed
from imaging.progress import Cancelled
from tests.dataset.test_folder import annotation, prediction


def listed(dataset: Dataset, key: str = "flat"):
    return next(item for item in dataset.listed() if item.key == key)


def test_a_list_says_what_the_records_say(dataset: Dataset) -> None:
    dataset.save_prediction(prediction("flat"))
    dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    dataset.keep("deep", Edit("Draw", put=(annotation(),)))
    for one in (dataset, Dataset.open(dataset.folder)):
        records = one.records()
        assert [item.key for item in one.listed()] == [record.key for record in records]
        for item, record in zip(one.listed(), records, strict=True):
            assert (item.title, item.state, item.size) == (record.title, record.state, record.info.size)
    assert listed(dataset, "deep").state == "in progress"
    item = listed(dataset)
    assert [who for who, _when in item.readings] == ["ana"]
    assert item.models == (prediction("flat").model.name,)
    assert item.top is not None


def test_what_is_saved_half_way_is_no_reading(dataset: Dataset) -> None:
    dataset.save_revision("flat", Snapshot((annotation(),)), author="ana", finished=False)
    assert listed(dataset).readings == ()


def test_two_readers_who_did_not_see_each_other_are_a_conflict(dataset: Dataset) -> None:
    dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    dataset.save_revision("flat", Snapshot((annotation(),)), author="bo")
    assert listed(dataset).conflicts == 1
    assert [who for who, _when in listed(dataset).readings] == ["ana", "bo"]


def test_what_another_program_wrote_is_noticed(dataset: Dataset) -> None:
    other = Dataset.open(dataset.folder)
    time.sleep(0.12)
    other.look_again()
    dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    changed, gone = other.look_again()
    assert [item.key for item in changed if item.state == "labelled"] == ["flat"]
    assert gone == frozenset()
    for path in sorted((dataset.folder / "scans" / "flat").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (dataset.folder / "scans" / "flat").rmdir()
    changed, gone = other.look_again()
    assert gone == {"flat"}
    assert [item.key for item in other.listed()] == ["deep"]
    other.close()


def test_what_a_session_learned_is_in_the_index_when_it_ends(dataset: Dataset) -> None:
    dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    dataset.close()
    assert load_index(dataset.folder)["flat"].listed.state == "labelled"


def test_a_trace_changes_with_everything_that_is_said_of_a_scan(dataset: Dataset) -> None:
    time.sleep(0.12)
    traces = [dataset.trace("flat")]
    assert traces[0].is_settled
    dataset.keep("flat", Edit("Draw", put=(annotation(),)))
    traces.append(dataset.trace("flat"))
    dataset.save_prediction(prediction("flat"))
    traces.append(dataset.trace("flat"))
    dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    traces.append(dataset.trace("flat"))
    assert len(set(traces)) == 4
    assert not traces[-1].is_settled
    assert traces[1].journals
    assert traces[3].journals == ()
    assert dataset.trace("deep").changed == dataset.trace("deep").changed


def test_a_trace_of_a_scan_that_is_not_there_is_one(dataset: Dataset) -> None:
    assert dataset.trace("none").changed == (-1, -1, -1)


def test_more_scans_than_are_held_are_asked_of_the_index(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataset.catalogue.KEPT", 0)
    monkeypatch.setattr("dataset.catalogue.CHUNK", 1)
    Path(dataset.folder / "index.sqlite").unlink()
    other = Dataset.open(dataset.folder)
    assert other.records() == dataset.records()
    assert other.record("deep") == dataset.record("deep")
    other.save_revision("deep", Snapshot((annotation(),)), author="ana")
    assert listed(other, "deep").state == "labelled"


def test_scans_are_told_as_they_are_read_and_may_be_used_at_once(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dataset.index.PAGE", 1)
    wanted = dataset.listed()
    told: list[tuple[str, ...]] = []

    def show(opened: Dataset, items: tuple[Listed, ...]) -> None:
        told.append(tuple(item.key for item in items))
        assert opened.record(items[0].key) == dataset.record(items[0].key)
        assert opened.look_again() == ((), frozenset())

    assert Dataset.open(dataset.folder, show=show).listed() == wanted
    assert told == [(item.key,) for item in wanted]


def test_scans_without_an_index_are_told_too_and_gone_ones_are_not_listed(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dataset.scan_folder.CHUNK", 1)
    (dataset.folder / "index.sqlite").unlink()
    told: list[str] = []
    Dataset.open(dataset.folder, show=lambda _opened, items: told.extend(item.key for item in items)).close()
    assert sorted(told) == sorted(item.key for item in dataset.listed())
    (dataset.folder / "scans" / "flat").rename(dataset.folder / "elsewhere")
    again = Dataset.open(dataset.folder)
    assert [item.key for item in again.listed()] == ["deep"]
    (dataset.folder / "elsewhere").rename(dataset.folder / "scans" / "flat")


def test_an_opening_that_was_stopped_leaves_a_dataset_that_finds_the_rest(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dataset.scan_folder.CHUNK", 1)
    (dataset.folder / "index.sqlite").unlink()
    begun: list[Dataset] = []

    def stop(opened: Dataset, _items: tuple[Listed, ...]) -> None:
        begun.append(opened)
        raise Cancelled

    with pytest.raises(Cancelled):
        Dataset.open(dataset.folder, show=stop)
    assert len(begun[0].listed()) == 1
    begun[0].look_again()
    assert begun[0].listed() == dataset.listed()
