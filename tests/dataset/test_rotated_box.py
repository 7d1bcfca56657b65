"""Rotated boxes: kept exactly, read as polygons by who knows no better, measured and counted in."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Annotation, Box, Polygon, RotatedBox, bounds, direction, geometry_plane, lies_on
from dataset.document import Edit
from dataset.facts import Facts, Malformed, to_json
from dataset.journal import Journal, read_journal
from dataset.marks import outline_from_json, outline_to_json, read_annotations, write_marks
from dataset.measure import count_within, inside_of, measure
from dataset.qupath import read_geojson
from dataset.qupath_write import write_geojson
from imaging.geometry import Plane, Size
from imaging.scan import ScanInfo
from tests.dataset.scans import LABELS, annotation

INFO = ScanInfo("s", "f", "picture", Size(300, 270, 1), "uint8")
SLANTED = RotatedBox(Plane(), 100.5, 80.25, 40.0, 20.0, 33.0)
numbers = st.floats(-1e5, 1e5)
lengths = st.floats(0.5, 1e4)
boxes = st.builds(RotatedBox, st.just(Plane()), numbers, numbers, lengths, lengths, st.floats(0, 360, exclude_max=True))


def feature_of(box: RotatedBox) -> tuple[dict[str, Any], dict[str, Any]]:
    """The written members, and the one feature among them."""
    members = json.loads(to_json(dict(write_marks([annotation(box)], INFO, LABELS).members)))
    return members, members["features"][0]


def test_other_programs_see_the_polygon_of_its_corners() -> None:
    _, feature = feature_of(SLANTED)
    assert feature["geometry"]["type"] == "Polygon"
    ring = [tuple(point) for point in feature["geometry"]["coordinates"][0]]
    assert ring == [*SLANTED.corners(), SLANTED.corners()[0]]


@given(boxes)
def test_a_program_that_knows_no_rotated_boxes_reads_the_polygon(box: RotatedBox) -> None:
    members, feature = feature_of(box)
    assert read_annotations(Facts(members), {})[0].geometry == box
    # What such a program looks at is the shape and the coordinates.
    del feature["properties"]["overread"]["rotated_box"]
    assert read_annotations(Facts(members), {})[0].geometry == Polygon(Plane(), box.corners())
    line = json.loads(to_json(outline_to_json(box)))
    assert outline_from_json(Facts(line)) == box
    del line["rotated_box"]
    assert outline_from_json(Facts(line)) == Polygon(Plane(), box.corners())


@pytest.mark.parametrize("broken", [[1, 2, 3, 4], [1, 2, 3, 4, "5"], "none"])
def test_a_damaged_one_is_refused(broken: object) -> None:
    members, feature = feature_of(SLANTED)
    feature["properties"]["overread"]["rotated_box"] = broken
    with pytest.raises(Malformed):
        read_annotations(Facts(members), {})


def test_a_journal_gives_it_back_exactly(tmp_path: Path) -> None:
    mark = annotation(SLANTED)
    journal = Journal(tmp_path / "j.jsonl", "scan", "ada")
    journal.append(Edit("Draw rotated box", put=(mark,)))
    journal.close()
    text = read_journal(tmp_path / "j.jsonl")
    assert text is not None
    assert text.edits[0].put == (mark,)


def test_qupath_gets_and_gives_a_polygon() -> None:
    found = read_geojson(write_geojson([annotation(SLANTED)], LABELS), LABELS)
    assert found.annotations[0].geometry == Polygon(Plane(), SLANTED.corners())
    again = read_geojson(write_geojson(found.annotations, LABELS), LABELS)
    assert again.annotations[0].geometry == found.annotations[0].geometry


@given(boxes)
def test_it_measures_what_its_sides_say(box: RotatedBox) -> None:
    found = measure(box, (0.5, 0.5, None))
    assert found.area_px == box.width * box.height
    assert found.area_mm2 == pytest.approx(box.width * box.height / 4)
    assert found.perimeter_px == pytest.approx(2 * (box.width + box.height), rel=1e-6)


def test_it_counts_what_lies_in_it_and_not_in_its_bounds() -> None:
    ring = bounds(SLANTED)
    assert ring is not None
    x, y, width, height = ring
    places = np.random.default_rng(2).uniform((x, y), (x + width, y + height), (500, 2))
    inside = inside_of(SLANTED, places)
    cosine, sine = direction(SLANTED.angle)
    for (px, py), is_in in zip(places, inside, strict=True):
        u = (px - SLANTED.x) * cosine + (py - SLANTED.y) * sine
        v = (py - SLANTED.y) * cosine - (px - SLANTED.x) * sine
        assert is_in == (abs(u) < 20 and abs(v) < 10)
    near, far = annotation(Box(Plane(), 99, 79, 2, 2)), annotation(Box(Plane(), x, y, 2, 2))
    marks: list[Annotation] = [near, far, annotation(SLANTED)]
    assert sum(count_within(marks, marks[2].geometry, (1, 1, 1)).counts.values()) == 1


def test_it_lies_on_its_own_plane() -> None:
    box = RotatedBox(Plane(1, 7), 5, 5, 4, 4, 45)
    assert geometry_plane(box) == Plane(1, 7)
    assert lies_on(box, Plane(1, 7))
    assert not lies_on(box, Plane(0, 7))
    side = math.hypot(4, 4)
    assert bounds(box) == pytest.approx((5 - side / 2, 5 - side / 2, side, side))
