"""The crowd in a view: kept from step to step, followed when marks change, at last smooth."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from dataset.annotation import Polygon, Proposal
from desktop_app.canvas.crowd_layer import MARGIN, SQUARE, CrowdLayer, _joined, _squares_of
from desktop_app.canvas.crowd_scene import Turn
from desktop_app.canvas.viewport import Viewport
from desktop_app.mark_index import MarkIndex
from imaging.geometry import Orientation, Plane

PLANE = Plane()
PORT = Viewport(PLANE, 4000, 3000, 320, 240, (1000.0, 800.0), 0.5)


def marks(count: int, *, seed: int = 0, offset: float = 0.0) -> tuple[Proposal, ...]:
    rng, turn = np.random.default_rng(seed), np.linspace(0, 2 * np.pi, 12, endpoint=False)
    middles = rng.uniform((600, 500), (1400, 1100), (count, 2)) + offset
    points = middles[:, None] + 20 * np.stack((np.cos(turn), np.sin(turn)), 1)
    return tuple(
        Proposal(f"s{seed}p{n}", "a", Polygon(PLANE, tuple(map(tuple, ring))), 0.5)
        for n, ring in enumerate(points.tolist())
    )


def layer_of(index: MarkIndex) -> CrowdLayer:
    layer = CrowdLayer()
    layer.show_marks(index, {"a": "#ff0000"})
    return layer


def painted(layer: CrowdLayer, viewport: Viewport = PORT, ratio: float = 1.0) -> NDArray[np.uint8]:
    image = QImage(round(viewport.width * ratio), round(viewport.height * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor("#808080"))
    painter = QPainter(image)
    layer.paint(painter, viewport, ratio)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3].copy()


def settle(layer: CrowdLayer, viewport: Viewport = PORT) -> NDArray[np.uint8]:
    """Until it is as good as it gets."""
    deadline = time.monotonic() + 20
    painted(layer, viewport)
    while not layer.is_settled and time.monotonic() < deadline:
        QCoreApplication.processEvents()
        time.sleep(0.002)
    assert layer.is_settled
    return painted(layer, viewport)


def covered(picture: NDArray[np.uint8]) -> int:
    return int((picture != 128).any(2).sum())


@pytest.fixture
def index(qtbot: QtBot) -> MarkIndex:
    index = MarkIndex()
    index.sync(marks(600))
    return index


def test_every_outline_is_there_at_once_and_smooth_a_moment_later(index: MarkIndex) -> None:
    layer = layer_of(index)
    first = painted(layer)
    assert covered(first) > 5000
    last = settle(layer)
    assert covered(last) > covered(first)
    assert (painted(layer) == last).all()


def test_a_pan_shows_the_same_marks_moved(index: MarkIndex) -> None:
    layer = layer_of(index)
    before = settle(layer)
    after = settle(layer, PORT.panned(-40, 24))
    assert (after[24:, : 320 - 40] == before[: 240 - 24, 40:]).mean() > 0.99


def test_after_many_pans_it_is_to_the_bit_what_is_drawn_afresh(index: MarkIndex) -> None:
    layer, port = layer_of(index), PORT
    for across, down in ((37, 11), (-61, 83), (5, -140), (0, 3), (90, 0)):
        port = port.panned(across, down)
        painted(layer, port)
    assert (settle(layer, port) == settle(layer_of(index), port)).all()


@pytest.mark.parametrize("change", [{}, {"scale": 0.9}, {"scale": 0.3}, {"angle": 30.0}])
def test_after_pans_zooms_turns_selecting_and_hiding_it_is_to_the_bit_what_is_drawn_afresh(
    index: MarkIndex, change: dict[str, object]
) -> None:
    layer, port = layer_of(index), PORT
    chosen, hidden = frozenset({"s0p3", "s0p70", "s0p71"}), frozenset(f"s0p{n}" for n in range(100, 160))
    settle(layer, port)
    port = replace(port.panned(37, 11), **change)  # type: ignore[arg-type]
    painted(layer, port)
    layer.choose(chosen)
    for across, down in ((-61, 83), (150, -140), (0, 3), (150, 0), (-20, -220)):
        port = port.panned(across, down)
        painted(layer, port)
    layer.hide(hidden)
    port = port.panned(8, 120)
    afresh = layer_of(index)
    afresh.choose(chosen)
    afresh.hide(hidden)
    assert (settle(layer, port) == settle(afresh, port)).all()


def test_what_a_pan_brings_into_view_is_all_there_at_once(index: MarkIndex) -> None:
    layer = layer_of(index)
    settle(layer)
    port = PORT.panned(-150, 90)
    at_once, wanted = painted(layer, port), painted(layer_of(index), port)
    assert covered(at_once) > 0.9 * covered(wanted)
    lost = (wanted != 128).any(2) & ~dilated((at_once != 128).any(2))
    assert lost.sum() < 0.01 * covered(wanted)


def dilated(shown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """With what lies up to two pixels away."""
    padded = np.pad(shown, 2)
    rows, columns = shown.shape
    return np.logical_or.reduce([padded[y : y + rows, x : x + columns] for y in range(5) for x in range(5)])


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.5]))
def test_squares_in_view_that_bounds_reach_into(seed: int, angle: float) -> None:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(-900, 1900, (6, 2))
    bounds = np.concatenate((corner, corner + rng.uniform(0, 700, (6, 2))), 1)
    turn, seen = Turn(np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)), (-1, 0, 5, 4)
    wanted: set[tuple[int, int]] = set()
    for x0, y0, x1, y1 in bounds.tolist():
        corners = turn.applied(np.array([[x, y] for x in (x0, x1) for y in (y0, y1)]))
        low, high = (np.floor(side / SQUARE).astype(int) for side in (corners.min(0) - MARGIN, corners.max(0) + MARGIN))
        wanted |= {(x, y) for x in range(low[0], high[0] + 1) for y in range(low[1], high[1] + 1)}
    inside = {(x, y) for x, y in wanted if -1 <= x < 5 and 0 <= y < 4}
    assert _squares_of(bounds, turn, seen) == inside


@pytest.mark.parametrize("change", [{"angle": 30.0}, {"orientation": Orientation(transpose=True)}, {"scale": 1.0}])
def test_turned_and_zoomed_it_lies_where_the_viewport_says(qtbot: QtBot, change: dict[str, object]) -> None:
    (mark,) = marks(1)
    index = MarkIndex()
    index.sync((mark,))
    assert isinstance(mark.geometry, Polygon)
    middle = tuple(np.mean(mark.geometry.exterior, axis=0).tolist())
    viewport = replace(PORT, centre=(middle[0] + 30, middle[1] + 10), **change)  # type: ignore[arg-type]
    rows, columns = np.nonzero((settle(layer_of(index), viewport) != 128).any(2))
    x, y = viewport.to_screen(*middle)
    assert abs(columns.mean() + 0.5 - x) < 1.5
    assert abs(rows.mean() + 0.5 - y) < 1.5


def test_marks_that_stream_in_come_without_those_before_going(index: MarkIndex) -> None:
    layer = layer_of(index)
    before = settle(layer)
    index.sync((*marks(600), *marks(300, seed=1)))
    layer.show_marks(index, {"a": "#ff0000"})
    between = painted(layer)
    assert (between == before).all()
    assert covered(settle(layer)) > covered(before)


def test_hidden_marks_go_chosen_ones_stand_out_and_all_can_be_hidden(index: MarkIndex) -> None:
    layer = layer_of(index)
    plain = covered(settle(layer))
    layer.hide(frozenset(f"s0p{n}" for n in range(300)))
    assert covered(settle(layer)) < plain * 0.8
    layer.hide(frozenset())
    assert covered(settle(layer)) == plain
    layer.choose(frozenset(f"s0p{n}" for n in range(600)))
    assert covered(settle(layer)) > plain
    layer.set_shown(False)
    assert covered(painted(layer)) == 0


def test_other_colours_and_no_index_are_followed(index: MarkIndex) -> None:
    layer = layer_of(index)
    settle(layer)
    layer.show_marks(index, {"a": "#00ff00"})
    picture = settle(layer)
    assert (picture[..., 1] > 200).any()
    assert not (picture[..., 2] > 200).any()
    layer.show_marks(None, {})
    assert covered(painted(layer)) == 0


def test_on_a_fine_screen_it_is_drawn_in_its_pixels(index: MarkIndex) -> None:
    layer = layer_of(index)
    picture = painted(layer, PORT, 2.0)
    assert picture.shape == (480, 640, 3)
    assert covered(picture) > 5000


def test_squares_are_joined_to_few_areas() -> None:
    block = {(x, y) for x in range(4) for y in range(3)}
    assert _joined(block) == [(0, 0, 4, 3)]
    corner = block - {(0, 0), (1, 0)}
    assert sorted(_joined(corner)) == [(0, 1, 4, 3), (2, 0, 4, 1)]
    assert sum((a[2] - a[0]) * (a[3] - a[1]) for a in _joined(corner)) == len(corner)
    assert SQUARE > 0
