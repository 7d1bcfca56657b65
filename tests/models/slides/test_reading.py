"""Slides read by models: the same answer whatever the blocks, the order, and how often it was stopped."""

import random
import threading

import numpy as np
import pytest
from onnx import helper

from dataset.annotation import Box, Polygon
from imaging.errors import ScanProblem
from imaging.geometry import Plane, Region
from imaging.progress import Cancelled, Progress, silent
from models.cache import ANSWERS
from models.catalogue import open_folder
from models.choices import Choices
from models.problem import ModelProblem, PixelSizeUnknown
from models.slide_choices import SlideChoices
from models.stopped import Stopped
from tests.models.graphs import graph_of, manifest_of, mean_classifier, pixel_map, shape, write_package
from tests.models.slides.made import SCALE, MadeSlide, blobs, grey_input, instances, predictor, told

WIDE, TALL = 420, 310


@pytest.fixture
def package(tmp_path):
    return instances(tmp_path / "cells")


@pytest.fixture
def slide():
    return MadeSlide(blobs(WIDE, TALL))


def asked(package, slide, region=None, key="", progress=None, partial=None, **choices):
    ANSWERS.forget()
    return predictor(package, **choices).predict(slide, key, region, progress or silent(), partial)


def anywhere():
    return random.random() * WIDE, random.random() * TALL


def bitmap(polygon):
    """A polygon's pixels, by their middles."""
    inside = np.zeros((TALL, WIDE), np.bool_)
    middles = np.arange(WIDE) + 0.5
    for ring in (polygon.exterior, *polygon.holes):
        points = np.asarray(ring)
        following = np.roll(points, -1, axis=0)
        for row in range(int(points[:, 1].min()), min(int(points[:, 1].max()) + 1, TALL)):
            height = row + 0.5
            crosses = (points[:, 1] <= height) != (following[:, 1] <= height)
            a, b = points[crosses], following[crosses]
            at = a[:, 0] + (height - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
            inside[row] ^= (middles[None] > at[:, None]).sum(axis=0) % 2 == 1
    return inside


class Stopper(Progress):
    """A progress that is cancelled after so many reports."""

    def __init__(self, after: int) -> None:
        super().__init__(self._count)
        self._left = after

    def _count(self, _step) -> None:
        self._left -= 1
        if self._left <= 0:
            self.cancel()


def test_outlines_are_the_same_for_all_blocks_and_orders(package, slide):
    reference = told(asked(package, slide, order="rows"))
    assert len(reference) > 100
    for block in (1, 97, 230, 5000):
        assert told(asked(package, slide, block=block, order="rows")) == reference
        assert told(asked(package, slide, block=block, centre=anywhere)) == reference
        assert told(asked(package, slide, block=block, centre=lambda: (200.0, 100.0))) == reference


def test_no_two_outlines_share_a_pixel_and_together_they_are_what_is_inside(package, slide):
    prediction = asked(package, slide)
    together = np.zeros((TALL, WIDE), np.int32)
    for proposal in prediction.proposals:
        assert isinstance(proposal.geometry, Polygon)
        together += bitmap(proposal.geometry)
    assert together.max() == 1
    assert together.sum() > 0.2 * together.size


def test_what_is_found_in_a_region_is_what_is_found_of_all_but_for_the_objects_it_cuts(package, slide):
    whole = {repr(one) for one in told(asked(package, slide))}
    region = Region(Plane(), 90, 70, 200, 150)
    part = asked(package, slide, region, block=60)
    inner = [one for one in told(part) if all(92 < x < 288 and 72 < y < 218 for x, y in one[1].exterior)]
    assert len(inner) > 10
    assert {repr(one) for one in inner} <= whole
    for proposal in part.proposals:
        assert all(90 <= x <= 290 and 70 <= y <= 220 for x, y in shape(proposal).exterior)


def test_what_is_told_on_the_way_is_the_answer_and_comes_from_near_to_far(package, slide):
    fresh = []
    prediction = asked(package, slide, partial=fresh.extend, block=32, centre=lambda: (400.0, 300.0))
    assert sorted(repr(one) for one in fresh) == sorted(repr(one) for one in prediction.proposals)
    (x, y), (far_x, far_y) = shape(fresh[0]).exterior[0], shape(fresh[-1]).exterior[0]
    assert (x - 400) ** 2 + (y - 300) ** 2 < (far_x - 400) ** 2 + (far_y - 300) ** 2


@pytest.mark.parametrize("after", [1, 30, 60])
def test_a_reading_that_is_stopped_keeps_what_it_has_and_ends_as_if_it_had_not_been(package, slide, tmp_path, after):
    reference = asked(package, slide, block=32)
    with pytest.raises(Stopped) as stopped:
        asked(package, slide, key="k", progress=Stopper(after), block=32, resume=tmp_path / "kept")
    part = stopped.value.prediction
    assert part.done < 1
    assert any(note.startswith("stopped at") for note in part.notes)
    assert {repr(one) for one in told(part)} <= {repr(one) for one in told(reference)}
    if after > 1:
        assert part.proposals
        assert list((tmp_path / "kept").glob("*/*.block"))
    slide.reads = 0
    again = asked(package, slide, key="k", block=32, resume=tmp_path / "kept")
    assert told(again) == told(reference)
    assert again.done == 1
    assert again.notes == reference.notes
    assert not (tmp_path / "kept").exists()


def test_what_was_kept_is_not_read_again_and_goes_with_one_question_only(package, slide, tmp_path):
    with pytest.raises(Stopped):
        asked(package, slide, key="k", progress=Stopper(100), block=32, resume=tmp_path)
    slide.reads = 0
    region = Region(Plane(), 0, 0, 200, 200)
    assert told(asked(package, slide, region, key="k", block=32, resume=tmp_path))
    other = slide.reads
    slide.reads = 0
    asked(package, slide, key="k", block=32, resume=tmp_path)
    assert 0 < slide.reads < 200
    assert other > 0


@pytest.mark.parametrize("harm", ["cut", "turned", "foreign", "swapped"])
def test_damaged_and_hostile_files_of_a_stopped_reading_are_as_if_they_were_not_there(package, slide, tmp_path, harm):
    from models.slides.kept import packed, unpacked

    reference = told(asked(package, slide, block=32))
    with pytest.raises(Stopped):
        asked(package, slide, key="k", progress=Stopper(60), block=32, resume=tmp_path)
    files = sorted(tmp_path.glob("*/*.block"))
    assert len(files) > 2
    for place, file in enumerate(files):
        raw = file.read_bytes()
        if harm == "cut":
            file.write_bytes(raw[: len(raw) // 2])
        elif harm == "turned":
            file.write_bytes(raw[:60] + bytes([raw[60] ^ 255]) + raw[61:])
        elif harm == "swapped":
            file.write_bytes(files[(place + 1) % len(files)].read_bytes() if place % 2 else b"")
        else:
            arrays = unpacked(raw)
            file.write_bytes(packed({**arrays, "top": arrays["top"] + 10**6, "maps": arrays["maps"][:-1]}))
    (files[0].parent / "x_y.block").write_bytes(b"?")
    (files[0].parent / "99999999_3.block").write_bytes(b"?")
    assert told(asked(package, slide, key="k", block=32, resume=tmp_path)) == reference


def test_only_what_lies_in_the_outlines_is_read_and_kept(package, slide):
    hole = ((150.0, 120.0), (190.0, 120.0), (190.0, 160.0), (150.0, 160.0))
    within = (
        Polygon(Plane(), ((20.0, 15.0), (120.0, 15.0), (70.0, 140.0))),
        Polygon(Plane(), ((130.0, 100.0), (280.0, 100.0), (280.0, 200.0), (130.0, 200.0)), (hole,)),
    )
    slide.reads = 0
    part = asked(package, slide, within=within, block=50)
    few = slide.reads
    slide.reads = 0
    whole = asked(package, slide, block=50)
    assert few < slide.reads
    named = {repr(one) for one in told(whole)}
    assert 5 < len(part.proposals) < len(whole.proposals)
    for one in told(part):
        x, y = np.mean(one[1].exterior, axis=0)
        assert y < 220
        assert not (160 < x < 180 and 130 < y < 150)
    assert sum(repr(one) in named for one in told(part)) > 0.5 * len(part.proposals)
    for block in (1, 300):
        assert told(asked(package, slide, within=within, block=block, centre=anywhere)) == told(part)
    assert dict(part.settings)["within"].startswith("2 polygons")


def test_outlines_beside_the_region_leave_nothing_and_that_is_told(package, slide):
    within = (Polygon(Plane(), ((300.0, 200.0), (400.0, 200.0), (400.0, 290.0))),)
    prediction = asked(package, slide, Region(Plane(), 0, 0, 100, 100), within=within)
    assert prediction.proposals == ()
    assert "nothing of the region lies in the outlines" in prediction.notes


def test_a_tile_that_cannot_be_read_is_left_out_and_told_and_the_rest_is_done(package):
    pixels = blobs(WIDE, TALL)
    broken = MadeSlide(pixels, broken={(0, 2, 2)})
    prediction = asked(package, broken)
    whole = {repr(one) for one in told(asked(package, MadeSlide(pixels)))}
    same = [one for one in told(prediction) if repr(one) in whole]
    assert len(same) > 0.5 * len(whole)
    (note,) = [note for note in prediction.notes if "could not be read" in note]
    assert "tile 2, 2" in note
    assert prediction.done == 1
    assert told(asked(package, broken, block=1, centre=anywhere)) == told(prediction)


def test_a_slide_that_goes_away_while_it_is_read_is_one_problem(package, slide, monkeypatch):
    monkeypatch.setattr("models.slides.reading.LOST_IN_A_ROW", 10)
    slide.broken = {(0, column, row) for column in range(10) for row in range(1, 10)}
    with pytest.raises(ScanProblem, match="cannot be read any more"):
        asked(package, slide)


def test_a_heat_map_is_the_same_whatever_the_blocks_and_is_told_on_the_way(tmp_path, slide, monkeypatch):
    monkeypatch.setattr("models.slides.reading.HEAT_SECONDS", 0.0)
    manifest = manifest_of("classify", {"as": "scores", "activation": "softmax"}, ("dark", "bright"), "logits")
    manifest["input"] = grey_input("fixed", 30)
    manifest["preprocessing"] = SCALE
    folder = write_package(tmp_path / "bright", manifest, mean_classifier([-8, 8], [4, -4], height="h", width="w"))
    maps = []
    reference = asked(folder, slide, heat=maps.append, block=30)
    (heat,) = reference.heat_maps
    assert heat.scores.shape == (2, 11, 14)
    assert heat.cell == (30.0, 30.0)
    assert heat.labels == ("dark", "bright")
    assert heat.read.all()
    mean = slide.levels[0][60:90, 90:120].mean() / 255
    expected = 1 / (1 + np.exp(-(16 * mean - 8)))
    assert heat.scores[1, 2, 3] / 255 == pytest.approx(expected, abs=0.003)
    assert dict(reference.scores)["bright"] == pytest.approx(heat.scores[1].mean() / 255, abs=1e-6)
    assert not reference.proposals
    assert len(maps) > 1
    assert not maps[0].read.all()
    assert maps[-1].read.all()
    for block in (1, 100):
        other = asked(folder, slide, block=block, centre=anywhere)
        assert (other.heat_maps[0].scores == heat.scores).all()
        assert other.scores == reference.scores
    part = asked(folder, slide, Region(Plane(), 95, 65, 40, 20)).heat_maps[0]
    assert (part.x, part.y) == (90.0, 60.0)
    assert (part.scores == heat.scores[:, 2:3, 3:5]).all()
    with pytest.raises(Stopped) as stopped:
        asked(folder, slide, key="k", progress=Stopper(60), block=30, resume=tmp_path / "kept")
    kept = stopped.value.prediction.heat_maps[0]
    assert 0 < kept.read.sum() < kept.read.size
    again = asked(folder, slide, key="k", block=30, resume=tmp_path / "kept")
    assert (again.heat_maps[0].scores == heat.scores).all()


def detector(folder, side=32):
    """Boxes of 9 × 9 around every pixel whose weighted neighbourhood is bright."""
    reach = np.arange(7) - 3
    bell = np.exp(-(reach[:, None] ** 2 + reach[None] ** 2) / 4)
    kernel = (bell / bell.sum()).astype(np.float32)[None, None]
    y, x = np.mgrid[0:side, 0:side].reshape(2, -1) + 0.5
    places = np.stack([x, y, np.full_like(x, 9), np.full_like(x, 9)])[None].astype(np.float32)
    model = graph_of(
        [
            helper.make_node("Conv", ["image", "k"], ["map"], pads=[3] * 4),
            helper.make_node("Reshape", ["map", "shape"], ["flat"]),
            helper.make_node("Concat", ["places", "flat"], ["boxes"], axis=1),
        ],
        {"image": [1, 1, side, side]},
        {"boxes": [1, 5, side * side]},
        {"k": kernel, "places": places, "shape": np.array([1, 1, side * side])},
    )
    manifest = manifest_of(
        "detect",
        {"as": "yolo", "activation": "none", "boxes": "xywh", "classes": 1},
        output="boxes",
        input=grey_input("tiles", side, 4),
        preprocessing=SCALE,
        thresholds={"score": 0.1, "iou": 0.2},
    )
    return write_package(folder, manifest, model)


def test_every_dot_gets_one_box_whatever_the_blocks(tmp_path):
    pixels = np.zeros((TALL, WIDE), np.uint8)
    chance = np.random.default_rng(5)
    dots = {(int(x) // 14 * 14 + 6, int(y) // 14 * 14 + 6) for x, y in chance.integers(0, 280, (90, 2))}
    for x, y in dots:
        pixels[y - 1 : y + 2, x - 1 : x + 2] = 200
    package, slide = detector(tmp_path / "dots"), MadeSlide(pixels)
    reference = asked(package, slide, block=32)
    boxes = [shape(one) for one in reference.proposals]
    assert all(isinstance(box, Box) for box in boxes)
    assert {(int(box.x + box.width / 2), int(box.y + box.height / 2)) for box in boxes} == dots
    assert len(boxes) == len(dots)
    for block in (1, 75, 1000):
        assert told(asked(package, slide, block=block, centre=anywhere)) == told(reference)
    with pytest.raises(Stopped):
        asked(package, slide, key="k", progress=Stopper(80), block=32, resume=tmp_path / "kept")
    assert told(asked(package, slide, key="k", block=32, resume=tmp_path / "kept")) == told(reference)


def test_segments_are_polygons_of_one_label_each_merged_across_borders(tmp_path, slide):
    manifest = manifest_of(
        "segment",
        {"as": "map", "activation": "softmax"},
        ("ground", "grey", "bright"),
        input=grey_input(side=40, halo=4),
        preprocessing=SCALE,
        thresholds={"minimum_area": 3},
    )
    manifest["labels"][0]["background"] = True
    folder = write_package(tmp_path / "segment", manifest, pixel_map([0, 20, 40], [0, -8, -20]))
    reference = asked(folder, slide, block=40)
    assert {one.label for one in reference.proposals} == {"grey", "bright"}
    together = np.zeros((TALL, WIDE), np.int32)
    for proposal in reference.proposals:
        together += bitmap(proposal.geometry)
    assert together.max() == 1
    for block in (1, 130, 600):
        assert told(asked(folder, slide, block=block, centre=anywhere)) == told(reference)


def test_a_model_that_names_its_pixels_asks_for_those_of_the_slide(tmp_path):
    package = instances(tmp_path / "cells", slide_spacing_um=1.0)
    pixels = blobs(WIDE, TALL)
    with pytest.raises(PixelSizeUnknown, match="how large its pixels are"):
        asked(package, MadeSlide(pixels, um=None))
    with pytest.raises(PixelSizeUnknown):
        asked(package, MadeSlide(pixels, um=0.0))
    given = open_folder(package, Choices("cpu", 0.001)).predict(MadeSlide(pixels, um=None), "", None, silent())
    same = asked(package, MadeSlide(pixels, um=1.0))
    assert told(given) == told(same)
    assert dict(given.settings)["pixel size mm"] == "0.001"
    assert any("given by a person" in note for note in given.notes)


@pytest.mark.parametrize("um", [0.25, 0.37, 0.52, 0.9])
def test_a_slide_of_other_pixels_is_read_at_those_of_the_model(tmp_path, um):
    package = instances(tmp_path / "cells", slide_spacing_um=0.5)
    slide = MadeSlide(blobs(WIDE, TALL, fine=6.0), um=um, levels=1)
    prediction = asked(package, slide, block=64)
    assert prediction.proposals
    assert told(asked(package, slide, block=7, centre=anywhere)) == told(prediction)
    assert any("µm per pixel" in note for note in prediction.notes)
    for proposal in prediction.proposals:
        assert all(-1 <= x <= WIDE + 1 and -1 <= y <= TALL + 1 for x, y in shape(proposal).exterior)


def test_the_coarsest_level_that_is_fine_enough_is_read(tmp_path):
    package = instances(tmp_path / "cells", slide_spacing_um=2.0)
    slide = MadeSlide(np.kron(blobs(120, 90), np.ones((4, 4), np.uint8)), um=0.5, levels=2)
    slide.broken = {(0, column, row) for column in range(10) for row in range(10)}
    prediction = asked(package, slide)
    small = asked(package, MadeSlide(slide.levels[1], um=2.0))
    assert [one.score for one in prediction.proposals] == [one.score for one in small.proposals]
    (x, y), (small_x, small_y) = shape(prediction.proposals[3]).exterior[0], shape(small.proposals[3]).exterior[0]
    assert (x, y) == (4 * small_x, 4 * small_y)


def test_progress_tells_tiles_a_second_and_the_time_left(package, slide):
    steps = []
    asked(package, slide, progress=Progress(steps.append))
    assert "tile" in steps[-1].text
    assert steps[-1].done == pytest.approx(0.97, abs=0.05) or steps[-1].done == 1


def test_a_region_beside_the_slide_is_refused(package, slide):
    with pytest.raises(ModelProblem, match="nothing in that region"):
        asked(package, slide, Region(Plane(), WIDE + 5, 0, 50, 50))


def test_a_stopped_reading_is_not_kept_as_an_answer(package, slide):
    ANSWERS.forget()
    found = open_folder(package, Choices("cpu", slide=SlideChoices(block=32)))
    with pytest.raises(Cancelled):
        found.predict(slide, "k", None, Stopper(20))
    assert found.predict(slide, "k", None, silent()).done == 1


def test_threads_end_with_the_reading(package, slide):
    asked(package, slide)
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith(("overread-slide", "overread-decode", "overread-model"))]


def test_the_same_thing_found_again_has_the_same_id_and_another_has_another(package, slide):
    whole = {proposal.geometry: proposal.id for proposal in asked(package, slide).proposals}
    part = asked(package, slide, Region(Plane(), 30, 20, 300, 200), block=64).proposals
    again = [proposal for proposal in part if proposal.geometry in whole]
    assert len(again) > 3
    assert all(whole[proposal.geometry] == proposal.id for proposal in again)
    assert len(set(whole.values())) == len(whole)
    cut = [proposal.id for proposal in part if proposal.geometry not in whole]
    assert cut
    assert not set(cut) & set(whole.values())


def test_an_answer_that_was_kept_has_the_ids_it_had(package, slide):
    first = asked(package, slide, key="slide")
    second = predictor(package).predict(slide, "slide", None, silent())
    assert second.id != first.id
    assert second.proposals == first.proposals
