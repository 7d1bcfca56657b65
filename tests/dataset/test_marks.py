"""Marks as GeoJSON and label maps, and back."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Annotation, Box, Points, Polygon, Polyline, Proposal, WholeScan
from dataset.facts import Facts, Malformed, to_json
from dataset.marks import WrittenMarks, read_annotations, read_proposals, write_marks
from dataset.mask import empty_mask, mask_of_plane, mask_of_stack
from imaging.geometry import Affine, Plane, Size
from imaging.scan import ScanInfo
from tests.dataset.scans import LABELS, annotation
from tests.dataset.strategies import FLAT, SIZE, some_annotations, some_proposals

AFFINE = Affine.from_directions((10.0, -20.5, 30.25), (0.5, 0.1, 0.0), (-0.1, 0.5, 0.0), (0.0, 0.2, 2.5))
STACK = ScanInfo("s", "f", "volume", SIZE, "int16", spacing_mm=AFFINE.spacing(), affine=AFFINE)
SHEET = ScanInfo("s", "f", "picture", FLAT, "uint8")


def through_json(written: WrittenMarks) -> Facts:
    return Facts(json.loads(to_json(dict(written.members))))


@given(st.lists(some_annotations(SIZE), max_size=6), st.lists(some_annotations(FLAT), max_size=4))
def test_annotations_come_back_exactly(stack: Sequence[Annotation], sheet: Sequence[Annotation]) -> None:
    for marks, info in ((stack, STACK), (sheet, SHEET)):
        written = write_marks(marks, info, LABELS)
        assert read_annotations(through_json(written), written.files) == tuple(marks)


@given(st.lists(some_proposals(), max_size=6))
def test_proposals_come_back_exactly(marks: Sequence[Proposal]) -> None:
    written = write_marks(marks, STACK, LABELS)
    assert read_proposals(through_json(written), written.files) == tuple(marks)


def test_vector_marks_are_geojson_features() -> None:
    marks = [
        annotation(Box(Plane(), 1.0, 2.0, 3.0, 4.0)),
        annotation(Polygon(Plane(0, 3), ((0.0, 0.0), (4.0, 0.0), (0.0, 4.0)), (((1.0, 1.0), (2.0, 1.0), (1.0, 2.0)),))),
        annotation(Polyline(Plane(), ((0.0, 0.0), (1.0, 1.0)))),
        annotation(Points(Plane(), ((5.0, 6.0),))),
        annotation(WholeScan()),
    ]
    members = json.loads(to_json(dict(write_marks(marks, STACK, LABELS).members)))
    features: list[dict[str, Any]] = members["features"]
    shapes = [(f["type"], f["geometry"]["type"], f["geometry"]["coordinates"]) for f in features]
    assert shapes == [
        ("Feature", "Polygon", [[[1, 2], [4, 2], [4, 6], [1, 6], [1, 2]]]),
        ("Feature", "Polygon", [[[0, 0], [4, 0], [0, 4], [0, 0]], [[1, 1], [2, 1], [1, 2], [1, 1]]]),
        ("Feature", "LineString", [[0, 0], [1, 1]]),
        ("Feature", "MultiPoint", [[5, 6]]),
    ]
    assert features[0]["properties"]["classification"] == {"name": "Disc", "color": [0x3F, 0xA7, 0xD6]}
    assert features[1]["geometry"]["plane"] == {"c": -1, "z": 3, "t": 0}
    assert len(members["whole_scan"]) == 1


def test_masks_of_a_picture_are_a_png_as_large_as_the_picture() -> None:
    import cv2

    left = mask_of_plane(np.ones((20, 30), np.bool_), 0, x=5, y=6)
    right = mask_of_plane(np.ones((20, 30), np.bool_), 0, x=50, y=6)
    over = mask_of_plane(np.ones((4, 4), np.bool_), 0, x=6, y=7)
    written = write_marks([annotation(m) for m in (left, right, over)], SHEET, LABELS)
    assert sorted(written.files) == ["mask-0.png", "mask-1.png"]
    plane = cv2.imdecode(np.frombuffer(written.files["mask-0.png"], np.uint8), cv2.IMREAD_UNCHANGED)
    assert plane is not None
    assert plane.shape == (270, 300)
    np.testing.assert_array_equal(plane == 1, left.crop(0, 0, 0, 300, 270))
    np.testing.assert_array_equal(plane == 2, right.crop(0, 0, 0, 300, 270))


def test_three_hundred_nuclei_make_a_sixteen_bit_map() -> None:
    import cv2

    nuclei = [mask_of_plane(np.ones((3, 3), np.bool_), 0, x=n % 50 * 5, y=n // 50 * 5) for n in range(300)]
    marks = [annotation(nucleus) for nucleus in nuclei]
    written = write_marks(marks, SHEET, LABELS)
    plane = cv2.imdecode(np.frombuffer(written.files["mask-0.png"], np.uint8), cv2.IMREAD_UNCHANGED)
    assert plane is not None
    assert (plane.dtype, int(plane.max())) == (np.uint16, 300)
    assert read_annotations(through_json(written), written.files) == tuple(marks)


def test_masks_of_a_volume_are_read_by_pynrrd_and_simpleitk_where_they_lie(tmp_path: Path) -> None:
    import nrrd
    import SimpleITK

    bits = np.zeros((5, 30, 40), np.bool_)
    bits[1:3, 10:20, 15:35] = True
    front = np.zeros((30, 5, 40), np.bool_)
    front[25, 0:2, 3:9] = True
    disc, coronal = annotation(mask_of_stack(bits)), annotation(mask_of_stack(front, axis=1), "nodule")
    files = write_marks([disc, coronal], STACK, LABELS).files
    path = tmp_path / "mask.seg.nrrd"
    path.write_bytes(files["mask-0.seg.nrrd"])

    data, header = nrrd.read(str(path))
    assert header["Segment0_ID"] == disc.id
    assert (header["Segment0_Name"], header["Segment1_Name"]) == ("Disc", "Nodule")
    assert (header["Segment0_LabelValue"], header["Segment1_LabelValue"]) == ("1", "2")
    assert header["Segmentation_MasterRepresentation"] == "Binary labelmap"
    offset = [int(v) for v in header["Segmentation_ReferenceImageExtentOffset"].split()]
    assert header["Segment0_Extent"] == f"0 {data.shape[0] - 1} 0 {data.shape[1] - 1} 0 {data.shape[2] - 1}"
    np.testing.assert_allclose(header["space origin"], AFFINE.to_world(np.array([offset], np.float64))[0])

    image = SimpleITK.ReadImage(str(path))
    for i, j, k, value in ((15, 10, 1, 1), (34, 19, 2, 1), (3, 25, 0, 2), (14, 10, 1, 0)):
        world = AFFINE.to_world(np.array([[i, j, k]], np.float64))[0]
        assert image.GetPixel(image.TransformPhysicalPointToIndex(world.tolist())) == value
    whole = SimpleITK.GetArrayFromImage(image)
    assert int((whole == 1).sum()) == int(bits.sum())


def test_a_single_plane_with_a_mask_seen_from_the_side_is_kept_too() -> None:
    side = annotation(mask_of_stack(np.ones((3, 1, 20), np.bool_), axis=1))
    written = write_marks([side], SHEET, LABELS)
    assert read_annotations(through_json(written), written.files) == (side,)


def test_a_mask_beyond_the_scan_is_kept_whole() -> None:
    far = annotation(mask_of_plane(np.ones((10, 10), np.bool_), 0, x=295, y=400))
    written = write_marks([far], SHEET, LABELS)
    assert read_annotations(through_json(written), written.files) == (far,)


def test_on_a_huge_plane_only_the_part_with_masks_is_stored() -> None:
    huge = ScanInfo("s", "f", "picture", Size(100_000, 80_000), "uint8")
    spot = annotation(mask_of_plane(np.ones((10, 10), np.bool_), 0, x=90_000, y=70_000))
    written = write_marks([spot], huge, LABELS)
    assert sum(len(data) for data in written.files.values()) < 2000
    assert read_annotations(through_json(written), written.files) == (spot,)
    corner = annotation(mask_of_plane(np.ones((1, 1), np.bool_), 0))
    with pytest.raises(Malformed, match="too many"):
        write_marks([spot, corner], huge, LABELS)


def damaged(change: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """A written mask and box with one thing wrong."""
    marks = [annotation(mask_of_stack(np.ones((2, 3, 4), np.bool_))), annotation()]
    written = write_marks(marks, STACK, LABELS)
    members = json.loads(to_json(dict(written.members)))
    files = dict(written.files)
    row = members["masks"][0]["mask"]
    said = members["features"][0]["properties"]["overread"]
    changes: dict[str, Any] = {
        "no file": files.clear,
        "cut short": lambda: files.update({"mask-0.seg.nrrd": files["mask-0.seg.nrrd"][:-9]}),
        "no nrrd": lambda: files.update({"mask-0.seg.nrrd": b"what"}),
        "no text": lambda: files.update({"mask-0.seg.nrrd": b"NRRD\xff\xfe\n\n"}),
        "other shape": lambda: row.update(shape=[2, 4, 3]),
        "larger": lambda: row.update(shape=[2, 30, 40]),
        "vast": lambda: row.update(shape=[20000, 30000, 40000]),
        "nowhere": lambda: row.update(origin=[]),
        "other value": lambda: row.update(value=7),
        "value 0": lambda: row.update(value=0),
        "no box of it": lambda: row.update(box=[1, 2]),
        "box elsewhere": lambda: row.update(box=[0, 0, 0, 40, 30, 5]),
        "no axis": lambda: row.update(axis=5),
        "no plane": lambda: said.update(plane=[4, 0]),
        "no shape": lambda: said.update(shape="star"),
        "no box": lambda: said.update(box=[1, 2]),
        "no number": lambda: said.update(box=[1, 2, "x", 3]),
        "infinite": lambda: said.update(box=[1, 2, float("inf"), 3]),
    }
    changes[change]()
    return members, files


@pytest.mark.parametrize(
    "change",
    [
        "no file", "cut short", "no nrrd", "no text", "other shape", "larger", "vast", "nowhere", "other value",
        "no axis", "no plane", "no shape", "no box", "no number", "infinite",
    ],
)  # fmt: skip
def test_damaged_marks_are_refused(change: str) -> None:
    members, files = damaged(change)
    with pytest.raises(Malformed):
        read_annotations(Facts(members), files)


@pytest.mark.parametrize("data", [b"", b"\x89PNG", b"\x89PNG\r\n\x1a\n" + bytes(8) + bytes([0, 0, 1, 44, 0, 0, 1, 14])])
def test_a_png_that_is_none_is_refused(data: bytes) -> None:
    written = write_marks([annotation(mask_of_plane(np.ones((2, 2), np.bool_), 0))], SHEET, LABELS)
    with pytest.raises(Malformed):
        read_annotations(through_json(written), {"mask-0.png": data})


def test_a_png_of_colours_is_no_label_map() -> None:
    import cv2

    written = write_marks([annotation(mask_of_plane(np.ones((2, 2), np.bool_), 0))], SHEET, LABELS)
    colour = cv2.imencode(".png", np.zeros((270, 300, 3), np.uint8))[1].tobytes()
    with pytest.raises(Malformed):
        read_annotations(through_json(written), {"mask-0.png": colour})


def test_points_and_rings_that_are_none_are_refused() -> None:
    written = write_marks([annotation(Polyline(Plane(), ((0.0, 0.0), (1.0, 1.0))))], STACK, LABELS)
    members = json.loads(to_json(dict(written.members)))
    members["features"][0]["geometry"]["coordinates"] = [[1]]
    with pytest.raises(Malformed, match="fewer than two"):
        read_annotations(Facts(members), {})


def test_an_empty_mask_comes_back_empty_on_its_axis() -> None:
    marks = (annotation(empty_mask(2)),)
    written = write_marks(marks, STACK, LABELS)
    assert written.files == {}
    assert read_annotations(through_json(written), {}) == marks


def test_a_colour_that_is_none_becomes_grey() -> None:
    from dataset.label import Label, LabelSet

    labels = LabelSet("l", (Label("disc", "Disc", "red"),))
    marks = [annotation(), annotation(mask_of_stack(np.ones((2, 3, 4), np.bool_)))]
    written = write_marks(marks, STACK, labels)
    assert json.loads(to_json(dict(written.members)))["features"][0]["properties"]["classification"]["color"] == [
        128, 128, 128,
    ]  # fmt: skip
    assert b"Color:=0.501961 0.501961 0.501961" in written.files["mask-0.seg.nrrd"]
    assert io.BytesIO(written.files["mask-0.seg.nrrd"]).read(4) == b"NRRD"
