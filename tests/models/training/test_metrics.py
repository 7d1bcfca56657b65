import numpy as np
import pytest

from models.training.instance_metrics import average_precision, instance_figures, match_pieces
from models.training.metrics import area_under_curve, binary_figures, bootstrap, calibration_error, dice


def test_figures_of_a_known_table_are_right() -> None:
    truth = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0], dtype=np.float64)
    score = np.array([0.9, 0.8, 0.7, 0.1, 0.6, 0.2, 0.2, 0.1, 0.1, 0.0])
    figures = binary_figures(truth, score)
    assert figures["sensitivity"] == 0.75
    assert figures["specificity"] == pytest.approx(5 / 6)
    assert figures["accuracy"] == 0.8
    assert figures["f1"] == pytest.approx(0.75)


def test_area_under_the_curve_equals_counting_pairs() -> None:
    generator = np.random.default_rng(1)
    truth = generator.integers(0, 2, 80).astype(np.float64)
    score = np.round(generator.random(80), 1)
    positive, negative = score[truth == 1], score[truth == 0]
    pairs = (positive[:, None] > negative[None]).mean() + 0.5 * (positive[:, None] == negative[None]).mean()
    assert area_under_curve(truth, score) == pytest.approx(float(pairs))


def test_area_under_the_curve_of_one_class_is_unknown() -> None:
    assert np.isnan(area_under_curve(np.ones(3), np.array([0.1, 0.2, 0.3])))


def test_calibration_error_is_the_gap_between_said_and_seen() -> None:
    truth = np.array([1.0] * 6 + [0.0] * 4)
    assert calibration_error(truth, np.full(10, 0.6)) == pytest.approx(0.0)
    assert calibration_error(truth, np.full(10, 0.95)) == pytest.approx(0.35)


def test_bootstrap_draws_whole_groups() -> None:
    values = np.array([0.0, 0.0, 1.0, 1.0])
    figures = bootstrap(["a", "a", "b", "b"], lambda at: {"mean": float(values[at].mean())}, rounds=200)
    assert figures["mean"]["value"] == 0.5
    assert figures["mean"]["interval95"] == [0.0, 1.0]


def test_dice_of_two_empty_masks_is_one() -> None:
    empty = np.zeros((4, 4), dtype=bool)
    assert dice(empty, empty) == 1.0
    assert dice(empty, ~empty) == 0.0


def test_a_piece_cut_in_two_unequal_halves_is_one_hit_and_one_false_alarm() -> None:
    truth, found = np.zeros((2, 10, 10), np.int32)
    truth[2:8, 2:8] = 1
    found[2:6, 2:8] = 1
    found[6:8, 2:8] = 2
    match = match_pieces(truth, found, [0.9, 0.8])
    assert match.hit == (True, False)
    figures = instance_figures([match])
    assert figures["f1_at_50"] == pytest.approx(2 / 3)
    assert figures["pq"] == pytest.approx(2 * (24 / 36) / 3)
    assert figures["dice"] == 1.0


def test_pieces_of_empty_pictures_are_counted_without_error() -> None:
    nothing = np.zeros((5, 5), np.int32)
    match = match_pieces(nothing, nothing, [])
    assert (match.found, match.true) == (0, 0)


def test_average_precision_falls_when_a_false_alarm_scores_high() -> None:
    hit = np.array([True, True, False])
    assert average_precision(np.array([0.9, 0.8, 0.1]), hit, 2) == 1.0
    assert average_precision(np.array([0.2, 0.8, 0.9]), hit, 2) == pytest.approx(2 / 3)
