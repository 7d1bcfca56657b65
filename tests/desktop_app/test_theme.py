"""The look: contrast, tokens, icons."""

import pytest
from PySide6.QtCore import QSize
from pytestqt.qtbot import QtBot

from desktop_app.case_delegate import state_colour
from desktop_app.icons import drawing, icon_names, pixmap
from desktop_app.panels.worklist import STATES
from desktop_app.theme import DARK, LIGHT, Theme, chosen, contrast, readable_on, style_sheet

THEMES = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)


@THEMES
def test_text_can_be_read_on_every_surface(theme: Theme) -> None:
    for surface in (theme.base, theme.panel, theme.raised, theme.hover, theme.accent_soft, theme.danger_soft):
        assert contrast(theme.text, surface) >= 4.5, surface


@THEMES
def test_muted_text_can_be_read_where_it_stands(theme: Theme) -> None:
    for surface in (theme.base, theme.panel, theme.raised, theme.accent_soft):
        assert contrast(theme.muted, surface) >= 4.5, surface


@THEMES
def test_state_words_can_be_read_also_in_a_selected_row(theme: Theme) -> None:
    colours = {state_colour(theme, state) for state in STATES} | {theme.good, theme.warning, theme.danger, theme.accent}
    for colour in colours:
        for surface in (theme.panel, theme.raised, theme.accent_soft):
            assert contrast(colour, surface) >= 4.5, (colour, surface)


@THEMES
def test_the_chief_button_can_be_read(theme: Theme) -> None:
    for filling in (theme.accent, theme.accent_hover):
        assert contrast(theme.on_accent, filling) >= 4.5


def test_contrast_of_black_and_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert readable_on("#ffee00") == "#000000"
    assert readable_on("#102040") == "#ffffff"


@THEMES
def test_the_style_sheet_has_no_unfilled_place(theme: Theme) -> None:
    sheet = style_sheet(theme)
    assert "@" not in sheet
    assert "!" not in sheet


def test_sizes_follow_the_scale() -> None:
    assert "font-size: 24px" in style_sheet(chosen("dark", 2.0))
    assert chosen("dark", 1.5).px(8) == 12
    assert chosen("dark", 0.8).px(0.1) == 1


def test_every_icon_is_a_24_pixel_stroke_drawing_that_takes_its_colour(qtbot: QtBot) -> None:
    assert len(icon_names()) > 30
    for name in icon_names():
        text = drawing(name)
        assert 'viewBox="0 0 24 24"' in text, name
        assert 'stroke="currentColor"' in text, name
        made = pixmap(name, "#ff0000", 24, 2.0)
        assert made.size() == QSize(48, 48)
        image = made.toImage()
        seen = {
            image.pixelColor(x, y).name() for x in range(48) for y in range(48) if image.pixelColor(x, y).alpha() > 250
        }
        assert seen == {"#ff0000"}, name
