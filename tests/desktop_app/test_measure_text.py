"""What measurements say: the unit that fits, and pixels where their size is unknown."""

import pytest

from dataset.annotation import Box, Polyline
from dataset.region_values import RegionValues
from desktop_app.measure_text import anchor_of, area_text, length_text, measure_text, value_facts
from imaging.geometry import Plane
from imaging.scan import Spacing

PLANE = Plane()
UNKNOWN: Spacing = (None, None, None)
HU = RegionValues(252, 121.57, 29.96, 46.0, 198.0, "HU")


@pytest.mark.parametrize(
    ("far", "spacing", "said"),
    [
        (34.2, UNKNOWN, "34.2 px"),
        (34.2, (0.5, None, None), "34.2 px"),
        (20, (0.5, 0.5, 2.0), "10.0 mm"),
        (1, (0.5, 0.5, 2.0), "0.50 mm"),
        (100, (0.00025, 0.00025, None), "25 µm"),
        (10, (0.00025, 0.00025, None), "2.50 µm"),
        (8000, (0.00025, 0.00025, None), "2.0 mm"),
    ],
)
def test_lengths(far: float, spacing: Spacing, said: str) -> None:
    assert length_text(Polyline(PLANE, ((0, 0), (far, 0))), spacing) == said


@pytest.mark.parametrize(
    ("side", "spacing", "said"),
    [
        (100, UNKNOWN, "10\u202f000 px²"),
        (20, (0.5, 0.5, 2.0), "100.0 mm²"),
        (2, (0.5, 0.5, 2.0), "1.00 mm²"),
        (100, (1.0, 1.0, 2.0), "10\u202f000 mm²"),
        (100, (0.00025, 0.00025, None), "625 µm²"),
    ],
)
def test_areas(side: float, spacing: Spacing, said: str) -> None:
    assert area_text(Box(PLANE, 0, 0, side, side), spacing) == said


def test_a_region_says_its_area_until_its_values_are_known() -> None:
    box = Box(PLANE, 0, 0, 20, 20)
    assert measure_text("region", box, (0.5, 0.5, 2.0)) == "100.0 mm²"
    assert measure_text("region", box, (0.5, 0.5, 2.0), HU) == "121.6 ± 30.0 HU · 100.0 mm²"


def test_what_was_read_coarser_says_so() -> None:
    coarse = RegionValues(471_235_072, 161.2, 30.2, 119.1, 245.0, "brightness", 16)
    assert measure_text("region", Box(PLANE, 0, 0, 2, 2), UNKNOWN, coarse).startswith("≈ 161.2 ± 30.2 · ")
    facts = dict(value_facts(coarse))
    assert facts["Brightness"] == "161.2"
    assert facts["Pixels"] == "≈ 471\u202f235\u202f072"
    assert facts["Read at"] == "1/16 of full size"
    assert dict(value_facts(HU))["Mean"] == "121.6 HU"


def test_words_stand_at_the_vertex_of_an_angle_and_at_the_end_of_a_length() -> None:
    bent = Polyline(PLANE, ((1, 1), (5, 5), (9, 1)))
    assert anchor_of("angle", bent) == (5, 5)
    assert anchor_of("length", bent) == (9, 1)
