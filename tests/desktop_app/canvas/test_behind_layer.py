"""What the model said stays visible behind what was made of it, and cannot be taken."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from dataset.annotation import Box, Proposal
from dataset.document import Edit
from dataset.mask import mask_of_plane
from desktop_app.canvas.behind_layer import BehindLayer
from desktop_app.review import correction
from imaging.geometry import Plane
from tests.desktop_app.conftest import Reader, prediction, proposal, volume

pytestmark = pytest.mark.gui


def behind(reader: Reader) -> list[str]:
    pane = reader.window.pane
    assert pane.view.viewport is not None
    return [one.id for one in pane._behind.drawn(pane.view.viewport)]


def press_y(reader: Reader) -> None:
    QTest.keyClick(reader.window.pane.view, Qt.Key.Key_Y)
    reader.settle()


def move(reader: Reader, item: Proposal) -> str:
    """A reader moves a proposal; the id of what becomes of it."""
    assert isinstance(item.geometry, Box)
    made = replace(correction(item, "Ada"), geometry=replace(item.geometry, x=item.geometry.x + 8))
    reader.session.commit(Edit("Move", put=(made,)))
    reader.settle()
    return made.id


def test_y_shows_what_was_corrected_and_rejected_and_nothing_else(reader: Reader) -> None:
    four = tuple(proposal(number) for number in range(4))
    reader.open(volume(), prediction(*four, proposal(7, plane=2)))
    move(reader, four[0])
    reader.session.accept(["p1"])
    reader.session.reject(["p2", "p7"])
    assert behind(reader) == []
    press_y(reader)
    assert sorted(behind(reader)) == ["p0", "p2"]
    reader.session.set_plane(Plane(0, 2))
    reader.settle()
    assert behind(reader) == ["p7"]
    reader.session.undo()
    assert behind(reader) == []
    press_y(reader)
    assert not reader.session.display.show_proposed


def test_it_is_drawn_and_gone_again(reader: Reader) -> None:
    reader.open(volume(), prediction(proposal(1)))
    move(reader, proposal(1))
    view = reader.window.pane.view
    before = view.grab().toImage()
    press_y(reader)
    with_it = view.grab().toImage()
    assert view.viewport is not None
    x, y = view.viewport.to_screen(12, 17)
    colours = {with_it.pixelColor(round(x), round(y) + step).name() for step in range(-8, 9)}
    assert colours != {before.pixelColor(round(x), round(y) + step).name() for step in range(-8, 9)}
    press_y(reader)
    assert view.grab().toImage() == before


def test_a_press_where_only_the_model_said_something_takes_nothing(reader: Reader) -> None:
    reader.open(volume(), prediction(proposal(1)))
    reader.session.reject(["p1"])
    press_y(reader)
    view = reader.window.pane.view
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.position_of(12, 17))
    assert reader.session.selection == frozenset()
    assert behind(reader) == ["p1"]


def test_of_a_mask_the_outlines_on_the_plane_are_drawn(reader: Reader) -> None:
    bits = np.zeros((20, 20), np.bool_)
    bits[2:8, 2:9] = bits[12:18, 4:9] = True
    said = Proposal("m", "disc", mask_of_plane(bits, 6, x=10, y=10), 0.8)
    reader.open(volume(), prediction(said))
    reader.session.relabel(["m"], "cyst")
    press_y(reader)
    layer = reader.window.pane._behind
    assert isinstance(layer, BehindLayer)
    assert behind(reader) == ["m"]
    assert len(layer._shapes(said, Plane(0, 6))) == 2
    assert len(layer._shapes(said, Plane(1, 13))) == 1
    reader.window.pane.view.grab()
