"""The dataset folder: what goes in comes back, is kept apart, and is found again by the next program."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dataset.annotation import Box, WholeScan, accepted
from dataset.document import Document, Edit, Snapshot
from dataset.errors import DatasetProblem
from dataset.folder import Dataset
from dataset.groups import Shares
from dataset.label import Code, Label, LabelSet
from dataset.mask import mask_of_plane, mask_of_stack
from dataset.prediction import ModelRef
from imaging.geometry import Plane, Region
from imaging.progress import Cancelled, Progress, silent
from imaging.scan import Scan, ScanInfo
from tests.dataset.scans import DISC, LABELS, NODULE, annotation, loaded, picture, prediction, volume

CUBE = mask_of_stack(np.ones((2, 3, 4), np.bool_), plane=1, x=5, y=6)


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_new_dataset_is_found_again(tmp_path: Path) -> None:
    made = Dataset.create(tmp_path / "a" / "set", LABELS, title="Spines")
    again = Dataset.open(tmp_path / "a" / "set")
    assert (again.id, again.title, again.labels, again.folder) == (made.id, "Spines", LABELS, made.folder)
    assert Dataset.open_or_create(made.folder).id == made.id
    more = LabelSet("spine", (NODULE, Label("cyst", "Cyst", "#00ff00")))
    assert [label.id for label in Dataset.open_or_create(made.folder, more).labels.labels] == ["disc", "nodule", "cyst"]
    assert Dataset.open_or_create(tmp_path / "other").id != made.id


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(DatasetProblem, match="not empty"):
        Dataset.create(tmp_path)
    with pytest.raises(DatasetProblem, match="no folder"):
        Dataset.create(tmp_path / "letter.txt")
    with pytest.raises(DatasetProblem, match="no dataset"):
        Dataset.open(tmp_path)
    assert names(tmp_path) == {"letter.txt"}


def test_a_newer_format_is_one_clear_line(dataset: Dataset) -> None:
    path = dataset.folder / "dataset.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(DatasetProblem) as caught:
        Dataset.open(dataset.folder)
    assert str(caught.value) == (
        f"{path}: was written by a newer version of Overread (format 2, known is 1). Update Overread to open it"
    )


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1, "splits": {"train": 2, "val": 0}}', "[" * 100000])
def test_a_damaged_manifest_is_one_clear_line(dataset: Dataset, text: str) -> None:
    path = dataset.folder / "dataset.json"
    path.write_text(text)
    with pytest.raises(DatasetProblem, match="is damaged"):
        Dataset.open(dataset.folder)
    assert path.read_text() == text


def test_a_scan_comes_back_without_its_sources(dataset: Dataset) -> None:
    for key, original in (("flat", picture()), ("deep", volume())):
        kept = loaded(dataset.open_pixels(key))
        np.testing.assert_array_equal(kept.voxels(), original.voxels())
        assert kept.voxels().dtype == original.voxels().dtype
        same = ("size", "dtype", "channels", "spacing_mm", "affine", "rescale", "inverted", "windows", "modality",
                "levels", "kind", "format", "header", "notes")  # fmt: skip
        for name in same:
            assert getattr(kept.info, name) == getattr(original.info, name), name


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((1, 5, 7), "uint8"), ((1, 5, 7), "uint16"), ((1, 5, 7), "int16"), ((1, 5, 7), "float32"), ((1, 5, 7), "bool"),
        ((1, 5, 7), "float16"), ((1, 5, 7), "uint32"), ((1, 5, 7, 3), "uint8"), ((1, 5, 7, 3), "uint16"),
        ((4, 5, 7), "uint8"), ((4, 5, 7), "float64"), ((4, 5, 7, 3), "uint8"), ((4, 5, 7), ">i2"),
    ],
)  # fmt: skip
def test_pixels_of_every_type_are_kept_exactly(tmp_path: Path, shape: tuple[int, ...], dtype: str) -> None:
    values = np.random.default_rng(0).integers(0, 250, shape).astype(dtype)
    if np.dtype(dtype).kind == "f":
        values.flat[0] = np.nan
    dataset = Dataset.create(tmp_path / "set")
    scan = picture(values) if shape[0] == 1 else volume()
    if shape[0] > 1:
        from imaging.geometry import Size
        from imaging.loaded import LoadedScan

        info = replace(scan.info, size=Size(7, 5, 4), dtype=dtype, channels=3 if len(shape) == 4 else 1)
        scan = LoadedScan(info, values)
    dataset.add_scan(scan, "k", silent())
    kept = loaded(dataset.open_pixels("k")).voxels()
    np.testing.assert_array_equal(kept, values)
    assert kept.dtype == values.dtype


def test_volumes_are_kept_as_nrrd_that_others_read_where_they_lie(dataset: Dataset) -> None:
    import SimpleITK

    image = SimpleITK.ReadImage(str(dataset.folder / "scans" / "deep" / dataset.record("deep").pixels))
    original = volume()
    assert original.info.affine is not None
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), original.voxels())
    world = original.info.affine.to_world(np.array([[3.0, 4.0, 5.0]]))[0]
    np.testing.assert_allclose(image.TransformIndexToPhysicalPoint((3, 4, 5)), world)


def test_a_scan_taken_in_twice_is_one_scan(dataset: Dataset) -> None:
    before = dataset.record("flat")
    assert dataset.add_scan(picture(np.zeros((1, 9, 9), np.uint8)), "flat", silent()) == before
    assert [record.key for record in dataset.records()] == ["flat", "deep"]


@pytest.mark.parametrize("key", ["", "..", "../x", "a/b", ".hidden", "x" * 129, "a\\b", "a\n"])
def test_a_key_that_leaves_the_folder_is_refused(dataset: Dataset, key: str) -> None:
    with pytest.raises(DatasetProblem, match="cannot be"):
        dataset.add_scan(picture(), key, silent())
    with pytest.raises(DatasetProblem, match="cannot be"):
        dataset.keep(key, Edit("x", put=(annotation(),)))
    with pytest.raises(DatasetProblem, match="cannot be"):
        dataset.record(key)
    assert not dataset.has(key)


class Slide:
    """A scan without voxels in memory."""

    def __init__(self, kind: str) -> None:
        self._whole = picture()

        self._info = replace(self._whole.info, kind=kind)  # type: ignore[arg-type]

    @property
    def info(self) -> ScanInfo:
        return self._info

    def read(self, region: Region, downsample: float = 1.0) -> object:
        return self._whole.read(region, downsample)

    def close(self) -> None:
        pass


def test_slides_are_kept_by_reference_unless_asked(dataset: Dataset) -> None:
    slide: Scan = Slide("slide")  # type: ignore[assignment]
    assert dataset.add_scan(slide, "ref", silent()).pixels == ""
    with pytest.raises(DatasetProblem, match="Where is it"):
        loaded(dataset.open_pixels("ref"))
    dataset.add_scan(slide, "whole", silent(), keep_pixels=True)
    np.testing.assert_array_equal(loaded(dataset.open_pixels("whole")).voxels(), picture().voxels())


def test_adding_a_scan_can_be_stopped_and_leaves_nothing(dataset: Dataset) -> None:
    before = names(dataset.folder)
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        dataset.add_scan(picture(), "new", progress)
    assert names(dataset.folder) == before
    assert not dataset.has("new")


def test_predictions_come_back_as_given(dataset: Dataset) -> None:
    first = prediction("deep", Box(Plane(0, 2), 1, 2, 3, 4), CUBE, settings=(("threshold", "0.3"),), notes=("n",))
    second = prediction("deep", WholeScan(), scores=(("disc", 0.75),))
    for item in (first, second):
        dataset.save_prediction(item)
    assert Dataset.open(dataset.folder).predictions("deep") == (first, second)
    summary = dataset.record("deep").predictions[0]
    assert (summary.model, summary.count, summary.top) == ("discs@1", 2, ("disc", 0.51))
    assert dataset.record("deep").state == "unseen"


def test_a_prediction_of_an_unknown_scan_or_label_is_refused(dataset: Dataset) -> None:
    with pytest.raises(DatasetProblem, match="holds no scan"):
        dataset.save_prediction(prediction("nowhere"))
    with pytest.raises(DatasetProblem, match="label 'tumour', which the label set lacks"):
        dataset.save_prediction(prediction("flat", scores=(("tumour", 0.5),)))


def test_a_revision_comes_back_as_saved(dataset: Dataset) -> None:
    given = prediction("deep", CUBE)
    dataset.save_prediction(given)
    marks = (accepted(given.proposals[0], "discs@1"), annotation(), annotation(CUBE, "nodule"))
    state = Snapshot(marks, frozenset({"p1", "p2"}))
    saved = dataset.save_revision("deep", state, author="ana", prediction=given.id)
    other = Dataset.open(dataset.folder)
    assert other.revisions("deep") == (saved,)
    assert other.snapshot(saved) == state
    assert (saved.basis, saved.count, saved.labels) == ("corrected", 3, ("disc", "nodule"))
    assert other.record("deep").state == "labelled"
    assert other.head("deep").revision == saved
    again = other.save_revision("deep", Snapshot(marks[:1]), author="bob", base=saved.id, reviewed=True)
    assert dataset.head("deep").revision == again
    assert dataset.record("deep").state == "reviewed"


def test_what_a_revision_refers_to_must_be_there(dataset: Dataset) -> None:
    with pytest.raises(DatasetProblem, match="no revision or prediction 'nobody'"):
        dataset.save_revision("flat", Snapshot((annotation(),)), author="ana", base="nobody")
    with pytest.raises(DatasetProblem, match="no revision or prediction 'nobody'"):
        dataset.save_revision("flat", Snapshot((annotation(),)), author="ana", prediction="nobody")
    with pytest.raises(DatasetProblem, match="label 'tumour'"):
        dataset.save_revision("flat", Snapshot((annotation(label="tumour"),)), author="ana")
    nowhere = annotation(Box(Plane(), float("nan"), 0, 1, 1))
    with pytest.raises(DatasetProblem, match="no number"):
        dataset.save_revision("flat", Snapshot((nowhere,)), author="ana")
    assert dataset.revisions("flat") == ()


def test_states_follow_what_people_did(dataset: Dataset) -> None:
    assert dataset.record("flat").state == "unseen"
    dataset.keep("flat", Edit("Draw", put=(annotation(),)), author="ana")
    assert dataset.record("flat").state == "in progress"
    dataset.save_revision("flat", Snapshot((annotation(),)), author="ana", finished=False)
    assert dataset.record("flat").state == "in progress"
    head = dataset.save_revision("flat", Snapshot(), author="ana", basis="confirmed empty")
    assert dataset.record("flat").state == "confirmed empty"
    dataset.save_revision("flat", Snapshot((annotation(),)), author="ana", base=head.id)
    assert {record.key: record.state for record in dataset.records()} == {"flat": "labelled", "deep": "unseen"}


def test_accepting_keeps_the_initial_predictions_as_labels(dataset: Dataset) -> None:
    low, high = Box(Plane(), 0, 0, 1, 1), Box(Plane(), 5, 5, 1, 1)
    given = prediction("flat", low, high, settings=(("threshold", "0.505"),))
    dataset.save_prediction(given)
    (saved,) = dataset.accept(None, "bob")
    assert (saved.scan, saved.basis, saved.author, saved.prediction) == ("flat", "accepted", "bob", given.id)
    (mark,) = dataset.snapshot(saved).annotations
    assert (mark.geometry, mark.author, mark.origin) == (high, "model:discs@1", given.proposals[1].id)
    assert dataset.accept(None, "bob") == ()
    assert dataset.accept("flat", "bob") == ()


def test_accepting_all_leaves_alone_what_people_have_begun(dataset: Dataset) -> None:
    for key in ("flat", "deep"):
        dataset.save_prediction(prediction(key))
    own = dataset.save_revision("flat", Snapshot((annotation(),)), author="ana", finished=False)
    dataset.keep("deep", Edit("Draw", put=(annotation(),)))
    assert dataset.accept(None, "bob") == ()
    named = dataset.accept("flat", "bob")
    assert len(named) == 1
    assert dataset.head("flat").revision == own


def test_a_classifier_is_accepted_as_a_label_of_the_whole_scan(dataset: Dataset) -> None:

    given = replace(prediction("flat", scores=(("disc", 0.2), ("nodule", 0.8))), proposals=())
    dataset.save_prediction(given)
    (mark,) = dataset.snapshot(dataset.accept("flat", "bob")[0]).annotations
    assert (mark.label, mark.geometry, mark.score) == ("nodule", WholeScan(), 0.8)


def test_an_accepted_prediction_of_nothing_confirms_that_nothing_is_there(dataset: Dataset) -> None:

    given = replace(prediction("flat", settings=(("threshold", "many"),)), proposals=())
    dataset.save_prediction(given)
    (saved,) = dataset.accept("flat", "bob")
    assert (saved.basis, saved.state) == ("accepted", "confirmed empty")


def test_of_several_models_one_must_be_named(dataset: Dataset) -> None:
    other = prediction("flat", model=ModelRef("nodules", "2", "1" * 64))
    for item in (prediction("flat"), other):
        dataset.save_prediction(item)
    with pytest.raises(DatasetProblem, match=r"read by 2 models \(discs, nodules\)"):
        dataset.accept("flat", "bob")
    with pytest.raises(DatasetProblem, match="no prediction of eyes"):
        dataset.accept("flat", "bob", model="eyes")
    (saved,) = dataset.accept(None, "bob", model="nodules@2")
    assert saved.prediction == other.id


def test_only_what_was_looked_at_is_exported_and_corrections_win(dataset: Dataset) -> None:
    assert list(dataset.export_view()) == []
    for key in ("flat", "deep"):
        dataset.save_prediction(prediction(key))
    dataset.accept(None, "bob")
    assert {item.record.key: item.revision.basis for item in dataset.export_view()} == {
        "flat": "accepted", "deep": "accepted",
    }  # fmt: skip
    mine = Snapshot((annotation(label="nodule"),))
    dataset.save_revision("flat", mine, author="ana")
    newer = prediction("flat")
    dataset.save_prediction(newer)
    dataset.accept("flat", "bob")
    found = {item.record.key: item for item in dataset.export_view()}
    assert (found["flat"].revision.basis, found["flat"].snapshot) == ("corrected", mine)
    assert found["deep"].revision.basis == "accepted"
    split = dataset.record("flat").split
    assert {item.record.key for item in dataset.export_view(split)} == {"flat", "deep"}
    others = [item for name in ("train", "val", "test") if name != split for item in dataset.export_view(name)]
    assert others == []


def test_two_programs_on_one_folder_both_keep_what_they_saved(dataset: Dataset) -> None:
    other = Dataset.open(dataset.folder)
    base = dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    mine = dataset.save_revision("flat", Snapshot((annotation(),)), author="ana", base=base.id)
    theirs = other.save_revision("flat", Snapshot((annotation(label="nodule"),)), author="bob", base=base.id)
    for seen in (dataset, other, Dataset.open(dataset.folder)):
        head = seen.head("flat")
        assert (head.revision, head.conflicts) == (theirs, (mine,))
    merged = other.save_revision("flat", Snapshot((annotation(),)), author="bob", base=theirs.id)
    assert dataset.head("flat").revision == merged
    other.add_scan(picture(np.ones((1, 4, 4), np.uint8)), "third", silent())
    assert dataset.has("third")
    assert [record.key for record in dataset.records()] == ["flat", "deep", "third"]


def test_labels_of_two_programs_come_together(dataset: Dataset) -> None:
    other = Dataset.open(dataset.folder)
    coded = Label("cyst", "Cyst", "#00ff00", "3", Code("SCT", "103552005", "Cyst"), "reader", is_finding=False)
    dataset.add_labels([coded])
    other.add_labels([Label("cyst", "Another", "#000000"), Label("scar", "Scar", "#0000ff")])
    assert [label.id for label in other.labels.labels] == ["disc", "nodule", "cyst", "scar"]
    assert other.labels.get("cyst") == coded
    assert Dataset.open(dataset.folder).labels == other.labels
    dataset.save_revision("flat", Snapshot((annotation(label="scar"),)), author="ana")


def test_a_label_in_use_cannot_be_dropped(dataset: Dataset) -> None:
    dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    with pytest.raises(DatasetProblem, match="label 'disc' is in use"):
        dataset.save_labels(LabelSet("spine", (NODULE,)))
    dataset.save_labels(LabelSet("spine", (DISC,)))
    assert Dataset.open(dataset.folder).labels == LabelSet("spine", (DISC,))


def test_a_label_set_that_lost_a_label_in_use_is_one_clear_line(dataset: Dataset) -> None:
    dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    path = dataset.folder / "labels.json"
    stored = json.loads(path.read_text())
    stored["labels"] = stored["labels"][1:]
    path.write_text(json.dumps(stored))
    with pytest.raises(DatasetProblem) as caught:
        Dataset.open(dataset.folder)
    assert str(caught.value) == f"{path}: has lost label 'disc', which marks use. Put it back"


def test_edits_of_a_program_that_ended_are_found_and_then_covered(dataset: Dataset) -> None:
    edits = [Edit("1", put=(annotation(mask_of_plane(np.ones((3, 3), np.bool_), 0)),)), Edit("2", reject=("p",))]
    for edit in edits:
        dataset.keep("flat", edit, author="ana")
    other = Dataset.open(dataset.folder)
    assert other.unsaved() == ()
    assert other.unsaved_edits("flat") == ()
    dataset.close()
    (unsaved,) = other.unsaved()
    assert (unsaved.scan, unsaved.author, unsaved.count, unsaved.is_damaged) == ("flat", "ana", 2, False)
    assert other.unsaved_edits("flat") == tuple(edits)
    document = Document()
    for edit in other.unsaved_edits("flat"):
        document.commit(edit)
    other.keep("flat", Edit("3", put=(annotation(),)))
    assert len(other.unsaved_edits("flat")) == 3
    saved = other.save_revision("flat", document.snapshot(), author="ana")
    assert sorted(dict(saved.covers).values()) == [1, 2]
    assert other.unsaved() == ()
    assert other.record("flat").state == "labelled"
    assert list((dataset.folder / "journal").glob("*.jsonl")) == []
    other.close()
    assert list((dataset.folder / "journal").iterdir()) == []


def test_a_journal_that_a_revision_covers_is_not_replayed(dataset: Dataset) -> None:
    dataset.keep("flat", Edit("1", put=(annotation(),)))
    (journal,) = (dataset.folder / "journal").glob("*.jsonl")
    stored = journal.read_bytes()
    dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    dataset.close()
    journal.write_bytes(stored)  # as if the program had been killed before it could remove it
    other = Dataset.open(dataset.folder)
    assert not journal.exists()
    assert other.unsaved_edits("flat") == ()
    assert other.record("flat").state == "labelled"


def test_unsaved_edits_can_be_dropped_and_the_audit_says_so(dataset: Dataset) -> None:
    dataset.keep("flat", Edit("1", put=(annotation(),)))
    dataset.discard_unsaved("flat", "ana")
    dataset.discard_unsaved("flat", "ana")
    assert dataset.unsaved() == ()
    assert dataset.record("flat").state == "unseen"
    assert (dataset.folder / "audit.jsonl").read_text().count("unsaved edits dropped") == 1


def test_a_damaged_journal_is_set_aside_once_its_edits_are_saved(dataset: Dataset) -> None:
    for number in range(3):
        dataset.keep("flat", Edit(str(number), put=(annotation(),)))
    dataset.close()
    (journal,) = (dataset.folder / "journal").glob("*.jsonl")
    lines = journal.read_bytes().split(b"\n")
    journal.write_bytes(b"\n".join([*lines[:2], b"?", *lines[3:]]))
    other = Dataset.open(dataset.folder)
    assert len(other.unsaved_edits("flat")) == 1
    assert other.unsaved()[0].is_damaged
    other.save_revision("flat", Snapshot((annotation(),)), author="ana")
    assert [path.suffix for path in (dataset.folder / "journal").glob("*.*") if path.suffix != ".lock"] == [".damaged"]
    other.close()


def test_the_index_may_be_deleted_damaged_or_of_another_version(dataset: Dataset) -> None:
    dataset.save_prediction(prediction("flat"))
    dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    expected = Dataset.open(dataset.folder).records()
    index = dataset.folder / "index.sqlite"
    assert index.exists()
    index.unlink()
    assert Dataset.open(dataset.folder).records() == expected
    index.write_bytes(b"this is no database, not even a little one" * 100)
    assert Dataset.open(dataset.folder).records() == expected
    base = sqlite3.connect(index)
    for change in (
        "UPDATE entries SET entry = '{}'",
        "UPDATE scans SET listed = '[]'",
        "UPDATE scans SET listed = '?'",
    ):
        base.execute(change)
        base.commit()
        assert Dataset.open(dataset.folder).records() == expected
    base.close()
    base = sqlite3.connect(index)
    base.execute("PRAGMA user_version = 99")
    base.close()
    assert Dataset.open(dataset.folder).records() == expected


def test_with_the_index_nothing_is_read_twice(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    import os
    import time

    dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    old = time.time_ns() - 10**10
    for folder in (dataset.folder / "scans").rglob("*"):
        os.utime(folder, ns=(old, old))
    expected = Dataset.open(dataset.folder).records()

    def no_reading(path: Path, **_: object) -> bytes:
        raise AssertionError(path)

    monkeypatch.setattr("dataset.entry._header_of", no_reading)
    assert Dataset.open(dataset.folder).records() == expected


def test_a_damaged_file_blocks_its_scan_only_and_is_left_as_it_is(dataset: Dataset) -> None:
    saved = dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    path = dataset.folder / "scans" / "flat" / "revisions" / f"{saved.id}.json"
    path.write_bytes(path.read_bytes()[:-20])
    other = Dataset.open(dataset.folder)
    (dataset.folder / "index.sqlite").unlink()
    other = Dataset.open(dataset.folder)
    for reading in (other.record, other.head, other.predictions, other.open_pixels):
        with pytest.raises(DatasetProblem, match="is damaged"):
            reading("flat")
    with pytest.raises(DatasetProblem, match="is damaged"):
        other.save_revision("flat", Snapshot((annotation(),)), author="ana")
    flat, deep = other.records()
    assert str(path) in flat.problem
    assert deep.problem == ""
    assert len(other.problems()) == 1
    other.save_revision("deep", Snapshot((annotation(),)), author="ana")
    assert path.read_bytes()[-1:] != b"}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"split":"', '"split":"x'), ('"kind":"picture"', '"kind":"song"'), ('"size":[48,32,1]', '"size":[48,32]'),
        ('"dtype":"uint8"', '"dtype":"what"'), ('"dtype":"uint8"', '"dtype":"object"'), ('"key":"flat"', '"key":"f"'),
        ('"spacing_mm":[null,null,null]', '"spacing_mm":[true,null,null]'), ('"affine":null', '"affine":[[1]]'),
        ('"added":"20', '"added":"x'), ('+00:00"', '"'), ('"inverted":false', '"inverted":0'),
        ('"channels":1', '"channels":1.5'), ('"slope":1.0', '"slope":NaN'), ('"notes":[]', '"notes":[1]'),
        ('"header":[]', '"header":[["a"]]'), ('"windows":[]', '"windows":[1]'), ('"group":"', '"group":0,"x":"'),
        ('"format":1', '"format":7'),
    ],
)  # fmt: skip
def test_a_scan_file_with_a_wrong_value_is_one_clear_line(dataset: Dataset, old: str, new: str) -> None:
    path = dataset.folder / "scans" / "flat" / "scan.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(DatasetProblem) as caught:
        Dataset.open(dataset.folder).record("flat")
    assert "\n" not in str(caught.value)
    (record,) = Dataset.open(dataset.folder).records()
    assert record.key == "deep"


def test_changed_pixels_are_not_shown(dataset: Dataset) -> None:
    path = dataset.folder / "scans" / "deep" / dataset.record("deep").pixels
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    scan = loaded(dataset.open_pixels("deep"))
    with pytest.raises(DatasetProblem, match="was changed since"):
        scan.voxels()
    path.write_bytes(bytes(data) + b"more")
    with pytest.raises(DatasetProblem, match="is larger"):
        loaded(dataset.open_pixels("deep")).voxels()
    path.unlink()
    with pytest.raises(DatasetProblem, match="not there"):
        loaded(dataset.open_pixels("deep")).voxels()


def test_a_mask_that_was_changed_is_not_shown(dataset: Dataset) -> None:
    saved = dataset.save_revision(
        "flat", Snapshot((annotation(mask_of_plane(np.ones((4, 4), np.bool_), 0)),)), author="a"
    )
    (path,) = (dataset.folder / "scans" / "flat" / "revisions").glob("*.png")
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(DatasetProblem, match="was changed"):
        dataset.snapshot(saved)


def test_a_scan_is_found_by_the_beginning_of_its_key(dataset: Dataset) -> None:
    assert dataset.find("de") == "deep"
    assert dataset.find("flat") == "flat"
    with pytest.raises(DatasetProblem, match="no scan 'x'"):
        dataset.find("x")
    dataset.add_scan(picture(), "deepest", silent())
    assert dataset.find("deep") == "deep"
    with pytest.raises(DatasetProblem, match="2 scans"):
        dataset.find("d")


def test_what_travels_leaves_out_the_key_the_journal_and_the_index(dataset: Dataset) -> None:
    dataset.keep("flat", Edit("1", put=(annotation(),)))
    dataset.save_prediction(prediction("deep", CUBE))
    dataset.records()
    travelling = set(dataset.travelling_files())
    stays = names(dataset.folder) - travelling
    assert {name.split("/")[0] for name in stays} == {"group.key", "journal", "index.sqlite", ".lock"}
    assert {"dataset.json", "labels.json", "audit.jsonl", "scans/flat/scan.json"} <= travelling


def test_a_read_only_folder_opens_for_reading(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    monkeypatch.setattr("os.access", lambda *_: False)
    other = Dataset.open(dataset.folder)
    assert not other.is_writable
    assert other.head("flat").revision == saved
    assert (other.unsaved(), other.unsaved_edits("flat")) == ((), ())


def test_a_scan_removed_by_hand_is_gone(dataset: Dataset) -> None:
    import shutil

    dataset.records()
    shutil.rmtree(dataset.folder / "scans" / "flat")
    assert [record.key for record in dataset.records()] == ["deep"]
    assert [record.key for record in Dataset.open(dataset.folder).records()] == ["deep"]
    with pytest.raises(DatasetProblem, match="holds no scan 'nobody'"):
        dataset.record("nobody")


def test_a_revision_removed_by_hand_is_gone(dataset: Dataset) -> None:
    saved = dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    assert dataset.head("flat").revision == saved
    (dataset.folder / "scans" / "flat" / "revisions" / f"{saved.id}.json").unlink()
    assert dataset.head("flat").revision is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"basis":"corrected"', '"basis":"guessed"'), ('"kind":"revision"', '"kind":"prediction"'),
        ('"covers":[]', '"covers":[["a"]]'), ('"covers":[]', '"covers":[[1,2]]'), ('"finished":true', '"finished":1'),
        ('"count":1', '"count":true'), ('"labels":["disc"]', '"labels":"disc"'), ('"format":1', '"format":2'),
        ('"overread":{', '"overread":0,"x":{'),
    ],
)  # fmt: skip
def test_a_revision_with_a_wrong_value_is_one_clear_line(dataset: Dataset, old: str, new: str) -> None:
    saved = dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    path = dataset.folder / "scans" / "flat" / "revisions" / f"{saved.id}.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    (dataset.folder / "index.sqlite").unlink(missing_ok=True)
    with pytest.raises(DatasetProblem) as caught:
        Dataset.open(dataset.folder).head("flat")
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_mask_file_that_leaves_the_folder_is_refused(dataset: Dataset) -> None:
    saved = dataset.save_revision("flat", Snapshot((annotation(CUBE),)), author="ana")
    path = dataset.folder / "scans" / "flat" / "revisions" / f"{saved.id}.json"
    path.write_text(path.read_text().replace('"layer":"', '"layer":"/../../../'))
    with pytest.raises(DatasetProblem, match="no plain name"):
        dataset.snapshot(saved)


def test_an_absurdly_large_mask_file_is_not_read(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = dataset.save_revision("flat", Snapshot((annotation(CUBE),)), author="ana")
    monkeypatch.setattr("dataset.files.LARGEST_MASK_FILE", 10)
    with pytest.raises(DatasetProblem, match="too large"):
        dataset.snapshot(saved)


def test_accepting_with_another_threshold_and_without_one(dataset: Dataset) -> None:
    given = prediction("flat", Box(Plane(), 0, 0, 1, 1), Box(Plane(), 5, 5, 1, 1), settings=(("tile", "256"),))
    dataset.save_prediction(given)
    (saved,) = dataset.accept("flat", "bob", threshold=0.505)
    assert saved.count == 1
    newer = prediction("flat", settings=(("tile", "256"), ("threshold", "0.9")))
    dataset.save_prediction(newer)
    (second,) = dataset.accept("flat", "bob", threshold=0.0)
    assert (second.count, second.base) == (1, saved.id)
    assert dataset.head("flat").revision == second


def test_a_session_file_of_another_kind_in_the_journal_folder_is_left_alone(dataset: Dataset) -> None:
    folder = dataset.folder / "journal"
    folder.mkdir()
    (folder / "notes.jsonl").write_text("mine")
    (folder / f"{'0' * 26}-0001-flat.jsonl").write_bytes(b"torn")
    assert dataset.unsaved() == ()
    dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    dataset.close()
    assert (folder / "notes.jsonl").read_text() == "mine"


def test_the_journals_of_many_scans_stay_apart(dataset: Dataset) -> None:
    one, two = Edit("1", put=(annotation(),)), Edit("2", put=(annotation(),))
    dataset.keep("flat", one)
    dataset.keep("deep", two)
    assert dataset.unsaved_edits("flat") == (one,)
    assert {unsaved.scan for unsaved in dataset.unsaved()} == {"flat", "deep"}
    dataset.save_revision("flat", Snapshot(one.put), author="ana")
    assert dataset.unsaved_edits("flat") == ()
    assert dataset.unsaved_edits("deep") == (two,)


def test_threads_may_use_a_dataset_together(dataset: Dataset) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def work(number: int) -> None:
        key = ("flat", "deep")[number % 2]
        dataset.keep(key, Edit(str(number), put=(annotation(),)))
        dataset.save_revision(key, Snapshot((annotation(),)), author=f"reader {number}")
        dataset.save_prediction(prediction(key))
        dataset.records()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(16)))
    assert sum(len(dataset.revisions(key)) for key in ("flat", "deep")) == 16
    assert sum(len(record.predictions) for record in dataset.records()) == 16
    assert dataset.verify(silent()) == []


def test_a_scan_of_another_program_gives_its_patient_the_same_split(tmp_path: Path) -> None:
    one = Dataset.create(tmp_path / "set")
    other = Dataset.open(one.folder)
    written = one.add_scan(picture(patient="Roe"), "k1", silent()).split
    other._manifest = replace(other._manifest, shares=Shares(0.0, 0.0) if written != "test" else Shares(1.0, 0.0))
    assert other.add_scan(picture(patient="Roe"), "k2", silent()).split == written
    assert other.add_scan(picture(patient="Doe"), "k3", silent()).split != written or written == "train"


def test_a_journal_that_goes_on_after_its_revision_is_replayed_from_there(dataset: Dataset) -> None:
    first, second = Edit("1", put=(annotation(),)), Edit("2", put=(annotation(),))
    dataset.keep("flat", first)
    (journal,) = (dataset.folder / "journal").glob("*.jsonl")
    head_only = journal.read_bytes()
    dataset.keep("flat", second)
    both = journal.read_bytes()
    journal.write_bytes(head_only)
    dataset._journals._own["flat"][0].number = 1
    dataset.save_revision("flat", Snapshot(first.put), author="ana")
    dataset.close()
    journal.write_bytes(both)
    assert Dataset.open(dataset.folder).unsaved_edits("flat") == (second,)


def test_headers_of_scans_that_were_worked_on_are_let_go_and_nothing_of_them_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dataset.catalogue.MOST_AHEAD", 3)
    dataset = Dataset.create(tmp_path / "set", LABELS)
    keys = [f"scan{number}" for number in range(8)]
    for number, key in enumerate(keys):
        dataset.add_scan(picture(np.full((1, 32, 48), number, np.uint8)), key, silent())
        dataset.save_revision(key, Snapshot((annotation(),)), author="Ada")
    assert len(dataset._catalogue._entries) <= 4
    assert [record.state for record in dataset.records()] == ["labelled"] * 8
    assert [len(dataset.revisions(key)) for key in keys] == [1] * 8
    dataset.close()
    again = Dataset.open(tmp_path / "set")
    assert [record.state for record in again.records()] == ["labelled"] * 8
    again.close()
