"""Power: from the objective, from the pixel size, or not at all."""

import pytest

from desktop_app.canvas.power import POWERS, Optics
from imaging.geometry import Size
from imaging.scan import ScanInfo


def info(mm: float | None = None, objective: float | None = None) -> ScanInfo:
    return ScanInfo("a", "test", "slide", Size(100, 100), "uint8", 3, spacing_mm=(mm, mm, None), objective=objective)


def test_one_pixel_on_one_pixel_is_the_objective() -> None:
    assert Optics.of(info(0.000499, 20)).power(1.0) == 20
    assert Optics.of(info(None, 40)).power(0.25) == 10


def test_without_an_objective_forty_stands_for_a_quarter_of_a_micrometre() -> None:
    optics = Optics.of(info(0.00025))
    assert optics.power(1.0) == pytest.approx(40)
    assert optics.scale(10) == pytest.approx(0.25)
    assert optics.text(0.3125) == "12.5× · 0.80 µm/px"


def test_what_the_reader_gave_counts_only_where_the_scan_is_silent() -> None:
    assert Optics.of(info(), 0.0005).power(1.0) == pytest.approx(20)
    assert Optics.of(info(0.00025), 0.0005).power(1.0) == pytest.approx(40)


@pytest.mark.parametrize("mm", [None, 0.0, -1.0])
def test_an_unknown_power_stays_unknown_and_steps_are_per_cents(mm: float | None) -> None:
    optics = Optics.of(info(mm))
    assert optics.power(1.0) is None
    assert optics.text(0.25) == "25 %"
    assert [optics.name(power) for power in POWERS] == ["2.5 %", "5 %", "12.5 %", "25 %", "50 %", "100 %"]
    assert optics.scale(40) == 1.0


def test_the_present_power_is_told_within_two_per_cent() -> None:
    optics = Optics.of(info(0.000499, 20))
    assert optics.chosen(0.5) == 10
    assert optics.chosen(0.505) == 10
    assert optics.chosen(0.55) is None
