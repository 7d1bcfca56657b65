"""QuPath's GeoJSON: what is read is written again equal; what is wrong is refused whole, in one line."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataset.annotation import Annotation, Box, Points, Polygon, Polyline, WholeScan
from dataset.errors import DatasetProblem
from dataset.label import Label, LabelSet
from dataset.mask import mask_of_plane
from dataset.qupath import import_marks, read_geojson
from dataset.qupath_write import write_geojson
from imaging.geometry import Plane
from tests.dataset.scans import LABELS, annotation

NONE = LabelSet("l", ())
RING = [[0, 0], [4, 0], [4.5, 4], [0, 0]]
BOX = [[10, 20], [10, 30], [15, 30], [15, 20], [10, 20]]


def again(data: bytes, known: LabelSet = NONE) -> Any:
    """What is written of what is read."""
    found = read_geojson(data, known)
    return json.loads(write_geojson(found.annotations, known.with_labels(found.labels), found.form, found.members))


def feature(kind: str = "Polygon", coordinates: object = (RING,), **properties: object) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": "PathDetectionObject",
        "geometry": {"type": kind, "coordinates": json.loads(json.dumps(coordinates))},
        "properties": properties,
    }


def test_each_file_of_qupath_comes_back_equal(data: Path) -> None:
    folder = data / "annotations"
    files = [*(folder / "qupath_geojson").glob("*.json"), *(folder / "derived").glob("qupath_*.geojson")]
    assert len(files) >= 11
    for path in files:
        text = path.read_bytes()
        assert again(text) == json.loads(text), path.name
        labels, marks = import_marks(path, NONE)
        assert len({mark.id for mark in marks}) == len(marks)
        assert {mark.label for mark in marks} == {label.id for label in labels}


CELL = feature(
    objectType="cell",
    classification={"names": ["Tumor", "Positive"], "color": [200, 0, 0]},
    measurements={"Nucleus: Area": 12.5, "odd": float("nan")},
    metadata={"ANNOTATION_DESCRIPTION": "ü"},
    color=[1, 2, 3],
    anything=[{"deep": [1, None, True]}],
)
CELL["nucleusGeometry"] = {"type": "Polygon", "coordinates": [RING]}
PLANED = feature(isLocked=True)
PLANED["geometry"]["plane"] = {"c": -1, "z": 3, "t": 2}
ELLIPSE = feature(name="e", measurements=[{"name": "Area", "value": 3}])
ELLIPSE["geometry"]["isEllipse"] = True
EXACT = feature(coordinates=[[[0, 0, 7], [4, 0, 7], [4, 4, 7], [0, 0, 7]]])
UUID = {**feature(classification="Stroma"), "id": "0b7c4a3e-8a51-4b8b-9a4c-3f3f1f3a1b2c"}

VARIANTS: list[dict[str, Any]] = [
    CELL,
    PLANED,
    ELLIPSE,
    EXACT,
    UUID,
    feature(coordinates=[BOX], objectType="tile"),
    feature(coordinates=[RING, [[1, 1], [2, 1], [2, 2], [1, 1]]], classification={"name": "T", "colorRGB": -3140401}),
    feature("MultiPolygon", [[RING], [BOX, RING]], classification={"name": "T"}),
    feature("MultiLineString", [[[0, 0], [1, 1]], [[2, 2], [3, 3.25]]]),
    feature("LineString", [[0, 0], [1, 1]]),
    feature("Point", [1.5, 2]),
    feature("MultiPoint", [[1.5, 2], [3, 4]]),
    {"type": "Feature", "geometry": None, "properties": {"classification": "Whole"}},
    {"type": "Feature", "id": 7, "geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": None},
    feature(name=None, classification=None),
]


@pytest.mark.parametrize("place", range(len(VARIANTS)))
def test_each_kind_of_feature_comes_back_equal(place: int) -> None:
    one = VARIANTS[place]
    for whole in (one, [one, one], {"type": "FeatureCollection", "features": [one], "crs": {"x": 1}}):
        text = json.dumps(whole)
        back = again(text.encode())
        expected = json.loads(text)
        for read, kept in ((back, expected),) if isinstance(whole, dict) else zip(back, expected, strict=True):
            _equal(read, kept)


def _equal(read: Any, kept: Any) -> None:
    features = zip(read.get("features", [read]), kept.get("features", [kept]), strict=True)
    for one, other in features:
        if "id" not in other:
            one.pop("id")
        assert json.dumps(one, sort_keys=True) == json.dumps(_floats(other), sort_keys=True) or _floats(one) == _floats(
            other
        )
    assert {k: v for k, v in read.items() if k not in {"features", "geometry", "properties", "id"}} == {
        k: v for k, v in kept.items() if k not in {"features", "geometry", "properties", "id"}
    }


def _floats(value: Any) -> Any:
    """The same with every number as a text of a float, so that NaN equals NaN."""
    if isinstance(value, dict):
        return {key: _floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_floats(item) for item in value]
    return str(float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value


def test_a_bare_geometry_is_taken_and_given_back() -> None:
    geometry = {"type": "Polygon", "coordinates": [RING]}
    assert again(json.dumps(geometry).encode()) == geometry


def test_what_is_read_has_this_programs_shapes_labels_and_locks() -> None:
    collection = {"type": "FeatureCollection", "features": VARIANTS}
    found = read_geojson(json.dumps(collection).encode(), LABELS, author="ana")
    shapes = [type(mark.geometry) for mark in found.annotations]
    assert shapes[:6] == [Polygon, Polygon, Polygon, Polygon, Polygon, Box]
    assert shapes[7:9] == [Polygon, Polygon]
    assert shapes[9:] == [Polyline, Polyline, Polyline, Points, Points, WholeScan, Points, Polygon]
    assert found.annotations[4].id == UUID["id"]
    assert found.annotations[1].locked
    assert found.annotations[1].geometry.plane == Plane(0, 3)  # type: ignore[union-attr]
    names = {label.name: label.colour for label in found.labels}
    assert names["Tumor: Positive"] == "#c80000"
    assert names["T"] == "#d014cf"
    assert {mark.author for mark in found.annotations} == {"ana"}


def test_classes_with_the_name_of_a_label_get_that_label() -> None:
    found = read_geojson(json.dumps(feature(classification={"name": "nodule"})).encode(), LABELS)
    assert (found.labels, found.annotations[0].label) == ((), "nodule")


def test_what_a_reader_changes_is_what_is_written() -> None:
    text = json.dumps([CELL, feature("MultiPolygon", [[RING], [BOX]], name="two"), feature(coordinates=[BOX])])
    found = read_geojson(text.encode(), LABELS)
    cell, first, second, box = found.annotations
    moved = replace(cell, label="disc", geometry=Polygon(Plane(), ((1.0, 1.0), (2.0, 1.0), (2.0, 2.0))))
    wider = replace(box, geometry=Box(Plane(), 10.0, 20.0, 50.0, 10.0), locked=True)
    one = replace(first, attributes=(("name", "one"), *first.attributes[1:]))
    labels = LABELS.with_labels(found.labels)
    written = json.loads(write_geojson([moved, one, wider], labels, "list"))
    assert written[0]["geometry"]["coordinates"] == [[[1, 1], [2, 1], [2, 2], [1, 1]]]
    assert written[0]["properties"]["classification"] == {"name": "Disc", "color": [0x3F, 0xA7, 0xD6]}
    assert written[0]["nucleusGeometry"] == CELL["nucleusGeometry"]
    assert written[1]["properties"]["name"] == "one"
    assert written[1]["geometry"] == {"type": "MultiPolygon", "coordinates": [[RING]]}
    assert written[2]["geometry"]["coordinates"] == [[[10, 20], [10, 30], [60, 30], [60, 20], [10, 20]]]
    assert written[2]["properties"]["isLocked"] is True
    apart = json.loads(write_geojson([first, replace(second, label="disc")], labels, "list"))
    assert [f["geometry"]["type"] for f in apart] == ["MultiPolygon", "MultiPolygon"]


def test_own_marks_are_features_that_qupath_reads() -> None:
    ring = np.ones((6, 8), np.bool_)
    ring[2:4, 2:5] = False
    marks: list[Annotation] = [annotation(), annotation(mask_of_plane(ring, 0, x=10, y=20), score=0.5)]
    written = json.loads(write_geojson(marks, LABELS))
    box, mask = written["features"]
    assert written["type"] == "FeatureCollection"
    assert box["id"] == marks[0].id
    assert box["properties"]["classification"] == {"name": "Disc", "color": [0x3F, 0xA7, 0xD6]}
    assert box["properties"]["objectType"] == "annotation"
    assert mask["geometry"]["type"] == "Polygon"
    assert len(mask["geometry"]["coordinates"]) == 2
    assert mask["properties"]["measurements"] == {"Score": 0.5}
    back = read_geojson(json.dumps(written).encode(), LABELS)
    assert [mark.id for mark in back.annotations] == [mark.id for mark in marks]


def test_packed_files_are_read() -> None:
    text = json.dumps(feature()).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("marks.geojson", text)
    for data in (gzip.compress(text), packed.getvalue()):
        assert len(read_geojson(data, NONE).annotations) == 1
    with pytest.raises(DatasetProblem, match="damaged archive"):
        read_geojson(gzip.compress(text)[:-10], NONE)


def bad(**changes: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": [feature(), {**feature(), **changes}]}).encode()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "no GeoJSON"),
        (b"{", "no GeoJSON"),
        (b"3", "neither"),
        (b'{"type": "Topology"}', "none that can be marked"),
        (b"[" * 100_000, "no GeoJSON"),
        (b'{"type":"FeatureCollection","features":' + b"[" * 5000 + b"]" * 5000 + b"}", "no GeoJSON|no feature"),
        (b"\xff\xfe\x00", "no GeoJSON"),
        (b'{"type": "FeatureCollection", "features": 3}', "no list of features"),
        (bad(geometry={"type": "Polygon", "coordinates": [RING[:-1]]}), "feature 2: ring 1 .* not closed"),
        (bad(geometry={"type": "Polygon", "coordinates": [[[0, 0], [1, float("nan")], [1, 1], [0, 0]]]}), "feature 2"),
        (
            bad(geometry={"type": "Polygon", "coordinates": [[[0, 0], [1, 10**400], [1, 1], [0, 0]]]}),
            "GeoJSON|imported",
        ),
        (bad(geometry={"type": "Polygon", "coordinates": "x"}), "feature 2"),
        (bad(geometry={"type": "Polygon", "coordinates": []}), "feature 2"),
        (bad(geometry={"type": "MultiPolygon", "coordinates": [3]}), "feature 2"),
        (bad(geometry={"type": "GeometryCollection", "geometries": []}), "feature 2"),
        (bad(geometry={"type": "Point", "coordinates": [True, 1]}), "feature 2"),
        (bad(geometry=[]), "feature 2"),
        (bad(properties=[]), "feature 2: its properties"),
        (bad(properties={"classification": 3}), "feature 2: its classification"),
        (bad(type="Bug"), "feature 2: it is no feature"),
        (json.dumps([feature(), 3]).encode(), "feature 2"),
    ],
)
def test_what_is_wrong_is_refused_whole_in_one_line(text: bytes, said: str) -> None:
    with pytest.raises(DatasetProblem, match=said) as caught:
        read_geojson(text, NONE)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_labels_get_ids_of_their_own() -> None:
    known = LabelSet("l", (Label("t-x", "Other", "#000000"),))
    text = json.dumps([feature(classification="T/X"), feature(classification="t x"), feature(classification="Ü")])
    found = read_geojson(text.encode(), known)
    assert [label.id for label in found.labels] == ["t-x-2", "t-x-3", "ü"]
    assert again(text.encode(), known) == json.loads(text)
