"""Rotated boxes in each format, and oriented boxes of other marks."""

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dataset.annotation import Box, Geometry, Point, Points, Polygon, Polyline, RotatedBox, bounds
from dataset.document import Snapshot
from dataset.mask import mask_of_plane
from export.formats.yolo_obb import smallest_rectangle
from export.raster import bits_on, extent_on
from export.writing import export_dataset
from imaging.geometry import Plane
from imaging.progress import silent
from tests.export.conftest import Made, mark

SLANTED = RotatedBox(Plane(), 20, 15, 10, 6, 30)


def exported(own: Made, name: str, folder: Path, *shapes: Geometry) -> Path:
    """The picture (40 × 30) with these marks, in a format."""
    marks = tuple(mark("nucleus", shape) for shape in shapes)
    own.dataset.save_revision("picture", Snapshot(marks), author="Ada")
    export_dataset(own.dataset, name, folder, silent())
    return folder


def oriented(folder: Path) -> list[list[Point]]:
    """A plain reader of the format: the corners in pixels of each line of the picture."""
    (place,) = folder.glob("labels/*/picture.txt")
    with Image.open(next(folder.glob("images/*/picture.png"))) as picture:
        width, height = picture.size
    found: list[list[Point]] = []
    for line in place.read_text().splitlines():
        number, *shares = line.split()
        values = [float(share) for share in shares]
        assert number == "0"
        assert len(values) == 8
        assert min(values) >= 0
        assert max(values) <= 1
        found.append([(x * width, y * height) for x, y in zip(values[::2], values[1::2], strict=True)])
    return found


def test_oriented_boxes_are_the_corners_that_were_drawn(own: Made, tmp_path: Path) -> None:
    line = Polyline(Plane(), ((5, 5), (15, 15)))
    diamond = Polygon(Plane(), ((10, 5), (15, 10), (10, 15), (5, 10)))
    block = mask_of_plane(np.ones((4, 6), np.bool_), 0, x=10, y=20)
    shapes = (SLANTED, Box(Plane(), 1, 2, 10, 5), diamond, block, line, Points(Plane(), ((3, 3),)))
    found = oriented(exported(own, "yolo-obb", tmp_path / "out", *shapes))
    assert len(found) == 5
    np.testing.assert_allclose(found[0], SLANTED.corners(), atol=1e-6)
    np.testing.assert_allclose(found[1], [(1, 2), (11, 2), (11, 7), (1, 7)], atol=1e-6)
    np.testing.assert_allclose(sorted(found[2]), sorted(diamond.exterior), atol=1e-4)
    np.testing.assert_allclose(sorted(found[3]), [(10, 20), (10, 24), (16, 20), (16, 24)], atol=1e-4)
    np.testing.assert_allclose(found[4], [(5, 5), (15, 5), (15, 15), (5, 15)], atol=1e-6)


def test_a_corner_beyond_the_picture_is_moved_to_its_edge(own: Made, tmp_path: Path) -> None:
    (corners,) = oriented(exported(own, "yolo-obb", tmp_path / "out", RotatedBox(Plane(), 38, 15, 10, 6, 45)))
    assert max(x for x, _ in corners) == 40


def test_yolo_has_the_upright_bounds(own: Made, tmp_path: Path) -> None:
    folder = exported(own, "yolo", tmp_path / "out", SLANTED)
    (place,) = folder.glob("labels/*/picture.txt")
    cx, cy, width, height = (float(share) for share in place.read_text().split()[1:])
    found = bounds(SLANTED)
    assert found is not None
    back = (cx * 40 - width * 20, cy * 30 - height * 15, width * 40, height * 30)
    np.testing.assert_allclose(back, found, atol=1e-5)


def test_coco_has_the_polygon_its_area_and_the_upright_bounds(own: Made, tmp_path: Path) -> None:
    folder = exported(own, "coco", tmp_path / "out", SLANTED)
    found = [json.loads(place.read_text()) for place in folder.glob("annotations/*.json")]
    (facts,) = [f for f in found if "picture.png" in {image["file_name"] for image in f["images"]}]
    (number,) = [image["id"] for image in facts["images"] if image["file_name"] == "picture.png"]
    (said,) = [entry for entry in facts["annotations"] if entry["image_id"] == number]
    np.testing.assert_allclose(said["segmentation"], [np.ravel(SLANTED.corners())])
    around = bounds(SLANTED)
    assert around is not None
    np.testing.assert_allclose(said["bbox"], around)
    assert said["area"] == pytest.approx(60, abs=5)


def test_tables_and_geojson_have_its_corners(own: Made, tmp_path: Path) -> None:
    folder = exported(own, "csv", tmp_path / "csv", SLANTED)
    with (folder / "annotations.csv").open(newline="", encoding="utf-8") as source:
        (row,) = [row for row in csv.DictReader(source) if row["scan"] == "picture"]
    assert row["shape"] == "rotated box"
    np.testing.assert_allclose(json.loads(row["points"]), SLANTED.corners())
    folder = exported(own, "geojson", tmp_path / "geojson", SLANTED)
    (place,) = folder.glob("*/picture.geojson")
    (feature,) = json.loads(place.read_text())["features"]
    assert feature["geometry"]["type"] == "Polygon"
    np.testing.assert_allclose(feature["geometry"]["coordinates"][0][:4], SLANTED.corners())


def test_crops_hold_its_bounds(own: Made, tmp_path: Path) -> None:
    folder = exported(own, "crops", tmp_path / "out", SLANTED)
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as source:
        (row,) = [row for row in csv.DictReader(source) if row["scan"] == "picture"]
    assert (row["x"], row["y"], row["width"], row["height"]) == ("14", "9", "12", "12")


def test_label_maps_leave_it_out_as_they_do_boxes(own: Made, tmp_path: Path) -> None:
    folder = exported(own, "nifti", tmp_path / "out", SLANTED)
    assert not list(folder.rglob("picture*"))


def test_its_pixels_are_those_whose_centre_is_inside() -> None:
    bits = bits_on(SLANTED, Plane(), 40, 30)
    assert bits is not None
    cosine, sine = math.cos(math.radians(30)), math.sin(math.radians(30))
    for row in range(30):
        for column in range(40):
            dx, dy = column + 0.5 - 20, row + 0.5 - 15
            far = max(abs(dx * cosine + dy * sine) / 5, abs(dy * cosine - dx * sine) / 3)
            if abs(far - 1) > 1e-6:
                assert bits[row, column] == (far < 1)
    assert bits_on(SLANTED, Plane(0, 1), 40, 30) is None
    assert extent_on(SLANTED, Plane(0, 1), 40, 30) is None


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=30))
def test_the_smallest_rectangle_holds_every_point(points: Sequence[tuple[int, int]]) -> None:
    corners = smallest_rectangle([(x + 90_000.25, y + 50_000.5) for x, y in points])
    if not corners:
        return
    (ax, ay), (bx, by), _, (dx, dy) = corners
    for x, y in points:
        for ux, uy in ((bx - ax, by - ay), (dx - ax, dy - ay)):
            length = math.hypot(ux, uy)
            along = ((x + 90_000.25 - ax) * ux + (y + 50_000.5 - ay) * uy) / length
            assert -0.01 <= along <= length + 0.01
