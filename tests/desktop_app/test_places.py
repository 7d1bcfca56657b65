"""Places as words: what is typed is a pixel of the slide or one clear line."""

import pytest

from desktop_app.places import Grid, Unit, place_of, place_text
from imaging.errors import Problem
from imaging.geometry import Size

GRID = Grid(Size(100_000, 80_000), (0.25, 0.25))
SILENT = Grid(Size(100_000, 80_000))


@pytest.mark.parametrize(
    ("text", "unit", "place"),
    [
        ("12000, 8500", "px", (12000, 8500)),
        ("12000 8500.5", "px", (12000, 8500.5)),
        ("12.5;3", "mm", (50_000, 12_000)),
        ("100,200 µm", "px", (400, 800)),
        ("1, 2 mm", "µm", (4000, 8000)),
        ("0, 0", "px", (0, 0)),
    ],
)
def test_two_numbers_are_a_place(text: str, unit: Unit, place: tuple[float, float]) -> None:
    assert place_of(text, unit, GRID) == pytest.approx(place)


@pytest.mark.parametrize("text", ["", "12", "1 2 3", "a, b", "nan, 1", "inf 2", "-1, 5", "100001, 5", "30, 1 mm"])
def test_anything_else_is_one_clear_line(text: str) -> None:
    with pytest.raises(Problem) as caught:
        place_of(text, "px", GRID)
    assert "\n" not in str(caught.value)
    assert caught.value.advice


def test_lengths_need_a_pixel_size() -> None:
    with pytest.raises(Problem, match="pixel size is unknown"):
        place_of("1, 2", "mm", SILENT)
    assert place_of("1, 2", "px", SILENT) == (1, 2)


def test_what_is_copied_can_be_gone_to() -> None:
    assert place_text(1234.5, 800, GRID) == "1234.5, 800.0 px (0.3086, 0.2000 mm)"
    assert place_text(1234.5, 800, SILENT) == "1234.5, 800.0 px"
    for grid in (GRID, SILENT):
        assert place_of(place_text(1234.5, 800, grid), "mm", grid) == (1234.5, 800)
