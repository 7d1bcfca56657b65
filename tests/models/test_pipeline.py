import json

import numpy as np
import pytest

from dataset.annotation import Box
from dataset.mask import Mask
from imaging.geometry import Plane, Region
from imaging.progress import silent
from models.catalogue import open_folder
from models.choices import Choices
from models.pieces import Piece, crop_rectangle, cut_out, pieces_of
from models.problem import ModelProblem
from tests.models.graphs import manifest_of, mean_classifier, pixel_map, scan_of, shape, straight_affine, write_package

# The classifier tells pieces by how bright their crop is: 'low' where dark, 'high' where bright.
BRIGHTNESS = mean_classifier([0, 0.5, -9], [4, 0, 0])


def chain(folder, *, steps=(), crop=None, reads=None, pieces=None):
    segment = manifest_of("segment", {"as": "map", "activation": "sigmoid"}, ("disc",), name="segment")
    segment["input"]["size"] = {"policy": "any"}
    write_package(folder / "segment", segment, pixel_map([10], [-5]))
    decode = {"as": "scores", "activation": "softmax"}
    level = manifest_of("classify", decode, ("low", "high", "other"), "logits", name="level")
    write_package(folder / "level", level, BRIGHTNESS)
    manifest = {
        "format": 1,
        "name": "chain",
        "version": "1.0.0",
        "title": "A chain",
        "licence": "Apache-2.0",
        "reads": reads or {},
        "steps": [
            {"do": "segment", "package": "segment"},
            {"do": "pieces", **(pieces or {"minimum_area": 4})},
            {"do": "boxes"},
            {"do": "classify", "package": "level", "crop": crop or {"margin": 0.0}},
            *steps,
        ],
        "labels": [
            {"id": "low", "name": "Low", "colour": "#aabbcc"},
            {"id": "high", "name": "High", "colour": "#aabbcc"},
            {"id": "high_torn", "name": "Torn", "colour": "#aabbcc", "assigned_by": "reader"},
        ],
    }
    (folder / "pipeline.json").write_text(json.dumps(manifest))
    return folder


def two_discs():
    pixels = np.zeros((40, 30), np.uint8)
    pixels[5:10, 4:12] = 2  # dark
    pixels[20:28, 10:20] = 40  # bright
    pixels[35, 2] = 40  # a speck
    return pixels


def boxes_of(answer):
    return {one.label: one for one in answer.proposals if isinstance(shape(one), Box)}


def masks_of(answer):
    return {one.label: one for one in answer.proposals if isinstance(shape(one), Mask)}


def test_every_piece_gets_a_box_a_mask_and_a_label_with_its_probability(tmp_path):
    answer = open_folder(chain(tmp_path)).predict(scan_of(two_discs()), "key", None, silent())
    boxes, masks = boxes_of(answer), masks_of(answer)
    assert shape(boxes["low"]) == Box(Plane(), 4, 5, 8, 5)
    assert shape(boxes["high"]) == Box(Plane(), 10, 20, 10, 8)
    assert shape(masks["low"]).count() == 40
    assert shape(masks["high"]).bounds(0) == (10, 20, 10, 8)
    powers = np.exp([4, 0.5 * 2, -9 * 2])
    assert boxes["low"].score == pytest.approx(powers[0] / powers.sum(), abs=1e-5)
    assert dict(boxes["low"].scores).keys() == {"low", "high"}
    assert masks["low"].score == pytest.approx(boxes["low"].score)
    assert len(answer.proposals) == 4
    assert answer.device == "cpu"


def test_labels_left_to_the_reader_are_in_the_set_and_never_proposed(tmp_path):
    predictor = open_folder(chain(tmp_path))
    assert "high_torn" in {label.id for label in predictor.labels}
    answer = predictor.predict(scan_of(two_discs()), "key", None, silent())
    assert "high_torn" not in {one.label for one in answer.proposals}


def test_an_order_gives_each_label_once(tmp_path):
    pixels = two_discs()
    pixels[20:28, 10:20] = 3  # both look low by themselves
    order = {"do": "order", "along": "down", "sequence": ["low", "high"], "skip_cost": 1.0}
    answer = open_folder(chain(tmp_path, steps=[order])).predict(scan_of(pixels), "key", None, silent())
    boxes = boxes_of(answer)
    assert shape(boxes["low"]).y < shape(boxes["high"]).y
    assert boxes["high"].score < 0.5


def test_a_volume_gives_boxes_on_each_plane_and_one_mask_per_label_over_all(tmp_path):
    voxels = np.stack([two_discs(), np.zeros((40, 30), np.uint8), two_discs()])
    told = []
    answer = open_folder(chain(tmp_path)).predict(scan_of(voxels), "key", None, silent(), partial=told.append)
    planes = sorted(shape(one).plane.index for one in answer.proposals if isinstance(shape(one), Box))
    assert planes == [0, 0, 2, 2]
    assert shape(masks_of(answer)["low"]).planes == (0, 2)
    assert [len(part) for part in told] == [4, 0, 4]


def test_only_the_plane_asked_for_is_read(tmp_path):
    voxels = np.stack([two_discs()] * 3)
    answer = open_folder(chain(tmp_path)).predict(scan_of(voxels), "key", Region(Plane(0, 1), 0, 0, 30, 15), silent())
    assert {shape(one).plane.index for one in answer.proposals if isinstance(shape(one), Box)} == {1}
    assert set(boxes_of(answer)) == {"low"}


def test_areas_in_square_millimetres_need_a_spacing(tmp_path):
    folder = chain(tmp_path, pieces={"minimum_area_mm2": 15.0})
    with pytest.raises(ModelProblem, match="--pixel-size MM"):
        open_folder(folder).predict(scan_of(two_discs()), "key", None, silent())
    # 40 and 80 pixels of a quarter of a square millimetre
    answer = open_folder(folder, Choices(pixel_size_mm=0.5)).predict(scan_of(two_discs()), "key", None, silent())
    assert set(boxes_of(answer)) == {"high"}


def test_planes_that_lie_otherwise_are_turned_for_the_models_and_findings_turned_back(tmp_path):
    # Stored: i to the back, j to the head (so upside down), k to the left.
    affine = straight_affine((0, 1, 0), (0, 0, 1), (1, 0, 0))
    order = {"do": "order", "along": "down", "sequence": ["low", "high"], "skip_cost": 1.0}
    folder = chain(tmp_path, steps=[order], reads={"planes": "sagittal"})
    upright = two_discs()
    upright[20:28, 10:20] = 3
    voxels = np.stack([upright[::-1], upright[::-1]])
    answer = open_folder(folder).predict(scan_of(voxels, affine=affine), "key", None, silent())
    boxes = boxes_of(answer)
    assert shape(boxes["low"]).y == 30  # 40 - 10: low is the upper one for the reader
    assert np.array_equal(shape(masks_of(answer)["low"]).crop(0, 4, 30, 8, 5), np.ones((5, 8), bool))


def test_pieces_are_connected_parts_of_enough_pixels_from_the_top_down():
    labels = np.full((9, 9), -1, np.int16)
    labels[6:9, 0:3] = 0
    labels[0:2, 4:6] = 0
    labels[2, 6] = 0  # touches by a corner
    labels[0, 0] = 0
    pieces = pieces_of(labels, np.full((9, 9), 0.5, np.float32), (100, 200), 2, 10)
    assert [(p.x, p.y, p.width, p.height) for p in pieces] == [(104, 200, 3, 3), (100, 206, 3, 3)]
    assert pieces[0].bits.sum() == 5
    assert len(pieces_of(labels, np.full((9, 9), 0.5, np.float32), (0, 0), 1, 2)) == 2


def test_crops_are_cut_in_millimetres_or_by_margin_with_zeros_outside():
    piece = Piece(10, 20, np.ones((4, 8), bool), 0, 1.0)
    assert crop_rectangle(piece, {"side_mm": 10.0}, (0.5, 1.0), (1.0, 1.0)) == (4, 17, 20, 10)
    assert crop_rectangle(piece, {"margin": 0.5}, None, (1.0, 1.0)) == (6, 18, 16, 8)
    assert crop_rectangle(piece, {"margin": 0.5, "square": True}, None, (1.0, 1.0)) == (6, 14, 16, 16)
    assert crop_rectangle(piece, {"margin": 0.0}, None, (2.0, 2.0)) == (5, 10, 4, 2)
    grid = np.arange(12, dtype=np.float32).reshape(3, 4, 1) + 1
    assert cut_out(grid, (-1, 1, 3, 3))[..., 0].tolist() == [[0, 5, 6], [0, 9, 10], [0, 0, 0]]
    assert cut_out(grid, (50, 50, 2, 2)).sum() == 0
