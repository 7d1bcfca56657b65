"""Every export format, read back by an independent reader."""

import contextlib
import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any, cast

import nibabel
import nrrd
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from dataset.annotation import Box
from export.formats.coco import run_lengths
from export.formats.crops import touched_pixels
from export.formats.nifti import encode_nifti
from export.formats.yolo import box_shares
from export.labelmaps import modality_values
from export.raster import clipped
from export.report import ExportReport
from export.writing import export_dataset
from export.yolo_files import yolo_line
from imaging.geometry import Affine
from imaging.progress import silent
from imaging.scan import Rescale
from tests.export.conftest import LABELS, OBLIQUE, Made, accept_a_wrong_prediction, disc_bits

# pycocotools' own reader, which is compiled, has not followed NumPy here.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

PICTURES = {"picture", "empty", "volume_k0001", "volume_k0002", "volume_k0003", "volume_j0007"}


def written(made: Made, name: str, folder: Path) -> ExportReport:
    return export_dataset(made.dataset, name, folder, silent())


def rows(place: Path) -> list[dict[str, str]]:
    with place.open(newline="", encoding="utf-8") as source:
        return list(csv.DictReader(source))


def yolo_boxes(folder: Path) -> dict[str, list[tuple[int, float, float, float, float]]]:
    """A plain reader of the format: picture name → class, x, y, width, height in pixels."""
    found = {}
    for place in folder.glob("labels/*/*.txt"):
        split = place.parent.name
        with Image.open(folder / "images" / split / f"{place.stem}.png") as picture:
            width, height = picture.size
        found[place.stem] = []
        for line in place.read_text().splitlines():
            number, cx, cy, w, h = line.split()
            across, down = float(w) * width, float(h) * height
            x, y = float(cx) * width - across / 2, float(cy) * height - down / 2
            found[place.stem].append((int(number), x, y, across, down))
    return found


def test_yolo_boxes_come_back_where_they_were_drawn(made: Made, tmp_path: Path) -> None:
    written(made, "yolo", tmp_path / "out")
    boxes = yolo_boxes(tmp_path / "out")
    assert set(boxes) == PICTURES
    assert boxes["empty"] == []
    expected = [
        (0, 3.25, 4.5, 10.5, 6.25),
        (0, 35.0, 0.0, 5.0, 5.0),  # cut to the picture
        (1, 2.0, 2.0, 12.0, 10.0),
        (0, 20.0, 15.0, 6.0, 6.0),
        (2, 20.5, 20.5, 10.0, 9.0),
    ]
    np.testing.assert_allclose(boxes["picture"], expected, atol=1e-6)
    np.testing.assert_allclose(boxes["volume_k0002"], [(1, 6, 4, 9, 5)], atol=1e-6)
    np.testing.assert_allclose(sorted(boxes["volume_k0003"]), [(0, 10, 8, 10, 4), (1, 6, 4, 9, 5)], atol=1e-6)
    np.testing.assert_allclose(boxes["volume_j0007"], [(1, 2, 1, 8, 3)], atol=1e-6)


def test_yolo_describes_its_classes_and_splits(made: Made, tmp_path: Path) -> None:
    written(made, "yolo", tmp_path / "out")
    facts = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text(encoding="utf-8"))
    assert facts["names"] == {number: label.id for number, label in enumerate(LABELS.labels)}
    assert facts["nc"] == 4
    for split in ("train", "val", "test"):
        folder = tmp_path / "out" / "images" / split
        assert (facts.get(split) == f"images/{split}") == folder.is_dir()


def test_pictures_hold_the_pixels_of_their_plane(made: Made, tmp_path: Path) -> None:
    written(made, "yolo", tmp_path / "out")

    def pixels(name: str) -> np.ndarray:
        (place,) = (tmp_path / "out").glob(f"images/*/{name}.png")
        with Image.open(place) as picture:
            return np.asarray(picture)

    assert np.array_equal(pixels("picture"), made.voxels["picture"][0])
    assert np.array_equal(pixels("empty"), made.voxels["empty"][0])
    hounsfield = made.voxels["volume"].astype(float) - 1024
    shown = np.rint(np.clip((hounsfield + 160) / 400, 0, 1) * 255)
    assert np.array_equal(pixels("volume_k0002"), shown[2])
    assert np.array_equal(pixels("volume_j0007"), shown[:, 7])


def test_a_radiograph_that_is_stored_inverted_is_written_bright_on_dark(made: Made, tmp_path: Path) -> None:
    written(made, "crops", tmp_path / "out")
    (row,) = (row for row in rows(tmp_path / "out" / "labels.csv") if row["scan"] == "radiograph")
    assert (row["label"], row["width"], row["height"]) == ("NORMAL", "31", "25")
    with Image.open(tmp_path / "out" / row["file"]) as crop:
        got = np.asarray(crop, float)
    stored = made.voxels["radiograph"][0].astype(float)
    expected = 255 - np.clip((stored + 160) / 400, 0, 1) * 255
    assert np.abs(got - expected).mean() < 3


def test_every_picture_says_who_said_what_on_which_basis(made: Made, tmp_path: Path) -> None:
    written(made, "yolo", tmp_path / "out")
    table = rows(tmp_path / "out" / "pictures.csv")
    assert {Path(row["picture"]).stem for row in table} == PICTURES
    first = next(row for row in table if row["annotation"] == made.marks["picture"][0].id)
    assert (first["author"], first["score"], first["reader"], first["basis"]) == (
        "model:nuclei@1.0",
        "0.875",
        "Ada",
        "corrected",
    )
    (nothing,) = (row for row in table if row["scan"] == "empty")
    assert (nothing["basis"], nothing["state"], nothing["annotation"]) == ("confirmed empty", "confirmed empty", "")
    volume = next(row for row in table if row["scan"] == "volume")
    assert (volume["window_centre"], volume["window_width"]) == ("40.0", "400.0")


@pytest.mark.parametrize("name", ["yolo", "yolo-obb", "coco", "crops", "nifti", "nrrd", "csv"])
def test_unseen_and_unfinished_scans_never_leave(made: Made, tmp_path: Path, name: str) -> None:
    written(made, name, tmp_path / "out")
    for place in (tmp_path / "out").rglob("*"):
        assert "unseen" not in place.name
        assert "half" not in place.name
        if place.suffix in {".csv", ".json"}:
            assert "unseen" not in place.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["yolo", "yolo-obb", "coco", "crops", "nifti", "nrrd"])
def test_scans_lie_in_the_split_that_was_written_down(made: Made, tmp_path: Path, name: str) -> None:
    written(made, name, tmp_path / "out")
    split_of = {record.key: record.split for record in made.dataset.records()}
    seen = 0
    for place in (tmp_path / "out").rglob("*"):
        key = next((key for key in split_of if place.name.startswith(key)), None)
        if key and place.suffix in {".png", ".txt", ".jpg", ".gz", ".nrrd"}:
            assert split_of[key] in place.relative_to(tmp_path / "out").parts
            seen += 1
    assert seen >= 2


@pytest.mark.parametrize("name", ["yolo", "coco", "csv"])
def test_corrections_win_over_acceptances_even_when_those_are_newer(own: Made, tmp_path: Path, name: str) -> None:
    accept_a_wrong_prediction(own.dataset, "picture")
    report = written(own, name, tmp_path / "out")
    assert report.bases["corrected"] >= 2
    assert "accepted" not in report.bases
    written_ids = "".join(
        place.read_text(encoding="utf-8")
        for place in (tmp_path / "out").rglob("*")
        if place.suffix in {".csv", ".json"}
    )
    assert own.marks["picture"][2].id in written_ids


def test_acceptances_leave_as_such_where_there_is_no_correction(own: Made, tmp_path: Path) -> None:
    accept_a_wrong_prediction(own.dataset, "unseen")
    report = written(own, "yolo", tmp_path / "out")
    assert report.bases["accepted"] == 1
    (row,) = (row for row in rows(tmp_path / "out" / "pictures.csv") if row["scan"] == "unseen")
    assert (row["basis"], row["author"], row["reader"]) == ("accepted", "model:nuclei@1.0", "Bob")


def coco_files(folder: Path) -> list[Any]:
    with contextlib.redirect_stdout(io.StringIO()):
        return [COCO(str(place)) for place in sorted((folder / "annotations").glob("*.json"))]


def test_coco_is_read_back_by_pycocotools_with_the_same_boxes_and_masks(made: Made, tmp_path: Path) -> None:
    written(made, "coco", tmp_path / "out")
    found: dict[tuple[str, str], tuple[list[float], Any]] = {}
    for coco in coco_files(tmp_path / "out"):
        for item in coco.anns.values():
            image = coco.imgs[item["image_id"]]
            bits = coco.annToMask(item).astype(bool) if item["segmentation"] else None
            assert coco.cats[item["category_id"]]["name"] in {label.id for label in LABELS.labels}
            found[image["file_name"], item["overread"]["annotation"]] = item["bbox"], bits
            if isinstance(item["segmentation"], dict):
                assert coco_mask.area(item["segmentation"]) == item["area"]
    marks = made.marks["picture"]
    box, bits = found["picture.png", marks[0].id]
    assert (box, bits) == ([3.25, 4.5, 10.5, 6.25], None)
    _, bits = found["picture.png", marks[3].id]
    expected = np.zeros((30, 40), bool)
    expected[15:21, 20:26] = np.eye(6, dtype=bool)
    assert np.array_equal(bits, expected)
    _, ring = found["picture.png", marks[2].id]
    expected = np.zeros((30, 40), bool)
    expected[2:12, 2:14] = True
    expected[5:9, 5:9] = False
    assert np.array_equal(ring, expected)
    for plane in (1, 2, 3):
        _, bits = found[f"volume_k{plane:04}.png", made.marks["volume"][0].id]
        assert np.array_equal(bits, disc_bits()[plane])


def test_coco_keeps_a_plain_polygon_as_points(made: Made, tmp_path: Path) -> None:
    written(made, "coco", tmp_path / "out")
    items = [item for coco in coco_files(tmp_path / "out") for item in coco.anns.values()]
    (plain,) = (item for item in items if item["overread"]["annotation"] == made.marks["picture"][4].id)
    assert plain["segmentation"] == [[20.5, 20.5, 30.5, 20.5, 20.5, 29.5]]


def test_coco_holds_pictures_without_marks_and_whose_they_are(made: Made, tmp_path: Path) -> None:
    written(made, "coco", tmp_path / "out")
    images = [image for coco in coco_files(tmp_path / "out") for image in coco.imgs.values()]
    assert {Path(image["file_name"]).stem for image in images} == PICTURES
    empty = next(image for image in images if image["file_name"] == "empty.png")
    assert empty["overread"]["basis"] == "confirmed empty"
    for image in images:
        (place,) = (tmp_path / "out").glob(f"images/*/{image['file_name']}")
        with Image.open(place) as picture:
            assert picture.size == (image["width"], image["height"])


def test_crops_are_what_the_box_touches(made: Made, tmp_path: Path) -> None:
    written(made, "crops", tmp_path / "out")
    table = rows(tmp_path / "out" / "labels.csv")
    row = next(row for row in table if row["annotation"] == made.marks["picture"][0].id)
    assert [int(row[name]) for name in ("x", "y", "width", "height")] == [3, 4, 11, 7]
    with Image.open(tmp_path / "out" / row["file"]) as crop:
        assert crop.size == (11, 7)
        assert np.abs(np.asarray(crop, float) - made.voxels["picture"][0, 4:11, 3:14]).mean() < 12
    assert len({row["file"] for row in table}) == len(table)
    for row in table:
        assert (tmp_path / "out" / row["file"]).is_file()


def test_no_label_name_leads_out_of_the_folder(made: Made, tmp_path: Path) -> None:
    written(made, "crops", tmp_path / "out")
    odd = [row["file"] for row in rows(tmp_path / "out" / "labels.csv") if row["label"] == "wörd/../x"]
    assert odd
    assert all(len(Path(file).parts) == 3 and ".." not in Path(file).parts for file in odd)


def expected_label_map() -> np.ndarray:
    expected = np.where(disc_bits(), 2, 0)
    expected[3, 8:12, 10:20] = 1
    return expected


def test_nifti_label_maps_lie_where_the_scan_does(made: Made, tmp_path: Path) -> None:
    report = written(made, "nifti", tmp_path / "out")
    (place,) = (tmp_path / "out").glob("*/labels/volume.nii.gz")
    image = nibabel.Nifti1Image.from_filename(place)
    assert np.array_equal(np.asarray(image.dataobj).transpose(2, 1, 0), expected_label_map())
    assert image.affine is not None
    lps = image.affine[:3] * [[-1], [-1], [1]]
    np.testing.assert_allclose(lps, OBLIQUE.matrix[:3], rtol=1e-6)
    assert image.header.get_xyzt_units()[0] == "mm"
    np.testing.assert_allclose(image.header.get_zooms(), OBLIQUE.spacing(), rtol=1e-6)
    (place,) = (tmp_path / "out").glob("*/images/volume.nii.gz")
    values = nibabel.Nifti1Image.from_filename(place)
    assert values.get_data_dtype() == np.int16
    assert np.array_equal(np.asarray(values.dataobj).transpose(2, 1, 0), made.voxels["volume"] - 1024)
    names = json.loads((tmp_path / "out" / "labels.json").read_text(encoding="utf-8"))
    assert names == {"background": 0, "nucleus": 1, "L4-L5": 2, "wörd/../x": 3, "NORMAL": 4}
    assert report.left_out["voxels under two masks, which keep the later one's label"] == 6
    assert report.left_out["scans with marks but no masks"] == 1


def test_a_scan_confirmed_empty_becomes_a_label_map_of_zeros(made: Made, tmp_path: Path) -> None:
    written(made, "nifti", tmp_path / "out")
    (place,) = (tmp_path / "out").glob("*/labels/empty.nii.gz")
    image = nibabel.Nifti1Image.from_filename(place)
    assert image.shape == (18, 16, 1)
    assert not np.asarray(image.dataobj).any()
    assert image.header.get_xyzt_units()[0] == "unknown"


def test_nrrd_segmentations_lie_where_the_scan_does_and_carry_slicers_fields(made: Made, tmp_path: Path) -> None:
    written(made, "nrrd", tmp_path / "out")
    (place,) = (tmp_path / "out").glob("*/labels/volume.seg.nrrd")
    voxels, header = nrrd.read(str(place))
    assert np.array_equal(voxels.transpose(2, 1, 0), expected_label_map())
    assert header["space"] == "left-posterior-superior"
    np.testing.assert_allclose(header["space directions"].T, OBLIQUE.matrix[:3, :3], rtol=1e-12)
    np.testing.assert_allclose(header["space origin"], OBLIQUE.matrix[:3, 3], rtol=1e-12)
    named = {header[f"Segment{n}_ID"]: header[f"Segment{n}_LabelValue"] for n in range(2)}
    assert named == {"nucleus": "1", "L4-L5": "2"}
    assert header["Segment1_Name"] == "Disc L4-L5"
    assert header["Segment1_Color"] == "0 1 0.501961"
    assert header["Overread_Basis"] == "corrected"
    (place,) = (tmp_path / "out").glob("*/images/volume.nrrd")
    assert np.array_equal(nrrd.read(str(place))[0].transpose(2, 1, 0), made.voxels["volume"] - 1024)


def test_tables_hold_every_annotation_and_every_scan(made: Made, tmp_path: Path) -> None:
    written(made, "csv", tmp_path / "out")
    table = {row["annotation"]: row for row in rows(tmp_path / "out" / "annotations.csv")}
    assert set(table) == {mark.id for marks in made.marks.values() for mark in marks}
    first, _, ring, mask, _, points = (table[mark.id] for mark in made.marks["picture"])
    box = made.marks["picture"][0].geometry
    assert isinstance(box, Box)
    assert [float(first[n]) for n in ("x", "y", "width", "height")] == [box.x, box.y, box.width, box.height]
    assert json.loads(ring["points"])[1] == [[5, 5], [9, 5], [9, 9], [5, 9]]
    assert (mask["shape"], mask["pixels"]) == ("mask", "6")
    assert (points["shape"], points["points"]) == ("points", "[[1.0, 1.0]]")
    scans = {row["scan"]: row for row in rows(tmp_path / "out" / "scans.csv")}
    assert set(scans) == {"picture", "volume", "radiograph", "empty"}
    assert scans["empty"]["spacing_i_mm"] == ""
    assert scans["volume"]["planes"] == "5"


boxes = some.tuples(
    some.floats(-50, 400), some.floats(-50, 400), some.floats(0.01, 500), some.floats(0.01, 500)
)  # fmt: skip


@given(boxes, some.integers(1, 4000), some.integers(1, 4000))
def test_a_yolo_line_reads_back_as_the_clipped_box(
    extent: tuple[float, float, float, float], width: int, height: int
) -> None:
    cut = clipped(extent, width, height)
    if cut is None:
        return
    number, *shares = yolo_line(3, box_shares(cut, width, height)).split()
    cx, cy, w, h = map(float, shares)
    assert number == "3"
    assert min(cx, cy, w, h) >= 0
    assert max(cx, cy, w, h) <= 1
    back = ((cx - w / 2) * width, (cy - h / 2) * height, w * width, h * height)
    np.testing.assert_allclose(back, cut, atol=1e-5)


@given(boxes, some.integers(1, 500), some.integers(1, 500))
def test_touched_pixels_hold_the_box_and_stay_on_the_plane(
    extent: tuple[float, float, float, float], width: int, height: int
) -> None:
    cut = clipped(extent, width, height)
    if cut is None:
        return
    x, y, across, down = touched_pixels(cut)
    assert 0 <= x <= cut[0]
    assert 0 <= y <= cut[1]
    assert cut[0] + cut[2] <= x + across <= width
    assert cut[1] + cut[3] <= y + down <= height
    assert across >= 1
    assert down >= 1


@given(some.integers(0, 2**30), some.integers(1, 40), some.integers(1, 40))
def test_run_lengths_decode_to_the_same_pixels(seed: int, width: int, height: int) -> None:
    bits = np.random.default_rng(seed).random((height, width)) > 0.5
    assert np.array_equal(coco_mask.decode(cast("Any", run_lengths(bits))).astype(bool), bits)


affines = some.lists(some.floats(-5, 5, width=32), min_size=12, max_size=12)


@given(affines, some.sampled_from(["uint8", "int16", "uint16", "int32", "float32", "float64"]))
def test_any_affine_survives_nifti(numbers: list[float], dtype: str) -> None:
    affine = Affine.of(np.array(numbers).reshape(3, 4))
    voxels = np.arange(24).reshape(2, 3, 4).astype(dtype)
    data = encode_nifti(voxels, affine, (None, None, None), "test")
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(data))
    assert np.array_equal(np.asarray(image.dataobj).transpose(2, 1, 0), voxels)
    assert image.affine is not None
    np.testing.assert_allclose(image.affine[:3] * [[-1], [-1], [1]], affine.matrix[:3], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("rescale", "dtype", "kind"),
    [
        (Rescale(), "int16", "int16"),
        (Rescale(1, -1024), "uint16", "int16"),
        (Rescale(1, -1024), "int32", "int32"),
        (Rescale(2, 0), "uint16", "int32"),
        (Rescale(0.5, 0), "uint16", "float32"),
        (Rescale(), "float16", "float32"),
        (Rescale(), "bool", "uint8"),
    ],
)
def test_modality_values_keep_the_smallest_exact_type(rescale: Rescale, dtype: str, kind: str) -> None:
    top = 1 if dtype == "bool" else 2**20 if dtype == "int32" else 30000
    stored = np.array([[[0, 1, top]]]).astype(dtype)
    values = modality_values(stored, rescale)
    assert values.dtype == kind
    np.testing.assert_allclose(values, stored.astype(float) * rescale.slope + rescale.intercept)
