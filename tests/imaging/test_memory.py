"""How much memory reading slides takes where nobody chose."""

import pytest

from imaging.memory import usual_slide_memory, whole_bytes


@pytest.mark.parametrize(("gibibytes", "mebibytes"), [(1, 256), (6, 512), (12, 1024), (24, 2048), (512, 2048)])
def test_slides_get_a_twelfth_of_the_machine_within_bounds(gibibytes: int, mebibytes: int):
    assert usual_slide_memory(gibibytes * 2**30) == mebibytes


def test_the_machine_has_memory():
    assert whole_bytes() > 2**28
    assert 256 <= usual_slide_memory() <= 2048
