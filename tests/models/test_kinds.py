"""What each kind makes of outputs that are known."""

import numpy as np
import pytest

from dataset.annotation import Box, WholeScan
from dataset.mask import Mask
from imaging.geometry import Plane, Region
from imaging.progress import silent
from models.cache import ANSWERS
from models.catalogue import open_folder
from models.choices import Choices
from models.problem import ModelProblem
from tests.models.graphs import (
    box_filter,
    constant_outputs,
    manifest_of,
    mean_classifier,
    pixel_map,
    scan_of,
    shape,
    write_package,
)

SOFTMAX = {"as": "scores", "activation": "softmax"}
SIGMOID_MAP = {"as": "map", "activation": "sigmoid"}


def predicted(folder, manifest, model, scan, region=None, partial=None, **choices):
    predictor = open_folder(write_package(folder, manifest, model), Choices(**choices))
    return predictor.predict(scan, "key", region, silent(), partial=partial)


# Classify.


def test_a_classifier_gives_the_probabilities_that_follow_from_the_mean(tmp_path):
    manifest = manifest_of("classify", SOFTMAX, ("dark", "bright"), "logits")
    answer = predicted(tmp_path, manifest, mean_classifier([0, 1], [0, 0]), scan_of(np.full((20, 30), 2, np.uint8)))
    bright = 1 / (1 + np.exp(-2))
    assert dict(answer.scores) == pytest.approx({"dark": 1 - bright, "bright": bright}, abs=1e-6)
    (proposal,) = answer.proposals
    assert (proposal.label, shape(proposal)) == ("bright", WholeScan())
    assert proposal.score == pytest.approx(bright, abs=1e-6)
    assert answer.device == "cpu"
    assert answer.scan == "key"


def test_a_classifier_with_sigmoids_proposes_every_label_from_the_threshold_on(tmp_path):
    manifest = manifest_of("classify", {"as": "scores", "activation": "sigmoid"}, ("a", "b", "c"), "logits")
    answer = predicted(tmp_path, manifest, mean_classifier([1, 2, -1], [0, 0, 0]), scan_of(np.ones((9, 9), np.uint8)))
    assert [proposal.label for proposal in answer.proposals] == ["b", "a"]


def test_a_part_of_a_scan_is_classified_as_a_box(tmp_path):
    manifest = manifest_of("classify", SOFTMAX, ("dark", "bright"), "logits")
    pixels = np.zeros((20, 20), np.uint8)
    pixels[10:, 10:] = 9
    region = Region(Plane(), 10, 10, 10, 10)
    answer = predicted(tmp_path, manifest, mean_classifier([0, 1], [1, 0]), scan_of(pixels), region)
    assert answer.proposals[0].label == "bright"
    assert shape(answer.proposals[0]) == Box(Plane(), 10, 10, 10, 10)


def test_a_volume_is_classified_at_its_middle_plane_and_says_so(tmp_path):
    manifest = manifest_of("classify", SOFTMAX, ("dark", "bright"), "logits")
    voxels = np.zeros((5, 9, 9), np.uint8)
    voxels[2] = 9
    answer = predicted(tmp_path, manifest, mean_classifier([0, 1], [1, 0]), scan_of(voxels))
    assert answer.proposals[0].label == "bright"
    assert any("plane 3 of 5" in note for note in answer.notes)


def test_a_classifier_whose_scores_do_not_go_with_its_labels_lost_one(tmp_path):
    manifest = manifest_of("classify", SOFTMAX, ("a", "b"), "logits")
    with pytest.raises(ModelProblem, match="3 scores for 2 labels"):
        predicted(tmp_path, manifest, mean_classifier([1, 2, 3], [0, 0, 0]), scan_of(np.ones((9, 9), np.uint8)))


# Segment.


def tiled(width=16, height=16, **more):
    return {"policy": "tiles", "width": width, "height": height, **more}


def mask_of(answer, label="thing") -> Mask:
    (proposal,) = [one for one in answer.proposals if one.label == label]
    assert isinstance(shape(proposal), Mask)
    return shape(proposal)


@pytest.mark.parametrize(
    "size",
    [
        tiled(16, 16),
        tiled(16, 16, halo=3),
        tiled(64, 64, overlap=8),
        {"policy": "any", "multiple_of": 8},
    ],
)
def test_a_segmentation_marks_exactly_the_bright_pixels(tmp_path, size):
    pixels = np.random.default_rng(1).integers(0, 2, (37, 45)).astype(np.uint8)
    manifest = manifest_of("segment", SIGMOID_MAP)
    manifest["input"]["size"] = size
    answer = predicted(tmp_path, manifest, pixel_map([10], [-5]), scan_of(pixels))
    assert np.array_equal(mask_of(answer).crop(0, 0, 0, 45, 37), pixels > 0)
    assert answer.proposals[0].score == pytest.approx(1 / (1 + np.exp(-5)), abs=1e-5)


def test_a_fixed_input_smaller_than_the_scan_marks_the_region_at_scan_size(tmp_path):
    pixels = np.zeros((64, 96), np.uint8)
    pixels[16:48, 24:72] = 1
    manifest = manifest_of("segment", SIGMOID_MAP)
    manifest["input"]["size"] = {"policy": "fixed", "width": 48, "height": 32}
    bits = mask_of(predicted(tmp_path, manifest, pixel_map([10], [-5], 32, 48), scan_of(pixels))).crop(0, 0, 0, 96, 64)
    assert np.count_nonzero(bits != (pixels > 0)) <= 4


def test_with_a_softmax_the_best_label_wins_and_the_background_is_not_proposed(tmp_path):
    manifest = manifest_of("segment", {"as": "map", "activation": "softmax"}, ("nothing", "low", "high"))
    manifest["labels"][0]["background"] = True
    manifest["input"]["size"] = tiled()
    pixels = np.array([[0, 1, 2]] * 3, np.uint8)
    # Scores 0.5, x, 2x - 1.5: background at 0, low at 1, high at 2.
    answer = predicted(tmp_path, manifest, pixel_map([0, 1, 2], [0.5, 0, -1.5]), scan_of(pixels))
    assert [proposal.label for proposal in answer.proposals] == ["low", "high"]
    assert mask_of(answer, "low").bounds(0) == (1, 0, 1, 3)
    assert mask_of(answer, "high").bounds(0) == (2, 0, 1, 3)


def test_a_volume_is_segmented_plane_by_plane_into_one_mask(tmp_path):
    voxels = (np.random.default_rng(2).random((4, 10, 12)) > 0.5).astype(np.uint8)
    manifest = manifest_of("segment", SIGMOID_MAP)
    manifest["input"]["size"] = tiled()
    told = []
    answer = predicted(tmp_path, manifest, pixel_map([10], [-5]), scan_of(voxels), partial=told.append)
    mask = mask_of(answer)
    for index in range(4):
        assert np.array_equal(mask.crop(index, 0, 0, 12, 10), voxels[index] > 0)
    assert len(told) == 4


def test_only_the_region_is_marked(tmp_path):
    manifest = manifest_of("segment", SIGMOID_MAP)
    manifest["input"]["size"] = tiled()
    voxels = np.ones((3, 20, 30), np.uint8)
    answer = predicted(tmp_path, manifest, pixel_map([10], [-5]), scan_of(voxels), Region(Plane(0, 1), 5, 6, 100, 7))
    assert mask_of(answer).planes == (1,)
    assert mask_of(answer).bounds(1) == (5, 6, 25, 7)


def test_pixels_are_resampled_to_the_spacing_the_package_names(tmp_path):
    pixels = np.zeros((40, 40), np.uint8)
    pixels[:, 20:] = 1
    manifest = manifest_of("segment", SIGMOID_MAP)
    manifest["input"].update(size=tiled(), spacing={"x": 1.0, "y": 1.0, "unit": "mm"})
    answer = predicted(tmp_path, manifest, pixel_map([10], [-5]), scan_of(pixels, spacing_mm=(0.5, 0.25, None)))
    assert mask_of(answer).bounds(0) == (20, 0, 20, 40)


def test_a_scan_of_unknown_spacing_is_asked_about_and_a_given_one_is_told(tmp_path):
    manifest = manifest_of("segment", SIGMOID_MAP)
    manifest["input"].update(size=tiled(), spacing={"x": 1.0, "y": 1.0, "unit": "mm"})
    scan = scan_of(np.ones((10, 10), np.uint8))
    with pytest.raises(ModelProblem, match="--pixel-size MM"):
        predicted(tmp_path, manifest, pixel_map([10], [-5]), scan)
    answer = predicted(tmp_path, manifest, pixel_map([10], [-5]), scan, pixel_size_mm=0.5)
    assert mask_of(answer).count() == 100
    assert ("pixel size mm", "0.5") in answer.settings
    assert any("given by a person" in note for note in answer.notes)


def test_specks_below_the_least_area_are_dropped(tmp_path):
    pixels = np.zeros((20, 20), np.uint8)
    pixels[2, 2] = 1
    pixels[10:14, 10:14] = 1
    manifest = manifest_of("segment", SIGMOID_MAP, thresholds={"score": 0.5, "minimum_area": 4})
    manifest["input"]["size"] = tiled()
    assert mask_of(predicted(tmp_path, manifest, pixel_map([10], [-5]), scan_of(pixels))).count() == 16


@pytest.mark.parametrize(
    "size",
    [
        {"policy": "tiles", "width": 8, "height": 8, "depth": 4, "halo": 1},
        {"policy": "any", "multiple_of": 4},
    ],
)
def test_a_three_dimensional_network_marks_exactly_the_bright_voxels(tmp_path, size):
    voxels = (np.random.default_rng(3).random((7, 13, 11)) > 0.6).astype(np.uint8)
    manifest = manifest_of("segment", SIGMOID_MAP)
    manifest["input"].update(axes="NCDHW", size=size)
    answer = predicted(tmp_path, manifest, pixel_map([10], [-5], rank=3), scan_of(voxels))
    for index in range(7):
        assert np.array_equal(mask_of(answer).crop(index, 0, 0, 11, 13), voxels[index] > 0)


def test_a_three_dimensional_network_sees_the_planes_at_its_own_distance(tmp_path):
    voxels = np.zeros((10, 8, 8), np.uint8)
    voxels[4:] = 1
    manifest = manifest_of("segment", SIGMOID_MAP)
    size = {"policy": "tiles", "width": 8, "height": 8, "depth": 4}
    manifest["input"].update(axes="NCDHW", size=size, spacing={"x": 1.0, "y": 1.0, "z": 2.0, "unit": "mm"})
    scan = scan_of(voxels, spacing_mm=(1.0, 1.0, 1.0))
    assert mask_of(predicted(tmp_path, manifest, pixel_map([10], [-5], rank=3), scan)).planes == (4, 5, 6, 7, 8, 9)


def test_blocks_of_a_large_region_give_what_one_block_gives(tmp_path, monkeypatch):
    pixels = np.random.default_rng(4).random((700, 900)).astype(np.float32)
    manifest = manifest_of("segment", {"as": "map", "activation": "none"})
    manifest["input"]["size"] = tiled(64, 64, halo=4)
    whole = mask_of(predicted(tmp_path, manifest, box_filter(5), scan_of(pixels)))
    monkeypatch.setattr("models.dense.MAP_BYTES", 4 * 300 * 300)
    ANSWERS.forget()
    told = []
    blocked = mask_of(predicted(tmp_path, manifest, box_filter(5), scan_of(pixels), partial=told.append))
    assert len(told) > 4
    differing = np.count_nonzero(whole.crop(0, 0, 0, 900, 700) != blocked.crop(0, 0, 0, 900, 700))
    assert differing <= 3  # only values within rounding of the threshold


# Detect and instances.


def place(proposal):
    box = shape(proposal)
    assert box.plane == Plane()
    return box.x, box.y, box.width, box.height


def yolo_rows(*rows, classes=2, masks=0):
    """The transposed layout: 1 × (4 + classes + masks) × anchors."""
    out = np.zeros((1, 4 + classes + masks, len(rows)), np.float32)
    for index, row in enumerate(rows):
        out[0, :, index] = row
    return out


def detector(decode=None, **size):
    manifest = manifest_of("detect", decode or {"as": "yolo", "classes": 2}, ("cat", "dog"), "boxes")
    manifest["input"]["size"] = {"policy": "fixed", "width": 100, "height": 100, "fit": "letterbox", **size}
    return manifest


def test_yolo_boxes_come_back_to_scan_pixels_through_the_letterbox(tmp_path):
    rows = yolo_rows((50, 50, 20, 10, 0.1, 0.9), (50, 50, 20, 10, 0.2, 0.3))
    answer = predicted(
        tmp_path, detector(), constant_outputs(1, 100, 100, boxes=rows), scan_of(np.zeros((200, 400), np.uint8))
    )
    (proposal,) = answer.proposals
    # 400 × 200 lies in 100 × 100 at a quarter of its size, 25 down.
    assert place(proposal) == pytest.approx((160, 80, 80, 40))
    assert (proposal.label, proposal.score) == ("dog", pytest.approx(0.9))


def test_of_boxes_that_say_the_same_the_better_stays_and_other_labels_are_left_alone(tmp_path):
    rows = yolo_rows(
        (50, 50, 20, 20, 0.6, 0.0), (51, 50, 20, 20, 0.9, 0.0), (50, 50, 20, 20, 0.0, 0.7), (80, 80, 10, 10, 0.8, 0.0)
    )
    answer = predicted(
        tmp_path, detector(), constant_outputs(1, 100, 100, boxes=rows), scan_of(np.zeros((100, 100), np.uint8))
    )
    assert [(one.label, round(one.score, 2)) for one in answer.proposals] == [("cat", 0.9), ("cat", 0.8), ("dog", 0.7)]


def test_yolox_grids_are_undone(tmp_path):
    rows = np.zeros((1, 16 + 4 + 1, 7), np.float32)
    rows[0, 5] = (0.5, 0.5, np.log(2), np.log(1), 0.9, 0.0, 1.0)  # stride 8: column 1, row 1
    rows[0, 16 + 3] = (0, 0, 0, 0, 0.8, 1.0, 0.0)  # stride 16: column 1, row 1
    manifest = detector({"as": "yolox", "strides": [8, 16, 32]}, width=32, height=32, fit="stretch")
    answer = predicted(
        tmp_path, manifest, constant_outputs(1, 32, 32, boxes=rows), scan_of(np.zeros((32, 32), np.uint8))
    )
    boxes = {one.label: one for one in answer.proposals}
    assert place(boxes["dog"]) == pytest.approx((4, 8, 16, 8))
    assert place(boxes["cat"]) == pytest.approx((8, 8, 16, 16))
    assert boxes["dog"].score == pytest.approx(0.9)


def test_objectness_is_multiplied_in(tmp_path):
    rows = np.zeros((1, 2, 7), np.float32)
    rows[0, 0] = (50, 50, 10, 10, 0.5, 0.9, 0.1)
    rows[0, 1] = (20, 20, 10, 10, 1.0, 0.1, 0.9)
    manifest = detector({"as": "yolo-objectness", "classes": 2})
    answer = predicted(
        tmp_path, manifest, constant_outputs(1, 100, 100, boxes=rows), scan_of(np.zeros((100, 100), np.uint8))
    )
    assert [(one.label, round(one.score, 2)) for one in answer.proposals] == [("dog", 0.9)]


def test_boxes_that_the_network_suppressed_itself_are_taken_as_they_are(tmp_path):
    rows = np.array([[[10, 20, 30, 50, 0.9, 1], [0, 0, 1, 1, 0.1, 0]]], np.float32)
    answer = predicted(
        tmp_path, detector({"as": "boxes"}), constant_outputs(1, 100, 100, boxes=rows), scan_of(np.zeros((100, 100)))
    )
    (only,) = answer.proposals
    assert (only.label, shape(only)) == ("dog", Box(Plane(), 10, 20, 20, 30))


def test_a_class_without_a_label_is_a_lost_label(tmp_path):
    rows = np.array([[[10, 20, 30, 50, 0.9, 2]]], np.float32)
    with pytest.raises(ModelProblem, match="class 2, which has no label"):
        predicted(
            tmp_path, detector({"as": "boxes"}), constant_outputs(1, 100, 100, boxes=rows), scan_of(np.zeros((9, 9)))
        )
    with pytest.raises(ModelProblem, match="3 classes for 2 labels"):
        open_folder(write_package(tmp_path, detector({"as": "yolo", "classes": 3}), b"x"))
    rows = yolo_rows((50, 50, 20, 20, 0.6, 0.0, 0.1), classes=3)
    with pytest.raises(ModelProblem, match="7 values per box"):
        predicted(tmp_path, detector(), constant_outputs(1, 100, 100, boxes=rows), scan_of(np.zeros((9, 9))))


def test_a_detector_over_tiles_puts_each_box_where_its_tile_lies(tmp_path):
    manifest = detector()
    manifest["input"]["size"] = tiled(100, 100)
    rows = yolo_rows((50, 50, 4, 4, 0.9, 0.0))
    answer = predicted(
        tmp_path, manifest, constant_outputs(1, 100, 100, boxes=rows), scan_of(np.zeros((100, 250), np.uint8))
    )
    assert sorted(shape(one).x for one in answer.proposals) == [48, 123, 198]


def test_objects_from_prototypes_are_masks_inside_their_boxes(tmp_path):
    prototypes = np.full((1, 2, 25, 25), -4, np.float32)
    prototypes[0, 0, 5:15, 5:15] = 4  # 20 … 60 of the input, 40 … 120 of the scan
    rows = yolo_rows((50, 40, 60, 60, 0.9, 0.0, 1.0, 0.0), masks=2)
    manifest = manifest_of("instances", {"as": "yolo", "classes": 2, "masks": 2}, ("cat", "dog"), "boxes")
    manifest["outputs"].append({"name": "protos", "decode": {"as": "prototypes"}})
    manifest["input"]["size"] = {"policy": "fixed", "width": 100, "height": 100}
    model = constant_outputs(1, 100, 100, boxes=rows, protos=prototypes)
    answer = predicted(tmp_path, manifest, model, scan_of(np.zeros((200, 200), np.uint8)))
    (only,) = answer.proposals
    assert only.label == "cat"
    assert shape(only).bounds(0) == (40, 40, 80, 80)
    assert shape(only).count() == pytest.approx(80 * 80, rel=0.02)


def test_touching_objects_are_told_apart_by_their_seeds(tmp_path):
    pixels = np.zeros((40, 60), np.uint8)
    pixels[10:30, 10:50] = 1  # two squares of 20 that touch
    pixels[17:23, 17:23] = pixels[17:23, 37:43] = 2  # their seeds
    decode = {"as": "distance-map", "activation": "sigmoid", "channels": ["interior", "seeds"]}
    manifest = manifest_of("instances", decode, ("cell",), thresholds={"score": 0.5, "minimum_area": 5})
    manifest["input"]["size"] = tiled(32, 32, halo=4)
    answer = predicted(tmp_path, manifest, pixel_map([10, 10], [-5, -15]), scan_of(pixels))
    bounds = sorted(shape(one).bounds(0) for one in answer.proposals)
    assert len(bounds) == 2
    assert bounds[0][:2] == (10, 10)
    assert sum(shape(one).count() for one in answer.proposals) == 800
    assert abs(bounds[0][2] - 20) <= 1


def test_objects_at_another_spacing_come_back_at_scan_size(tmp_path):
    pixels = np.zeros((80, 80), np.uint8)
    pixels[20:40, 30:60] = 2
    decode = {"as": "distance-map", "activation": "sigmoid", "channels": ["interior", "seeds"]}
    manifest = manifest_of("instances", decode, ("cell",))
    manifest["input"].update(size=tiled(32, 32, halo=4), spacing={"x": 1.0, "y": 1.0, "unit": "mm"})
    scan = scan_of(pixels, spacing_mm=(0.5, 0.5, None))
    (only,) = predicted(tmp_path, manifest, pixel_map([10, 10], [-5, -15]), scan).proposals
    assert shape(only).bounds(0) == (30, 20, 30, 20)
    assert shape(only).count() == 600


# All of them.


def test_a_scan_of_another_kind_is_refused_with_the_reason(tmp_path):
    manifest = manifest_of("classify", SOFTMAX, ("a", "b"), "logits", reads={"kinds": ["radiograph"]})
    with pytest.raises(ModelProblem, match="is a picture; A tiny model reads radiograph only"):
        predicted(tmp_path, manifest, mean_classifier([0, 1], [0, 0]), scan_of(np.zeros((9, 9), np.uint8)))
    manifest = manifest_of("classify", SOFTMAX, ("a", "b"), "logits", reads={"modalities": ["CT", "MR"]})
    with pytest.raises(ModelProblem, match="modality US; A tiny model reads CT and MR only"):
        predicted(
            tmp_path, manifest, mean_classifier([0, 1], [0, 0]), scan_of(np.zeros((9, 9), np.uint8), modality="US")
        )


def test_a_region_off_the_scan_is_refused(tmp_path):
    manifest = manifest_of("classify", SOFTMAX, ("a", "b"), "logits")
    with pytest.raises(ModelProblem, match="nothing in that region"):
        predicted(
            tmp_path,
            manifest,
            mean_classifier([0, 1], [0, 0]),
            scan_of(np.zeros((9, 9), np.uint8)),
            Region(Plane(), 50, 0, 5, 5),
        )


def test_outputs_that_are_no_numbers_are_refused(tmp_path):
    manifest = manifest_of("classify", SOFTMAX, ("a", "b"), "logits")
    with pytest.raises(ModelProblem, match="no numbers"):
        predicted(tmp_path, manifest, mean_classifier([np.nan, 1], [0, 0]), scan_of(np.ones((9, 9), np.uint8)))
