"""Thumbnails: of the middle plane, shaped and turned as it is shown, made one after the other."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QImage

from desktop_app.cases import Case
from desktop_app.display import CaseRow
from desktop_app.thumbnails import SIDE, Thumbnails, thumbnail
from imaging.geometry import Affine, Size
from imaging.loaded import LoadedScan
from imaging.scan import ScanInfo, ScanSource
from tests.desktop_app.conftest import Reader, volume

pytestmark = pytest.mark.gui


def picture_of(scan: LoadedScan) -> QImage:
    image = QImage()
    assert image.loadFromData(thumbnail(scan))
    return image


def test_a_thumbnail_keeps_the_shape_in_millimetres() -> None:
    info = ScanInfo("a", "test", "volume", Size(64, 64, 1), "uint8", spacing_mm=(1.0, 0.5, None))
    image = picture_of(LoadedScan(info, np.zeros((1, 64, 64), np.uint8)))
    assert (image.width(), image.height()) == (SIDE, SIDE // 2)


def test_a_thumbnail_shows_the_middle_plane_bright_where_it_is_bright() -> None:
    image = picture_of(volume())
    assert image.pixelColor(image.width() // 2, image.height() // 2).lightness() > 120
    assert image.pixelColor(2, 2).lightness() < 30


def test_colours_are_kept() -> None:
    info = ScanInfo("a", "test", "picture", Size(300, 200), "uint8", channels=3)
    pixels = np.zeros((1, 200, 300, 3), np.uint8)
    pixels[..., 0] = 250
    assert picture_of(LoadedScan(info, pixels)).pixelColor(40, 30).name() == "#fa0000"


def test_a_thumbnail_is_turned_as_the_scan_is_shown() -> None:
    # Rows run towards the patient's front, so the first row is shown at the bottom.
    affine = Affine.from_directions((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0))
    info = ScanInfo("a", "test", "volume", Size(32, 32, 1), "uint8", affine=affine, spacing_mm=(1.0, 1.0, 1.0))
    pixels = np.zeros((1, 32, 32), np.uint8)
    pixels[0, :8] = 255
    image = picture_of(LoadedScan(info, pixels))
    assert image.pixelColor(SIDE // 2, SIDE - 3).lightness() > 200
    assert image.pixelColor(SIDE // 2, 3).lightness() < 50


def test_wanted_cases_get_theirs_and_broken_ones_are_tried_once(reader: Reader, tmp_path: Path) -> None:
    cases: list[Case] = []
    for number in range(3):
        file = tmp_path / f"{number}.png"
        Image.fromarray(np.full((20, 30), 50 * number, np.uint8)).save(file)
        cases.append(Case(CaseRow(file.name), ScanSource("picture", (file,), file.name)))
    (tmp_path / "1.png").write_bytes(b"no picture")
    worklist = reader.session.worklist
    worklist._set_cases(tuple(cases))
    started: list[str] = []
    reader.session.jobs.started.connect(lambda job: started.append(job.title))
    maker = Thumbnails(reader.session, reader.window)
    maker.want(range(3))
    reader.bot.waitUntil(
        lambda: worklist.rows[2].thumbnail is not None and not reader.session.jobs.running, timeout=9000
    )
    assert worklist.rows[0].thumbnail is not None
    assert worklist.rows[1].thumbnail is None
    maker.want(range(3))
    assert len(started) == 3
    assert not reader.window.problems.isVisible()
