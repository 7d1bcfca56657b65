"""A model that reads the open scan: what streams in, and what it asks for."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dataset.label import Label
from desktop_app.bars import ProblemBar
from desktop_app.canvas.scan_view import ScanView
from desktop_app.panels.models import ModelsView
from desktop_app.predicting import Reading, Tell
from imaging.loaded import LoadedScan
from imaging.progress import Progress
from imaging.scan import ScanInfo
from models.problem import PixelSizeUnknown
from tests.desktop_app.conftest import Reader, prediction, proposal, volume

pytestmark = pytest.mark.gui
NODULE = Label("nodule", "Nodule", "#11aa66")


def unsized() -> LoadedScan:
    """A scan that does not say how large its pixels are."""
    scan = volume()
    info: ScanInfo = replace(scan.info, spacing_mm=(None, None, None))
    return LoadedScan(info, scan.voxels)


def test_streamed_proposals_have_the_names_and_colours_of_the_model_and_come_together(
    reader: Reader, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = 12

    def read(*arguments: object, **_more: object) -> Reading:
        progress, tell = arguments[5], arguments[6]
        assert isinstance(progress, Progress)
        stream: Tell = tell  # type: ignore[assignment]
        for number in range(told):
            stream((proposal(number, label="nodule"),), (NODULE,))
        while not progress.is_cancelled:
            time.sleep(0.001)
        progress.check()
        return Reading(prediction(), (NODULE,))

    monkeypatch.setattr("desktop_app.predicting.read_scan", read)
    reader.open(volume())
    assert reader.session.labels.get("nodule") is None
    shown = list[int]()
    reader.session.proposals_changed.connect(lambda: shown.append(len(reader.session.proposals)))
    reader.session.predict("finder")
    qtbot.waitUntil(lambda: len(reader.session.proposals) == told)
    assert shown == [told]
    view = reader.window.findChild(ScanView)
    assert view is not None
    assert {outline.colour for outline in view.plan.outlines} == {NODULE.colour}
    assert reader.session.label_of("nodule") == NODULE
    reader.session.cancel_jobs()
    qtbot.waitUntil(lambda: not reader.session.proposals)


def test_a_pixel_size_that_a_model_needs_is_asked_for_and_used(
    reader: Reader, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = list[tuple[str, float | None, object]]()

    def read(*arguments: object, **_more: object) -> Reading:
        wanted.append(arguments[7])  # type: ignore[arg-type]
        if wanted[-1][1] is None:
            raise PixelSizeUnknown("does not say how large its pixels are", "scan", "Give it with --pixel-size MM")
        return Reading(prediction(), (NODULE,))

    monkeypatch.setattr("desktop_app.predicting.read_scan", read)
    reader.open(unsized())
    view, bar = reader.window.findChild(ModelsView), reader.window.findChild(ProblemBar)
    assert view is not None
    assert bar is not None
    assert view.pixel_size.isVisible()
    reader.session.choose_model("finder")
    reader.session.predict("finder")
    qtbot.waitUntil(bar.isVisible)
    assert "under Models" in bar.advice.text()
    assert "--pixel-size" not in bar.advice.text()
    line = view.pixel_size.lineEdit()
    assert line.hasSelectedText()
    QTest.keyClicks(line, "0.00025")
    QTest.mouseClick(view.run, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(wanted) == 2)
    assert wanted[1][:2] == ("auto", 0.00025)
    qtbot.waitUntil(lambda: not reader.session.jobs.running)


def test_a_scan_that_says_its_pixel_size_is_not_asked_about(reader: Reader) -> None:
    reader.open(volume())
    view = reader.window.findChild(ModelsView)
    assert view is not None
    assert not view.pixel_size.isVisible()
