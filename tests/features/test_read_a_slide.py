"""A pathologist's way: open a slide, let the model read what is on screen, correct it by hand, find it all again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from dataset.annotation import Polygon, Proposal, bounds
from dataset.folder import Dataset
from desktop_app.bars import JobsBar
from desktop_app.commandline import main
from tests.features.conftest import Hand

Perform = Callable[[list[str], Callable[[Hand], None]], int]

pytestmark = [pytest.mark.gui, pytest.mark.timeout(300)]

SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
DRAWN = [(1000.0, 1500.0), (1060.0, 1510.0), (1050.0, 1560.0), (990.0, 1550.0)]


def open_slide(hand: Hand) -> None:
    session = hand.session
    hand.until(lambda: session.scan is not None and session.models)
    hand.idle()
    hand.until(lambda: hand.view.is_complete)
    hand.view.setFocus()


def look_at(hand: Hand, x: float, y: float, scale: float) -> None:
    viewport = hand.view.viewport
    assert viewport is not None
    hand.view.zoom_to(scale)
    assert hand.view.viewport is not None
    sx, sy = hand.view.viewport.to_screen(x, y)
    hand.view.move_to(hand.view.viewport.panned(hand.view.width() / 2 - sx, hand.view.height() / 2 - sy))
    hand.until(lambda: hand.view.is_complete)


def middle(proposal: Proposal) -> tuple[float, float]:
    around = bounds(proposal.geometry)
    assert around is not None
    return around[0] + around[2] / 2, around[1] + around[3] / 2


def read_and_correct(hand: Hand, seen: dict[str, Any]) -> None:
    session = hand.session
    open_slide(hand)
    hand.picture("slide-opened")
    session.choose_model("nuclei")
    look_at(hand, 1000, 1500, 1.0)
    hand.key(Qt.Key.Key_M, SHIFT)
    hand.until(lambda: session.predictions, 120)
    hand.idle()
    found = session.proposals
    assert len(found) > 20
    assert all(isinstance(proposal.geometry, Polygon) for proposal in found)
    assert hand.view.viewport is not None
    region = hand.view.viewport.visible()
    assert all(
        region.x <= x <= region.x + region.width and region.y <= y <= region.y + region.height
        for x, y in map(middle, found)
    )
    hand.picture("nuclei-proposed")

    inside = sorted(found, key=lambda p: (middle(p)[0] - 1000) ** 2 + (middle(p)[1] - 1500) ** 2)
    wrong = [inside[0], inside[5]]
    for proposal in wrong:
        hand.click(*middle(proposal))
        assert session.selection == {proposal.id}
        hand.key(Qt.Key.Key_Delete)
        assert proposal.id not in {open_.id for open_ in session.proposals}
    assert len(session.proposals) == len(found) - 2
    hand.picture("two-deleted")

    hand.key(Qt.Key.Key_P)
    for corner in DRAWN:
        hand.click(*corner)
    hand.key(Qt.Key.Key_Return)
    (mine,) = session.document.annotations
    assert isinstance(mine.geometry, Polygon)
    hand.picture("one-drawn")
    hand.key(Qt.Key.Key_V)
    hand.key(Qt.Key.Key_S, CONTROL)
    hand.idle()
    seen.update(key=session.scan_key, found=len(found), mine=mine, wrong={proposal.id for proposal in wrong})


def test_nuclei_on_screen_are_read_corrected_saved_and_found_again(
    perform: Perform, data: Path, tmp_path: Path
) -> None:
    seen: dict[str, Any] = {}
    folder = tmp_path / "dataset"
    slide = str(data / "wsi" / "CMU-1-Small-Region.svs")
    assert perform([slide, "--dataset", str(folder)], lambda hand: read_and_correct(hand, seen)) == 0

    def look_again(hand: Hand) -> None:
        session = hand.session
        hand.until(lambda: session.cases)
        session.open_case(0)
        open_slide(hand)
        assert session.scan_key == seen["key"]
        assert [mark.geometry for mark in session.document.annotations] == [seen["mine"].geometry]
        assert len(session.proposals) == seen["found"] - 2
        assert not seen["wrong"] & {proposal.id for proposal in session.proposals}
        hand.picture("reopened")

    assert perform(["--dataset", str(folder)], look_again) == 0
    dataset = Dataset.open(folder)
    revision = dataset.head(seen["key"]).revision
    assert revision is not None
    (mark,) = dataset.snapshot(revision).annotations
    assert isinstance(mark.geometry, Polygon)
    assert len(mark.geometry.exterior) == len(DRAWN)
    dataset.close()
    assert main(["verify", "--dataset", str(folder)]) == 0


def test_a_slide_that_was_moved_far_away_is_asked_for(
    perform: Perform, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "here" / "a.svs", tmp_path / "elsewhere" / "/".join("abcdefghij") / "b.svs"
    for folder in (first.parent, second.parent):
        folder.mkdir(parents=True)
    first.write_bytes((data / "wsi" / "CMU-1-Small-Region.svs").read_bytes())
    folder = tmp_path / "sets" / "dataset"
    seen: dict[str, str] = {}

    def mark(hand: Hand) -> None:
        open_slide(hand)
        hand.key(Qt.Key.Key_R)
        hand.drag((500, 500), (900, 800))
        hand.idle()
        seen["key"] = hand.session.scan_key

    assert perform([str(first), "--dataset", str(folder)], mark) == 0
    first.rename(second)
    asked: list[str] = []

    def answer(_parent: object, title: str, *_rest: object) -> tuple[str, str]:
        asked.append(title)
        return str(second), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer)

    def find(hand: Hand) -> None:
        hand.until(lambda: hand.session.cases)
        hand.session.open_case(0)
        open_slide(hand)
        assert hand.session.scan_key == seen["key"]
        assert len(hand.session.document.annotations) == 1

    assert perform(["--dataset", str(folder)], find) == 0
    assert len(asked) == 1


def test_a_reading_of_the_tissue_is_stopped_goes_on_and_a_heat_map_is_visited(
    perform: Perform, data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "dataset"

    def act(hand: Hand) -> None:
        session = hand.session
        open_slide(hand)
        session.choose_model("nuclei")
        hand.key(Qt.Key.Key_M)
        hand.until(lambda: len(session.proposals) > 50)
        hand.picture("streaming")
        bar = hand.window.status_line.findChild(JobsBar)
        assert bar is not None
        hand.until(bar.cancel.isVisible)
        QTest.mouseClick(bar.cancel, Qt.MouseButton.LeftButton)
        hand.until(lambda: session.predictions)
        hand.idle()
        (stopped,) = session.predictions
        assert 0 < stopped.done < 1
        before = {proposal.id for proposal in session.proposals}
        assert before
        assert before <= {proposal.id for proposal in stopped.proposals}
        assert session.slides.tissue
        hand.picture("stopped")

        wrong = session.proposals[0].id
        session.go_to(wrong)
        hand.view.setFocus()
        hand.key(Qt.Key.Key_Delete)
        hand.key(Qt.Key.Key_M)
        hand.until(lambda: len(session.predictions) == 2, 120)
        hand.idle()
        after = {proposal.id for proposal in session.proposals}
        assert session.predictions[-1].done == 1
        assert before - {wrong} < after
        assert wrong not in after

        session.choose_model("lung-tissue")
        hand.key(Qt.Key.Key_M)
        hand.until(lambda: session.slides.heat is not None and not session.jobs.running, 120)
        hand.idle()
        session.slides.set_heat_look(replace(session.slides.heat_look, label="lung_scc"))
        assert session.slides.spots
        hand.view.setFocus()
        hand.key(Qt.Key.Key_J)
        hand.until(lambda: hand.view.is_complete)
        assert hand.view.viewport is not None
        assert hand.view.viewport.centre == pytest.approx(session.slides.spots[0], abs=1)
        hand.picture("hot-spot")

    slide = str(data / "wsi" / "CMU-1-Small-Region.svs")
    assert perform([slide, "--dataset", str(folder)], act) == 0
    assert main(["verify", "--dataset", str(folder)]) == 0
