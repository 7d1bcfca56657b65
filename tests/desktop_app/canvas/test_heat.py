"""The heat map over the picture, and the places worth a visit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from dataset.heat_map import HeatMap
from desktop_app.canvas.heat import HeatLegend, HeatUnderlay, colour_table
from desktop_app.canvas.viewport import Viewport
from desktop_app.heat_look import HeatLook
from desktop_app.heat_spots import hot_spots
from imaging.geometry import Orientation, Plane

PLANE = Plane()
PORT = Viewport(PLANE, 80, 60, 80, 60, (40.0, 30.0), 1.0)
GROUND = QColor(200, 180, 190)


def heat_of(scores: NDArray[np.uint8], read: NDArray[np.bool_] | None = None, *, cell: float = 10.0) -> HeatMap:
    read = np.ones(scores.shape, np.bool_) if read is None else read
    return HeatMap(PLANE, 10.0, 20.0, (cell, cell), ("tumour",), scores[None], read)


def painted(underlay: HeatUnderlay, viewport: Viewport = PORT) -> NDArray[np.uint8]:
    image = QImage(viewport.width, viewport.height, QImage.Format.Format_RGB32)
    image.fill(GROUND)
    painter = QPainter(image)
    underlay.paint(painter, viewport, 1.0)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(viewport.height, viewport.width, 4)
    return pixels[:, :, 2::-1].copy()


def shown(heat: HeatMap, **look: object) -> HeatUnderlay:
    underlay = HeatUnderlay()
    underlay.show_heat(heat, replace(HeatLook("tumour", smooth=False), **look))  # type: ignore[arg-type]
    return underlay


def is_ground(pixel: NDArray[np.uint8]) -> bool:
    return pixel.tolist() == [200, 180, 190]


@pytest.mark.parametrize("turn", [Orientation(), Orientation(transpose=True), Orientation(flip_x=True)])
def test_every_cell_lies_where_the_viewport_puts_it(turn: Orientation) -> None:
    scores = np.zeros((3, 4), np.uint8)
    scores[1, 2] = 255
    viewport = replace(PORT, orientation=turn, width=100, height=100)
    pixels = painted(shown(heat_of(scores)), viewport)
    rows, columns = np.nonzero((pixels != np.array([200, 180, 190])).any(2))
    places = [viewport.to_plane(c + 0.5, r + 0.5) for r, c in zip(rows.tolist(), columns.tolist(), strict=True)]
    assert len(rows) == 100
    assert all(30 <= x <= 40 and 30 <= y <= 40 for x, y in places)


def test_cells_that_were_not_read_are_clear_or_dimmed_where_asked() -> None:
    scores, read = np.full((2, 2), 255, np.uint8), np.array([[True, False], [True, True]])
    assert is_ground(painted(shown(heat_of(scores, read)))[25, 25])
    veiled = painted(shown(heat_of(scores, read), veil=True))
    assert veiled[25, 25].sum() < 450
    assert veiled[5, 5].tolist() == veiled[25, 25].tolist()
    assert is_ground(painted(shown(heat_of(np.zeros((2, 2), np.uint8)), veil=True))[25, 15])


def test_no_opacity_another_plane_or_no_map_paint_nothing() -> None:
    heat = heat_of(np.full((2, 2), 255, np.uint8))
    nothing = HeatUnderlay()
    for underlay in (shown(heat, opacity=0.0), shown(replace(heat, plane=Plane(0, 1))), nothing):
        assert (painted(underlay) == np.array([200, 180, 190])).all()


@pytest.mark.parametrize("colours", ["viridis", "cividis", "inferno"])
def test_colours_grow_evenly_lighter_and_low_scores_are_clear(colours: str) -> None:
    table = colour_table(colours, 1.0).astype(np.int32)  # type: ignore[arg-type]
    solid = table[150:]
    light = 0.114 * solid[:, 0] + 0.587 * solid[:, 1] + 0.299 * solid[:, 2]
    assert (np.diff(light) > -1).all()
    assert table[0].tolist() == [0, 0, 0, 0]
    assert (table[:, :3] <= table[:, 3:]).all()


def test_the_legend_names_the_label_and_stands_clear_of_the_scale_bar(qtbot: QtBot) -> None:
    view = QWidget()
    qtbot.addWidget(view)
    view.resize(600, 400)
    legend = HeatLegend(view)
    legend.show_look("Tumour", HeatLook())
    assert legend.isVisibleTo(view)
    assert "Tumour" in legend.accessibleDescription()
    assert view.rect().contains(legend.geometry())
    assert legend.geometry().bottom() < 400 - 40
    legend.grab()
    legend.show_look("", HeatLook())
    assert not legend.isVisibleTo(view)


def test_spots_are_tops_highest_first_and_apart() -> None:
    scores = np.zeros((20, 30), np.uint8)
    for row, column, score in ((5, 5, 200), (5, 6, 199), (15, 20, 250), (10, 28, 100), (2, 25, 180)):
        scores[row, column] = score
    assert hot_spots(heat_of(scores), "tumour", 10, 0.5) == ((215.0, 175.0), (65.0, 75.0), (265.0, 45.0))
    assert hot_spots(heat_of(scores), "tumour", 1, 0.5) == ((215.0, 175.0),)
    assert hot_spots(heat_of(scores), "stroma", 5, 0.0) == ()


def test_cells_that_were_not_read_are_no_spots() -> None:
    scores, read = np.zeros((9, 9), np.uint8), np.ones((9, 9), np.bool_)
    scores[4, 4] = 255
    read[4, 4] = False
    assert hot_spots(heat_of(scores, read), "tumour", 5, 0.1) == ()


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_spots_keep_their_distance_whatever_the_map(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 256, (17, 23)).astype(np.uint8)
    spots = hot_spots(heat_of(scores), "tumour", count, 0.3)
    assert len(spots) <= count
    found = [scores[int((y - 20) // 10), int((x - 10) // 10)] for x, y in spots]
    assert found == sorted(found, reverse=True)
    assert all(score >= 76 for score in found)
    for number, (x, y) in enumerate(spots):
        assert all((x - u) ** 2 + (y - v) ** 2 >= 400 - 1e-6 for u, v in spots[number + 1 :])
    if count == 1 and scores.max() >= 77:
        assert found == [scores.max()]
