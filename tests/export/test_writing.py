"""How an export gets its folder: whole, and never over anything else."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dataset.folder import Dataset
from dataset.record import Split
from export.exporter import Exporter, ExportProblem, ExportView
from export.formats.yolo import PLUGIN as YOLO
from export.report import Tally
from export.writing import export, export_dataset, exporters, view_of
from imaging.errors import Problem
from imaging.progress import Cancelled, Progress, silent
from tests.export.conftest import Made


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_every_format_has_a_name_of_its_own_and_words_for_a_person() -> None:
    found = exporters()
    assert [one.name for one in found] == ["coco", "crops", "geojson", "nifti", "nrrd", "csv", "yolo", "yolo-obb"]
    assert all(one.title and one.description for one in found)


def test_every_format_writes_an_empty_scan_and_a_report(made: Made, tmp_path: Path) -> None:
    for one in exporters():
        report = export_dataset(made.dataset, one.name, tmp_path / one.name, silent())
        facts = json.loads((tmp_path / one.name / "export.json").read_text(encoding="utf-8"))
        assert facts["format"] == one.name
        assert facts["scans"] == report.scans > 0
        assert set(facts["files"]) == names(tmp_path / one.name)
        assert "scans that were looked at" in (tmp_path / one.name / "export.md").read_text(encoding="utf-8")


def test_the_report_counts_annotations_once_however_many_planes_they_lie_on(made: Made, tmp_path: Path) -> None:
    report = export_dataset(made.dataset, "coco", tmp_path / "out", silent())
    assert report.labels == {"L4-L5": 3, "nucleus": 4, "wörd/../x": 1}
    assert report.annotations == 8
    assert report.left_out == {
        "points, and marks outside their scan": 1,
        "scans with nothing but labels of the whole scan, for which this format has no place": 1,
    }
    assert sum(report.splits.values()) == report.scans == 3


def test_an_earlier_export_is_replaced_whole(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_dataset(made.dataset, "crops", out, silent())
    before = names(out)
    export_dataset(made.dataset, "csv", out, silent())
    assert names(out) == {"annotations.csv", "scans.csv", "export.json", "export.md"}
    assert names(out) != before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("with_export", [True, False])
def test_a_folder_with_anything_else_in_it_is_left_alone(made: Made, tmp_path: Path, with_export: bool) -> None:
    out = tmp_path / "out"
    if with_export:
        export_dataset(made.dataset, "csv", out, silent())
    (out / "deep").mkdir(parents=True)
    (out / "deep" / "thesis.txt").write_text("mine")
    before = {name: (out / name).read_bytes() for name in names(out)}
    with pytest.raises(ExportProblem, match=r"holds a file that is not from an export \(deep/thesis.txt\)"):
        export_dataset(made.dataset, "csv", out, silent())
    assert {name: (out / name).read_bytes() for name in names(out)} == before


def test_an_empty_folder_is_used(made: Made, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    export_dataset(made.dataset, "csv", tmp_path / "out", silent())
    assert "scans.csv" in names(tmp_path / "out")


def test_a_file_is_no_folder_to_export_to(made: Made, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(ExportProblem, match="is a file"):
        export_dataset(made.dataset, "csv", tmp_path / "out", silent())


class FailsHalfWay(Exporter):
    name, title, description = "fails", "Fails", "Fails half-way"
    takes_measurements = False

    def __init__(self, error: Exception) -> None:
        self.error = error

    def write(self, view: ExportView, folder: Path, tally: Tally, progress: Progress) -> None:  # noqa: ARG002
        (folder / "half").write_text("half")
        raise self.error


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(28, "No space left on device"), ExportProblem),
        (Problem("is broken", "scan"), Problem),
        (Cancelled(), Cancelled),
        (ValueError("bug"), ValueError),
    ],
)
def test_an_export_that_fails_leaves_the_earlier_one_and_nothing_else(
    made: Made, tmp_path: Path, error: Exception, raised: type[Exception]
) -> None:
    out = tmp_path / "out"
    export_dataset(made.dataset, "csv", out, silent())
    before = names(out)
    with pytest.raises(raised):
        export(view_of(made.dataset), FailsHalfWay(error), out, silent())
    assert names(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_a_full_disk_is_said_in_one_line(made: Made, tmp_path: Path) -> None:
    full = FailsHalfWay(OSError(28, "No space left on device"))
    with pytest.raises(ExportProblem, match=r"out: cannot be written \(No space left .*\)\. Nothing was"):
        export(view_of(made.dataset), full, tmp_path / "out", silent())


def test_what_a_killed_export_left_long_ago_is_cleared_away(made: Made, tmp_path: Path) -> None:
    old, young = tmp_path / ".out.0123.part", tmp_path / ".out.4567.part"
    for stale in (old, young):
        stale.mkdir()
    os.utime(old, (1, 1))
    export_dataset(made.dataset, "csv", tmp_path / "out", silent())
    assert not old.exists()
    assert young.exists()


def test_an_unknown_format_is_told_with_those_there_are(made: Made, tmp_path: Path) -> None:
    with pytest.raises(ExportProblem, match="'voc': is no export format; there are coco, crops, geojson, nifti,"):
        export_dataset(made.dataset, "voc", tmp_path / "out", silent())


def test_a_dataset_nobody_looked_at_gives_no_export(tmp_path: Path) -> None:
    dataset = Dataset.create(tmp_path / "new")
    with pytest.raises(ExportProblem, match="has no scan that was looked at"):
        export_dataset(dataset, "csv", tmp_path / "out", silent())
    dataset.close()
    assert not (tmp_path / "out").exists()


def test_one_split_can_be_exported_alone(made: Made, tmp_path: Path) -> None:
    split: Split = next(record.split for record in made.dataset.records() if record.key == "volume")
    report = export_dataset(made.dataset, "csv", tmp_path / "out", silent(), split=split)
    assert set(report.splits) == {split}


def test_scans_kept_by_reference_are_counted_as_left_out(made: Made, tmp_path: Path) -> None:
    view = view_of(made.dataset)
    scans = tuple(replace(looked, record=replace(looked.record, pixels="")) for looked in view.scans)
    report = export(replace(view, scans=scans), YOLO, tmp_path / "out", silent())
    assert report.left_out["scans whose pixels the dataset does not keep"] == 3
    assert report.scans == 0


def test_damaged_pixels_stop_the_export_with_one_line(own: Made, tmp_path: Path) -> None:
    (place,) = (own.dataset.folder / "scans" / "volume" / "pixels").iterdir()
    place.write_bytes(place.read_bytes()[:-3])
    with pytest.raises(Problem, match=str(place.name)):
        export_dataset(own.dataset, "yolo", tmp_path / "out", silent())
    assert not (tmp_path / "out").exists()


def test_progress_reaches_the_listener_and_cancelling_stops(made: Made, tmp_path: Path) -> None:
    steps: list[float] = []
    progress = Progress(lambda step: steps.append(step.done))
    export_dataset(made.dataset, "yolo", tmp_path / "out", progress)
    assert steps == sorted(steps)
    assert len(steps) == 4
    shutil.rmtree(tmp_path / "out")
    progress.cancel()
    with pytest.raises(Cancelled):
        export_dataset(made.dataset, "yolo", tmp_path / "out", progress)
    assert not (tmp_path / "out").exists()


def test_an_export_killed_between_its_two_renames_is_brought_back(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_dataset(made.dataset, "csv", out, silent())
    before = names(out)
    out.rename(tmp_path / ".out.0123.old")
    with pytest.raises(Problem):
        export(view_of(made.dataset), FailsHalfWay(Problem("is broken", "scan")), out, silent())
    assert names(out) == before


SCRIPT = """
import sys
from pathlib import Path
from dataset.folder import Dataset
from export.writing import export_dataset
from imaging.progress import silent
dataset = Dataset.open(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    export_dataset(dataset, "coco", Path(sys.argv[2]), silent())
"""


@pytest.mark.slow
def test_an_export_killed_at_any_moment_is_whole_or_absent(own: Made, tmp_path: Path) -> None:
    out, draw = tmp_path / "out", random.Random(5)
    export_dataset(own.dataset, "coco", out, silent())
    expected = names(out)
    for _ in range(12):
        words = [sys.executable, "-c", SCRIPT, str(own.dataset.folder), str(out)]
        process = subprocess.Popen(words, stdout=subprocess.PIPE)
        assert process.stdout is not None
        with process.stdout as said:
            said.readline()
        time.sleep(draw.uniform(0.0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not out.exists() or names(out) == expected
    export_dataset(own.dataset, "coco", out, silent())
    assert names(out) == expected
    assert not list(tmp_path.glob(".out.*.old"))
