"""Patient groups and splits: drawn once, never again, and nobody is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.errors import DatasetProblem
from dataset.folder import Dataset
from dataset.groups import Shares, draw_split, group_of
from dataset.verify import verify_folder
from imaging.progress import silent
from imaging.scan import Examination
from tests.dataset.scans import LABELS, picture, volume

KEY = b"k" * 32


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_patients_scans_are_in_one_group_and_one_split(patient: str, other: str) -> None:
    first = group_of(picture(patient=patient, name="a_1.png").info, "k1", "", KEY)
    second = group_of(volume(patient=patient).info, "k2", "", KEY)
    if patient.strip():
        assert first == second
        assert first.made_from == "patient"
        assert draw_split(first.id, KEY, Shares()) == draw_split(second.id, KEY, Shares())
        if other.strip() not in {patient.strip(), ""}:
            assert group_of(picture(patient=other).info, "k1", "", KEY) != first


@given(st.binary(min_size=8, max_size=8))
def test_splits_have_about_the_shares_asked_for_under_any_key(key: bytes) -> None:
    drawn = [draw_split(f"group{number}", key, Shares(0.6, 0.2)) for number in range(2000)]
    assert drawn == [draw_split(f"group{number}", key, Shares(0.6, 0.2)) for number in range(2000)]
    assert abs(drawn.count("train") / 2000 - 0.6) < 0.07
    assert abs(drawn.count("val") / 2000 - 0.2) < 0.06


@given(st.lists(st.tuples(st.sampled_from("ABCDE"), st.booleans()), min_size=1, max_size=8))
def test_a_split_once_written_is_never_redrawn(
    tmp_path_factory: pytest.TempPathFactory, order: list[tuple[str, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("splits") / "set"
    dataset = Dataset.create(folder, LABELS)
    written: dict[str, str] = {}
    for number, (patient, reopen) in enumerate(order):
        if reopen:
            # Other shares in the manifest change nothing for patients whose split is written down.
            path = folder / "dataset.json"
            path.write_text(path.read_text().replace('"train": 0.7', '"train": 0.0'))
            dataset = Dataset.open(folder)
        record = dataset.add_scan(picture(patient=patient), f"scan{number}", silent())
        assert written.setdefault(record.group, record.split) == record.split
    again = {record.key: record.split for record in Dataset.open(folder).records()}
    assert again == {f"scan{n}": written[dataset.record(f"scan{n}").group] for n in range(len(order))}


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("ivd_20_t1.mha", "ivd_20_t2.mha", True),
        ("person1_bacteria_2.jpeg", "person1_virus_6.jpeg", True),
        ("ivd_20_t1.mha", "ivd_21_t1.mha", False),
        ("left.png", "right.png", False),
    ],
)
def test_without_a_patient_the_file_name_groups(first: str, second: str, is_one: bool) -> None:
    groups = [group_of(picture(name=name).info, name, "", KEY) for name in (first, second)]
    assert (groups[0] == groups[1]) is is_one
    assert groups[0].made_from == "file name"


def test_who_the_caller_names_comes_first_and_content_last() -> None:
    info = picture(patient="Doe").info
    assert group_of(info, "k", "Roe", KEY) == group_of(picture(patient="Roe").info, "k2", "", KEY)
    study = replace(info, examination=Examination(study="1.2.3"))
    assert group_of(study, "k", "", KEY).made_from == "study"
    nameless = replace(info, examination=Examination(), sources=(), name="")
    assert group_of(nameless, "k", "", KEY).made_from == "content"
    assert group_of(nameless, "k", "", KEY) != group_of(nameless, "k2", "", KEY)


def test_nothing_in_the_folder_names_the_patient_or_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "Smithers^Waylon" / "series of Waylon"
    folder.mkdir(parents=True)
    source = folder / "Smithers_Waylon_MR.mha"
    source.write_bytes(b"pixels")
    scan = volume(patient="Smithers^Waylon")
    scan._info = replace(
        scan.info,
        name=source.name,
        sources=(source, source.with_name("gone.Waylon")),
        examination=Examination("Smithers^Waylon", "1.2.840.99999", "1.2.840.99999.1", "for Dr Hibbert"),
        header=(("PatientName", "Smithers^Waylon"), ("StudyDate", "20200102"), ("KVP", "120"), ("Note", "of Waylon")),
        notes=("Smithers_Waylon_MR.mha: planes sorted", "for Dr Hibbert 1.2.840.99999", "1.2.840.99999.1 was read"),
    )
    dataset = Dataset.create(tmp_path / "set", LABELS)
    record = dataset.add_scan(scan, "k", silent())
    assert record.sources[0].suffix == ".mha"
    assert len(record.sources) == 1
    everything = b"".join(path.read_bytes() for path in dataset.folder.rglob("*") if path.is_file()).lower()
    for name in (b"smithers", b"waylon", b"hibbert", b"1.2.840.99999", b"20200102"):
        assert name not in everything
    assert record.info.header == (("KVP", "120"), ("Note", "of …"))
    assert record.info.notes == ("…: planes sorted", "… …", "… was read")


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.nii.gz", ".nii.gz"), ("a.DCM", ".dcm"), ("IM0001", ""), ("x.Jane Roe", ""), ("v1.2.png", ".png"), ("a.", "")],
)
def test_only_the_ending_of_a_file_name_is_kept(name: str, suffix: str) -> None:
    from dataset.described import safe_suffix

    assert safe_suffix(name) == suffix


def test_the_key_may_stay_outside_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVERREAD_GROUP_KEY", "a secret of the hospital")
    dataset = Dataset.create(tmp_path / "set")
    assert not (dataset.folder / "group.key").exists()
    record = dataset.add_scan(picture(patient="Roe"), "k", silent())
    other = Dataset.create(tmp_path / "other").add_scan(picture(patient="Roe"), "k", silent())
    assert record.group == other.group
    monkeypatch.setenv("OVERREAD_GROUP_KEY", "another")
    with pytest.raises(DatasetProblem, match="not the one this dataset was made with"):
        dataset.add_scan(picture(), "k2", silent())
    monkeypatch.delenv("OVERREAD_GROUP_KEY")
    with pytest.raises(DatasetProblem, match="is missing"):
        dataset.add_scan(picture(), "k2", silent())
    assert Dataset.open(dataset.folder).record("k") == record


def test_a_key_file_wins_over_a_wrong_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = Dataset.create(tmp_path / "set")
    assert (dataset.folder / "group.key").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("OVERREAD_GROUP_KEY", "of another dataset")
    dataset.add_scan(picture(), "k", silent())
    assert verify_folder(dataset.folder, silent()) == []


def test_a_scan_without_any_name_has_nothing_to_strike() -> None:
    from dataset.described import info_to_json

    nameless = replace(picture().info, name="", sources=(), notes=("as it is",))
    assert info_to_json(nameless)["notes"] == ["as it is"]
