"""Slides in exports: never read whole; crops and GeoJSON take them, the others say in a line that they do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dataset.annotation import Box, Polygon, WholeScan
from dataset.document import Snapshot
from dataset.folder import Dataset
from dataset.mask import mask_of_plane
from desktop_app.commandline import main
from export.writing import export_dataset
from imaging.geometry import Plane
from imaging.identity import scan_key
from imaging.loaded import LoadedScan
from imaging.opening import open_scan
from imaging.progress import silent
from tests.export.conftest import LABELS, mark


@pytest.fixture
def slides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Dataset, str, Path]]:
    """A dataset with one slide by reference, its key and its file."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    file = tmp_path / "slides" / "one.png"
    file.parent.mkdir()
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (80, 100, 3), np.uint8)).save(file)
    scan = open_scan(file)
    key = scan_key(scan)
    dataset = Dataset.create(tmp_path / "set", LABELS)
    voxels = scan.voxels()  # type: ignore[attr-defined]
    dataset.add_scan(LoadedScan(replace(scan.info, kind="slide"), voxels), key, silent())
    ring = np.ones((20, 20), np.bool_)
    ring[5:9, 5:9] = False
    box = mark("nucleus", Box(Plane(), 10.0, 12.0, 30.0, 20.0))
    marks = (box, mark("nucleus", mask_of_plane(ring, 0, x=50, y=40)), mark("NORMAL", WholeScan()))
    dataset.save_revision(key, Snapshot(marks), author="Ada")
    yield dataset, key, file
    dataset.close()


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def test_crops_are_read_around_the_marks_of_a_slide(slides: tuple[Dataset, str, Path], tmp_path: Path) -> None:
    dataset, key, _file = slides
    report = export_dataset(dataset, "crops", tmp_path / "out", silent())
    crops = sorted((tmp_path / "out").rglob("*.jpg"))
    assert [_size(path) for path in crops] == [(30, 20), (20, 20)]
    assert key in (tmp_path / "out" / "labels.csv").read_text(encoding="utf-8")
    assert report.left_out == {"labels of a whole slide, which is too large for a crop": 1}


def test_a_slide_that_is_gone_is_left_out_with_its_reason(slides: tuple[Dataset, str, Path], tmp_path: Path) -> None:
    dataset, _key, file = slides
    file.unlink()
    report = export_dataset(dataset, "crops", tmp_path / "out", silent())
    assert report.left_out == {"slides that could not be opened": 1}
    assert "Point to it" in report.notes[0]


@pytest.mark.parametrize("name", ["yolo", "yolo-obb", "coco", "nifti", "nrrd"])
def test_formats_of_whole_pictures_leave_slides_out_in_one_line(
    slides: tuple[Dataset, str, Path], tmp_path: Path, name: str
) -> None:
    report = export_dataset(slides[0], name, tmp_path / "out", silent())
    assert report.scans == 0
    assert any("whole slides, which are too large" in reason for reason in report.left_out)


def test_geojson_holds_outlines_with_holes(slides: tuple[Dataset, str, Path], tmp_path: Path) -> None:
    dataset, key, _file = slides
    report = export_dataset(dataset, "geojson", tmp_path / "out", silent())
    (place,) = (tmp_path / "out").rglob("*.geojson")
    assert place.stem == key
    features = json.loads(place.read_bytes())["features"]
    assert [len(feature["geometry"]["coordinates"]) for feature in features] == [1, 2]
    assert report.left_out == {"labels of the whole scan, which have no outline": 1}


def test_the_command_imports_and_exports_the_marks_of_a_scan(
    slides: tuple[Dataset, str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset, key, _file = slides
    ring = [[1, 1], [9, 1], [9, 9.5], [1, 1]]
    given: dict[str, object] = {"type": "Feature", "id": "a", "geometry": {"type": "Polygon", "coordinates": [ring]}}
    given["properties"] = {"classification": {"name": "Stroma", "colorRGB": -3140401}, "objectType": "annotation"}
    source, target = tmp_path / "marks.geojson", tmp_path / "out.geojson"
    source.write_text(json.dumps(given))
    place = ["--scan", key[:12], "--dataset", str(dataset.folder)]
    assert main(["annotations", "import", str(source), *place, "--author", "Ben", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["count"] == 1
    head = Dataset.open(dataset.folder).head(key).revision
    assert head is not None
    assert (head.count, head.author, head.state) == (4, "Ben", "in progress")
    assert dataset.snapshot(head).annotations[-1].geometry == Polygon(
        Plane(),
        ((1.0, 1.0), (9.0, 1.0), (9.0, 9.5)),
    )
    assert main(["annotations", "export", *place, "--to", str(target)]) == 0
    assert json.loads(target.read_bytes())["features"][-1] == given


def test_the_command_refuses_in_one_line(
    slides: tuple[Dataset, str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset, key, _file = slides
    broken = tmp_path / "broken.geojson"
    broken.write_text('{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": 3}]}')
    place = ["--scan", key, "--dataset", str(dataset.folder)]
    assert main(["annotations", "import", str(broken), *place]) == 1
    assert "feature 1" in capsys.readouterr().err
    assert main(["annotations", "export", *place]) == 1
    assert dataset.head(key).revision == dataset.revisions(key)[0]
