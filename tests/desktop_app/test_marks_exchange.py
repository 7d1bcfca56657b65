"""Annotations from and to other programs: onto the open scan as one edit, and back as they came."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication

from tests.desktop_app.conftest import Reader, volume
from tests.desktop_app.slide_fake import DrawnSlide

pytestmark = pytest.mark.gui


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not done() and time.monotonic() < end:
        QCoreApplication.processEvents()
        time.sleep(0.005)
    assert done()


def quiet(reader: Reader) -> bool:
    return not reader.session.jobs.running


@pytest.mark.parametrize("name", ["qupath-polygon.json", "qupath-brush.json", "qupath-polygon-cell-classified.json"])
def test_a_file_of_qupath_comes_in_and_goes_out_equal(
    reader: Reader, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    source, target = data / "annotations" / "qupath_geojson" / name, tmp_path / "out.geojson"
    reader.open(DrawnSlide())
    for which, path in (("getOpenFileName", source), ("getSaveFileName", tmp_path / "out")):
        monkeypatch.setattr(f"desktop_app.slide_hands.QFileDialog.{which}", lambda *_asked, path=path: (str(path), ""))
    actions = reader.window._actions.actions
    actions["import-marks"].trigger()
    until(lambda: bool(reader.session.document.annotations) and quiet(reader))
    count = len(reader.session.document.annotations)
    assert reader.session.document.undo_title.startswith("Import")
    actions["export-marks"].trigger()
    until(lambda: target.is_file() and quiet(reader))
    came, went = json.loads(source.read_text("utf-8")), json.loads(target.read_text("utf-8"))
    assert _features(went) == _features(came)
    assert count >= 1
    reader.session.undo()
    assert reader.session.document.annotations == ()


def _features(value: object) -> object:
    if isinstance(value, dict) and value.get("type") == "FeatureCollection":
        return value["features"]
    return value if isinstance(value, list) else [value]


def test_a_file_that_is_none_is_one_clear_line_and_changes_nothing(reader: Reader, tmp_path: Path) -> None:
    broken = tmp_path / "broken.geojson"
    broken.write_text('{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": 3}]}')
    reader.open(DrawnSlide())
    reader.window.slide.exchange.take_in(broken)
    until(reader.window.problems.isVisible)
    assert "\n" not in reader.window.problems.what.text()
    assert reader.session.document.annotations == ()


def test_an_answer_for_another_scan_is_dropped(reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / "a.geojson"
    ring = [[0, 0], [9, 0], [9, 9], [0, 0]]
    file.write_text(json.dumps({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}}))
    reader.open(DrawnSlide())
    reader.window.slide.exchange.take_in(file)
    reader.session.scan_key = "another"
    until(lambda: quiet(reader))
    reader.settle()
    assert reader.session.document.annotations == ()
    assert "another scan" in reader.window.status_line.told.text()
    reader.session.scan_key = "key0"


def test_what_cannot_be_written_is_told(reader: Reader, tmp_path: Path) -> None:
    reader.open(volume())
    assert not reader.window._actions.actions["export-marks"].isEnabled()
    reader.window.slide.exchange.write_out(tmp_path / "missing" / "out.geojson")
    until(reader.window.problems.isVisible)
