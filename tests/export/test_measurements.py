"""Measurements in exports: trainers never get them, tables and GeoJSON do, and a scan only measured is no example."""

import csv
import json
from pathlib import Path

import pytest

from dataset.annotation import Box, Polygon, Polyline, new_id
from dataset.document import Snapshot
from dataset.measurement import MEASUREMENT, measurement
from export.exporter import Exporter
from export.writing import export_dataset, exporters
from imaging.geometry import Plane
from imaging.progress import silent
from tests.export.conftest import Made, mark

TRAINERS = [exporter for exporter in exporters() if not exporter.takes_measurements]
RULER = measurement("length", Polyline(Plane(), ((1, 1), (4, 5))), "Ada")
ANGLE = measurement("angle", Polyline(Plane(), ((9, 1), (1, 1), (1, 9))), "Ada")
REGION = measurement("region", Polygon(Plane(), ((2, 2), (12, 2), (12, 12), (2, 12))), "Ada")


@pytest.fixture
def measured(own: Made) -> Made:
    """The dataset with a picture that has measurements beside a finding, and one that has nothing else."""
    own.dataset.add_labels([MEASUREMENT])
    finding = mark("nucleus", Box(Plane(), 3, 3, 9, 9))
    own.dataset.save_revision("picture", Snapshot((finding, RULER, ANGLE, REGION)), author="Ada")
    own.dataset.save_revision(
        "unseen", Snapshot((measurement("region", Box(Plane(), 1, 1, 5, 5), "Ada"),)), author="Ada"
    )
    return own


def everything(folder: Path) -> str:
    texts = (".json", ".csv", ".yaml", ".txt", ".geojson", ".md")
    return "".join(
        path.read_text("utf-8") for path in folder.rglob("*") if path.suffix in texts and "report" not in path.name
    )


@pytest.mark.parametrize("exporter", TRAINERS, ids=lambda exporter: exporter.name)
def test_trainers_get_neither_measurements_nor_their_label(measured: Made, tmp_path: Path, exporter: Exporter) -> None:
    report = export_dataset(measured.dataset, exporter.name, tmp_path / "out", silent())
    for text in (everything(tmp_path / "out"), " ".join(str(path) for path in (tmp_path / "out").rglob("*"))):
        assert RULER.id not in text
        assert f'"{MEASUREMENT.id}"' not in text
        assert MEASUREMENT.name not in text
    assert report.left_out["measurements, which are no findings"] == 3


@pytest.mark.parametrize("exporter", TRAINERS, ids=lambda exporter: exporter.name)
def test_a_scan_that_was_only_measured_is_no_example_of_nothing(
    measured: Made, tmp_path: Path, exporter: Exporter
) -> None:
    assert measured.dataset.record("unseen").state == "in progress"
    export_dataset(measured.dataset, exporter.name, tmp_path / "out", silent())
    assert not list((tmp_path / "out").rglob("unseen*"))


def test_an_acceptance_stays_one_when_a_person_measures(own: Made) -> None:
    own.dataset.add_labels([MEASUREMENT])
    models_own = mark("nucleus", Box(Plane(), 3, 3, 9, 9), author="model:nuclei@1.0")
    key = own.dataset.add_scan(own.dataset.open_pixels("picture"), new_id(), silent()).key
    assert own.dataset.save_revision(key, Snapshot((models_own, RULER)), author="Ada").basis == "accepted"


def test_tables_and_geojson_keep_measurements_with_what_they_measure(measured: Made, tmp_path: Path) -> None:
    export_dataset(measured.dataset, "csv", tmp_path / "csv", silent())
    with (tmp_path / "csv" / "annotations.csv").open(encoding="utf-8", newline="") as file:
        found = {row["annotation"]: row for row in csv.DictReader(file)}
    unit = found[RULER.id]["unit"]
    assert (found[RULER.id]["measures"], unit) in {("length", "px"), ("length", "mm")}
    assert float(found[RULER.id]["measured"]) > 0
    assert (found[ANGLE.id]["measures"], float(found[ANGLE.id]["measured"])) == ("angle", pytest.approx(90))
    assert found[REGION.id]["unit"] in {"px2", "mm2"}
    export_dataset(measured.dataset, "geojson", tmp_path / "geojson", silent())
    (place,) = (tmp_path / "geojson").rglob("picture.geojson")
    features = {feature["id"]: feature for feature in json.loads(place.read_text("utf-8"))["features"]}
    assert features[RULER.id]["properties"]["overread"]["attributes"] == {"measures": "length"}
    assert features[RULER.id]["geometry"]["type"] == "LineString"
