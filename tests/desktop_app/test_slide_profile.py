"""A slide's colour profile on request, from the file to the screen and by a real click."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop_app.canvas.scan_view import ScanView
from desktop_app.panels.slide import NO_PROFILE, SlideView
from imaging.colour_profile import colour_table
from imaging.errors import ScanProblem
from imaging.geometry import Plane, whole_plane
from imaging.opening import open_scan
from tests.desktop_app.canvas.known_slide import complete, shown, slide_of, tissue, until
from tests.desktop_app.conftest import Reader
from tests.imaging.slide_files import pyramid, svs
from tests.imaging.test_colour_profile import wide_profile

pytestmark = pytest.mark.gui
Writer = Callable[..., Path]
PIXELS = tissue(700, 900)


def opened(reader: Reader, scan: Any) -> SlideView:
    """Open a slide in the window and wait for its panel and its picture."""
    reader.open(scan)
    until(lambda: not reader.session.jobs.running)
    panel = reader.window.findChild(SlideView)
    assert panel is not None
    look_at_middle(reader)
    return panel


def view_of(reader: Reader) -> ScanView:
    return reader.window.grid.view


def look_at_middle(reader: Reader) -> None:
    """The middle of the slide, one pixel of it for each of the screen."""
    view = view_of(reader)
    assert view.viewport is not None
    view.move_to(replace(view.viewport, centre=(450.0, 350.0), scale=1.0, angle=0.0))
    complete(view)


def middle(reader: Reader, pixels: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """200 × 200 pixels around the middle, of what is shown or of a slide."""
    if pixels is None:
        complete(view_of(reader))
        pixels = shown(view_of(reader))
    rows, columns = pixels.shape[0] // 2, pixels.shape[1] // 2
    return pixels[rows - 100 : rows + 100, columns - 100 : columns + 100]


def tick(reader: Reader, panel: SlideView) -> None:
    """Click the box as a person does."""
    QTest.mouseClick(panel.profile, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.profile.height() // 2))
    reader.settle()
    complete(view_of(reader))


@pytest.mark.parametrize("write", [svs, pyramid])
def test_a_click_shows_the_colours_of_the_profile_and_another_those_of_the_file(
    reader: Reader, tmp_path: Path, write: Writer
) -> None:
    profile = wide_profile()
    scan = open_scan(write(tmp_path / "slide.svs", PIXELS, iccprofile=profile))
    stored = scan.read(whole_plane(scan.info.size, Plane()))
    panel = opened(reader, scan)
    assert panel.profile.isEnabled()
    assert not panel.profile.isChecked()
    plain = middle(reader)
    assert np.array_equal(plain, middle(reader, stored))

    tick(reader, panel)
    assert panel.profile.isChecked()
    managed = middle(reader)
    assert np.abs(managed.astype(int) - plain).mean() > 5
    assert np.array_equal(managed, middle(reader, colour_table(profile).rgb(stored)))

    tick(reader, panel)
    assert not panel.profile.isChecked()
    assert np.array_equal(middle(reader), plain)
    assert not reader.window.problems.isVisible()


def test_the_profile_holds_at_every_power_and_together_with_inversion(reader: Reader, tmp_path: Path) -> None:
    profile = wide_profile()
    scan = open_scan(pyramid(tmp_path / "slide.tif", PIXELS, iccprofile=profile))
    panel = opened(reader, scan)
    tick(reader, panel)
    managed = middle(reader)
    reader.session.set_display(replace(reader.session.display, inverted=True))
    complete(view_of(reader))
    assert np.array_equal(middle(reader), 255 - managed)
    reader.session.set_display(replace(reader.session.display, inverted=False))
    view = view_of(reader)
    assert view.viewport is not None
    for scale in (2.0, 0.5):
        view.move_to(replace(view.viewport, scale=scale))
        managed = middle(reader)
        tick(reader, panel)
        expected = colour_table(profile).rgb(middle(reader))
        assert np.abs(managed.astype(int) - expected).mean() < 1.5
        tick(reader, panel)


def test_a_broken_profile_is_one_line_and_changes_no_pixel(reader: Reader, tmp_path: Path) -> None:
    panel = opened(reader, open_scan(pyramid(tmp_path / "slide.tif", PIXELS, iccprofile=b"no profile" * 20)))
    plain = middle(reader)
    assert not reader.window.problems.isVisible()
    tick(reader, panel)
    until(reader.window.problems.isVisible)
    said = reader.window.problems.what.text()
    assert "colour profile" in said
    assert "\n" not in said
    assert np.array_equal(middle(reader), plain)
    assert view_of(reader).is_complete
    tick(reader, panel)
    assert np.array_equal(middle(reader), plain)


def test_a_slide_without_a_profile_has_the_box_off_and_says_why(reader: Reader, tmp_path: Path) -> None:
    managed = opened(reader, open_scan(pyramid(tmp_path / "with.tif", PIXELS, iccprofile=wide_profile())))
    tick(reader, managed)
    panel = opened(reader, open_scan(pyramid(tmp_path / "without.tif", PIXELS)))
    assert not panel.profile.isEnabled()
    assert not panel.profile.isChecked()
    assert panel.profile.toolTip() == NO_PROFILE
    assert np.array_equal(middle(reader), middle(reader, PIXELS))
    QTest.mouseClick(panel.profile, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.profile.height() // 2))
    reader.settle()
    assert np.array_equal(middle(reader), middle(reader, PIXELS))
    panel = opened(reader, open_scan(tmp_path / "with.tif"))
    assert panel.profile.isEnabled()
    assert panel.profile.isChecked()  # what a reader asked for holds for the next slide that has a profile


def test_a_profile_that_cannot_be_read_leaves_the_tiles_as_they_are(reader: Reader) -> None:
    slide = slide_of(PIXELS)

    def fails() -> bytes:
        raise ScanProblem("has a profile beyond its end", slide.info.name)

    slide.icc_profile = fails  # type: ignore[method-assign]
    reader.session.set_display(replace(reader.session.display, colour_managed=True))
    panel = opened(reader, slide)
    assert not panel.profile.isEnabled()
    assert "beyond its end" in panel.profile.toolTip()
    until(reader.window.problems.isVisible)
    asked = middle(reader)
    assert np.abs(asked.astype(int) - middle(reader, PIXELS)).mean() < 8  # the message may move it by a pixel
    reader.session.set_display(replace(reader.session.display, colour_managed=False))
    assert np.array_equal(middle(reader), asked)
