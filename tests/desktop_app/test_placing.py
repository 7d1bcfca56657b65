"""Where windows go: where they were, and back on screen where their monitor is gone."""

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.placing import Place, Screen, placed_on

LEFT, RIGHT = Screen("DP-1", 0, 0, 1920, 1040), Screen("HDMI-1", 1920, 0, 2560, 1400)


def test_a_place_that_is_seen_stays() -> None:
    wanted = Place(2000, 100, 800, 600, "HDMI-1")
    assert placed_on((LEFT, RIGHT), wanted) == wanted


def test_a_window_of_a_monitor_that_is_gone_comes_back_whole() -> None:
    assert placed_on((LEFT,), Place(2000, 100, 800, 600, "HDMI-1")) == Place(1120, 100, 800, 600, "DP-1")


def test_a_window_larger_than_its_screen_is_made_smaller() -> None:
    assert placed_on((LEFT,), Place(-50, -50, 4000, 3000)) == Place(0, 0, 1920, 1040, "DP-1")


def test_the_monitor_remembered_wins_where_it_has_moved() -> None:
    moved = Screen("HDMI-1", -2560, 0, 2560, 1400)
    found = placed_on((LEFT, moved), Place(2000, 100, 800, 600, "HDMI-1"))
    assert found == Place(-800, 100, 800, 600, "HDMI-1")


def test_a_title_above_the_screen_is_brought_down() -> None:
    assert placed_on((LEFT,), Place(100, -300, 800, 600)).y == 0


screens = st.lists(
    st.builds(
        Screen, st.sampled_from(["a", "b", "c"]), st.integers(-5000, 5000), st.integers(-3000, 3000),
        st.integers(320, 4000), st.integers(240, 3000),
    ),
    min_size=1, max_size=3,
)  # fmt: skip
places = st.builds(
    Place, st.integers(-9000, 9000), st.integers(-9000, 9000), st.integers(1, 6000), st.integers(1, 6000),
    st.sampled_from(["", "a", "z"]),
)  # fmt: skip


@given(screens, places)
def test_a_window_can_always_be_caught_and_placing_it_again_changes_nothing(found: list[Screen], wanted: Place) -> None:
    placed = placed_on(found, wanted)
    assert any(is_caught(screen, placed) for screen in found if screen.name == placed.screen)
    assert placed_on(found, placed) == placed


def is_caught(screen: Screen, place: Place) -> bool:
    across = min(place.x + place.width, screen.x + screen.width) - max(place.x, screen.x)
    return screen.y <= place.y < screen.y + screen.height and across >= min(80, place.width)
